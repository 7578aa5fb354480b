package front

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"parlatory"
)

// dial opens a TLS connection that speaks HTTP/1.1, for tests that write bytes.
func (h *house) dial(t *testing.T) *tls.Conn {
	t.Helper()
	c, err := tls.Dial("tcp", "127.0.0.1:"+h.port, &tls.Config{RootCAs: h.root, ServerName: acmeHost, NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(8 * time.Second))
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// raw sends bytes and gives all that comes back until the server closes.
func (h *house) raw(t *testing.T, bytes string) string {
	t.Helper()
	c := h.dial(t)
	_, _ = io.WriteString(c, bytes) // the server may close before it has read all
	b, _ := io.ReadAll(c)
	return string(b)
}

func TestAC_086_RequestSmuggling(t *testing.T) {
	h := start(t, nil)
	host := "Host: " + acmeHost + ":" + h.port + "\r\n"
	post := "POST /api/v1/signin HTTP/1.1\r\n" + host + "Origin: " + h.origin(acmeHost) + "\r\nContent-Type: application/json\r\n"
	hidden := "GET /api/v1/hidden HTTP/1.1\r\n" + host + "\r\n"
	for name, bytes := range map[string]string{
		"CL.TE":                 post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG" + hidden,
		"TE.CL":                 post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n" + hidden + "0\r\n\r\n",
		"TE alone":              post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + hidden,
		"TE.TE":                 post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n" + hidden,
		"TE with a blank":       post + "Transfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n{}" + hidden,
		"TE with vertical tab":  post + "Transfer-Encoding: \x0bchunked\r\nContent-Length: 2\r\n\r\n{}" + hidden,
		"TE folded":             post + "Transfer-Encoding:\r\n chunked\r\nContent-Length: 2\r\n\r\n{}" + hidden,
		"two lengths":           post + "Content-Length: 2\r\nContent-Length: 60\r\n\r\n{}" + hidden,
		"two same lengths":      post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + hidden,
		"length list":           post + "Content-Length: 2, 2\r\n\r\n{}" + hidden,
		"length with sign":      post + "Content-Length: +2\r\n\r\n{}" + hidden,
		"length in hex":         post + "Content-Length: 0x2\r\n\r\n{}" + hidden,
		"negative length":       post + "Content-Length: -1\r\n\r\n{}" + hidden,
		"huge length":           post + "Content-Length: 18446744073709551618\r\n\r\n{}" + hidden,
		"obs-fold":              "GET /api/v1/me HTTP/1.1\r\n" + host + "X-A: b\r\n c: d\r\n\r\n" + hidden,
		"obs-fold by tab":       "GET /api/v1/me HTTP/1.1\r\n" + host + "X-A: b\r\n\tc: d\r\n\r\n" + hidden,
		"first field folded":    "GET /api/v1/me HTTP/1.1\r\n " + host + "\r\n" + hidden,
		"bare LF":               "GET /api/v1/me HTTP/1.1\n" + strings.ReplaceAll(host, "\r", "") + "\n" + hidden,
		"bare LF in a field":    "GET /api/v1/me HTTP/1.1\r\n" + host + "X-A: b\nX-B: c\r\n\r\n" + hidden,
		"bare LF at the end":    "GET /api/v1/me HTTP/1.1\r\n" + host + "\n" + hidden,
		"bare CR":               "GET /api/v1/me HTTP/1.1\r\n" + host + "X-A: b\rX-B: c\r\n\r\n" + hidden,
		"NUL":                   "GET /api/v1/me HTTP/1.1\r\n" + host + "X-A: b\x00\r\n\r\n" + hidden,
		"blank before colon":    "GET /api/v1/me HTTP/1.1\r\n" + host + "X-A : b\r\n\r\n" + hidden,
		"no colon":              "GET /api/v1/me HTTP/1.1\r\n" + host + "X-A\r\n\r\n" + hidden,
		"empty name":            "GET /api/v1/me HTTP/1.1\r\n" + host + ": b\r\n\r\n" + hidden,
		"two hosts":             "GET /api/v1/me HTTP/1.1\r\n" + host + "Host: evil.example\r\n\r\n" + hidden,
		"no host":               "GET /api/v1/me HTTP/1.1\r\n\r\n" + hidden,
		"HTTP/0.9":              "GET /api/v1/me\r\n\r\n" + hidden,
		"HTTP/2 preface in 1.1": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + hidden,
		"other version":         "GET /api/v1/me HTTP/1.2x\r\n" + host + "\r\n" + hidden,
	} {
		before := h.reached()
		got := h.raw(t, bytes)
		if strings.Count(got, "HTTP/1.1 ") != 1 || !strings.HasPrefix(got, "HTTP/1.1 400 ") && !strings.HasPrefix(got, "HTTP/1.1 505 ") || h.reached() != before {
			t.Errorf("%s: reached %v, answered %q", name, h.reached() != before, got)
		}
	}
}

func TestScanLetsGoodRequestsThrough(t *testing.T) {
	h := start(t, nil)
	host := "Host: " + acmeHost + ":" + h.port + "\r\n"
	post := "POST /api/v1/signin HTTP/1.1\r\n" + host + "Origin: " + h.origin(acmeHost) + "\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"a\":\"\n\"}"
	get := "GET /api/v1/me HTTP/1.1\r\n" + host + "\r\n"
	last := "GET /api/v1/me HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n"
	// One write, and byte by byte: both are five requests.
	for _, step := range []int{10_000, 1, 7} {
		before := h.reached()
		c := h.dial(t)
		all := get + post + get + post + last
		for i := 0; i < len(all); i += step {
			if _, err := io.WriteString(c, all[i:min(i+step, len(all))]); err != nil {
				t.Fatal(err)
			}
		}
		b, _ := io.ReadAll(c)
		if n := strings.Count(string(b), "HTTP/1.1 200 OK"); n != 5 || h.reached()-before != 5 {
			t.Errorf("step %d: %d answers, %d reached: %s", step, n, h.reached()-before, b)
		}
		if got := h.bodies[len(h.bodies)-2]; got != "{\"a\":\"\n\"}" {
			t.Errorf("body %q", got)
		}
	}
	// A bad request behind a good one gets its 400 in its turn.
	got := h.raw(t, get+"GET /api/v1/me HTTP/1.1\nHost: x\n\n")
	if !strings.HasPrefix(got, "HTTP/1.1 200") || strings.Count(got, "HTTP/1.1 400") != 1 {
		t.Errorf("%s", got)
	}
}

func TestUpgradePassesAndRefusedUpgradeEnds(t *testing.T) {
	h := start(t, func(o *Options) {
		o.StaffLive = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
			line, _ := rw.ReadString('!')
			_, _ = io.WriteString(c, line)
		})
	})
	head := "Host: " + acmeHost + ":" + h.port + "\r\nUpgrade: echo\r\nConnection: Upgrade\r\n"
	got := h.raw(t, "GET "+staffSocket+" HTTP/1.1\r\n"+head+"Origin: "+h.origin(acmeHost)+"\r\n\r\nbinary\n\r \x00 bytes!")
	if !strings.HasPrefix(got, "HTTP/1.1 101") || !strings.HasSuffix(got, "binary\n\r \x00 bytes!") {
		t.Errorf("%q", got)
	}
	before := h.reached()
	got = h.raw(t, "GET "+staffSocket+" HTTP/1.1\r\n"+head+"Origin: https://evil.example\r\n\r\nGET /api/v1/me HTTP/1.1\nHost: "+acmeHost+":"+h.port+"\n\n")
	if !strings.HasPrefix(got, "HTTP/1.1 403") || strings.Count(got, "HTTP/1.1 ") != 1 || h.reached() != before {
		t.Errorf("%q", got)
	}
}

