package ledger

import (
	"context"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/storage/db"
)

const (
	maxSources  = 1000 // own entries for each /24 or /64; above it, one for each rule
	maxTallies  = 4000 // above it only the number of what was not witnessed is kept and logged
	tallyMinute = time.Minute
)

// Refusals gathers refused acts: the first of each rule and source is witnessed at once, further ones once a minute
// with their number. It is access.Refusals; make it before the law and hand it to New.
type Refusals struct {
	clock   parlatory.Clock
	wake    chan struct{}
	mu      sync.Mutex
	tallies map[source]*tally
	queue   []refusal
	sources int
	lost    int64
}

// source is a rule and where from.
type source struct {
	workspace parlatory.WorkspaceID
	act       string
	prefix    netip.Prefix
}

type tally struct {
	more  int64
	last  parlatory.Actor
	since time.Time
}

type refusal struct {
	source source
	actor  parlatory.Actor
	count  int64
}

// NewRefusals makes an empty one.
func NewRefusals(clock parlatory.Clock) *Refusals {
	return &Refusals{clock: clock, wake: make(chan struct{}, 1), tallies: map[source]*tally{}}
}

// Refused takes note and returns at once.
func (r *Refusals) Refused(_ context.Context, actor parlatory.Actor, act access.Act) {
	s := source{actor.Workspace, act.Name, network(actor.Address)}
	r.mu.Lock()
	defer r.mu.Unlock()
	t, known := r.tallies[s]
	if !known && s.prefix.IsValid() && r.sources >= maxSources {
		s.prefix = netip.Prefix{}
		t, known = r.tallies[s]
	}
	switch {
	case known:
		t.more++
		t.last = actor
	case len(r.tallies) >= maxTallies:
		r.lost++
	default:
		r.tallies[s] = &tally{since: r.clock.Now(), last: actor}
		if s.prefix.IsValid() {
			r.sources++
		}
		r.queue = append(r.queue, refusal{s, actor, 1})
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// network is the /24 or /64 of an address.
func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// run writes until ctx ends, and then what is left.
func (r *Refusals) run(ctx context.Context, l *Ledger) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			r.count(r.clock.Now().Add(-tallyMinute))
			r.flush(ctx, l)
		case <-r.wake:
			r.flush(ctx, l)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	r.count(r.clock.Now().Add(time.Hour))
	r.flush(last, l)
}

// count queues the numbers of those tallies that are older than a time, and drops those that had no more.
func (r *Refusals) count(before time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s, t := range r.tallies {
		if t.since.After(before) {
			continue
		}
		if t.more > 0 && len(r.queue) < maxTallies {
			r.queue = append(r.queue, refusal{s, t.last, t.more})
			t.more, t.since = 0, r.clock.Now()
			continue
		}
		if t.more == 0 {
			delete(r.tallies, s)
			if s.prefix.IsValid() {
				r.sources--
			}
		}
	}
}

// flush witnesses the queue in order; what can't be written now stays for the next second.
func (r *Refusals) flush(ctx context.Context, l *Ledger) {
	r.mu.Lock()
	queue, lost := r.queue, r.lost
	r.queue, r.lost = nil, 0
	r.mu.Unlock()
	if lost > 0 {
		l.log.WarnContext(ctx, "ledger: refusals from too many sources", "not_witnessed", lost)
	}
	for i, f := range queue {
		if err := l.witnessRefusal(ctx, f); err != nil {
			l.complain(ctx, "ledger: refusal can't be witnessed", err, "workspace", f.source.workspace.String())
			r.mu.Lock()
			if room := 2*maxTallies - len(r.queue); len(queue)-i <= room {
				r.queue = append(queue[i:len(queue):len(queue)], r.queue...)
			}
			r.mu.Unlock()
			return
		}
	}
}

func (l *Ledger) witnessRefusal(ctx context.Context, f refusal) error {
	permit, err := l.law.System(actRefuse, f.source.workspace)
	if err != nil {
		return err
	}
	pen, err := l.Pen(ctx, f.source.workspace)
	if err != nil {
		return err
	}
	e := Entry{Action: Refused, Element: "Act", New: map[string]string{"act": f.source.act}}
	if f.count > 1 {
		e.New["count"] = strconv.FormatInt(f.count, 10)
	}
	if f.source.prefix.IsValid() {
		e.New["from"] = f.source.prefix.String()
	}
	return l.db.Write(ctx, permit, func(tx *db.Tx) error { return pen.write(tx, f.actor, f.source.act, e) })
}
