package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/storage/backup"
	"parlatory/internal/storage/db"
)

// partEnd is until when parts of any node hold what they hold; zero: none was ever written. A folder knows of its own node's parts alone.
func (r *Room) partEnd(ctx context.Context) (until time.Time, err error) {
	permit, err := r.o.Law.System(actEnds, parlatory.House)
	if err != nil {
		return until, err
	}
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		until = time.Time{}
		err := tx.Row(sqlPartEnd).Scan(&until)
		if errors.Is(err, db.ErrNone) {
			return nil
		}
		return err
	})
	if err != nil {
		return until, fmt.Errorf("end of key parts: %w", err)
	}
	if until.IsZero() {
		return until, nil
	}
	return until.Add(backup.Slack), nil
}

// announcePart notes the end of a part before a key is copied into it: an erasure that finds the key there to destroy finds the end as well.
func (r *Room) announcePart(ctx context.Context, p backup.Part) error {
	permit, err := r.o.Law.System(actEnds, parlatory.House)
	if err != nil {
		return err
	}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		_, err := tx.Exec(sqlPutPartEnd, p.Until)
		return err
	})
	if err != nil {
		return fmt.Errorf("note end of key part: %w", err)
	}
	return nil
}

// keysUntil is when no part can hold a key any more that is destroyed now; zero: no server has ever written one.
func (r *Room) keysUntil(ctx context.Context) (until time.Time, err error) {
	if until, err = r.partEnd(ctx); err != nil || r.o.Parts == nil {
		return until, err
	}
	own, err := r.o.Parts.Until()
	if err != nil {
		return until, parlatory.Internal("end of key parts", err)
	}
	if own.After(until) {
		until = own
	}
	return until, nil
}
