package abuse

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"parlatory/test/rig"
)

// TestAC_014_ResetGoesNowhereElse: whatever stands in the field of a request for a reset, a letter goes to the address
// of an account and to no other.
//
// ASVS V6.4.3
func TestAC_014_ResetGoesNowhereElse(t *testing.T) {
	s := server(t)
	w, wire := house(t, s), wires(s)
	victim, evil := addressOf(t, hire(t, w, "Agent")), "evil@attacker.example"
	local, domain, _ := strings.Cut(victim, "@")
	bodies := []string{
		`{"email":["` + victim + `","` + evil + `"]}`, `{"email":{"to":"` + victim + `","cc":"` + evil + `"}}`, `{"email":"` + victim + `","email":"` + evil + `"}`,
		`{"email":"` + victim + `","cc":"` + evil + `"}`, `{"email":"` + victim + `","Email":"` + evil + `"}`,
	}
	for _, email := range []string{
		victim + "," + evil, victim + ";" + evil, victim + " " + evil, victim + `\r\nBcc: ` + evil, victim + `\nCc: ` + evil, victim + "%0d%0aBcc:" + evil, victim + `\u0000` + evil, victim + `\u2028` + evil,
		"<" + victim + ">", `\"` + victim + `\" <` + evil + ">", "Victim <" + victim + ">", victim + "(" + evil + ")", local + "@[127.0.0.1]", local + "%" + domain + "@attacker.example", local + "@" + domain + "@attacker.example",
		"@attacker.example:" + victim, local + "@" + domain + ".", local + "@" + strings.Replace(domain, "e", "е", 1), local + "@" + strings.Replace(domain, "o", "о", 1), local + "@" + domain + "\u200b",
		local + "\u200b@" + domain, local + "+x@" + domain, local + ".@" + domain, "xn--" + local + "@" + domain, local + "@xn--" + domain,
	} {
		bodies = append(bodies, `{"email":"`+email+`"}`)
	}
	h := http.Header{"Origin": {w.Founder.Origin()}, "Content-Type": {"application/json"}}
	for i, body := range bodies {
		if i%15 == 14 { // twenty from one address, then one is told to wait
			wire = wires(s).from(fmt.Sprintf("127.0.61.%d", 1+i))
		}
		got := wire.send(t, request{"POST", w.Founder.Host, "/api/v1/password/forgot", []byte(body), h})
		if got.status != 202 && got.status != 422 && got.status != 400 {
			t.Errorf("%s: %s", body, got)
		}
	}
	settled(t, w)
	for _, who := range s.Mail.Recipients() {
		if who != victim && who != "founder@"+w.Subdomain+".example" && !strings.HasSuffix(who, control) {
			t.Errorf("a letter to %s", who)
		}
	}
	// The control: the very address, in capitals of the domain, gets its letter.
	check(t, s.Client(w.Host()).From("127.0.62.1").Do(t.Context(), "POST", "/api/v1/password/forgot", map[string]any{"email": local + "@" + strings.ToUpper(domain)}, nil))
	must[string](t)(s.Mail.Token(patience(t), victim))
}

// control ends the addresses of those whose letters say that the outbox has sent what stood before them.
const control = "@letters.example"

// settled waits until every letter that stands in the outbox has gone out. The oldest are taken first, in batches, and a batch is over
// before the next one is looked for. So when a letter that is put now has come, and then another one that is put after that, all of the
// first one's batch have come too.
func settled(t *testing.T, w *rig.Workspace) {
	t.Helper()
	for range 2 {
		to := unique("control") + control
		check(t, w.Founder.Do(t.Context(), "POST", "/api/v1/staff", map[string]any{"email": to, "role": "Agent"}, nil))
		must[string](t)(w.Server.Mail.Token(patience(t), to))
	}
}

