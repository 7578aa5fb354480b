package signin_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/signin"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/storage/db"
)

func dead(t *testing.T, w *domaintest.World, ws parlatory.WorkspaceID, token parlatory.Secret, what string) {
	t.Helper()
	if _, err := w.Sessions.Session(t.Context(), ws, token.Reveal(), w.At(ws)); parlatory.KindOf(err) != parlatory.KindUnauthenticated || err == nil {
		t.Fatalf("%s: the token still opens a session (%v)", what, err)
	}
}

func lives(t *testing.T, w *domaintest.World, ws parlatory.WorkspaceID, token parlatory.Secret, what string) parlatory.Actor {
	t.Helper()
	a, err := w.Sessions.Session(t.Context(), ws, token.Reveal(), w.At(ws))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return a
}

// invited accepts an invitation up to the half session.
func invited(t *testing.T, w *domaintest.World, ws parlatory.WorkspaceID, admin parlatory.Actor, email string) signin.Result {
	t.Helper()
	if _, err := w.Staff.Invite(t.Context(), admin, email, "", role.Agent); err != nil {
		t.Fatal(err)
	}
	r, err := w.Signin.AcceptInvitation(t.Context(), w.At(ws), w.Link(email), "Half Way", secret(domaintest.Password))
	if err != nil {
		t.Fatal(err)
	}
	if r.Owed != signin.StepAgreement {
		t.Fatalf("owed %q", r.Owed)
	}
	return r
}

// TestAC_026_HalfSessionReachesItsStepOnly: of all acts of the program a half session may do those of the sign-in page.
//
// ASVS V6.3.4, V8.2.1
func TestAC_026_HalfSessionReachesItsStepOnly(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	r := invited(t, w, ws, admin, "half@acme.example")
	dead(t, w, ws, r.Token, "half session's token")
	half, err := w.Sessions.Attempt(t.Context(), ws, r.Token.Reveal(), w.At(ws))
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{
		"invitation.accept", "invitation.open", "policy.read", "signin.agree", "signin.begin", "signin.enrol", "signin.enter", "signin.factor", "signin.forgot",
		"signin.leave", "signin.owed", "signin.passkey", "signin.password", "signin.reset", "signin.reset_open", "workspace.door",
	}
	for _, act := range w.Catalogue.All() {
		_, err := w.Law.Permit(t.Context(), half, act)
		if got, want := err == nil, slices.Contains(allowed, act.Name); got != want {
			t.Errorf("half session may %s: %v", act.Name, got)
		}
	}
	if _, err := w.Staff.List(t.Context(), half, parlatory.StaffID{}, 1); parlatory.KindOf(err) != parlatory.KindUnauthenticated {
		t.Errorf("list of staff: %v", err)
	}
	if _, err := w.Signin.Agree(t.Context(), half, "2020-01", workspace.Version); parlatory.KindOf(err) != parlatory.KindInvalid {
		t.Errorf("agreement to an old version: %v", err)
	}
	if n := w.Count(ws, "staff", "state = 'active'"); n != 1 {
		t.Errorf("%d active before the step was paid", n)
	}
	w.Clock.Advance(signin.AttemptLife)
	if _, err := w.Signin.Agree(t.Context(), half, workspace.Version, workspace.Version); err == nil {
		t.Error("a half session that ran out paid its step")
	}
}

// TestAC_055_NewTokenAtEachChange: half session to session, change of password, change of role: the old token is dead.
//
// ASVS V7.2.4
func TestAC_055_NewTokenAtEachChange(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		r := invited(t, w, ws, admin, "agent@acme.example")
		done := w.Agreed(t, ws, r)
		if done.Token.Reveal() == r.Token.Reveal() {
			t.Fatal("the half session's token became the session's")
		}
		if _, err := w.Sessions.Attempt(t.Context(), ws, r.Token.Reveal(), w.At(ws)); err == nil {
			t.Fatal("the half session outlived its end")
		}
		agent := lives(t, w, ws, done.Token, "session")
		renewed, err := w.Account.ChangePassword(t.Context(), agent, account.PasswordChange{Current: secret(domaintest.Password), New: secret("orchard 4 gliding kettles")})
		if err != nil {
			t.Fatal(err)
		}
		dead(t, w, ws, done.Token, "after the change of password")
		if a := lives(t, w, ws, renewed, "renewed"); a.Session != agent.Session {
			t.Fatal("another session")
		}
		if _, err := w.Staff.SetRole(t.Context(), admin, agent.Staff, role.Supervisor); err != nil {
			t.Fatal(err)
		}
		dead(t, w, ws, renewed, "after the change of role")
		if a := w.SignIn(t, ws, "agent@acme.example", "orchard 4 gliding kettles"); a.Role != role.Supervisor {
			t.Fatalf("role %s", a.Role)
		}
	})
}

