package front

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parlatory"
)

var (
	acme   = parlatory.WorkspaceID{0: 1, 15: 1}
	globex = parlatory.WorkspaceID{0: 1, 15: 2}
	dana   = parlatory.StaffID{0: 7}
)

// house is a whole front on a real listener, with rooms behind it that say whom they saw.
type house struct {
	*Front
	port string
	log  *lockedBuffer
	reg  *prometheus.Registry
	root *x509.CertPool
	stop func() error

	mu     sync.Mutex
	seen   []parlatory.Actor
	device string
	bodies []string
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
func (l *lockedBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

type rooms struct{ fault error }

func (r *rooms) Workspace(_ context.Context, sub string) (parlatory.WorkspaceID, bool, error) {
	switch sub {
	case "acme":
		return acme, true, r.fault
	case "globex":
		return globex, true, r.fault
	}
	return parlatory.WorkspaceID{}, false, r.fault
}

func (r *rooms) Session(_ context.Context, door parlatory.WorkspaceID, token string, from parlatory.Actor) (parlatory.Actor, error) {
	switch {
	case token == "broken":
		return from, errors.New("database is away")
	case token != "dana" || door != acme:
		return from, parlatory.Fail(parlatory.KindUnauthenticated, "no")
	}
	from.Kind, from.Staff = parlatory.Staff, dana
	return from, nil
}

const byItself = "nobody was there"

func (r *rooms) Unattended(ctx context.Context, door parlatory.WorkspaceID, token string, from parlatory.Actor) (parlatory.Actor, error) {
	a, err := r.Session(ctx, door, token, from)
	a.Device = byItself
	return a, err
}

func (r *rooms) Attempt(_ context.Context, door parlatory.WorkspaceID, token string, from parlatory.Actor) (parlatory.Actor, error) {
	if token != "half" || door != acme {
		return from, parlatory.Fail(parlatory.KindExpired, "no")
	}
	from.Kind = parlatory.Half
	return from, nil
}

func (r *rooms) Visitor(_ context.Context, door parlatory.WorkspaceID, token, site string, from parlatory.Actor) (parlatory.Actor, error) {
	if token != "visitor" || door != acme || site != "https://shop.example" {
		return from, parlatory.Fail(parlatory.KindUnauthenticated, "no")
	}
	from.Kind = parlatory.Visitor
	return from, nil
}

func (r *rooms) Token(_ context.Context, door parlatory.WorkspaceID, bearer string, from parlatory.Actor) (parlatory.Actor, error) {
	switch bearer {
	case tokenPrefix + "broken":
		return from, errors.New("database is away")
	case tokenPrefix + "expired":
		return from, parlatory.Fail(parlatory.KindExpired, "This token ended yesterday.")
	case tokenPrefix + "elsewhere":
		return from, parlatory.Forbidden()
	case tokenPrefix + "nameless":
		from.Kind, from.Staff = parlatory.Staff, dana
		return from, nil
	}
	if bearer != tokenPrefix+"dana" || door != acme {
		return from, parlatory.Fail(parlatory.KindUnauthenticated, "no")
	}
	from.Kind, from.Staff, from.Token, from.Scopes = parlatory.Staff, dana, parlatory.TokenID{1}, "chat.inbox"
	return from, nil
}

func (r *rooms) Listed(_ context.Context, w parlatory.WorkspaceID, origin string) (bool, error) {
	return w == acme && (origin == "https://shop.example" || origin == "null" || origin == "http://shop.example"), nil
}

func webPart() fstest.MapFS {
	page := func(name string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(`<!doctype html><title>` + name + `</title><meta name="csp-nonce" content="__NONCE__"><style nonce="__NONCE__"></style><script type="module" src="/assets/app-Ab3dEf9_.js"></script>`)}
	}
	return fstest.MapFS{
		"console.html": page("console"), "door.html": page("door"),
		"assets/app-Ab3dEf9_.js":    {Data: []byte(strings.Repeat("console.log(1);", 300))},
		"assets/app-Ab3dEf9_.js.br": {Data: []byte("brotli")},
		"assets/look-Ab3dEf9_.css":  {Data: []byte(strings.Repeat("a{color:red}", 300))},
		"widget/v1.js":              {Data: []byte("widget()")}, "widget/chat-Ab3dEf9_.js": {Data: []byte("chat()")},
		"mark.svg": {Data: []byte("<svg/>")}, ".vite/manifest.json": {Data: []byte("{}")}, "assets/app-Ab3dEf9_.js.map": {Data: []byte("{}")},
	}
}

// start serves on a free port with certificates of its own.
func start(t *testing.T, change func(*Options)) *house {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{port: strconv.Itoa(l.Addr().(*net.TCPAddr).Port), log: &lockedBuffer{}, reg: prometheus.NewRegistry()}
	pair, pool := mintPair(t, t.TempDir(), "parlatory.localhost", "*.parlatory.localhost", "shop.localhost")
	h.root = pool
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	files, err := OpenFiles([]CertificatePair{pair}, parlatory.SystemClock{}, log)
	if err != nil {
		t.Fatal(err)
	}
	r := &rooms{}
	o := Options{
		Domain: "parlatory.localhost", Directory: r, Sessions: r, Sites: r, API: http.HandlerFunc(h.api), StaffLive: http.HandlerFunc(h.api), VisitorLive: http.HandlerFunc(h.api),
		Web: webPart(), Certificates: files, Contact: "mailto:security@example.com", Log: log, Registry: h.reg,
		Hosts: map[string]http.Handler{"shop.localhost": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the shop") })},
	}
	o.Port, _ = strconv.Atoi(h.port)
	if change != nil {
		change(&o)
	}
	if h.Front, err = New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ctx, l) }()
	h.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := h.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return h
}