// TestAC_019_LettersAreFew: forty strangers at forty addresses ask for a reset of one person: three letters go out, and
// every answer is the same; one address alone is told to wait after twenty.
func TestAC_019_LettersAreFew(t *testing.T) {
	s := server(t)
	w := house(t, s)
	victim := addressOf(t, hire(t, w, "Agent"))
	quiet := s.Mail.Count(victim)
	answers := map[string]int{}
	for i := range 40 {
		c := s.Client(w.Host()).From(fmt.Sprintf("127.0.63.%d", 1+i))
		a := must[rig.Answer](t)(c.Send(t.Context(), "POST", "/api/v1/password/forgot", map[string]any{"email": victim}))
		answers[fmt.Sprint(a.Status, string(a.Body))]++
		c.Close()
	}
	if len(answers) != 1 {
		t.Errorf("answers differ: %v", answers)
	}
	settled(t, w)
	if n := s.Mail.Count(victim) - quiet; n != 3 {
		t.Errorf("%d letters, want 3", n)
	}
	one, waits := s.Client(w.Host()).From("127.0.64.1"), 0
	for i := range 25 {
		a := must[rig.Answer](t)(one.Send(t.Context(), "POST", "/api/v1/password/forgot", map[string]any{"email": fmt.Sprintf("somebody%d@%s.example", i, w.Subdomain)}))
		if a.Status == 429 && a.Header.Get("Retry-After") != "" {
			waits++
		}
	}
	if waits != 5 {
		t.Errorf("%d of 25 requests of one address were told to wait, want 5", waits)
	}
}

// factor gives somebody a phone.
func factor(t *testing.T, c *rig.Client, address string) *rig.Authenticator {
	t.Helper()
	phone, _, err := c.Enrol(t.Context(), "/api/v1/me/factors", rig.Person{Address: address}, true)
	check(t, err)
	return phone
}

// settings are changed by the founder, who proves the password again.
func settings(t *testing.T, w *rig.Workspace, method, path string, in map[string]any) {
	t.Helper()
	check(t, w.Founder.StepUp(t.Context()))
	if method == "PUT" && !strings.HasSuffix(path, "/mode") {
		var now struct{ Revision int }
		check(t, w.Founder.Do(t.Context(), "GET", "/api/v1/security", nil, &now))
		in["revision"] = now.Revision
	}
	check(t, w.Founder.Do(t.Context(), method, path, in, nil))
}

// require asks for a second factor of all; the founder sets one up first, and signs in with it.
func require(t *testing.T, w *rig.Workspace, resistant bool) {
	t.Helper()
	p := rig.Person{Address: "founder@" + w.Subdomain + ".example"}
	p.Phone = factor(t, w.Founder, p.Address)
	check(t, w.Founder.SignIn(t.Context(), p))
	settings(t, w, "PUT", "/api/v1/security/factor", map[string]any{"required": true, "phishing_resistant": resistant, "message": "", "trust_days": 0})
}

