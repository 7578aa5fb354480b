package signin

import (
	"context"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/storage/db"
)

// A session that ran out is refused where it is read. Its sockets are told by the sweep, so it comes often; the rest has time.
const (
	endEach   = 15 * time.Second
	sweepEach = 10 * time.Minute
)

// Run ends what has run out until ctx ends.
func (s *Sessions) Run(ctx context.Context) error {
	tick := time.NewTicker(endEach)
	defer tick.Stop()
	var swept time.Time
	for {
		err := s.EndOver(ctx)
		if now := time.Now(); err == nil && now.Sub(swept) >= sweepEach {
			swept, err = now, s.sweep(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.o.Log.Error("sweep of sessions", "cause", err.Error())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// EndOver ends the sessions that are over by the limits of their doors, and tells their sockets.
func (s *Sessions) EndOver(ctx context.Context) error {
	permit, err := s.o.Law.System(actSweep, parlatory.House)
	if err != nil {
		return err
	}
	doors, err := s.doors(ctx)
	if err != nil {
		return err
	}
	for _, door := range doors {
		limits, err := s.o.Security.Of(ctx, door)
		if err != nil {
			s.o.Log.Error("limits of sessions", "workspace", door.String(), "cause", err.Error())
			continue
		}
		now := s.o.Clock.Now()
		args := []any{door, now, now.Add(-limits.Sessions.Life()), now.Add(-limits.Sessions.Idle())}
		over, err := s.over(ctx, args)
		if err != nil || !over {
			if err != nil {
				return err
			}
			continue
		}
		err = s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
			return s.endAll(tx, sqlEndOver, args...)
		})
		if err != nil {
			return fmt.Errorf("end sessions that are over: %w", err)
		}
	}
	return nil
}

// doors are the workspaces where somebody is signed in.
func (s *Sessions) doors(ctx context.Context) (doors []parlatory.WorkspaceID, err error) {
	permit, err := s.o.Law.System(actSweep, parlatory.House)
	if err != nil {
		return nil, err
	}
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		rows, err := tx.Query(sqlDoors)
		if err != nil {
			return fmt.Errorf("read doors of sessions: %w", err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var door parlatory.WorkspaceID
			if err := rows.Scan(&door); err != nil {
				return fmt.Errorf("read door of a session: %w", err)
			}
			doors = append(doors, door)
		}
		return rows.Err()
	})
	return doors, err
}

// over looks before anything is written, since mostly nothing is.
func (s *Sessions) over(ctx context.Context, args []any) (over bool, err error) {
	permit, err := s.o.Law.System(actSweep, parlatory.House)
	if err != nil {
		return false, err
	}
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		rows, err := tx.Query(sqlSessionsOver, args...)
		if err != nil {
			return fmt.Errorf("read sessions that are over: %w", err)
		}
		defer func() { _ = rows.Close() }()
		over = rows.Next()
		return rows.Err()
	})
	return over, err
}

func (s *Sessions) sweep(ctx context.Context) error {
	permit, err := s.o.Law.System(actSweep, parlatory.House)
	if err != nil {
		return err
	}
	return s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		for _, query := range []string{sqlSweepAttempts, sqlSweepSignups, sqlSweepResets, sqlSweepTrusts, sqlSweepTokens} {
			if _, err := tx.Exec(query, tx.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}
