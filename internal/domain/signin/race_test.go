package signin_test

import (
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

// TestAC_058_SuspendedWhileSigningIn: a sign-in that runs into a suspension leaves no session behind, whichever is first.
func TestAC_058_SuspendedWhileSigningIn(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{Account: account.Limits{Account: 1 << 20}}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		agent, email := w.HireAs(t, ws, role.Agent)
		for round := range 10 {
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() { _, _ = enter(t, w, w.At(ws), email, domaintest.Password) })
			}
			all.Go(func() {
				time.Sleep(time.Duration(25+5*round) * time.Millisecond)
				if _, err := w.Staff.Suspend(t.Context(), admin, agent.Staff); err != nil {
					t.Error(err)
				}
			})
			all.Wait()
			if n := w.Count(parlatory.House, "sessions", "staff = $2", agent.Staff); n != 0 {
				t.Fatalf("round %d: %d sessions of a suspended member", round, n)
			}
			if _, err := w.Staff.Reactivate(t.Context(), admin, agent.Staff); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestAC_056_AgreedFiftyTimesAtOnce: a half session becomes one session, also where no invitation is used up with it.
func TestAC_056_AgreedFiftyTimesAtOnce(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		for range 3 {
			w.Look(parlatory.House, func(tx *db.Tx) error { // as if a new version were in force
				if _, err := tx.Exec(`DELETE FROM agreements WHERE workspace = $1`); err != nil {
					return err
				}
				_, err := tx.Exec(`DELETE FROM sessions WHERE workspace = $1`)
				return err
			})
			r, err := enter(t, w, w.At(ws), "admin@acme.example", domaintest.Password)
			if err != nil || r.Owed == "" {
				t.Fatal(r.Owed, err)
			}
			half, err := w.Sessions.Attempt(t.Context(), ws, r.Token.Reveal(), w.At(ws))
			if err != nil {
				t.Fatal(err)
			}
			n := atOnce(t, 50, func() error {
				_, err := w.Signin.Agree(t.Context(), half, workspace.Version, workspace.Version)
				return err
			})
			if rows := w.Count(parlatory.House, "sessions", "account = $2", admin.Account); n != 1 || rows != 1 {
				t.Fatalf("%d agreements, %d sessions", n, rows)
			}
		}
	})
}

// TestAC_032_TrustRunsIntoTheChange: sign-ins on a trusted device run into the change that ends trust, or asks for a factor or for a
// passkey. Whichever is first: once the change is acknowledged, trust makes no session any more, and where passkeys alone count none
// of those stands that were made before it. Red where begin judges by settings that were read before its transaction; on PostgreSQL
// also where it does not hold the row of the settings.
//
// ASVS V7.4.1, V8.3.2, V15.4.2
func TestAC_032_TrustRunsIntoTheChange(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{Account: account.Limits{Account: 1 << 20}}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		bob, email := w.HireAs(t, ws, role.Agent)
		app, _, _ := w.Phone(t, bob, w.MailCode(t, bob, email))
		trusting := security.FactorPolicy{TrustDays: 7}
		door(t, w, admin, trusting)
		half, _ := owing(t, w, ws, email, signin.StepFactor)
		try := code(t, w, app)
		try.Trust = true
		r, err := w.Signin.PayFactor(t.Context(), half, try)
		if err != nil || r.Owed != "" {
			t.Fatalf("owed %q: %v", r.Owed, err)
		}
		sessions := func() map[parlatory.SessionID]bool {
			all := map[parlatory.SessionID]bool{}
			w.Look(parlatory.House, func(tx *db.Tx) error {
				clear(all)
				rows, err := tx.Query(`SELECT id FROM sessions WHERE workspace = $1 AND account = $2`, bob.Account)
				if err != nil {
					return err
				}
				defer func() { _ = rows.Close() }()
				for rows.Next() {
					var id parlatory.SessionID
					if err := rows.Scan(&id); err != nil {
						return err
					}
					all[id] = true
				}
				return rows.Err()
			})
			return all
		}
		begun := time.Now()
		owing(t, w, ws, email, "", r.Device)
		takes, made := time.Since(begun), 0
		for what, change := range map[string]security.FactorPolicy{"no trust": {}, "a factor is required": {Required: true}, "a passkey is required": {Required: true, Resistant: true, TrustDays: 7}} {
			for round := range 10 {
				door(t, w, admin, trusting)
				w.Look(parlatory.House, func(tx *db.Tx) error {
					_, err := tx.Exec(`DELETE FROM sessions WHERE workspace = $1 AND account = $2`, bob.Account)
					return err
				})
				var all sync.WaitGroup
				for range 2 {
					all.Go(func() {
						_, err := w.Signin.Enter(t.Context(), w.At(ws), signin.Try{Email: email, Password: secret(domaintest.Password), Device: r.Device})
						if err != nil {
							t.Error(err)
						}
					})
				}
				time.Sleep(takes * time.Duration(round) / 5)
				door(t, w, admin, change)
				before := sessions()
				all.Wait()
				after := sessions()
				made += len(before)
				for id := range after {
					if !before[id] {
						t.Errorf("%s, round %d: a session by trust after the change was acknowledged", what, round)
					}
					if change.Resistant {
						t.Errorf("%s, round %d: a session that is no passkey's stands", what, round)
					}
				}
			}
		}
		t.Logf("%d sessions were made before the change", made)
	})
}

