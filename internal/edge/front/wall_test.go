package front

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"parlatory"
)

func TestHostDecidesTheWorkspace(t *testing.T) {
	h := start(t, nil)
	for host, want := range map[string]parlatory.WorkspaceID{bare: parlatory.House, acmeHost: acme, "globex.parlatory.localhost": globex, "ACME.parlatory.localhost": acme} {
		if a := h.ask(t, "GET", host, "/api/v1/door", ""); a.StatusCode != 200 || h.last().Workspace != want {
			t.Errorf("%s: %d %v", host, a.StatusCode, h.last())
		}
	}
	if a := h.ask(t, "GET", "shop.localhost", "/", ""); a.body != "the shop" {
		t.Errorf("extra host: %s", a.body)
	}
	if got := h.last().Address; !got.IsLoopback() || !got.Is4() {
		t.Errorf("address %v", got)
	}
}

func TestAC_013_HostHeaderPoisoning(t *testing.T) {
	h := start(t, nil)
	for _, host := range []string{
		"evil.example", "evil.example:" + h.port, "none.parlatory.localhost:" + h.port, "acme.parlatory.localhost.evil.example", "a.acme.parlatory.localhost",
		"acme.parlatory.localhost.:" + h.port, "acme.parlatory.localhost:1", "evilparlatory.localhost", ".parlatory.localhost", "xn--a.parlatory.localhost.", "127.0.0.1:" + h.port,
		"acme.parlatory.localhost:" + h.port + "0", "-.parlatory.localhost",
	} {
		for _, path := range []string{"/", "/api/v1/door", "/widget/v1/config"} {
			before := h.reached()
			a := h.ask(t, "GET", acmeHost, path, "", "Host", host)
			if a.StatusCode != http.StatusMisdirectedRequest || h.reached() != before || strings.Contains(a.body, "evil") {
				t.Errorf("%s%s: %d, reached %v: %s", host, path, a.StatusCode, h.reached() != before, a.body)
			}
		}
	}
	// What proxies say is read from nobody, since no proxy is listed.
	for _, header := range []string{"X-Forwarded-Host", "X-Host", "X-Original-Host", "X-Forwarded-Server"} {
		h.ask(t, "GET", acmeHost, "/api/v1/door", "", header, "globex.parlatory.localhost")
		if h.last().Workspace != acme {
			t.Errorf("%s moved the request", header)
		}
	}
	h.ask(t, "GET", acmeHost, "/api/v1/door", "", "X-Forwarded-For", "9.9.9.9", "Forwarded", "for=9.9.9.9;host=globex.parlatory.localhost", "X-Real-Ip", "9.9.9.9", "X-Forwarded-Proto", "http")
	if a := h.last(); a.Workspace != acme || a.Address == netip.MustParseAddr("9.9.9.9") {
		t.Errorf("a header was believed: %v", a)
	}
}

func TestMappedAddressIsUnwrapped(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	for peer, want := range map[string]string{"[::ffff:192.0.2.7]:1": "192.0.2.7", "192.0.2.7:1": "192.0.2.7", "[fe80::1%eth0]:1": "fe80::1", "nonsense": "invalid IP"} {
		r.RemoteAddr = peer
		if got := AddressOf(r).String(); got != want {
			t.Errorf("%s: %s", peer, got)
		}
	}
}

