package abuse

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"parlatory/test/rig"
)

// built is the program under test, built once.
type built struct {
	once sync.Once
	dir  string
	path string
	err  error
}

var program built

func TestMain(m *testing.M) {
	code := m.Run()
	if program.dir != "" {
		_ = os.RemoveAll(program.dir)
	}
	os.Exit(code)
}

func (b *built) build(ctx context.Context) (string, error) {
	b.once.Do(func() {
		if b.dir, b.err = os.MkdirTemp("", "abuse"); b.err == nil {
			b.path, b.err = rig.Build(ctx, b.dir)
		}
	})
	return b.path, b.err
}

// server starts a server for one test: the budgets of one address, at which all clients of a test are, hold for it alone.
func server(t *testing.T) *rig.Server {
	t.Helper()
	return limited(t, nil)
}

// limited is server with other limits than those of the rig, which no test reaches.
func limited(t *testing.T, limits map[string]string) *rig.Server {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a server")
	}
	t.Parallel() // a server of one's own waits for the disk more than it works
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	path := must[string](t)(program.build(ctx))
	o := rig.Options{Dir: t.TempDir(), Binary: path}
	if os.Getenv("PARLATORY_ABUSE_POSTGRES") != "" {
		database := must[*rig.Database](t)(rig.NewDatabase())
		t.Cleanup(func() { _ = database.Close() })
		o.Postgres = &database.Postgres
	}
	s := must[*rig.Server](t)(rig.New(o))
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	check(t, limit(s.ConfigFile(), limits))
	check(t, s.Start(ctx))
	return s
}

// limit sets lines of the configuration that the rig has set otherwise.
func limit(file string, limits map[string]string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines := strings.Split(string(raw), "\n")
	for i, line := range lines {
		name, _, _ := strings.Cut(line, " = ")
		if v, ok := limits[name]; ok {
			lines[i] = name + " = " + v
		}
	}
	return os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600)
}

var counter struct {
	sync.Mutex
	n int
}

// unique makes a subdomain or a local part that no other test has.
func unique(prefix string) string {
	counter.Lock()
	defer counter.Unlock()
	counter.n++
	return fmt.Sprintf("%s%d", prefix, counter.n)
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// house founds a workspace with nothing in it.
func house(t *testing.T, s *rig.Server) *rig.Workspace {
	t.Helper()
	sub := unique("house-")
	return must[*rig.Workspace](t)(s.Found(t.Context(), sub, "Company "+sub, "Founder"))
}

func hire(t *testing.T, w *rig.Workspace, role string) *rig.Client {
	t.Helper()
	name := unique("person")
	return must[*rig.Client](t)(w.Hire(t.Context(), name+"@"+w.Subdomain+".example", name, role))
}

// half is somebody who still owes the agreement: the cookie of a half session.
func half(t *testing.T, w *rig.Workspace, role string) *rig.Client {
	t.Helper()
	address := unique("half") + "@" + w.Subdomain + ".example"
	check(t, w.Founder.Do(t.Context(), "POST", "/api/v1/staff", map[string]any{"email": address, "role": role}, nil))
	token := must[string](t)(w.Server.Mail.Token(patience(t), address))
	c := w.Server.Client(w.Host())
	check(t, c.Do(t.Context(), "POST", "/api/v1/invitations/accept", map[string]any{"token": token, "name": "Half", "password": rig.Password}, nil))
	if !strings.Contains(c.Header.Get("Cookie"), "__Host-attempt=") {
		t.Fatal("accepting an invitation gave no half session")
	}
	return c
}

func patience(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func visit(t *testing.T, w *rig.Workspace, question string) *rig.Visitor {
	t.Helper()
	return must[*rig.Visitor](t)(w.Visit(t.Context(), "Visitor", question))
}

// code is the status of a refusal, 200 where there is none, and 0 where the connection ended.
func code(err error) int {
	var r *rig.Refusal
	switch {
	case err == nil:
		return 200
	case errors.As(err, &r):
		return r.Code
	}
	return 0
}

// wire sends requests that a browser would not: any Host, any header, any body.
type wire struct {
	server *rig.Server
	client *http.Client
	dialer *net.Dialer
}

// from sends from another address of loopback.
func (w *wire) from(address string) *wire {
	w.dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(address)}
	return w
}

func wires(s *rig.Server) *wire {
	dialer := &net.Dialer{}
	return &wire{s, &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				d := tls.Dialer{NetDialer: dialer, Config: s.Authority.Client(rig.Domain)}
				return d.DialContext(ctx, "tcp", s.Address)
			},
			MaxIdleConnsPerHost: 16,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, dialer}
}