// TestAC_032_TightenedPolicy: somebody is signed in, has an open socket, a program with a token and a browser that is
// trusted, when the workspace asks for more. The next request, the next frame and the next call of the program fail, and
// the trusted browser owes the step. Limits of sessions that are made shorter are looked at with a clock, in domain/signin
// (TestAC_032_ShorterLimitsEndOpenSessions): the shortest is a quarter of an hour.
//
// ASVS V6.3.3, V8.3.2
func TestAC_032_TightenedPolicy(t *testing.T) {
	office := map[string]any{"network": "127.0.0.1", "remark": "office"}
	for name, tighten := range map[string]func(t *testing.T, w *rig.Workspace){
		"factor required": func(t *testing.T, w *rig.Workspace) { require(t, w, false) },
		"list on": func(t *testing.T, w *rig.Workspace) {
			settings(t, w, "POST", "/api/v1/security/staff-list/entries", office)
			settings(t, w, "PUT", "/api/v1/security/staff-list/mode", map[string]any{"mode": "on", "was": "off"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := server(t)
			w := house(t, s)
			v := visit(t, w, "hello")
			first := hire(t, w, "Agent")
			pickUp(t, first, v)
			agent := s.Client(w.Host()).From("127.0.70.1")
			agent.Header.Set("Cookie", first.Header.Get("Cookie"))
			check(t, agent.SignIn(t.Context(), rig.Person{Address: addressOf(t, first)}))
			program := must[*rig.Client](t)(agent.Bearer(t.Context(), tokenOf("enquiries", "chat.list"))).From("127.0.70.1")
			check(t, program.Do(t.Context(), "GET", "/api/v1/enquiries", nil, nil))
			var heard listener
			l := must[*rig.Live](t)(agent.Live(t.Context(), heard.push))
			defer l.Close()
			check(t, l.RPC(t.Context(), "chat.open", map[string]any{"room": v.Room}, nil))
			say(t, v, "before")
			heard.wait(t, "before")
			tighten(t, w)
			if err := agent.Do(t.Context(), "GET", "/api/v1/me", nil, nil); code(err) != 401 {
				t.Errorf("the session's next request: %v", err)
			}
			if err := program.Do(t.Context(), "GET", "/api/v1/enquiries", nil, nil); code(err) != 401 {
				t.Errorf("the token's next request: %v", err)
			}
			select {
			case <-l.Done():
			case <-time.After(soon):
				t.Error("the socket is open a second later")
			}
			heard.forget()
			say(t, v, "zqafter")
			heard.quiet(t, nil, "zqafter")
			if err := w.Founder.Do(t.Context(), "GET", "/api/v1/me", nil, nil); err != nil {
				t.Errorf("who has what is asked for stays: %v", err)
			}
		})
	}
	t.Run("trusted browser", func(t *testing.T) {
		s := server(t)
		w := house(t, s)
		settings(t, w, "PUT", "/api/v1/security/factor", map[string]any{"required": false, "phishing_resistant": false, "message": "", "trust_days": 30})
		agent := hire(t, w, "Agent")
		p := rig.Person{Address: addressOf(t, agent), Trust: true}
		p.Phone = factor(t, agent, p.Address)
		check(t, agent.SignIn(t.Context(), p))
		check(t, agent.SignIn(t.Context(), rig.Person{Address: p.Address})) // trusted: no code is owed
		settings(t, w, "PUT", "/api/v1/security/factor", map[string]any{"required": false, "phishing_resistant": false, "message": "", "trust_days": 0})
		if step := must[rig.Step](t)(agent.Begin(t.Context(), p)); step.Owed != "factor" {
			t.Errorf("the browser is trusted still: %+v", step)
		}
	})
}

// tokenOf is the request for a token with scopes.
func tokenOf(name string, scopes ...string) map[string]any {
	return map[string]any{"name": name, "scopes": scopes, "networks": []string{}, "days": 30}
}

// TestAC_082_ForwardedHeaders: with a list in force, the address is the peer's, whatever a header says; behind a proxy
// that the operator named it is the right-most hop that is none of ours.
func TestAC_082_ForwardedHeaders(t *testing.T) {
	good := "127.0.0.1"
	forged := []http.Header{
		{"X-Forwarded-For": {good}}, {"X-Forwarded-For": {good, good}}, {"X-Forwarded-For": {"127.0.80.1, " + good}}, {"X-Forwarded-For": {good + ", 127.0.80.1"}}, {"X_Forwarded_For": {good}}, {"X-Real-Ip": {good}}, {"True-Client-Ip": {good}},
		{"Cf-Connecting-Ip": {good}}, {"X-Client-Ip": {good}}, {"X-Cluster-Client-Ip": {good}}, {"Forwarded": {"for=" + good}}, {"Forwarded": {`for="[::ffff:127.0.0.1]"`}}, {"Forwarded-For": {good}}, {"X-Forwarded": {good}}, {"Via": {"1.1 " + good}},
		{"Fastly-Client-Ip": {good}}, {"X-Originating-Ip": {good}}, {"X-Remote-Ip": {good}}, {"X-Remote-Addr": {good}}, {"X-Forwarded-For": {"::ffff:" + good}}, {"X-Forwarded-For": {"0177.0.0.1"}}, {"X-Forwarded-For": {""}},
	}
	s := server(t)
	w := house(t, s)
	agent := hire(t, w, "Agent")
	address := addressOf(t, agent)
	settings(t, w, "POST", "/api/v1/security/staff-list/entries", map[string]any{"network": good, "remark": "office"})
	settings(t, w, "PUT", "/api/v1/security/staff-list/mode", map[string]any{"mode": "on", "was": "off"})
	check(t, agent.Do(t.Context(), "GET", "/api/v1/me", nil, nil))
	far := s.Client(w.Host()).From("127.0.80.1")
	want := must[rig.Answer](t)(far.Send(t.Context(), "POST", "/api/v1/signin", map[string]any{"email": "nobody@" + w.Subdomain + ".example", "password": rig.Password}))
	for _, h := range append(forged, http.Header{}) {
		c := s.Client(w.Host()).From("127.0.80.1")
		c.Header = h.Clone()
		got := must[rig.Answer](t)(c.Send(t.Context(), "POST", "/api/v1/signin", map[string]any{"email": address, "password": rig.Password}))
		if got.Status != 401 || string(got.Body) != string(want.Body) {
			t.Errorf("sign-in from off the list with %v: %d %s", h, got.Status, got.Body)
		}
		c.Header.Set("Cookie", agent.Header.Get("Cookie"))
		if err := c.Do(t.Context(), "GET", "/api/v1/me", nil, nil); code(err) != 401 {
			t.Errorf("a session from off the list with %v: %v", h, err)
		}
		if l, err := c.Live(t.Context(), nil); err == nil {
			t.Errorf("a socket from off the list with %v", h)
			_ = l.Close()
		}
		c.Close()
	}
}

// TestAC_085_NobodyLocksThemselvesOut: a list that leaves its author out is not put in force, nor is it made so later; and
// the operator opens the door on the server.
func TestAC_085_NobodyLocksThemselvesOut(t *testing.T) {
	s := server(t)
	w := house(t, s)
	entry := func(network string) (id string, err error) {
		var e struct{ ID string }
		err = w.Founder.Do(t.Context(), "POST", "/api/v1/security/staff-list/entries", map[string]any{"network": network, "remark": "x"}, &e)
		return e.ID, err
	}
	mode := func(was, m string) error {
		return w.Founder.Do(t.Context(), "PUT", "/api/v1/security/staff-list/mode", map[string]any{"mode": m, "was": was}, nil)
	}
	check(t, w.Founder.StepUp(t.Context()))
	must[string](t)(entry("192.0.2.0/24"))
	check(t, mode("off", "watch"))
	if err := mode("watch", "on"); code(err) != 409 && code(err) != 422 {
		t.Errorf("a list without its author is put in force: %v", err)
	}
	mine := must[string](t)(entry("127.0.0.0-127.0.0.9"))
	check(t, mode("watch", "on"))
	if err := w.Founder.Do(t.Context(), "DELETE", "/api/v1/security/staff-list/entries/"+mine, nil, nil); code(err) != 409 && code(err) != 422 {
		t.Errorf("the author's own entry is taken off a list in force: %v", err)
	}
	check(t, w.Founder.Do(t.Context(), "GET", "/api/v1/me", nil, nil))
	far := s.Client(w.Host()).From("127.0.80.1")
	address := "founder@" + w.Subdomain + ".example"
	if err := far.SignIn(t.Context(), rig.Person{Address: address}); code(err) != 401 {
		t.Fatalf("from off the list: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), s.Binary, "security", "open", "--config", s.ConfigFile(), "--workspace", w.Subdomain, "--yes").CombinedOutput()
	if err != nil {
		t.Fatalf("security open: %v: %s", err, out)
	}
	time.Sleep(time.Second) // the node hears of it within half a second
	if err := far.SignIn(t.Context(), rig.Person{Address: address}); err != nil {
		t.Errorf("after the operator opened the door: %v", err)
	}
}
