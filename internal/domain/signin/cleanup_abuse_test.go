package signin_test

import (
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/signin"
)

// TestCleanUpLeavesNothing: a new password by a mailed link leaves no browser known that an intruder made so; a changed password and "sign out all
// others" leave no API token. Red without sqlForgetDevices; without EndTokens in SetPassword and in EndOthers.
//
// ASVS V7.4.3
func TestCleanUpLeavesNothing(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		n := signin.NewToken{Name: "x", Scopes: []string{"staff.view"}, Days: 30}
		dies := func(what string, do func() error) {
			t.Helper()
			made, _ := token(t, w, admin, n)
			if err := do(); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if _, err := bearer(t, w, ws, made); parlatory.KindOf(err) != parlatory.KindUnauthenticated {
				t.Errorf("%s leaves a token: %v", what, err)
			}
		}
		dies("a changed password", func() error { return second(change(t, w, admin, domaintest.Password, fresh)) })
		dies("signing all others out", func() error { return w.Signin.EndOthers(t.Context(), admin) })
		if w.Count(parlatory.House, "devices", "account = $2", admin.Account) == 0 {
			t.Fatal("no browser is known before")
		}
		if err := w.Signin.Forgot(t.Context(), w.At(ws), ada); err != nil {
			t.Fatal(err)
		}
		if err := w.Signin.Reset(t.Context(), w.At(ws), w.Link(ada), secret(domaintest.Password)); err != nil {
			t.Fatal(err)
		}
		if n := w.Count(parlatory.House, "devices", "account = $2", admin.Account); n != 0 {
			t.Errorf("%d browsers are known after the reset", n)
		}
	})
}

// TestChoicesAreNoTries: whoever gives the right old password and chooses one that the rules refuse is not locked out by it; those that cost
// a hash have budgets (TestAC_005_ChoicesAreFew). Red without settle.
//
// ASVS V6.3.1
func TestChoicesAreNoTries(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		for n := range 20 {
			if _, err := change(t, w, admin, domaintest.Password, "short"); parlatory.KindOf(err) != parlatory.KindInvalid {
				t.Fatalf("choice %d: %v", n+1, err)
			}
		}
		owing(t, w, ws, ada, "")
		if _, err := change(t, w, admin, domaintest.Password, fresh); err != nil {
			t.Errorf("a good choice: %v", err)
		}
	})
}

// TestAC_004_NoLetterIsSilenced: a try that is refused since its door has too many is told of to nobody, and keeps no letter about a real lock
// back. Red where raise stores that it was told.
//
// ASVS V6.3.7
func TestAC_004_NoLetterIsSilenced(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{Account: account.Limits{Door: 20}}, func(t *testing.T, w *domaintest.World) {
		ws, _ := w.Founded(t, "acme")
		w.Clock.Advance(time.Hour)
		for i := range 20 {
			(&browser{w: w, ws: ws}).tries(t, "person"+string(rune('a'+i))+"@acme.example", 1)
		}
		(&browser{w: w, ws: ws}).tries(t, adminMail, 1)
		w.Clock.Advance(16 * time.Minute)
		(&browser{w: w, ws: ws}).tries(t, adminMail, 12)
		w.Deliver()
		if n := w.Mail.Count(adminMail, "Wrong passwords for your account"); n != 1 {
			t.Errorf("%d letters about the lock", n)
		}
	})
}

// TestQuietTakesAStepUp: the letters about new devices are switched off by whoever proved it just now, and that is the last of them. Red
// without quieten.
//
// ASVS V6.3.7, V7.5.1
func TestQuietTakesAStepUp(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		_, admin := w.Founded(t, "acme")
		w.Clock.Advance(11 * time.Minute)
		off, on := false, true
		if err := w.Account.Prefer(t.Context(), admin, account.Preferences{NotifyNewDevice: &off}); parlatory.KindOf(err) != parlatory.KindStepUp {
			t.Fatalf("without a step-up: %v", err)
		}
		if err := w.Account.Prefer(t.Context(), admin, account.Preferences{NotifyNewDevice: &on}); err != nil {
			t.Errorf("on: %v", err)
		}
		admin = stepped(t, w, admin, signin.StepUp{Password: secret(domaintest.Password)})
		for range 2 {
			if err := w.Account.Prefer(t.Context(), admin, account.Preferences{NotifyNewDevice: &off}); err != nil {
				t.Fatal(err)
			}
		}
		w.Deliver()
		if n := w.Mail.Count(ada, string(account.NoticeQuiet)); n != 1 {
			t.Errorf("%d letters", n)
		}
	})
}
