package signin_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/signin"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// entries reads the newest entries of a ledger, newest first, as an audit page shows them, but for their times.
func entries(t *testing.T, w *domaintest.World, ws parlatory.WorkspaceID, f ledger.Filter) (all []string) {
	t.Helper()
	permit, err := w.Law.System(domaintest.Raw, ws)
	if err != nil {
		t.Fatal(err)
	}
	records, err := w.Ledger.List(t.Context(), permit, f)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		all = append(all, fmt.Sprintln(r.Action, r.Act, r.ActorKind, parlatory.RowID(r.Actor), r.Element, parlatory.RowID(r.ElementID), r.Old, r.New, r.Remark))
	}
	return all
}

// TestAC_007_LedgerOfAForeignDoor: who founds a workspace reads nothing in its ledger about accounts that are not its own: whether an
// address has one, whether a password is right, whether it is locked. Only the house's ledger has the reason. Red where the door's entry
// has it too.
//
// ASVS V6.3.8
func TestAC_007_LedgerOfAForeignDoor(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		w.Founded(t, "acme")
		evil, mallory := w.Founded(t, "evil")
		failed := ledger.Filter{Action: ledger.Failed, Limit: 1}
		said := map[string][]string{}
		try := func(what, email, password string) {
			_, err := enter(t, w, w.At(evil), email, password)
			refused(t, err)
			said[entries(t, w, evil, failed)[0]] = append(said[entries(t, w, evil, failed)[0]], what)
		}
		try("unknown", "nobody@acme.example", "wrong wrong wrong")
		try("nonsense", "not an address", "wrong wrong wrong")
		try("wrong", adminMail, "wrong wrong wrong")
		try("right", adminMail, domaintest.Password)
		for range 10 {
			try("many wrong", adminMail, "wrong wrong wrong")
		}
		try("locked, right", adminMail, domaintest.Password)
		if len(said) != 1 {
			t.Errorf("the ledger of a foreign door tells apart: %v", said)
		}
		house := strings.Join(entries(t, w, parlatory.House, ledger.Filter{Action: ledger.Failed}), "")
		for _, why := range []string{"unknown address", "wrong password", "too many tries", "not a member"} {
			if !strings.Contains(house, why) {
				t.Errorf("the house's ledger does not say %q: %s", why, house)
			}
		}
		// Of the own people an administrator reads what helps them.
		_, err := enter(t, w, w.At(evil), "admin@evil.example", "wrong wrong wrong")
		refused(t, err)
		if e := entries(t, w, evil, failed)[0]; !strings.Contains(e, "wrong password") || !strings.Contains(e, mallory.Staff.String()) {
			t.Errorf("the own member's entry: %s", e)
		}
	})
}

// TestAC_007_LedgerOfTheSuspended: who suspends somebody does not learn afterwards whether a password of theirs is right.
//
// ASVS V6.3.8
func TestAC_007_LedgerOfTheSuspended(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		agent, email := w.HireAs(t, ws, role.Agent)
		if _, err := w.Staff.Suspend(t.Context(), admin, agent.Staff); err != nil {
			t.Fatal(err)
		}
		for _, password := range []string{"wrong wrong wrong", domaintest.Password} {
			_, err := enter(t, w, w.At(ws), email, password)
			refused(t, err)
		}
		e := entries(t, w, ws, ledger.Filter{Action: ledger.Failed})
		if len(e) != 2 || e[0] != e[1] || !strings.Contains(e[0], agent.Staff.String()) {
			t.Errorf("%v", e)
		}
	})
}

// TestSightingsNeedARightProof: a stranger who types a member's address from off the list puts nothing on the page of what the list saw.
func TestSightingsNeedARightProof(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		if err := w.Security.SetStaffMode(t.Context(), admin, security.Off, security.Watch); err != nil {
			t.Fatal(err)
		}
		seen := func(password string) int {
			_, _ = enter(t, w, w.At(ws, "192.0.2.99"), adminMail, password)
			if err := w.Security.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			return w.Count(ws, "network_watch", "staff = $2", admin.Staff)
		}
		own := seen("wrong wrong wrong")
		if n := seen("wrong wrong wrong"); n != own {
			t.Errorf("a wrong password makes %d sightings of %d", n, own)
		}
		if n := seen(domaintest.Password); n != own+1 {
			t.Errorf("a right one makes %d of %d", n, own)
		}
	})
}

