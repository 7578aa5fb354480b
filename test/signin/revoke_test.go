package signin

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parlatory/test/rig"
)

// Bar 4: how long after an act that takes somebody's right away the last frame arrives on their open socket. The clock
// starts when the act is sent, so that the answer's own time counts too.

// wire is an open socket of somebody, and when the last frame came.
type wire struct {
	live *rig.Live
	mu   sync.Mutex
	last time.Time
}

func (w *wire) hear([]byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = time.Now()
}

func (w *wire) lastFrame() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// stage is a workspace in which somebody always talks.
type stage struct {
	*testing.T
	w       *rig.Workspace
	near    *rig.Server // where the acts are done
	far     *rig.Server // where the sockets are; the same on one node
	founder rig.Person
	visitor *rig.Visitor
	person  rig.Person  // whose right is taken
	first   *rig.Client // their first browser
	voice   *rig.Client // in which the founder talks to visitors
}

func stages(t *testing.T, engine string) *stage {
	s := server(t, engine)
	g := &stage{T: t, near: s, far: s, w: house(t, s)}
	g.founder = rig.Person{Address: "founder@" + g.w.Subdomain + ".example"}
	enrol(t, g.w.Founder, &g.founder)
	check(t, g.w.Founder.SignIn(t.Context(), g.founder)) // with the factor, as who requires it must
	g.voice = s.Client(g.w.Host())
	check(t, g.voice.SignIn(t.Context(), g.founder))
	g.visitor = must[*rig.Visitor](t)(g.w.Visit(t.Context(), "Jonas", "Is anybody there?"))
	g.person, g.first = someone(t, g.w, "Supervisor")
	if engine == "postgres" { // mail goes out through whichever node takes it first: people are invited while there is one
		g.far = second(t, s)
	}
	return g
}

// do is an act of the founder, who proves the password again where that was long ago.
func (g *stage) do(method, path string, in any) {
	g.Helper()
	g.answer(method, path, in, nil)
}

// answer is do with what is answered.
func (g *stage) answer(method, path string, in, out any) {
	g.Helper()
	err := g.w.Founder.Do(g.Context(), method, path, in, out)
	if status(err) == 403 {
		check(g.T, g.w.Founder.StepUp(g.Context()))
		err = g.w.Founder.Do(g.Context(), method, path, in, out)
	}
	check(g.T, err)
}

// talk posts into the room until it is stopped, 200 a second, so that a socket that is still open hears of it.
func (g *stage) talk() (stop func()) {
	ctx, cancel := context.WithCancel(g.Context())
	line := must[*rig.Live](g.T)(g.visitor.Live(ctx, nil))
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			_ = line.RPC(ctx, "chat.typing", map[string]any{"room": g.visitor.Room, "on": n%2 == 0}, nil)
			_ = line.RPC(ctx, "chat.post", map[string]any{"room": g.visitor.Room, "id": rig.UUID(), "body": fmt.Sprint("line ", n)}, nil)
		}
	})
	return func() {
		cancel()
		wg.Wait()
		_ = line.Close()
	}
}

// open signs a person in at the far node and opens the room.
func (g *stage) open(c *rig.Client, p rig.Person) *wire {
	g.Helper()
	// What was given back at one node is so at the other within a second, too.
	within(g.T, time.Second, "sign-in after the right was given back", func() bool { return c.SignIn(g.Context(), p) == nil })
	x := &wire{last: time.Now()}
	x.live = must[*rig.Live](g.T)(c.Live(g.Context(), x.hear))
	g.hears(x, g.visitor.Room)
	return x
}

func (g *stage) hears(x *wire, room string) {
	g.Helper()
	check(g.T, x.live.RPC(g.Context(), "chat.open", map[string]any{"room": room}, nil))
	before := x.lastFrame()
	within(g.T, 5*time.Second, "the socket hears the room", func() bool { return x.lastFrame().After(before) })
}

// nuisance is where a visitor writes from whom the list will refuse.
const nuisance = "127.0.78.1"

