package vault

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"

	"parlatory"
)

// slot names a key: version 0 is the newest.
type slot struct {
	workspace parlatory.WorkspaceID
	subject   Subject
	version   uint32
}

// cache keeps opened keys: the least recently used goes first, none stays longer than keep, and each is fetched by
// one caller at a time while the others wait for it.
type cache[V any] struct {
	clock   parlatory.Clock
	max     int
	keep    time.Duration
	mu      sync.Mutex
	items   map[slot]*list.Element
	order   list.List
	flights map[slot]*flight[V]
	turn    uint64 // counts what was forgotten
}

type item[V any] struct {
	slot  slot
	value V
	born  time.Time
}

type flight[V any] struct {
	done  chan struct{}
	value V
	err   error
	stale bool // forgotten while it was fetched: hand it out, do not keep it
}

func newCache[V any](clock parlatory.Clock, max int, keep time.Duration) *cache[V] {
	return &cache[V]{clock: clock, max: max, keep: keep, items: map[slot]*list.Element{}, flights: map[slot]*flight[V]{}}
}

func (c *cache[V]) get(ctx context.Context, s slot, load func(context.Context) (V, error)) (V, error) {
	return c.fetch(ctx, s, false, load)
}

// renew is get, but what is kept is fetched anew; it stays if that fails.
func (c *cache[V]) renew(ctx context.Context, s slot, load func(context.Context) (V, error)) (V, error) {
	return c.fetch(ctx, s, true, load)
}

func (c *cache[V]) fetch(ctx context.Context, s slot, anew bool, load func(context.Context) (V, error)) (V, error) {
	for {
		c.mu.Lock()
		if v, ok := c.find(s); ok && !anew {
			c.mu.Unlock()
			return v, nil
		}
		f, waiting := c.flights[s]
		if !waiting {
			f = &flight[V]{done: make(chan struct{}), err: errors.New("key's fetch panicked")}
			c.flights[s] = f
			c.mu.Unlock()
			return c.fly(ctx, s, f, load)
		}
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			var zero V
			return zero, ctx.Err()
		case <-f.done:
		}
		// Who fetched may have left before its turn; that is no answer for those who stayed.
		if !errors.Is(f.err, context.Canceled) && !errors.Is(f.err, context.DeadlineExceeded) {
			return f.value, f.err
		}
	}
}

func (c *cache[V]) fly(ctx context.Context, s slot, f *flight[V], load func(context.Context) (V, error)) (V, error) {
	defer func() {
		c.mu.Lock()
		delete(c.flights, s)
		if f.err == nil && !f.stale {
			c.keepLocked(s, f.value)
		}
		c.mu.Unlock()
		close(f.done)
	}()
	f.value, f.err = load(ctx)
	return f.value, f.err
}

func (c *cache[V]) find(s slot) (V, bool) {
	var zero V
	e, ok := c.items[s]
	if !ok {
		return zero, false
	}
	it := e.Value.(*item[V])
	if age := c.clock.Now().Sub(it.born); age < 0 || age > c.keep {
		c.drop(e)
		return zero, false
	}
	c.order.MoveToFront(e)
	return it.value, true
}

func (c *cache[V]) peek(s slot) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.find(s)
}

// sweep drops what is older than it may be used: a key that nobody asks for any more does not stay in memory.
func (c *cache[V]) sweep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now()
	for _, e := range c.items {
		if age := now.Sub(e.Value.(*item[V]).born); age < 0 || age > c.keep {
			c.drop(e)
		}
	}
}

func (c *cache[V]) put(s slot, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keepLocked(s, v)
}

func (c *cache[V]) keepLocked(s slot, v V) {
	if e, ok := c.items[s]; ok {
		c.drop(e)
	}
	c.items[s] = c.order.PushFront(&item[V]{slot: s, value: v, born: c.clock.Now()})
	for c.order.Len() > c.max {
		c.drop(c.order.Back())
	}
}

func (c *cache[V]) drop(e *list.Element) {
	delete(c.items, e.Value.(*item[V]).slot)
	c.order.Remove(e)
}

// forget drops the keys that match, and marks those on their way.
func (c *cache[V]) forget(match func(slot) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn++
	for s, e := range c.items {
		if match(s) {
			c.drop(e)
		}
	}
	for s, f := range c.flights {
		if match(s) {
			f.stale = true
		}
	}
}

// known finds the newest keys of several subjects and says which are missing; offer keeps one of those, unless anything was forgotten since.
func (c *cache[V]) known(ws parlatory.WorkspaceID, all []Subject, found map[Subject]V) (missing [][16]byte, turn uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range all {
		if v, ok := c.find(slot{ws, s, 0}); ok {
			found[s] = v
		} else {
			missing = append(missing, s.ID)
		}
	}
	return missing, c.turn
}

func (c *cache[V]) offer(s slot, v V, turn uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turn == turn {
		c.keepLocked(s, v)
	}
}