// TestAC_032_ChangeWaitsForSessionsInTheMaking: a session that is being made by the settings of before is committed before they are changed,
// and is one of those that the change ends. Red where the change does not take the row of the settings first.
func TestAC_032_ChangeWaitsForSessionsInTheMaking(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		bob := w.Hire(t, ws, role.Agent)
		door(t, w, admin, security.FactorPolicy{TrustDays: 7})
		held, err := security.Key(t.Context(), w.Ring, ws)
		if err != nil {
			t.Fatal(err)
		}
		changed := make(chan struct{})
		w.Look(ws, func(tx *db.Tx) error {
			if s, err := security.Steady(tx, held); err != nil || s.Factor.TrustDays != 7 {
				t.Errorf("%+v %v", s.Factor, err)
			}
			go func() {
				defer close(changed)
				door(t, w, admin, security.FactorPolicy{Required: true})
			}()
			time.Sleep(300 * time.Millisecond)
			const columns = `account, door, staff, department, role, factor, proved_at, created_at, expires_at, seen_at, revision, sealed`
			_, err := tx.House().Exec(`INSERT INTO sessions (workspace, id, token, `+columns+`) SELECT workspace, $2, $3, `+columns+` FROM sessions WHERE workspace = $1 AND id = $4`,
				parlatory.NewID[parlatory.SessionKind](w.Clock), []byte("0123456789abcdef0123456789abcdef"), bob.Session)
			return err
		})
		<-changed
		if n := w.Count(parlatory.House, "sessions", "account = $2", bob.Account); n != 0 {
			t.Errorf("%d sessions without a factor stand where one is required", n)
		}
	})
}

// held keeps the rows of a statement locked while do begins what comes up against them, and lets go: in between, each statement of these sees what
// was committed before it (READ COMMITTED).
func held(t *testing.T, w *domaintest.World, query string, id any, do ...func()) {
	t.Helper()
	var all sync.WaitGroup
	w.Look(parlatory.House, func(tx *db.Tx) error {
		rows, err := tx.Query(query, id)
		if err != nil {
			return err
		}
		for rows.Next() {
			continue
		}
		if err := rows.Close(); err != nil {
			return err
		}
		for _, f := range do {
			all.Go(f)
			time.Sleep(time.Second) // it has come as far as it can
		}
		return nil
	})
	all.Wait()
}

// TestAC_055_StepUpBesideAChange: who stole a session and the old password, and gives it at the moment at which the owner changes it in the
// same session, gets no token, and the owner's works. Red without lock in StepUp.
//
// ASVS V7.2.4, V7.4.3, V15.4.2
func TestAC_055_StepUpBesideAChange(t *testing.T) {
	w := domaintest.Make(t, domaintest.Setup{Postgres: true})
	ws, _ := w.Founded(t, "acme")
	bob, _ := w.HireAs(t, ws, role.Agent)
	thief := w.Resume(t, ws, w.Tokens[bob.Session])
	var token parlatory.Secret
	var changed, proved error
	held(t, w, `SELECT id FROM accounts WHERE workspace = $1 AND id = $2 FOR UPDATE`, bob.Account,
		func() { token, changed = change(t, w, bob, domaintest.Password, fresh) },
		func() {
			_, proved = w.Signin.StepUp(t.Context(), thief, signin.StepUp{Password: secret(domaintest.Password)})
		})
	if changed != nil || parlatory.KindOf(proved) != parlatory.KindUnauthenticated {
		t.Fatalf("the change: %v; the thief: %v", changed, proved)
	}
	w.Resume(t, ws, token)
}

