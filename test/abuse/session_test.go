package abuse

import (
	"database/sql"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver that the program uses too

	"parlatory"
	"parlatory/test/rig"
)

// cookieOf is the value of one of a client's cookies.
func cookieOf(c *rig.Client, name string) string {
	for _, pair := range strings.Split(c.Header.Get("Cookie"), "; ") {
		if k, v, ok := strings.Cut(pair, "="); ok && k == name {
			return v
		}
	}
	return ""
}

// as asks who is signed in with a bare Cookie header.
func as(t *testing.T, w *rig.Workspace, wire *wire, cookies ...string) int {
	t.Helper()
	return wire.send(t, request{"GET", w.Founder.Host, "/api/v1/me", nil, http.Header{"Cookie": cookies}}).status
}

const (
	sessionName = "__Host-session"
	attemptName = "__Host-attempt"
)

func addressOf(t *testing.T, c *rig.Client) string {
	t.Helper()
	var me struct{ Email string }
	check(t, c.Do(t.Context(), "GET", "/api/v1/me", nil, &me))
	return me.Email
}

// TestAC_055_FixedCookies: a cookie that was there before a sign-in, a change of password or of role opens nothing after.
//
// ASVS V6.2.3, V7.2.2, V7.2.4, V7.4.3
func TestAC_055_FixedCookies(t *testing.T) {
	s := server(t)
	w, wire := house(t, s), wires(s)
	agent := hire(t, w, "Agent")
	address := addressOf(t, agent)

	planted := strings.Repeat("A", 43)
	c := s.Client(w.Host())
	c.Header.Set("Cookie", sessionName+"="+planted+"; "+attemptName+"="+planted)
	check(t, c.Do(t.Context(), "POST", "/api/v1/signin", map[string]any{"email": address, "password": rig.Password}, nil))
	first := cookieOf(c, sessionName)
	if first == planted || first == "" || as(t, w, wire, sessionName+"="+planted) != 401 {
		t.Error("a planted cookie became a session")
	}
	// The attacker's own session, planted in the victim's browser before the victim signs in.
	check(t, c.Do(t.Context(), "POST", "/api/v1/signin", map[string]any{"email": address, "password": rig.Password}, nil))
	second := cookieOf(c, sessionName)
	if second == first || as(t, w, wire, sessionName+"="+first) != 401 || as(t, w, wire, sessionName+"="+second) != 200 {
		t.Error("the session from before the sign-in lives on")
	}
	// The half session is not the session, and dies with the step that it owes.
	h := half(t, w, "Agent")
	owing := cookieOf(h, attemptName)
	if as(t, w, wire, sessionName+"="+owing) != 401 || as(t, w, wire, attemptName+"="+owing) != 401 {
		t.Error("a half session opens what a session does")
	}
	var p rig.Policies
	check(t, h.Do(t.Context(), "GET", "/api/v1/policies", nil, &p))
	agree := map[string]any{"security_version": p.Security.Version, "privacy_version": p.Privacy.Version}
	check(t, h.Do(t.Context(), "POST", "/api/v1/signin/agreement", agree, nil))
	if whole := cookieOf(h, sessionName); whole == owing || as(t, w, wire, sessionName+"="+owing) != 401 {
		t.Error("the half session's token became the session's")
	}
	again := s.Client(w.Host())
	again.Header.Set("Cookie", attemptName+"="+owing)
	if err := again.Do(t.Context(), "POST", "/api/v1/signin/agreement", agree, nil); code(err) != 401 {
		t.Errorf("the half session still pays: %v", err)
	}
	check(t, c.Do(t.Context(), "POST", "/api/v1/me/password", map[string]any{"current": rig.Password, "password": "a quite different one 81"}, nil))
	if third := cookieOf(c, sessionName); third == second || as(t, w, wire, sessionName+"="+second) != 401 || as(t, w, wire, sessionName+"="+third) != 200 {
		t.Error("the token from before the change of password lives on")
	}
	check(t, w.Founder.Do(t.Context(), "PATCH", "/api/v1/staff/"+staffID(t, w, c), map[string]any{"role": "Supervisor"}, nil))
	if as(t, w, wire, sessionName+"="+cookieOf(c, sessionName)) != 401 {
		t.Error("a session from before a change of role lives on")
	}
}

