package chat

import (
	"context"
	"errors"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/storage/db"
)

// refusedLook is how many of a visitor's newest enquiries are looked at: far more than one may have open.
const refusedLook = 100

// CloseRefused closes what a visitor has open whom a list refuses by now, and says how many enquiries that were. It is
// security.Conversations'; the gate asks once a visitor, however often one knocks.
func (r *Room) CloseRefused(ctx context.Context, ws parlatory.WorkspaceID, who parlatory.ContactID) (closed int, err error) {
	look, err := r.Law.System(actFrames, ws)
	if err != nil {
		return 0, err
	}
	var all []Enquiry
	err = r.DB.Read(ctx, look, func(tx *db.Tx) error {
		all, err = scanEnquiries(tx.Query(sqlEnquiriesOfPerson, who, refusedLook))
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, e := range all {
		if e.State == Closed {
			continue
		}
		err := r.closeRefused(ctx, ws, e)
		if errors.Is(err, errAsItIs) {
			continue
		}
		if err != nil {
			return closed, err
		}
		closed++
	}
	return closed, nil
}

func (r *Room) closeRefused(ctx context.Context, ws parlatory.WorkspaceID, e Enquiry) error {
	permit, err := r.Law.System(actRefused, ws)
	if err != nil {
		return err
	}
	held, err := r.hold(ctx, ws, e.Contact.ID)
	if err != nil {
		return err
	}
	pen, err := r.Ledger.Pen(ctx, ws)
	if err != nil {
		return err
	}
	name, err := r.nameOf(ctx, ws, parlatory.Visitor, e.Contact.ID.Raw())
	if err != nil {
		return err
	}
	return r.changeNow(ctx, permit, e, func(e *Enquiry, _ state, _ parlatory.Actor, _ access.Level, now time.Time) (string, error) {
		if e.State == Closed {
			return "", errAsItIs
		}
		e.State, e.ClosedAt = Closed, now
		return "refused", nil
	}, change{held: held, pen: pen, kind: parlatory.Visitor, author: e.Contact.ID.Raw(), name: name, remark: "the visitor's address is refused"})
}
