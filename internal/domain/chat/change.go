package chat

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"parlatory"
	"parlatory/internal/domain/contact"
	"parlatory/internal/domain/staff"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// errAsItIs says that the act has nothing to change: it is answered like its first time, and not witnessed again.
var errAsItIs = errors.New("already so")

// step changes an enquiry inside the transaction and names the line that the room shows.
type step func(e *Enquiry, st state, actor parlatory.Actor, level access.Level, now time.Time) (event string, err error)

// Pickup makes a waiting enquiry the actor's own. Of two who try at once one gets it; the other hears who has it.
func (r *Room) Pickup(ctx context.Context, actor parlatory.Actor, id parlatory.EnquiryID) (Enquiry, error) {
	picked, err := r.change(ctx, actor, ActPickup, id, func(e *Enquiry, _ state, actor parlatory.Actor, _ access.Level, now time.Time) (string, error) {
		switch {
		case e.State == Ongoing && e.Staff == actor.Staff:
			return "", errAsItIs
		case e.State == Ongoing:
			return "", errTaken
		case e.State == Closed:
			return "", parlatory.Conflict("This conversation is closed.")
		}
		e.State, e.Staff, e.PickedAt = Ongoing, actor.Staff, now
		return "picked_up", nil
	})
	if parlatory.KindOf(err) == parlatory.KindNotFound && r.exists(ctx, actor.Workspace, id) {
		return Enquiry{}, parlatory.Conflict("A colleague has picked this up already.") // who saw it wait a moment ago knows that it is there
	}
	return picked, err
}

func (r *Room) exists(ctx context.Context, ws parlatory.WorkspaceID, id parlatory.EnquiryID) bool {
	permit, err := r.Law.System(actFrames, ws)
	if err != nil {
		return false
	}
	return r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		_, err := scanEnquiry(tx.Row(sqlEnquiry, id))
		return err
	}) == nil
}

// CloseEnquiry ends an enquiry; the head of its running digest goes into the ledger.
func (r *Room) CloseEnquiry(ctx context.Context, actor parlatory.Actor, id parlatory.EnquiryID) (Enquiry, error) {
	return r.change(ctx, actor, ActClose, id, func(e *Enquiry, st state, actor parlatory.Actor, level access.Level, now time.Time) (string, error) {
		if e.State == Closed {
			return "", errAsItIs
		}
		if e.State == Open && level < access.Department {
			return "", parlatory.Conflict("Pick this enquiry up before you close it.")
		}
		if err := mayChange(actor, level, st); err != nil {
			return "", err
		}
		e.State, e.ClosedAt = Closed, now
		return "closed", nil
	})
}

// Reopen makes a closed enquiry ongoing again, in the actor's hands.
func (r *Room) Reopen(ctx context.Context, actor parlatory.Actor, id parlatory.EnquiryID) (Enquiry, error) {
	return r.change(ctx, actor, ActReopen, id, func(e *Enquiry, st state, actor parlatory.Actor, level access.Level, _ time.Time) (string, error) {
		if e.State == Ongoing && e.Staff == actor.Staff {
			return "", errAsItIs
		}
		if e.State != Closed {
			return "", parlatory.Conflict("This conversation is not closed.")
		}
		if err := mayChange(actor, level, st); err != nil {
			return "", err
		}
		e.State, e.Staff, e.ClosedAt = Ongoing, actor.Staff, time.Time{}
		return "reopened", nil
	})
}

// errTaken is replaced by a sentence that names who has the enquiry.
var errTaken = errors.New("somebody else has it")

func (r *Room) change(ctx context.Context, actor parlatory.Actor, act access.Act, id parlatory.EnquiryID, do step, also ...func(*db.Tx, *ledger.Pen) error) (Enquiry, error) {
	permit, err := r.Law.Permit(ctx, actor, act)
	if err != nil {
		return Enquiry{}, err
	}
	before, err := r.get(ctx, actor, id)
	if err != nil {
		return Enquiry{}, err
	}
	held, err := r.hold(ctx, actor.Workspace, before.Contact.ID)
	if err != nil {
		return Enquiry{}, err
	}
	pen, err := r.Ledger.Pen(ctx, actor.Workspace)
	if err != nil {
		return Enquiry{}, err
	}
	name, err := r.nameOf(ctx, actor.Workspace, parlatory.Staff, actor.Staff.Raw())
	if err != nil {
		return Enquiry{}, err
	}
	err = r.changeNow(ctx, permit, before, do, change{held: held, pen: pen, kind: parlatory.Staff, author: actor.Staff.Raw(), name: name, also: also})
	switch {
	case errors.Is(err, errTaken):
		return Enquiry{}, r.taken(ctx, actor, id)
	case errors.Is(err, errStale):
		return Enquiry{}, parlatory.Conflict("The conversation has just changed. Please try again.").Because(err)
	case err != nil && !errors.Is(err, errAsItIs):
		return Enquiry{}, err
	}
	return r.get(ctx, actor, id)
}

