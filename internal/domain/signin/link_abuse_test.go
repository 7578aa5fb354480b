package signin_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/signin"
	"parlatory/internal/domain/staff"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/storage/db"
)

const newPassword = "orchard 4 gliding kettles"

func expired(t *testing.T, err error, what string) {
	t.Helper()
	if err == nil || parlatory.KindOf(err) != parlatory.KindExpired {
		t.Fatalf("%s: want expired, got %v", what, err)
	}
}

func resetLink(t *testing.T, w *domaintest.World, ws parlatory.WorkspaceID, email string) parlatory.Secret {
	t.Helper()
	if err := w.Signin.Forgot(t.Context(), w.At(ws), email); err != nil {
		t.Fatal(err)
	}
	return w.Link(email)
}

// TestAC_011_ResetIsNoSignIn: a reset ends every session and makes none, also of the person who reset; other links die.
//
// ASVS V6.4.3
func TestAC_011_ResetIsNoSignIn(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		r := invited(t, w, ws, admin, "half@acme.example")
		older, link := resetLink(t, w, ws, "admin@acme.example"), resetLink(t, w, ws, "admin@acme.example")
		if err := w.Signin.Reset(t.Context(), w.At(ws), link, secret("password1234")); parlatory.KindOf(err) != parlatory.KindInvalid {
			t.Fatalf("a weak password: %v", err)
		}
		if _, err := w.Signin.OpenReset(t.Context(), w.At(ws), link); err != nil {
			t.Fatalf("a refused password used the link up: %v", err)
		}
		if err := w.Signin.Reset(t.Context(), w.At(ws), link, secret(newPassword)); err != nil {
			t.Fatal(err)
		}
		if n := w.Count(parlatory.House, "sessions", "account = $2", admin.Account); n != 0 {
			t.Fatalf("%d sessions after a reset", n)
		}
		dead(t, w, ws, w.Tokens[admin.Session], "session from before")
		expired(t, second(w.Signin.OpenReset(t.Context(), w.At(ws), link)), "used link")
		expired(t, w.Signin.Reset(t.Context(), w.At(ws), older, secret(newPassword)), "older link")
		_, err := enter(t, w, w.At(ws), "admin@acme.example", domaintest.Password)
		refused(t, err)
		w.SignIn(t, ws, "admin@acme.example", newPassword)
		if _, err := w.Sessions.Attempt(t.Context(), ws, r.Token.Reveal(), w.At(ws)); err != nil {
			t.Fatalf("somebody else's half session: %v", err)
		}
		w.Deliver()
		if n := w.Mail.Count("admin@acme.example", "Your password was changed"); n != 1 {
			t.Fatalf("%d mails tell of the reset", n)
		}
	})
}

// TestAC_011_SuspendedBetween: a link that was asked for before a suspension resets nothing after it.
func TestAC_011_SuspendedBetween(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	agent, email := w.HireAs(t, ws, role.Agent)
	link := resetLink(t, w, ws, email)
	if _, err := w.Staff.Suspend(t.Context(), admin, agent.Staff); err != nil {
		t.Fatal(err)
	}
	expired(t, w.Signin.Reset(t.Context(), w.At(ws), link, secret(newPassword)), "reset while suspended")
	link = resetLink(t, w, ws, "admin@acme.example")
	w.Clock.Advance(signin.ResetLife)
	expired(t, w.Signin.Reset(t.Context(), w.At(ws), link, secret(newPassword)), "after 30 minutes")
}

var links = regexp.MustCompile(`https?://[^\s"<]+`)

