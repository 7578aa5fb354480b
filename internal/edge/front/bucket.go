package front

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"parlatory"
)

// buckets is a token bucket an address, in memory and bounded: the oldest address is forgotten first, and comes back
// with a full bucket. Budgets that must hold across nodes and restarts are rows of the database; this one keeps a single
// address from filling the process.
type buckets struct {
	mu     sync.Mutex
	rate   float64
	burst  float64
	most   int
	clock  parlatory.Clock
	byAddr map[netip.Prefix]*list.Element
	order  *list.List // front: used last
}

type bucket struct {
	of     netip.Prefix
	tokens float64
	at     time.Time
}

func newBuckets(l Limits, clock parlatory.Clock) *buckets {
	return &buckets{rate: l.RequestsPerSecond, burst: float64(l.Burst), most: l.Addresses, clock: clock,
		byAddr: map[netip.Prefix]*list.Element{}, order: list.New()}
}

// source is what counts as one client: an IPv4 address, or an IPv6 /64, since a single line holds all of it.
func source(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // an invalid address gives the zero prefix: all such share one bucket
	return p
}

// take spends a token; where there is none it says how long to wait.
func (b *buckets) take(a netip.Addr) time.Duration { return b.ask(a, 1) }

// wait says how long until there is a token, and spends none.
func (b *buckets) wait(a netip.Addr) time.Duration { return b.ask(a, 0) }

func (b *buckets) ask(a netip.Addr, spend float64) time.Duration {
	key, now := source(a), b.clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.byAddr[key]
	if !ok {
		if len(b.byAddr) >= b.most {
			oldest := b.order.Back()
			delete(b.byAddr, oldest.Value.(*bucket).of)
			b.order.Remove(oldest)
		}
		e = b.order.PushFront(&bucket{of: key, tokens: b.burst, at: now})
		b.byAddr[key] = e
	}
	b.order.MoveToFront(e)
	k := e.Value.(*bucket)
	if passed := now.Sub(k.at).Seconds(); passed > 0 {
		k.tokens = min(b.burst, k.tokens+passed*b.rate)
	}
	k.at = now
	if k.tokens < 1 {
		return time.Duration((1 - k.tokens) / b.rate * float64(time.Second))
	}
	k.tokens -= spend
	return 0
}
