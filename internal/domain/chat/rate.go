package chat

import (
	"net/netip"
	"sync"
	"time"

	"parlatory"
)

type rateKey struct {
	workspace parlatory.WorkspaceID
	person    [16]byte
	network   netip.Prefix
}

// bucket is a token bucket: tokens as of a time.
type bucket struct {
	tokens float64
	at     time.Time
}

// rates limits what one person or network may send. It is in memory: a restart forgives, a second node doubles, and
// the database's own limits (open enquiries a visitor, queue a workspace) hold beside it.
type rates struct {
	mu      sync.Mutex
	buckets map[rateKey]*bucket
}

const rateKeys = 1 << 16

// take spends one token of n a window, with a burst of n/4 (at least 5).
func (r *rates) take(now time.Time, k rateKey, n int, window time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	burst := max(float64(n)/4, 5)
	perSecond := float64(n) / window.Seconds()
	b := r.buckets[k]
	if b == nil {
		if len(r.buckets) >= rateKeys {
			r.sweep(now)
		}
		b = &bucket{tokens: burst, at: now}
		r.buckets[k] = b
	}
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.tokens, b.at = min(burst, b.tokens+passed*perSecond), now
	}
	if b.tokens < 1 {
		wait := time.Duration((1 - b.tokens) / perSecond * float64(time.Second))
		e := parlatory.Fail(parlatory.KindTooMany, "You are sending very fast. Please wait a moment.")
		e.RetryAfter = max(wait, time.Second)
		return e
	}
	b.tokens--
	return nil
}

// sweep drops what has been quiet for a minute; where all are busy, any half.
func (r *rates) sweep(now time.Time) {
	for k, b := range r.buckets {
		if now.Sub(b.at) > time.Minute {
			delete(r.buckets, k)
		}
	}
	for k := range r.buckets {
		if len(r.buckets) < rateKeys/2 {
			return
		}
		delete(r.buckets, k)
	}
}

func (r *rates) post(now time.Time, actor parlatory.Actor, l Limits) error {
	_, author := authorOf(actor)
	n := l.StaffPerMinute
	if actor.Kind == parlatory.Visitor {
		n = l.VisitorPerMinute
	}
	return r.take(now, rateKey{workspace: actor.Workspace, person: author}, n, time.Minute)
}

// repeatable marks the bucket of beginnings that ask for an answer to be kept.
var repeatable = [16]byte{1}

// MayRepeat limits how many answers a network of strangers may have kept for a repeat: as many as it may begin enquiries.
func (r *Room) MayRepeat(actor parlatory.Actor) error {
	return r.rates.take(r.Clock.Now(), rateKey{workspace: actor.Workspace, network: network(actor.Address), person: repeatable}, 2*r.Limits.BeginPerHour, time.Hour)
}

// begin limits new enquiries by the client's network.
func (r *rates) begin(now time.Time, actor parlatory.Actor, l Limits) error {
	return r.take(now, rateKey{workspace: actor.Workspace, network: network(actor.Address)}, l.BeginPerHour, time.Hour)
}

// network is the /24 or /64 of an address; invalid ones share one.
func network(a netip.Addr) netip.Prefix {
	bits := 64
	if a.Is4() {
		bits = 24
	}
	prefix, _ := a.Prefix(bits)
	return prefix
}
