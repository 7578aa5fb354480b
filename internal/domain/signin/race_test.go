package signin_test

import (
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/storage/db"
)

// TestAC_058_SuspendedWhileSigningIn: a sign-in that runs into a suspension leaves no session behind, whichever is first.
func TestAC_058_SuspendedWhileSigningIn(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{Account: account.Limits{Account: 1 << 20}}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		agent, email := w.HireAs(t, ws, role.Agent)
		for round := range 12 {
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
