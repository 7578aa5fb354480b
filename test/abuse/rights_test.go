package abuse

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"parlatory/test/rig"
)

// staffID finds a member's id by a part of its address.
func staffID(t *testing.T, w *rig.Workspace, c *rig.Client) string {
	t.Helper()
	var me struct{ ID string }
	check(t, c.Do(t.Context(), "GET", "/api/v1/me", nil, &me))
	return me.ID
}

func pickUp(t *testing.T, c *rig.Client, v *rig.Visitor) {
	t.Helper()
	check(t, c.Do(t.Context(), "POST", "/api/v1/enquiries/"+v.Enquiry+"/pickup", nil, nil))
}

func say(t *testing.T, v *rig.Visitor, body string) {
	t.Helper()
	check(t, v.Do(t.Context(), "POST", "/widget/v1/rooms/"+v.Room+"/messages", map[string]any{"id": rig.UUID(), "body": body}, nil))
}

// TestAC_074_ColleaguesEnquiries: an agent, whose data level is Restricted, asks for a colleague's conversation by every
// route and command, as it did for one that nobody has.
//
// ASVS V8.2.2
func TestAC_074_ColleaguesEnquiries(t *testing.T) {
	s := server(t)
	w := house(t, s)
	const secret = "zqcolleague"
	v := must[*rig.Visitor](t)(w.Visit(t.Context(), secret+" Visitor", secret+" question"))
	mine, theirs := hire(t, w, "Agent"), hire(t, w, "Agent")
	var heard listener
	l := must[*rig.Live](t)(mine.Live(t.Context(), heard.push))
	defer l.Close()
	pickUp(t, theirs, v)
	say(t, v, secret+" detail")
	file := must[string](t)(v.SendFile(t.Context(), "/widget/v1", v.Room, secret+" file.txt", "", []byte(secret+" content")))
	ids := map[string]string{"enquiry": v.Enquiry, "room": v.Room, "contact": v.Contact, "file": file}
	look := func(what string, raw []byte, err error) {
		t.Helper()
		all := string(raw) + fmt.Sprint(err)
		for _, id := range ids {
			if strings.Contains(string(raw), id) {
				t.Errorf("%s holds %s: %s", what, id, raw)
			}
		}
		if strings.Contains(all, secret) {
			t.Errorf("%s: %.300s", what, all)
		}
	}
	for _, stage := range []string{"ongoing", "closed"} {
		for _, view := range []string{"waiting", "mine", "closed", "all"} {
			for _, more := range []string{"", "&limit=200", "&cursor=" + v.Enquiry, "&cursor=ffffffff-ffff-ffff-ffff-ffffffffffff"} {
				raw, err := mine.Raw(t.Context(), "GET", "/api/v1/enquiries?view="+view+more, nil)
				look(stage+" view "+view+more, raw, err)
			}
		}
		for _, op := range operations(t) {
			if !strings.Contains(op.path, "{") || op.surface != "workspace" || op.act == "chat.pickup" || op.streams() {
				continue
			}
			for _, id := range ids {
				body := plans[op.String()].make(&tenant{ids: map[string]string{}}, &tenant{ids: map[string]string{"message": rig.UUID()}})
				raw, err := mine.Raw(t.Context(), op.method, fill(op.path, id), nilIfEmpty(body))
				look(stage+" "+op.String(), raw, err)
				if c := code(err); c != 404 && c != 403 {
					t.Errorf("%s %s with a colleague's id: %v", stage, op, err)
				}
			}
		}
		// Picking up says that somebody has it, since who saw it wait knows that it is there; it says nothing else.
		raw, err := mine.Raw(t.Context(), "POST", "/api/v1/enquiries/"+v.Enquiry+"/pickup", nil)
		look(stage+" pickup", raw, err)
		if code(err) != 409 {
			t.Errorf("pickup: %v", err)
		}
		for name, data := range map[string]map[string]any{"chat.open": {}, "chat.since": {"after": 0}, "chat.post": {"id": rig.UUID(), "body": "x"}, "chat.typing": {"on": true}, "chat.read": {"seq": 1}} {
			for _, id := range ids {
				data["room"] = id
				var out json.RawMessage
				err := l.RPC(t.Context(), name, data, &out)
				look(stage+" "+name, out, err)
				if code(err) != 404 {
					t.Errorf("%s %s of a colleague: %v", stage, name, err)
				}
			}
		}
		if stage == "ongoing" {
			check(t, theirs.Do(t.Context(), "POST", "/api/v1/enquiries/"+v.Enquiry+"/close", nil, nil))
		}
	}
	heard.quiet(t, nil, secret)
	var page struct{ Counts struct{ Mine, Waiting int } }
	check(t, mine.Do(t.Context(), "GET", "/api/v1/enquiries", nil, &page))
	if page.Counts.Mine != 0 || page.Counts.Waiting != 0 {
		t.Errorf("counts tell of a colleague's: %+v", page.Counts)
	}
}

