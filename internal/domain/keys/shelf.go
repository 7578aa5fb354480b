package keys

import (
	"context"
	"errors"
	"fmt"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// workspaceKind is how vault marks a workspace key.
const workspaceKind = vault.KindWorkspace

// Shelf reads wrapped keys; it is a vault.Shelf.
type Shelf struct {
	db  *db.DB
	law *access.Law
}

// New makes the shelf.
func New(database *db.DB, law *access.Law) *Shelf { return &Shelf{db: database, law: law} }

var _ vault.Shelf = (*Shelf)(nil)

// WorkspaceKey gives a version of a workspace's key; version 0 is the newest. vault.ErrNoKey if there is none.
func (s *Shelf) WorkspaceKey(ctx context.Context, ws parlatory.WorkspaceID, version uint32) (vault.Wrapped, error) {
	w := vault.Wrapped{Workspace: ws, Subject: vault.Subject{Kind: workspaceKind}}
	err := s.fetch(ctx, ws, &w, func(tx *db.Tx) *db.Row {
		if version == 0 {
			return tx.Row(sqlNewestWorkspaceKey)
		}
		return tx.Row(sqlWorkspaceKey, version)
	})
	return w, err
}

// SubjectKeys gives all versions of the keys of several subjects of one kind.
func (s *Shelf) SubjectKeys(ctx context.Context, ws parlatory.WorkspaceID, kind string, ids [][16]byte) (all []vault.Wrapped, err error) {
	permit, err := s.law.System(actFetch, ws)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, permit, func(tx *db.Tx) error {
		all = nil
		return db.Many(ids, func(args []any) error {
			rows, err := tx.Query(sqlSubjectKeys, args...)
			if err != nil {
				return err
			}
			defer func() { _ = rows.Close() }()
			for rows.Next() {
				w := vault.Wrapped{Workspace: ws, Subject: vault.Subject{Kind: kind}}
				if err := rows.Scan(&w.Subject.ID, &w.Version, &w.ID, &w.Parent, &w.Blob, &w.Seals, &w.From); err != nil {
					return err
				}
				all = append(all, w)
			}
			return rows.Err()
		}, kind)
	})
	return all, err
}

// Spend notes seals of one version of a key and gives all that are noted. vault.ErrNoKey if the key is gone.
func (s *Shelf) Spend(ctx context.Context, ws parlatory.WorkspaceID, subject vault.Subject, version uint32, seals int64) (noted int64, err error) {
	permit, err := s.law.System(actSpend, ws)
	if err != nil {
		return 0, err
	}
	err = s.db.Write(ctx, permit, func(tx *db.Tx) error {
		return tx.Row(sqlSpend, subject.Kind, subject.ID[:], version, seals).Scan(&noted)
	})
	if errors.Is(err, db.ErrNone) {
		return 0, vault.ErrNoKey
	}
	if err != nil {
		return 0, fmt.Errorf("note seals: %w", err)
	}
	return noted, nil
}

func (s *Shelf) fetch(ctx context.Context, ws parlatory.WorkspaceID, w *vault.Wrapped, row func(*db.Tx) *db.Row) error {
	permit, err := s.law.System(actFetch, ws)
	if err != nil {
		return err
	}
	err = s.db.Read(ctx, permit, func(tx *db.Tx) error {
		return row(tx).Scan(&w.Version, &w.ID, &w.Parent, &w.Blob, &w.Root)
	})
	if errors.Is(err, db.ErrNone) {
		return vault.ErrNoKey
	}
	return err
}

// Put stores freshly minted keys in the transaction of the act that minted them. A key belongs to the
// transaction's own workspace; a house key needs a transaction that reaches the house.
func Put(tx *db.Tx, wrapped ...vault.Wrapped) error {
	for _, w := range wrapped {
		at := tx
		if w.Workspace == parlatory.House {
			at = tx.House()
		} else if w.Workspace != tx.Workspace() {
			return fmt.Errorf("store key: it belongs to another workspace")
		}
		var err error
		if w.Subject.Kind == workspaceKind {
			_, err = at.Exec(sqlPutWorkspaceKey, w.Version, w.ID, w.Parent, tx.Now(), w.Blob, w.Root)
		} else {
			_, err = at.Exec(sqlPutSubjectKey, w.Subject.Kind, w.Subject.ID[:], w.Version, w.ID, w.Parent, tx.Now(), w.Blob, w.From)
		}
		if err != nil {
			return fmt.Errorf("store key: %w", err)
		}
	}
	return nil
}
