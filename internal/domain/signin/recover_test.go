package signin_test

import (
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/signin"
)

func operator() parlatory.Actor {
	return parlatory.Actor{Kind: parlatory.Operator, Workspace: parlatory.House, Device: "parlatory account recover"}
}

// The operator gives an account back to its mailbox: nothing that it could be entered with is left, anywhere, and the entry in the ledger
// stands in the same commit. Red without the generation, without VoidAll, and where the witness is left out (the commit is refused).
//
// ASVS V6.4.4
func TestRecover(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		tok, _ := token(t, w, admin, signin.NewToken{Name: "x", Scopes: []string{"staff.view"}, Days: 30})
		w.Phone(t, admin, w.MailCode(t, admin, adminMail))
		before := w.Count(ws, "ledger_entries", "")
		f, err := w.Signin.Find(t.Context(), operator(), "Admin@ACME.example")
		if err != nil || f.Workspaces != 1 {
			t.Fatalf("%+v %v", f, err)
		}
		if err := w.Signin.Recover(t.Context(), operator(), f, "Phone and laptop are lost"); err != nil {
			t.Fatal(err)
		}
		dead(t, w, ws, w.Tokens[admin.Session], "session")
		if _, err := bearer(t, w, ws, tok); err == nil {
			t.Error("the API token lives")
		}
		if _, err := enter(t, w, w.At(ws), adminMail, domaintest.Password); err == nil {
			t.Error("the old password lives")
		}
		if n := w.Count(ws, "ledger_entries", "act = 'operator.recover'"); n != 1 || before == 0 {
			t.Errorf("%d entries in the workspace", n)
		}
		if n := w.Count(parlatory.House, "ledger_entries", "act = 'operator.recover'"); n != 1 {
			t.Errorf("%d entries in the house", n)
		}
		w.Clock.Advance(20 * time.Minute)
		if err := w.Signin.Reset(t.Context(), w.At(ws), w.Link(adminMail), secret(newPassword)); err != nil {
			t.Fatal(err)
		}
		r, err := enter(t, w, w.At(ws), adminMail, newPassword)
		if err != nil || r.Owed != "" {
			t.Errorf("with the new password: owed %q, %v", r.Owed, err)
		}
		lives(t, w, ws, r.Token, "the session after the recovery")
		if _, err := w.Signin.Find(t.Context(), operator(), "nobody@acme.example"); parlatory.KindOf(err) != parlatory.KindNotFound {
			t.Errorf("unknown: %v", err)
		}
	})
}

// No door makes an operator: whoever else asks for these acts is refused.
//
// ASVS V8.2.1
func TestOperatorsActsAreTheirs(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	agent := w.Hire(t, ws, role.Agent)
	for _, act := range w.Catalogue.All() {
		if act.Feature != "Operator" {
			continue
		}
		for _, who := range []parlatory.Actor{admin, agent, w.At(ws), {Kind: parlatory.Visitor, Workspace: ws}, {Kind: parlatory.System, Workspace: ws}, {Kind: parlatory.Half, Workspace: ws}} {
			if _, err := w.Law.Permit(t.Context(), who, act); err == nil {
				t.Errorf("%s may %s", who.Kind, act.Name)
			}
		}
	}
}