func nilIfEmpty(m map[string]any) any {
	if len(m) == 0 {
		return nil
	}
	return m
}

// TestAC_073_VisitorsOwnOnly: a visitor reaches the own conversation and nothing else of its workspace.
//
// ASVS V8.2.2
func TestAC_073_VisitorsOwnOnly(t *testing.T) {
	s := server(t)
	w, wire := house(t, s), wires(s)
	const secret = "zqothervisitor"
	v := visit(t, w, "mine")
	other := must[*rig.Visitor](t)(w.Visit(t.Context(), secret, secret))
	pickUp(t, w.Founder, other)
	var heard listener
	l := must[*rig.Live](t)(v.Live(t.Context(), heard.push))
	defer l.Close()
	ids := []string{other.Enquiry, other.Room, other.Contact, staffID(t, w, w.Founder)}
	for _, op := range operations(t) {
		for _, id := range ids {
			if !strings.Contains(op.path, "{") {
				id = ""
			}
			p := plans[op.String()]
			if op.act == "visitor.begin" || p.leave {
				continue
			}
			body := p.make(&tenant{ids: map[string]string{}}, &tenant{ids: map[string]string{"message": rig.UUID()}, agentAddress: "nobody@example.org"})
			got := wire.send(t, request{op.method, w.Founder.Host, fill(op.path, id), encode2(body), headers(v.Client, body != nil)})
			if strings.Contains(string(got.body), secret) || strings.Contains(string(got.body), other.Room) {
				t.Errorf("%s: %s", op, got)
			}
			if strings.Contains(op.path, "{") && !refusal(got.status) {
				t.Errorf("%s with another's id: %s", op, got)
			}
		}
	}
	for _, room := range ids {
		for name, data := range map[string]map[string]any{"chat.open": {}, "chat.since": {"after": 0}, "chat.post": {"id": rig.UUID(), "body": "x"}, "chat.typing": {"on": true}, "chat.read": {"seq": 1}} {
			data["room"] = room
			if err := l.RPC(t.Context(), name, data, nil); code(err) != 404 {
				t.Errorf("%s of another: %v", name, err)
			}
		}
	}
	say(t, other, secret+" goes on")
	heard.quiet(t, nil, secret)
	// The token is for the site that it was given at.
	check(t, w.Founder.Do(t.Context(), "POST", "/api/v1/sites", map[string]any{"origin": "https://second.example"}, nil))
	moved := *v.Client
	moved.Header = v.Header.Clone()
	moved.Header.Set("Origin", "https://second.example")
	if err := moved.Do(t.Context(), "GET", "/widget/v1/enquiries", nil, nil); code(err) != 401 {
		t.Errorf("the token at another site of the workspace: %v", err)
	}
	if _, err := v.LiveFrom(t.Context(), "https://second.example", nil); err == nil {
		t.Error("the token opened a socket from another site of the workspace")
	}
}

// loss is a way to lose the right that an open socket has.
type loss struct {
	name string
	do   func(t *testing.T, w *rig.Workspace, agent *rig.Client, v *rig.Visitor)
	stay bool // the socket may stay, for other rooms; else it ends
}

