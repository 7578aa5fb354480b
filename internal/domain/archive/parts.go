package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/contact"
	"parlatory/internal/domain/keys"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/backup"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

const elementPart = "Key backup"

// backUp writes the key part of the day, and deletes those that are past their end.
func (r *Room) backUp(ctx context.Context) error {
	if r.o.Parts == nil {
		return nil
	}
	removed, err := r.o.Parts.Sweep()
	if removed > 0 {
		r.o.Log.LogAttrs(ctx, slog.LevelInfo, "old key backups deleted", slog.Int("files", removed))
	}
	due, dueErr := r.o.Parts.Due()
	if err = errors.Join(err, dueErr); err != nil || !due {
		return err
	}
	p, err := r.writePart(ctx)
	if err == nil {
		r.o.Log.LogAttrs(ctx, slog.LevelInfo, "key backup written", slog.String("file", p.Name), slog.Int64("keys", p.Keys))
	}
	return err
}

func (r *Room) writePart(ctx context.Context) (backup.Part, error) {
	signer, err := r.signer(ctx, parlatory.House)
	if err != nil {
		return backup.Part{}, err
	}
	announce := func(p backup.Part) error { return r.announcePart(ctx, p) }
	return r.o.Parts.WriteKeys(ctx, signer.Sign, announce, func(ctx context.Context, key func(backup.Key) error, destroyed func(backup.Destroyed) error) error {
		return r.o.Keys.Copy(ctx,
			func(s keys.Stored) error { return key(partKey(s)) },
			func(d keys.Destroyed) error {
				return destroyed(backup.Destroyed{Workspace: d.Workspace, Kind: d.Subject.Kind, Subject: d.Subject.ID, At: d.At})
			})
	})
}

func partKey(s keys.Stored) backup.Key {
	return backup.Key{
		Workspace: s.Workspace, Kind: s.Subject.Kind, Subject: s.Subject.ID, Version: s.Version, ID: s.ID, Parent: s.Parent, Root: s.Root,
		Wrapped: s.Blob, Seals: s.Seals, ServesAt: s.From, CreatedAt: s.CreatedAt,
	}
}

func storedKey(k backup.Key) keys.Stored {
	return keys.Stored{CreatedAt: k.CreatedAt, Wrapped: vault.Wrapped{
		Workspace: k.Workspace, Subject: vault.Subject{Kind: k.Kind, ID: k.Subject}, Version: k.Version, ID: k.ID, Parent: k.Parent, Root: k.Root,
		Blob: k.Wrapped, Seals: k.Seals, From: k.ServesAt,
	}}
}

// BackUpKeys writes a key part now, for the operator.
func (r *Room) BackUpKeys(ctx context.Context, operator parlatory.Actor) (p backup.Part, err error) {
	operator.Workspace = parlatory.House
	permit, err := r.o.Law.Permit(ctx, operator, ActBackup)
	if err != nil {
		return p, err
	}
	if r.o.Parts == nil {
		return p, parlatory.Conflict("No folder for backups is configured.")
	}
	pen, err := r.o.Ledger.Pen(ctx, parlatory.House)
	if err != nil {
		return p, err
	}
	if p, err = r.writePart(ctx); err != nil {
		return p, err
	}
	return p, r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		return pen.Witness(tx, ledger.Entry{Action: ledger.Created, Element: elementPart, New: map[string]string{"file": p.Name, "keys": strconv.FormatInt(p.Keys, 10)}})
	})
}

// Restored says what RestoreKeys did.
type Restored struct {
	Written   time.Time // of the part
	Keys      int       // put back
	Destroyed int       // erasures that the part knew of and the database did not: they were done again
}

// RestoreKeys puts back the keys of a part that the database lacks, but those which were destroyed, by the list of either. open opens the
// part anew each time: it is read to its end before anything of it counts.
func (r *Room) RestoreKeys(ctx context.Context, operator parlatory.Actor, text string, open func() (io.Reader, error)) (done Restored, err error) {
	operator.Workspace = parlatory.House
	if _, err := r.o.Law.Permit(ctx, operator, ActRestore); err != nil {
		return done, err
	}
	signer, err := r.signer(ctx, parlatory.House)
	if err != nil {
		return done, err
	}
	read := func(key func(backup.Key) error, destroyed func(backup.Destroyed) error) error {
		in, err := open()
		if err != nil {
			return err
		}
		h, err := backup.ReadKeys(in, r.o.Clock.Now(), signer.own, key, destroyed)
		done.Written = h.Written
		return err
	}
	nothing := func(backup.Key) error { return nil }
	var gone []backup.Destroyed
	if err := read(nothing, func(d backup.Destroyed) error { gone = append(gone, d); return nil }); err != nil {
		return done, err
	}
	b := &restore{room: r, operator: operator, text: text}
	for _, d := range gone { // first: no key of these comes back
		if err := b.destroy(ctx, d); err != nil {
			return done, err
		}
	}
	if b.destroyed > 0 {
		r.scrub(ctx)
	}
	err = read(func(k backup.Key) error { return b.add(ctx, k) }, func(backup.Destroyed) error { return nil })
	if err == nil {
		err = b.flush(ctx)
	}
	done.Keys, done.Destroyed = b.keys, b.destroyed
	return done, err
}

