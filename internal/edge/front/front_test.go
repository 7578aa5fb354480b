package front

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func discard(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

func TestPagesGetAFreshNonceEach(t *testing.T) {
	h := start(t, nil)
	nonces := map[string]bool{}
	for _, c := range []struct{ host, path, want string }{
		{acmeHost, "/", "console"}, {acmeHost, "/inbox", "console"}, {acmeHost, "/admin/staff", "console"}, {acmeHost, "/signin", "door"},
		{acmeHost, "/invitation", "door"}, {bare, "/", "door"}, {bare, "/anything", "door"},
	} {
		a := h.ask(t, "GET", c.host, c.path, "", "Cookie", sessionCookie+"=of-somebody")
		policy := a.Header.Get("Content-Security-Policy")
		m := regexp.MustCompile(`style-src 'self' 'nonce-([A-Za-z0-9+/]{24})'`).FindStringSubmatch(policy)
		if a.StatusCode != 200 || !strings.Contains(a.body, "<title>"+c.want+"</title>") || len(m) == 0 {
			t.Fatalf("%s%s: %d %s %s", c.host, c.path, a.StatusCode, policy, a.body)
		}
		if strings.Count(a.body, m[1]) != 2 || strings.Contains(a.body, "__NONCE__") || nonces[m[1]] {
			t.Errorf("%s%s: nonce %s in %s", c.host, c.path, m[1], a.body)
		}
		nonces[m[1]] = true
		if !strings.Contains(policy, "connect-src 'self' wss://"+c.host+":"+h.port+";") {
			t.Errorf("socket of the own host: %s", policy)
		}
		if shows := strings.Contains(policy, "img-src 'self' blob:; media-src blob:;"); shows != (c.want == "console") || strings.Count(policy, "blob:") > 2 {
			t.Errorf("only the console shows what it fetched itself: %s", policy)
		}
		if may := a.Header.Get("Permissions-Policy"); strings.Contains(may, "microphone=(self)") != (c.want == "console") || !strings.Contains(may, "camera=()") {
			t.Errorf("only the console hears, and nothing sees: %s", may)
		}
		if a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("a page may be kept: %s", a.Header.Get("Cache-Control"))
		}
	}
	for path, want := range map[string]string{"/": "/signin", "/admin/staff": "/signin?next=%2Fadmin%2Fstaff"} {
		if a := h.ask(t, "GET", acmeHost, path, ""); a.StatusCode != 303 || a.Header.Get("Location") != want {
			t.Errorf("%s without a session: %d %s", path, a.StatusCode, a.Header.Get("Location"))
		}
	}
	if a := h.ask(t, "GET", acmeHost, "/admin/staff/?view=all", ""); a.StatusCode != 308 || a.Header.Get("Location") != "/admin/staff?view=all" {
		t.Errorf("a slash at the end: %d %s", a.StatusCode, a.Header.Get("Location"))
	}
	for _, path := range []string{"//evil.example/", "/%2fevil.example/", "///", "/api/v1/me/", "/a//"} {
		if raw := h.raw(t, "GET "+path+" HTTP/1.1\r\nHost: "+acmeHost+":"+h.port+"\r\nConnection: close\r\n\r\n"); strings.Contains(raw, "Location:") {
			t.Errorf("%s leads away: %s", path, raw)
		}
	}
	if a := h.ask(t, "POST", acmeHost, "/inbox", "{}", "Content-Type", "application/json", "Origin", h.origin(acmeHost)); a.StatusCode != 405 {
		t.Errorf("POST to a page: %d", a.StatusCode)
	}
}

