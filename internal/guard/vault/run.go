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
	// confirmAtOnce bounds the calls to key servers that wait at the same time.
	confirmAtOnce = 8
	// idleAfter is how long a workspace's keys stay in memory without use.
	idleAfter = 10 * time.Minute
)

// Run confirms the keys in use with their roots, notes seals, and drops keys that nobody uses, until ctx ends. Without it a ring
// works as well, but a caller may wait for a root, and seals go unnoted.
func (r *Ring) Run(ctx context.Context) error {
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
			r.confirmAll(ctx)
		}
	}
}

// confirmAll asks the roots of all doors that are due, some at a time. A root that does not answer holds up its own door alone.
func (r *Ring) confirmAll(ctx context.Context) {
	var asking sync.WaitGroup
	defer asking.Wait()
	slots := make(chan struct{}, confirmAtOnce)
	for ws, d := range r.dueDoors() {
		slots <- struct{}{}
		asking.Go(func() {
			defer func() { <-slots }()
			before := d.standing()
			err := r.Confirm(ctx, ws)
			if d.standing().Fault != nil && d.open() != nil {
				r.wipe(d, ws)
			}
			r.report(ctx, ws, before, d.standing(), err)
		})
	}
}

// dueDoors drops the doors that nobody uses, and gives those whose root should be asked.
func (r *Ring) dueDoors() map[parlatory.WorkspaceID]*door {
	r.mu.Lock()
	defer r.mu.Unlock()
	due := map[parlatory.WorkspaceID]*door{}
	now := r.clock.Now()
	for ws, d := range r.doors {
		idle := now.Sub(time.Unix(d.used.Load(), 0)) > idleAfter
		switch {
		case idle && d.settled(): // what serves during a fault could not be fetched again
			r.forgetAll(ws)
		case d.due():
			due[ws] = d
		}
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
func (r *Ring) report(ctx context.Context, ws parlatory.WorkspaceID, before, after Standing, err error) {
	which := slog.String("workspace", ws.String())
	switch {
	case err == nil && before.Fault != nil:
		r.log.LogAttrs(ctx, slog.LevelInfo, "keys are confirmed again", which)
	case errors.Is(after.Fault, ErrWithdrawn) && !errors.Is(before.Fault, ErrWithdrawn):
		r.log.LogAttrs(ctx, slog.LevelError, "keys were withdrawn, and wiped from memory", which)
	case after.Fault != nil && before.Fault == nil:
		r.log.LogAttrs(ctx, slog.LevelError, "key server is out of reach; keys in memory serve for now", which, slog.Time("until", after.Until))
	case after.Fault != nil && !after.Open && !before.Told:
		r.log.LogAttrs(ctx, slog.LevelError, "key server is out of reach, and the grace is over: the workspace is closed", which)
	case err != nil && after.Fault == nil && ctx.Err() == nil:
		r.log.LogAttrs(ctx, slog.LevelError, "keys could not be confirmed", which, slog.String("cause", err.Error()))
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
