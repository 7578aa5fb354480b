package security

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

const (
	flushEach = 3 * time.Second
	watchKeep = 30 * 24 // hours
	watchMost = 500     // lines of the page
)

// Sighting is what the staff list refused, or would have refused: one line a person, address and hour.
type Sighting struct {
	At      time.Time // the hour
	Staff   parlatory.StaffID
	Address string
	Times   int
	Refused bool // false: the list was only watching
}

type sighted struct {
	Address string `json:"address"`
}

func watchBinding(staff parlatory.StaffID, at vault.Index, hour int64, m Mode) vault.Binding {
	return vault.Binding{Table: "network_watch", Row: staff.Raw(), Revision: 1, Clear: []any{at[:], hour, string(m)}}
}

// Sightings shows what the staff list refused or would have, newest first.
func (r *Room) Sightings(ctx context.Context, actor parlatory.Actor) ([]Sighting, error) {
	permit, err := r.o.Law.Permit(ctx, actor, ActView)
	if err != nil {
		return nil, err
	}
	held, err := r.o.Ring.Hold(ctx, actor.Workspace, vault.Settings)
	if err != nil {
		return nil, fmt.Errorf("hold settings key: %w", err)
	}
	var all []Sighting
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		rows, err := tx.Query(sqlWatchPage, watchMost)
		if err != nil {
			return fmt.Errorf("read sightings: %w", err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var s Sighting
			var at vault.Index
			var hour int64
			var m Mode
			var sealed vault.Sealed
			if err := rows.Scan(&s.Staff, &at, &hour, &m, &s.Times, &sealed); err != nil {
				return fmt.Errorf("read sighting: %w", err)
			}
			var w sighted
			if err := vault.OpenJSON(held, watchBinding(s.Staff, at, hour, m), sealed, &w); err != nil {
				return fmt.Errorf("open sighting: %w", err)
			}
			s.At, s.Address, s.Refused = time.Unix(hour*3600, 0).UTC(), w.Address, m == On
			all = append(all, s)
		}
		return rows.Err()
	})
	return all, err
}

// Tally is how often lists met somebody.
type Tally struct {
	WouldRefuse               int // staff, in the last seven days
	RefusedToday, RefusedWeek int // visitors
}

// Tally counts for the pages.
func (r *Room) Tally(ctx context.Context, actor parlatory.Actor) (Tally, error) {
	permit, err := r.o.Law.Permit(ctx, actor, ActView)
	if err != nil {
		return Tally{}, err
	}
	var t Tally
	now := r.o.Clock.Now()
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if err := tx.Row(sqlWatchCount, now.Unix()/3600-7*24).Scan(&t.WouldRefuse); err != nil {
			return err
		}
		if err := tx.Row(sqlRefusedSince, dayOf(now)).Scan(&t.RefusedToday); err != nil {
			return err
		}
		return tx.Row(sqlRefusedSince, dayOf(now)-6).Scan(&t.RefusedWeek)
	})
	return t, err
}

// Run writes down what the gate counted, closes what refused visitors have open, and reads long-known lists again, until ctx ends.
func (r *Room) Run(ctx context.Context) error {
	var proofs sync.WaitGroup
	proofs.Go(func() { r.proofs(ctx) })
	defer proofs.Wait()
	flush, knock := time.NewTicker(flushEach), time.NewTicker(turnedEach)
	defer flush.Stop()
	defer knock.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-flush.C:
			err = r.Flush(ctx)
		case <-knock.C:
			err = errors.Join(r.endLines(ctx), r.CloseRefused(ctx))
		}
		if err != nil && ctx.Err() == nil {
			r.o.Log.Error("what the gate saw", "cause", err.Error())
		}
	}
}

func (r *Room) proofs(ctx context.Context) {
	look := time.NewTicker(proveLook)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		if err := r.Prove(ctx); err != nil && ctx.Err() == nil {
			r.o.Log.Error("read lists again", "cause", err.Error())
		}
	}
}

// Flush writes the counts down: one transaction a workspace.
func (r *Room) Flush(ctx context.Context) error {
	watch, visitors := r.counts.take()
	by := map[parlatory.WorkspaceID][]watchKey{}
	for k := range watch {
		by[k.workspace] = append(by[k.workspace], k)
	}
	for k := range visitors {
		if _, there := by[k.workspace]; !there {
			by[k.workspace] = nil
		}
	}
	var faults []error
	for ws, keys := range by {
		faults = append(faults, r.flush(ctx, ws, keys, watch, visitors))
	}
	return errors.Join(faults...)
}

func (r *Room) flush(ctx context.Context, ws parlatory.WorkspaceID, keys []watchKey, watch map[watchKey]int64, visitors map[dayKey]int64) error {
	permit, err := r.o.Law.System(actCount, ws)
	if err != nil {
		return err
	}
	held, err := r.o.Ring.Hold(ctx, ws, vault.Settings)
	if err != nil {
		return fmt.Errorf("hold settings key: %w", err)
	}
	ix, err := r.o.Ring.Index(ctx, ws)
	if err != nil {
		return fmt.Errorf("hold index key: %w", err)
	}
	return r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		for _, k := range keys {
			at := ix.Blind("network_watch.address_index", k.address.String())
			sealed, err := vault.SealJSON(held, watchBinding(k.staff, at, k.hour, k.mode), sighted{k.address.String()})
			if err != nil {
				return fmt.Errorf("seal sighting: %w", err)
			}
			if _, err := tx.Exec(sqlWatched, k.staff, at, k.hour, string(k.mode), watch[k], sealed); err != nil {
				return fmt.Errorf("store sighting: %w", err)
			}
		}
		for k, n := range visitors {
			if k.workspace != ws {
				continue
			}
			if _, err := tx.Exec(sqlRefused, k.day, n); err != nil {
				return fmt.Errorf("store refusals: %w", err)
			}
		}
		now := tx.Now()
		if _, err := tx.Exec(sqlSweepWatch, now.Unix()/3600-watchKeep); err != nil {
			return err
		}
		_, err := tx.Exec(sqlSweepRefused, dayOf(now)-400)
		return err
	})
}