// TestAC_056_NoOrphan: after sign-out nothing of what the browser ever had for it opens anything.
//
// ASVS V7.4.1
func TestAC_056_NoOrphan(t *testing.T) {
	s := server(t)
	w, wire := house(t, s), wires(s)
	agent := hire(t, w, "Agent")
	address := addressOf(t, agent)
	had := []string{cookieOf(agent, sessionName)}
	for range 3 {
		check(t, agent.Do(t.Context(), "POST", "/api/v1/signin", map[string]any{"email": address, "password": rig.Password}, nil))
		had = append(had, cookieOf(agent, sessionName))
	}
	check(t, agent.Do(t.Context(), "POST", "/api/v1/signout", nil, nil))
	for i, token := range had {
		if got := as(t, w, wire, sessionName+"="+token); got != 401 {
			t.Errorf("session %d of 4 opens after sign-out: %d", i, got)
		}
	}
	if kept := agent.Header.Get("Cookie"); strings.Contains(kept, sessionName) || strings.Contains(kept, attemptName) {
		t.Errorf("the browser keeps %q", kept)
	}
}

// TestAC_010_ExactTokens: no token that differs from the given one in a byte, its case, its length or its coding opens
// anything, be it a session or a visitor's.
//
// ASVS V7.2.1, V7.2.3
func TestAC_010_ExactTokens(t *testing.T) {
	s := server(t)
	w, wire := house(t, s), wires(s)
	agent, v := hire(t, w, "Agent"), visit(t, w, "hello")
	visitor := func(token string) int {
		return wire.send(t, request{"GET", v.Host, "/widget/v1/enquiries", nil, http.Header{"Origin": {rig.SiteOrigin}, "Authorization": {"Bearer " + token}}}).status
	}
	session := func(token string) int { return as(t, w, wire, sessionName+"="+token) }
	for what, c := range map[string]struct {
		token string
		try   func(string) int
	}{"session": {cookieOf(agent, sessionName), session}, "visitor": {v.Token, visitor}} {
		if got := c.try(c.token); got != 200 {
			t.Fatalf("the good %s token: %d", what, got)
		}
		for _, bad := range mutations(c.token) {
			if got := c.try(bad); got != 401 {
				t.Errorf("%s token %q for %q: %d", what, bad, c.token, got)
			}
		}
	}
	// One kind of token is no other kind.
	if session(v.Token) != 401 || visitor(cookieOf(agent, sessionName)) != 401 {
		t.Error("a token of one kind opened another door")
	}
}

func mutations(token string) []string {
	bad := []string{"", token[:42], token[1:], token + "A", token + "=", token + "%3D", "A" + token, strings.ToLower(token), strings.ToUpper(token), url.QueryEscape(token) + "%00",
		token + "." + token, `"` + token + `"`, strings.Repeat("A", 43), token + token, strings.Repeat("A", 5000)}
	for i := range token {
		for _, c := range []byte{'A', 'b', '-', '+', '/', '.'} {
			if token[i] != c {
				bad = append(bad, token[:i]+string(c)+token[i+1:])
			}
		}
	}
	// The last character of 43 carries four bits: its neighbours decode to the same bytes where a decoder is lenient.
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range 4 {
		at := strings.IndexByte(alphabet, token[42])
		if c := alphabet[at&^3|i]; c != token[42] {
			bad = append(bad, token[:42]+string(c))
		}
	}
	var out []string
	for _, b := range bad {
		if b != token {
			out = append(out, b)
		}
	}
	return out
}

