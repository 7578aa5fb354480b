package front

import (
	"net/http"
	"strings"
	"testing"

	"parlatory"
)

// An API token counts at the staff's API, without an Origin, and nowhere else; and never beside a cookie of ours, so that a
// request speaks for one person only.
func TestAPITokens(t *testing.T) {
	h := start(t, nil)
	own, json := h.origin(acmeHost), "application/json"
	good := "Bearer " + tokenPrefix + "dana"
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		want                     int
	}{
		{"read", "GET", "/api/v1/me", "", []string{"Authorization", good}, 200},
		{"scheme in another case", "GET", "/api/v1/me", "", []string{"Authorization", "bearer " + tokenPrefix + "dana"}, 200},
		{"write without an origin", "POST", "/api/v1/staff", "{}", []string{"Authorization", good, "Content-Type", json}, 200},
		{"write, own origin", "POST", "/api/v1/staff", "{}", []string{"Authorization", good, "Content-Type", json, "Origin", own}, 200},
		{"another's cookie beside it", "GET", "/api/v1/me", "", []string{"Authorization", good, "Cookie", "theme=dark"}, 200},
		{"page of another site", "POST", "/api/v1/staff", "{}", []string{"Authorization", good, "Content-Type", json, "Origin", "https://evil.example"}, 403},
		{"page of a sibling", "GET", "/api/v1/me", "", []string{"Authorization", good, "Origin", h.origin("globex.parlatory.localhost")}, 403},
		{"two origins", "GET", "/api/v1/me", "", []string{"Authorization", good, "Origin", own, "Origin", own}, 403},
		{"form", "POST", "/api/v1/staff", "a=b", []string{"Authorization", good, "Content-Type", "application/x-www-form-urlencoded"}, 415},
		{"session beside it", "GET", "/api/v1/me", "", []string{"Authorization", good, "Cookie", "__Host-session=dana"}, 400},
		{"two sessions beside it", "GET", "/api/v1/me", "", []string{"Authorization", good, "Cookie", "__Host-session=dana; __Host-session=x"}, 400},
		{"attempt beside it", "GET", "/api/v1/me", "", []string{"Authorization", good, "Cookie", "__Host-attempt=half"}, 400},
		{"device beside it", "GET", "/api/v1/me", "", []string{"Authorization", good, "Cookie", "__Host-device=d"}, 400},
		{"bad one beside a session", "GET", "/api/v1/me", "", []string{"Authorization", "Bearer x", "Cookie", "__Host-session=dana"}, 400},
		{"two of them", "GET", "/api/v1/me", "", []string{"Authorization", good, "Authorization", good}, 400},
		{"socket", "GET", staffSocket, "", []string{"Authorization", good, "Origin", own}, 400},
		{"socket with a session", "GET", staffSocket, "", []string{"Authorization", good, "Origin", own, "Cookie", "__Host-session=dana"}, 400},
		{"basic", "GET", "/api/v1/me", "", []string{"Authorization", "Basic ZGFuYTpkYW5h"}, 401},
		{"empty", "GET", "/api/v1/me", "", []string{"Authorization", ""}, 401},
		{"of a visitor", "GET", "/api/v1/me", "", []string{"Authorization", "Bearer visitor"}, 401},
		{"of a session", "GET", "/api/v1/me", "", []string{"Authorization", "Bearer dana"}, 401},
		{"unknown", "GET", "/api/v1/door", "", []string{"Authorization", "Bearer " + tokenPrefix + "x"}, 401},
		{"expired", "GET", "/api/v1/me", "", []string{"Authorization", "Bearer " + tokenPrefix + "expired"}, 401},
		{"not from here", "GET", "/api/v1/me", "", []string{"Authorization", "Bearer " + tokenPrefix + "elsewhere"}, 401},
		{"long", "GET", "/api/v1/me", "", []string{"Authorization", "Bearer " + tokenPrefix + strings.Repeat("a", 200)}, 401},
		{"without its own id", "GET", "/api/v1/me", "", []string{"Authorization", "Bearer " + tokenPrefix + "nameless"}, 500},
		{"preflight", "OPTIONS", "/api/v1/me", "", []string{"Origin", "https://evil.example", "Access-Control-Request-Headers", "authorization"}, 405},
		{"the widget", "GET", "/widget/v1/enquiries", "", []string{"Authorization", good, "Origin", "https://shop.example"}, 401},
		{"the widget's socket", "GET", visitorSocket, "", []string{"Authorization", good, "Origin", "https://shop.example"}, 401},
	} {
		before := h.reached()
		a := h.ask(t, c.method, acmeHost, c.path, c.body, c.headers...)
		if a.StatusCode != c.want || (h.reached() > before) != (c.want == 200) {
			t.Errorf("%s: %d, reached %v: %s", c.name, a.StatusCode, h.reached() > before, a.body)
			continue
		}
		if c.want == 401 && strings.HasPrefix(c.path, "/api/") && a.body != `{"type":"/problems/unauthenticated","title":"Unauthorized","status":401,"detail":"This API token is not valid."}`+"\n" {
			t.Errorf("%s: says more than that it is no good: %s", c.name, a.body)
		}
		if got := h.last(); c.want == 200 && (got.Staff != dana || got.Token.Zero() || got.Scopes != "chat.inbox") {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	for _, host := range []string{"globex.parlatory.localhost", bare} {
		if a := h.ask(t, "GET", host, "/api/v1/me", "", "Authorization", good); a.StatusCode != 401 {
			t.Errorf("at %s: %d", host, a.StatusCode)
		}
	}
	if strings.Contains(h.log.String(), tokenPrefix) {
		t.Error("a token is in the log")
	}
}

// Bad tokens are paid for from a budget of their own: it stops the asking of the database, not the sessions and pages of the same address.
func TestBadAPITokensCost(t *testing.T) {
	h := start(t, nil)
	codes := map[int]int{}
	for range 30 {
		codes[h.ask(t, "GET", acmeHost, "/api/v1/me", "", "Authorization", "Bearer "+tokenPrefix+"x").StatusCode]++
	}
	if codes[401] < 20 || codes[401] > 22 || codes[429] < 8 {
		t.Errorf("%v", codes)
	}
	if a := h.ask(t, "GET", acmeHost, "/api/v1/me", "", "Authorization", "Bearer "+tokenPrefix+"dana"); a.StatusCode != 429 {
		t.Errorf("a good one in between tells that the others are bad: %d", a.StatusCode)
	}
	if a := h.ask(t, "GET", acmeHost, "/api/v1/me", "", "Cookie", "__Host-session=dana"); a.StatusCode != 200 || h.last().Kind != parlatory.Staff {
		t.Errorf("the same address' sessions suffer: %d", a.StatusCode)
	}
}

func TestDeviceCookie(t *testing.T) {
	h := start(t, nil)
	for cookie, want := range map[string]string{"__Host-device=d1": "d1", "__Host-device=d1; __Host-device=d2": "", "device=d1": "", "": ""} {
		if h.ask(t, "GET", acmeHost, "/api/v1/door", "", "Cookie", cookie); h.device != want {
			t.Errorf("%q: %q", cookie, h.device)
		}
	}
	if h.ask(t, "GET", acmeHost, "/widget/v1/config", "", "Cookie", "__Host-device=d1", "Origin", "https://shop.example"); h.device != "" {
		t.Error("the widget reads the device")
	}
	c := DeviceCookie(parlatory.NewSecret("d1"))
	if c.String() != "__Host-device=d1; Path=/; Max-Age=34560000; HttpOnly; Secure; SameSite=Strict" {
		t.Error(c.String())
	}
	if gone := NoDeviceCookie(); gone.MaxAge >= 0 || gone.SameSite != http.SameSiteStrictMode {
		t.Error(gone.String())
	}
}
