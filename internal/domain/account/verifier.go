package account

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Limits of wrong passwords (NIST SP 800-63B-4 §3.2.2; ASVS 6.3.1).
type Limits struct {
	Account int           // tries of one account in a window, whatever the door and spelling; default 10
	Source  int           // tries from one client address (IPv6: /64) in a window; default 100
	Window  time.Duration // default 15 minutes
}

func (l Limits) orDefault() Limits {
	if l.Account == 0 {
		l.Account = 10
	}
	if l.Source == 0 {
		l.Source = 100
	}
	if l.Window == 0 {
		l.Window = 15 * time.Minute
	}
	return l
}

// Question is one password to check: of an address as somebody typed it, or of an account that is known already.
type Question struct {
	Door     parlatory.WorkspaceID
	From     netip.Addr
	Email    string
	Account  parlatory.AccountID
	Password parlatory.Secret
	// Also reads what the asking room needs, in the counting transaction; row is empty for the unknown. It must read the
	// same rows in every case, and write nothing.
	Also func(tx *db.Tx, row Row) error
}

// Why says what was wrong, for the ledger. Whoever asked gets one answer for all.
type Why string

// The reasons.
const (
	Right   Why = ""
	Unknown Why = "unknown address"
	Locked  Why = "too many tries"
	Wrong   Why = "wrong password"
)

// Verdict is the answer to a Question.
type Verdict struct {
	Why     Why
	Row     Row // empty where the address is unknown
	Account Account
	Held    *vault.Held
	Rehash  string // a fresh hash with today's parameters, where the stored one is older

	limits  Limits
	account vault.Index
	source  vault.Index
}

// Verifier checks passwords: every check in the program goes through Ask, so that failures count once an account, at
// every door. Policies on known devices join the counting, factors join the sign-in's steps.
type Verifier struct{ room *Room }

// Verifier gives the one verifier.
func (a *Room) Verifier() *Verifier { return &Verifier{a} }

// Ask counts, then checks. The same Tx, the same reads and one hash are done in every case (AC-007).
func (v *Verifier) Ask(ctx context.Context, q Question) (Verdict, error) {
	verdict, over, err := v.count(ctx, q)
	if err != nil {
		return Verdict{}, err
	}
	known := !verdict.Row.ID.Zero() && verdict.Row.state == stateActive
	subject := vault.Settings
	if known {
		subject = vault.AccountKey(verdict.Row.ID)
	}
	held, err := v.room.o.Ring.Hold(ctx, parlatory.House, subject)
	if known && errors.Is(err, vault.ErrNoKey) {
		known, err = false, nil // erased: as good as unknown
	}
	if err != nil {
		return Verdict{}, fmt.Errorf("hold account key: %w", err)
	}
	if known {
		verdict.Held = held
		if verdict.Account, err = verdict.Row.Open(held); err != nil {
			return Verdict{}, err
		}
	}
	if over || !known {
		verdict.Why = Unknown
		if over {
			verdict.Why = Locked
		}
		return verdict, credential.Dummy(ctx, q.Password)
	}
	ok, rehash, err := credential.Verify(ctx, verdict.Account.phc, q.Password)
	if err != nil {
		return Verdict{}, err
	}
	if !ok {
		verdict.Why = Wrong
		return verdict, nil
	}
	if rehash {
		verdict.Rehash, err = credential.Hash(ctx, q.Password)
	}
	return verdict, err
}

// budgets are the two counters.
func (l Limits) budgets() (account, source workspace.Budget) {
	return workspace.Budget{Name: "password.account", Window: l.Window, Limit: l.Account},
		workspace.Budget{Name: "password.source", Window: l.Window, Limit: l.Source}
}

// count raises both counters and finds the account, in one committed transaction. An unknown address has a counter of
// its own, as a known one has, so that being locked tells nothing.
func (v *Verifier) count(ctx context.Context, q Question) (verdict Verdict, over bool, err error) {
	o := v.room.o
	permit, err := o.Law.System(actCount, q.Door)
	if err != nil {
		return verdict, false, err
	}
	ix, err := o.Ring.Index(ctx, parlatory.House)
	if err != nil {
		return verdict, false, fmt.Errorf("hold house index key: %w", err)
	}
	email, err := policy.Email(q.Email)
	if err != nil {
		email = "\x00not an address\x00" + cut(q.Email)
	}
	index := ix.Blind("accounts.email", email)
	verdict.limits = o.Limits
	byAccount, bySource := o.Limits.budgets()
	err = o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		row, _, err := find(tx, q.Account, index)
		if err != nil {
			return err
		}
		of := email
		if !row.ID.Zero() {
			of = row.ID.String()
		}
		verdict.Row = row
		verdict.account, verdict.source = byAccount.Key(ix, of), bySource.Key(ix, workspace.SourceOf(q.From))
		a, err := byAccount.Spend(tx.House(), verdict.account)
		if err != nil {
			return err
		}
		s, err := bySource.Spend(tx.House(), verdict.source)
		if err != nil {
			return err
		}
		over = a.Over || s.Over
		if q.Also == nil {
			return nil
		}
		return q.Also(tx, row)
	})
	return verdict, over, err
}

func find(tx *db.Tx, id parlatory.AccountID, email vault.Index) (Row, bool, error) {
	if !id.Zero() {
		return ByID(tx, id)
	}
	return ByEmail(tx, email)
}

// cut bounds what somebody typed where an address belongs.
func cut(s string) string { return s[:min(len(s), 320)] }

// Settle sets the counters right after a right password that led somewhere: in the transaction that it led to.
func (v Verdict) Settle(tx *db.Tx) error {
	byAccount, bySource := v.limits.budgets()
	if err := byAccount.Forgive(tx.House(), v.account); err != nil {
		return err
	}
	if err := bySource.Refund(tx.House(), v.source); err != nil {
		return err
	}
	if v.Rehash == "" {
		return nil
	}
	acc := v.Account
	acc.phc = v.Rehash
	return acc.store(tx, v.Held)
}

// Forgive ends the lock of an account whose owner proved the mailbox; the counters of client addresses stay.
func (v *Verifier) Forgive(tx *db.Tx, ix *vault.Indexer, id parlatory.AccountID) error {
	byAccount, _ := v.room.o.Limits.budgets()
	return byAccount.Forgive(tx.House(), byAccount.Key(ix, id.String()))
}
