package staff

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Sessions is what the room needs of the sign-in room, in the same transaction.
type Sessions interface {
	// EndStaff ends all sessions and half sessions of a membership.
	EndStaff(tx *db.Tx, staff parlatory.StaffID) error
}

// Options are what the room needs.
type Options struct {
	DB        *db.DB
	Law       *access.Law
	Roles     access.Roles
	Ring      *vault.Ring
	Ledger    *ledger.Ledger
	Workspace *workspace.Room
	Account   *account.Room
	Sessions  Sessions
	Clock     parlatory.Clock
	Log       *slog.Logger
}

// Room holds the memberships.
type Room struct {
	o     Options
	names names
}

// New opens the room and lets it hear of changes on other nodes.
func New(o Options) *Room {
	s := &Room{o: o}
	s.names.known = map[memberKey]named{}
	o.DB.Listen(s)
	o.Account.Meet(s)
	return s
}

// State of a membership.
type State string

// The states.
const (
	Invited   State = "invited"
	Active    State = "active"
	Suspended State = "suspended"
	Deleted   State = "deleted"
)

// Row is a membership as it is stored; Open needs the person's key.
type Row struct {
	ID         parlatory.StaffID
	Account    parlatory.AccountID
	Role       string
	Department parlatory.DepartmentID
	State      State
	CreatedAt  time.Time
	email      vault.Index
	revision   uint32
	sealed     vault.Sealed
}

// Profile is what a workspace knows of a person.
type Profile struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Member is an opened membership.
type Member struct {
	Row
	Profile
	InvitedUntil time.Time // of a pending invitation
	You          bool
}

func (r Row) binding() vault.Binding {
	return vault.Binding{Table: "staff", Row: r.ID.Raw(), Revision: r.revision,
		Clear: []any{r.Account, r.email[:], r.Role, r.Department, string(r.State), r.CreatedAt}}
}

// Open opens a row; one that was changed past the program is refused.
func (r Row) Open(held *vault.Held) (Member, error) {
	m := Member{Row: r}
	if err := vault.OpenJSON(held, r.binding(), r.sealed, &m.Profile); err != nil {
		return m, fmt.Errorf("open membership: %w", err)
	}
	return m, nil
}

func scan(row interface{ Scan(...any) error }) (Row, bool, error) {
	var r Row
	err := row.Scan(&r.ID, &r.Account, &r.email, &r.Role, &r.Department, &r.State, &r.CreatedAt, &r.revision, &r.sealed)
	if errors.Is(err, db.ErrNone) {
		return Row{}, false, nil
	}
	if err != nil {
		return Row{}, false, fmt.Errorf("read membership: %w", err)
	}
	return r, true, nil
}

// ByAccount finds the membership of an account in tx's workspace. The zero account has none, at the same cost.
func ByAccount(tx *db.Tx, id parlatory.AccountID) (Row, bool, error) {
	return scan(tx.Row(sqlByAccount, id))
}

// ByID finds a membership in tx's workspace.
func ByID(tx *db.Tx, id parlatory.StaffID) (Row, bool, error) { return scan(tx.Row(sqlByID, id)) }

// Kept finds a membership and keeps it as it is until tx ends: a suspension at the same time ends the session that tx
// makes, or is seen here (AC-058). SQLite has one writer anyway.
func Kept(tx *db.Tx, id parlatory.StaffID) (Row, bool, error) {
	if tx.Postgres() {
		return scan(tx.Row(sqlByIDShared, id))
	}
	return ByID(tx, id)
}

// Steady refuses an actor who is no active member of tx's workspace any more, or has another role than the one that the
// law judged. An act of staff asks it first in its transaction: a suspension or a change of role that was committed after the session
// was looked up is seen here, and one at the same time waits until tx ends. One row, by its key.
func Steady(tx *db.Tx, actor parlatory.Actor) error {
	query := sqlStanding
	if tx.Postgres() {
		query = sqlStandingShared
	}
	var account parlatory.AccountID
	var role string
	var state State
	err := tx.Row(query, actor.Staff).Scan(&account, &role, &state)
	if err != nil && !errors.Is(err, db.ErrNone) {
		return fmt.Errorf("read standing: %w", err)
	}
	if err != nil || actor.Kind != parlatory.Staff || state != Active || role != actor.Role || account != actor.Account {
		return parlatory.Fail(parlatory.KindUnauthenticated, "Please sign in.")
	}
	return nil
}

