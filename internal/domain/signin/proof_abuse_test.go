package signin_test

import (
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/signin"
)

const fresh = "orchard 4 gliding kettles"

func change(t *testing.T, w *domaintest.World, actor parlatory.Actor, current, next string) (parlatory.Secret, error) {
	t.Helper()
	return w.Account.ChangePassword(t.Context(), actor, account.PasswordChange{Current: secret(current), New: secret(next)})
}

// stepped proves a session again, and gives its actor.
func stepped(t *testing.T, w *domaintest.World, actor parlatory.Actor, try signin.StepUp) parlatory.Actor {
	t.Helper()
	token, err := w.Signin.StepUp(t.Context(), actor, try)
	if err != nil {
		t.Fatal(err)
	}
	return w.Resume(t, actor.Workspace, token)
}

// TestAC_031_ChangedPasswordIsNoStepUp: whoever holds a session and the password changes the password of nobody who has a second factor, and
// a change is never a step-up. Red where permitPassword lets everybody pass; where Renew sets when it was proved.
//
// ASVS V6.2.3, V7.5.1, V7.5.3
func TestAC_031_ChangedPasswordIsNoStepUp(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		w.Clock.Advance(11 * time.Minute)
		token, err := change(t, w, admin, domaintest.Password, fresh)
		if err != nil {
			t.Fatalf("without a factor: %v", err)
		}
		admin = w.Resume(t, ws, token)
		if _, _, err := w.Signin.MakeToken(t.Context(), admin, signin.NewToken{Name: "x", Scopes: []string{"staff.view"}, Days: 1}); parlatory.KindOf(err) != parlatory.KindStepUp {
			t.Fatalf("the change of the password is a step-up: %v", err)
		}
		app, _, _ := w.Phone(t, admin, w.MailCode(t, admin, ada))
		admin = stepped(t, w, admin, signin.StepUp{FactorTry: code(t, w, app).FactorTry})
		w.Clock.Advance(11 * time.Minute)
		if _, err := change(t, w, admin, fresh, domaintest.Password); parlatory.KindOf(err) != parlatory.KindStepUp {
			t.Fatalf("the password of somebody with a factor, by the password alone: %v", err)
		}
		admin = stepped(t, w, admin, signin.StepUp{FactorTry: code(t, w, app).FactorTry})
		w.Clock.Advance(9 * time.Minute)
		if token, err = change(t, w, admin, fresh, domaintest.Password); err != nil {
			t.Fatalf("after a step-up: %v", err)
		}
		if after := w.Resume(t, ws, token); !after.Proved.Equal(admin.Proved) {
			t.Errorf("proved at %v, then %v", admin.Proved, after.Proved)
		}
	})
}

// member makes somebody with a second factor a member of another workspace.
func member(t *testing.T, w *domaintest.World, ws parlatory.WorkspaceID, boss parlatory.Actor, email string, app parlatory.Secret) parlatory.Actor {
	t.Helper()
	if _, err := w.Staff.Invite(t.Context(), as(boss, w), email, "", role.Agent); err != nil {
		t.Fatal(err)
	}
	r, err := w.Signin.Enter(t.Context(), w.At(ws), signin.Try{Email: email, Password: secret(domaintest.Password), Invitation: w.Link(email)})
	if err != nil || r.Owed != signin.StepFactor {
		t.Fatalf("owed %q: %v", r.Owed, err)
	}
	if r, err = w.Signin.PayFactor(t.Context(), half(t, w, ws, r), code(t, w, app)); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	return w.Resume(t, ws, w.Agreed(t, ws, r).Token)
}

// gone refuses a session that lives.
func gone(t *testing.T, w *domaintest.World, actor parlatory.Actor, what string) {
	t.Helper()
	dead(t, w, actor.Workspace, w.Tokens[actor.Session], what)
}

