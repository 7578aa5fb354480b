package security

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"parlatory"
)

// Bounds of what is remembered of visitors who were turned away. Who is beyond turnedMost is met at the next knock.
const (
	turnedMost = 10_000
	turnedKeep = 10 * time.Minute
	turnedEach = time.Second
)

// turned remembers which visitors the lists refused, so that what they have open is closed once, and a flood of their requests costs a
// look into a map.
type turned struct {
	mu      sync.Mutex
	waiting map[visitor]netip.Addr
	done    map[visitor]time.Time
}

type visitor struct {
	workspace parlatory.WorkspaceID
	contact   parlatory.ContactID
}

func (t *turned) open() {
	t.waiting, t.done = map[visitor]netip.Addr{}, map[visitor]time.Time{}
}

// forget lets the visitors of a workspace (zero: of all) be looked at anew, after its lists have changed.
func (t *turned) forget(ws parlatory.WorkspaceID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for v := range t.done {
		if ws.Zero() || v.workspace == ws {
			delete(t.done, v)
		}
	}
}

func (t *turned) away(ws parlatory.WorkspaceID, who parlatory.ContactID, at netip.Addr, now time.Time) {
	v := visitor{ws, who}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, there := t.waiting[v]; there || len(t.waiting) >= turnedMost {
		return
	}
	if done, there := t.done[v]; there && now.Sub(done) < turnedKeep {
		return
	}
	t.waiting[v] = at
}

// take gives those who wait, and remembers that they were looked at.
func (t *turned) take(now time.Time) map[visitor]netip.Addr {
	t.mu.Lock()
	defer t.mu.Unlock()
	waiting := t.waiting
	t.waiting = map[visitor]netip.Addr{}
	if len(t.done)+len(waiting) > turnedMost {
		clear(t.done)
	}
	for v := range waiting {
		t.done[v] = now
	}
	return waiting
}

// again lets a visitor be looked at anew, where the last look failed.
func (t *turned) again(v visitor) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.done, v)
}

// CloseRefused closes what the visitors have open whom the gate turned away since the last time, where the list still refuses them.
func (r *Room) CloseRefused(ctx context.Context) error {
	var faults []error
	for v, at := range r.turned.take(r.o.Clock.Now()) {
		refused, err := r.Refuses(ctx, v.workspace, at)
		if err == nil && refused && r.talks != nil {
			_, err = r.talks.CloseRefused(ctx, v.workspace, v.contact)
		}
		if err != nil {
			r.turned.again(v)
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}
