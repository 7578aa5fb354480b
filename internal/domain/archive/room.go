package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/contact"
	"parlatory/internal/domain/keys"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/backup"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Files is what the room of files offers on a contact.
type Files interface {
	// Export hands out the files of a contact, one after the other; what it gives to fn is read before fn returns.
	Export(ctx context.Context, workspace parlatory.WorkspaceID, contact parlatory.ContactID, fn func(name, mediaType string, size int64, r io.Reader) error) error
	// Count counts what Erase would take.
	Count(tx *db.Tx, contact parlatory.ContactID) (int64, error)
	// Erase deletes the rows of a contact's files in the transaction that destroys its key, and names the blobs that nothing refers to any more.
	Erase(tx *db.Tx, contact parlatory.ContactID) (blobs []string, err error)
	// Drop deletes blobs; one that is not there is no error.
	Drop(ctx context.Context, blobs []string) error
}

// Names gives the display names of staff members; domain/staff fills it.
type Names interface {
	Names(ctx context.Context, workspace parlatory.WorkspaceID, ids []parlatory.StaffID) (map[parlatory.StaffID]string, error)
}

// Options are what the room needs.
type Options struct {
	DB       *db.DB
	Law      *access.Law
	Ring     *vault.Ring
	Ledger   *ledger.Ledger
	Contacts *contact.Room
	Chat     *chat.Room
	Keys     *keys.Room
	Staff    Names
	Files    Files          // nil: there are none
	Parts    *backup.Folder // nil: no key part is written
	Domain   string         // first part of a signer's name
	Clock    parlatory.Clock
	Log      *slog.Logger
	// Steady refuses an actor who is no active member any more, or has another role by now.
	Steady func(tx *db.Tx, actor parlatory.Actor) error
}

// Room has the acts on all that is kept on a contact.
type Room struct {
	o  Options
	mu sync.Mutex
	// signers that were opened: keys of their own, so that there are few.
	signers map[parlatory.WorkspaceID]*Signer
}

// New opens the room, and has this node forget the keys of whoever is erased anywhere.
func New(o Options) *Room {
	r := &Room{o: o, signers: map[parlatory.WorkspaceID]*Signer{}}
	o.DB.Listen(r)
	return r
}

// Told forgets the keys of erased contacts. It is db.Teller and does not block.
func (r *Room) Told(events []parlatory.Event) {
	for _, e := range events {
		if e.Kind == parlatory.ContactErased {
			r.o.Ring.Forget(e.Workspace, vault.ContactKey(e.Contact))
		}
	}
}

const (
	tick = time.Minute
	// leaveFor is how long who erased has for deleting blobs before the job does.
	leaveFor = 5 * time.Minute
)

// Run writes the daily key part, deletes old ones, and makes up for what an erasure could not finish, until ctx ends.
func (r *Room) Run(ctx context.Context) error {
	beat := time.NewTicker(tick)
	defer beat.Stop()
	for {
		if err := r.Work(ctx); err != nil && ctx.Err() == nil {
			r.o.Log.LogAttrs(ctx, slog.LevelError, "work of the archive failed; it is tried again in a minute", slog.String("cause", err.Error()))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
		}
	}
}

// Work does once what waits.
func (r *Room) Work(ctx context.Context) error {
	return errors.Join(r.backUp(ctx), r.certifyAll(ctx), r.sweep(ctx))
}

// across reads a page of what waits in all workspaces.
func across[T any](ctx context.Context, r *Room, query string, scan func(*db.Rows, *T) error, args ...any) (all []T, err error) {
	permit, err := r.o.Law.System(actWaits, parlatory.House)
	if err != nil {
		return nil, err
	}
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		all = nil
		rows, err := tx.Across().Query(query, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var one T
			if err := scan(rows, &one); err != nil {
				return err
			}
			all = append(all, one)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("find what waits: %w", err)
	}
	return all, nil
}