func TestSessionsBecomeActors(t *testing.T) {
	h := start(t, nil)
	for cookie, want := range map[string]parlatory.ActorKind{
		"__Host-session=dana": parlatory.Staff, "__Host-attempt=half": parlatory.Half, "__Host-session=dana; __Host-attempt=half": parlatory.Staff,
		"__Host-session=gone; __Host-attempt=half": parlatory.Half, "__Host-session=gone": parlatory.Anonymous, "": parlatory.Anonymous,
		"session=dana": parlatory.Anonymous, "__Host-session=" + strings.Repeat("d", 200): parlatory.Anonymous,
	} {
		h.ask(t, "GET", acmeHost, "/api/v1/me", "", "Cookie", cookie)
		if got := h.last().Kind; got != want {
			t.Errorf("%q: %v", cookie, got)
		}
	}
	h.ask(t, "GET", "globex.parlatory.localhost", "/api/v1/me", "", "Cookie", "__Host-session=dana")
	if h.last().Kind != parlatory.Anonymous {
		t.Error("a session of another workspace counts here")
	}
	before := h.reached()
	if a := h.ask(t, "GET", acmeHost, "/api/v1/me", "", "Cookie", "__Host-session=broken"); a.StatusCode != 500 || h.reached() != before || strings.Contains(a.body, "database") {
		t.Errorf("a fault of the store must end the request: %d %s", a.StatusCode, a.body)
	}
	if a := h.ask(t, "GET", acmeHost, "/api/v1/me", "", "User-Agent", "Fox\t1"+strings.Repeat("ü", 300)); a.StatusCode == 200 && len(h.last().Device) > 200 {
		t.Errorf("device of %d bytes", len(h.last().Device))
	}
}

func TestAC_067_SubdomainCookieTossing(t *testing.T) {
	h := start(t, nil)
	// A sibling can plant a cookie without the prefix; where the browser is old enough to let two of one name through, neither counts.
	for _, both := range []string{"__Host-session=evil; __Host-session=dana", "__Host-session=dana; __Host-session=evil"} {
		h.ask(t, "GET", acmeHost, "/api/v1/me", "", "Cookie", both)
		if h.last().Kind != parlatory.Anonymous {
			t.Errorf("one of two cookies was believed: %s", both)
		}
	}
	w := httptest.NewRecorder()
	for _, c := range []http.Cookie{SessionCookie(parlatory.NewSecret("t")), AttemptCookie(parlatory.NewSecret("t")), NoSessionCookie(), NoAttemptCookie()} {
		http.SetCookie(w, &c)
	}
	for _, c := range w.Result().Cookies() {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("%+v", c)
		}
	}
	if len(w.Result().Cookies()) != 4 {
		t.Error("four cookies were set")
	}
}

