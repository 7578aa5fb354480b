package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/contact"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Hold keeps a contact from being erased.
type Hold struct {
	ID       parlatory.RowID
	Contact  parlatory.ContactID
	PlacedAt time.Time
	PlacedBy parlatory.StaffID
	LiftedAt time.Time // zero: it stands
	LiftedBy parlatory.StaffID
	Reason   string
	Lifted   string // why it was lifted
}

const (
	elementHold = "Hold"
	reasonMost  = 500
	holdsMost   = 1000 // of a contact, lifted ones among them: so all of them are looked at before an erasure
)

// why is what a hold's sealed column has.
type why struct {
	Reason string `json:"reason"`
	Lifted string `json:"lifted,omitempty"`
}

// binding binds all clear columns: they decide whether somebody may be erased.
func (h Hold) binding(revision int64) vault.Binding {
	return vault.Binding{Table: "holds", Row: h.ID.Raw(), Revision: uint32(revision), Clear: []any{h.Contact, h.PlacedAt, h.PlacedBy, h.LiftedAt, h.LiftedBy}}
}

func reason(field, s string) (string, error) {
	s, err := policy.Text(s, 1, reasonMost)
	if err != nil {
		return "", parlatory.Invalid(field, fmt.Sprintf("must have 1 to %d characters", reasonMost)).Because(err)
	}
	return s, nil
}

// Place puts a hold on a contact.
func (r *Room) Place(ctx context.Context, actor parlatory.Actor, who parlatory.ContactID, text string) (h Hold, err error) {
	permit, err := r.o.Law.Permit(ctx, actor, ActHold)
	if err != nil {
		return h, err
	}
	if text, err = reason("reason", text); err != nil {
		return h, err
	}
	held, pen, err := r.settings(ctx, actor.Workspace)
	if err != nil {
		return h, err
	}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := r.may(tx, permit); err != nil {
			return err
		}
		if err := contact.Stands(tx, who); err != nil { // an erasure of this contact waits
			return err
		}
		var known int
		if err := tx.Row(sqlCountOf, who).Scan(&known); err != nil {
			return fmt.Errorf("count holds: %w", err)
		}
		if known >= holdsMost {
			return parlatory.Conflict("This contact has as many holds as there may be.")
		}
		h = Hold{ID: parlatory.NewID[parlatory.RowKind](r.o.Clock), Contact: who, PlacedAt: tx.Now(), PlacedBy: actor.Staff, Reason: text}
		sealed, err := vault.SealJSON(held, h.binding(1), why{Reason: text})
		if err != nil {
			return fmt.Errorf("seal hold: %w", err)
		}
		if _, err := tx.Exec(sqlPutHold, h.ID, h.Contact, h.PlacedAt, h.PlacedBy, h.LiftedAt, h.LiftedBy, 1, sealed); err != nil {
			return fmt.Errorf("place hold: %w", err)
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Created, Element: elementHold, ID: who.Raw(), New: map[string]string{"hold": h.ID.String()}, Remark: text})
	})
	return h, err
}

// Lift ends a hold. One that was lifted before stays as it is.
func (r *Room) Lift(ctx context.Context, actor parlatory.Actor, id parlatory.RowID, text string) (h Hold, err error) {
	permit, err := r.o.Law.Permit(ctx, actor, ActHold)
	if err != nil {
		return h, err
	}
	if text, err = reason("reason", text); err != nil {
		return h, err
	}
	held, pen, err := r.settings(ctx, actor.Workspace)
	if err != nil {
		return h, err
	}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := r.may(tx, permit); err != nil {
			return err
		}
		found, revision, err := scanHold(tx.Row(sqlHold, id), held)
		if err != nil {
			return err
		}
		if h = found; !h.LiftedAt.IsZero() {
			return parlatory.Conflict("This hold was lifted already.")
		}
		h.LiftedAt, h.LiftedBy, h.Lifted = tx.Now(), actor.Staff, text
		sealed, err := vault.SealJSON(held, h.binding(revision+1), why{h.Reason, text})
		if err != nil {
			return fmt.Errorf("seal hold: %w", err)
		}
		n, err := tx.Exec(sqlLift, id, h.LiftedAt, h.LiftedBy, revision+1, sealed, revision)
		if err != nil {
			return fmt.Errorf("lift hold: %w", err)
		}
		if n != 1 {
			return parlatory.Conflict("This hold was lifted already.")
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Deleted, Element: elementHold, ID: h.Contact.Raw(), Old: map[string]string{"hold": id.String()}, Remark: text})
	})
	return h, err
}

