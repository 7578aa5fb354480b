package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"parlatory"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Limits of wrong passwords (NIST SP 800-63B-4 §3.2.2; ASVS 6.3.1).
type Limits struct {
	Account int           // tries of one account in a window, whatever the door and spelling, from unknown devices together; on each known device as many again; default 10
	Source  int           // tries from one client address (IPv6: /64) in a window; default 100
	Door    int           // tries at one workspace's door in a window from unknown devices; default 3,000
	Window  time.Duration // default 15 minutes
}

func (l Limits) orDefault() Limits {
	if l.Account == 0 {
		l.Account = 10
	}
	if l.Source == 0 {
		l.Source = 100
	}
	if l.Door == 0 {
		l.Door = 3000
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
	Device   parlatory.Secret // the browser's cookie; empty where it has none
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
	Rehash  string             // a fresh hash with today's parameters, where the stored one is older
	Device  parlatory.DeviceID // the known device; zero where it is not known
	Known   bool               // the device is known
	Wide    bool               // and a factor that counts everywhere was proved on it
	Length  int                // characters of the password that was right

	limits                      Limits
	source, class, door, runKey vault.Index
	device                      device
	tell                        bool
}

// Verifier checks passwords: every check in the program goes through Ask, so that failures count once an account, at
// every door. Factors join the sign-in's steps.
type Verifier struct{ room *Room }

// Verifier gives the one verifier.
func (a *Room) Verifier() *Verifier { return &Verifier{a} }

// Ask counts, then checks. The same Tx, the same reads and one hash are done in every case that depends on the account
// (AC-007). A source over its budget is told so and costs no hash: that depends on nothing but the source. So is whoever comes when very
// many ask at once: then nothing is read or written.
func (v *Verifier) Ask(ctx context.Context, q Question) (Verdict, error) {
	leave, err := v.room.asking.Enter(ctx)
	if err != nil {
		return Verdict{}, err
	}
	defer leave()
	verdict, over, err := v.count(ctx, q)
	if err != nil {
		return Verdict{}, err
	}
	if verdict, err = v.check(ctx, q, verdict, over); err == nil && verdict.tell {
		err = v.tell(ctx, q, verdict)
	}
	return verdict, err
}

func (v *Verifier) check(ctx context.Context, q Question, verdict Verdict, over bool) (Verdict, error) {
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
		over = over || !verdict.knows(v.room.o.Log)
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
	verdict.Length = policy.Length(q.Password)
	if rehash {
		verdict.Rehash, err = credential.Hash(ctx, q.Password)
	}
	return verdict, err
}

// knows proves the row by which a device is known. One that was changed past the program costs the try: it was counted where strangers
// are not.
func (v *Verdict) knows(log *slog.Logger) bool {
	if v.device.id.Zero() {
		return true
	}
	var from origin
	if err := vault.OpenJSON(v.Held, v.device.binding(), v.device.sealed, &from); err != nil {
		log.Error("row refused", "table", "devices", "row", v.device.id.String())
		return false
	}
	v.Device, v.Known, v.Wide = v.device.id, true, from.Wide
	return true
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
	settings, err := o.Security.Of(ctx, q.Door)
	if err != nil {
		return verdict, false, err
	}
	email, err := policy.Email(q.Email)
	if err != nil {
		email = "\x00not an address\x00" + cut(q.Email)
	}
	index := ix.Blind("accounts.email", email)
	verdict.limits = o.Limits
	verdict.source = o.Limits.bySource().Key(ix, workspace.SourceOf(q.From))
	var refused error
	err = o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		source, err := o.Limits.bySource().Spend(tx.House(), verdict.source)
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
		if verdict.device, err = findDevice(tx, verdict.Row.ID, deviceIndex(ix, verdict.Row.ID, q.Device)); err != nil {
			return err
		}
		if q.Also != nil {
			if err := q.Also(tx, verdict.Row); err != nil {
				return err
			}
		}
		of := email
		if !verdict.Row.ID.Zero() {
			of = verdict.Row.ID.String()
		}
		over, err = verdict.spend(tx, ix, of, settings.Lockout)
		return err
	})
	if err == nil {
		err = refused
	}
	return verdict, over, err
}

// spend raises the counters of the account's class and of the door, last of all, since others wait for these rows, and says whether one is
// over. A known device is held to its own class alone, so that nobody locks the owner out (AC-004).
func (v *Verdict) spend(tx *db.Tx, ix *vault.Indexer, of string, lock security.LockoutPolicy) (over bool, err error) {
	class, door := classOf(of, v.device.id), tx.Workspace().String()
	if !v.device.id.Zero() {
		door = class
	}
	v.class, v.door = v.limits.byAccount().Key(ix, class), v.limits.byDoor().Key(ix, door)
	v.runKey = classKey(ix, of, v.device.id)
	d, a, err := workspace.SpendBoth(tx.House(), v.limits.byDoor(), v.door, v.limits.byAccount(), v.class)
	if err != nil {
		return false, err
	}
	over, v.tell, err = raise(tx, v.runKey, v.Row.ID.Zero(), lock, a.Over || d.Over)
	v.tell = v.tell && (a.Over || !d.Over)
	return over, err
}

func find(tx *db.Tx, id parlatory.AccountID, email vault.Index) (Row, bool, error) {
	if !id.Zero() {
		return ByID(tx, id)
	}
	return ByEmail(tx, email)
}

// cut bounds what somebody typed where an address belongs.
func cut(s string) string { return s[:min(len(s), 320)] }

// Settle gives a try back that was no failure: in the transaction that the right password led to. What came before it is cleared by a full
// sign-in alone (Arrived), since who has the password and not the factor is not in.
func (v Verdict) Settle(tx *db.Tx) error {
	house := tx.House()
	// In the order in which count raises them, so that two tries at once don't wait for each other.
	if err := workspace.RefundAll(house, v.source, v.door, v.class); err != nil {
		return err
	}
	if _, err := house.Exec(sqlExcuse, v.runKey); err != nil {
		return fmt.Errorf("excuse try: %w", err)
	}
	if v.Rehash == "" {
		return nil
	}
	acc := v.Account
	acc.phc = v.Rehash
	return acc.store(tx, v.Held)
}

// Clear is for a signed-in person who gave the password, after Settle: failures on this device begin anew.
func (v Verdict) Clear(tx *db.Tx) error {
	if err := v.limits.byAccount().Forgive(tx.House(), v.class); err != nil {
		return err
	}
	return clearRun(tx, v.runKey)
}
