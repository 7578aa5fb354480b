package front

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"parlatory"
)

const (
	nameTime   = 5 * time.Second
	mostFound  = 4096
	mostMissed = 1024
)

// names remembers for a moment what the directory said of subdomains. Names that exist and names that somebody made up
// are kept apart, each bounded: so a flood of the second costs no place of the first, and the flood itself is paid for
// by the budget of its address (see walk).
type names struct {
	clock  parlatory.Clock
	mu     sync.Mutex
	turn   uint64 // grows with every change: what was read before one is not remembered after it
	found  ring
	missed ring
}

func newNames(clock parlatory.Clock) *names {
	return &names{clock: clock, found: newRing(mostFound), missed: newRing(mostMissed)}
}

// get gives what is remembered; the zero id means that no workspace has the name.
func (n *names) get(sub string) (id parlatory.WorkspaceID, known bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := n.clock.Now()
	if id, known = n.found.get(sub, now); known {
		return id, true
	}
	return n.missed.get(sub, now)
}

func (n *names) since() uint64 { n.mu.Lock(); defer n.mu.Unlock(); return n.turn }

func (n *names) put(turn uint64, sub string, id parlatory.WorkspaceID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.turn != turn:
	case id.Zero():
		n.missed.put(sub, id, n.clock.Now())
	default:
		n.found.put(sub, id, n.clock.Now())
	}
}

func (n *names) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.turn++
	n.found, n.missed = newRing(mostFound), newRing(mostMissed)
}

// ring is a bounded memory in which the oldest place is used anew.
type ring struct {
	places []string
	next   int
	items  map[string]remembered
}

type remembered struct {
	id parlatory.WorkspaceID
	at time.Time
}

func newRing(most int) ring {
	return ring{places: make([]string, most), items: map[string]remembered{}}
}

func (r *ring) get(name string, now time.Time) (parlatory.WorkspaceID, bool) {
	it, ok := r.items[name]
	if age := now.Sub(it.at); !ok || age < 0 || age > nameTime {
		return parlatory.WorkspaceID{}, false
	}
	return it.id, true
}

func (r *ring) put(name string, id parlatory.WorkspaceID, now time.Time) {
	if _, ok := r.items[name]; !ok {
		delete(r.items, r.places[r.next])
		r.places[r.next] = name
		r.next = (r.next + 1) % len(r.places)
	}
	r.items[name] = remembered{id, now}
}

// Told forgets names once a workspace was made, closed or renamed; register Front where events are told.
func (f *Front) Told(events []parlatory.Event) {
	for _, e := range events {
		if e.Kind == parlatory.WorkspaceChanged {
			f.names.forget()
			return
		}
	}
}

// workspace asks the directory, if nothing is remembered. The zero id means that there is none.
func (f *Front) workspace(ctx context.Context, sub string) (parlatory.WorkspaceID, error) {
	if id, known := f.names.get(sub); known {
		return id, nil
	}
	turn := f.names.since()
	id, found, err := f.opt.Directory.Workspace(ctx, sub)
	if err != nil {
		f.opt.Log.LogAttrs(ctx, slog.LevelError, "workspace lookup failed", slog.String("cause", err.Error()))
		return parlatory.WorkspaceID{}, parlatory.Fail(parlatory.KindUnavailable, "The server cannot reach its store. Please try again.")
	}
	if !found || id == parlatory.House {
		id = parlatory.WorkspaceID{}
	}
	f.names.put(turn, sub, id)
	return id, nil
}
