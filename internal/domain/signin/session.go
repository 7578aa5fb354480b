package signin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"parlatory"
	"parlatory/internal/domain/security"
	members "parlatory/internal/domain/staff"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// How long things last at most (ASVS 7.3.1, 7.3.2); what holds is what the workspace set.
const (
	SessionIdle = security.IdleMinutesMost * time.Minute
	SessionLife = security.LifeHoursMost * time.Hour
	AttemptLife = 15 * time.Minute
	touchEach   = time.Minute
	// sessionsMost is how many sessions an account has at one workspace; the one that was not used for longest goes for a new one.
	sessionsMost = 100
)

// SessionOptions are what the store of sessions needs.
type SessionOptions struct {
	DB       *db.DB
	Law      *access.Law
	Ring     *vault.Ring
	Security *security.Room
	Clock    parlatory.Clock
	Log      *slog.Logger
}

// Sessions is the store of sessions and half sessions. It stands apart from the sign-in room, since the rooms to the
// left end sessions in their own transactions.
type Sessions struct{ o SessionOptions }

// NewSessions opens the store.
func NewSessions(o SessionOptions) *Sessions { return &Sessions{o} }

type session struct {
	id                     parlatory.SessionID
	token                  credential.TokenHash
	account                parlatory.AccountID
	door                   parlatory.WorkspaceID
	staff                  parlatory.StaffID
	department             parlatory.DepartmentID
	role                   string
	factor                 parlatory.Factor // what was proved beside the password when it began
	proved                 time.Time        // when password or factor was last given
	proof                  parlatory.Proof  // which it was; it is sealed
	proven                 bool             // about.Proven
	created, expires, seen time.Time
	revision               uint32
	sealed                 vault.Sealed
}

// place is from where a session was begun; it is sealed.
type place struct {
	Address string             `json:"address"`
	Device  string             `json:"device"`
	Known   parlatory.DeviceID `json:"known,omitzero"` // the account's device that it is
}

// about is what is sealed of a session.
type about struct {
	place
	Proof  parlatory.Proof `json:"proof,omitempty"`
	Proven bool            `json:"proven,omitempty"` // a factor that counts everywhere was proved on the device
}

func placeOf(a parlatory.Actor) place {
	p := place{Device: a.Device}
	if a.Address.IsValid() {
		p.Address = a.Address.Unmap().WithZone("").String()
	}
	return p
}

func (s session) binding() vault.Binding {
	return vault.Binding{Table: "sessions", Row: s.id.Raw(), Revision: s.revision,
		Clear: []any{s.token[:], s.account, s.door, s.staff, s.department, s.role, string(s.factor), s.proved, s.created, s.expires}}
}

func scanSession(row interface{ Scan(...any) error }) (session, error) {
	var s session
	err := row.Scan(&s.id, &s.token, &s.account, &s.door, &s.staff, &s.department, &s.role, &s.factor, &s.proved, &s.created, &s.expires, &s.seen, &s.revision, &s.sealed)
	if errors.Is(err, db.ErrNone) {
		return s, errSignIn()
	}
	if err != nil {
		return s, fmt.Errorf("read session: %w", err)
	}
	return s, nil
}

// errSignIn is the one answer to a token that is unknown, malformed, expired, ended or of another door.
func errSignIn() error { return parlatory.Fail(parlatory.KindUnauthenticated, "Please sign in.") }

// Session resolves a session's token at a door to its actor (ASVS 7.2.1), and notes that its person used it. from carries address
// and device.
func (s *Sessions) Session(ctx context.Context, door parlatory.WorkspaceID, token string, from parlatory.Actor) (parlatory.Actor, error) {
	actor, permit, row, err := s.resolve(ctx, door, token, from)
	if err != nil {
		return parlatory.Actor{}, err
	}
	if now := s.o.Clock.Now(); now.Sub(row.seen) >= touchEach {
		if err := s.touch(ctx, permit, row, now); err != nil {
			// At worst the session idles out sooner; what the person asked for is not the less theirs.
			s.o.Log.Warn("session not touched", "session", row.id.String(), "cause", err.Error())
		}
	}
	return actor, nil
}