// openVisitor lets a new visitor in at the far node, to whom the founder talks until the end.
func (g *stage) openVisitor() (x *wire, stop func()) {
	g.Helper()
	v := must[*rig.Visitor](g.T)(g.w.Visit(g.Context(), "Vera", "Are you there?"))
	header := v.Header
	v.Client = g.far.Client(g.w.Host()).From(nuisance)
	v.Header = header
	ctx, cancel := context.WithCancel(g.Context())
	check(g.T, g.voice.Do(ctx, "POST", "/api/v1/enquiries/"+v.Enquiry+"/pickup", nil, nil))
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			_ = g.voice.Do(ctx, "POST", "/api/v1/rooms/"+v.Room+"/messages", map[string]any{"id": rig.UUID(), "body": fmt.Sprint("line ", n)}, nil)
		}
	})
	x = &wire{last: time.Now()}
	within(g.T, time.Second, "a socket after the line was taken off", func() (ok bool) {
		var err error
		x.live, err = v.Live(g.Context(), x.hear)
		return err == nil
	})
	if x.live == nil {
		g.FailNow()
	}
	g.hears(x, v.Room)
	return x, func() { cancel(); wg.Wait() }
}

// measure does the act and waits until the socket has ended.
func (g *stage) measure(what string, x *wire, act func()) time.Duration {
	g.Helper()
	began := time.Now()
	act()
	select {
	case <-x.live.Done():
	case <-time.After(10 * time.Second):
		g.Errorf("%s: the socket is open after 10 s, its last frame %v after the act", what, x.lastFrame().Sub(began))
		_ = x.live.Close()
	}
	return max(0, x.lastFrame().Sub(began))
}

// TestAC_058_RevokedToTheLastFrame is bar 4: remote sign-out, suspension, another role, a factor that is required from now on, a list
// that the address is not on, a line that is taken off a list in force, and a visitor's address that is put on one. With full
// rounds, the lists again where one of them has 50,000 lines.
//
// ASVS V7.4.1, V7.4.2, V7.4.5, V7.5.2, V8.3.2
func TestAC_058_RevokedToTheLastFrame(t *testing.T) {
	n := rounds()
	if judged() {
		n *= 2
	}
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			g := stages(t, engine)
			took := map[string][]time.Duration{}
			p, first := g.person, g.first
			id := idOf(t, first)
			check(t, first.Do(t.Context(), "POST", "/api/v1/enquiries/"+g.visitor.Enquiry+"/pickup", nil, nil))
			browser := at(g.far, first).From(home) // known to the account
			other := at(g.near, first)
			check(t, other.SignIn(t.Context(), p)) // the same person's other browser
			g.line("staff", map[string]any{"network": "127.0.0.1", "remark": "the office"})
			g.do("PUT", "/api/v1/security/visitor-list/mode", map[string]any{"mode": "block", "was": "off"})
			stop := g.talk()
			defer stop()
			acts := g.acts(other, id)
			for range n {
				for what, act := range acts {
					g.round(took, what, act, browser)
					if err := other.Do(t.Context(), "GET", "/api/v1/me", nil, nil); status(err) == 401 {
						check(t, other.SignIn(t.Context(), p)) // some acts ended that one too
					}
				}
			}
			if judged() {
				g.fill(50_000)
				for range n {
					for _, what := range []string{"staff list", "line removed", "visitor list"} {
						g.round(took, what+", 50,000", acts[what], browser)
					}
				}
			}
			report(t, engine, took)
		})
	}
}

// home is where the person's browser is: on no list, but where an act puts it on one.
const home = "127.0.77.1"

// round measures one act and gives back what it took.
func (g *stage) round(took map[string][]time.Duration, what string, a act, browser *rig.Client) {
	g.Helper()
	if a.before != nil {
		a.before()
	}
	var x *wire
	end := func() {}
	if a.visitor {
		x, end = g.openVisitor()
	} else {
		x = g.open(browser, g.person)
	}
	took[what] = append(took[what], g.measure(what, x, a.do))
	end()
	if a.undo != nil {
		a.undo()
	}
}

// line adds a line to a list and gives its id.
func (g *stage) line(list string, in map[string]any) string {
	g.Helper()
	var e struct{ ID string }
	g.answer("POST", "/api/v1/security/"+list+"-list/entries", in, &e)
	return e.ID
}

