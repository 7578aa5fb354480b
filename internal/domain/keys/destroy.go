package keys

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Destroy deletes all versions of a contact's or a staff member's key, in the transaction of the act that erases them, and notes that it did:
// no restore brings them back. It says how many versions there were. Opened copies in memory are for the caller to forget after the commit,
// on all nodes (parlatory.ContactErased).
func Destroy(tx *db.Tx, s vault.Subject) (versions int64, err error) {
	if s.Kind != vault.KindContact && s.Kind != vault.KindStaff || s.ID == ([16]byte{}) {
		return 0, parlatory.Internal("destroy key", fmt.Errorf("keys of kind %q are not destroyed", s.Kind))
	}
	if tx.Postgres() {
		// Whoever wraps these rows again, or makes a next version, is waited for; the statement after it sees what they wrote.
		if err := lockVersions(tx, s); err != nil {
			return 0, err
		}
	}
	if versions, err = tx.Exec(sqlDestroy, s.Kind, s.ID[:]); err != nil {
		return 0, fmt.Errorf("destroy key: %w", err)
	}
	if _, err := tx.Exec(sqlPutDestroyed, s.Kind, s.ID[:], tx.Now()); err != nil {
		return 0, fmt.Errorf("note destroyed key: %w", err)
	}
	return versions, nil
}

func lockVersions(tx *db.Tx, s vault.Subject) error {
	rows, err := tx.Query(sqlAllVersionsLocked, s.Kind, s.ID[:])
	if err != nil {
		return fmt.Errorf("lock key: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
	}
	return rows.Err()
}

// holdVersion reports whether a version of a key is there, and on PostgreSQL keeps it from being destroyed until the transaction ends.
func holdVersion(tx *db.Tx, w vault.Wrapped) (bool, error) {
	query := sqlVersion
	if tx.Postgres() {
		query = sqlVersionLocked
	}
	var v uint32
	err := tx.Row(query, w.Subject.Kind, w.Subject.ID[:], w.Version).Scan(&v)
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for key: %w", err)
	}
	return true, nil
}

// DestroyedAt is when a subject's keys were destroyed; zero if they were not.
func DestroyedAt(tx *db.Tx, s vault.Subject) (at time.Time, err error) {
	err = tx.Row(sqlDestroyed, s.Kind, s.ID[:]).Scan(&at)
	if errors.Is(err, db.ErrNone) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("look for destroyed key: %w", err)
	}
	return at, nil
}

// Stored is a wrapped key with the time at which it was made: what a backup keeps of it.
type Stored struct {
	vault.Wrapped
	CreatedAt time.Time
}

// Destroyed is one subject of the list.
type Destroyed struct {
	Workspace parlatory.WorkspaceID
	Subject   vault.Subject
	At        time.Time
}

// copyPage is how many rows one transaction of a copy reads.
const copyPage = 500

// Copy hands out all wrapped keys of all workspaces, each workspace's own key among them, and then the list of what was destroyed: in that
// order, so that a key which is destroyed during the copy stands in its list. Nothing of it is clear.
func (r *Room) Copy(ctx context.Context, key func(Stored) error, destroyed func(Destroyed) error) error {
	if err := r.copySpaces(ctx, key); err != nil {
		return fmt.Errorf("copy workspace keys: %w", err)
	}
	if err := r.copySubjects(ctx, key); err != nil {
		return fmt.Errorf("copy subject keys: %w", err)
	}
	if err := r.copyDestroyed(ctx, destroyed); err != nil {
		return fmt.Errorf("copy destroyed keys: %w", err)
	}
	return nil
}

// pages reads one page after the other; the rows of a page are handed out after its transaction.
func pages[T any](ctx context.Context, r *Room, query string, after func(last *T) []any, scan func(*db.Rows, *T) error, each func(T) error) error {
	permit, err := r.o.Law.System(actCopy, parlatory.House)
	if err != nil {
		return err
	}
	for last := (*T)(nil); ; {
		var page []T
		err := r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
			page = nil
			rows, err := tx.Across().Query(query, append(after(last), copyPage)...)
			if err != nil {
				return err
			}
			defer func() { _ = rows.Close() }()
			for rows.Next() {
				var one T
				if err := scan(rows, &one); err != nil {
					return err
				}
				page = append(page, one)
			}
			return rows.Err()
		})
		if err != nil {
			return err
		}
		for _, one := range page {
			if err := each(one); err != nil {
				return err
			}
		}
		if len(page) < copyPage {
			return nil
		}
		last = &page[len(page)-1]
	}
}

func (r *Room) copySpaces(ctx context.Context, each func(Stored) error) error {
	return pages(ctx, r, sqlCopyWorkspacesAcross, func(last *Stored) []any {
		if last == nil {
			return []any{[]byte{}, 0}
		}
		return []any{last.Workspace[:], last.Version}
	}, func(rows *db.Rows, s *Stored) error {
		s.Subject.Kind = workspaceKind
		return rows.Scan(&s.Workspace, &s.Version, &s.ID, &s.Parent, &s.Blob, &s.Root, &s.CreatedAt)
	}, each)
}

func (r *Room) copySubjects(ctx context.Context, each func(Stored) error) error {
	return pages(ctx, r, sqlCopySubjectsAcross, func(last *Stored) []any {
		if last == nil {
			return []any{[]byte{}, "", []byte{}, 0}
		}
		return []any{last.Workspace[:], last.Subject.Kind, last.Subject.ID[:], last.Version}
	}, func(rows *db.Rows, s *Stored) error {
		return rows.Scan(&s.Workspace, &s.Subject.Kind, &s.Subject.ID, &s.Version, &s.ID, &s.Parent, &s.Blob, &s.Seals, &s.From, &s.CreatedAt)
	}, each)
}

func (r *Room) copyDestroyed(ctx context.Context, each func(Destroyed) error) error {
	return pages(ctx, r, sqlCopyDestroyedAcross, func(last *Destroyed) []any {
		if last == nil {
			return []any{[]byte{}, "", []byte{}}
		}
		return []any{last.Workspace[:], last.Subject.Kind, last.Subject.ID[:]}
	}, func(rows *db.Rows, d *Destroyed) error {
		return rows.Scan(&d.Workspace, &d.Subject.Kind, &d.Subject.ID, &d.At)
	}, each)
}

// Restore puts a key of the transaction's workspace back if it is missing, and says whether it did. One that was destroyed stays so. What
// is there is never replaced.
func Restore(tx *db.Tx, s Stored) (bool, error) {
	if s.Workspace != tx.Workspace() {
		return false, fmt.Errorf("restore key: it belongs to another workspace")
	}
	var n int64
	var err error
	if s.Subject.Kind == workspaceKind {
		n, err = tx.Exec(sqlRestoreWorkspaceKey, s.Version, s.ID, s.Parent, s.CreatedAt, s.Blob, s.Root)
	} else {
		at, lookErr := DestroyedAt(tx, s.Subject)
		if lookErr != nil || !at.IsZero() {
			return false, lookErr
		}
		n, err = tx.Exec(sqlRestoreSubjectKey, s.Subject.Kind, s.Subject.ID[:], s.Version, s.ID, s.Parent, s.CreatedAt, s.Blob, s.From, s.Seals)
	}
	if err != nil {
		return false, fmt.Errorf("restore key: %w", err)
	}
	return n == 1, nil
}