// TestAC_019_NoticesAreFew: an administrator who does the same to somebody again and again fills no mailbox.
//
// ASVS V2.4.1
func TestAC_019_NoticesAreFew(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		agent, email := w.HireAs(t, ws, role.Agent)
		admin.Proved = w.Clock.Now()
		factors := security.FactorPolicy{Required: true, Message: "Please set one up."}
		for range 6 {
			if err := errors.Join(w.Signin.SignOut(t.Context(), admin, agent.Staff), w.Signin.ResetFactor(t.Context(), admin, agent.Staff, "lost"), w.Signin.Announce(t.Context(), ws, factors)); err != nil {
				t.Fatal(err)
			}
		}
		w.Deliver()
		subjects := map[string]int{}
		for _, m := range w.Mail.To(email) {
			subjects[m.Subject]++
		}
		most := 0
		for _, n := range subjects {
			most = max(most, n)
		}
		if most != 3 || subjects[string(account.NoticeSignedOut)] != 3 || subjects[string(account.NoticeFactorReset)] != 3 {
			t.Errorf("%v", subjects)
		}
		w.Clock.Advance(61 * time.Minute)
		admin.Proved = w.Clock.Now()
		if err := w.Signin.SignOut(t.Context(), admin, agent.Staff); err != nil {
			t.Fatal(err)
		}
		w.Deliver()
		if n := w.Mail.Count(email, string(account.NoticeSignedOut)); n != 4 {
			t.Errorf("%d letters an hour later", n)
		}
	})
}

// TestSessionsAreBounded: a new session beyond a hundred ends the one that was not used for longest.
//
// ASVS V7.1.2
func TestSessionsAreBounded(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		w.Look(parlatory.House, func(tx *db.Tx) error {
			for i := range 104 {
				id := parlatory.NewID[parlatory.SessionKind](w.Clock)
				token := sha256.Sum256(id[:])
				seen := parlatory.Micros(w.Clock.Now().Add(-time.Duration(i+1) * time.Minute))
				if _, err := tx.Exec(`INSERT INTO sessions (workspace, id, token, account, door, staff, department, role, factor, proved_at, created_at, expires_at, seen_at, revision, sealed)
					SELECT workspace, $3, $4, account, door, staff, department, role, factor, proved_at, created_at, expires_at, $5, revision, sealed FROM sessions WHERE workspace = $1 AND id = $2`, admin.Session, id, token[:], seen); err != nil {
					return err
				}
			}
			return nil
		})
		now := w.SignIn(t, ws, adminMail, domaintest.Password)
		oldest := parlatory.Micros(w.Clock.Now().Add(-99 * time.Minute))
		if n, old := w.Count(parlatory.House, "sessions", "account = $2", admin.Account), w.Count(parlatory.House, "sessions", "account = $2 AND seen_at < $3", admin.Account, oldest); n != 100 || old > 1 {
			t.Errorf("%d sessions, %d of them old", n, old)
		}
		lives(t, w, ws, w.Tokens[now.Session], "the new one")
		lives(t, w, ws, w.Tokens[admin.Session], "the one in use")
	})
}

// TestAC_007_LedgerOfTheInviter: until an invitation is accepted, the inviter reads what they typed: not whether the address has an account
// or gets one now, and not what factor it has.
//
// ASVS V6.3.8
func TestAC_007_LedgerOfTheInviter(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		_, ada := w.Founded(t, "acme")
		evil, mallory := w.Founded(t, "evil")
		w.Phone(t, ada, w.MailCode(t, ada, adminMail))
		said := func(what string, do func()) {
			before := len(entries(t, w, evil, ledger.Filter{Limit: 200}))
			do()
			all := entries(t, w, evil, ledger.Filter{Limit: 200})
			got := all[:len(all)-before]
			for _, e := range got {
				if !strings.Contains(e, "Invitation") {
					t.Errorf("%s: %s", what, e)
				}
			}
		}
		mallory.Proved = w.Clock.Now()
		said("an address without account", func() { invited(t, w, evil, mallory, "fresh@acme.example") })
		said("one with an account and a factor", func() {
			if _, err := w.Staff.Invite(t.Context(), mallory, adminMail, "", role.Agent); err != nil {
				t.Fatal(err)
			}
			r, err := w.Signin.Enter(t.Context(), w.At(evil), signin.Try{Email: adminMail, Password: secret(domaintest.Password), Invitation: w.Link(adminMail)})
			if err != nil || r.Owed != signin.StepFactor {
				t.Fatalf("%+v %v", r, err)
			}
			wrong := signin.FactorTry{FactorTry: account.FactorTry{Code: secret("000000")}}
			if _, err := w.Signin.PayFactor(t.Context(), half(t, w, evil, r), wrong); parlatory.KindOf(err) != parlatory.KindInvalid {
				t.Fatal(err)
			}
		})
	})
}
