package signin

import (
	"context"
	"fmt"
	"slices"
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
}

func stages(t *testing.T, engine string) *stage {
	s := server(t, engine)
	g := &stage{T: t, near: s, far: s, w: house(t, s)}
	g.founder = rig.Person{Address: "founder@" + g.w.Subdomain + ".example"}
	enrol(t, g.w.Founder, &g.founder)
	check(t, g.w.Founder.SignIn(t.Context(), g.founder)) // with the factor, as who requires it must
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
	err := g.w.Founder.Do(g.Context(), method, path, in, nil)
	if status(err) == 403 {
		check(g.T, g.w.Founder.StepUp(g.Context()))
		err = g.w.Founder.Do(g.Context(), method, path, in, nil)
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
	check(g.T, x.live.RPC(g.Context(), "chat.open", map[string]any{"room": g.visitor.Room}, nil))
	before := x.lastFrame()
	within(g.T, 5*time.Second, "the socket hears the room", func() bool { return x.lastFrame().After(before) })
	return x
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

// TestAC_058_RevokedToTheLastFrame is bar 4: remote sign-out, suspension, a factor that is required from now on, and a list
// that the address is not on.
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
			browser := at(g.far, first).From("127.0.77.1") // off the list that is made below, and known to the account
			other := at(g.near, first)
			check(t, other.SignIn(t.Context(), p)) // the same person's other browser
			mine := map[string]any{"network": "127.0.0.1", "remark": "the office"}
			g.do("POST", "/api/v1/security/staff-list/entries", mine)
			stop := g.talk()
			defer stop()
			for range n {
				for what, act := range g.acts(other, id) {
					x := g.open(browser, p)
					took[what] = append(took[what], g.measure(what, x, act.do))
					if act.undo != nil {
						act.undo()
					}
				}
				check(t, other.SignIn(t.Context(), p)) // suspension ended that one too
			}
			report(t, engine, took)
		})
	}
}

type act struct{ do, undo func() }

// acts are the ways to take the right away, and how it is given back.
func (g *stage) acts(other *rig.Client, id string) map[string]act {
	factor := func(required bool) {
		in := map[string]any{"revision": g.revision(), "required": required, "phishing_resistant": false, "message": "", "trust_days": 0}
		g.do("PUT", "/api/v1/security/factor", in)
	}
	list := func(was, mode string) func() {
		return func() { g.do("PUT", "/api/v1/security/staff-list/mode", map[string]any{"mode": mode, "was": was}) }
	}
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
			do: func() { g.do("POST", "/api/v1/staff/"+id+"/suspend", nil) },
			undo: func() {
				g.do("POST", "/api/v1/staff/"+id+"/reactivate", nil)
				check(g.T, other.SignIn(g.Context(), rig.Person{Address: addressOf(g, id)}))
			},
		},
		"factor required": {do: func() { factor(true) }, undo: func() {
			factor(false)
			check(g.T, other.SignIn(g.Context(), rig.Person{Address: addressOf(g, id)}))
		}},
		"staff list": {do: list("off", "on"), undo: list("on", "off")},
	}
}

func (g *stage) revision() int {
	var now struct{ Revision int }
	check(g.T, g.w.Founder.Do(g.Context(), "GET", "/api/v1/security", nil, &now))
	return now.Revision
}

func addressOf(g *stage, id string) string {
	var all struct{ Items []struct{ ID, Email string } }
	check(g.T, g.w.Founder.Do(g.Context(), "GET", "/api/v1/staff", nil, &all))
	for _, s := range all.Items {
		if s.ID == id {
			return s.Email
		}
	}
	g.Fatalf("no staff member %s", id)
	return ""
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