// Steady is the function, for rooms that ask through an interface: once for each author of what they write together.
func (s *Room) Steady(tx *db.Tx, actor parlatory.Actor) error { return Steady(tx, actor) }

// Hold fetches a person's key, before a transaction.
func (s *Room) Hold(ctx context.Context, ws parlatory.WorkspaceID, id parlatory.StaffID) (*vault.Held, error) {
	held, err := s.o.Ring.Hold(ctx, ws, vault.StaffKey(id))
	if err != nil {
		return nil, fmt.Errorf("hold staff key: %w", err)
	}
	return held, nil
}

func (m *Member) seal(held *vault.Held) (err error) {
	if m.sealed, err = vault.SealJSON(held, m.binding(), m.Profile); err != nil {
		return fmt.Errorf("seal membership: %w", err)
	}
	return nil
}

// insert stores a new membership; taken reports that the address or the account has one.
func (m *Member) insert(tx *db.Tx, held *vault.Held) (taken bool, err error) {
	m.revision = 1
	if err := m.seal(held); err != nil {
		return false, err
	}
	_, err = tx.Exec(sqlInsert, m.ID, m.Account, m.email, m.Role, m.Department, m.State, m.CreatedAt, m.revision, m.sealed)
	if db.IsTaken(err) {
		return true, err
	}
	if err != nil {
		return false, fmt.Errorf("store membership: %w", err)
	}
	return false, nil
}

// store writes a changed membership with its next revision, and tells.
func (m *Member) store(tx *db.Tx, held *vault.Held) error {
	m.revision++
	if err := m.seal(held); err != nil {
		return err
	}
	n, err := tx.Exec(sqlUpdate, m.ID, m.Account, m.email, m.Role, m.Department, m.State, m.revision, m.sealed, m.revision-1)
	if err != nil {
		return fmt.Errorf("store membership: %w", err)
	}
	if n != 1 {
		return parlatory.Conflict("Somebody changed this person at the same time. Please look again.")
	}
	tx.Tell(parlatory.Event{Kind: parlatory.StaffChanged, Workspace: tx.Workspace(), Staff: m.ID})
	return nil
}

// turn makes changes of who is who wait for one another within a workspace.
func turn(tx *db.Tx) error {
	if _, err := tx.Exec(sqlTurn); err != nil {
		return fmt.Errorf("take turn: %w", err)
	}
	return nil
}

// Found makes the first administrator in the transaction that founds a workspace; the founding holds StaffKey(id).
func Found(tx *db.Tx, f *vault.Founding, id parlatory.StaffID, acc parlatory.AccountID, role string, p Profile) error {
	m := Member{Row: Row{ID: id, Account: acc, Role: role, State: Active, CreatedAt: tx.Now(), email: f.Indexer().Blind("staff.email", p.Email)}, Profile: p}
	_, err := m.insert(tx, f.Held(vault.StaffKey(id)))
	return err
}

// HeldAcross counts the workspaces in which an account is a member that is not deleted; tx must reach across workspaces.
func (s *Room) HeldAcross(tx *db.Tx, acc parlatory.AccountID) (n int, err error) {
	if err := tx.Across().Row(sqlHeldAcross, acc).Scan(&n); err != nil {
		return 0, fmt.Errorf("count memberships: %w", err)
	}
	return n, nil
}

// ActiveAcross tells in which workspaces an account is active, and as whom; tx must reach across workspaces.
func (s *Room) ActiveAcross(tx *db.Tx, acc parlatory.AccountID) (map[parlatory.WorkspaceID]parlatory.StaffID, error) {
	rows, err := tx.Across().Query(sqlActiveAcross, acc)
	if err != nil {
		return nil, fmt.Errorf("read memberships: %w", err)
	}
	defer func() { _ = rows.Close() }()
	active := map[parlatory.WorkspaceID]parlatory.StaffID{}
	for rows.Next() {
		var ws parlatory.WorkspaceID
		var id parlatory.StaffID
		if err := rows.Scan(&ws, &id); err != nil {
			return nil, fmt.Errorf("read membership: %w", err)
		}
		active[ws] = id
	}
	return active, rows.Err()
}

// Run writes the echoes of account events until ctx ends.
func (s *Room) Run(ctx context.Context) error { return s.o.Account.Run(ctx, s) }
