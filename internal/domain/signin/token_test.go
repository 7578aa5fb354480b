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
	"parlatory/internal/domain/staff"
	"parlatory/internal/guard/access"
	"parlatory/internal/storage/db"
)

func token(t *testing.T, w *domaintest.World, actor parlatory.Actor, n signin.NewToken) (parlatory.Secret, signin.Token) {
	t.Helper()
	actor.Proved = w.Clock.Now()
	secret, made, err := w.Signin.MakeToken(t.Context(), actor, n)
	if err != nil {
		t.Fatal(err)
	}
	return secret, made
}

func bearer(t *testing.T, w *domaintest.World, door parlatory.WorkspaceID, secret parlatory.Secret, from ...string) (parlatory.Actor, error) {
	t.Helper()
	return w.Sessions.Token(t.Context(), door, secret.Reveal(), w.At(door, from...))
}

// A token holds what its scopes and the role both allow, from where it may be used, for as long as it lasts; never a sensitive act, and
// nothing at another workspace.
//
// ASVS V7.2.1, V8.2.1, V8.2.4
func TestTokens(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		other, _ := w.Founded(t, "other")
		secret, made := token(t, w, admin, signin.NewToken{Name: "Nightly report", Scopes: []string{"staff.view"}, Networks: []string{"192.0.2.0/24"}, Days: 30})
		a, err := bearer(t, w, ws, secret, "192.0.2.7")
		if err != nil || a.Staff != admin.Staff || a.Token != made.ID || a.Kind != parlatory.Staff || !a.Session.Zero() {
			t.Fatalf("%+v %v", a, err)
		}
		if _, err := w.Staff.List(t.Context(), a, parlatory.StaffID{}, 10); err != nil {
			t.Errorf("what the scope names: %v", err)
		}
		if st, err := w.Signin.Standings(t.Context(), a, []staff.Member{{Row: staff.Row{ID: admin.Staff, Account: admin.Account}}}); err != nil || len(st) != 0 {
			t.Errorf("how somebody signs in: %v %v", st, err)
		}
		a.Proved = w.Clock.Now() // whatever a door may make of it
		for _, act := range w.Catalogue.All() {
			_, err := w.Law.Permit(t.Context(), a, act)
			if act.Name != "staff.view" && err == nil && !harmless(act) {
				t.Errorf("a token for staff.view may %s", act.Name)
			}
		}
		for what, try := range map[string]func() (parlatory.Actor, error){
			"from elsewhere":       func() (parlatory.Actor, error) { return bearer(t, w, ws, secret, "198.51.100.7") },
			"at another workspace": func() (parlatory.Actor, error) { return bearer(t, w, other, secret, "192.0.2.7") },
			"mutated": func() (parlatory.Actor, error) {
				return bearer(t, w, ws, parlatory.NewSecret(secret.Reveal()[:len(secret.Reveal())-1]+"x"), "192.0.2.7")
			},
		} {
			if _, err := try(); parlatory.KindOf(err) != parlatory.KindUnauthenticated {
				t.Errorf("%s: %v", what, err)
			}
		}
		list, _, err := w.Signin.Tokens(t.Context(), admin)
		if err != nil || len(list) != 1 || list[0].UsedFrom != "192.0.2.7" {
			t.Errorf("%+v %v", list, err)
		}
		w.Clock.Advance(31 * 24 * time.Hour)
		if _, err := bearer(t, w, ws, secret, "192.0.2.7"); parlatory.KindOf(err) != parlatory.KindUnauthenticated {
			t.Errorf("after its time: %v", err)
		}
	})
}

// harmless acts are for everybody, whoever asks.
func harmless(a access.Act) bool { return a.By.Has(parlatory.Anonymous) && !a.Audited }

