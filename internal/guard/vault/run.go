package vault

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"parlatory"
)

const (
	// At so many roots at once is asked, those of workspaces' own servers apart: a workspace whose server stalls holds up no other root.
	askFixed = 8
	askOwn   = 64
	// idleAfter is how long a workspace's keys stay in memory without use.
	idleAfter = 10 * time.Minute
)

// Run confirms the keys in use with their roots, notes seals, and drops keys that nobody uses, until ctx ends. Without it a ring
// works as well, but a caller may wait for a root, and seals go unnoted.
func (r *Ring) Run(ctx context.Context) error {
	var asking sync.WaitGroup
	defer asking.Wait()
	tick := time.NewTicker(r.pace.tick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			r.noteAll(context.WithoutCancel(ctx))
			return nil
		case m := <-r.meters.full:
			r.note(ctx, m)
		case <-tick.C:
			r.subjects.sweep()
			r.indexes.sweep()
			r.minted.sweep()
			r.confirmAll(ctx, &asking)
		}
	}
}

// confirmAll asks the roots of all doors that are due, each on its own: one that is still waited for is not asked again.
func (r *Ring) confirmAll(ctx context.Context, asking *sync.WaitGroup) {
	for ws, d := range r.dueDoors() {
		slots := r.askFixed
		if d.isOwn() {
			slots = r.askOwn
		}
		if !d.busy.CompareAndSwap(false, true) {
			continue
		}
		select {
		case slots <- struct{}{}:
		default: // at the next tick
			d.busy.Store(false)
			continue
		}
		asking.Go(func() {
			defer func() { <-slots; d.busy.Store(false) }()
			if err := r.Confirm(ctx, ws); err != nil && d.standing().Fault == nil && ctx.Err() == nil {
				r.log.LogAttrs(ctx, slog.LevelError, "keys could not be confirmed", slog.String("workspace", ws.String()), slog.String("cause", err.Error()))
			}
			if d.standing().Fault != nil && d.open() != nil {
				r.wipe(ctx, d, ws)
			}
		})
	}
}

// dueDoors drops the doors that nobody uses, and gives those whose root should be asked.
func (r *Ring) dueDoors() map[parlatory.WorkspaceID]*door {
	due, left := map[parlatory.WorkspaceID]*door{}, map[parlatory.WorkspaceID]*door{}
	r.mu.Lock()
	now := r.clock.Now()
	for ws, d := range r.doors {
		idle := now.Sub(time.Unix(d.used.Load(), 0)) > idleAfter
		switch {
		case idle && d.droppable(): // what serves during a fault could not be fetched again
			left[ws] = d
			delete(r.doors, ws)
		case d.due(idle):
			due[ws] = d
		}
	}
	r.mu.Unlock()
	for ws, d := range left {
		d.until.Store(0)
		r.forgetAll(ws)
		r.shut(ws)
	}
	return due
}

// Confirm asks the root of a workspace's newest key now.
func (r *Ring) Confirm(ctx context.Context, ws parlatory.WorkspaceID) error {
	d := r.door(ws)
	_, err := r.spaces.renew(ctx, slot{ws, spaceSubject, 0}, func(ctx context.Context) (*spaceKey, error) { return r.ask(ctx, d, ws, 0) })
	return err
}

// Standing tells how a workspace's keys stand on this node.
func (r *Ring) Standing(ws parlatory.WorkspaceID) Standing { return r.door(ws).standing() }

// report tells the operator of changes, once each: an alarm when a root goes away or refuses, a note when it is back.
func (r *Ring) report(ctx context.Context, ws parlatory.WorkspaceID, before, after Standing) {
	which := slog.String("workspace", ws.String())
	switch {
	case after.Fault == nil && before.Fault != nil:
		r.log.LogAttrs(ctx, slog.LevelInfo, "keys are confirmed again", which)
	case errors.Is(after.Fault, ErrWithdrawn) && !errors.Is(before.Fault, ErrWithdrawn):
		r.log.LogAttrs(ctx, slog.LevelError, "keys were withdrawn, and wiped from memory", which)
	case after.Fault != nil && before.Fault == nil:
		r.log.LogAttrs(ctx, slog.LevelError, "key server is out of reach; keys in memory serve for now", which, slog.Time("until", after.Until))
	}
}

// note writes the seals of one key down.
func (r *Ring) note(ctx context.Context, m *meter) {
	n := m.take()
	noted, err := r.shelf.Spend(ctx, m.workspace, m.subject, m.version, n)
	switch {
	case errors.Is(err, ErrNoKey): // destroyed meanwhile
	case err != nil:
		r.log.LogAttrs(ctx, slog.LevelWarn, "seals could not be noted", slog.String("cause", err.Error()))
		m.next.Store(n + unnoted)
	default:
		m.done(n, noted)
	}
}

// noteAll notes what a process has sealed before it ends.
func (r *Ring) noteAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	r.meters.mu.Lock()
	var open []*meter
	for _, m := range r.meters.all {
		if m.used.Load() >= unnoted {
			open = append(open, m)
		}
	}
	r.meters.mu.Unlock()
	for _, m := range open {
		r.note(ctx, m)
	}
}