// restore gathers keys of one workspace.
type restore struct {
	room            *Room
	operator        parlatory.Actor
	text            string
	batch           []keys.Stored
	keys, destroyed int
}

const restoreBatch = 200

func (b *restore) add(ctx context.Context, k backup.Key) error {
	if len(b.batch) >= restoreBatch || len(b.batch) > 0 && b.batch[0].Workspace != k.Workspace {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	b.batch = append(b.batch, storedKey(k))
	return nil
}

// errNothing undoes a transaction that had nothing to do.
var errNothing = errors.New("nothing to do")

func (b *restore) flush(ctx context.Context) error {
	if len(b.batch) == 0 {
		return nil
	}
	batch := b.batch
	b.batch = nil
	n := 0
	err := b.write(ctx, batch[0].Workspace, func(tx *db.Tx) (ledger.Entry, error) {
		n = 0
		for _, s := range batch {
			did, err := restoreOne(tx, s)
			if err != nil {
				return ledger.Entry{}, err
			}
			if did {
				n++
			}
		}
		if n == 0 {
			return ledger.Entry{}, errNothing
		}
		return ledger.Entry{Action: ledger.Created, Element: keys.Element, New: map[string]string{"restored": strconv.Itoa(n)}}, nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	if err == nil {
		b.keys += n
	}
	return err
}

// restoreOne puts one key back. That of a contact needs the contact, who is not erased: an erasure at the same time waits.
func restoreOne(tx *db.Tx, s keys.Stored) (bool, error) {
	if s.Subject.Kind == vault.KindContact {
		err := contact.Stands(tx, parlatory.ContactID(s.Subject.ID))
		if k := parlatory.KindOf(err); k == parlatory.KindConflict || k == parlatory.KindNotFound {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return keys.Restore(tx, s)
}

// destroy does an erasure again that the database has lost, as far as nobody can read what it took.
func (b *restore) destroy(ctx context.Context, d backup.Destroyed) error {
	s := vault.Subject{Kind: d.Kind, ID: d.Subject}
	err := b.write(ctx, d.Workspace, func(tx *db.Tx) (ledger.Entry, error) {
		at, err := keys.DestroyedAt(tx, s)
		if err != nil {
			return ledger.Entry{}, err
		}
		if !at.IsZero() {
			return ledger.Entry{}, errNothing
		}
		if s.Kind == vault.KindContact {
			if err := b.room.eraseAgain(tx, parlatory.ContactID(s.ID)); err != nil {
				return ledger.Entry{}, err
			}
		}
		if _, err := keys.Destroy(tx, s); err != nil {
			return ledger.Entry{}, err
		}
		if _, err := ledger.Forget(tx, s); err != nil {
			return ledger.Entry{}, err
		}
		return ledger.Entry{Action: ledger.Deleted, Element: elementContact, ID: s.ID, Old: map[string]string{"destroyed before": d.At.UTC().Format(time.RFC3339)}}, nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	if err == nil {
		b.destroyed++
	}
	return err
}

// eraseAgain takes out of an older database what an erasure takes besides the key: the files are left to the job that deletes blobs. A contact
// whom that database does not know, or knows to be erased, may have left files and kept messages all the same.
func (r *Room) eraseAgain(tx *db.Tx, id parlatory.ContactID) error {
	_, err := contact.Erase(tx, id)
	if k := parlatory.KindOf(err); err != nil && k != parlatory.KindNotFound && k != parlatory.KindConflict {
		return err
	}
	if err := chat.EraseKept(tx, id); err != nil {
		return err
	}
	if r.o.Files != nil {
		blobs, err := r.o.Files.Erase(tx, id)
		if err != nil {
			return err
		}
		if err := putLeavings(tx, blobs); err != nil {
			return err
		}
	}
	if err := workspace.ForgetAnswers(tx); err != nil {
		return err
	}
	tx.Tell(parlatory.Event{Kind: parlatory.ContactErased, Workspace: tx.Workspace(), Contact: id})
	return nil
}

// write is one witnessed transaction in a workspace.
func (b *restore) write(ctx context.Context, ws parlatory.WorkspaceID, fn func(tx *db.Tx) (ledger.Entry, error)) error {
	b.operator.Workspace = ws
	permit, err := b.room.o.Law.Permit(ctx, b.operator, ActRestore)
	if err != nil {
		return err
	}
	// The house's ledger: a workspace that lost keys may have lost that of its own ledger.
	house, err := b.room.o.Ledger.Pen(ctx, parlatory.House)
	if err != nil {
		return fmt.Errorf("pen of the house: %w", err)
	}
	return b.room.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		e, err := fn(tx)
		if err != nil {
			return err
		}
		if e.Remark = b.text; ws != parlatory.House {
			if e.New == nil {
				e.New = map[string]string{}
			}
			e.New["workspace"] = ws.String()
		}
		return house.WitnessHouse(tx, e)
	})
}