// Holds lists the holds of a contact, newest first; those that were lifted among them.
func (r *Room) Holds(ctx context.Context, actor parlatory.Actor, who parlatory.ContactID) (all []Hold, err error) {
	permit, err := r.o.Law.Permit(ctx, actor, ActView)
	if err != nil {
		return nil, err
	}
	if err := full(permit); err != nil {
		return nil, err
	}
	held, err := r.o.Ring.Hold(ctx, actor.Workspace, vault.Settings)
	if err != nil {
		return nil, fmt.Errorf("hold settings key: %w", err)
	}
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		known, err := contact.Rows(tx, []parlatory.ContactID{who})
		if err != nil {
			return err
		}
		if len(known) == 0 {
			return parlatory.NotFound()
		}
		all, err = holdsOf(tx, held, who)
		return err
	})
	return all, err
}

// settings fetches the key of holds, and a pen.
func (r *Room) settings(ctx context.Context, ws parlatory.WorkspaceID) (*vault.Held, *ledger.Pen, error) {
	held, err := r.o.Ring.Hold(ctx, ws, vault.Settings)
	if err != nil {
		return nil, nil, fmt.Errorf("hold settings key: %w", err)
	}
	pen, err := r.o.Ledger.Pen(ctx, ws)
	return held, pen, err
}

// full refuses roles that do not see the whole workspace, though they may have been granted the act.
func full(permit access.Permit) error {
	if permit.Level() != access.Full {
		return parlatory.Forbidden()
	}
	return nil
}

func (r *Room) may(tx *db.Tx, permit access.Permit) error {
	if err := full(permit); err != nil {
		return err
	}
	return r.o.Steady(tx, permit.Actor())
}

type scanner interface{ Scan(dest ...any) error }

func scanHold(row scanner, held *vault.Held) (h Hold, revision int64, err error) {
	var sealed vault.Sealed
	err = row.Scan(&h.ID, &h.Contact, &h.PlacedAt, &h.PlacedBy, &h.LiftedAt, &h.LiftedBy, &revision, &sealed)
	if errors.Is(err, db.ErrNone) {
		return h, 0, parlatory.NotFound()
	}
	if err != nil {
		return h, 0, fmt.Errorf("read hold: %w", err)
	}
	var w why
	if err := vault.OpenJSON(held, h.binding(revision), sealed, &w); err != nil {
		return h, 0, fmt.Errorf("open hold: %w", err)
	}
	h.Reason, h.Lifted = w.Reason, w.Lifted
	return h, revision, nil
}

// holdsOf opens the holds of a contact. A row that was changed past the program fails: it is not known then whether it stands.
func holdsOf(tx *db.Tx, held *vault.Held, who parlatory.ContactID) (all []Hold, err error) {
	return scanHolds(tx, held, sqlHoldsOf, who, holdsMost)
}

func scanHolds(tx *db.Tx, held *vault.Held, query string, args ...any) (all []Hold, err error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, fmt.Errorf("read holds: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		h, _, err := scanHold(rows, held)
		if err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return all, rows.Err()
}

// unheld refuses while a hold stands.
func unheld(tx *db.Tx, held *vault.Held, who parlatory.ContactID) error {
	all, err := holdsOf(tx, held, who)
	if err != nil {
		return err
	}
	for _, h := range all {
		if h.LiftedAt.IsZero() {
			return parlatory.Conflict(fmt.Sprintf("A hold of %s stands in the way: %s", h.PlacedAt.UTC().Format(time.DateOnly), h.Reason))
		}
	}
	return nil
}
