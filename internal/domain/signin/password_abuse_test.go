package signin_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/signin"
)

func secret(s string) parlatory.Secret { return parlatory.NewSecret(s) }

// refused checks for the one answer to whoever does not come in.
func refused(t *testing.T, err error) {
	t.Helper()
	if err == nil || err.Error() != signin.Refusal().Error() {
		t.Fatalf("want the one refusal, got %v", err)
	}
}

func enter(t *testing.T, w *domaintest.World, from parlatory.Actor, email, password string) (signin.Result, error) {
	t.Helper()
	return w.Signin.Enter(t.Context(), from, signin.Try{Email: email, Password: secret(password)})
}

// TestAC_005_ParallelBruteForce: however many wrong passwords arrive at once, from however many addresses, no more than
// the limit meet the real hash.
//
// ASVS V6.3.1
func TestAC_005_ParallelBruteForce(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, _ := w.Founded(t, "acme")
		var checked, locked, busy atomic.Int64
		var tries sync.WaitGroup
		for range 200 {
			from := w.At(ws)
			tries.Go(func() {
				v, err := w.Account.Verifier().Ask(t.Context(), account.Question{Door: ws, From: from.Address, Email: "admin@acme.example", Password: secret("wrong wrong wrong")})
				switch {
				case parlatory.KindOf(err) == parlatory.KindTooMany && err != nil:
					busy.Add(1)
				case err != nil:
					t.Error(err)
				case v.Why == account.Wrong:
					checked.Add(1)
				case v.Why == account.Locked:
					locked.Add(1)
				default:
					t.Errorf("verdict %q", v.Why)
				}
			})
		}
		tries.Wait()
		t.Logf("checked %d, locked %d, busy %d", checked.Load(), locked.Load(), busy.Load())
		if checked.Load() > 10 {
			t.Fatalf("%d passwords met the real hash", checked.Load())
		}
		_, err := enter(t, w, w.At(ws), "admin@acme.example", domaintest.Password)
		refused(t, err)
		w.Clock.Advance(15*time.Minute + time.Second)
		if _, err := enter(t, w, w.At(ws), "admin@acme.example", domaintest.Password); err != nil {
			t.Fatalf("after the lock: %v", err)
		}
	})
}

// TestAC_002_OneCounterForAllSpellings: case and width of an address do not make a second counter.
//
// ASVS V6.3.1
func TestAC_002_OneCounterForAllSpellings(t *testing.T) {
	w := domaintest.New(t)
	ws, _ := w.Founded(t, "acme")
	for i, email := range []string{"admin@acme.example", "Admin@acme.example", "ADMIN@ACME.EXAMPLE", "admin@Acme.Example"} {
		for range 3 {
			_, err := enter(t, w, w.At(ws), email, "wrong wrong wrong "+string(rune('a'+i)))
			refused(t, err)
		}
	}
	_, err := enter(t, w, w.At(ws), "admin@acme.example", domaintest.Password)
	refused(t, err)
}

// TestAC_005_OneSource: one address is stopped, whatever accounts it tries.
//
// ASVS V6.3.1
func TestAC_005_OneSource(t *testing.T) {
	w := domaintest.Make(t, domaintest.Setup{Account: account.Limits{Source: 5}})
	ws, _ := w.Founded(t, "acme")
	for i := range 5 {
		_, err := enter(t, w, w.At(ws, "192.0.2.7"), "guess"+string(rune('a'+i))+"@acme.example", "wrong wrong wrong")
		refused(t, err)
	}
	begun := time.Now()
	_, err := enter(t, w, w.At(ws, "192.0.2.9"), "guess@acme.example", "wrong wrong wrong")
	hashed := time.Since(begun)
	refused(t, err)
	rows, entries, fastest := w.Count(parlatory.House, "budgets", ""), w.Count(ws, "ledger_entries", ""), hashed
	for _, email := range []string{"admin@acme.example", "nobody@acme.example", "not an address", "admin@acme.example"} {
		begun = time.Now()
		_, err := enter(t, w, w.At(ws, "192.0.2.7"), email, domaintest.Password)
		fastest = min(fastest, time.Since(begun))
		busy(t, err, 15*time.Minute)
	}
	if fastest > hashed/2 {
		t.Errorf("the refusal of a source took %v, a hash %v", fastest, hashed)
	}
	if n, m := w.Count(parlatory.House, "budgets", "")-rows, w.Count(ws, "ledger_entries", "")-entries; n != 0 || m != 0 {
		t.Errorf("a refused source raised %d counters and wrote %d entries", n, m)
	}
	if _, err := enter(t, w, w.At(ws, "192.0.2.8"), "admin@acme.example", domaintest.Password); err != nil {
		t.Fatalf("another source: %v", err)
	}
	_, err = enter(t, w, w.At(ws, "2001:db8:1:2::1"), "x@acme.example", "wrong wrong wrong")
	refused(t, err)
	for i := range 4 {
		_, err = enter(t, w, w.At(ws, "2001:db8:1:2::"+string(rune('2'+i))), "x"+string(rune('a'+i))+"@acme.example", "wrong wrong wrong")
		refused(t, err)
	}
	_, err = enter(t, w, w.At(ws, "2001:db8:1:2:ffff::1"), "admin@acme.example", domaintest.Password)
	busy(t, err, 15*time.Minute) // the same /64
}

