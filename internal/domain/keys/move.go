package keys

import (
	"context"
	"fmt"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// moves are keys of a workspace as they were and as they are wrapped now, and perhaps a next version of it.
type moves struct {
	from, to []vault.Wrapped
	next     *vault.Wrapped
}

// store writes them; who calls it has seen that nobody changed them meanwhile (stand.still).
func (m moves) store(tx *db.Tx) error {
	for i, w := range m.to {
		n, err := tx.Exec(sqlMoveWorkspaceKey, w.Version, w.Blob, w.Root, m.from[i].Blob)
		if err != nil {
			return fmt.Errorf("move workspace key: %w", err)
		}
		if n != 1 {
			return changedMeanwhile()
		}
	}
	if m.next != nil {
		return begin(tx, *m.next)
	}
	return nil
}

func readAll(tx *db.Tx) (all []vault.Wrapped, err error) {
	rows, err := tx.Query(sqlWorkspaceKeys)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		w := vault.Wrapped{Workspace: tx.Workspace(), Subject: vault.Subject{Kind: workspaceKind}}
		if err := rows.Scan(&w.Version, &w.ID, &w.Parent, &w.Blob, &w.Root); err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, rows.Err()
}

// Move wraps a workspace's key, or the house's, by another root of the operator's, or by the newest version of the same one. The clear key
// stays in this process's memory, and nothing that serves is disturbed. It says how many versions were wrapped anew.
func (r *Room) Move(ctx context.Context, operator parlatory.Actor, ws parlatory.WorkspaceID, root, reason string) (n int, err error) {
	operator.Workspace = ws
	permit, err := r.o.Law.Permit(ctx, operator, ActOperate)
	if err != nil {
		return 0, err
	}
	before, err := r.stand(ctx, permit)
	if err != nil {
		return 0, err
	}
	var m moves
	for _, w := range before.all {
		to := root
		if to == "" {
			to = w.Root
		} else if w.Root == vault.RootOwn {
			return 0, parlatory.Conflict("This workspace has a key server of its own; only its administrators take it away from there.")
		}
		if to == w.Root {
			if current, err := r.o.Ring.Current(ctx, w); err != nil || current {
				if err != nil {
					return 0, err
				}
				continue
			}
		}
		next, err := r.o.Ring.Move(ctx, w, to)
		if err != nil {
			return 0, err
		}
		m.from, m.to = append(m.from, w), append(m.to, next)
	}
	if len(m.to) == 0 {
		return 0, nil
	}
	return len(m.to), r.storeMoves(ctx, permit, before, m, reason)
}

func (r *Room) storeMoves(ctx context.Context, permit access.Permit, before stand, m moves, reason string) error {
	pen, err := r.o.Ledger.Pen(ctx, permit.Workspace())
	if err != nil {
		return err
	}
	last := len(m.to) - 1
	return r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := before.still(tx); err != nil {
			return err
		}
		if err := m.store(tx); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{
			Action: ledger.Updated, Element: Element, ID: m.to[last].ID.Raw(), Remark: reason,
			Old: map[string]string{"wrapped by": m.from[last].Root}, New: map[string]string{"wrapped by": m.to[last].Root, "versions": fmt.Sprint(len(m.to))},
		})
	})
}

// RotateRoot begins a new version of one of the operator's roots. Move, without a name, wraps what is under older ones again.
func (r *Room) RotateRoot(ctx context.Context, operator parlatory.Actor, root, reason string) (string, error) {
	operator.Workspace = parlatory.House
	permit, err := r.o.Law.Permit(ctx, operator, ActOperate)
	if err != nil {
		return "", err
	}
	a, err := r.o.Roots.Anchor(ctx, parlatory.House, root)
	if err != nil {
		return "", err
	}
	before, err := a.Root.Version(ctx)
	if err != nil {
		return "", err
	}
	pen, err := r.o.Ledger.Pen(ctx, parlatory.House)
	if err != nil {
		return "", err
	}
	if err := a.Root.Rotate(ctx); err != nil {
		return "", err
	}
	after, err := a.Root.Version(ctx)
	if err != nil {
		return "", err
	}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		return pen.Witness(tx, ledger.Entry{
			Action: ledger.Updated, Element: "Root key", Remark: reason,
			Old: map[string]string{"root": root, "version": before}, New: map[string]string{"version": after},
		})
	})
	if err != nil { // what is done can't be undone: whoever asked must not do it again
		return after, fmt.Errorf("the root key was rotated, its version is now %s, but the audit log does not say so: %w", after, err)
	}
	return after, nil
}