// fill puts so many lines on the blocklist, none of which matches anybody here.
func (g *stage) fill(n int) {
	g.Helper()
	for from := 0; from < n; from += 10_000 {
		var b strings.Builder
		for i := from; i < min(n, from+10_000); i++ {
			fmt.Fprintf(&b, "10.%d.%d.%d,somebody\n", i/62_500, i/250%250, 1+i%250)
		}
		var got struct{ Good, Wrong int }
		g.answer("POST", "/api/v1/security/visitor-list/csv", map[string]any{"list": "block", "csv": b.String()}, &got)
		if got.Good != 10_000 || got.Wrong != 0 {
			g.Fatalf("%d lines were taken, %d not", got.Good, got.Wrong)
		}
	}
}

// act takes a right of the person's, or of a visitor's.
type act struct {
	before, do, undo func()
	visitor          bool
}

// acts are the ways to take the right away, and how it is given back.
func (g *stage) acts(other *rig.Client, id string) map[string]act {
	factor := func(required bool) {
		in := map[string]any{"revision": g.revision(), "required": required, "phishing_resistant": false, "message": "", "trust_days": 0}
		g.do("PUT", "/api/v1/security/factor", in)
	}
	list := func(was, mode string) func() {
		return func() { g.do("PUT", "/api/v1/security/staff-list/mode", map[string]any{"mode": mode, "was": was}) }
	}
	var mine, theirs string
	return map[string]act{
		"remote sign-out": {do: func() {
			var all struct {
				Items []struct {
					ID      string
					Current bool
				}
			}
			check(g.T, other.Do(g.Context(), "GET", "/api/v1/me/sessions", nil, &all))
			for _, s := range all.Items {
				if !s.Current {
					check(g.T, other.Do(g.Context(), "DELETE", "/api/v1/me/sessions/"+s.ID, nil, nil))
				}
			}
		}},
		"suspension": {
			do:   func() { g.do("POST", "/api/v1/staff/"+id+"/suspend", nil) },
			undo: func() { g.do("POST", "/api/v1/staff/"+id+"/reactivate", nil) },
		},
		"role changed": {
			do:   func() { g.do("PATCH", "/api/v1/staff/"+id, map[string]any{"role": "Agent"}) },
			undo: func() { g.do("PATCH", "/api/v1/staff/"+id, map[string]any{"role": "Supervisor"}) },
		},
		"factor required": {do: func() { factor(true) }, undo: func() { factor(false) }},
		"staff list":      {do: list("off", "on"), undo: list("on", "off")},
		"line removed": {
			before: func() {
				mine = g.line("staff", map[string]any{"network": home, "remark": "at home"})
				list("off", "on")()
			},
			do:   func() { g.do("DELETE", "/api/v1/security/staff-list/entries/"+mine, nil) },
			undo: list("on", "off"),
		},
		"visitor list": {
			visitor: true,
			do: func() {
				theirs = g.line("visitor", map[string]any{"list": "block", "network": nuisance, "remark": "a nuisance"})
			},
			undo: func() { g.do("DELETE", "/api/v1/security/visitor-list/entries/"+theirs, nil) },
		},
	}
}

func (g *stage) revision() int {
	var now struct{ Revision int }
	check(g.T, g.w.Founder.Do(g.Context(), "GET", "/api/v1/security", nil, &now))
	return now.Revision
}

// report prints the table, and judges it in long runs.
func report(t *testing.T, engine string, took map[string][]time.Duration) {
	t.Helper()
	for what, all := range took {
		slices.Sort(all)
		p := func(share float64) time.Duration { return all[min(len(all)-1, int(share*float64(len(all))))] }
		t.Logf("%-8s %-16s rounds %3d  last frame after: p50 %v  p99 %v  max %v", engine, what, len(all),
			p(.5).Round(time.Millisecond), p(.99).Round(time.Millisecond), all[len(all)-1].Round(time.Millisecond))
		if judged() && p(.99) > time.Second {
			t.Errorf("%s on %s: p99 %v", what, engine, p(.99))
		}
		if all[len(all)-1] > 5*time.Second {
			t.Errorf("%s on %s took %v once", what, engine, all[len(all)-1])
		}
	}
}
