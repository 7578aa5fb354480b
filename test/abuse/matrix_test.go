package abuse

import (
	"net/http"
	"strings"
	"testing"

	"parlatory/test/rig"
)

// TestAC_026_HalfSessions: half sessions, by the step that they owe, against every operation and the sockets. What the law
// gives to no half session is refused; what it gives to them never ends in a session unless the step was the one owed.
//
// ASVS V6.3.4, V8.2.1
func TestAC_026_HalfSessions(t *testing.T) {
	s := server(t)
	a := furnish(t, s, unique("attacker"), "")
	law := readPermissions(t)
	for _, x := range halves(t, a) {
		owed, h := x.owed, x.make()
		calls := 0
		for _, op := range operations(t) {
			if op.surface == "house" || op.surface == "widget" || op.path == "/api/v1/signout" || strings.HasPrefix(op.path, "/api/v1/invitations") || op.path == "/api/v1/signin" {
				continue // other doors, and those that begin something else
			}
			p := plans[op.String()]
			path := op.path
			for _, id := range p.own {
				path = fill(path, a.ids[id])
			}
			path = fill(path, rig.UUID())
			got := must[rig.Answer](t)(send(t, again(s, h), op, path, p.make(a, a)))
			calls++
			if !law.acts[op.act]["half"] && !law.acts[op.act]["anonymous"] && !refusal(got.Status) {
				t.Errorf("owing %s: %s is answered with %d %.200s", owed, op, got.Status, got.Body)
			}
			if opens(got) || strings.Contains(string(got.Body), `"signed_in"`) && got.Status < 300 && strings.HasPrefix(op.path, "/api/v1/signin") {
				t.Errorf("owing %s: %s opened a session: %d %.200s", owed, op, got.Status, got.Body)
			}
		}
		// Steps that are not the one owed, with all that they could need.
		for path, in := range map[string]any{
			"/api/v1/signin/agreement": agreement(t, h), "/api/v1/signin/password": map[string]any{"password": "lanterns over deep quiet water"},
			"/api/v1/signin/enrol/totp": map[string]any{}, "/api/v1/signin/enrol/passkey": map[string]any{}, "/api/v1/signin/enrol/mail-code": nil,
			"/api/v1/signin/factor": map[string]any{"code": "000000"},
		} {
			if strings.HasPrefix(path, "/api/v1/signin/"+owed) {
				continue
			}
			got := must[rig.Answer](t)(again(s, h).Send(t.Context(), "POST", path, in))
			if !refusal(got.Status) || opens(got) {
				t.Errorf("owing %s: %s: %d %.200s", owed, path, got.Status, got.Body)
			}
		}
		if l, err := again(s, h).Live(t.Context(), nil); err == nil {
			t.Errorf("owing %s: a socket", owed)
			_ = l.Close()
		}
		t.Logf("owing %s: %d operations", owed, calls)
	}
}

// again is the same browser in the state in which it was: what an answer sets is not kept.
func again(s *rig.Server, c *rig.Client) *rig.Client {
	host, _, _ := strings.Cut(c.Host, ":")
	same := s.Client(host)
	same.Header = c.Header.Clone()
	return same
}

// opens says whether an answer gives a session's cookie.
func opens(a rig.Answer) bool {
	for _, line := range a.Header.Values("Set-Cookie") {
		if strings.HasPrefix(line, sessionName+"=") && !strings.HasPrefix(line, sessionName+"=;") {
			return true
		}
	}
	return false
}

func send(t *testing.T, c *rig.Client, op operation, path string, in map[string]any) (rig.Answer, error) {
	if in == nil {
		return c.Send(t.Context(), op.method, path, nil)
	}
	return c.Send(t.Context(), op.method, path, in)
}

func agreement(t *testing.T, c *rig.Client) map[string]any {
	var p rig.Policies
	check(t, c.Do(t.Context(), "GET", "/api/v1/policies", nil, &p))
	return map[string]any{"security_version": p.Security.Version, "privacy_version": p.Privacy.Version}
}

// owing is a half session and how it comes about.
type owing struct {
	owed string
	make func() *rig.Client
}