// TestAC_013_LinksFromConfiguration: whatever is typed into forms, every address in every mail is one of ours.
func TestAC_013_LinksFromConfiguration(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	for _, name := range []string{"Acme https://evil.example/x", "Acme //evil.example", "Win at WWW.evil.example"} {
		if _, err := w.Workspace.Rename(t.Context(), admin, name); parlatory.KindOf(err) != parlatory.KindInvalid {
			t.Errorf("company %q: %v", name, err)
		}
	}
	if _, err := w.Workspace.Rename(t.Context(), admin, `Acme "quoted" <a href=evil.example> & <b>sons</b>`); err != nil {
		t.Fatal(err)
	}
	_ = invited(t, w, ws, admin, "agent@acme.example")
	_ = resetLink(t, w, ws, "admin@acme.example")
	ours := 0
	for _, m := range w.Mail.All() {
		for _, l := range append(links.FindAllString(m.Text, -1), links.FindAllString(m.HTML, -1)...) {
			switch {
			case strings.HasPrefix(l, "https://acme.parlatory.test/"), strings.HasPrefix(l, "https://parlatory.test/"), l == "https://acme.parlatory.test":
				ours++
			default:
				t.Errorf("mail %q holds %s", m.Subject, l)
			}
		}
		if strings.Contains(m.HTML, `<a href=evil`) || strings.Contains(m.HTML, `<b>`) {
			t.Errorf("mail %q links to a stranger", m.Subject)
		}
	}
	if ours < 8 {
		t.Fatalf("only %d links of ours", ours)
	}
}

// TestAC_014_ResetGoesToTheAccountsAddress: look-alikes, lists and broken headers reach nobody.
//
// ASVS V6.4.3
func TestAC_014_ResetGoesToTheAccountsAddress(t *testing.T) {
	w := domaintest.New(t)
	ws, _ := w.Founded(t, "acme")
	w.Deliver()
	before := len(w.Mail.All())
	for _, typed := range []string{
		"admin@acme.example,evil@evil.example", "admin@acme.example evil@evil.example", "admin@acme.example\r\nBcc: evil@evil.example",
		"admin@acme.example\n", "\"admin@acme.example\" <evil@evil.example>", "admin@acme.example;evil@evil.example",
		"\u0430dmin@acme.example", "admin@\u0430cme.example", "admin@acme.example.", "admin+x@acme.example", "admin@acme.example%0a", "a.d.m.i.n@acme.example",
	} {
		_ = w.Signin.Forgot(t.Context(), w.At(ws), typed) // some are no addresses at all, and say so
	}
	w.Deliver()
	if mails := w.Mail.All()[before:]; len(mails) != 0 {
		t.Fatalf("%d mails went out, the first to %q", len(mails), mails[0].To)
	}
	if err := w.Signin.Forgot(t.Context(), w.At(ws), "ADMIN@Acme.Example"); err != nil {
		t.Fatal(err)
	}
	w.Deliver()
	if mails := w.Mail.All()[before:]; len(mails) != 1 || mails[0].To != "admin@acme.example" {
		t.Fatalf("mails %v", mails)
	}
}

// TestAC_016_InvitationIsBound: used, revoked, replaced, role changed, of another workspace, or edited: dead.
//
// ASVS V6.4.1
func TestAC_016_InvitationIsBound(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	other, _ := w.Founded(t, "other")
	invite := func(email string) (staff.Member, parlatory.Secret) {
		t.Helper()
		m, err := w.Staff.Invite(t.Context(), admin, email, "", role.Agent)
		if err != nil {
			t.Fatal(err)
		}
		return m, w.Link(email)
	}
	gone := func(what string, token parlatory.Secret) {
		t.Helper()
		_, err := w.Signin.OpenInvitation(t.Context(), w.At(ws), token)
		expired(t, err, what+", open")
		_, err = w.Signin.AcceptInvitation(t.Context(), w.At(ws), token, "Eve", secret(domaintest.Password))
		expired(t, err, what+", accept")
	}
	m, token := invite("revoked@acme.example")
	if err := w.Staff.Revoke(t.Context(), admin, m.ID); err != nil {
		t.Fatal(err)
	}
	gone("revoked", token)
	m, token = invite("replaced@acme.example")
	if err := w.Staff.Resend(t.Context(), admin, m.ID); err != nil {
		t.Fatal(err)
	}
	gone("replaced", token)
	m, token = invite("changed@acme.example")
	if _, err := w.Staff.SetRole(t.Context(), admin, m.ID, role.Supervisor); err != nil {
		t.Fatal(err)
	}
	gone("role changed", token)
	_, token = invite("foreign@acme.example")
	_, err := w.Signin.OpenInvitation(t.Context(), w.At(other), token)
	expired(t, err, "at another workspace")
	m, token = invite("edited@acme.example")
	w.Look(ws, func(tx *db.Tx) error {
		if _, err := tx.Exec(`UPDATE invitations SET role = 'Administrator' WHERE workspace = $1 AND staff = $2`, m.ID); err != nil {
			return err
		}
		_, err := tx.Exec(`UPDATE staff SET role = 'Administrator' WHERE workspace = $1 AND id = $2`, m.ID)
		return err
	})
	if _, err := w.Signin.AcceptInvitation(t.Context(), w.At(ws), token, "Eve", secret(domaintest.Password)); err == nil {
		t.Fatal("an invitation with an edited role was accepted")
	}
	r := invited(t, w, ws, admin, "used@acme.example")
	token = w.Link("used@acme.example")
	w.Agreed(t, ws, r)
	gone("used", token)
}