// TestAC_056_OneRowASignIn: a sign-in over a session replaces it, and sign-out leaves nothing.
//
// ASVS V7.2.4, V7.4.1
func TestAC_056_OneRowASignIn(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	first := w.Tokens[admin.Session]
	r, err := enter(t, w, admin, "admin@acme.example", domaintest.Password)
	if err != nil {
		t.Fatal(err)
	}
	dead(t, w, ws, first, "replaced session")
	if n := w.Count(parlatory.House, "sessions", ""); n != 1 {
		t.Fatalf("%d session rows", n)
	}
	again := lives(t, w, ws, r.Token, "new session")
	if err := w.Signin.Leave(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	dead(t, w, ws, r.Token, "after sign-out")
	if n := w.Count(parlatory.House, "sessions", "") + w.Count(parlatory.House, "attempts", ""); n != 0 {
		t.Fatalf("%d rows after sign-out", n)
	}
	if n := w.Count(ws, "ledger_entries", "action = 'Signed out'"); n != 1 {
		t.Fatalf("%d sign-outs in the ledger", n)
	}
}

// TestAC_058_SuspensionEndsEverything: sessions and half sessions of the membership are gone when Suspend returns, those
// in other workspaces are not.
//
// ASVS V7.4.2, V8.3.2
func TestAC_058_SuspensionEndsEverything(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		agent, email := w.HireAs(t, ws, role.Agent)
		elsewhere, _ := w.Founded(t, "other")
		join(t, w, elsewhere, "admin@other.example", email)
		there := w.SignIn(t, elsewhere, email, domaintest.Password)
		second := w.SignIn(t, ws, email, domaintest.Password)
		if _, err := w.Staff.Suspend(t.Context(), admin, agent.Staff); err != nil {
			t.Fatal(err)
		}
		dead(t, w, ws, w.Tokens[agent.Session], "first session")
		dead(t, w, ws, w.Tokens[second.Session], "second session")
		lives(t, w, elsewhere, w.Tokens[there.Session], "session elsewhere")
		_, err := enter(t, w, w.At(ws), email, domaintest.Password)
		refused(t, err)
		if _, err := w.Staff.Reactivate(t.Context(), admin, agent.Staff); err != nil {
			t.Fatal(err)
		}
		dead(t, w, ws, w.Tokens[second.Session], "after reactivation")
		w.SignIn(t, ws, email, domaintest.Password)
	})
}

// join makes an existing account a member of another workspace.
func join(t *testing.T, w *domaintest.World, ws parlatory.WorkspaceID, adminEmail, email string) {
	t.Helper()
	admin := w.SignIn(t, ws, adminEmail, domaintest.Password)
	if _, err := w.Staff.Invite(t.Context(), admin, email, "", role.Agent); err != nil {
		t.Fatal(err)
	}
	r, err := w.Signin.Enter(t.Context(), w.At(ws), signin.Try{Email: email, Password: secret(domaintest.Password), Invitation: w.Link(email)})
	if err != nil {
		t.Fatal(err)
	}
	w.Agreed(t, ws, r)
}

// TestAC_071_TokensOfAnotherWorkspace: a token, a link or an id of one workspace is nothing at another's door.
//
// ASVS V8.4.1
func TestAC_071_TokensOfAnotherWorkspace(t *testing.T) {
	w := domaintest.New(t)
	a, adminA := w.Founded(t, "acme")
	b, adminB := w.Founded(t, "other")
	agentB := w.Hire(t, b, role.Agent)
	dead(t, w, b, w.Tokens[adminA.Session], "session at another door")
	r := invited(t, w, a, adminA, "half@acme.example")
	if _, err := w.Sessions.Attempt(t.Context(), b, r.Token.Reveal(), w.At(b)); err == nil {
		t.Error("half session at another door")
	}
	if err := w.Signin.Forgot(t.Context(), w.At(a), "admin@acme.example"); err != nil {
		t.Fatal(err)
	}
	link := w.Link("admin@acme.example")
	if err := w.Signin.Reset(t.Context(), w.At(b), link, secret("orchard 4 gliding kettles")); parlatory.KindOf(err) != parlatory.KindExpired {
		t.Errorf("reset link at another door: %v", err)
	}
	for what, err := range map[string]error{
		"suspend":    second(w.Staff.Suspend(t.Context(), adminA, agentB.Staff)),
		"reactivate": second(w.Staff.Reactivate(t.Context(), adminA, agentB.Staff)),
		"role":       second(w.Staff.SetRole(t.Context(), adminA, agentB.Staff, role.Administrator)),
		"resend":     w.Staff.Resend(t.Context(), adminA, agentB.Staff),
		"revoke":     w.Staff.Revoke(t.Context(), adminA, agentB.Staff),
	} {
		if parlatory.KindOf(err) != parlatory.KindNotFound || err == nil {
			t.Errorf("%s of another workspace's member: %v", what, err)
		}
	}
	forged := adminB
	forged.Workspace = a // ids of B's session beside A's workspace: no door makes this, and no row answers it
	if _, err := w.Staff.Me(t.Context(), forged); parlatory.KindOf(err) != parlatory.KindNotFound {
		t.Errorf("me: %v", err)
	}
	if a := lives(t, w, b, w.Tokens[agentB.Session], "agent of B"); a.Role != role.Agent {
		t.Errorf("role %s", a.Role)
	}
}