func losses() []loss {
	act := func(t *testing.T, c *rig.Client, method, path string, body any) {
		t.Helper()
		check(t, c.Do(t.Context(), method, path, body, nil))
	}
	return []loss{
		{"taken over", func(t *testing.T, w *rig.Workspace, _ *rig.Client, v *rig.Visitor) {
			act(t, w.Founder, "POST", "/api/v1/enquiries/"+v.Enquiry+"/close", nil)
			act(t, w.Founder, "POST", "/api/v1/enquiries/"+v.Enquiry+"/reopen", nil)
		}, true},
		{"suspended", func(t *testing.T, w *rig.Workspace, agent *rig.Client, _ *rig.Visitor) {
			act(t, w.Founder, "POST", "/api/v1/staff/"+staffID(t, w, agent)+"/suspend", nil)
		}, false},
		{"another role", func(t *testing.T, w *rig.Workspace, agent *rig.Client, _ *rig.Visitor) {
			act(t, w.Founder, "PATCH", "/api/v1/staff/"+staffID(t, w, agent), map[string]any{"role": "Supervisor"})
		}, false},
		{"signed out", func(t *testing.T, _ *rig.Workspace, agent *rig.Client, _ *rig.Visitor) {
			act(t, agent, "POST", "/api/v1/signout", nil)
		}, false},
		{"password changed", func(t *testing.T, w *rig.Workspace, agent *rig.Client, _ *rig.Visitor) {
			var me struct{ Email string }
			check(t, agent.Do(t.Context(), "GET", "/api/v1/me", nil, &me))
			second := must[*rig.Client](t)(w.SignIn(t.Context(), me.Email))
			act(t, second, "POST", "/api/v1/me/password", map[string]any{"current": rig.Password, "password": "a quite different one 81"})
		}, false},
		{"password reset", func(t *testing.T, w *rig.Workspace, agent *rig.Client, _ *rig.Visitor) {
			var me struct{ Email string }
			check(t, agent.Do(t.Context(), "GET", "/api/v1/me", nil, &me))
			door := w.Server.Client(w.Host())
			act(t, door, "POST", "/api/v1/password/forgot", map[string]any{"email": me.Email})
			token := must[string](t)(w.Server.Mail.Token(patience(t), me.Email))
			act(t, door, "POST", "/api/v1/password/reset", map[string]any{"token": token, "password": "a quite different one 81"})
		}, false},
	}
}

// TestAC_058_OpenSocketsEnd: what is lost is lost for sockets that are open, and for those that are about to be: a
// client may upgrade, wait, and connect only after the loss.
//
// ASVS V7.4.1, V7.4.2, V8.3.2
func TestAC_058_OpenSocketsEnd(t *testing.T) {
	for _, x := range losses() {
		t.Run(x.name, func(t *testing.T) {
			s := server(t)
			w := house(t, s)
			v := visit(t, w, "hello")
			agent := hire(t, w, "Agent")
			pickUp(t, agent, v)
			var heard listener
			old := *agent
			old.Header = agent.Header.Clone()
			l := must[*rig.Live](t)(old.Live(t.Context(), heard.push))
			defer l.Close()
			check(t, l.RPC(t.Context(), "chat.open", map[string]any{"room": v.Room}, nil))
			say(t, v, "before")
			heard.wait(t, "before")
			late := rawOf(t, &old, s, rig.StaffLive)
			x.do(t, w, agent, v)
			at := time.Now()
			if x.stay {
				time.Sleep(soon)
			} else {
				select {
				case <-l.Done():
				case <-time.After(soon):
					t.Error("the socket is open a second later")
				}
			}
			t.Logf("took %v", time.Since(at))
			heard.forget()
			say(t, v, "zqafter")
			heard.quiet(t, nil, "zqafter")
			if !x.stay {
				lateConnect(t, late, v)
				if _, err := old.Live(t.Context(), nil); err == nil {
					t.Error("the old cookie opens another socket")
				}
				if err := old.Do(t.Context(), "GET", "/api/v1/me", nil, nil); code(err) != 401 {
					t.Errorf("the old cookie still works: %v", err)
				}
			}
		})
	}
}