// TestAC_017_NoGrace: at 24 hours the link is dead, a second before it lives, and a half session does not stretch it.
//
// ASVS V6.4.1
func TestAC_017_NoGrace(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	if _, err := w.Staff.Invite(t.Context(), admin, "late@acme.example", "", role.Agent); err != nil {
		t.Fatal(err)
	}
	token := w.Link("late@acme.example")
	w.Clock.Advance(staff.InvitationLife - 10*time.Second)
	if _, err := w.Signin.OpenInvitation(t.Context(), w.At(ws), token); err != nil {
		t.Fatalf("before the end: %v", err)
	}
	r, err := w.Signin.AcceptInvitation(t.Context(), w.At(ws), token, "Late", secret(domaintest.Password))
	if err != nil {
		t.Fatal(err)
	}
	half, err := w.Sessions.Attempt(t.Context(), ws, r.Token.Reveal(), w.At(ws))
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(10 * time.Second)
	_, err = w.Signin.OpenInvitation(t.Context(), w.At(ws), token)
	expired(t, err, "after 24 hours")
	_, err = w.Signin.Agree(t.Context(), half, workspace.Version, workspace.Version)
	expired(t, err, "half session of an invitation that ran out")
}

// TestAC_019_MailFlood: three links an hour to one person, twenty from one source, and one answer throughout.
func TestAC_019_MailFlood(t *testing.T) {
	w := domaintest.New(t)
	ws, _ := w.Founded(t, "acme")
	_ = w.Hire(t, ws, role.Agent)
	w.Deliver()
	w.Clock.Advance(2 * time.Hour)
	before := len(w.Mail.To("admin@acme.example"))
	for range 10 {
		if err := w.Signin.Forgot(t.Context(), w.At(ws), "admin@acme.example"); err != nil {
			t.Fatalf("the answer changed: %v", err)
		}
	}
	w.Deliver()
	if n := len(w.Mail.To("admin@acme.example")) - before; n != 3 {
		t.Fatalf("%d mails to one person", n)
	}
	w.Clock.Advance(2 * time.Hour)
	all := len(w.Mail.All())
	for i := range 30 {
		q := signin.Signup{Company: "C", Subdomain: "sub" + string(rune('a'+i%26)) + string(rune('a'+i/26)), Email: "v" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + "@victim.example",
			SecurityVersion: workspace.Version, PrivacyVersion: workspace.Version}
		err := w.Signin.RequestSignup(t.Context(), w.At(parlatory.House, "203.0.113.9"), q)
		if i >= 20 {
			busy(t, err, time.Hour)
		} else if err != nil {
			t.Fatalf("the answer changed: %v", err)
		}
	}
	written := w.Count(parlatory.House, "resets", "") + w.Count(parlatory.House, "budgets", "")
	for _, email := range []string{"admin@acme.example", "nobody@acme.example"} {
		busy(t, w.Signin.Forgot(t.Context(), w.At(ws, "203.0.113.9"), email), time.Hour)
	}
	if n := w.Count(parlatory.House, "resets", "") + w.Count(parlatory.House, "budgets", "") - written; n != 0 {
		t.Fatalf("a source over its budget wrote %d rows", n)
	}
	w.Deliver()
	if n := len(w.Mail.All()) - all; n != 20 {
		t.Fatalf("%d mails from one source", n)
	}
	rows := w.Count(parlatory.House, "resets", "")
	if err := w.Signin.Forgot(t.Context(), w.At(ws), "nobody@acme.example"); err != nil {
		t.Fatal(err)
	}
	if n := w.Count(parlatory.House, "resets", "") - rows; n != 1 {
		t.Fatalf("an unknown address wrote %d rows, a known one writes 1", n)
	}
}