// TestSignInBesideAChange: a sign-in by the old password that was right when it was looked at makes no session after the password was changed.
// Red where lock does not compare.
//
// ASVS V7.4.3, V15.4.2
func TestSignInBesideAChange(t *testing.T) {
	w := domaintest.Make(t, domaintest.Setup{Postgres: true})
	ws, _ := w.Founded(t, "acme")
	bob, email := w.HireAs(t, ws, role.Agent)
	var changed, entered error
	held(t, w, `SELECT id FROM accounts WHERE workspace = $1 AND id = $2 FOR UPDATE`, bob.Account,
		func() { _, changed = change(t, w, bob, domaintest.Password, fresh) },
		func() { _, entered = enter(t, w, w.At(ws), email, domaintest.Password) })
	if changed != nil || parlatory.KindOf(entered) != parlatory.KindUnauthenticated {
		t.Errorf("the change: %v; the old password: %v", changed, entered)
	}
	if n := w.Count(parlatory.House, "sessions", "account = $2", bob.Account); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// TestFirstFactorWhileSigningIn: a sign-in by the password that has looked for factors, and found none, is no session after the first one was
// set up. Red without Lock in proceed, and without it in settled.
//
// ASVS V15.4.2
func TestFirstFactorWhileSigningIn(t *testing.T) {
	w := domaintest.Make(t, domaintest.Setup{Postgres: true})
	ws, _ := w.Founded(t, "acme")
	bob, email := w.HireAs(t, ws, role.Agent)
	mail := w.MailCode(t, bob, email)
	ceremony, app, _, err := w.Account.BeginTOTP(t.Context(), account.EnrollerOf(bob))
	if err != nil {
		t.Fatal(err)
	}
	held(t, w, `SELECT id FROM accounts WHERE workspace = $1 AND id = $2 FOR UPDATE`, bob.Account,
		func() { _, _ = enter(t, w, w.At(ws), email, domaintest.Password) },
		func() {
			c := account.Confirm{Ceremony: ceremony, Code: domaintest.Code(t, app, w.Clock.Now()), MailCode: mail, Name: "Phone"}
			if _, _, err := w.Account.AddFactor(t.Context(), bob, c); err != nil {
				t.Error(err)
			}
		})
	if n := w.Count(parlatory.House, "sessions", "account = $2 AND factor = '' AND id <> $3", bob.Account, bob.Session); n != 0 {
		t.Errorf("%d sessions without a factor", n)
	}
}

// TestLastTwoFactorsAtOnce: of the last two factors that a workspace asks for, one stays, though both are removed at the same moment. Red
// without Lock in change.
//
// ASVS V15.4.2
func TestLastTwoFactorsAtOnce(t *testing.T) {
	w := domaintest.Make(t, domaintest.Setup{Postgres: true})
	ws, admin := w.Founded(t, "acme")
	bob, email := w.HireAs(t, ws, role.Agent)
	app, _, one := w.Phone(t, bob, w.MailCode(t, bob, email))
	bob = as(bob, w)
	_, _, two := w.Phone(t, bob, parlatory.Secret{})
	w.Clock.Advance(25 * time.Hour) // each is old enough to stand for the other
	door(t, w, admin, security.FactorPolicy{Required: true})
	half, _ := owing(t, w, ws, email, signin.StepFactor)
	r, err := w.Signin.PayFactor(t.Context(), half, code(t, w, app))
	if err != nil {
		t.Fatal(err)
	}
	bob = w.Resume(t, ws, r.Token)
	held(t, w, `SELECT id FROM factors WHERE workspace = $1 AND account = $2 FOR UPDATE`, bob.Account,
		func() { _, _ = w.Account.RemoveFactor(t.Context(), bob, one.ID) },
		func() { _, _ = w.Account.RemoveFactor(t.Context(), bob, two.ID) })
	if n := w.Count(parlatory.House, "factors", "account = $2", bob.Account); n != 1 {
		t.Errorf("%d factors are left", n)
	}
}