// api answers with whom it saw, and does what its path says.
func (h *house) api(w http.ResponseWriter, r *http.Request) {
	a := ActorOf(r.Context())
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	h.device = DeviceOf(r.Context()).Reveal()
	h.seen, h.bodies = append(h.seen, a), append(h.bodies, string(body))
	h.mu.Unlock()
	r.Pattern = "GET /api/v1/things/{id}"
	switch r.URL.Path {
	case "/api/v1/panic":
		panic("the secret of Dana")
	case "/api/v1/half-panic":
		_, _ = io.WriteString(w, "half")
		panic("later")
	case "/api/v1/slow":
		time.Sleep(300 * time.Millisecond)
	case "/api/v1/hurried": // as huma does before it reads
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		time.Sleep(200 * time.Millisecond)
	}
	if r.Context().Err() != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"kind": a.Kind.String(), "workspace": a.Workspace.String(), "site": a.Site})
}

func (h *house) reached() int { h.mu.Lock(); defer h.mu.Unlock(); return len(h.seen) }

func (h *house) last() parlatory.Actor {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen[len(h.seen)-1]
}

func mintPair(t *testing.T, dir string, names ...string) (CertificatePair, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	p := CertificatePair{filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")}
	for file, block := range map[string]*pem.Block{p.Certificate: {Type: "CERTIFICATE", Bytes: der}, p.Key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	leaf, _ := x509.ParseCertificate(der)
	pool.AddCert(leaf)
	return p, pool
}

// client speaks HTTP/1.1 or HTTP/2 to the house, whatever the host's name.
func (h *house) client(t *testing.T, http2 bool) *http.Client {
	t.Helper()
	tr := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+h.port)
		},
		TLSClientConfig: &tls.Config{RootCAs: h.root}, ForceAttemptHTTP2: http2, DisableCompression: true,
	}
	if !http2 {
		tr.Protocols = new(http.Protocols)
		tr.Protocols.SetHTTP1(true)
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

type answer struct {
	*http.Response
	body string
}

// ask sends one request; headers come in pairs.
func (h *house) ask(t *testing.T, method, host, path, body string, headers ...string) answer {
	t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, "https://"+host+":"+h.port+path, in)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	res, err := h.client(t, false).Do(r)
	if err != nil {
		t.Fatalf("%s %s%s: %v", method, host, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res, string(b)}
}

func (h *house) origin(host string) string { return fmt.Sprintf("https://%s:%s", host, h.port) }

const (
	bare     = "parlatory.localhost"
	acmeHost = "acme.parlatory.localhost"
)
