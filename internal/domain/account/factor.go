package account

import (
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Bounds of factors (NIST SP 800-63B-4 §3.2.2, ASVS 6.6.3).
const (
	maxFactors   = 10
	factorRow    = 100 // failures in a row after which codes of the app count no more until a reset
	ceremonyLife = 5 * time.Minute
	mailLife     = 10 * time.Minute
	mailTries    = 5
)

var (
	// byFactor bounds tries of an account in each class, whatever the door, the session and the sign-in (AC-025).
	byFactor = workspace.Budget{Name: "factor.account", Window: 20 * time.Minute, Limit: 10}
	byMail   = workspace.Budget{Name: "factor.mail", Window: time.Hour, Limit: 5}
)

// FactorState is what an account has that counts at a door.
type FactorState struct {
	TOTP, Passkey bool
	Recovery      int
	Elsewhere     bool // has some that do not count here
	Voided        bool // an administrator reset them here
}

// Any reports whether a second factor counts; recovery codes alone are none.
func (s FactorState) Any() bool { return s.TOTP || s.Passkey }

// factor is a row. Scope is the workspace where it counts alone; zero: everywhere. Step is the last code's of an app. Goes is when a
// removal that waits takes effect; zero: it stays.
type factor struct {
	id            parlatory.FactorID
	account       parlatory.AccountID
	kind          parlatory.Factor
	scope         parlatory.WorkspaceID
	created, used time.Time
	goes          time.Time
	step          int64
	index         vault.Index
	revision      uint32
	sealed        vault.Sealed
}

// factorSecret is what is sealed of it.
type factorSecret struct {
	Name    string              `json:"name"`
	Secret  string              `json:"secret,omitempty"` // of an app
	Passkey *credential.Passkey `json:"passkey,omitempty"`
}

// binding counts its parts, so that a moment put into the row or taken off it past the program leaves a row that does not open; one that
// stays is sealed as it was before there was a moment.
func (f factor) binding() vault.Binding {
	b := vault.Binding{Table: "factors", Row: f.id.Raw(), Revision: f.revision,
		Clear: []any{f.account, f.kind, f.scope, f.created, f.used, f.step, f.index[:]}}
	if !f.goes.IsZero() {
		b.Clear = append(b.Clear, f.goes)
	}
	return b
}

func (f factor) open(held *vault.Held) (s factorSecret, err error) {
	if err = vault.OpenJSON(held, f.binding(), f.sealed, &s); err != nil {
		return s, fmt.Errorf("open factor: %w", err)
	}
	return s, nil
}

// counts is the ruling on factors and workspaces: one that was made before an administrator's reset counts no more there,
// and one that was made after it by whoever proved nothing older counts there alone (DESIGN §5).
func counts(scope parlatory.WorkspaceID, created, void time.Time, door parlatory.WorkspaceID) bool {
	return (scope.Zero() || scope == door) && created.After(void)
}

// FactorsAt reads what counts at tx's workspace: the same statement for everybody, and for nobody.
func (a *Room) FactorsAt(tx *db.Tx, account parlatory.AccountID) (s FactorState, err error) {
	rows, err := tx.House().Query(sqlFactorsAt, account, tx.Workspace())
	if err != nil {
		return s, fmt.Errorf("read factors: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var f factor
		var void time.Time
		if err := rows.Scan(&void, &s.Recovery, &f.kind, &f.scope, &f.created); err != nil {
			return s, fmt.Errorf("read factor: %w", err)
		}
		if s.Voided = !void.IsZero(); f.kind != parlatory.NoFactor {
			s.add(f, void, tx.Workspace())
		}
	}
	return s, rows.Err()
}

// add says that the account has a factor.
func (s *FactorState) add(f factor, void time.Time, door parlatory.WorkspaceID) {
	switch {
	case !counts(f.scope, f.created, void, door):
		s.Elsewhere = true
	case f.kind == parlatory.TOTP:
		s.TOTP = true
	case f.kind == parlatory.Passkey:
		s.Passkey = true
	}
}

// Strongest is the best second factor that counts.
func (s FactorState) Strongest() parlatory.Factor {
	switch {
	case s.Passkey:
		return parlatory.Passkey
	case s.TOTP:
		return parlatory.TOTP
	}
	return parlatory.NoFactor
}

// FactorsOf reads which second factors of many accounts count at tx's workspace, in two statements for each two hundred of them. It does not
// count recovery codes: they are no factor.
func (a *Room) FactorsOf(tx *db.Tx, accounts []parlatory.AccountID) (map[parlatory.AccountID]FactorState, error) {
	all, voids := map[parlatory.AccountID]FactorState{}, map[parlatory.AccountID]time.Time{}
	err := db.Many(accounts, func(args []any) error {
		return each(tx.House(), func(rows *db.Rows) error {
			var id parlatory.AccountID
			var at time.Time
			err := rows.Scan(&id, &at)
			voids[id], all[id] = at, FactorState{Voided: true}
			return err
		}, sqlFactorVoidsOf, args...)
	}, tx.Workspace())
	if err != nil {
		return nil, fmt.Errorf("read resets of factors: %w", err)
	}
	err = db.Many(accounts, func(args []any) error {
		return each(tx.House(), func(rows *db.Rows) error {
			var f factor
			err := rows.Scan(&f.account, &f.kind, &f.scope, &f.created)
			s := all[f.account]
			s.add(f, voids[f.account], tx.Workspace())
			all[f.account] = s
			return err
		}, sqlFactorsOf, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("read factors: %w", err)
	}
	return all, nil
}

// each walks the rows of a statement.
func each(tx *db.Tx, row func(*db.Rows) error, query string, args ...any) error {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func voidAt(tx *db.Tx, account parlatory.AccountID, door parlatory.WorkspaceID) (at time.Time, err error) {
	err = tx.House().Row(sqlFactorVoid, account, door).Scan(&at)
	if errors.Is(err, db.ErrNone) {
		return time.Time{}, nil
	}
	if err != nil {
		return at, fmt.Errorf("read reset of factors: %w", err)
	}
	return at, nil
}

func factorsOf(tx *db.Tx, query string, of ...any) (all []factor, err error) {
	rows, err := tx.House().Query(query, of...)
	if err != nil {
		return nil, fmt.Errorf("read factors: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var f factor
		if err := rows.Scan(&f.id, &f.account, &f.kind, &f.scope, &f.created, &f.used, &f.goes, &f.step, &f.index, &f.revision, &f.sealed); err != nil {
			return nil, fmt.Errorf("read factor: %w", err)
		}
		all = append(all, f)
	}
	return all, rows.Err()
}

// store writes a changed factor with its next revision; false where somebody else did in the meantime.
func (f factor) store(tx *db.Tx, held *vault.Held, s factorSecret) (bool, error) {
	f.revision++
	sealed, err := vault.SealJSON(held, f.binding(), s)
	if err != nil {
		return false, fmt.Errorf("seal factor: %w", err)
	}
	n, err := tx.House().Exec(sqlUpdateFactor, f.id, f.scope, f.used, f.goes, f.step, f.revision, sealed, f.revision-1)
	if err != nil {
		return false, fmt.Errorf("store factor: %w", err)
	}
	return n == 1, nil
}

// VoidFactors is an administrator's reset: at this door all that was made so far counts no more; elsewhere it does. A
// row that is taken away gives no more than the factors that it kept out, so that it needs no seal. The tries stay counted: else
// a hostile workspace would make guesses at the factors that count elsewhere as good as unlimited (AC-025).
func (a *Room) VoidFactors(tx *db.Tx, account parlatory.AccountID, door parlatory.WorkspaceID) error {
	if _, _, err := Lock(tx, account); err != nil {
		return err
	}
	house := tx.House()
	for _, s := range []struct {
		query string
		args  []any
	}{{sqlPutVoid, []any{account, door, tx.Now()}}, {sqlDeleteScoped, []any{account, door}}, {sqlDeleteFactorMails, []any{account}}} {
		if _, err := house.Exec(s.query, s.args...); err != nil {
			return fmt.Errorf("reset factors: %w", err)
		}
	}
	return nil
}

// Alone reports whether an account is a member of tx's workspace, and of no other in any state: and of none before tx ends, since a
// membership begins with a session, or with a sign-up, that locks the account.
func (a *Room) Alone(tx *db.Tx, account parlatory.AccountID) (bool, error) {
	if _, _, err := Lock(tx, account); err != nil {
		return false, err
	}
	n, err := a.members.HeldAcross(tx, account)
	return n == 1, err
}

// VoidAll is the operator's, and an administrator's whose workspace is the account's only one: the account has no factor and no code any more, anywhere.
func (a *Room) VoidAll(tx *db.Tx, account parlatory.AccountID) error {
	if _, _, err := Lock(tx, account); err != nil {
		return err
	}
	for _, query := range []string{sqlDeleteFactors, sqlDeleteRecovery, sqlDeleteVoids, sqlForgetTries, sqlDeleteFactorMails} {
		if _, err := tx.House().Exec(query, account); err != nil {
			return fmt.Errorf("take factors away: %w", err)
		}
	}
	return nil
}

// errFactor is the one refusal of a factor.
func errFactor(field string) error {
	return parlatory.Invalid(field, "is not right, or was used already")
}
