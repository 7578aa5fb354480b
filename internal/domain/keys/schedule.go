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

// Schedule rotates the keys of workspaces that have grown as old as their settings say. Where two nodes come at once, the version's row
// lets one of them through.
func (r *Room) Schedule(ctx context.Context) error {
	permit, err := r.o.Law.System(actWaits, parlatory.House)
	if err != nil {
		return err
	}
	var all []parlatory.WorkspaceID
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		all = nil
		rows, err := tx.Across().Query(sqlScheduledAcross)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var ws parlatory.WorkspaceID
			if err := rows.Scan(&ws); err != nil {
				return err
			}
			all = append(all, ws)
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("find schedules of keys: %w", err)
	}
	var faults error
	for _, ws := range all {
		faults = errors.Join(faults, r.scheduled(ctx, ws))
	}
	return faults
}

func (r *Room) scheduled(ctx context.Context, ws parlatory.WorkspaceID) error {
	settings, _, err := r.o.Roots.read(ctx, ws)
	if err != nil || settings.RotateDays == 0 {
		return err
	}
	permit, err := r.o.Law.System(actTurn, ws)
	if err != nil {
		return err
	}
	var made time.Time
	if err := r.o.DB.Read(ctx, permit, func(tx *db.Tx) error { return tx.Row(sqlAge).Scan(&made) }); err != nil {
		return fmt.Errorf("age of workspace key: %w", err)
	}
	if r.o.Clock.Now().Before(made.AddDate(0, 0, settings.RotateDays)) {
		return nil
	}
	err = r.rotate(ctx, permit, func(*db.Tx) error { return nil }, "The schedule says so.")
	if parlatory.KindOf(err) == parlatory.KindConflict || errors.Is(err, vault.ErrAway) || errors.Is(err, vault.ErrWithdrawn) {
		return nil // another node was first; or it waits until the keys are back
	}
	return err
}
