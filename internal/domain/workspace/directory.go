package workspace

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/storage/db"
)

// Sizes of what is remembered between two looks into the database. Events clear it sooner.
const (
	rememberFor = 5 * time.Second
	rememberTop = 4096
)

// cache remembers for a moment. It is bounded: a stranger who asks for made-up names costs a map of fixed size.
type cache[K comparable, V any] struct {
	clock parlatory.Clock
	mu    sync.Mutex
	turn  uint64
	items map[K]cached[V]
}

type cached[V any] struct {
	v  V
	at time.Time
}

func (c *cache[K, V]) open(clock parlatory.Clock) { c.clock, c.items = clock, map[K]cached[V]{} }

func (c *cache[K, V]) get(k K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	it, ok := c.items[k]
	if !ok || c.clock.Now().Sub(it.at) > rememberFor {
		return *new(V), false
	}
	return it.v, true
}

// since and putSince keep a value that was read before a change from being remembered after it.
func (c *cache[K, V]) since() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.turn
}

func (c *cache[K, V]) putSince(turn uint64, k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turn != turn {
		return
	}
	if len(c.items) >= rememberTop {
		clear(c.items)
	}
	c.items[k] = cached[V]{v, c.clock.Now()}
}

func (c *cache[K, V]) forget(k K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn++
	delete(c.items, k)
}

func (c *cache[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn++
	clear(c.items)
}

type found struct {
	id parlatory.WorkspaceID
	ok bool
}

// Workspace finds the workspace that answers at a subdomain; it is front's directory.
func (w *Room) Workspace(ctx context.Context, subdomain string) (parlatory.WorkspaceID, bool, error) {
	if f, ok := w.known.get(subdomain); ok {
		return f.id, f.ok, nil
	}
	permit, err := w.o.Law.System(actFind, parlatory.House)
	if err != nil {
		return parlatory.WorkspaceID{}, false, err
	}
	turn := w.known.since()
	var f found
	err = w.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		var state string
		f.id, state, err = bySubdomain(tx, subdomain)
		f.ok = err == nil && state == stateActive
		return err
	})
	if err != nil {
		return parlatory.WorkspaceID{}, false, err
	}
	w.known.putSince(turn, subdomain, f)
	return f.id, f.ok, nil
}

// Free reports whether nobody has or had the subdomain. tx must reach across workspaces.
func (w *Room) Free(tx *db.Tx, subdomain string) (bool, error) {
	id, _, err := bySubdomain(tx, subdomain)
	return id.Zero(), err
}

func bySubdomain(tx *db.Tx, subdomain string) (id parlatory.WorkspaceID, state string, err error) {
	err = tx.Across().Row(sqlSubdomainAcross, subdomain).Scan(&id, &state)
	if errors.Is(err, db.ErrNone) {
		return id, "", nil
	}
	if err != nil {
		return id, "", fmt.Errorf("find workspace: %w", err)
	}
	return id, state, nil
}
