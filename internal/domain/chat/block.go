package chat

import (
	"context"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/security"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/policy"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// blockDaysMost bounds a block with an end.
const blockDaysMost = 3650

// Block puts the address from which an enquiry's visitor was last seen on the blocklist, for some days or (0) without end, and
// closes the enquiry, in one transaction.
func (r *Room) Block(ctx context.Context, actor parlatory.Actor, id parlatory.EnquiryID, remark string, days int) (Enquiry, error) {
	if _, err := r.Law.Permit(ctx, actor, ActBlock); err != nil {
		return Enquiry{}, err
	}
	if days < 0 || days > blockDaysMost {
		return Enquiry{}, parlatory.Invalid("days", fmt.Sprintf("must be 0 (no end) or up to %d", blockDaysMost))
	}
	var err error
	if remark != "" {
		if remark, err = policy.Name(remark, 1, 200); err != nil {
			return Enquiry{}, parlatory.Invalid("remark", "may have up to 200 characters, on one line")
		}
	}
	e, err := r.get(ctx, actor, id) // judges that the actor sees it
	if err != nil {
		return Enquiry{}, err
	}
	addr, err := r.Contacts.LastAddress(ctx, actor.Workspace, e.Contact.ID)
	if err != nil {
		return Enquiry{}, err
	}
	if !addr.IsValid() {
		return Enquiry{}, parlatory.Conflict("It is not known where this visitor was last.")
	}
	held, err := security.Key(ctx, r.Ring, actor.Workspace)
	if err != nil {
		return Enquiry{}, err
	}
	ends := time.Time{}
	if days > 0 {
		ends = r.Clock.Now().AddDate(0, 0, days)
	}
	return r.change(ctx, actor, ActBlock, id, closing, func(tx *db.Tx, pen *ledger.Pen) error {
		_, err := r.Security.BlockAddress(tx, held, pen, addr, remark, ends)
		return err
	})
}

// closing closes what is not closed yet.
func closing(e *Enquiry, st state, actor parlatory.Actor, level access.Level, now time.Time) (string, error) {
	if err := mayChange(actor, level, st); err != nil || e.State == Closed {
		return "", err
	}
	e.State, e.ClosedAt = Closed, now
	return "closed", nil
}