// TestAC_031_SessionsOfBeforeTheFactor: a hostile workspace voids the factors there, and a thief of the password sits in a session by the
// password alone. What the owner sets up at home ends it; were it alive, it would get no hand on what counts everywhere, and neither does one
// that proved a factor which counts at the hostile door alone, be that one there still or not. Red without EndFactorless in Store; without
// factorStanding.proven; without everywhere.
//
// ASVS V6.4.4, V6.5.6, V7.4.3, V7.5.1
func TestAC_031_SessionsOfBeforeTheFactor(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		_, admin := w.Founded(t, "acme")
		hostile, boss := w.Founded(t, "hostile")
		app, _, first := w.Phone(t, admin, w.MailCode(t, admin, ada))
		there := member(t, w, hostile, boss, ada, app)
		if there.ProvedBy != parlatory.ByFactor {
			t.Fatalf("a sign-in with the factor proved %q", there.ProvedBy)
		}
		if err := w.Signin.ResetFactor(t.Context(), as(boss, w), there.Staff, "a pretext"); err != nil {
			t.Fatal(err)
		}
		thief := w.SignIn(t, hostile, ada, domaintest.Password)
		planter := w.SignIn(t, hostile, ada, domaintest.Password)
		planted, _, there2 := w.Phone(t, planter, w.MailCode(t, planter, ada))
		if !there2.HereOnly {
			t.Fatal("the planted factor counts everywhere")
		}
		gone(t, w, thief, "a session without a factor, after the first one at this door")
		planter = stepped(t, w, planter, signin.StepUp{FactorTry: code(t, w, planted).FactorTry})
		if planter.ProvedBy != parlatory.ByFactorHere {
			t.Fatalf("the planted factor proved %q", planter.ProvedBy)
		}
		if _, err := w.Account.RenewRecovery(t.Context(), planter); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Errorf("codes that count everywhere by a planted factor: %v", err)
		}
		goes, err := w.Account.RemoveFactor(t.Context(), planter, there2.ID)
		if err != nil || goes.IsZero() {
			t.Fatalf("the planted factor, beside which nothing counts here, goes at %v: %v", goes, err)
		}
		w.Clock.Advance(25 * time.Hour)
		if err := w.Account.RemoveDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		gone(t, w, planter, "a session by a planted factor, after that is gone")
		thief = w.SignIn(t, hostile, ada, domaintest.Password)
		thief = stepped(t, w, thief, signin.StepUp{Password: secret(domaintest.Password)})

		home, _ := owing(t, w, admin.Workspace, ada, signin.StepFactor) // the removal has ended all sessions
		r, err := w.Signin.PayFactor(t.Context(), home, code(t, w, app))
		if err != nil {
			t.Fatal(err)
		}
		admin = w.Resume(t, admin.Workspace, r.Token)
		_, _, second := w.Phone(t, admin, parlatory.Secret{})
		gone(t, w, thief, "a session by the password alone, after the owner set up a factor that counts everywhere")
		thief.Proved = w.Clock.Now()
		_, renew := w.Account.RenewRecovery(t.Context(), thief)
		_, remove := w.Account.RemoveFactor(t.Context(), thief, second.ID)
		for act, err := range map[string]error{"renew": renew, "remove": remove, "rename": w.Account.RenameFactor(t.Context(), thief, second.ID, "x")} {
			if parlatory.KindOf(err) != parlatory.KindStepUp {
				t.Errorf("%s by the password: %v", act, err)
			}
		}
		if err := w.Account.MayFactor(t.Context(), thief); parlatory.KindOf(err) != parlatory.KindStepUp {
			t.Errorf("a factor is set up by the password where one counts: %v", err)
		}
		if _, err := change(t, w, thief, domaintest.Password, fresh); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Errorf("the password is changed by a password proof at a door where the factors were voided: %v", err)
		}
		admin.Proved = w.Clock.Now()
		if _, err := w.Account.RemoveFactor(t.Context(), admin, first.ID); err != nil {
			t.Errorf("the owner: %v", err)
		}
	})
}

