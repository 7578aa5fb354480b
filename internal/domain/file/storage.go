package file

import (
	"context"
	"errors"
	"fmt"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// pageMost is the most of one page.
const pageMost = 200

// Sum is how many files of a kind there are, and how many bytes they have.
type Sum struct {
	Kind  Kind
	Count int64
	Bytes int64
}

// Overview is what Administration > Storage shows first.
type Overview struct {
	Settings
	Most        int64 // the operator's bound of Settings.File
	Scanner     bool  // whether files are scanned for malware
	Sums        []Sum
	Quarantined int64 // files in quarantine
	Waiting     int64 // files that wait for the scanner
}

// Item is a file as the list of storage shows it.
type Item struct {
	File
	By      Author
	ByName  string // empty where the person is gone
	Contact parlatory.ContactID
	Found   string // of a quarantined file: what the scanner calls it
}

// Query picks files of the list, newest first.
type Query struct {
	State  State // or empty
	Kind   Kind  // or empty
	Cursor parlatory.FileID
	Limit  int
}

// Page is a page of the list; Next is zero at the end.
type Page struct {
	Items []Item
	Next  parlatory.FileID
}

// whole refuses whoever does not see the whole workspace: the list shows every conversation's files.
func (r *Room) whole(ctx context.Context, actor parlatory.Actor, act access.Act) (access.Permit, error) {
	permit, err := r.o.Law.Permit(ctx, actor, act)
	if err == nil && permit.Level() != access.Full {
		err = parlatory.Forbidden()
	}
	return permit, err
}

// Overview sums up the workspace's files.
func (r *Room) Overview(ctx context.Context, actor parlatory.Actor) (o Overview, err error) {
	permit, err := r.whole(ctx, actor, ActStorage)
	if err != nil {
		return o, err
	}
	if o.Settings, _, err = r.settings(ctx, permit); err != nil {
		return o, err
	}
	o.Most, o.Scanner = r.o.Limits.File, r.o.Scanner != nil
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		o.Sums = nil
		rows, err := tx.Query(sqlTotals)
		if err != nil {
			return fmt.Errorf("sums of files: %w", err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var s Sum
			if err := rows.Scan(&s.Kind, &s.Count, &s.Bytes); err != nil {
				return fmt.Errorf("sums of files: %w", err)
			}
			o.Sums = append(o.Sums, s)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		if err := tx.Row(sqlCountState, string(Quarantined)).Scan(&o.Quarantined); err != nil {
			return fmt.Errorf("count files: %w", err)
		}
		return tx.Row(sqlCountState, string(Checking)).Scan(&o.Waiting)
	})
	return o, err
}

// List gives a page of the workspace's files with size, type and owner.
func (r *Room) List(ctx context.Context, actor parlatory.Actor, q Query) (p Page, err error) {
	permit, err := r.whole(ctx, actor, ActStorage)
	if err != nil {
		return p, err
	}
	if q.Limit <= 0 || q.Limit > pageMost {
		q.Limit = 50
	}
	from := q.Cursor
	if from.Zero() {
		from = parlatory.FileID{0: 0xff, 1: 0xff, 2: 0xff, 3: 0xff, 4: 0xff, 5: 0xff, 6: 0xff}
	}
	var all []*record
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		all, err = scanAll(tx.Query(sqlPage, string(q.State), string(q.Kind), from, q.Limit+1))
		return err
	})
	if err != nil {
		return p, err
	}
	if len(all) > q.Limit {
		all = all[:q.Limit]
		p.Next = all[q.Limit-1].id
	}
	for _, rec := range all {
		item, err := r.item(ctx, actor.Workspace, rec)
		if err != nil {
			return p, err
		}
		p.Items = append(p.Items, item)
	}
	return p, nil
}

// item opens one row; of an erased contact only the clear columns are left.
func (r *Room) item(ctx context.Context, ws parlatory.WorkspaceID, rec *record) (Item, error) {
	held, err := r.o.Ring.Hold(ctx, ws, vault.ContactKey(rec.contact))
	switch {
	case errors.Is(err, vault.ErrNoKey):
	case err != nil:
		return Item{}, fmt.Errorf("hold contact key: %w", err)
	default:
		if err := rec.open(held); err != nil {
			return Item{}, err
		}
	}
	item := Item{File: rec.file(), By: rec.by, Contact: rec.contact, Found: rec.Found}
	item.ByName, err = r.nameOf(ctx, ws, rec.by)
	return item, err
}

// nameOf is empty for who is gone.
func (r *Room) nameOf(ctx context.Context, ws parlatory.WorkspaceID, by Author) (string, error) {
	if by.Kind == parlatory.Visitor {
		c, err := r.o.Contacts.Find(ctx, ws, parlatory.ContactID(by.ID))
		if errors.Is(err, vault.ErrNoKey) || parlatory.KindOf(err) == parlatory.KindNotFound {
			return "", nil
		}
		return c.Name, err
	}
	id := parlatory.StaffID(by.ID)
	names, err := r.o.Staff.Names(ctx, ws, []parlatory.StaffID{id})
	return names[id], err
}

// Delete removes a quarantined file for good.
func (r *Room) Delete(ctx context.Context, actor parlatory.Actor, id parlatory.FileID) error {
	permit, err := r.whole(ctx, actor, ActDeleteStorage)
	if err != nil {
		return err
	}
	rec, _, err := r.load(ctx, permit, id)
	if err != nil {
		return err
	}
	if rec.state != Quarantined {
		return parlatory.Conflict("Only a file in quarantine can be deleted here.")
	}
	pen, err := r.o.Ledger.Pen(ctx, actor.Workspace, vault.ContactKey(rec.contact))
	if err != nil {
		return err
	}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := r.steady(tx, actor); err != nil {
			return err
		}
		if err := rec.remove(tx); err != nil {
			return err
		}
		e := rec.entry(ledger.Deleted)
		e.Old, e.New = e.New, nil
		e.Old["found"] = rec.Found
		return pen.Witness(tx, e)
	})
	if err != nil {
		return err
	}
	r.discard(ctx, folder(actor.Workspace, id))
	return nil
}
