package workspace_test

import (
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/signin"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/storage/db"
)

// changed is what another node would tell of a workspace.
func changed(w *domaintest.World, ws parlatory.WorkspaceID) {
	w.Workspace.Told([]parlatory.Event{{Kind: parlatory.WorkspaceChanged, Workspace: ws}})
}

// soon finds a workspace that was founded just now: rooms are told after the commit.
func soon(t *testing.T, w *domaintest.World, sub string) (id parlatory.WorkspaceID, ok bool, err error) {
	t.Helper()
	for end := time.Now().Add(time.Second); !ok && err == nil && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		id, ok, err = w.Workspace.Workspace(t.Context(), sub)
	}
	return id, ok, err
}

// TestAC_070_NoSubdomainTwice: a subdomain that anybody ever had is nobody else's, in whatever state the workspace is and however it is
// spelled: neither is a link mailed for it, nor does one that was mailed before found it.
//
// ASVS V8.4.1
func TestAC_070_NoSubdomainTwice(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ask := func(sub string) error {
			return w.Signin.RequestSignup(t.Context(), w.At(parlatory.House), signin.Signup{Company: "Heir", Subdomain: sub, Email: "heir@evil.example",
				SecurityVersion: workspace.Version, PrivacyVersion: workspace.Version})
		}
		early := w.SignUp("acme", "early@evil.example")
		ws, _ := w.Founded(t, "acme")
		letters := len(w.Mail.To("heir@evil.example"))
		for _, state := range []string{"active", "closed", "deleted", ""} {
			w.Look(ws, func(tx *db.Tx) error {
				_, err := tx.Exec(`UPDATE workspaces SET state = $2 WHERE workspace = $1`, state)
				return err
			})
			changed(w, ws)
			if id, ok, err := w.Workspace.Workspace(t.Context(), "acme"); err != nil || ok != (state == "active") || ok && id != ws {
				t.Errorf("state %q: found %v: %v", state, ok, err)
			}
			for _, sub := range []string{
				"acme", "ACME", "aCmE", " acme", "acme\t", "acme.", "acme..", ".acme", "acme.parlatory.test", "acme.parlatory.test.", "acme\n", "acme\x00", "acme%00", "acme/",
				"xn--acme", "xn--acme-", "XN--ACME-9cd", "xn--cme-hoa", "\u0430cme", "acm\u0435", "ac\u00adme", "\uff41\uff43\uff4d\uff45", "ac\u200bme", "acme\u3002", "\u24d0cme", "acm\u00e9",
			} {
				if err := ask(sub); parlatory.KindOf(err) != parlatory.KindInvalid || err == nil {
					t.Errorf("state %q: %q can be had: %v", state, sub, err)
				}
			}
			_, err := w.Signin.CompleteSignup(t.Context(), w.At(parlatory.House), early, "Early", parlatory.NewSecret(domaintest.Password))
			if parlatory.KindOf(err) != parlatory.KindInvalid || err == nil {
				t.Errorf("state %q: an earlier link founds it: %v", state, err)
			}
		}
		w.Deliver()
		if n := len(w.Mail.To("heir@evil.example")) - letters; n != 0 {
			t.Errorf("%d letters", n)
		}
		if n := w.Count(parlatory.House, "accounts", ""); n != 1 {
			t.Errorf("%d accounts: a refused founding left one", n)
		}
	})
}

