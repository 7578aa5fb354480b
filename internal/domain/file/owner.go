package file

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/storage/blob"
	"parlatory/internal/storage/db"
)

// ownerPrefix is before the id of whoever owns a store: a random one that stands in the database as well.
const ownerPrefix = "owner/"

// foreignFor is how long a refusal is remembered before the store is asked again.
const foreignFor = time.Minute

// errForeign says that the database and the store don't belong together: one of them is another's, or empty beside a full one.
var errForeign = errors.New("the store of files belongs to another database than the one that is open: is either the wrong one?")

// owning remembers whose the store is.
type owning struct {
	mu    sync.Mutex
	sure  bool
	fault error
	asked time.Time
}

// owned is nil where the store is this database's. Nothing is read from another's store, and nothing in it deleted. Its error is of
// KindUnavailable.
func (r *Room) owned(ctx context.Context) error {
	r.owner.mu.Lock()
	defer r.owner.mu.Unlock()
	now := r.o.Clock.Now()
	if r.owner.sure {
		return nil
	}
	if r.owner.fault != nil && now.Sub(r.owner.asked) < foreignFor {
		return r.owner.fault
	}
	err := r.compare(ctx)
	if ctx.Err() != nil {
		return err // says nothing of the store
	}
	if err != nil && parlatory.KindOf(err) != parlatory.KindUnavailable {
		err = parlatory.Fail(parlatory.KindUnavailable, "The store of files can't be used at this moment.").Because(err)
	}
	r.owner.sure, r.owner.fault, r.owner.asked = err == nil, err, now
	return err
}

// compare looks at both ids, and gives a new store and a new database theirs.
func (r *Room) compare(ctx context.Context) error {
	id, err := r.storeID(ctx, "")
	if err != nil {
		return err
	}
	there, err := r.o.Blobs.List(ctx, ownerPrefix, "", 2)
	if err != nil {
		return fmt.Errorf("owner of the store: %w", err)
	}
	if len(there) == 0 {
		if err := r.unclaimed(ctx); err != nil {
			return err
		}
		if id, err = r.claim(ctx, id); err != nil {
			return err
		}
		if there, err = r.o.Blobs.List(ctx, ownerPrefix, "", 2); err != nil { // of two who came at once, neither has it
			return fmt.Errorf("owner of the store: %w", err)
		}
	}
	if len(there) != 1 || there[0].Name != ownerPrefix+id {
		return errForeign
	}
	return nil
}

// storeID reads the id that the database has, after it has entered fresh where it had none; empty: none.
func (r *Room) storeID(ctx context.Context, fresh string) (id string, err error) {
	permit, err := r.o.Law.System(actOwn, parlatory.House)
	if err != nil {
		return "", err
	}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		id = ""
		if fresh != "" {
			if _, err := tx.Exec(sqlPutStore, fresh); err != nil {
				return err
			}
		}
		err := tx.Row(sqlStore).Scan(&id)
		if errors.Is(err, db.ErrNone) {
			return nil
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("id of the store: %w", err)
	}
	return id, nil
}

// claim writes the id into the database first: who is cut in between finds it there the next time.
func (r *Room) claim(ctx context.Context, id string) (string, error) {
	if id == "" {
		var random [16]byte
		if _, err := rand.Read(random[:]); err != nil {
			return "", fmt.Errorf("id of the store: %w", err)
		}
		var err error
		if id, err = r.storeID(ctx, hex.EncodeToString(random[:])); err != nil {
			return "", err
		}
	}
	text := []byte("This store of files belongs to one Parlatory database. Leave it here.\n")
	if err := r.o.Blobs.Put(ctx, ownerPrefix+id, bytes.NewReader(text), int64(len(text))); err != nil && !errors.Is(err, blob.ErrTaken) {
		return "", fmt.Errorf("claim the store: %w", err)
	}
	return id, nil
}

// unclaimed refuses a store without an owner that has somebody else's files.
func (r *Room) unclaimed(ctx context.Context) error {
	first, err := r.o.Blobs.List(ctx, "f/", "", 1)
	if err != nil {
		return fmt.Errorf("look into the store: %w", err)
	}
	if len(first) == 0 {
		return nil
	}
	ws, _, ok := fileOf(first[0].Name)
	if !ok {
		return errForeign
	}
	known, err := r.knows(ctx, ws)
	if err == nil && !known {
		err = errForeign
	}
	return err
}

// knows reports whether the database has a workspace.
func (r *Room) knows(ctx context.Context, ws parlatory.WorkspaceID) (known bool, err error) {
	if ws.Zero() || ws == parlatory.House {
		return false, nil
	}
	permit, err := r.o.Law.System(actSweep, ws)
	if err != nil {
		return false, err
	}
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		known, err = workspace.Exists(tx)
		return err
	})
	return known, err
}

// orphans are the blobs that a sweep found without a row. The next one deletes those that still have none.
type orphans map[string]bool

// orphansMost bounds what is remembered; more are found again after those are gone.
const orphansMost = 100_000

// sweep is one walk through the store.
type sweep struct {
	room   *Room
	before orphans
	found  orphans
	known  map[parlatory.WorkspaceID]bool
}

// file deletes of one file's blobs those that are old, not named, and were not named in the sweep before. What is of no workspace of this
// database is left alone.
func (s *sweep) file(ctx context.Context, items []blob.Item) error {
	ws, id, ok := fileOf(items[0].Name)
	if !ok {
		return nil // not ours
	}
	known, asked := s.known[ws]
	if !asked {
		var err error
		if known, err = s.room.knows(ctx, ws); err != nil {
			return err
		}
		s.known[ws] = known
	}
	if !known {
		return nil
	}
	named, err := s.room.named(ctx, ws, id, len(items))
	if err != nil || named == nil {
		return err
	}
	old := s.room.o.Clock.Now().Add(-orphanAge)
	for _, item := range items {
		switch {
		case named[item.Name] || !item.At.Before(old):
		case !s.before[item.Name]:
			if len(s.found) < orphansMost {
				s.found[strings.Clone(item.Name)] = true
			}
		default:
			if err := s.room.o.Blobs.Delete(ctx, item.Name); err != nil {
				s.found[item.Name] = true
				return fmt.Errorf("sweep blob: %w", err)
			}
		}
	}
	return nil
}
