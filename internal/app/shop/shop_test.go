package shop

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPagesCarryTheWidgetUnderAStrictPolicy(t *testing.T) {
	h, err := New("https://acme.parlatory.localhost:8443")
	if err != nil {
		t.Fatal(err)
	}
	for path := range pages {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if want := `<script src="https://acme.parlatory.localhost:8443/widget/v1.js" async></script>`; !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s lacks %s", path, want)
		}
		got := w.Header().Get("Content-Security-Policy")
		for _, want := range []string{
			"default-src 'none'", "script-src https://acme.parlatory.localhost:8443;",
			"connect-src https://acme.parlatory.localhost:8443 wss://acme.parlatory.localhost:8443;",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: policy %q lacks %q", path, got, want)
			}
		}
		if strings.Contains(got, "unsafe") {
			t.Errorf("%s: policy %q is not strict", path, got)
		}
	}
}

func TestOnlyListedFilesAreRead(t *testing.T) {
	h, err := New("https://acme.parlatory.localhost")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/shop.css", 200}, {"HEAD", "/", 200}, {"POST", "/", 405}, {"GET", "/index.html", 404},
		{"GET", "/parts.html", 404}, {"GET", "/../shop.go", 404}, {"GET", "/site/index.html", 404},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, w.Code, c.status)
		}
	}
}

func TestAWrongOriginIsRefused(t *testing.T) {
	for _, origin := range []string{"", "acme.parlatory.localhost", "javascript:alert(1)", "file:///etc"} {
		if _, err := New(origin); err == nil {
			t.Errorf("New(%q) was accepted", origin)
		}
	}
}