func TestAC_059_CrossSiteRequestsAreRefused(t *testing.T) {
	h := start(t, nil)
	own := h.origin(acmeHost)
	const json = "application/json"
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		want                     int
	}{
		{"own page", "POST", "/api/v1/staff", "{}", []string{"Origin", own, "Content-Type", json}, 200},
		{"own page, charset", "POST", "/api/v1/staff", "{}", []string{"Origin", own, "Content-Type", "application/json; charset=UTF-8"}, 200},
		{"own page without body", "POST", "/api/v1/signout", "", []string{"Origin", own}, 200},
		{"fetch metadata alone", "POST", "/api/v1/signout", "", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"no origin", "POST", "/api/v1/signout", "", nil, 403},
		{"sibling workspace", "POST", "/api/v1/signout", "", []string{"Origin", h.origin("globex.parlatory.localhost")}, 403},
		{"sibling, metadata", "POST", "/api/v1/signout", "", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"bare domain", "POST", "/api/v1/signout", "", []string{"Origin", h.origin(bare)}, 403},
		{"other site", "DELETE", "/api/v1/sites/1", "", []string{"Origin", "https://evil.example"}, 403},
		{"null", "PATCH", "/api/v1/me", "{}", []string{"Origin", "null", "Content-Type", json}, 403},
		{"other port", "POST", "/api/v1/signout", "", []string{"Origin", "https://" + acmeHost}, 403},
		{"plain scheme", "POST", "/api/v1/signout", "", []string{"Origin", "http://" + acmeHost + ":" + h.port}, 403},
		{"two origins", "POST", "/api/v1/signout", "", []string{"Origin", own, "Origin", "https://evil.example"}, 403},
		{"origin and good metadata", "POST", "/api/v1/signout", "", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "same-origin"}, 403},
		{"form", "POST", "/api/v1/staff", "a=b", []string{"Origin", own, "Content-Type", "application/x-www-form-urlencoded"}, 415},
		{"text", "POST", "/api/v1/staff", "{}", []string{"Origin", own, "Content-Type", "text/plain"}, 415},
		{"multipart", "POST", "/api/v1/staff", "{}", []string{"Origin", own, "Content-Type", "multipart/form-data; boundary=x"}, 415},
		{"no type", "POST", "/api/v1/staff", "{}", []string{"Origin", own}, 415},
		{"two types", "POST", "/api/v1/staff", "{}", []string{"Origin", own, "Content-Type", json, "Content-Type", "text/plain"}, 415},
		{"json in the parameters", "POST", "/api/v1/staff", "{}", []string{"Origin", own, "Content-Type", "text/plain; application/json"}, 415},
		{"other charset", "POST", "/api/v1/staff", "{}", []string{"Origin", own, "Content-Type", "application/json; charset=utf-7"}, 415},
		{"empty form", "POST", "/api/v1/signout", "", []string{"Origin", own, "Content-Type", "text/plain"}, 415},
		{"socket, own page", "GET", staffSocket, "", []string{"Origin", own}, 200},
		{"socket, sibling", "GET", staffSocket, "", []string{"Origin", h.origin("globex.parlatory.localhost")}, 403},
		{"socket, no origin", "GET", staffSocket, "", []string{"Sec-Fetch-Site", "same-origin"}, 403},
		{"method override", "POST", "/api/v1/signout", "", []string{"X-Http-Method-Override", "GET", "Origin", "https://evil.example"}, 403},
	} {
		before := h.reached()
		a := h.ask(t, c.method, acmeHost, c.path, c.body, append(c.headers, "Cookie", "__Host-session=dana")...)
		if a.StatusCode != c.want || (h.reached() > before) != (c.want == 200) {
			t.Errorf("%s: %d, reached %v: %s", c.name, a.StatusCode, h.reached() > before, a.body)
		}
		if a.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: a staff route answers other origins", c.name)
		}
	}
}

func TestAC_064_CrossOriginAnswers(t *testing.T) {
	h := start(t, nil)
	for origin, good := range map[string]bool{
		"https://shop.example": true, "https://evil.example": false, "null": false, "http://shop.example": false, "https://shop.example.evil.example": false,
		"https://shop.example:444": false, "https://SHOP.example": false, "https://shop.example/": false, "https://a.shop.example": false, "": false, "https://shop.example, https://x": false,
	} {
		before := h.reached()
		var headers []string
		if origin != "" {
			headers = []string{"Origin", origin}
		}
		a := h.ask(t, "GET", acmeHost, "/widget/v1/config", "", headers...)
		allowed := a.Header.Get("Access-Control-Allow-Origin")
		if good != (a.StatusCode == 200) || good != (h.reached() > before) || (good && allowed != origin) || (!good && allowed != "") {
			t.Errorf("%q: %d, allowed %q", origin, a.StatusCode, allowed)
		}
		if a.Header.Get("Access-Control-Allow-Credentials") != "" || allowed == "*" || !strings.Contains(strings.Join(a.Header.Values("Vary"), ","), "Origin") {
			t.Errorf("%q: %v", origin, a.Header)
		}
		if p := h.ask(t, "OPTIONS", acmeHost, "/widget/v1/enquiries", "", headers...); good != (p.StatusCode == 204) {
			t.Errorf("preflight of %q: %d", origin, p.StatusCode)
		}
		if p := h.ask(t, "OPTIONS", acmeHost, "/api/v1/me", "", headers...); p.StatusCode != 405 || p.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("preflight of a staff route from %q: %d", origin, p.StatusCode)
		}
		if s := h.ask(t, "GET", acmeHost, visitorSocket, "", headers...); good != (s.StatusCode == 200) {
			t.Errorf("socket of %q: %d", origin, s.StatusCode)
		}
	}
}