func second[T any](_ T, err error) error { return err }

// TestSessionEnds: idle and absolute limits hold by the server's clock.
//
// ASVS V7.3.1, V7.3.2, V7.4.1
func TestSessionEnds(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	token, idle := w.Tokens[admin.Session], security.Default().Sessions.Idle()
	w.Clock.Advance(idle - time.Second)
	lives(t, w, ws, token, "within the idle limit")
	w.Clock.Advance(idle - time.Second)
	lives(t, w, ws, token, "used in between")
	w.Clock.Advance(idle + time.Second)
	dead(t, w, ws, token, "idle")
	fresh := w.SignIn(t, ws, "admin@acme.example", domaintest.Password)
	for range 4 * 7 {
		w.Clock.Advance(6 * time.Hour)
		_, _ = w.Sessions.Session(t.Context(), ws, w.Tokens[fresh.Session].Reveal(), w.At(ws))
	}
	dead(t, w, ws, w.Tokens[fresh.Session], "older than a week, though in use")
}

// TestUnattended: what nobody did is judged by the session, and does not keep it alive.
//
// ASVS V7.3.1
func TestUnattended(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	token, idle := w.Tokens[admin.Session], security.Default().Sessions.Idle()
	unattended := func() error {
		a, err := w.Sessions.Unattended(t.Context(), ws, token.Reveal(), w.At(ws))
		if err == nil && a.Staff != admin.Staff {
			t.Errorf("%+v", a)
		}
		return err
	}
	for range 4 {
		w.Clock.Advance(idle/4 - time.Second)
		if err := unattended(); err != nil {
			t.Fatalf("within the idle limit: %v", err)
		}
	}
	w.Clock.Advance(5 * time.Second)
	if err := unattended(); parlatory.KindOf(err) != parlatory.KindUnauthenticated || err == nil {
		t.Fatalf("the page kept its session alive by itself: %v", err)
	}
}

// TestAC_032_ShorterLimitsEndOpenSessions: limits that are made shorter end the sessions that are over them now, at the next request; those
// within them, and those at other doors, go on. Red where over looks at the limits of the moment at which the session began.
//
// ASVS V7.3.1, V7.3.2
func TestAC_032_ShorterLimitsEndOpenSessions(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		other, _ := w.Founded(t, "other")
		shorter := func(p security.SessionPolicy) {
			t.Helper()
			now, err := w.Security.View(t.Context(), as(admin, w))
			if err == nil {
				_, err = w.Security.SetSessions(t.Context(), as(admin, w), now.Revision, p)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		token := func(at parlatory.WorkspaceID) parlatory.Secret { return w.Tokens[w.Hire(t, at, role.Agent).Session] }
		idle, used, elsewhere := token(ws), token(ws), token(other)
		w.Clock.Advance(16 * time.Minute)
		lives(t, w, ws, used, "used a moment ago")
		shorter(security.SessionPolicy{IdleMinutes: 15, LifeHours: 12})
		dead(t, w, ws, idle, "not used for longer than the new limit")
		lives(t, w, ws, used, "within the new idle limit")
		for range 5 { // an hour and a quarter, in use all along
			w.Clock.Advance(12 * time.Minute)
			lives(t, w, ws, used, "in use")
		}
		young := token(ws)
		shorter(security.SessionPolicy{IdleMinutes: 15, LifeHours: 1})
		dead(t, w, ws, used, "older than the new limit, though in use")
		lives(t, w, ws, young, "within both limits")
		lives(t, w, other, elsewhere, "at another door")
	})
}

// TestSessionNotTouched: where the last use can't be noted, the person's request goes on.
func TestSessionNotTouched(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	w.Clock.Advance(2 * time.Minute)
	busy, free := make(chan struct{}), make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() { // the one writer of SQLite is kept busy
		w.Look(ws, func(*db.Tx) error {
			close(busy)
			<-free
			return nil
		})
	})
	<-busy
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	a, err := w.Sessions.Session(ctx, ws, w.Tokens[admin.Session].Reveal(), w.At(ws))
	close(free)
	writer.Wait()
	if err != nil || a.Staff != admin.Staff {
		t.Fatalf("%+v %v", a.Kind, err)
	}
}

// TestRowsChangedPastTheProgram: a session whose role was edited in the database opens nothing.
func TestRowsChangedPastTheProgram(t *testing.T) {
	w := domaintest.New(t)
	ws, _ := w.Founded(t, "acme")
	agent := w.Hire(t, ws, role.Agent)
	w.Look(parlatory.House, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE sessions SET role = 'Administrator' WHERE workspace = $1 AND id = $2`, agent.Session)
		return err
	})
	dead(t, w, ws, w.Tokens[agent.Session], "session with an edited role")
	w.Look(ws, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE staff SET role = 'Administrator' WHERE workspace = $1 AND id = $2`, agent.Staff)
		return err
	})
	if n := w.Count(ws, "staff", "role = 'Administrator'"); n != 2 {
		t.Fatalf("%d administrators: the edit did not happen", n)
	}
}
