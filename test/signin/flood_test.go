package signin

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parlatory/test/rig"
)

const (
	sources   = 200
	unchecked = 10 // tries of unknown devices together that meet the real hash in 15 minutes, at most
)

// TestAC_005_TwoHundredAddresses: 200 addresses at once, with browsers that nobody has seen, get ten checks against the
// account's own hash and no more, on one node or two; the right password that comes after them is not even looked at. The
// owner, in a browser that the account knows, comes in meanwhile (AC-004).
//
// ASVS V6.3.1
func TestAC_005_TwoHundredAddresses(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			s := server(t, engine)
			w := house(t, s)
			nodes := []*rig.Server{s}
			if engine == "postgres" {
				nodes = append(nodes, second(t, s))
			}
			for round := range 1 + max(1, rounds()/50) {
				p, own := someone(t, w, "Agent")
				if round > 0 { // whatever the door asks: the floor holds
					threshold(t, w, 20)
				}
				checked := func() (sum float64) {
					for _, n := range nodes {
						sum += metric(t, n, "parlatory_password_checks_total", `kind="real"`)
					}
					return sum
				}
				before := checked()
				flood := func(password, what string) {
					t.Helper()
					in := map[string]any{"email": p.Address, "password": password}
					_, errs := atOnce(sources, func(i int) error {
						c := nodes[i%len(nodes)].Client(w.Host()).From(elsewhere())
						defer c.Close()
						return c.Do(t.Context(), "POST", "/api/v1/signin", in, nil)
					})
					answers := map[int]int{}
					for _, err := range errs {
						answers[status(err)]++
					}
					// Each is refused as any wrong password is, or told to come again where the line of those who wait is full, which is a part of
					// 200 where there are few cores. A machine that is busy with something else may leave some without an answer.
					if answers[401]+answers[429]+answers[0] != sources || answers[401] < sources/4 {
						t.Errorf("%s: answers %v: %v", what, answers, summary(errs))
					}
					t.Logf("%s: answers %v", what, answers)
				}
				flood("not the password 12", "wrong passwords from unknown devices")
				flood(rig.Password, "the right one from unknown devices while the account is locked for them")
				real := checked() - before
				t.Logf("%d tries from %d addresses: %.0f met the real hash", 2*sources, 2*sources, real)
				if real < 1 || real > unchecked {
					t.Errorf("%.0f real checks, want 1 to %d", real, unchecked)
				}
				if err := own.SignIn(t.Context(), p); err != nil {
					t.Errorf("the owner is locked out of the own browser: %v", err)
				}
			}
		})
	}
}

// threshold sets how many failures in a row lock an account at this door.
func threshold(t *testing.T, w *rig.Workspace, n int) {
	t.Helper()
	var now struct{ Revision int }
	check(t, w.Founder.StepUp(t.Context()))
	check(t, w.Founder.Do(t.Context(), "GET", "/api/v1/security", nil, &now))
	in := map[string]any{"revision": now.Revision, "password": map[string]any{"min_length": 12, "history": 0, "max_age_days": 0}, "lockout": map[string]any{"threshold": n, "ends": "time", "minutes": 15}}
	check(t, w.Founder.Do(t.Context(), "PUT", "/api/v1/security/password", in, nil))
}

// TestAC_023_OneCodeFiftyTimes: one code of the phone, given 50 times at once by five half sessions, signs in once; so
// does one recovery code.
//
// ASVS V6.5.1
func TestAC_023_OneCodeFiftyTimes(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			s := server(t, engine)
			w := house(t, s)
			for round := range rounds() {
				p, c := someone(t, w, "Agent")
				recovery := enrol(t, c, &p)
				code := map[string]any{"code": p.Phone.Code(t.Context())}
				if round%2 == 1 {
					code = map[string]any{"recovery_code": recovery[0]}
				}
				var half []*rig.Client
				for range 5 {
					h := strange(w)
					step := must[rig.Step](t)(h.Begin(t.Context(), p))
					if step.Owed != "factor" {
						t.Fatalf("the factor is not owed: %+v", step)
					}
					half = append(half, h)
				}
				counted, errs := atOnce(50, func(i int) error {
					h := at(s, half[i%len(half)])
					defer h.Close()
					var step rig.Step
					return h.Do(t.Context(), "POST", "/api/v1/signin/factor", code, &step)
				})
				if counted != 1 {
					t.Fatalf("round %d, %v: counted %d times: %v", round+1, keys(code), counted, summary(errs))
				}
			}
			t.Logf("%d rounds of 50", rounds())
		})
	}
}

// TestAC_016_OneLinkFiftyTimes: a reset's link, redeemed 50 times at once with 50 passwords, sets one, and that one signs in.
//
// ASVS V6.4.1, V6.5.1
func TestAC_016_OneLinkFiftyTimes(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			s := server(t, engine)
			w := house(t, s)
			var p rig.Person
			for round := range rounds() {
				if round%2 == 0 { // an account has twenty choices a day, and a link ten
					p, _ = someone(t, w, "Agent")
				}
				check(t, strange(w).Do(t.Context(), "POST", "/api/v1/password/forgot", map[string]any{"email": p.Address}, nil))
				token := must[string](t)(s.Token(t.Context(), p.Address))
				password := func(i int) string { return fmt.Sprintf("lantern %d over water %d", round, i) }
				counted, errs := atOnce(50, func(i int) error {
					c := strange(w)
					defer c.Close()
					return c.Do(t.Context(), "POST", "/api/v1/password/reset", map[string]any{"token": token, "password": password(i)}, nil)
				})
				if counted != 1 {
					t.Fatalf("round %d: redeemed %d times: %v", round+1, counted, summary(errs))
				}
				p.Password = password(slices.Index(errs, nil))
				if err := strange(w).SignIn(t.Context(), p); err != nil {
					t.Fatalf("round %d: the password that was set does not sign in: %v", round+1, err)
				}
			}
			t.Logf("%d rounds of 50", rounds())
		})
	}
}

// enrol gives a person a phone, in their own browser, as a first factor; and gives the recovery codes.
func enrol(t *testing.T, c *rig.Client, p *rig.Person) []string {
	t.Helper()
	check(t, c.StepUp(t.Context()))
	phone, recovery, err := c.Enrol(t.Context(), "/api/v1/me/factors", *p, true)
	check(t, err)
	if len(recovery) != 10 {
		t.Fatalf("%d recovery codes", len(recovery))
	}
	p.Phone = phone
	return recovery
}

func keys(m map[string]any) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	return all
}

// summary counts errors by what they say.
func summary(errs []error) string {
	n := map[string]int{}
	for _, err := range errs {
		n[fmt.Sprint(err)]++
	}
	var b strings.Builder
	for text, k := range n {
		fmt.Fprintf(&b, "\n%d times %s", k, text)
	}
	return b.String()
}
