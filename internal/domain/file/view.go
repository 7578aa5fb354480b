package file

import (
	"context"
	"strconv"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// readable loads a file that the actor may see: an own one, or one that was sent into a room that the actor may read. Before it returns, a
// staff member's reading of that room is in the ledger (AC-128).
func (r *Room) readable(ctx context.Context, permit access.Permit, id parlatory.FileID) (*record, *vault.Held, error) {
	if err := r.ready(ctx); err != nil {
		return nil, nil, err
	}
	rec, held, err := r.load(ctx, permit, id)
	if err != nil {
		return nil, nil, err
	}
	if rec.seq == 0 {
		if rec.by != authorOf(permit.Actor()) {
			return nil, nil, parlatory.NotFound()
		}
		return rec, held, nil
	}
	if err := r.rooms.Reader(ctx, permit.Actor(), rec.room); err != nil {
		return nil, nil, err
	}
	return rec, held, nil
}

// shut is why a file's content is given to nobody now; nil if it may be.
func (r *record) shut() error {
	switch r.state {
	case Ready:
		return nil
	case Quarantined:
		return parlatory.Fail(parlatory.KindForbidden, "Malware was found in this file. Nobody can open it.")
	case Checking:
		return parlatory.Conflict("This file is being checked.")
	}
	return parlatory.NotFound()
}

// Download opens what was sent, byte for byte. Each download by staff is an entry in the ledger, committed before the first byte is given. The
// caller closes it.
func (r *Room) Download(ctx context.Context, actor parlatory.Actor, id parlatory.FileID) (*Content, error) {
	permit, err := r.o.Law.Permit(ctx, actor, acts(actor, ActDownload, ActVisitorFile))
	if err != nil {
		return nil, err
	}
	rec, held, err := r.readable(ctx, permit, id)
	if err != nil {
		return nil, err
	}
	if err := rec.shut(); err != nil {
		return nil, err
	}
	c, err := r.read(ctx, rec, held, content)
	if err != nil {
		return nil, err
	}
	if actor.Kind == parlatory.Staff {
		if err := r.witness(ctx, permit, rec, ledger.Downloaded); err != nil {
			_ = c.Close()
			return nil, err
		}
	}
	return c, nil
}

// witness enters an act on one file under its contact's key, so that the entry's values go with the contact.
func (r *Room) witness(ctx context.Context, permit access.Permit, rec *record, action ledger.Action) error {
	pen, err := r.o.Ledger.Pen(ctx, permit.Workspace(), vault.ContactKey(rec.contact))
	if err != nil {
		return err
	}
	return r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := r.steady(tx, permit.Actor()); err != nil {
			return err
		}
		return pen.Witness(tx, rec.entry(action))
	})
}

func (r *record) entry(action ledger.Action) ledger.Entry {
	return ledger.Entry{Action: action, Element: "File", ID: r.id.Raw(), New: map[string]string{
		"name": r.Name, "type": string(r.Type), "bytes": strconv.FormatInt(r.size, 10), "room": r.room.String(),
	}}
}

// View opens the picture that was made of an image, Thumb the small one. The caller closes it.
func (r *Room) View(ctx context.Context, actor parlatory.Actor, id parlatory.FileID) (*Content, error) {
	return r.picture(ctx, actor, id, viewName)
}

// Thumb opens the small picture that was made of an image. The caller closes it.
func (r *Room) Thumb(ctx context.Context, actor parlatory.Actor, id parlatory.FileID) (*Content, error) {
	return r.picture(ctx, actor, id, thumbName)
}

func (r *Room) picture(ctx context.Context, actor parlatory.Actor, id parlatory.FileID, what string) (*Content, error) {
	permit, err := r.o.Law.Permit(ctx, actor, acts(actor, ActView, ActVisitorFile))
	if err != nil {
		return nil, err
	}
	rec, held, err := r.readable(ctx, permit, id)
	if err != nil {
		return nil, err
	}
	if err := rec.shut(); err != nil {
		return nil, err
	}
	return r.read(ctx, rec, held, what)
}