func TestTLSIs13WithKnownNamesOnly(t *testing.T) {
	h := start(t, nil)
	for _, c := range []struct {
		config *tls.Config
		want   bool
	}{
		{&tls.Config{ServerName: acmeHost}, true},
		{&tls.Config{ServerName: acmeHost, MaxVersion: tls.VersionTLS12}, false},
		{&tls.Config{ServerName: "evil.example", InsecureSkipVerify: true}, false}, //nolint:gosec // the server must end this one
	} {
		c.config.RootCAs = h.root
		conn, err := tls.Dial("tcp", "127.0.0.1:"+h.port, c.config)
		if (err == nil) != c.want {
			t.Errorf("%s below %x: %v", c.config.ServerName, c.config.MaxVersion, err)
		}
		if err == nil {
			if s := conn.ConnectionState(); s.Version != tls.VersionTLS13 || s.CurveID != tls.X25519MLKEM768 {
				t.Errorf("version %x, key exchange %v", s.Version, s.CurveID)
			}
			_ = conn.Close()
		}
	}
	plain, err := net.Dial("tcp", "127.0.0.1:"+h.port)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	_ = plain.SetDeadline(time.Now().Add(3 * time.Second))
	_, _ = io.WriteString(plain, "GET / HTTP/1.1\r\nHost: "+bare+"\r\n\r\n")
	if b, _ := io.ReadAll(plain); strings.Contains(string(b), "HTTP/1.1 2") {
		t.Errorf("plain HTTP is answered: %q", b)
	}
}

func TestHTTP2(t *testing.T) {
	h := start(t, nil)
	c := h.client(t, true)
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			r, _ := http.NewRequest("POST", h.origin(acmeHost)+"/api/v1/signin", strings.NewReader("{}"))
			r.Header.Set("Origin", h.origin(acmeHost))
			r.Header.Set("Content-Type", "application/json")
			r.ContentLength = -1 // no length: HTTP/2 frames bodies itself
			res, err := c.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			if res.ProtoMajor != 2 || res.StatusCode != 200 {
				t.Errorf("%s %d", res.Proto, res.StatusCode)
			}
		})
	}
	wait.Wait()
	// One connection carries requests for several hosts: each is judged by its own.
	for host, want := range map[string]int{acmeHost: 200, "globex.parlatory.localhost": 200, "none.parlatory.localhost": 421} {
		r, _ := http.NewRequest("GET", h.origin(acmeHost)+"/api/v1/me", nil)
		r.Host = host + ":" + h.port
		res, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d", host, res.StatusCode)
		}
	}
}

