package staff

import (
	"context"

	"parlatory"
	"parlatory/internal/domain/role"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// change runs fn on one member, freshly read and opened, under the permit. The turn is taken before the actor is looked
// at: of two who suspend each other, the second sees what the first did, and on PostgreSQL neither waits for the other's row.
func (s *Room) change(ctx context.Context, permit access.Permit, id parlatory.StaffID, fn func(*db.Tx, Member, *vault.Held, *ledger.Pen) error) error {
	ws := permit.Workspace()
	pen, err := s.o.Ledger.Pen(ctx, ws)
	if err != nil {
		return err
	}
	held, err := s.Hold(ctx, ws, id)
	if err != nil {
		return parlatory.NotFound().Because(err)
	}
	return s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := turn(tx); err != nil {
			return err
		}
		if err := Steady(tx, permit.Actor()); err != nil {
			return err
		}
		r, err := s.must(tx, id)
		if err != nil {
			return err
		}
		m, err := r.Open(held)
		if err != nil {
			return err
		}
		return fn(tx, m, held, pen)
	})
}

// Administer runs fn on one member, freshly read, for an act of an administrator about somebody's way in: not about oneself, and about
// nobody whose role holds more than the own.
func (s *Room) Administer(ctx context.Context, permit access.Permit, id parlatory.StaffID, fn func(*db.Tx, Member, *ledger.Pen) error) error {
	return s.change(ctx, permit, id, func(tx *db.Tx, m Member, _ *vault.Held, pen *ledger.Pen) error {
		if err := s.judge(ctx, permit.Actor(), m, m.Role); err != nil {
			return err
		}
		if m.Account.Zero() {
			return parlatory.Conflict("This person has not accepted the invitation yet.")
		}
		return fn(tx, m, pen)
	})
}

// ActiveRows reads the active members of tx's workspace, as they are stored.
func ActiveRows(tx *db.Tx) (active []Row, err error) {
	for after := (parlatory.StaffID{}); ; {
		rows, err := list(tx, after, maxPage)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if r.State == Active {
				active = append(active, r)
			}
			after = r.ID
		}
		if len(rows) < maxPage {
			return active, nil
		}
	}
}

// judge keeps the rules of changing somebody: not oneself, and nobody whose role holds more than the own.
func (s *Room) judge(ctx context.Context, actor parlatory.Actor, m Member, roles ...string) error {
	if m.ID == actor.Staff {
		return parlatory.Conflict("You can't do this to yourself. Ask another administrator.")
	}
	return s.covers(ctx, actor, roles...)
}

func (s *Room) covers(ctx context.Context, actor parlatory.Actor, roles ...string) error {
	own, err := s.o.Roles.Role(ctx, actor.Workspace, actor.Role)
	if err != nil {
		return err
	}
	for _, name := range roles {
		r, err := s.o.Roles.Role(ctx, actor.Workspace, name)
		if err != nil {
			return parlatory.Invalid("role", "does not exist").Because(err)
		}
		if !own.Covers(r) {
			return parlatory.Forbidden()
		}
	}
	return nil
}

// notLast refuses what would leave the workspace without an active administrator. turn was taken before.
func notLast(tx *db.Tx, m Member) error {
	if m.Role != role.Administrator || m.State != Active {
		return nil
	}
	var others int
	if err := tx.Row(sqlOthers, role.Administrator, m.ID).Scan(&others); err != nil {
		return err
	}
	if others == 0 {
		return parlatory.Conflict("This is the last active administrator. Make somebody else an administrator first.")
	}
	return nil
}

// SetRole gives a member another role. Sessions of the membership end, since each holds the role that it began with
// (AC-055); a pending invitation is void, since it is for the old role (AC-016).
func (s *Room) SetRole(ctx context.Context, actor parlatory.Actor, id parlatory.StaffID, name string) (Member, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActEdit)
	if err != nil {
		return Member{}, err
	}
	var m Member
	err = s.change(ctx, permit, id, func(tx *db.Tx, before Member, held *vault.Held, pen *ledger.Pen) error {
		m = before
		if err := s.judge(ctx, actor, m, m.Role, name); err != nil {
			return err
		}
		if err := notLast(tx, m); err != nil && name != role.Administrator {
			return err
		}
		m.Role = name
		if err := m.store(tx, held); err != nil {
			return err
		}
		if _, err := tx.Exec(sqlRevokeInvitations, m.ID); err != nil {
			return err
		}
		if err := s.o.Sessions.EndStaff(tx, m.ID); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Updated, Element: "Staff", ID: m.ID.Raw(),
			Old: map[string]string{"role": before.Role}, New: map[string]string{"role": m.Role}})
	})
	return m, err
}

// Suspend shuts a member out at once: the state and the end of all sessions commit together.
func (s *Room) Suspend(ctx context.Context, actor parlatory.Actor, id parlatory.StaffID) (Member, error) {
	return s.move(ctx, actor, ActSuspend, id, Active, Suspended, ledger.Disabled)
}

// Reactivate lets a suspended member in again.
func (s *Room) Reactivate(ctx context.Context, actor parlatory.Actor, id parlatory.StaffID) (Member, error) {
	return s.move(ctx, actor, ActReactivate, id, Suspended, Active, ledger.Enabled)
}

func (s *Room) move(ctx context.Context, actor parlatory.Actor, act access.Act, id parlatory.StaffID, from, to State, action ledger.Action) (Member, error) {
	permit, err := s.o.Law.Permit(ctx, actor, act)
	if err != nil {
		return Member{}, err
	}
	var m Member
	err = s.change(ctx, permit, id, func(tx *db.Tx, before Member, held *vault.Held, pen *ledger.Pen) error {
		m = before
		if err := s.judge(ctx, actor, m, m.Role); err != nil {
			return err
		}
		if m.State != from {
			return parlatory.Conflict("This person is " + string(m.State) + ".")
		}
		if to == Suspended {
			if err := notLast(tx, m); err != nil {
				return err
			}
		}
		m.State = to
		if err := m.store(tx, held); err != nil {
			return err
		}
		if err := s.o.Sessions.EndStaff(tx, m.ID); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{Action: action, Element: "Staff", ID: m.ID.Raw(),
			Old: map[string]string{"state": string(from)}, New: map[string]string{"state": string(to)}})
	})
	return m, err
}