// An agent's token can't name what the role lacks, and no token can name what asks for a step-up, whoever makes it.
//
// ASVS V8.2.1
func TestTokensHoldNoMoreThanTheirMaker(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	agent := w.Hire(t, ws, role.Agent)
	for name, n := range map[string]signin.NewToken{
		"beyond the role": {Name: "x", Scopes: []string{"site.view"}, Days: 1}, "sensitive": {Name: "x", Scopes: []string{"security.edit"}, Days: 1},
		"own account": {Name: "x", Scopes: []string{"token.make"}, Days: 1}, "nothing": {Name: "x", Days: 1}, "for ever": {Name: "x", Scopes: []string{"staff.view"}, Days: 366},
		"odd network": {Name: "x", Scopes: []string{"staff.view"}, Days: 1, Networks: []string{"10.1"}},
	} {
		if _, _, err := w.Signin.MakeToken(t.Context(), agent, n); parlatory.KindOf(err) != parlatory.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.Clock.Advance(11 * time.Minute)
	if _, _, err := w.Signin.MakeToken(t.Context(), admin, signin.NewToken{Name: "x", Scopes: []string{"staff.view"}, Days: 1}); parlatory.KindOf(err) != parlatory.KindStepUp {
		t.Errorf("without a step-up: %v", err)
	}
}

// Tokens die with what they rest on: suspension, another role, a reset, a revocation; where a factor is required, those that were made
// without one open nothing. Red without sqlDropTokensAt in EndStaff, and without the factor in the actor.
//
// ASVS V7.4.2
func TestAC_058_TokensDieWithTheirMember(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		n := signin.NewToken{Name: "x", Scopes: []string{"staff.view"}, Days: 30}
		gone := func(what string, secret parlatory.Secret) {
			t.Helper()
			if _, err := bearer(t, w, ws, secret); parlatory.KindOf(err) != parlatory.KindUnauthenticated {
				t.Errorf("%s: the token lives (%v)", what, err)
			}
		}
		agent := w.Hire(t, ws, role.Agent)
		one, _ := token(t, w, agent, n)
		if _, err := w.Staff.Suspend(t.Context(), admin, agent.Staff); err != nil {
			t.Fatal(err)
		}
		gone("suspended", one)
		if _, err := w.Staff.Reactivate(t.Context(), admin, agent.Staff); err != nil {
			t.Fatal(err)
		}
		gone("reactivated", one)
		second, email := w.HireAs(t, ws, role.Agent)
		two, _ := token(t, w, second, n)
		if err := w.Signin.Reset(t.Context(), w.At(ws), resetLink(t, w, ws, email), secret(newPassword)); err != nil {
			t.Fatal(err)
		}
		gone("reset", two)
		three, made := token(t, w, admin, n)
		if err := w.Signin.RevokeToken(t.Context(), w.Hire(t, ws, role.Administrator), made.ID); parlatory.KindOf(err) != parlatory.KindNotFound {
			t.Errorf("a colleague's: %v", err)
		}
		strong := admin
		strong.Factor = parlatory.TOTP
		if _, err := w.Security.SetFactor(t.Context(), strong, 0, security.FactorPolicy{Required: true}); err != nil {
			t.Fatal(err)
		}
		a, err := bearer(t, w, ws, three)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Law.Permit(t.Context(), a, staff.ActView); parlatory.KindOf(err) != parlatory.KindUnauthenticated {
			t.Errorf("made without a factor: %v", err)
		}
	})
}

// A row that was changed past the program opens nothing.
func TestForgedToken(t *testing.T) {
	for _, change := range []string{"scopes = 'staff.view site.view'", "expires_at = expires_at + 1", "factor = 'passkey'"} {
		w := domaintest.New(t)
		ws, admin := w.Founded(t, "acme")
		secret, _ := token(t, w, admin, signin.NewToken{Name: "x", Scopes: []string{"staff.view"}, Days: 30})
		w.Look(parlatory.House, func(tx *db.Tx) error {
			_, err := tx.Exec("UPDATE api_tokens SET " + change + " WHERE workspace = $1")
			return err
		})
		if _, err := bearer(t, w, ws, secret); parlatory.KindOf(err) != parlatory.KindUnauthenticated {
			t.Errorf("%s: %v", change, err)
		}
	}
}

// TestAC_058_RevokedSessionMakesNoToken: a session that was looked up before it was ended acts no more after it: no API token outlives
// "sign out everywhere", and no factor is set up, taken away or renamed. Red without Sessions.Stands in their transactions.
//
// ASVS V7.4.1, V8.3.1
func TestAC_058_RevokedSessionMakesNoToken(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, owner := w.Founded(t, "acme")
		own, codes, phone := w.Phone(t, owner, w.MailCode(t, owner, adminMail))
		owner = stepped(t, w, owner, signin.StepUp{FactorTry: code(t, w, own).FactorTry})
		thief := w.Resume(t, ws, w.Tokens[owner.Session]) // their request was let in with this
		thief.Proved = w.Clock.Now()
		begun, app, _, err := w.Account.BeginTOTP(t.Context(), account.EnrollerOf(thief))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Signin.Leave(t.Context(), owner); err != nil {
			t.Fatal(err)
		}
		for what, act := range map[string]func() error{
			"a token": func() error {
				_, _, err := w.Signin.MakeToken(t.Context(), thief, signin.NewToken{Name: "Mine", Scopes: []string{"staff.view"}, Days: 365})
				return err
			},
			"a factor": func() error {
				_, _, err := w.Account.AddFactor(t.Context(), thief, account.Confirm{Ceremony: begun, Code: domaintest.Code(t, app, w.Clock.Now()), Name: "Mine"})
				return err
			},
			"codes":     func() error { _, err := w.Account.RenewRecovery(t.Context(), thief); return err },
			"a removal": func() error { _, err := w.Account.RemoveFactor(t.Context(), thief, phone.ID); return err },
		} {
			if err := act(); parlatory.KindOf(err) != parlatory.KindUnauthenticated || err == nil {
				t.Errorf("a session that ended makes %s: %v", what, err)
			}
		}
		if n := w.Count(parlatory.House, "api_tokens", ""); n != 0 || len(codes) != 10 {
			t.Errorf("%d tokens", n)
		}
	})
}