// Unattended is Session for what a page or a socket does without anybody: judged all the same, it does not keep the session from
// idling out (ASVS 7.3.1).
func (s *Sessions) Unattended(ctx context.Context, door parlatory.WorkspaceID, token string, from parlatory.Actor) (parlatory.Actor, error) {
	actor, _, _, err := s.resolve(ctx, door, token, from)
	return actor, err
}

// resolve is one indexed read.
func (s *Sessions) resolve(ctx context.Context, door parlatory.WorkspaceID, token string, from parlatory.Actor) (actor parlatory.Actor, permit access.Permit, row session, err error) {
	hash, err := credential.HashToken(token)
	if err != nil {
		return actor, permit, row, errSignIn()
	}
	if permit, err = s.o.Law.System(actResume, parlatory.House); err != nil {
		return actor, permit, row, err
	}
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		row, err = scanSession(tx.Row(sqlSessionByToken, hash, door))
		return err
	})
	if err != nil {
		return actor, permit, row, err
	}
	limits, err := s.o.Security.Of(ctx, door)
	if err != nil {
		return actor, permit, row, err
	}
	if row.over(limits.Sessions, s.o.Clock.Now()) {
		return actor, permit, row, errSignIn()
	}
	var at about
	if err := s.prove(ctx, row.account, row.binding(), row.sealed, &at); err != nil {
		return actor, permit, row, err
	}
	actor = from
	actor.Kind, actor.Workspace, actor.Session = parlatory.Staff, door, row.id
	actor.Account, actor.Staff, actor.Department, actor.Role = row.account, row.staff, row.department, row.role
	actor.Factor, actor.Proved, actor.ProvedBy = row.factor, row.proved, at.Proof
	if at.Proven {
		actor.Known = at.Known
	}
	return actor, permit, row, nil
}

// over judges a session by the limits that hold now: a shorter one ends those that are open (ASVS 7.3.1, 7.3.2).
func (s session) over(p security.SessionPolicy, now time.Time) bool {
	return !now.Before(s.expires) || now.Sub(s.created) >= p.Life() || now.Sub(s.seen) >= p.Idle()
}

// prove opens a row, and refuses one that was changed past the program as if it were not there.
func (s *Sessions) prove(ctx context.Context, account parlatory.AccountID, b vault.Binding, sealed vault.Sealed, into any) error {
	held, err := s.o.Ring.Hold(ctx, parlatory.House, vault.AccountKey(account))
	if errors.Is(err, vault.ErrNoKey) {
		return errSignIn()
	}
	if err != nil {
		return fmt.Errorf("hold account key: %w", err)
	}
	if err := vault.OpenJSON(held, b, sealed, into); err != nil {
		s.o.Log.Error("row refused", "table", b.Table, "cause", err.Error())
		return errSignIn()
	}
	return nil
}

func (s *Sessions) touch(ctx context.Context, permit access.Permit, row session, now time.Time) error {
	err := s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		_, err := tx.Exec(sqlTouchSession, row.id, now, row.seen)
		return err
	})
	if err != nil {
		return fmt.Errorf("touch session: %w", err)
	}
	return nil
}

