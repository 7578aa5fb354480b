package account_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/keys"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/signin"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

const newPassword = "orchard 4 gliding kettles"

func change(t *testing.T, w *domaintest.World, actor parlatory.Actor, current, next string) error {
	t.Helper()
	_, err := w.Account.ChangePassword(t.Context(), actor, account.PasswordChange{Current: parlatory.NewSecret(current), New: parlatory.NewSecret(next)})
	return err
}

// TestChangePassword: the old one is asked for, weak and equal ones are refused, other sessions end, the person is told.
//
// ASVS V6.2.2, V6.2.3, V6.3.7, V7.4.3
func TestChangePassword(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		other := w.SignIn(t, ws, "admin@acme.example", domaintest.Password)
		for _, c := range [][2]string{
			{"not the password at all", newPassword}, {domaintest.Password, domaintest.Password}, {domaintest.Password, "short"},
			{domaintest.Password, "admin@acme.example1"}, {domaintest.Password, "passwordpassword"}, {domaintest.Password, "Company acme 2026"},
		} {
			if err := change(t, w, admin, c[0], c[1]); err == nil || parlatory.KindOf(err) != parlatory.KindInvalid {
				t.Fatalf("change to %q: %v", c[1], err)
			}
		}
		if err := change(t, w, admin, domaintest.Password, newPassword); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Sessions.Session(t.Context(), ws, w.Tokens[other.Session].Reveal(), w.At(ws)); err == nil {
			t.Fatal("the other session lives")
		}
		if n := w.Count(parlatory.House, "account_passwords", "account = $2", admin.Account); n != 1 {
			t.Fatalf("%d old hashes", n)
		}
		w.Deliver()
		if n := w.Mail.Count("admin@acme.example", "Your password was changed"); n != 1 {
			t.Fatalf("%d mails tell of the change", n)
		}
		_ = w.SignIn(t, ws, "admin@acme.example", newPassword)
	})
}

// TestStolenSessionCannotGuess: wrong old passwords count with those at the doors.
//
// ASVS V6.2.3, V6.3.1, V6.3.4
func TestStolenSessionCannotGuess(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	for range 10 {
		if err := change(t, w, admin, "not the password at all", newPassword); err == nil {
			t.Fatal("a wrong password changed it")
		}
	}
	if err := change(t, w, admin, domaintest.Password, newPassword); err == nil {
		t.Fatal("the right password counted after ten wrong ones")
	}
	_, err := w.Signin.Enter(t.Context(), w.At(ws), signin.Try{Email: "admin@acme.example", Password: parlatory.NewSecret(domaintest.Password)})
	if err == nil {
		t.Fatal("the door did not count")
	}
}

// TestEchoInEachWorkspace: a change at one door stands in the ledgers of the person's other workspaces once, and names none.
func TestEchoInEachWorkspace(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		other, boss := w.Founded(t, "other")
		if _, err := w.Staff.Invite(t.Context(), boss, "admin@acme.example", "", role.Agent); err != nil {
			t.Fatal(err)
		}
		r, err := w.Signin.Enter(t.Context(), w.At(other), signin.Try{Email: "admin@acme.example", Password: parlatory.NewSecret(domaintest.Password), Invitation: w.Link("admin@acme.example")})
		if err != nil {
			t.Fatal(err)
		}
		w.Agreed(t, other, r)
		if err := change(t, w, admin, domaintest.Password, newPassword); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := w.Account.Echo(t.Context(), w.Staff); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.Count(other, "ledger_entries", "act = 'account.echo'"); n != 1 {
			t.Errorf("%d echoes in the other workspace", n)
		}
		if n := w.Count(ws, "ledger_entries", "act = 'account.echo'"); n != 0 {
			t.Errorf("%d echoes in the workspace of the door", n)
		}
		if n := w.Count(parlatory.House, "account_echoes", ""); n != 0 {
			t.Errorf("%d left in the queue", n)
		}
	})
}

