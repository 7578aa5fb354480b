package keys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// stand is how a workspace's keys and its settings stood when an act looked at them. The act then asks roots, outside a transaction, and what
// it stores is right only if they stand so still: a key that is minted under the root before, while all others move to the next one, would
// be lost with the root before.
type stand struct {
	all      []vault.Wrapped // by version
	revision int64           // of its settings; 0: there are none
}

func (r *Room) stand(ctx context.Context, permit access.Permit) (s stand, err error) {
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) (err error) { s, err = readStand(tx); return err })
	return s, err
}

func readStand(tx *db.Tx) (s stand, err error) {
	if s.all, err = readAll(tx); err != nil {
		return s, fmt.Errorf("read workspace keys: %w", err)
	}
	if len(s.all) == 0 {
		return s, fmt.Errorf("read workspace keys: %w", vault.ErrNoKey)
	}
	if err = tx.Row(sqlRevision).Scan(&s.revision); err != nil && !errors.Is(err, db.ErrNone) {
		return s, fmt.Errorf("read revision of key settings: %w", err)
	}
	return s, nil
}

func (s stand) newest() vault.Wrapped { return s.all[len(s.all)-1] }

// still refuses if anything is another than it was, and keeps it so until the transaction ends: whoever rotates, moves or changes settings
// holds the row of the newest key first. The statement after the lock sees what they did who had it before. SQLite has one writer.
func (s stand) still(tx *db.Tx) error {
	if tx.Postgres() {
		var v uint32
		if err := tx.Row(sqlLockWorkspaceKey).Scan(&v); err != nil {
			return fmt.Errorf("lock workspace key: %w", err)
		}
	}
	now, err := readStand(tx)
	if err != nil {
		return err
	}
	same := func(a, b vault.Wrapped) bool {
		return a.Version == b.Version && a.ID == b.ID && a.Root == b.Root && bytes.Equal(a.Blob, b.Blob)
	}
	if now.revision != s.revision || !slices.EqualFunc(now.all, s.all, same) {
		return changedMeanwhile()
	}
	return nil
}

func changedMeanwhile() error {
	return parlatory.Conflict("Somebody else has just changed the keys of this workspace. Try again.")
}