func port(s *rig.Server) string { _, p, _ := net.SplitHostPort(s.Address); return p }

// hostOf is a name of the server with its port.
func hostOf(s *rig.Server, name string) string { return name + ":" + port(s) }

type request struct {
	method, host, path string
	body               []byte
	header             http.Header
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) String() string { return fmt.Sprintf("%d %.300s", a.status, a.body) }

func (w *wire) send(t testing.TB, r request) answer {
	t.Helper()
	a, err := w.try(r)
	if err != nil {
		t.Fatalf("%s %s%s: %v", r.method, r.host, r.path, err)
	}
	return a
}

func (w *wire) try(r request) (answer, error) {
	req, err := http.NewRequest(r.method, "https://"+w.server.Address+r.path, bytes.NewReader(r.body))
	if err != nil {
		return answer{}, err
	}
	req.Host = r.host
	for name, values := range r.header {
		req.Header[name] = values
	}
	res, err := w.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, body}, err
}

// headers are those of a client as its browser would send them, with a JSON body where there is one.
func headers(c *rig.Client, body bool) http.Header {
	h := c.Header.Clone()
	if h.Get("Origin") == "" {
		h.Set("Origin", c.Origin())
	}
	if body {
		h.Set("Content-Type", "application/json")
	}
	return h
}

func encode(v any) []byte {
	if v == nil {
		return nil
	}
	raw, _ := json.Marshal(v) // maps and strings always encode
	return raw
}

// operation is a line of web/openapi.json.
type operation struct {
	method, path, surface, act string
	params                     []parameter
	body                       bool
}

type parameter struct{ name, in string }

func (o operation) String() string { return o.method + " " + o.path }

func operations(t *testing.T) []operation {
	t.Helper()
	raw := must[[]byte](t)(os.ReadFile("../../web/openapi.json"))
	var doc struct {
		Paths map[string]map[string]struct {
			Tags       []string `json:"tags"`
			Act        string   `json:"x-act"`
			Body       *any     `json:"requestBody"`
			Parameters []struct{ Name, In string }
		}
	}
	check(t, json.Unmarshal(raw, &doc))
	var all []operation
	for path, methods := range doc.Paths {
		for method, o := range methods {
			op := operation{method: strings.ToUpper(method), path: path, surface: o.Tags[0], act: o.Act, body: o.Body != nil}
			for _, p := range o.Parameters {
				op.params = append(op.params, parameter{p.Name, p.In})
			}
			for at := path; ; { // openapi.json leaves some path parameters to the path alone
				_, rest, ok := strings.Cut(at, "{")
				if !ok {
					break
				}
				name, after, _ := strings.Cut(rest, "}")
				if !op.has(name) {
					op.params = append(op.params, parameter{name, "path"})
				}
				at = after
			}
			all = append(all, op)
		}
	}
	if len(all) < 40 {
		t.Fatalf("openapi.json has %d operations only", len(all))
	}
	return all
}

func (o operation) has(name string) bool {
	for _, p := range o.params {
		if p.name == name {
			return true
		}
	}
	return false
}

// unsafe are the methods that change something.
func (o operation) unsafe() bool { return o.method != "GET" }

// permissions is docs/permissions.md: who may do an act, and the live commands with their acts.
type permissions struct {
	acts map[string]map[string]bool // by act and kind of actor; "again" and "token" are said of the act itself
	live map[string][]string
}

func readPermissions(t *testing.T) permissions {
	t.Helper()
	raw := must[[]byte](t)(os.ReadFile("../../docs/permissions.md"))
	p := permissions{acts: map[string]map[string]bool{}, live: map[string][]string{}}
	kinds := []string{"anonymous", "half", "visitor", "Administrator", "Supervisor", "Agent"}
	for line := range strings.Lines(string(raw)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " `")
		}
		switch {
		case len(cells) == 14 && strings.Contains(cells[3], "."):
			p.acts[cells[3]] = map[string]bool{"again": cells[5] == "yes", "token": cells[6] == "yes"}
			for i, kind := range kinds {
				p.acts[cells[3]][kind] = cells[7+i] != "-"
			}
		case len(cells) == 4 && strings.HasPrefix(cells[1], "live "):
			for _, act := range strings.Split(cells[2], ",") {
				name := strings.TrimPrefix(cells[1], "live ")
				p.live[name] = append(p.live[name], strings.Trim(act, " `"))
			}
		}
	}
	if len(p.acts) < 40 || len(p.live) < 6 {
		t.Fatalf("docs/permissions.md: %d acts, %d live commands", len(p.acts), len(p.live))
	}
	return p
}