func TestServeWithoutCertificatesIsRefused(t *testing.T) {
	f, err := New(Options{Domain: bare, Directory: &rooms{}, Sessions: &rooms{}, Sites: &rooms{}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Serve(ctx, l); (err == nil) != plaintext {
		t.Errorf("plaintext %v: %v", plaintext, err)
	}
}

func TestStopFinishesRequests(t *testing.T) {
	h := start(t, nil)
	got := make(chan string, 1)
	go func() { got <- h.raw(t, "GET /api/v1/slow HTTP/1.1\r\nHost: "+acmeHost+":"+h.port+"\r\n\r\n") }()
	for h.reached() == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	if err := h.stop(); err != nil {
		t.Error(err)
	}
	if s := <-got; !strings.HasPrefix(s, "HTTP/1.1 200") {
		t.Errorf("the request was cut: %q", s)
	}
	if c, err := net.Dial("tcp", "127.0.0.1:"+h.port); err == nil {
		_ = c.Close()
		t.Error("still listening")
	}
}

// An answer may take longer than a body may: what a library sets for reading ends neither the request's context nor that of the connection,
// and so all later requests on it.
func TestSlowAnswersLeaveTheConnection(t *testing.T) {
	h := start(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := newServer(h.Front, slog.New(slog.DiscardHandler))
	srv.ReadTimeout = 100 * time.Millisecond
	go func() { _ = srv.Serve(l) }()
	defer srv.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, request := range []string{
		"GET /api/v1/slow HTTP/1.1\r\n%s\r\n",
		"GET /api/v1/hurried HTTP/1.1\r\n%s\r\n",
		"POST /api/v1/slow HTTP/1.1\r\n%sContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
		"POST /api/v1/hurried HTTP/1.1\r\n%sContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
		"GET /api/v1/things HTTP/1.1\r\n%s\r\n",
	} {
		if _, err := fmt.Fprintf(conn, request, "Host: "+acmeHost+":"+h.port+"\r\nOrigin: "+h.origin(acmeHost)+"\r\n"); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("%.20s: %v", request, err)
		}
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusOK {
			t.Errorf("%.20s: %d %s", request, res.StatusCode, body)
		}
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	h := start(t, func(o *Options) { o.Limits.Connections = 5 })
	var held []net.Conn
	for range 5 {
		held = append(held, h.dial(t))
	}
	if c, err := tls.Dial("tcp", "127.0.0.1:"+h.port, &tls.Config{RootCAs: h.root, ServerName: acmeHost}); err == nil {
		_ = c.Close()
		t.Error("a sixth connection was taken")
	}
	_ = held[0].Close()
	for range 100 {
		c, err := tls.Dial("tcp", "127.0.0.1:"+h.port, &tls.Config{RootCAs: h.root, ServerName: acmeHost})
		if err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("a place that was given back is not taken again")
}

func TestCertificateFilesAreTakenOver(t *testing.T) {
	dir := t.TempDir()
	pair, _ := mintPair(t, dir, acmeHost)
	clock := &moved{at: time.Now()}
	var log lockedBuffer
	f, err := OpenFiles([]CertificatePair{pair}, clock, discard(&log))
	if err != nil {
		t.Fatal(err)
	}
	first := f.current()[0].Leaf.SerialNumber
	if err := os.WriteFile(pair.Certificate, []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	clock.at = clock.at.Add(lookAgain + time.Second)
	if f.current()[0].Leaf.SerialNumber.Cmp(first) != 0 || !strings.Contains(log.String(), "not taken over") {
		t.Errorf("a broken file is in force, or nobody was told: %s", log.String())
	}
	mintPair(t, dir, acmeHost)
	if f.current()[0].Leaf.SerialNumber.Cmp(first) != 0 {
		t.Error("looked too soon")
	}
	clock.at = clock.at.Add(lookAgain + time.Second)
	if f.current()[0].Leaf.SerialNumber.Cmp(first) == 0 {
		t.Error("the new certificate is not in force")
	}
	if _, err := OpenFiles([]CertificatePair{{dir + "/none", dir + "/none"}}, clock, discard(&log)); err == nil {
		t.Error("missing files were taken")
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
	f.Add([]byte("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nUpgrade: x\r\n\r\n\n\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		here, there := net.Pipe()
		go func() { _, _ = there.Write(in); _ = there.Close() }()
		s := &scanned{Conn: here}
		r := bufio.NewReader(s)
		for range 4 {
			req, err := http.ReadRequest(r)
			if err != nil {
				break
			}
			if !s.open && (len(req.TransferEncoding) > 0 || strings.Contains(req.Header.Get("X"), "\n")) {
				t.Errorf("let through: %q", in)
			}
			_, _ = io.Copy(io.Discard, req.Body)
		}
		_ = here.Close()
	})
}

type moved struct{ at time.Time }

func (m *moved) Now() time.Time { return m.at }

var _ parlatory.Clock = (*moved)(nil)
