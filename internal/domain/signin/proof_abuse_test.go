package signin_test

import (
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/domaintest"
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
