package archive

import (
	"context"
	"fmt"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/contact"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Kept is what is kept on a contact, in numbers: what an erasure would take, and what stands in its way.
type Kept struct {
	Contact   contact.Contact // an erased one has nothing else below
	Enquiries int64
	Messages  int64
	Files     int64
	Open      []parlatory.EnquiryID // conversations that are not closed, oldest first
	Holds     []Hold                // those that stand, newest first
}

// Kept counts what is kept on a contact, for whoever may see erasures. Nothing that was said is read.
func (r *Room) Kept(ctx context.Context, actor parlatory.Actor, who parlatory.ContactID) (k Kept, err error) {
	permit, err := r.o.Law.Permit(ctx, actor, ActView)
	if err != nil {
		return k, err
	}
	if err := full(permit); err != nil {
		return k, err
	}
	if k.Contact, err = r.o.Contacts.Find(ctx, actor.Workspace, who); err != nil || k.Contact.Erased {
		return k, err
	}
	held, err := r.o.Ring.Hold(ctx, actor.Workspace, vault.Settings)
	if err != nil {
		return k, fmt.Errorf("hold settings key: %w", err)
	}
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error { return r.keptIn(tx, held, &k) })
	return k, err
}

func (r *Room) keptIn(tx *db.Tx, held *vault.Held, k *Kept) error {
	said, open, err := chat.Counted(tx, k.Contact.ID)
	if err != nil {
		return err
	}
	k.Enquiries, k.Messages, k.Open = said.Enquiries, said.Messages, open
	if r.o.Files != nil {
		if k.Files, err = r.o.Files.Count(tx, k.Contact.ID); err != nil {
			return err
		}
	}
	all, err := holdsOf(tx, held, k.Contact.ID)
	if err != nil {
		return err
	}
	k.Holds = nil
	for _, h := range all {
		if h.LiftedAt.IsZero() {
			k.Holds = append(k.Holds, h)
		}
	}
	return nil
}

// Standing is a hold that stands, with the name of its contact.
type Standing struct {
	Hold
	Name string
}

// Standing lists the holds of the workspace that stand, newest first: pass the last one's ID as before for the next page.
func (r *Room) Standing(ctx context.Context, actor parlatory.Actor, before parlatory.RowID, limit int) (all []Standing, err error) {
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
	before, limit = pageOf(before, limit)
	var holds []Hold
	var rows []contact.Row
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if holds, err = scanHolds(tx, held, sqlStanding, before, limit); err != nil {
			return err
		}
		ids := make([]parlatory.ContactID, len(holds))
		for i, h := range holds {
			ids[i] = h.Contact
		}
		rows, err = contact.Rows(tx, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	names := map[parlatory.ContactID]string{}
	for _, row := range rows {
		if _, known := names[row.ID]; known {
			continue
		}
		c, err := r.o.Contacts.Open(ctx, actor.Workspace, row)
		if err != nil {
			return nil, err
		}
		names[row.ID] = c.Name
	}
	for _, h := range holds {
		all = append(all, Standing{h, names[h.Contact]})
	}
	return all, nil
}