// TestEchoThatFails: an event that can't be written keeps no other waiting, and is tried again.
func TestEchoThatFails(t *testing.T) {
	w := domaintest.New(t)
	_, admin := w.Founded(t, "acme")
	other, boss := w.Founded(t, "other")
	put := func(id byte, target parlatory.WorkspaceID) {
		w.Look(parlatory.House, func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO account_echoes (workspace, id, account, target, skip, what, at, due_at) VALUES ($1, $2, $3, $4, $5, 'tested', $6, $6)`,
				parlatory.RowID{id}, boss.Account, target, admin.Workspace, tx.Now())
			return err
		})
	}
	put(1, parlatory.WorkspaceID{9, 9, 9}) // a workspace without keys
	put(2, other)
	echo := func() {
		if err := w.Account.Echo(t.Context(), w.Staff); err != nil {
			t.Fatal(err)
		}
	}
	echo()
	if n := w.Count(other, "ledger_entries", "act = 'account.echo'"); n != 1 {
		t.Fatalf("%d echoes: the one before it kept it waiting", n)
	}
	due := func() int {
		return w.Count(parlatory.House, "account_echoes", "id = $2 AND due_at <= $3", parlatory.RowID{1}, w.Clock.Now())
	}
	if w.Count(parlatory.House, "account_echoes", "") != 1 || due() != 0 {
		t.Fatal("the one that failed is due at once, or lost")
	}
	w.Clock.Advance(2 * time.Minute)
	if due() != 1 {
		t.Fatal("the one that failed is not tried again")
	}
	echo()
	if due() != 0 {
		t.Fatal("it was not tried")
	}
}

// shelf counts the keys that are fetched.
type shelf struct {
	vault.Shelf
	subjects atomic.Int64
}

func (s *shelf) SubjectKeys(ctx context.Context, ws parlatory.WorkspaceID, kind string, ids [][16]byte) ([]vault.Wrapped, error) {
	s.subjects.Add(1)
	return s.Shelf.SubjectKeys(ctx, ws, kind, ids)
}

// TestAC_007_KeysTellNothing: a check fetches as many keys for a known address as for an unknown one, at the first time
// and later.
func TestAC_007_KeysTellNothing(t *testing.T) {
	w := domaintest.New(t)
	ws, _ := w.Founded(t, "acme")
	counted := &shelf{Shelf: keys.New(w.DB, w.Law)}
	ring := vault.NewRing(vault.Options{Anchors: w.Roots, Shelf: counted, Clock: w.Clock})
	room := account.New(account.Options{DB: w.DB, Law: w.Law, Ring: ring, Ledger: w.Ledger, Workspace: w.Workspace, Security: w.Security, Sessions: w.Sessions, Clock: w.Clock, Log: w.Log})
	ask := func(email string) int64 {
		before := counted.subjects.Load()
		_, err := room.Verifier().Ask(t.Context(), account.Question{Door: ws, From: w.At(ws).Address, Email: email, Password: parlatory.NewSecret("wrong wrong wrong")})
		if err != nil {
			t.Fatal(err)
		}
		return counted.subjects.Load() - before
	}
	ask("first@acme.example") // fetches what all share
	for range 2 {
		for _, email := range []string{"nobody@acme.example", "admin@acme.example"} {
			if n := ask(email); n != 1 {
				t.Errorf("%s: %d keys fetched", email, n)
			}
		}
	}
}

// TestEditedAccountDoesNotOpen: an account's row whose index was put on another does not open there.
func TestEditedAccountDoesNotOpen(t *testing.T) {
	w := domaintest.New(t)
	ws, _ := w.Founded(t, "acme")
	_, other := w.Founded(t, "other")
	w.Look(parlatory.House, func(tx *db.Tx) error { // whoever writes the table gives the stranger the administrator's address
		var index []byte
		if err := tx.Row(`SELECT email_index FROM accounts WHERE workspace = $1 AND id <> $2`, other.Account).Scan(&index); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM accounts WHERE workspace = $1 AND id <> $2`, other.Account); err != nil {
			return err
		}
		_, err := tx.Exec(`UPDATE accounts SET email_index = $3 WHERE workspace = $1 AND id = $2`, other.Account, index)
		return err
	})
	_, err := w.Signin.Enter(t.Context(), w.At(ws), signin.Try{Email: "admin@acme.example", Password: parlatory.NewSecret(domaintest.Password)})
	if err == nil || parlatory.KindOf(err) != parlatory.KindInternal {
		t.Fatalf("want a refusal of the row, got %v", err)
	}
}