// halves are half sessions of administrators, by what they owe.
func halves(t *testing.T, a *tenant) []owing {
	begin := func(p rig.Person, owed string) *rig.Client {
		c := a.Server.Client(a.Host())
		if step := must[rig.Step](t)(c.Begin(t.Context(), p)); step.Owed != owed {
			t.Fatalf("%q is owed, want %q: %+v", step.Owed, owed, step)
		}
		return c
	}
	return []owing{
		{"agreement", func() *rig.Client { return half(t, a.Workspace, "Administrator") }},
		{"factor", func() *rig.Client {
			c := hire(t, a.Workspace, "Administrator")
			p := rig.Person{Address: addressOf(t, c)}
			factor(t, c, p.Address)
			return begin(p, "factor")
		}},
		{"password", func() *rig.Client { // the door asks for longer ones than that of everybody here
			p := rig.Person{Address: addressOf(t, hire(t, a.Workspace, "Administrator"))}
			shortest(t, a.Workspace, 40)
			return begin(p, "password")
		}},
		{"enrol", func() *rig.Client { // the last one, since it changes what is asked of all
			shortest(t, a.Workspace, 12)
			p := rig.Person{Address: addressOf(t, hire(t, a.Workspace, "Administrator"))}
			require(t, a.Workspace, false)
			return begin(p, "enrol")
		}},
	}
}

// shortest sets the minimum length of passwords.
func shortest(t *testing.T, w *rig.Workspace, n int) {
	t.Helper()
	settings(t, w, "PUT", "/api/v1/security/password", map[string]any{
		"password": map[string]any{"min_length": n, "history": 0, "max_age_days": 0}, "lockout": map[string]any{"threshold": 0, "ends": "time", "minutes": 15},
	})
}

// TestAC_028_FactorEverywhere: where the workspace requires a factor, a session that was opened without one, and a
// token that such a session made, reach no operation and no live command; at the person's other workspace they go on.
//
// ASVS V6.3.3, V6.3.4
func TestAC_028_FactorEverywhere(t *testing.T) {
	s := server(t)
	a, other := furnish(t, s, unique("attacker"), ""), house(t, s)
	person := hire(t, a.Workspace, "Administrator")
	program := must[*rig.Client](t)(person.Bearer(t.Context(), tokenOf("all", tokenActs(t)...)))
	check(t, program.Do(t.Context(), "GET", "/api/v1/enquiries", nil, nil))
	live := must[*rig.Live](t)(person.Live(t.Context(), nil))
	defer live.Close()
	check(t, live.RPC(t.Context(), "chat.open", map[string]any{"room": a.visitor.Room}, nil))
	there := elsewhere(t, other, addressOf(t, person))
	require(t, a.Workspace, false)
	for name, with := range commands { // of the socket that was open before; new ones are tried below
		if with == nil {
			continue
		}
		if err := live.RPC(t.Context(), name, with(a.visitor.Room), nil); err == nil {
			t.Errorf("without the factor: live command %s", name)
		}
	}
	there.goOn(t)
	law := readPermissions(t)
	calls := 0
	for _, op := range operations(t) {
		if op.surface == "house" || op.surface == "widget" || law.acts[op.act]["anonymous"] {
			continue
		}
		p := plans[op.String()]
		path := op.path
		for _, id := range p.own {
			path = fill(path, a.ids[id])
		}
		path = fill(path, rig.UUID())
		for who, c := range map[string]*rig.Client{"session": person, "token": program} {
			calls++
			got := must[rig.Answer](t)(send(t, c, op, path, p.make(a, a)))
			if got.Status != 401 && got.Status != 403 && !(op.streams() && got.Status == 415) { // a part that is no part is refused before anybody is asked
				t.Errorf("%s without the factor: %s: %d %.200s", who, op, got.Status, got.Body)
			}
		}
	}
	for who, c := range map[string]*rig.Client{"session": person, "token": program} {
		if l, err := c.Live(t.Context(), nil); err == nil {
			t.Errorf("%s without the factor: a socket", who)
			_ = l.Close()
		}
	}
	there.goOn(t) // also a while later
	t.Logf("%d calls", calls)
}

// visits is one person at another workspace: a session, a program and a socket.
type visits struct {
	session, program *rig.Client
	live             *rig.Live
	room             string
}

// elsewhere makes somebody who has an account an administrator of another workspace.
func elsewhere(t *testing.T, w *rig.Workspace, address string) visits {
	t.Helper()
	check(t, w.Founder.Do(t.Context(), "POST", "/api/v1/staff", map[string]any{"email": address, "role": "Administrator"}, nil))
	v := visits{session: w.Server.Client(w.Host()), room: visit(t, w, "Is anybody there?").Room}
	in := map[string]any{"email": address, "password": rig.Password, "invitation": must[string](t)(w.Server.Mail.Token(patience(t), address))}
	var step rig.Step
	check(t, v.session.Do(t.Context(), "POST", "/api/v1/signin", in, &step))
	check(t, v.session.Pay(t.Context(), step, rig.Person{Address: address}))
	v.program = must[*rig.Client](t)(v.session.Bearer(t.Context(), tokenOf("there", "chat.list")))
	v.live = must[*rig.Live](t)(v.session.Live(t.Context(), nil))
	t.Cleanup(func() { _ = v.live.Close() })
	v.goOn(t)
	return v
}