// TestAC_031_ThiefAfterAReset: after an administrator's reset the password alone lets in whoever has it; the owner's new factor puts them
// out. Red without EndFactorless in Store.
//
// ASVS V7.4.3
func TestAC_031_ThiefAfterAReset(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		other, boss := w.Founded(t, "other")
		bob, email := w.HireAs(t, ws, role.Agent)
		app, _, _ := w.Phone(t, bob, w.MailCode(t, bob, email))
		elsewhere := member(t, w, other, boss, email, app)
		if err := w.Signin.ResetFactor(t.Context(), as(admin, w), bob.Staff, "lost the phone"); err != nil {
			t.Fatal(err)
		}
		thief := w.SignIn(t, ws, email, domaintest.Password)
		bob = w.SignIn(t, ws, email, domaintest.Password)
		if _, _, info := w.Phone(t, bob, w.MailCode(t, bob, email)); !info.HereOnly {
			t.Fatal("counts everywhere")
		}
		gone(t, w, thief, "the thief's session of before the new factor")
		lives(t, w, ws, w.Tokens[bob.Session], "the owner's")
		lives(t, w, other, w.Tokens[elsewhere.Session], "a session elsewhere, with a factor")
	})
}

// TestVoidedDoorReachesNoFurther: where an administrator voided the factors of somebody who is elsewhere too, a session by the password does
// nothing to the account as a whole, and neither does the step of a password that this workspace calls too old. Red without Reaches in
// each of them, and without apart in permitPassword and Devices.
//
// ASVS V6.4.4, V8.4.1
func TestVoidedDoorReachesNoFurther(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		_, admin := w.Founded(t, "acme")
		hostile, boss := w.Founded(t, "hostile")
		app, _, _ := w.Phone(t, admin, w.MailCode(t, admin, ada))
		there := member(t, w, hostile, boss, ada, app)
		if err := w.Signin.ResetFactor(t.Context(), as(boss, w), there.Staff, "a pretext"); err != nil {
			t.Fatal(err)
		}
		thief, other := w.SignIn(t, hostile, ada, domaintest.Password), w.SignIn(t, hostile, ada, domaintest.Password)
		_, password := change(t, w, thief, domaintest.Password, fresh)
		quiet := false
		for what, err := range map[string]error{
			"the password": password, "a session elsewhere": w.Signin.EndDevice(t.Context(), thief, admin.Session), "all others": w.Signin.EndOthers(t.Context(), thief),
			"preferences": w.Account.Prefer(t.Context(), thief, account.Preferences{NotifyNewDevice: &quiet}), "the name": second(w.Staff.RenameMe(t.Context(), thief, "Eve")),
		} {
			if parlatory.KindOf(err) != parlatory.KindConflict {
				t.Errorf("%s: %v", what, err)
			}
		}
		seen, err := w.Signin.Devices(t.Context(), thief)
		if err != nil || len(seen) != 2 || !seen[0].Here || !seen[1].Here {
			t.Errorf("the sessions: %+v %v", seen, err)
		}
		if err := w.Signin.EndDevice(t.Context(), thief, other.Session); err != nil {
			t.Errorf("a session here: %v", err)
		}
		w.Clock.Advance(48 * time.Hour)
		set(t, w, boss, security.PasswordPolicy{MaxAgeDays: 1}, security.LockoutPolicy{Ends: security.EndsByTime, Minutes: 15})
		aged, _ := owing(t, w, hostile, ada, signin.StepPassword)
		if _, err := w.Signin.NewPassword(t.Context(), aged, secret(fresh)); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Errorf("a password too old for the hostile door: %v", err)
		}
	})
}