// begin stores a new session and gives its token.
func (s *Sessions) begin(tx *db.Tx, held *vault.Held, row session, from parlatory.Actor, device parlatory.DeviceID) (parlatory.Secret, parlatory.SessionID, error) {
	token, hash, err := credential.NewToken()
	if err != nil {
		return token, row.id, err
	}
	row.id, row.token, row.revision = parlatory.NewID[parlatory.SessionKind](s.o.Clock), hash, 1
	row.created, row.seen, row.expires = tx.Now(), tx.Now(), tx.Now().Add(SessionLife)
	at := about{place: placeOf(from), Proof: row.proof, Proven: row.proven}
	at.Known = device
	if row.sealed, err = vault.SealJSON(held, row.binding(), at); err != nil {
		return token, row.id, fmt.Errorf("seal session: %w", err)
	}
	_, err = tx.House().Exec(sqlInsertSession, row.id, row.token, row.account, row.door, row.staff, row.department, row.role, string(row.factor), row.proved, row.created, row.expires, row.seen, row.revision, row.sealed)
	if err != nil {
		return token, row.id, fmt.Errorf("store session: %w", err)
	}
	return token, row.id, s.trim(tx, row.account, row.door)
}

func (s *Sessions) trim(tx *db.Tx, account parlatory.AccountID, door parlatory.WorkspaceID) error {
	return s.endAll(tx.House(), sqlEndBeyond, account, door, sessionsMost)
}

// Stands refuses an actor whose session has ended since it was looked up: what outlives a session, such as an API token or a factor, asks it
// first in its transaction. An end that comes at the same time waits until tx ends (PostgreSQL; SQLite has one writer anyway).
func (s *Sessions) Stands(tx *db.Tx, actor parlatory.Actor) error {
	query := sqlSessionStands
	if tx.Postgres() {
		query = sqlSessionStandsShared
	}
	var account parlatory.AccountID
	err := tx.House().Row(query, actor.Session, actor.Workspace).Scan(&account)
	if err != nil && !errors.Is(err, db.ErrNone) {
		return fmt.Errorf("read session: %w", err)
	}
	if err != nil || account != actor.Account {
		return errSignIn()
	}
	return nil
}

// Renew gives a session a new token; the old one is dead with the commit. What was proved in it, and when, stays: who changes the
// password proves no factor (AC-031).
func (s *Sessions) Renew(tx *db.Tx, held *vault.Held, id parlatory.SessionID) (parlatory.Secret, error) {
	return s.renew(tx, held, id, func(*session) {})
}

// stepped is Renew where password or factor was given just now.
func (s *Sessions) stepped(tx *db.Tx, held *vault.Held, id parlatory.SessionID, by parlatory.Proof) (parlatory.Secret, error) {
	return s.renew(tx, held, id, func(row *session) { row.proved, row.proof = tx.Now(), by })
}

func (s *Sessions) renew(tx *db.Tx, held *vault.Held, id parlatory.SessionID, with func(*session)) (parlatory.Secret, error) {
	row, err := scanSession(tx.House().Row(sqlSessionByID, id))
	if err != nil {
		return parlatory.Secret{}, err
	}
	var at about
	if err := vault.OpenJSON(held, row.binding(), row.sealed, &at); err != nil {
		return parlatory.Secret{}, fmt.Errorf("open session: %w", err)
	}
	row.proof = at.Proof
	token, hash, err := credential.NewToken()
	if err != nil {
		return token, err
	}
	with(&row)
	row.token, row.revision = hash, row.revision+1
	at.Proof, at.Proven = row.proof, at.Proven || row.proof == parlatory.ByFactor
	if row.sealed, err = vault.SealJSON(held, row.binding(), at); err != nil {
		return token, fmt.Errorf("seal session: %w", err)
	}
	n, err := tx.House().Exec(sqlRenewSession, id, row.token, row.proved, row.revision, row.sealed, row.revision-1)
	if err == nil && n != 1 {
		err = errSignIn()
	}
	return token, err
}

// EndAccount ends all sessions and half sessions of an account but one (zero: all), wherever they are, and the trust in its devices.
func (s *Sessions) EndAccount(tx *db.Tx, account parlatory.AccountID, but parlatory.SessionID) error {
	house := tx.House()
	if err := s.endAll(house, sqlEndOfAccount, account, but[:]); err != nil {
		return err
	}
	if _, err := house.Exec(sqlAttemptsOfAccount, account, but[:]); err != nil {
		return fmt.Errorf("end half sessions: %w", err)
	}
	return dropTrusts(tx, account, parlatory.WorkspaceID{})
}

