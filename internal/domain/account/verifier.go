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
	Account int           // tries of one account in a window, whatever the door and spelling; from each known network as many again; default 10
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

	limits   Limits
	counters counters
}

// counters are the rows that a try was counted in. Failures of an account count for all networks together, and for each
// network; a network from which the person has signed in lately is held to its own count alone, so that a stranger elsewhere
// can't lock the person out (AC-004).
type counters struct {
	account, source, place vault.Index
	known                  bool // the network is one of the person's
}

// Verifier checks passwords: every check in the program goes through Ask, so that failures count once an account, at
// every door. Factors join the sign-in's steps.
type Verifier struct{ room *Room }

// Verifier gives the one verifier.
func (a *Room) Verifier() *Verifier { return &Verifier{a} }

// Ask counts, then checks. The same Tx, the same reads and one hash are done in every case that depends on the account
// (AC-007). A source over its budget is told so and costs no hash: that depends on nothing but the source.
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
	// Both keys are fetched anew: one that happened to be in memory, or not, would tell the known from the unknown by time.
	v.room.o.Ring.Forget(parlatory.House, subject)
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

func (l Limits) byAccount() workspace.Budget {
	return workspace.Budget{Name: "password.account", Window: l.Window, Limit: l.Account}
}

func (l Limits) bySource() workspace.Budget {
	return workspace.Budget{Name: "password.source", Window: l.Window, Limit: l.Source}
}

func (l Limits) byPlace() workspace.Budget {
	return workspace.Budget{Name: "password.place", Window: l.Window, Limit: l.Account}
}

// count raises the counters and finds the account, in one committed transaction. An unknown address has counters of its
// own, as a known one has, so that being locked tells nothing. A source over its budget raises nobody else's counter.
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
	verdict.counters.source = o.Limits.bySource().Key(ix, workspace.SourceOf(q.From))
	var refused error
	err = o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		source, err := o.Limits.bySource().Spend(tx.House(), verdict.counters.source)
		if err != nil {
			return err
		}
		if refused = nil; source.Over {
			refused = source.Refusal(tx.Now())
			return nil // committed: what was spent stays spent
		}
		if verdict.Row, _, err = find(tx, q.Account, index); err != nil {
			return err
		}
		of := email
		if !verdict.Row.ID.Zero() {
			of = verdict.Row.ID.String()
		}
		if over, err = verdict.spend(tx, ix, of, q.From); err != nil || q.Also == nil {
			return err
		}
		return q.Also(tx, verdict.Row)
	})
	if err == nil {
		err = refused
	}
	return verdict, over, err
}

// spend raises the counters of the account and of its network, and says whether the one that counts here is over.
func (v *Verdict) spend(tx *db.Tx, ix *vault.Indexer, of string, from netip.Addr) (over bool, err error) {
	v.counters.account, v.counters.place = v.limits.byAccount().Key(ix, of), placeKey(v.limits, ix, of, from)
	if v.counters.known, err = knownPlace(tx, v.Row.ID, placeIndex(ix, v.Row.ID, from)); err != nil {
		return false, err
	}
	a, err := v.limits.byAccount().Spend(tx.House(), v.counters.account)
	if err != nil {
		return false, err
	}
	p, err := v.limits.byPlace().Spend(tx.House(), v.counters.place)
	if v.counters.known {
		return p.Over, err
	}
	return a.Over, err
}

func find(tx *db.Tx, id parlatory.AccountID, email vault.Index) (Row, bool, error) {
	if !id.Zero() {
		return ByID(tx, id)
	}
	return ByEmail(tx, email)
}

// cut bounds what somebody typed where an address belongs.
func cut(s string) string { return s[:min(len(s), 320)] }

// Settle sets the counters right after a right password that led somewhere: in the transaction that it led to. From a known
// network the account's total is given one back and no more, so that each sign-in of the person is no fresh start for a stranger.
func (v Verdict) Settle(tx *db.Tx) error {
	house := tx.House()
	settle := v.limits.byAccount().Forgive
	if v.counters.known {
		settle = v.limits.byAccount().Refund
	}
	// In the order in which count raises them, so that two tries at once don't wait for each other.
	if err := v.limits.bySource().Refund(house, v.counters.source); err != nil {
		return err
	}
	if err := settle(house, v.counters.account); err != nil {
		return err
	}
	if err := v.limits.byPlace().Forgive(house, v.counters.place); err != nil {
		return err
	}
	if v.Rehash == "" {
		return nil
	}
	acc := v.Account
	acc.phc = v.Rehash
	return acc.store(tx, v.Held)
}

// Forgive ends the lock of an account whose owner proved the mailbox, for strange networks and for the one that the proof
// came from; the counters of client addresses stay.
func (v *Verifier) Forgive(tx *db.Tx, ix *vault.Indexer, id parlatory.AccountID, from netip.Addr) error {
	limits := v.room.o.Limits
	if err := limits.byAccount().Forgive(tx.House(), limits.byAccount().Key(ix, id.String())); err != nil {
		return err
	}
	return limits.byPlace().Forgive(tx.House(), placeKey(limits, ix, id.String(), from))
}