// goOn demands that all of it works.
func (v visits) goOn(t *testing.T) {
	t.Helper()
	for who, c := range map[string]*rig.Client{"session": v.session, "token": v.program} {
		if err := c.Do(t.Context(), "GET", "/api/v1/enquiries", nil, nil); err != nil {
			t.Errorf("the %s at the other workspace: %v", who, err)
		}
	}
	if err := v.live.RPC(t.Context(), "chat.open", map[string]any{"room": v.room}, nil); err != nil {
		t.Errorf("the open socket at the other workspace: %v", err)
	}
	l, err := v.session.Live(t.Context(), nil)
	if err != nil {
		t.Fatalf("a new socket at the other workspace: %v", err)
	}
	_ = l.Close()
}

// tokenActs are the acts that a token may have. A repeat attends to other acts and is no scope of its own.
func tokenActs(t *testing.T) (all []string) {
	for name, who := range readPermissions(t).acts {
		if who["token"] && name != "answer.keep" {
			all = append(all, name)
		}
	}
	if len(all) == 0 {
		t.Fatal("no act may be done by a token")
	}
	return all
}

// TestAC_028_TokensReachTheirScopesOnly: a program's token with one scope, and one with all that a token may have, against
// every operation: nothing that is not named, nothing that asks for the password again, no socket, no cookie beside it, no
// other workspace.
//
// ASVS V6.3.4, V8.2.1
func TestAC_028_TokensReachTheirScopesOnly(t *testing.T) {
	s := server(t)
	a, other := furnish(t, s, unique("attacker"), ""), house(t, s)
	law, every := readPermissions(t), tokenActs(t)
	check(t, a.admin.StepUp(t.Context()))
	one := must[*rig.Client](t)(a.admin.Bearer(t.Context(), tokenOf("one", "chat.list")))
	all := must[*rig.Client](t)(a.admin.Bearer(t.Context(), tokenOf("all", every...)))
	for _, op := range operations(t) {
		if op.surface == "house" || op.surface == "widget" {
			continue
		}
		who := law.acts[op.act]
		p := plans[op.String()]
		path := op.path
		for _, id := range p.own {
			path = fill(path, a.ids[id])
		}
		path = fill(path, rig.UUID())
		for name, c := range map[string]*rig.Client{"one": one, "all": all} {
			named := name == "one" && op.act == "chat.list" || name == "all" && who["token"]
			if named && !who["again"] {
				continue
			}
			got := must[rig.Answer](t)(send(t, c, op, path, p.make(a, a)))
			if !refusal(got.Status) && !(who["anonymous"] && !opens(got)) {
				t.Errorf("token %s: %s: %d %.200s", name, op, got.Status, got.Body)
			}
			if len(got.Header.Values("Set-Cookie")) > 0 {
				t.Errorf("token %s: %s sets a cookie", name, op)
			}
		}
	}
	check(t, all.Do(t.Context(), "GET", "/api/v1/enquiries", nil, nil))
	if l, err := all.Live(t.Context(), nil); err == nil {
		t.Error("a token opened a socket")
		_ = l.Close()
	}
	both := s.Client(a.Host())
	both.Header = all.Header.Clone()
	both.Header.Set("Cookie", a.admin.Header.Get("Cookie"))
	if err := both.Do(t.Context(), "GET", "/api/v1/enquiries", nil, nil); code(err) < 400 {
		t.Errorf("a cookie and a token together: %v", err)
	}
	abroad := s.Client(other.Host())
	abroad.Header = all.Header.Clone()
	if err := abroad.Do(t.Context(), "GET", "/api/v1/enquiries", nil, nil); code(err) != 401 {
		t.Errorf("the token at another workspace: %v", err)
	}
	token := strings.TrimPrefix(all.Header.Get("Authorization"), "Bearer ")
	if !strings.HasPrefix(token, "parl_pat_") {
		t.Errorf("a token without its prefix: %.12s…", token)
	}
	for _, bad := range []http.Header{{"Authorization": {"bearer " + token + "x"}}, {"Authorization": {"Basic " + token}}, {"Authorization": {"Bearer " + strings.ToUpper(token)}}, {"Authorization": {"Bearer " + token[:len(token)-1]}},
		{"Authorization": {"Bearer " + token, "Bearer " + token}}, {"Cookie": {sessionName + "=" + token}}, {"X-Api-Key": {token}}} {
		c := s.Client(a.Host())
		c.Header = bad
		if err := c.Do(t.Context(), "GET", "/api/v1/enquiries", nil, nil); code(err) != 401 && code(err) != 400 {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
