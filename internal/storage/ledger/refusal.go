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

// Bounds. Each workspace has its own, so that a flood at one of them takes nothing from the others; those of the process
// hold above them, since a stranger may knock at many.
const (
	maxSources    = 1000   // of a workspace: own entries for each /24 or /64; above it, one for each rule
	maxWaiting    = 2000   // of a workspace: entries that wait to be written; above it they are counted as lost
	allSources    = 10_000 // of the process
	allTallies    = 14_000 // of the process: sources and rules; above it only the number is kept and logged
	allWaiting    = 28_000 // of the process
	tallyMinute   = time.Minute
	refusalsPause = time.Second     // after a failure at a workspace
	refusalsTurn  = 2 * time.Second // for a workspace, before the next one has its turn
)

// Refusals gathers refused acts: the first of each rule and source is witnessed at once, further ones once a minute
// with their number. It is access.Refusals; make it before the law and hand it to New.
type Refusals struct {
	clock parlatory.Clock
	wake  chan struct{}

	mu      sync.Mutex
	rooms   map[parlatory.WorkspaceID]*refused
	sources int
	tallies int
	waiting int
	lost    int64
}

// refused is what was refused in one workspace.
type refused struct {
	tallies map[source]*tally
	queue   []refusal
	sources int
	after   time.Time // of the next try, where the last one failed
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
	return &Refusals{clock: clock, wake: make(chan struct{}, 1), rooms: map[parlatory.WorkspaceID]*refused{}}
}

// Refused takes note and returns at once.
func (r *Refusals) Refused(_ context.Context, actor parlatory.Actor, act access.Act) {
	s := source{actor.Workspace, act.Name, network(actor.Address)}
	r.mu.Lock()
	defer r.mu.Unlock()
	room, ok := r.rooms[s.workspace]
	if !ok {
		if r.tallies >= allTallies {
			r.lost++
			return
		}
		room = &refused{tallies: map[source]*tally{}}
		r.rooms[s.workspace] = room
	}
	t, known := room.tallies[s]
	if !known && s.prefix.IsValid() && (room.sources >= maxSources || r.sources >= allSources) {
		s.prefix = netip.Prefix{}
		t, known = room.tallies[s]
	}
	switch {
	case known:
		t.more++
		t.last = actor
	case r.tallies >= allTallies || !r.room(room):
		r.lost++
	default:
		r.begin(room, s, actor)
	}
}

// begin makes a tally and queues its first refusal.
func (r *Refusals) begin(room *refused, s source, actor parlatory.Actor) {
	room.tallies[s] = &tally{since: r.clock.Now(), last: actor}
	r.tallies++
	if s.prefix.IsValid() {
		room.sources++
		r.sources++
	}
	r.queue(room, refusal{s, actor, 1})
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// room reports whether one more entry may wait.
func (r *Refusals) room(room *refused) bool {
	return len(room.queue) < maxWaiting && r.waiting < allWaiting
}

func (r *Refusals) queue(room *refused, f refusal) {
	room.queue = append(room.queue, f)
	r.waiting++
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
			r.flush(ctx, l, false)
		case <-r.wake:
			r.flush(ctx, l, false)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), refusalsTurn)
	defer cancel()
	r.count(r.clock.Now().Add(time.Hour))
	r.flush(last, l, true)
}

// count queues the numbers of those tallies that are older than a time, and drops those that had no more.
func (r *Refusals) count(before time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ws, room := range r.rooms {
		for s, t := range room.tallies {
			switch {
			case t.since.After(before):
			case t.more > 0 && r.room(room):
				r.queue(room, refusal{s, t.last, t.more})
				t.more, t.since = 0, r.clock.Now()
			case t.more == 0:
				r.drop(room, s)
			}
		}
		if len(room.tallies) == 0 && len(room.queue) == 0 {
			delete(r.rooms, ws)
		}
	}
}

func (r *Refusals) drop(room *refused, s source) {
	delete(room.tallies, s)
	r.tallies--
	if s.prefix.IsValid() {
		room.sources--
		r.sources--
	}
}

// flush witnesses each workspace's queue in order. A workspace where that fails keeps what is left for a later turn, and
// no other one waits for it.
func (r *Refusals) flush(ctx context.Context, l *Ledger, all bool) {
	for ws, queue := range r.due(all) {
		turn, cancel := context.WithTimeout(ctx, refusalsTurn)
		for i, f := range queue {
			if err := l.witnessRefusal(turn, f); err != nil {
				l.complain(ctx, "ledger: refusal can't be witnessed", err, "workspace", ws.String())
				r.again(ws, queue[i:])
				break
			}
		}
		cancel()
	}
	r.mu.Lock()
	lost := r.lost
	r.lost = 0
	r.mu.Unlock()
	if lost > 0 {
		l.log.WarnContext(ctx, "ledger: refusals were not witnessed", "not_witnessed", lost)
	}
}

// due takes the queues of the workspaces whose turn it is.
func (r *Refusals) due(all bool) map[parlatory.WorkspaceID][]refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	queues := map[parlatory.WorkspaceID][]refusal{}
	now := r.clock.Now()
	for ws, room := range r.rooms {
		if len(room.queue) > 0 && (all || !now.Before(room.after)) {
			queues[ws] = room.queue
			r.waiting -= len(room.queue)
			room.queue = nil
		}
	}
	return queues
}

// again puts what could not be written back in front, as far as there is room, and counts the rest as lost.
func (r *Refusals) again(ws parlatory.WorkspaceID, left []refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	room, ok := r.rooms[ws]
	if !ok { // its tallies ended in the meantime
		room = &refused{tallies: map[source]*tally{}}
		r.rooms[ws] = room
	}
	room.after = r.clock.Now().Add(refusalsPause)
	fits := max(0, min(len(left), maxWaiting-len(room.queue), allWaiting-r.waiting))
	for _, f := range left[fits:] {
		r.lost += f.count
	}
	room.queue = append(left[:fits:fits], room.queue...)
	r.waiting += fits
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