// busy checks for the answer to a source over its budget.
func busy(t *testing.T, err error, within time.Duration) {
	t.Helper()
	var e *parlatory.Error
	if !errors.As(err, &e) || e.Kind != parlatory.KindTooMany || e.RetryAfter <= 0 || e.RetryAfter > within {
		t.Fatalf("want too many tries, got %v", err)
	}
}

// TestAC_007_SameAnswerAndWork: unknown, wrong, suspended, not a member and locked are one answer, and none of them is
// answered without the cost of a hash.
//
// ASVS V6.3.8
func TestAC_007_SameAnswerAndWork(t *testing.T) {
	w := domaintest.Make(t, domaintest.Setup{Account: account.Limits{Account: 1000}})
	ws, admin := w.Founded(t, "acme")
	other, _ := w.Founded(t, "other")
	agent, email := w.HireAs(t, ws, role.Agent)
	if _, err := w.Staff.Suspend(t.Context(), admin, agent.Staff); err != nil {
		t.Fatal(err)
	}
	cases := map[string]func() error{
		"wrong":     func() error { _, err := enter(t, w, w.At(ws), "admin@acme.example", "wrong wrong wrong"); return err },
		"unknown":   func() error { _, err := enter(t, w, w.At(ws), "nobody@acme.example", "wrong wrong wrong"); return err },
		"nonsense":  func() error { _, err := enter(t, w, w.At(ws), "not an address", "wrong wrong wrong"); return err },
		"suspended": func() error { _, err := enter(t, w, w.At(ws), email, domaintest.Password); return err },
		"stranger": func() error {
			_, err := enter(t, w, w.At(other), "admin@acme.example", domaintest.Password)
			return err
		},
	}
	fastest := map[string]time.Duration{}
	for range 7 {
		for name, try := range cases {
			begun := time.Now()
			refused(t, try())
			if d := time.Since(begun); fastest[name] == 0 || d < fastest[name] {
				fastest[name] = d
			}
		}
	}
	t.Log(fastest)
	for name, d := range fastest {
		if d < fastest["wrong"]/2 {
			t.Errorf("%s took %v, a wrong password %v: no hash was computed", name, d, fastest["wrong"])
		}
	}
	house := w.Count(parlatory.House, "ledger_entries", "action = 'Failed'")
	if want := 7 * len(cases); house != want {
		t.Errorf("%d failed tries in the house's ledger, want %d", house, want)
	}
}

// TestAC_008_LongAndShort: a huge password costs no hash and no memory, and no prefix of the right one opens.
//
// ASVS V6.2.1, V6.2.8, V6.2.9
func TestAC_008_LongAndShort(t *testing.T) {
	w := domaintest.New(t)
	ws, _ := w.Founded(t, "acme")
	for _, pw := range []string{strings.Repeat("a", 1<<20), domaintest.Password[:len(domaintest.Password)-1], domaintest.Password + "x", domaintest.Password + "\x00", "\x00"} {
		_, err := enter(t, w, w.At(ws), "admin@acme.example", pw)
		refused(t, err)
	}
}

// TestAC_010_MutatedTokens: nothing but the exact token opens a session or a half session.
func TestAC_010_MutatedTokens(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	token := w.Tokens[admin.Session].Reveal()
	variants := []string{"", token[:42], token + "A", token + "=", " " + token, strings.ToLower(token), strings.ToUpper(token), strings.Repeat("A", 43)}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/"
	for i := range token {
		for _, c := range alphabet {
			if byte(c) != token[i] && (i == len(token)-1 || i%7 == 0) {
				variants = append(variants, token[:i]+string(c)+token[i+1:])
			}
		}
		variants = append(variants, token[:i]+string(token[i]^1)+token[i+1:])
	}
	for _, v := range variants {
		if v == token {
			continue
		}
		if a, err := w.Sessions.Session(t.Context(), ws, v, w.At(ws)); err == nil {
			t.Fatalf("variant opened a session: %+v", a.Kind)
		}
		if _, err := w.Sessions.Attempt(t.Context(), ws, v, w.At(ws)); err == nil {
			t.Fatal("variant opened a half session")
		}
	}
	if _, err := w.Sessions.Session(t.Context(), ws, token, w.At(ws)); err != nil {
		t.Fatal(err)
	}
}