// TestAC_059_CrossSite: each operation that changes something, as other sites can make a browser send it.
func TestAC_059_CrossSite(t *testing.T) {
	s := server(t)
	wire, a := wires(s), furnish(t, s, unique("attacker"), "")
	sibling := house(t, s)
	own := a.admin.Origin()
	before := a.portrait(t)
	origins := []http.Header{
		{"Origin": {"https://evil.example"}}, {"Origin": {"null"}}, {"Origin": {sibling.Founder.Origin()}}, {"Origin": {"https://" + hostOf(s, rig.Domain)}},
		{"Origin": {"http" + strings.TrimPrefix(own, "https")}}, {"Origin": {own + ".evil.example"}}, {"Origin": {own + "/"}}, {"Origin": {own, own}}, {"Origin": {rig.SiteOrigin}}, {},
		{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Sec-Fetch-Site": {"none"}}, {"Sec-Fetch-Site": {"same-origin", "same-origin"}},
		{"Referer": {own + "/"}}, {"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"same-origin"}},
	}
	kinds := []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain; a=application/json", "application/json-seq", "text/json", ""}
	for _, op := range operations(t) {
		if !op.unsafe() || op.surface == "widget" {
			continue
		}
		p := plans[op.String()]
		path := op.path
		for _, id := range p.own {
			path = fill(path, a.ids[id])
		}
		path = fill(path, rig.UUID())
		host := a.admin.Host
		if op.surface == "house" {
			host = hostOf(s, rig.Domain)
		}
		cookie := a.admin.Header.Get("Cookie")
		body := encode2(p.make(a, a))
		for _, h := range origins {
			if h.Get("Origin") == "https://"+host {
				continue // the bare domain's own operations
			}
			h = h.Clone()
			h.Set("Cookie", cookie)
			h.Set("Content-Type", "application/json")
			if got := wire.send(t, request{op.method, host, path, body, h}); got.status != 403 || got.header.Get("Set-Cookie") != "" {
				t.Errorf("%s from %v: %s", op, h, got)
			}
		}
		if body == nil {
			body = []byte("{}")
		}
		for _, kind := range kinds {
			h := http.Header{"Cookie": {cookie}, "Origin": {"https://" + host}}
			if kind != "" {
				h.Set("Content-Type", kind)
			}
			if got := wire.send(t, request{op.method, host, path, body, h}); got.status != 415 {
				t.Errorf("%s as %q: %s", op, kind, got)
			}
		}
		for _, method := range []string{"GET", "HEAD"} { // links and images
			h := http.Header{"Cookie": {cookie}, "Sec-Fetch-Site": {"cross-site"}, "X-Http-Method-Override": {op.method}}
			got := wire.send(t, request{method, host, path, nil, h})
			if got.header.Get("Set-Cookie") != "" {
				t.Errorf("%s %s sets a cookie", method, path)
			}
		}
	}
	if a.portrait(t) != before || as(t, a.Workspace, wire, a.admin.Header.Get("Cookie")) != 200 {
		t.Error("something was changed from another site")
	}
}

// TestAC_061_NoSessionByLink: nothing that a link can do signs anybody in.
//
// ASVS V7.6.2
func TestAC_061_NoSessionByLink(t *testing.T) {
	s := server(t)
	w, wire := furnish(t, s, unique("house-"), ""), wires(s)
	query := url.Values{"email": {w.agentAddress}, "password": {rig.Password}, "token": {w.invitation}, "invitation": {w.invitation}, "prompt": {"none"}}.Encode()
	paths := []string{"/", "/signin", "/invite", "/invitation", "/reset", "/signup/complete", "/inbox"}
	for _, op := range operations(t) {
		if op.unsafe() && !strings.Contains(op.path, "{") {
			paths = append(paths, op.path)
		}
	}
	for _, host := range []string{w.admin.Host, hostOf(s, rig.Domain)} {
		for _, path := range paths {
			for _, method := range []string{"GET", "HEAD"} {
				got := wire.send(t, request{method, host, path + "?" + query, nil, nil})
				if got.header.Get("Set-Cookie") != "" || strings.HasPrefix(path, "/api") && got.status == 200 {
					t.Errorf("%s %s at %s: %s", method, path, host, got)
				}
			}
		}
	}
	at := s.Client(w.Host())
	check(t, at.Do(t.Context(), "POST", "/api/v1/invitations/open", map[string]any{"token": w.invitation}, nil))
	if at.Header.Get("Cookie") != "" {
		t.Error("opening an invitation set a cookie")
	}
	check(t, at.Do(t.Context(), "POST", "/api/v1/password/open", map[string]any{"token": w.reset}, nil))
	check(t, at.Do(t.Context(), "POST", "/api/v1/password/reset", map[string]any{"token": w.reset, "password": "a quite different one 81"}, nil))
	if at.Header.Get("Cookie") != "" {
		t.Error("a reset set a cookie")
	}
}

// TestAC_062_NoFrames: every kind of answer forbids framing, and the pages' policy allows no foreign script.
func TestAC_062_NoFrames(t *testing.T) {
	s := server(t)
	w, wire := house(t, s), wires(s)
	for _, host := range []string{w.Founder.Host, hostOf(s, rig.Domain), hostOf(s, "nobody."+rig.Domain), "evil.example"} {
		for _, path := range []string{"/", "/signin", "/inbox", "/nothing/here", "/api/v1/me", "/api/v1/policies", "/api/v1/nothing", "/widget/v1/config", "/.well-known/security.txt", "/%2e%2e/", "//"} {
			got := wire.send(t, request{"GET", host, path, nil, http.Header{"Origin": {rig.SiteOrigin}}})
			policy := got.header.Get("Content-Security-Policy")
			if got.header.Get("X-Frame-Options") != "DENY" || !strings.Contains(policy, "frame-ancestors 'none'") {
				t.Errorf("%s%s (%d): %q %q", host, path, got.status, got.header.Get("X-Frame-Options"), policy)
			}
			if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || !strings.Contains(policy, "default-src") || got.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s%s: %q", host, path, policy)
			}
		}
	}
}

// TestAC_064_CrossOriginReads: no origin may read the staff API; only listed ones the widget's, and never with cookies.
func TestAC_064_CrossOriginReads(t *testing.T) {
	s := server(t)
	w, wire := house(t, s), wires(s)
	cookie := w.Founder.Header.Get("Cookie")
	evil := []string{"null", "https://evil.example", "http://shop.example", "https://shop.example.evil.example", "https://evilshop.example", "https://shop.example:8443", "https://SHOP.example",
		"https://a.shop.example", "https://shop.example/", "https://shop.example@evil.example", "file://", w.Founder.Origin(), "https://shop.example%00.evil.example"}
	for _, op := range operations(t) {
		for _, origin := range append([]string{rig.SiteOrigin}, evil...) {
			for _, method := range []string{"OPTIONS", "GET"} {
				h := http.Header{"Origin": {origin}, "Cookie": {cookie}}
				if method == "OPTIONS" {
					h.Set("Access-Control-Request-Method", op.method)
					h.Set("Access-Control-Request-Headers", "content-type,authorization")
				}
				got := wire.send(t, request{method, w.Founder.Host, fill(op.path, rig.UUID()), nil, h})
				allow := got.header.Get("Access-Control-Allow-Origin")
				if got.header.Get("Access-Control-Allow-Credentials") != "" || allow == "*" || allow == "null" {
					t.Errorf("%s %s from %q: %v", method, op.path, origin, got.header)
				}
				if listed := origin == rig.SiteOrigin && op.surface == "widget"; allow != "" && (!listed || allow != origin) {
					t.Errorf("%s %s from %q allows %q", method, op.path, origin, allow)
				}
			}
		}
	}
}

// TestAC_067_TossedCookies: what a sibling host or a page can plant under another name, or as a second cookie of the
// same name, is not a session; and the real one carries what keeps it from being planted.
func TestAC_067_TossedCookies(t *testing.T) {
	s := server(t)
	w, wire := house(t, s), wires(s)
	agent := hire(t, w, "Agent")
	address := addressOf(t, agent)
	token, evil := cookieOf(agent, sessionName), cookieOf(w.Founder, sessionName)
	for _, cookies := range [][]string{
		{sessionName + "=" + token + "; " + sessionName + "=" + evil}, {sessionName + "=" + evil + "; " + sessionName + "=" + token}, {sessionName + "=" + token, sessionName + "=" + token},
		{"session=" + token}, {"__Secure-session=" + token}, {"__host-session=" + token}, {"__Host-Session=" + token}, {"__Host-session[]=" + token}, {attemptName + "=" + token}, {sessionName + "=" + token + "x"},
	} {
		if got := as(t, w, wire, cookies...); got != 401 {
			t.Errorf("%q: %d", cookies, got)
		}
	}
	h := http.Header{"Origin": {w.Founder.Origin()}, "Content-Type": {"application/json"}}
	got := wire.send(t, request{"POST", w.Founder.Host, "/api/v1/signin", encode(map[string]any{"email": address, "password": rig.Password}), h})
	for _, line := range got.header.Values("Set-Cookie") {
		low := strings.ToLower(line)
		for _, want := range []string{"__host-", "; path=/;", "; secure", "; httponly", "; samesite=strict"} {
			if !strings.Contains(low+";", want) {
				t.Errorf("%q lacks %q", regexp.MustCompile(`=[^;]*`).ReplaceAllString(line, "=…"), want)
			}
		}
		if strings.Contains(low, "domain=") {
			t.Error("a cookie has a domain")
		}
	}
	if len(got.header.Values("Set-Cookie")) == 0 {
		t.Errorf("sign-in sets no cookie: %s", got)
	}
}

// TestAC_013_PoisonedHosts: at each route that sends mail, whatever the request says of its host, the link is the
// configured one; an unknown host gets no mail at all.
func TestAC_013_PoisonedHosts(t *testing.T) {
	poison := []http.Header{
		{"X-Forwarded-Host": {"evil.example"}}, {"Forwarded": {"host=evil.example;proto=http"}}, {"X-Forwarded-Proto": {"http"}, "X-Forwarded-Port": {"80"}}, {"X-Original-Host": {"evil.example"}, "X-Host": {"evil.example"}},
		{"X-Forwarded-Server": {"evil.example"}, "X-Forwarded-For": {"evil.example"}}, {"X-Rewrite-Url": {"https://evil.example/"}, "X-Original-Url": {"https://evil.example/"}}, {"Referer": {"https://evil.example/"}},
	}
	s := server(t)
	w, wire := house(t, s), wires(s)
	routes := map[string]func(n string) (host, path, to string, body map[string]any){
		"sign-up": func(n string) (string, string, string, map[string]any) {
			var p rig.Policies
			check(t, s.Client(rig.Domain).Do(t.Context(), "GET", "/api/v1/policies", nil, &p))
			to := n + "@signup.example"
			return hostOf(s, rig.Domain), "/api/v1/signups", to, map[string]any{"company": "C", "subdomain": n, "email": to, "security_version": p.Security.Version, "privacy_version": p.Privacy.Version}
		},
		"invitation": func(n string) (string, string, string, map[string]any) {
			to := n + "@invited.example"
			return w.Founder.Host, "/api/v1/staff", to, map[string]any{"email": to, "role": "Agent"}
		},
		"resend": func(n string) (string, string, string, map[string]any) {
			to := n + "@again.example"
			var m struct{ ID string }
			check(t, w.Founder.Do(t.Context(), "POST", "/api/v1/staff", map[string]any{"email": to, "role": "Agent"}, &m))
			_ = must[string](t)(s.Mail.Text(patience(t), to))
			return w.Founder.Host, "/api/v1/staff/" + m.ID + "/resend", to, nil
		},
		"reset": func(n string) (string, string, string, map[string]any) {
			to := addressOf(t, must[*rig.Client](t)(w.Hire(t.Context(), n+"@reset.example", "N", "Agent")))
			return w.Founder.Host, "/api/v1/password/forgot", to, map[string]any{"email": to}
		},
	}
	links := regexp.MustCompile(`(?i)https?:/*[^\s"<>]+`)
	for name, route := range routes {
		for _, h := range poison {
			host, path, to, body := route(unique("person-"))
			h = h.Clone()
			h.Set("Cookie", w.Founder.Header.Get("Cookie"))
			h.Set("Origin", "https://"+host)
			if body != nil {
				h.Set("Content-Type", "application/json")
			}
			if got := wire.send(t, request{"POST", host, path, encode2(body), h}); got.status >= 300 {
				t.Fatalf("%s with %v: %s", name, h, got)
			}
			mail := must[string](t)(s.Mail.Text(patience(t), to))
			found := links.FindAllString(mail, -1)
			if len(found) == 0 || strings.Contains(mail, "evil.example") {
				t.Errorf("%s with %v: %s", name, h, mail)
			}
			for _, l := range found {
				u, err := url.Parse(l)
				if err != nil || u.Scheme != "https" || u.Host != hostOf(s, rig.Domain) && !strings.HasSuffix(u.Host, "."+hostOf(s, rig.Domain)) {
					t.Errorf("%s with %v links to %s", name, h, l)
				}
			}
		}
		host, path, to, body := route(unique("person-"))
		for s.Mail.Count(to) > 0 {
			_ = must[string](t)(s.Mail.Text(patience(t), to))
		}
		for _, bad := range []string{"evil.example", host + ".evil.example", "evil.example:" + port(s), strings.Split(host, ":")[0] + ":444", "127.0.0.1:" + port(s), "[::1]", "nobody." + host, "x@" + host} {
			h := http.Header{"Cookie": {w.Founder.Header.Get("Cookie")}, "Origin": {"https://" + bad}}
			if body != nil {
				h.Set("Content-Type", "application/json")
			}
			got, err := wire.try(request{"POST", bad, path, encode2(body), h})
			if err == nil && got.status != 421 && got.status != 400 {
				t.Errorf("%s at host %q: %s", name, bad, got)
			}
		}
		if n := s.Mail.Count(to); n != 0 {
			t.Errorf("%s: %d mails from unknown hosts", name, n)
		}
	}
}

// unused lets time pass for a session: as if its person had done nothing for that much longer.
func unused(t *testing.T, s *rig.Server, c *rig.Client, minutes int) {
	t.Helper()
	if os.Getenv("PARLATORY_ABUSE_POSTGRES") != "" {
		t.Skip("moves the time in the file of SQLite")
	}
	file := must[*sql.DB](t)(sql.Open("sqlite", "file:"+filepath.Join(s.DataDir(), "parlatory.db")+"?_pragma=busy_timeout(5000)"))
	defer file.Close()
	c.Header.Set("Parlatory-Background", "1")
	var all struct {
		Items []struct {
			ID      string
			Current bool
		}
	}
	check(t, c.Do(t.Context(), "GET", "/api/v1/me/sessions", nil, &all))
	c.Header.Del("Parlatory-Background")
	for _, one := range all.Items {
		if one.Current {
			raw := must[parlatory.SessionID](t)(parlatory.ParseID[parlatory.SessionKind](one.ID)).Raw()
			done := must[sql.Result](t)(file.ExecContext(t.Context(), `UPDATE sessions SET seen_at = seen_at - ? WHERE id = ?`, int64(minutes)*60_000_000, raw[:]))
			if n, err := done.RowsAffected(); n != 1 || err != nil {
				t.Fatalf("%d sessions moved: %v", n, err)
			}
		}
	}
}

// TestIdleBehindAnOpenPage: somebody leaves the console open and goes. A visitor goes on writing, so that the page reads its lists
// again and again, and its socket connects anew and opens its rooms: the session idles out all the same, and the socket with it.
// Somebody who writes on the socket stays.
//
// ASVS V7.3.1
func TestIdleBehindAnOpenPage(t *testing.T) {
	s := server(t)
	w := house(t, s)
	settings(t, w, "PUT", "/api/v1/security/sessions", map[string]any{"idle_minutes": 15, "life_hours": 12})
	gone, busy := hire(t, w, "Agent"), hire(t, w, "Agent")
	v, other := visit(t, w, "hello"), visit(t, w, "hello too")
	pickUp(t, gone, v)
	pickUp(t, busy, other)
	writing := must[*rig.Live](t)(busy.Live(t.Context(), nil))
	defer writing.Close()
	check(t, writing.RPC(t.Context(), "chat.open", map[string]any{"room": other.Room}, nil))

	unused(t, s, gone, 14)
	unused(t, s, busy, 14)
	var heard listener
	var open *rig.Live
	for _, body := range []string{"zqone", "zqtwo"} {
		open = must[*rig.Live](t)(gone.Live(t.Context(), heard.push))
		defer open.Close()
		check(t, open.RPC(t.Context(), "chat.open", map[string]any{"room": v.Room}, nil))
		say(t, v, body)
		heard.wait(t, body)
		gone.Header.Set("Parlatory-Background", "1")
		check(t, gone.Do(t.Context(), "GET", "/api/v1/enquiries?view=mine", nil, nil))
		check(t, gone.Do(t.Context(), "GET", "/api/v1/enquiries/"+v.Enquiry, nil, nil))
	}
	check(t, writing.RPC(t.Context(), "chat.post", map[string]any{"room": other.Room, "id": rig.UUID(), "body": "here I am"}, nil))
	time.Sleep(time.Second) // its use is noted aside

	unused(t, s, gone, 2)
	unused(t, s, busy, 2)
	if err := gone.Do(t.Context(), "GET", "/api/v1/me", nil, nil); code(err) != 401 {
		t.Errorf("the page kept its session alive: %v", err)
	}
	select {
	case <-open.Done():
	case <-time.After(30 * time.Second):
		t.Error("the socket of a session that idled out is open")
	}
	if err := busy.Do(t.Context(), "GET", "/api/v1/me", nil, nil); err != nil {
		t.Errorf("who writes stays: %v", err)
	}
}
