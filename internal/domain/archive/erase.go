package archive

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"parlatory"
	"parlatory/internal/domain/contact"
	"parlatory/internal/domain/keys"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Erasure is one contact who was erased.
type Erasure struct {
	ID          parlatory.RowID
	Contact     parlatory.ContactID
	At          time.Time
	By          parlatory.StaffID
	Certificate string // a signed note; empty until the ledger has numbered the entry, within a second
	counts
}

// counts is what an erasure's sealed column has.
type counts struct {
	ByName    string    `json:"by_name"`
	Enquiries int64     `json:"enquiries"`
	Messages  int64     `json:"messages"`
	Files     int64     `json:"files"` // blobs
	Indexes   int64     `json:"indexes"`
	Tokens    int64     `json:"tokens"`
	Keys      int64     `json:"keys"` // versions
	KeysUntil time.Time `json:"keys_until,omitzero"`
}

const elementContact = "Contact"

func (e Erasure) binding(what string) vault.Binding {
	return vault.Binding{Table: "erasures", Row: e.ID.Raw(), Revision: 1, Clear: []any{what, e.Contact, e.At, e.By}}
}

// Erase erases a contact for good. confirm is the contact's id, typed again by the person who asks. It refuses while a hold stands or a
// conversation is open: who is being answered is not erased by mistake. The answer's certificate may be empty for a moment.
func (r *Room) Erase(ctx context.Context, actor parlatory.Actor, who parlatory.ContactID, confirm, text string) (e Erasure, err error) {
	permit, err := r.o.Law.Permit(ctx, actor, ActErase)
	if err != nil {
		return e, err
	}
	if actor.Role != role.Administrator {
		return e, parlatory.Forbidden()
	}
	if _, err := r.o.Contacts.Find(ctx, actor.Workspace, who); err != nil { // first: what is asked for is no hint at whether it is there
		return e, err
	}
	if confirm != who.String() {
		return e, parlatory.Invalid("confirm", "must be the id of the contact")
	}
	if text, err = reason("reason", text); err != nil {
		return e, err
	}
	p, err := r.prepare(ctx, actor, who)
	if err != nil {
		return e, err
	}
	var blobs []string
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		e, blobs, err = r.eraseIn(tx, permit, p, text)
		return err
	})
	if err != nil {
		return Erasure{}, err
	}
	r.o.Ring.Forget(actor.Workspace, vault.ContactKey(who)) // this node at once; the others hear of it
	r.scrub(ctx)
	r.leave(ctx, actor.Workspace, blobs)
	if certified, err := r.certify(ctx, actor.Workspace, e.ID); err != nil {
		r.o.Log.LogAttrs(ctx, slog.LevelWarn, "certificate of an erasure waits", slog.String("cause", err.Error()))
	} else {
		e = certified
	}
	return e, nil
}

// prepared is what an erasure fetches before its transaction.
type prepared struct {
	who           parlatory.ContactID
	name          string
	settings, log *vault.Held
	pen           *ledger.Pen
	until         time.Time
}

func (r *Room) prepare(ctx context.Context, actor parlatory.Actor, who parlatory.ContactID) (p prepared, err error) {
	p.who = who
	if p.settings, p.pen, err = r.settings(ctx, actor.Workspace); err != nil {
		return p, err
	}
	if p.log, err = r.o.Ring.Hold(ctx, actor.Workspace, vault.LedgerSubject); err != nil {
		return p, fmt.Errorf("hold ledger key: %w", err)
	}
	names, err := r.o.Staff.Names(ctx, actor.Workspace, []parlatory.StaffID{actor.Staff})
	if err != nil {
		return p, err
	}
	p.name = names[actor.Staff]
	// The certificate will need it, and nothing is erased where nothing could be certified.
	if _, err := r.signer(ctx, actor.Workspace); err != nil {
		return p, err
	}
	p.until, err = r.keysUntil(ctx)
	return p, err
}