func TestWidgetReadsTokensAndNoCookies(t *testing.T) {
	h := start(t, nil)
	ask := func(headers ...string) answer {
		return h.ask(t, "GET", acmeHost, "/widget/v1/enquiries", "", append(headers, "Origin", "https://shop.example")...)
	}
	if ask("Authorization", "Bearer visitor"); h.last().Kind != parlatory.Visitor {
		t.Error("the token did not count")
	}
	if ask("Cookie", "__Host-session=dana"); h.last().Kind != parlatory.Anonymous || h.last().Site != "https://shop.example" {
		t.Errorf("a staff cookie counts at the widget: %v", h.last())
	}
	for _, bad := range []string{"Bearer", "Bearer gone", "Basic visitor", "visitor", "Bearer " + strings.Repeat("v", 300)} {
		before := h.reached()
		if a := ask("Authorization", bad); a.StatusCode != 401 || h.reached() != before {
			t.Errorf("%q: %d", bad, a.StatusCode)
		}
	}
	if a := h.ask(t, "GET", acmeHost, "/api/v1/me", "", "Authorization", "Bearer visitor"); a.StatusCode == 200 && h.last().Kind != parlatory.Anonymous {
		t.Error("a visitor's token counts at a staff route")
	}
	if a := h.ask(t, "GET", bare, "/widget/v1/config", "", "Origin", "https://shop.example"); a.StatusCode != 404 {
		t.Errorf("widget at the bare domain: %d", a.StatusCode)
	}
}

func TestAC_088_PathTricks(t *testing.T) {
	h := start(t, nil)
	for _, path := range []string{
		"//api/v1/me", "/api//v1/me", "/api/v1/me/", "/api/v1/../v1/me", "/api/v1/./me", "/x/..;/api/v1/me", "/api/v1/me;x=1", "/api%2fv1/me", "/%61pi/v1/me",
		"/api/v1/%6de", "/API/v1/me", "/Api/V1/Me", "/api/v1/me%00", "/api/v1/me%20", "/api\\v1\\me", "/api/v1/me%0d%0a", "/widget/v1/../../api/v1/me", "/Widget/v1/config",
		"/assets/../api/v1/me", "/assets/..%2fconsole.html", "/.well-known/../api/v1/me", "/.git/config", "/.vite/manifest.json", "/assets/app-Ab3dEf9_.js.map", "/console.html", "/x.php",
	} {
		before := h.reached()
		raw := h.raw(t, "GET "+path+" HTTP/1.1\r\nHost: "+acmeHost+":"+h.port+"\r\nOrigin: https://shop.example\r\nConnection: close\r\n\r\n")
		if (!strings.HasPrefix(raw, "HTTP/1.1 404") && !strings.HasPrefix(raw, "HTTP/1.1 400")) || h.reached() != before {
			t.Errorf("%s: reached %v, %.60s", path, h.reached() != before, raw)
		}
	}
	for _, line := range []string{"GET https://" + acmeHost + "/api/v1/me HTTP/1.1", "GET /api/v1/me#x HTTP/1.1", "OPTIONS * HTTP/1.1", "GET  /api/v1/me HTTP/1.1"} {
		before := h.reached()
		if raw := h.raw(t, line+"\r\nHost: "+acmeHost+":"+h.port+"\r\nConnection: close\r\n\r\n"); strings.HasPrefix(raw, "HTTP/1.1 200") && !strings.HasPrefix(line, "OPTIONS") || h.reached() != before {
			t.Errorf("%s: %.60s", line, raw)
		}
	}
	for _, method := range []string{"TRACE", "CONNECT", "PROPFIND", "get"} {
		before := h.reached()
		if raw := h.raw(t, method+" /api/v1/me HTTP/1.1\r\nHost: "+acmeHost+":"+h.port+"\r\nConnection: close\r\n\r\n"); strings.HasPrefix(raw, "HTTP/1.1 200") || h.reached() != before {
			t.Errorf("%s: %.60s", method, raw)
		}
	}
}

