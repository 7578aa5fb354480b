package front

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// A body of bytes goes through where the API takes one, from staff and visitors, up to its bound, and no other body of that kind.
func TestStreams(t *testing.T) {
	h := start(t, func(o *Options) {
		o.Stream = func(r *http.Request) (int64, bool) {
			return 3 << 20, r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/parts/1")
		}
	})
	bytes := func(n int) string { return strings.Repeat("\x00", n) }
	own := []string{"Origin", h.origin(acmeHost), "Content-Type", "application/octet-stream"}
	staff := append(own[:4:4], "Cookie", "__Host-session=dana")
	for name, c := range map[string]struct {
		method, path string
		size         int
		headers      []string
		want         int
	}{
		"fits":             {"PUT", "/api/v1/files/x/parts/1", 3 << 20, staff, 200},
		"too much":         {"PUT", "/api/v1/files/x/parts/1", 3<<20 + 1, staff, 413},
		"nothing":          {"PUT", "/api/v1/files/x/parts/1", 0, staff, 422},
		"nobody":           {"PUT", "/api/v1/files/x/parts/1", 100, own, 401},
		"another site":     {"PUT", "/api/v1/files/x/parts/1", 100, []string{"Origin", "https://evil.example", "Content-Type", "application/octet-stream", "Cookie", "__Host-session=dana"}, 403},
		"a form's type":    {"PUT", "/api/v1/files/x/parts/1", 100, []string{"Origin", h.origin(acmeHost), "Content-Type", "text/plain", "Cookie", "__Host-session=dana"}, 415},
		"no type":          {"PUT", "/api/v1/files/x/parts/1", 100, []string{"Origin", h.origin(acmeHost), "Cookie", "__Host-session=dana"}, 415},
		"no such route":    {"PUT", "/api/v1/files/x", 100, staff, 415},
		"another method":   {"POST", "/api/v1/files/x/parts/1", 100, staff, 415},
		"a visitor":        {"PUT", "/widget/v1/files/x/parts/1", 2 << 20, []string{"Origin", "https://shop.example", "Content-Type", "application/octet-stream", "Authorization", "Bearer visitor"}, 200},
		"without a token":  {"PUT", "/widget/v1/files/x/parts/1", 100, []string{"Origin", "https://shop.example", "Content-Type", "application/octet-stream"}, 401},
		"an unlisted site": {"PUT", "/widget/v1/files/x/parts/1", 100, []string{"Origin", "https://evil.example", "Content-Type", "application/octet-stream", "Authorization", "Bearer visitor"}, 403},
	} {
		before := h.reached()
		a := h.ask(t, c.method, acmeHost, c.path, bytes(c.size), c.headers...)
		if a.StatusCode != c.want || (h.reached() > before) != (c.want == 200) {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
}

// What a stream may take grows with what it brings: a sender of few bytes holds its place for no longer than half a minute.
func TestStreamsHaveALeastPace(t *testing.T) {
	for n, want := range map[int64]time.Duration{1: 30 * time.Second, 32 << 10: 31 * time.Second, 4 << 20: 158 * time.Second} {
		if got := streamTime(n); got.Round(time.Second) != want {
			t.Errorf("%d bytes: %s, want %s", n, got, want)
		}
	}
}