// TestSessionsEndedElsewhereAreEchoed: a session that is ended from another workspace stands in the ledger of its own, once.
func TestSessionsEndedElsewhereAreEchoed(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		other, _ := w.Founded(t, "other")
		join(t, w, other, "admin@other.example", ada)
		echoes := func() int {
			t.Helper()
			for range 2 {
				if err := w.Account.Echo(t.Context(), w.Staff); err != nil {
					t.Fatal(err)
				}
			}
			return w.Count(other, "ledger_entries", "act = 'account.echo'")
		}
		there := w.SignIn(t, other, ada, domaintest.Password)
		if err := w.Signin.EndDevice(t.Context(), admin, there.Session); err != nil {
			t.Fatal(err)
		}
		if n := echoes(); n != 1 {
			t.Errorf("%d entries about one session", n)
		}
		if err := w.Signin.EndDevice(t.Context(), admin, w.SignIn(t, ws, ada, domaintest.Password).Session); err != nil {
			t.Fatal(err)
		}
		if n := echoes(); n != 1 {
			t.Errorf("%d entries: one about a session of another workspace", n)
		}
		if err := w.Signin.EndOthers(t.Context(), admin); err != nil {
			t.Fatal(err)
		}
		if n := echoes(); n != 2 {
			t.Errorf("%d entries after all were ended", n)
		}
	})
}

// TestAC_025_TriesOfAStranger: who has the password and tries codes is refused after ten in twenty minutes and after a hundred in all, and
// shuts the owner out of no browser on which a factor was given before; the owner hears of it, and a recovery code makes the app count
// again. A sign-in by a factor that counts at a hostile door alone makes no class. Red with one class for all; with a class for each
// known browser; without told; where a recovery code clears only what is under the row.
//
// ASVS V6.3.1, V6.3.7, V6.6.3
func TestAC_025_TriesOfAStranger(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		hostile, boss := w.Founded(t, "hostile")
		app, codes, _ := w.Phone(t, admin, w.MailCode(t, admin, ada))
		there := member(t, w, hostile, boss, ada, app)
		home, _ := owing(t, w, ws, ada, signin.StepFactor)
		in, err := w.Signin.PayFactor(t.Context(), home, code(t, w, app))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Signin.ResetFactor(t.Context(), as(boss, w), there.Staff, "a pretext"); err != nil {
			t.Fatal(err)
		}
		planter := w.SignIn(t, hostile, ada, domaintest.Password)
		planted, _, _ := w.Phone(t, planter, w.MailCode(t, planter, ada))
		lair, _ := owing(t, w, hostile, ada, signin.StepFactor)
		r, err := w.Signin.PayFactor(t.Context(), lair, code(t, w, planted))
		if err != nil {
			t.Fatal(err)
		}
		wrong := signin.FactorTry{FactorTry: account.FactorTry{Code: secret("12345x")}}
		for n := range 120 {
			device := []parlatory.Secret{}
			if n%2 == 1 {
				device = append(device, r.Device) // known, and no better for it
			}
			thief, _ := owing(t, w, ws, ada, signin.StepFactor, device...)
			_, err := w.Signin.PayFactor(t.Context(), thief, wrong)
			if over := parlatory.KindOf(err) == parlatory.KindTooMany; err == nil || over != (n%11 == 10) {
				t.Fatalf("try %d: %v", n+1, err)
			}
			if n%11 == 10 {
				w.Clock.Advance(21 * time.Minute)
			}
		}
		w.Deliver()
		if n := w.Mail.Count(ada, "Wrong codes for your account"); n != 2 {
			t.Errorf("%d letters: one when it was too many, one when the app counts no more", n)
		}
		owner, _ := owing(t, w, ws, ada, signin.StepFactor, in.Device)
		if _, err := w.Signin.PayFactor(t.Context(), owner, code(t, w, app)); err != nil {
			t.Errorf("the owner's browser: %v", err)
		}
		w.Clock.Advance(21 * time.Minute)
		elsewhere, _ := owing(t, w, ws, ada, signin.StepFactor)
		if _, err := w.Signin.PayFactor(t.Context(), elsewhere, code(t, w, app)); err == nil {
			t.Fatal("the app counts after a hundred failures")
		}
		if _, err := w.Signin.PayFactor(t.Context(), elsewhere, signin.FactorTry{FactorTry: account.FactorTry{RecoveryCode: codes[0]}}); err != nil {
			t.Fatal(err)
		}
		elsewhere, _ = owing(t, w, ws, ada, signin.StepFactor)
		if _, err := w.Signin.PayFactor(t.Context(), elsewhere, code(t, w, app)); err != nil {
			t.Errorf("the app, after a recovery code: %v", err)
		}
	})
}
