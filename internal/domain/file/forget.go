package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"parlatory"
	"parlatory/internal/storage/blob"
	"parlatory/internal/storage/db"
)

// Erase deletes a contact's files, in the transaction that erases the contact, and gives the folders of their blobs: the caller hands
// them to Remove after the commit. What is cut in between is swept, and opens for nobody without the contact's key.
func (r *Room) Erase(tx *db.Tx, contact parlatory.ContactID) (folders []string, err error) {
	rows, err := tx.Query(sqlIDsOfContact, contact)
	if err != nil {
		return nil, fmt.Errorf("read files of contact: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id parlatory.FileID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read files of contact: %w", err)
		}
		folders = append(folders, folder(tx.Workspace(), id))
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(sqlEraseParts, contact); err != nil {
		return nil, fmt.Errorf("erase parts: %w", err)
	}
	if _, err := tx.Exec(sqlErase, contact); err != nil {
		return nil, fmt.Errorf("erase files: %w", err)
	}
	return folders, nil
}

// Count counts the files of a contact, as Erase would, in a neighbour's transaction.
func (r *Room) Count(tx *db.Tx, contact parlatory.ContactID) (n int64, err error) {
	if err := tx.Row(sqlCountOf, contact).Scan(&n); err != nil {
		return 0, fmt.Errorf("count files of contact: %w", err)
	}
	return n, nil
}

// Remove deletes all blobs of folders that Erase gave. One that fails does not keep the others; the error says that something is left, to
// be tried again.
func (r *Room) Remove(ctx context.Context, folders ...string) error {
	if r.o.Blobs == nil || len(folders) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	if err := r.owned(ctx); err != nil {
		return err
	}
	var faults error
	for _, f := range folders {
		if err := r.clear(ctx, f); err != nil {
			faults = errors.Join(faults, fmt.Errorf("delete blobs of a file: %w", err))
		}
	}
	return faults
}

// discard is Remove of one file whose row is gone, or says that it has no content. What it can't delete now is swept later.
func (r *Room) discard(ctx context.Context, folder string) {
	if err := r.Remove(ctx, folder); err != nil {
		r.o.Log.LogAttrs(ctx, slog.LevelWarn, "blobs of a file could not be deleted, and are swept later", slog.String("cause", err.Error()))
	}
}

func (r *Room) clear(ctx context.Context, prefix string) error {
	for {
		items, err := r.o.Blobs.List(ctx, prefix, "", 0)
		if err != nil {
			return err
		}
		for _, item := range items {
			if err := r.o.Blobs.Delete(ctx, item.Name); err != nil {
				return err
			}
		}
		if len(items) < blob.MaxList {
			return nil
		}
	}
}

// exportEach is how many rows one read of an export takes.
const exportEach = 100

// Export gives each file that was sent in a contact's enquiries, by whomever, oldest first, with its name, type and length. It is a job of
// the server: who may have it, and the entry of it, are the caller's. fn must read all it wants before it returns.
func (r *Room) Export(ctx context.Context, ws parlatory.WorkspaceID, contact parlatory.ContactID, fn func(f File, content io.Reader) error) error {
	permit, err := r.o.Law.System(actExport, ws)
	if err != nil {
		return err
	}
	held, err := r.hold(ctx, ws, contact)
	if err != nil {
		return err
	}
	var last parlatory.FileID
	for {
		var all []*record
		err := r.o.DB.Read(ctx, permit, func(tx *db.Tx) (err error) {
			all, err = scanAll(tx.Query(sqlOfContact, contact, last[:], exportEach))
			return err
		})
		if err != nil || len(all) == 0 {
			return err
		}
		for _, rec := range all {
			last = rec.id
			if rec.seq == 0 || rec.state != Ready {
				continue
			}
			if err := rec.open(held); err != nil {
				return err
			}
			c, err := r.read(ctx, rec, held, content)
			if err != nil {
				return err
			}
			err = fn(c.File, c)
			_ = c.Close()
			if err != nil {
				return err
			}
		}
	}
}