// TestAC_070_HeirFindsNothing: even where the row of a workspace is taken away past the program, and somebody else founds one at its
// subdomain: it is another workspace, of which nothing that anybody remembers, holds or was mailed of the older one says anything.
//
// ASVS V8.4.1
func TestAC_070_HeirFindsNothing(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		if _, ok, err := w.Workspace.Workspace(t.Context(), "acme"); ok || err != nil { // remembered as nobody's
			t.Fatal(ok, err)
		}
		ws, admin := w.Founded(t, "acme")
		if id, ok, err := soon(t, w, "acme"); !ok || id != ws || err != nil {
			t.Fatal("what was remembered of nobody outlives the founding:", id, ok, err)
		}
		agent, email := w.HireAs(t, ws, role.Agent)
		if _, err := w.Workspace.AddSite(t.Context(), admin, "https://shop.example"); err != nil {
			t.Fatal(err)
		}
		admin.Factor, admin.Proved = parlatory.Passkey, w.Clock.Now()
		v, err := w.Security.View(t.Context(), admin)
		if err == nil {
			_, err = w.Security.SetFactor(t.Context(), admin, v.Revision, security.FactorPolicy{Message: "Of the old house.", TrustDays: 9})
		}
		if err == nil {
			_, err = w.Staff.Invite(t.Context(), admin, "invited@acme.example", "", role.Agent)
		}
		if err != nil {
			t.Fatal(err)
		}
		invitation := w.Link("invited@acme.example")
		if err := w.Signin.Forgot(t.Context(), w.At(ws), email); err != nil {
			t.Fatal(err)
		}
		reset := w.Link(email)
		token, _, err := w.Signin.MakeToken(t.Context(), admin, signin.NewToken{Name: "script", Scopes: []string{"staff.view"}, Days: 30})
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := w.Workspace.Listed(t.Context(), ws, "https://shop.example"); !ok || err != nil {
			t.Fatal(ok, err)
		}

		w.Look(ws, func(tx *db.Tx) error {
			_, err := tx.Exec(`DELETE FROM workspaces WHERE workspace = $1`)
			return err
		})
		changed(w, ws)
		if _, ok, err := w.Workspace.Workspace(t.Context(), "acme"); ok || err != nil {
			t.Fatal("the old one answers:", err)
		}
		f, err := w.Signin.CompleteSignup(t.Context(), w.At(parlatory.House), w.SignUp("acme", "heir@evil.example"), "Heir", parlatory.NewSecret(domaintest.Password))
		if err != nil {
			t.Fatal(err)
		}
		id, ok, err := soon(t, w, "acme")
		if err != nil || !ok || id != f.Workspace || id == ws {
			t.Fatalf("at the subdomain: %v %v %v", id, ok, err)
		}
		heir := w.SignIn(t, id, "heir@evil.example", domaintest.Password)
		if s, err := w.Security.Of(t.Context(), ws); err != nil || s.Factor.TrustDays != 9 { // remembered, a moment before
			t.Errorf("settings of the old one: %+v %v", s, err)
		}
		if s, err := w.Security.Of(t.Context(), id); err != nil || s != security.Default() {
			t.Errorf("settings: %+v %v", s, err)
		}
		if ok, err := w.Workspace.Listed(t.Context(), id, "https://shop.example"); ok || err != nil {
			t.Errorf("the old one's site: %v %v", ok, err)
		}
		if page, err := w.Staff.List(t.Context(), heir, [16]byte{}, 50); err != nil || len(page.Items) != 1 {
			t.Errorf("staff: %d, %v", len(page.Items), err)
		}
		for what, who := range map[string]parlatory.Actor{"administrator": admin, "agent": agent} {
			if _, err := w.Sessions.Session(t.Context(), id, w.Tokens[who.Session].Reveal(), w.At(id)); parlatory.KindOf(err) != parlatory.KindUnauthenticated {
				t.Errorf("the session of the old %s: %v", what, err)
			}
		}
		if _, err := w.Sessions.Token(t.Context(), id, token.Reveal(), w.At(id)); err == nil {
			t.Error("the old API token")
		}
		if _, err := w.Signin.Enter(t.Context(), w.At(id), signin.Try{Email: email, Password: parlatory.NewSecret(domaintest.Password)}); parlatory.KindOf(err) != parlatory.KindUnauthenticated {
			t.Errorf("the old agent signs in: %v", err)
		}
		if err := w.Signin.Reset(t.Context(), w.At(id), reset, parlatory.NewSecret("orchard 4 gliding kettles")); parlatory.KindOf(err) != parlatory.KindExpired {
			t.Errorf("the old link of a reset: %v", err)
		}
		if _, err := w.Signin.AcceptInvitation(t.Context(), w.At(id), invitation, "Guest", parlatory.NewSecret(domaintest.Password)); parlatory.KindOf(err) != parlatory.KindExpired {
			t.Errorf("the old invitation: %v", err)
		}
		heir.Proved = w.Clock.Now()
		if _, err := w.Staff.Suspend(t.Context(), heir, agent.Staff); parlatory.KindOf(err) != parlatory.KindNotFound {
			t.Errorf("the id of the old agent: %v", err)
		}
	})
}