// changeNow writes, again where a message came in between.
func (r *Room) changeNow(ctx context.Context, permit access.Permit, before Enquiry, do step, c change) (err error) {
	for range tries {
		err = r.DB.Write(ctx, permit, func(tx *db.Tx) error {
			if err := contact.Stands(tx, before.Contact.ID); err != nil { // before the enquiry is locked, as an erasure does it
				return err
			}
			return r.changeIn(tx, permit, before.ID, do, c)
		})
		if !errors.Is(err, errStale) {
			break
		}
	}
	r.states.drop(roomKey{permit.Workspace(), before.Room})
	return err
}

// taken names the colleague; where the data level hides the enquiry by now, it says so without a name.
func (r *Room) taken(ctx context.Context, actor parlatory.Actor, id parlatory.EnquiryID) error {
	now, err := r.get(ctx, actor, id)
	if err != nil || now.StaffName == "" {
		return parlatory.Conflict("A colleague has picked this up already.")
	}
	return parlatory.Conflict(now.StaffName + " has picked this up already.")
}

// change is what was fetched before the transaction.
type change struct {
	held   *vault.Held
	pen    *ledger.Pen
	kind   parlatory.ActorKind // of whoever the line in the room is by
	author [16]byte
	name   string
	remark string                            // for the ledger
	also   []func(*db.Tx, *ledger.Pen) error // what else the act writes
}

func (r *Room) changeIn(tx *db.Tx, permit access.Permit, id parlatory.EnquiryID, do step, c change) error {
	actor, query := permit.Actor(), sqlEnquiry
	if actor.Kind != parlatory.System {
		if err := staff.Steady(tx, actor); err != nil {
			return err
		}
	}
	if tx.Postgres() {
		query = sqlEnquiryForUpdate
	}
	e, err := scanEnquiry(tx.Row(query, id))
	if errors.Is(err, db.ErrNone) {
		return parlatory.NotFound()
	}
	if err != nil {
		return fmt.Errorf("read enquiry: %w", err)
	}
	if err := lock(tx, e.Room); err != nil {
		return err
	}
	st, err := readState(tx, e.Room)
	if err != nil {
		return err
	}
	was := map[string]string{"state": e.State, "staff": idText(e.Staff)}
	event, err := do(&e, st, actor, permit.Level(), tx.Now())
	if err != nil {
		return err
	}
	for _, also := range c.also {
		if err := also(tx, c.pen); err != nil {
			return err
		}
	}
	if event == "" { // the enquiry stays as it is
		return nil
	}
	if err := r.store(tx, &e, c.held); err != nil {
		return err
	}
	line := draft{room: e.Room, client: parlatory.NewID[parlatory.ClientKind](r.Clock), kind: c.kind, author: c.author, name: c.name, event: event, held: c.held}
	if err := r.say(tx, &st, line); err != nil {
		return err
	}
	now := map[string]string{"state": e.State, "staff": idText(e.Staff)}
	if e.State == Closed {
		now["messages"], now["digest"] = strconv.FormatInt(st.head, 10), hex.EncodeToString(st.digest[:])
	}
	tx.Tell(parlatory.Event{Kind: parlatory.EnquiryChanged, Workspace: tx.Workspace(), Enquiry: e.ID, Room: e.Room, Staff: e.Staff, Contact: e.Contact.ID})
	return c.pen.Witness(tx, ledger.Entry{Action: ledger.Updated, Element: "Enquiry", ID: e.ID.Raw(), Old: was, New: now, Remark: c.remark})
}

// store writes a changed enquiry: its sealed part is opened under the old revision and sealed under the new one.
func (r *Room) store(tx *db.Tx, e *Enquiry, held *vault.Held) error {
	var a asked
	if err := vault.OpenJSON(held, e.binding(), e.sealed, &a); err != nil {
		return fmt.Errorf("open enquiry: %w", err)
	}
	old := e.Revision
	e.Revision++
	sealed, err := vault.SealJSON(held, e.binding(), a)
	if err != nil {
		return fmt.Errorf("seal enquiry: %w", err)
	}
	n, err := tx.Exec(sqlUpdateEnquiry, e.ID, e.Staff, e.State, e.PickedAt, e.ClosedAt, e.Revision, sealed, old)
	if err != nil {
		return fmt.Errorf("store enquiry: %w", err)
	}
	if n != 1 {
		return errStale
	}
	return nil
}

func idText(id parlatory.StaffID) string {
	if id.Zero() {
		return ""
	}
	return id.String()
}
