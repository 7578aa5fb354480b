package security

import (
	"context"
	"fmt"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// SetStaffMode switches the staff list. was is the mode that the page showed.
func (r *Room) SetStaffMode(ctx context.Context, actor parlatory.Actor, was, m Mode) error {
	if m != Off && m != Watch && m != On {
		return parlatory.Invalid("mode", "must be off, watch or on")
	}
	return r.edit(ctx, actor, StaffList, func(_ *db.Tx, _ *vault.Held, doc *row) (changed, error) {
		old := doc.StaffMode
		if old != was {
			return changed{}, switched()
		}
		doc.StaffMode = m
		return changed{element: elementOf(StaffList), action: ledger.Updated, id: actor.Workspace.Raw(),
			old: map[string]string{"mode": string(old)}, new: map[string]string{"mode": string(m)}}, nil
	})
}

// SetVisitorMode switches the lists of visitors: one is in force, or none. was is the mode that the page showed.
func (r *Room) SetVisitorMode(ctx context.Context, actor parlatory.Actor, was, m Mode) error {
	if m != Off && m != Block && m != Allow {
		return parlatory.Invalid("mode", "must be off, block or allow")
	}
	return r.edit(ctx, actor, BlockList, func(tx *db.Tx, _ *vault.Held, doc *row) (changed, error) {
		old := doc.VisitorMode
		if old != was {
			return changed{}, switched()
		}
		if m == Allow {
			if err := somebodyAllowed(tx); err != nil {
				return changed{}, err
			}
		}
		doc.VisitorMode = m
		return changed{element: elementOf(BlockList), action: ledger.Updated, id: actor.Workspace.Raw(),
			old: map[string]string{"mode": string(old)}, new: map[string]string{"mode": string(m)}}, nil
	})
}

// somebodyAllowed refuses an allowlist that lets nobody in: in force, it would close every conversation that is open.
func somebodyAllowed(tx *db.Tx) error {
	var n int
	if err := tx.Row(sqlInForce, string(AllowList), tx.Now()).Scan(&n); err != nil {
		return fmt.Errorf("count allowlist: %w", err)
	}
	if n == 0 {
		return parlatory.Conflict("There would be no line on the allowlist that is in force, so that no visitor could reach you, and every open conversation would be closed. Add a line first, or switch the list off.")
	}
	return nil
}

// switched is for who switches what somebody else has switched meanwhile. The settings' revision would say it too often: each line of
// a list moves it.
func switched() error {
	return parlatory.Conflict("Somebody switched the list at the same time. Please look again.")
}
