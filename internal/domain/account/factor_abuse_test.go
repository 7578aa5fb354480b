package account_test

import (
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/signin"
	"parlatory/internal/storage/db"
)

// TestAC_031_FactorsOfAStolenSession: whoever holds a session and proved nothing for ten minutes changes no factor; the last
// one that the workspace asks for stays; its removal is told by mail.
//
// ASVS V6.3.7, V6.5.6, V7.5.1
func TestAC_031_FactorsOfAStolenSession(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		secret, _, first := w.Phone(t, admin, w.MailCode(t, admin, "admin@acme.example"))
		stolen := admin
		stolen.Proved = w.Clock.Now().Add(-11 * time.Minute)
		token, fresh, _, err := w.Account.BeginTOTP(t.Context(), account.EnrollerOf(admin))
		if err != nil {
			t.Fatal(err)
		}
		_, _, add := w.Account.AddFactor(t.Context(), stolen, account.Confirm{Ceremony: token, Code: domaintest.Code(t, fresh, w.Clock.Now()), Name: "Thief"})
		_, renew := w.Account.RenewRecovery(t.Context(), stolen)
		_, remove := w.Account.RemoveFactor(t.Context(), stolen, first.ID)
		for what, err := range map[string]error{"add": add, "renew": renew, "remove": remove, "rename": w.Account.RenameFactor(t.Context(), stolen, first.ID, "x"), "begin": w.Account.MayFactor(t.Context(), stolen)} {
			if parlatory.KindOf(err) != parlatory.KindStepUp {
				t.Errorf("%s: %v", what, err)
			}
		}
		admin = again(t, w, ws, secret, parlatory.Secret{})
		require(t, w, proved(w, admin), true)
		if _, err := w.Account.RemoveFactor(t.Context(), proved(w, admin), first.ID); parlatory.KindOf(err) != parlatory.KindConflict || !state(w, ws, admin.Account).TOTP {
			t.Fatalf("the last factor where one is required: %v", err)
		}
		if _, err := prove(t, w, bound(admin), account.FactorTry{Code: domaintest.Code(t, secret, w.Clock.Now())}); err != nil {
			t.Fatal(err)
		}
		require(t, w, proved(w, admin), false)
		if _, err := w.Account.RemoveFactor(t.Context(), proved(w, admin), first.ID); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(day)
		due(t, w)
		w.Deliver()
		if s := state(w, ws, admin.Account); s.Any() || s.Recovery != 0 || w.Mail.Count("admin@acme.example", "A second factor was removed") != 1 {
			t.Errorf("%+v, or no letter", s)
		}
	})
}

func require(t *testing.T, w *domaintest.World, admin parlatory.Actor, on bool) {
	t.Helper()
	v, err := w.Security.View(t.Context(), admin)
	if err == nil {
		_, err = w.Security.SetFactor(t.Context(), admin, v.Revision, security.FactorPolicy{Required: on})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestAC_025_HostileDoorDoesNotClearTries: tries at the factors that count everywhere stay counted, whatever a workspace that
// reset them does at its own door between them: reset again, set one up, prove it. Ten in twenty minutes are as many as before, and
// after a hundred in a row the app counts no more. Each is red by itself: reset where VoidFactors forgets them, set up where
// Enrolment.clear does not ask for the scope, prove where Proof.clear does not.
//
// ASVS V6.3.1
func TestAC_025_HostileDoorDoesNotClearTries(t *testing.T) {
	for _, act := range []string{"reset", "set up", "prove"} {
		t.Run(act, func(t *testing.T) {
			w := domaintest.New(t)
			_, admin := w.Founded(t, "acme")
			hostile, boss := w.Founded(t, "hostile")
			if _, err := w.Staff.Invite(t.Context(), boss, "admin@acme.example", "", role.Agent); err != nil {
				t.Fatal(err)
			}
			r, err := w.Signin.Enter(t.Context(), w.At(hostile), signin.Try{Email: "admin@acme.example", Password: parlatory.NewSecret(domaintest.Password), Invitation: w.Link("admin@acme.example")})
			if err != nil {
				t.Fatal(err)
			}
			w.Agreed(t, hostile, r)
			app, _, _ := w.Phone(t, admin, w.MailCode(t, admin, "admin@acme.example"))
			void := func() {
				w.Look(hostile, func(tx *db.Tx) error { return w.Account.VoidFactors(tx, admin.Account, hostile) })
			}
			void()
			there := w.SignIn(t, hostile, ada, domaintest.Password) // the first factor has ended what was begun without one
			planted, _, _ := w.Phone(t, there, w.MailCode(t, there, ada))
			w.Clock.Advance(day) // old enough to stand for a younger one, which goes at once
			wrong := account.FactorTry{Code: parlatory.NewSecret("12345x")}
			right := func() error {
				_, err := prove(t, w, bound(admin), account.FactorTry{Code: domaintest.Code(t, app, w.Clock.Now())})
				return err
			}
			if err := right(); err != nil {
				t.Fatal(err)
			}
			for round := range 11 {
				w.Clock.Advance(21 * time.Minute)
				for n := range 9 {
					if _, err := prove(t, w, bound(admin), wrong); parlatory.KindOf(err) != parlatory.KindInvalid {
						t.Fatalf("round %d, try %d: %v", round+1, n+1, err)
					}
				}
				switch act {
				case "reset":
					void()
				case "set up":
					_, _, info := w.Phone(t, proved(w, there), parlatory.Secret{})
					if goes, err := w.Account.RemoveFactor(t.Context(), proved(w, there), info.ID); err != nil || !goes.IsZero() {
						t.Fatal(goes, err)
					}
				case "prove":
					if _, err := prove(t, w, bound(there), account.FactorTry{Code: domaintest.Code(t, planted, w.Clock.Now())}); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := prove(t, w, bound(admin), wrong); parlatory.KindOf(err) != parlatory.KindInvalid {
					t.Errorf("round %d, the tenth: %v", round+1, err)
				}
				if _, err := prove(t, w, bound(admin), wrong); parlatory.KindOf(err) != parlatory.KindTooMany {
					t.Fatalf("round %d: the hostile workspace took tries of twenty minutes away: %v", round+1, err)
				}
			}
			w.Clock.Advance(21 * time.Minute)
			if err := right(); parlatory.KindOf(err) != parlatory.KindInvalid {
				t.Errorf("the hostile workspace took tries of the row away: the app counts after 110: %v", err)
			}
		})
	}
}
