package signin_test

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/signin"
	"parlatory/internal/guard/credential"
)

// TestAC_005_ChoicesAreFew: the holder of a reset's link, or of several, tests the present password a few times, not without end, however
// many tries come at once; and reads one text for the present password and for earlier ones. Red without spendChoice.
//
// ASVS V6.3.1, V6.4.3
func TestAC_005_ChoicesAreFew(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{Alone: true}, func(t *testing.T, w *domaintest.World) {
		ws, _ := w.Founded(t, "acme")
		looked := func(do func()) uint64 {
			before, _ := credential.Checks()
			do()
			after, _ := credential.Checks()
			return after - before
		}
		reset := func(link parlatory.Secret, password string) error {
			return w.Signin.Reset(t.Context(), w.At(ws), link, secret(password))
		}
		link := resetLink(t, w, ws, adminMail)
		if n := looked(func() {
			var tries sync.WaitGroup
			for range 40 {
				tries.Go(func() {
					if k := parlatory.KindOf(reset(link, domaintest.Password)); k != parlatory.KindInvalid && k != parlatory.KindTooMany {
						t.Errorf("%v", k)
					}
				})
			}
			tries.Wait()
		}); n != 10 {
			t.Errorf("one link compared %d passwords", n)
		}
		busy(t, reset(link, newPassword), 24*time.Hour)
		if n := looked(func() {
			for range 2 {
				link = resetLink(t, w, ws, adminMail)
				for range 11 {
					_ = reset(link, domaintest.Password)
				}
			}
		}); n != 10 {
			t.Errorf("two further links compared %d passwords", n)
		}
		busy(t, reset(link, newPassword), 24*time.Hour)
		w.Clock.Advance(25 * time.Hour)
		if err := reset(resetLink(t, w, ws, adminMail), newPassword); err != nil {
			t.Fatalf("the next day: %v", err)
		}
	})
}

// TestUsedPasswordsReadAlike: a refusal does not say whether it was the present password or an earlier one, and compares with all of them.
//
// ASVS V6.3.8
func TestUsedPasswordsReadAlike(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	set(t, w, admin, security.PasswordPolicy{History: 3}, security.LockoutPolicy{Ends: security.EndsByTime, Minutes: 30})
	if err := w.Signin.Reset(t.Context(), w.At(ws), resetLink(t, w, ws, adminMail), secret(newPassword)); err != nil {
		t.Fatal(err)
	}
	link, said := resetLink(t, w, ws, adminMail), map[string]uint64{}
	for _, password := range []string{newPassword, domaintest.Password} {
		before, _ := credential.Checks()
		err := w.Signin.Reset(t.Context(), w.At(ws), link, secret(password))
		after, _ := credential.Checks()
		if err == nil || !strings.Contains(err.Error(), "must differ from your present and your last 3 passwords") {
			t.Fatal(err)
		}
		said[err.Error()] += after - before
	}
	if len(said) != 1 {
		t.Errorf("%v", said)
	}
	for _, n := range said {
		if n != 4 {
			t.Errorf("%d comparisons", n)
		}
	}
}

// TestAC_001_ChoicesStarveNoSignIn: however many choose a password at once, the line of hashes stays short enough for those who sign in.
// Red without the gate of NewPassword.
//
// ASVS V15.2.2
func TestAC_001_ChoicesStarveNoSignIn(t *testing.T) {
	w := domaintest.New(t)
	ws, _ := w.Founded(t, "acme")
	w.Hire(t, ws, role.Agent)
	rules, err := w.Account.Rules(t.Context(), parlatory.AccountID{}, ws)
	if err != nil {
		t.Fatal(err)
	}
	var running atomic.Int64
	var all sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	for i := range 140 * runtime.GOMAXPROCS(0) {
		c := account.Choosing{Door: ws, From: w.At(ws).Address, By: strconv.Itoa(i)}
		all.Go(func() {
			running.Add(1)
			defer running.Add(-1)
			if _, err := w.Account.NewPassword(ctx, c, rules, secret(newPassword)); err != nil && ctx.Err() == nil && parlatory.KindOf(err) != parlatory.KindTooMany {
				t.Error(err)
			}
		})
	}
	for range 5 {
		time.Sleep(200 * time.Millisecond)
		if running.Load() == 0 {
			break
		}
		if _, err := w.Signin.Enter(t.Context(), w.At(ws), signin.Try{Email: adminMail, Password: secret(domaintest.Password)}); err != nil {
			t.Errorf("a sign-in among %d choices: %v", running.Load(), err)
		}
	}
	cancel()
	all.Wait()
}