func TestAssets(t *testing.T) {
	h := start(t, nil)
	for path, c := range map[string]struct {
		accept, kind, encoding, cache, corp string
	}{
		"/assets/app-Ab3dEf9_.js":   {"gzip, br", "text/javascript; charset=utf-8", "br", "public, max-age=31536000, immutable", "same-origin"},
		"/assets/look-Ab3dEf9_.css": {"gzip, br", "text/css; charset=utf-8", "gzip", "public, max-age=31536000, immutable", "same-origin"},
		"/widget/v1.js":             {"gzip;q=0", "text/javascript; charset=utf-8", "", "public, max-age=300", "cross-origin"},
		"/widget/chat-Ab3dEf9_.js":  {"", "text/javascript; charset=utf-8", "", "public, max-age=31536000, immutable", "cross-origin"},
		"/mark.svg":                 {"br;q=0, gzip;q=0.1", "image/svg+xml", "", "public, max-age=300", "same-origin"},
	} {
		a := h.ask(t, "GET", acmeHost, path, "", "Accept-Encoding", c.accept)
		got := a.Header
		if a.StatusCode != 200 || got.Get("Content-Type") != c.kind || got.Get("Content-Encoding") != c.encoding || got.Get("Cache-Control") != c.cache ||
			got.Get("Cross-Origin-Resource-Policy") != c.corp || (got.Get("Access-Control-Allow-Origin") == "*") != (c.corp == "cross-origin") {
			t.Errorf("%s: %d %v", path, a.StatusCode, got)
		}
		if b := h.ask(t, "GET", acmeHost, path, "", "If-None-Match", got.Get("Etag")); b.StatusCode != 304 || b.body != "" {
			t.Errorf("%s again: %d", path, b.StatusCode)
		}
	}
	if a := h.ask(t, "GET", acmeHost, "/assets/none-Ab3dEf9_.js", "", "Accept", "text/html"); a.StatusCode != 404 || !strings.Contains(a.body, "<h1>There is nothing here</h1>") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestAC_062_NoFraming(t *testing.T) {
	h := start(t, nil)
	for _, path := range []string{"/", "/signin", "/api/v1/me", "/widget/v1/config", "/assets/app-Ab3dEf9_.js", "/none.php", "/.well-known/security.txt"} {
		for _, host := range []string{acmeHost, bare, "none.parlatory.localhost"} {
			a := h.ask(t, "GET", acmeHost, path, "", "Origin", "https://shop.example", "Host", host+":"+h.port)
			if !strings.Contains(a.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") || a.Header.Get("X-Frame-Options") != "DENY" {
				t.Errorf("%s%s: %v", host, path, a.Header)
			}
		}
	}
}

func TestOverLimitIs429AndOthersAreNotHurt(t *testing.T) {
	h := start(t, func(o *Options) { o.Limits.RequestsPerSecond, o.Limits.Burst = 1, 5 })
	codes := map[int]int{}
	var last answer
	for range 8 {
		last = h.ask(t, "GET", acmeHost, "/api/v1/me", "")
		codes[last.StatusCode]++
	}
	if codes[200] < 5 || codes[429] < 2 || last.Header.Get("Retry-After") == "" || last.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%v %v %s", codes, last.Header, last.body)
	}
	if a := h.ask(t, "GET", acmeHost, "/assets/app-Ab3dEf9_.js", ""); a.StatusCode != 200 {
		t.Errorf("files cost a place: %d", a.StatusCode)
	}
	if h.buckets.take(netip.MustParseAddr("192.0.2.1")) != 0 {
		t.Error("another address is refused too")
	}
}

func TestBucketsAreBounded(t *testing.T) {
	clock := &moved{at: time.Now()}
	b := newBuckets(Limits{RequestsPerSecond: 1, Burst: 2, Addresses: 100}, clock)
	for i := range 5000 {
		b.take(netip.AddrFrom16([16]byte{0: 0x20, 1: 1, 6: byte(i >> 8), 7: byte(i), 15: 1}))
	}
	if len(b.byAddr) != 100 || b.order.Len() != 100 {
		t.Errorf("%d addresses are remembered", len(b.byAddr))
	}
	one := func(i byte) netip.Addr { return netip.AddrFrom16([16]byte{0: 0x20, 1: 1, 2: 9, 15: i}) }
	if b.take(one(1)) != 0 || b.take(one(2)) != 0 || b.take(one(3)) == 0 {
		t.Error("the addresses of one /64 have a bucket each")
	}
	clock.at = clock.at.Add(time.Second)
	if b.take(one(4)) != 0 || b.take(one(5)) == 0 {
		t.Error("one second gives one token")
	}
}

func TestPanicTellsNothing(t *testing.T) {
	h := start(t, nil)
	a := h.ask(t, "GET", acmeHost, "/api/v1/panic", "")
	if a.StatusCode != 500 || a.Header.Get("Content-Type") != "application/problem+json" || strings.Contains(a.body, "Dana") || strings.Contains(a.body, ".go") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if log := h.log.String(); strings.Contains(log, "secret of Dana") || !strings.Contains(log, "request panicked") {
		t.Errorf("log: %s", log)
	}
	r, _ := http.NewRequest("GET", h.origin(acmeHost)+"/api/v1/half-panic", nil)
	if res, err := h.client(t, false).Do(r); err == nil {
		if b, err := io.ReadAll(res.Body); err == nil {
			t.Errorf("a half answer looks whole: %s", b)
		}
		_ = res.Body.Close()
	}
	if a := h.ask(t, "GET", acmeHost, "/api/v1/me", ""); a.StatusCode != 200 {
		t.Error("the server did not survive")
	}
}