func TestAC_134_SizeAndDepthBeforeParsing(t *testing.T) {
	h := start(t, func(o *Options) { o.Limits.Body = 10_000 })
	own := h.origin(acmeHost)
	post := func(body string) answer {
		return h.ask(t, "POST", acmeHost, "/api/v1/signin", body, "Origin", own, "Content-Type", "application/json")
	}
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"deep enough": {strings.Repeat("[", 32) + strings.Repeat("]", 32), 200},
		"too deep":    {strings.Repeat("[", 33) + strings.Repeat("]", 33), 422},
		"mixed":       {strings.Repeat(`{"a":[`, 17) + strings.Repeat(`]}`, 17), 422},
		"never ends":  {strings.Repeat("{", 5000), 422},
		"in a string": {`{"a":"` + strings.Repeat("[", 500) + `\"` + strings.Repeat("{", 500) + `"}`, 200},
		"large":       {`"` + strings.Repeat("a", 10_000) + `"`, 413},
		"just fits":   {`"` + strings.Repeat("a", 9_998) + `"`, 200},
	} {
		before := h.reached()
		if a := post(c.body); a.StatusCode != c.want || (h.reached() > before) != (c.want == 200) {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	// The length is refused before a byte of the body has come.
	raw := h.raw(t, "POST /api/v1/signin HTTP/1.1\r\nHost: "+acmeHost+":"+h.port+"\r\nOrigin: "+own+"\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n")
	if !strings.HasPrefix(raw, "HTTP/1.1 413") {
		t.Errorf("announced size: %.60s", raw)
	}
	if a := h.ask(t, "GET", acmeHost, "/api/v1/me", "{}", "Content-Type", "application/json"); a.StatusCode != 400 {
		t.Errorf("a body with GET: %d", a.StatusCode)
	}
	long := h.raw(t, "GET / HTTP/1.1\r\nHost: "+acmeHost+":"+h.port+"\r\nX: "+strings.Repeat("x", 40_000)+"\r\n\r\n")
	if !strings.HasPrefix(long, "HTTP/1.1 431") {
		t.Errorf("head of 40 kB: %.60s", long)
	}
}

func TestStoreAwayIsNoUnknownHost(t *testing.T) {
	h := start(t, func(o *Options) { o.Directory = &rooms{fault: errors.New("postgres://serve:hunter2@db is away")} })
	if a := h.ask(t, "GET", acmeHost, "/api/v1/me", ""); a.StatusCode != 503 || strings.Contains(a.body, "hunter2") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// TestUnattended: a socket, and what a page says that it asked by itself, are read without noting a use of the session.
//
// ASVS V7.3.1
func TestUnattended(t *testing.T) {
	h := start(t, nil)
	own := h.origin(acmeHost)
	for name, c := range map[string]struct {
		path    string
		headers []string
		want    bool
	}{
		"socket":            {staffSocket, []string{"Origin", own}, true},
		"background":        {"/api/v1/enquiries", []string{backgroundHeader, "1"}, true},
		"background, twice": {"/api/v1/enquiries", []string{backgroundHeader, "0", backgroundHeader, ""}, true},
		"person":            {"/api/v1/enquiries", nil, false},
	} {
		a := h.ask(t, "GET", acmeHost, c.path, "", append(c.headers, "Cookie", "__Host-session=dana")...)
		h.mu.Lock()
		who := h.seen[len(h.seen)-1]
		h.mu.Unlock()
		if a.StatusCode != 200 || who.Kind != parlatory.Staff || (who.Device == byItself) != c.want {
			t.Errorf("%s: %d, %+v", name, a.StatusCode, who)
		}
	}
}