// EndTokens ends the API tokens of an account, wherever they are: somebody else may have been in, and what they made goes too.
func (s *Sessions) EndTokens(tx *db.Tx, account parlatory.AccountID) error {
	if _, err := tx.House().Exec(sqlDropTokens, account); err != nil {
		return fmt.Errorf("end API tokens: %w", err)
	}
	return nil
}

// EndFactorless ends the sessions of an account that were begun without a second factor, at one door or (zero) at all, but one.
func (s *Sessions) EndFactorless(tx *db.Tx, account parlatory.AccountID, door parlatory.WorkspaceID, but parlatory.SessionID) error {
	all := 0
	if door.Zero() {
		all = 1
	}
	house, args := tx.House(), []any{account, but[:], door[:], all}
	return s.endAll(house, sqlEndFactorless, args...)
}

// EndStaff ends all sessions, half sessions, trusted devices and API tokens of a membership of tx's workspace, and none elsewhere (AC-058).
func (s *Sessions) EndStaff(tx *db.Tx, staff parlatory.StaffID) error {
	house, door := tx.House(), tx.Workspace()
	if err := s.endAll(house, sqlEndOfStaff, staff, door); err != nil {
		return err
	}
	if _, err := house.Exec(sqlAttemptsOfStaff, staff, door); err != nil {
		return fmt.Errorf("end half sessions: %w", err)
	}
	if _, err := house.Exec(sqlDropTokensAt, staff, door); err != nil {
		return fmt.Errorf("end API tokens: %w", err)
	}
	member, ok, err := members.ByID(tx, staff)
	if err != nil || !ok || member.Account.Zero() {
		return err
	}
	if err := dropTrusts(tx, member.Account, door); err != nil {
		return err
	}
	return nil
}

// EndUnproved ends the sessions of tx's workspace whose factor is none; with resistant, all that are not by passkey.
func (s *Sessions) EndUnproved(tx *db.Tx, resistant bool) error {
	house, door, strict := tx.House(), tx.Workspace(), 0
	if resistant {
		strict = 1
	}
	return s.endAll(house, sqlEndUnproved, door, strict)
}

// Touch notes that a person used a session by its socket, at most once a minute.
func (s *Sessions) Touch(ctx context.Context, actor parlatory.Actor) error {
	if actor.Kind != parlatory.Staff || !actor.Token.Zero() {
		return nil
	}
	permit, err := s.o.Law.System(actResume, parlatory.House)
	if err != nil {
		return err
	}
	now := s.o.Clock.Now()
	return s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		_, err := tx.Exec(sqlUseSession, actor.Session, now, now.Add(-touchEach))
		return err
	})
}

// endAll runs a statement that deletes sessions, and tells of each.
func (s *Sessions) endAll(house *db.Tx, query string, args ...any) error {
	rows, err := house.Query(query, args...)
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		e := parlatory.Event{Kind: parlatory.SessionEnded}
		if err := rows.Scan(&e.Session, &e.Workspace, &e.Staff, &e.Account); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		house.Tell(e)
	}
	return rows.Err()
}

// end ends what the actor came with: the session or the half session that a new one replaces, or that is left. A half
// session that is gone already was used up by somebody at the same moment, and makes no second session (AC-056).
func (s *Sessions) end(tx *db.Tx, actor parlatory.Actor) error {
	var query string
	switch actor.Kind {
	case parlatory.Staff:
		query = sqlEndSession
		tx.Tell(parlatory.Event{Kind: parlatory.SessionEnded, Workspace: actor.Workspace, Staff: actor.Staff, Account: actor.Account, Session: actor.Session})
	case parlatory.Half:
		query = sqlEndAttempt
	default:
		return nil
	}
	n, err := tx.House().Exec(query, actor.Session, actor.Account)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if n != 1 && actor.Kind == parlatory.Half {
		return errSignIn()
	}
	return nil
}