func TestLogHoldsRoutesAndNoPersons(t *testing.T) {
	h := start(t, nil)
	h.ask(t, "GET", acmeHost, "/api/v1/things/0192aaaa-person-id?email=dana@acme.example", "", "Cookie", "__Host-session=dana", "User-Agent", "MarkedAgent/1")
	h.ask(t, "GET", "acme.parlatory.localhost", "/inbox/secret-page", "")
	log := h.log.String()
	for _, mark := range []string{"0192aaaa", "dana", "MarkedAgent", "127.0.0.1", "acme", "secret-page"} {
		if strings.Contains(log, mark) {
			t.Errorf("the log tells %q: %s", mark, log)
		}
	}
	if !strings.Contains(log, "method=GET route=/api/v1/things/{id} status=200") || !strings.Contains(log, `route="console page"`) {
		t.Errorf("the log lacks the route: %s", log)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	families, err := h.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(families)
	if !strings.Contains(text, "/api/v1/things/{id}") || strings.Contains(text, "0192aaaa") || strings.Contains(text, "acme") {
		t.Errorf("metrics: %s", text)
	}
}

func TestSecurityTxt(t *testing.T) {
	h := start(t, nil)
	a := h.ask(t, "GET", bare, "/.well-known/security.txt", "")
	m := regexp.MustCompile(`Expires: (.*)\r\n`).FindStringSubmatch(a.body)
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "text/plain; charset=utf-8" || !strings.HasPrefix(a.body, "Contact: mailto:security@example.com\r\n") || m == nil {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if at, err := time.Parse(time.RFC3339, m[1]); err != nil || time.Until(at) > 365*24*time.Hour || time.Until(at) < 30*24*time.Hour {
		t.Errorf("expires %s", m[1])
	}
	none := start(t, func(o *Options) { o.Contact = "" })
	if a := none.ask(t, "GET", bare, "/.well-known/security.txt", ""); a.StatusCode != 404 {
		t.Errorf("without a contact: %d", a.StatusCode)
	}
}

func TestRedirectIsForPagesOfOurs(t *testing.T) {
	h := start(t, nil)
	for _, c := range []struct{ method, host, path, want string }{
		{"GET", acmeHost, "/inbox", h.origin(acmeHost) + "/inbox"},
		{"GET", bare + ":80", "/", h.origin(bare) + "/"},
		{"HEAD", "ACME.parlatory.localhost", "/", h.origin(acmeHost) + "/"},
		{"GET", acmeHost, "/api/v1/me", ""},
		{"POST", acmeHost, "/signin", ""},
		{"GET", "evil.example", "/", ""},
		{"GET", acmeHost, "//evil.example/", ""},
		{"GET", acmeHost, "/%0d%0aSet-Cookie:x", ""},
		{"GET", acmeHost, "/@evil.example", ""},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		r.RequestURI = c.path
		r.URL.Path = c.path
		r.Host = c.host
		w := httptest.NewRecorder()
		h.redirect(w, r)
		if got := w.Header().Get("Location"); got != c.want || (w.Code == 308) != (c.want != "") {
			t.Errorf("%s %s%s: %d %q", c.method, c.host, c.path, w.Code, got)
		}
	}
}

func TestAdminListener(t *testing.T) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "parlatory_test_total"}))
	var fault error
	h := Admin{Gatherer: reg, Ready: func(context.Context) error { return fault }, Log: discard(io.Discard)}.handler()
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Code, w.Body.String()
	}
	if code, body := get("/metrics"); code != 200 || !strings.Contains(body, "parlatory_test_total 0") {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := get("/healthz"); code != 200 {
		t.Errorf("healthz %d", code)
	}
	if code, _ := get("/readyz"); code != 200 {
		t.Errorf("readyz %d", code)
	}
	fault = errors.New("db.internal.example is away")
	if code, body := get("/readyz"); code != 503 || strings.Contains(body, "internal") {
		t.Errorf("readyz %d %s", code, body)
	}
	if code, _ := get("/debug/pprof/"); code != 404 {
		t.Errorf("pprof %d", code)
	}
}

func FuzzDepth(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":"]\"["}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d := depth(b); d < 0 || d > len(b) {
			t.Errorf("depth %d of %q", d, b)
		}
	})
}