// TestAC_022_NobodyLearnsAPassword: what an administrator gets of an invitation holds no key, and the key is in no ledger.
//
// ASVS V6.4.1, V6.4.6
func TestAC_022_NobodyLearnsAPassword(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	m, err := w.Staff.Invite(t.Context(), admin, "new@acme.example", "New", role.Agent)
	if err != nil {
		t.Fatal(err)
	}
	token := w.Link("new@acme.example").Reveal()
	shown, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	page, err := w.Staff.List(t.Context(), admin, parlatory.StaffID{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := json.Marshal(page)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(shown)+string(listed), token) {
		t.Fatal("the administrator can read the link")
	}
	for _, m := range w.Mail.All() {
		if m.To != "new@acme.example" && strings.Contains(m.Text+m.HTML, token) {
			t.Fatal("somebody else was mailed the link")
		}
	}
	if n := w.Count(ws, "invitations", "token = $2", []byte(token)); n != 0 {
		t.Fatal("the token stands in the database")
	}
}

// TestAC_038_NobodyPlantsAPassword: neither a stranger's sign-up nor a workspace's invitation sets the password of an
// address that has an account, and before the mailbox answered there is no account at all.
func TestAC_038_NobodyPlantsAPassword(t *testing.T) {
	w := domaintest.New(t)
	_, _ = w.Founded(t, "acme")
	evil, boss := w.Founded(t, "evil")
	accounts := w.Count(parlatory.House, "accounts", "")
	link := w.SignUp("trap", "victim@acme.example")
	if n := w.Count(parlatory.House, "accounts", ""); n != accounts {
		t.Fatal("an account before the link was used")
	}
	if n := w.Count(parlatory.House, "signups", "used_at = 0"); n != 1 {
		t.Fatalf("%d open sign-ups", n)
	}
	if o, err := w.Signin.OpenSignup(t.Context(), w.At(parlatory.House), link); err != nil || o.Known || o.Email != "victim@acme.example" {
		t.Fatalf("%+v %v", o, err)
	}
	known := w.SignUp("trap2", "admin@acme.example")
	if o, err := w.Signin.OpenSignup(t.Context(), w.At(parlatory.House), known); err != nil || !o.Known {
		t.Fatalf("%+v %v", o, err)
	}
	_, err := w.Signin.CompleteSignup(t.Context(), w.At(parlatory.House), known, "Eve", secret(newPassword))
	if parlatory.KindOf(err) != parlatory.KindInvalid {
		t.Fatalf("a foreign password at sign-up: %v", err)
	}
	if _, err := w.Staff.Invite(t.Context(), boss, "admin@acme.example", "", role.Agent); err != nil {
		t.Fatal(err)
	}
	invitation := w.Link("admin@acme.example")
	_, err = w.Signin.AcceptInvitation(t.Context(), w.At(evil), invitation, "Eve", secret(newPassword))
	if parlatory.KindOf(err) != parlatory.KindConflict {
		t.Fatalf("an invitation set a password: %v", err)
	}
	_, err = w.Signin.Enter(t.Context(), w.At(evil), signin.Try{Email: "admin@acme.example", Password: secret(newPassword), Invitation: invitation})
	refused(t, err)
	acme, _, err := w.Workspace.Workspace(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	w.SignIn(t, acme, "admin@acme.example", domaintest.Password)
	if _, err := w.Signin.CompleteSignup(t.Context(), w.At(parlatory.House), known, "Ada", secret(domaintest.Password)); err != nil {
		t.Fatalf("the owner's own password: %v", err)
	}
	if n := w.Count(parlatory.House, "accounts", ""); n != accounts {
		t.Fatalf("%d accounts, want %d", n, accounts)
	}
}

// TestInvitationOfAnotherAddress: an invitation counts for the address that it was sent to.
func TestInvitationOfAnotherAddress(t *testing.T) {
	w := domaintest.New(t)
	_, _ = w.Founded(t, "acme")
	other, boss := w.Founded(t, "other")
	if _, err := w.Staff.Invite(t.Context(), boss, "somebody@else.example", "", role.Administrator); err != nil {
		t.Fatal(err)
	}
	_, err := w.Signin.Enter(t.Context(), w.At(other), signin.Try{Email: "admin@acme.example", Password: secret(domaintest.Password), Invitation: w.Link("somebody@else.example")})
	refused(t, err)
}

// atOnce runs do n times at once and counts those that succeeded.
func atOnce(t *testing.T, n int, do func() error) int {
	t.Helper()
	var won atomic.Int64
	var all sync.WaitGroup
	start := make(chan struct{})
	for range n {
		all.Go(func() {
			<-start
			err := do()
			switch {
			case err == nil:
				won.Add(1)
			case parlatory.KindOf(err) == parlatory.KindInternal:
				t.Error(err)
			}
		})
	}
	close(start)
	all.Wait()
	return int(won.Load())
}

// TestLinkRedeemedAtOnce: each kind of link counts once. Those that hash a password are tried twelve times here; test/signin redeems a
// reset link fifty times, on the whole program.
//
// ASVS V6.4.1, V6.5.1
func TestLinkRedeemedAtOnce(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, _ := w.Founded(t, "acme")
		signup := w.SignUp("fifty", "fifty@fifty.example")
		n := atOnce(t, 12, func() error {
			_, err := w.Signin.CompleteSignup(t.Context(), w.At(parlatory.House), signup, "Fifty", secret(domaintest.Password))
			return err
		})
		if n != 1 {
			t.Errorf("sign-up counted %d times", n)
		}
		reset := resetLink(t, w, ws, "admin@acme.example")
		if n := atOnce(t, 12, func() error { return w.Signin.Reset(t.Context(), w.At(ws), reset, secret(newPassword)) }); n != 1 {
			t.Errorf("reset counted %d times", n)
		}
		admin := w.SignIn(t, ws, "admin@acme.example", newPassword)
		r := invited(t, w, ws, admin, "agent@acme.example")
		half, err := w.Sessions.Attempt(t.Context(), ws, r.Token.Reveal(), w.At(ws))
		if err != nil {
			t.Fatal(err)
		}
		n = atOnce(t, 50, func() error {
			_, err := w.Signin.Agree(t.Context(), half, workspace.Version, workspace.Version)
			return err
		})
		if n != 1 || w.Count(parlatory.House, "sessions", "account = $2", half.Account) != 1 {
			t.Errorf("half session became %d sessions", n)
		}
		if _, err := w.Staff.Invite(t.Context(), admin, "twice@acme.example", "", role.Agent); err != nil {
			t.Fatal(err)
		}
		link := w.Link("twice@acme.example")
		n = atOnce(t, 12, func() error {
			_, err := w.Signin.AcceptInvitation(t.Context(), w.At(ws), link, "Twice", secret(domaintest.Password))
			return err
		})
		if n != 1 {
			t.Errorf("invitation counted %d times", n)
		}
	})
}