// lateConnect sends the connect command over a WebSocket that was upgraded while the session was good.
func lateConnect(t *testing.T, ws *rig.Conn, v *rig.Visitor) {
	t.Helper()
	_, _ = ws.Net().Write(text(`{"id":1,"connect":{}}`))
	time.Sleep(100 * time.Millisecond)
	_, _ = ws.Net().Write(text(`{"id":2,"rpc":{"method":"chat.open","data":{"room":"` + v.Room + `"}}}`))
	said, err := ended(ws, 2*time.Second)
	if isTimeout(err) || strings.Contains(said, `"items"`) {
		t.Errorf("a socket that was upgraded before lives on: %.300s", said)
	}
}

// A site that is taken off the list takes its visitors' sockets and requests along.
func TestAC_058_RemovedSite(t *testing.T) {
	s := server(t)
	w := house(t, s)
	v := visit(t, w, "hello")
	pickUp(t, w.Founder, v)
	var heard listener
	l := must[*rig.Live](t)(v.Live(t.Context(), heard.push))
	defer l.Close()
	late := must[*rig.Conn](t)(raw(t, s, v.Host, rig.VisitorLive, http.Header{"Origin": {rig.SiteOrigin}}))
	var sites struct{ Items []struct{ ID string } }
	check(t, w.Founder.Do(t.Context(), "GET", "/api/v1/sites", nil, &sites))
	check(t, w.Founder.Do(t.Context(), "DELETE", "/api/v1/sites/"+sites.Items[0].ID, nil, nil))
	select {
	case <-l.Done():
	case <-time.After(soon):
		t.Error("the visitor's socket is open a second later")
	}
	check(t, w.Founder.Do(t.Context(), "POST", "/api/v1/rooms/"+v.Room+"/messages", map[string]any{"id": rig.UUID(), "body": "zqafter"}, nil))
	heard.quiet(t, nil, "zqafter")
	_, _ = late.Net().Write(text(fmt.Sprintf(`{"id":1,"connect":{"data":{"token":%q}}}`, v.Token)))
	if said, err := ended(late, 2*time.Second); isTimeout(err) || strings.Contains(said, v.Room) {
		t.Errorf("a socket that was upgraded before lives on: %.300s", said)
	}
	if _, err := v.Live(t.Context(), nil); err == nil {
		t.Error("another socket opened")
	}
	if err := v.Do(t.Context(), "GET", "/widget/v1/enquiries", nil, nil); code(err) != 403 {
		t.Errorf("a request from the removed site: %v", err)
	}
}

// TestAC_137_OneWinner: two agents, three sockets' worth of them, reach for the same enquiry at the same moment.
func TestAC_137_OneWinner(t *testing.T) {
	s := server(t)
	w := house(t, s)
	agents := []*rig.Client{hire(t, w, "Agent"), hire(t, w, "Agent"), w.Founder}
	v := visit(t, w, "first")
	for round := range 100 {
		if round%5 == 0 && round > 0 { // five open enquiries are the most that one visitor may have
			v = visit(t, w, "next")
		}
		results := make([]error, len(agents))
		begin := make(chan struct{})
		done := make(chan int)
		for i, a := range agents {
			go func() {
				<-begin
				results[i] = a.Do(t.Context(), "POST", "/api/v1/enquiries/"+v.Enquiry+"/pickup", nil, nil)
				done <- i
			}()
		}
		close(begin)
		for range agents {
			<-done
		}
		winner := -1
		for i, err := range results {
			switch {
			case err == nil && winner >= 0:
				t.Fatalf("round %d: %d and %d have both picked it up", round, winner, i)
			case err == nil:
				winner = i
			case code(err) != 409:
				t.Fatalf("round %d: %v", round, err)
			}
		}
		if winner < 0 {
			t.Fatalf("round %d: nobody has it: %v", round, errors.Join(results...))
		}
		var h struct{ Items []struct{ Event string } }
		check(t, w.Founder.Do(t.Context(), "GET", "/api/v1/rooms/"+v.Room+"/messages", nil, &h))
		picked := 0
		for _, m := range h.Items {
			if m.Event == "picked_up" {
				picked++
			}
		}
		if picked != 1 {
			t.Fatalf("round %d: the room says %d times that it was picked up", round, picked)
		}
		v = visit(t, w, "next")
	}
}
