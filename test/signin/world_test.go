package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parlatory/test/rig"
)

var engines = []string{"sqlite", "postgres"}

// full is how many rounds of races a long run takes; from there on figures are judged.
const full = 100

// rounds is PARLATORY_ROUNDS, else few.
func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("PARLATORY_ROUNDS")); err == nil && n > 0 {
		return n
	}
	return 5
}

func judged() bool { return rounds() >= full }

var program struct {
	once sync.Once
	dir  string
	path string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if program.dir != "" {
		_ = os.RemoveAll(program.dir)
	}
	os.Exit(code)
}

func binary(t *testing.T) string {
	t.Helper()
	program.once.Do(func() {
		if program.dir, program.err = os.MkdirTemp("", "signin"); program.err == nil {
			program.path, program.err = rig.Build(context.Background(), program.dir)
		}
	})
	return must[string](t)(program.path, program.err)
}

// options of a server on an engine; the database ends with the test.
func options(t *testing.T, engine string) rig.Options {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a server")
	}
	o := rig.Options{Binary: binary(t), Dir: t.TempDir()}
	if engine == "postgres" {
		database, err := rig.NewDatabase()
		if err != nil && os.Getenv("PARLATORY_REQUIRE_POSTGRES") == "" {
			t.Skip("no PostgreSQL here: ", err)
		}
		check(t, err)
		t.Cleanup(func() { _ = database.Close() })
		o.Postgres = &database.Postgres
	}
	return o
}

func start(t *testing.T, o rig.Options) *rig.Server {
	t.Helper()
	s := must[*rig.Server](t)(rig.New(o))
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.LogTail())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	check(t, s.Start(t.Context()))
	return s
}

func server(t *testing.T, engine string) *rig.Server {
	t.Helper()
	if !judged() {
		t.Parallel() // where times are judged, each server is alone
	}
	return start(t, options(t, engine))
}

// second starts another node on the same database and root key.
func second(t *testing.T, first *rig.Server) *rig.Server {
	t.Helper()
	s := must[*rig.Server](t)(rig.New(rig.Options{Binary: first.Binary, Dir: t.TempDir(), Postgres: first.Postgres, Mailbox: first.Mail}))
	t.Cleanup(func() { _ = s.Close() })
	key := must[[]byte](t)(os.ReadFile(filepath.Join(first.Dir, "key", "root.key")))
	check(t, os.WriteFile(filepath.Join(s.Dir, "key", "root.key"), key, 0o600))
	check(t, s.Start(t.Context()))
	return s
}

// at is the same browser, sent to another node by a load balancer.
func at(s *rig.Server, c *rig.Client) *rig.Client {
	host, _, _ := strings.Cut(c.Host, ":")
	moved := s.Client(host)
	moved.Header.Set("Cookie", c.Header.Get("Cookie"))
	return moved
}

var number atomic.Int64

// unique makes a local part or a subdomain that nobody else has.
func unique(prefix string) string { return fmt.Sprintf("%s%d", prefix, number.Add(1)) }

func house(t *testing.T, s *rig.Server) *rig.Workspace {
	t.Helper()
	sub := unique("house-")
	bare := s.Client(rig.Domain).From(elsewhere()) // one address signs up twenty an hour
	return must[*rig.Workspace](t)(s.FoundWith(t.Context(), bare, sub, "Company "+sub, "Founder"))
}

// someone is a staff member: how they sign in, and a browser in which they are.
func someone(t *testing.T, w *rig.Workspace, role string) (rig.Person, *rig.Client) {
	t.Helper()
	name := unique("person")
	p := rig.Person{Address: name + "@" + w.Subdomain + ".example"}
	return p, must[*rig.Client](t)(w.Hire(t.Context(), p.Address, name, role))
}

// strange is a browser that nobody has seen, at an address of its own.
func strange(w *rig.Workspace) *rig.Client { return w.Server.Client(w.Host()).From(elsewhere()) }

var loopback atomic.Int64

// elsewhere is an address of loopback (127.0.0.0/8) that no other client of this run has.
func elsewhere() string {
	n := loopback.Add(1)
	return fmt.Sprintf("127.%d.%d.%d", 1+n/(250*250), n/250%250, 1+n%250)
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

// status is that of a refusal, 200 where there is none, and 0 where no answer came.
func status(err error) int {
	var r *rig.Refusal
	switch {
	case err == nil:
		return 200
	case errors.As(err, &r):
		return r.Code
	}
	return 0
}

func refused(t *testing.T, err error, want int, what string) {
	t.Helper()
	if got := status(err); got != want {
		t.Errorf("%s: %d, want %d (%v)", what, got, want, err)
	}
}

func idOf(t *testing.T, c *rig.Client) string {
	t.Helper()
	var me struct{ ID string }
	check(t, c.Do(t.Context(), "GET", "/api/v1/me", nil, &me))
	return me.ID
}

// metric sums the lines of a metric that hold all of the labels.
func metric(t *testing.T, s *rig.Server, name string, labels ...string) float64 {
	t.Helper()
	res := must[*http.Response](t)(http.Get("http://" + s.Ops + "/metrics")) //nolint:noctx // loopback, at once
	defer res.Body.Close()
	raw := must[[]byte](t)(io.ReadAll(res.Body))
	sum, seen := 0.0, false
lines:
	for line := range strings.Lines(string(raw)) {
		if !strings.HasPrefix(line, name+"{") && !strings.HasPrefix(line, name+" ") {
			continue
		}
		for _, l := range labels {
			if !strings.Contains(line, l) {
				continue lines
			}
		}
		f := strings.Fields(line)
		v, err := strconv.ParseFloat(f[len(f)-1], 64)
		check(t, err)
		sum, seen = sum+v, true
	}
	if !seen {
		t.Fatalf("/metrics has no %s %v", name, labels)
	}
	return sum
}

// atOnce runs n functions that begin together, and gives how many succeeded.
func atOnce(n int, f func(i int) error) (succeeded int, errs []error) {
	gate := make(chan struct{})
	errs = make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-gate
			errs[i] = f(i)
		})
	}
	close(gate)
	wg.Wait()
	for _, err := range errs {
		if err == nil {
			succeeded++
		}
	}
	return succeeded, errs
}

func within(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Errorf("not within %v: %s", d, what)
}