// eraseIn is the transaction. The contact's row is changed first: whoever relies on it is waited for, or waits.
func (r *Room) eraseIn(tx *db.Tx, permit access.Permit, p prepared, text string) (e Erasure, blobs []string, err error) {
	if err := r.may(tx, permit); err != nil {
		return e, nil, err
	}
	gone, err := contact.Erase(tx, p.who)
	if err != nil {
		return e, nil, err
	}
	if err := unheld(tx, p.settings, p.who); err != nil {
		return e, nil, err
	}
	said, err := r.o.Chat.Erase(tx, p.who)
	if err != nil {
		return e, nil, err
	}
	if r.o.Files != nil {
		if blobs, err = r.o.Files.Erase(tx, p.who); err != nil {
			return e, nil, err
		}
	}
	e = Erasure{ID: parlatory.NewID[parlatory.RowKind](r.o.Clock), Contact: p.who, At: tx.Now(), By: permit.Actor().Staff, counts: counts{
		ByName: p.name, Enquiries: said.Enquiries, Messages: said.Messages, Files: int64(len(blobs)), Tokens: gone.Tokens, KeysUntil: p.until,
	}}
	subject := vault.ContactKey(p.who)
	if e.Keys, err = keys.Destroy(tx, subject); err != nil {
		return e, nil, err
	}
	addresses, err := ledger.Forget(tx, subject)
	if err != nil {
		return e, nil, err
	}
	e.Indexes = gone.Indexes + addresses
	if err := workspace.ForgetAnswers(tx); err != nil {
		return e, nil, err
	}
	return e, blobs, r.note(tx, p, e, blobs, text)
}

// note writes down that it was done.
func (r *Room) note(tx *db.Tx, p prepared, e Erasure, blobs []string, text string) error {
	if err := putLeavings(tx, blobs); err != nil {
		return err
	}
	sealed, err := vault.SealJSON(p.log, e.binding("counts"), e.counts)
	if err != nil {
		return fmt.Errorf("seal erasure: %w", err)
	}
	if _, err := tx.Exec(sqlPutErasure, e.ID, e.Contact, e.At, e.By, sealed); err != nil {
		return fmt.Errorf("note erasure: %w", err)
	}
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	return p.pen.Witness(tx, ledger.Entry{Action: ledger.Deleted, Element: elementContact, ID: p.who.Raw(), Remark: text, Old: map[string]string{
		"enquiries": n(e.Enquiries), "messages": n(e.Messages), "files": n(e.Files), "index entries": n(e.Indexes), "tokens": n(e.Tokens), "key versions": n(e.Keys),
	}})
}

// scrub has SQLite's log hold nothing of what was just deleted.
func (r *Room) scrub(ctx context.Context) {
	if err := r.o.DB.Scrub(); err != nil {
		r.o.Log.LogAttrs(ctx, slog.LevelWarn, "the database's log keeps deleted pages until later writes take their place", slog.String("cause", err.Error()))
	}
}

func putLeavings(tx *db.Tx, blobs []string) error {
	for _, b := range blobs {
		if _, err := tx.Exec(sqlPutLeaving, b, tx.Now()); err != nil {
			return fmt.Errorf("note blob to delete: %w", err)
		}
	}
	return nil
}

// leave deletes blobs that nothing refers to any more. What fails is done by the job.
func (r *Room) leave(ctx context.Context, ws parlatory.WorkspaceID, blobs []string) {
	if len(blobs) == 0 || r.o.Files == nil {
		return
	}
	if err := r.drop(ctx, ws, blobs); err != nil {
		r.o.Log.LogAttrs(ctx, slog.LevelWarn, "files of an erased contact are deleted later", slog.String("cause", err.Error()))
	}
}

func (r *Room) drop(ctx context.Context, ws parlatory.WorkspaceID, blobs []string) error {
	if err := r.o.Files.Drop(ctx, blobs); err != nil {
		return fmt.Errorf("delete files: %w", err)
	}
	permit, err := r.o.Law.System(actCertify, ws)
	if err != nil {
		return err
	}
	return r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		for _, b := range blobs {
			if _, err := tx.Exec(sqlDropLeaving, b); err != nil {
				return fmt.Errorf("note deleted blob: %w", err)
			}
		}
		return nil
	})
}

type leaving struct {
	ws   parlatory.WorkspaceID
	blob string
}

// sweep deletes what an erasure could not.
func (r *Room) sweep(ctx context.Context) error {
	if r.o.Files == nil {
		return nil
	}
	all, err := across(ctx, r, sqlLeavingsAcross, func(rows *db.Rows, l *leaving) error { return rows.Scan(&l.ws, &l.blob) }, r.o.Clock.Now().Add(-leaveFor))
	if err != nil {
		return err
	}
	of := map[parlatory.WorkspaceID][]string{}
	for _, l := range all {
		of[l.ws] = append(of[l.ws], l.blob)
	}
	for ws, blobs := range of {
		if err := r.drop(ctx, ws, blobs); err != nil {
			return err
		}
	}
	return nil
}
