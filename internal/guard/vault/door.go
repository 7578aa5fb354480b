package vault

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"parlatory"
)

const forever = math.MaxInt64

// pace is how a ring asks roots on other machines.
type pace struct {
	holds time.Duration // how long an answer of a root holds; nodes ask again each half of it
	pause time.Duration // how long one failure answers for all: nobody waits for a root that has just failed somebody else
	tick  time.Duration
}

func paceOf(confirm time.Duration) pace {
	if confirm <= 0 || confirm > time.Minute {
		confirm = time.Minute
	}
	return pace{holds: confirm, pause: min(5*time.Second, confirm/4), tick: min(5*time.Second, confirm/4)}
}

// door stands before all keys of a workspace. It is open for the time for which the root's last answer holds, and the grace
// after it; each handle asks it at every use, so that no handle outlives it.
type door struct {
	clock parlatory.Clock
	pace  pace
	until atomic.Int64 // microseconds; forever below a key file, 0 before the first answer and after a refusal

	mu        sync.Mutex
	confirmed time.Time
	used      atomic.Int64 // when last, to the second or so
	wiped     atomic.Bool  // since it was last open
	busy      atomic.Bool  // Run is asking
	asked     time.Time
	failed    error // of the last try: nil, ErrAway, ErrWithdrawn
	fails     int   // in a row
	remote    bool
	own       bool // the root is the workspace's own
}

// open is nil while keys may be used. The error is for a person, and is ErrAway or ErrWithdrawn.
func (d *door) open() error {
	until := d.until.Load()
	if until == forever || until > 0 && parlatory.Micros(d.clock.Now()) <= until {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return refusal(d.failed)
}

// refusal is what a person hears of a closed door.
func refusal(cause error) error {
	if errors.Is(cause, ErrWithdrawn) {
		return parlatory.Fail(parlatory.KindUnavailable, "The keys of this workspace were withdrawn. Until they are given back, nothing of it can be read or written.").Because(cause)
	}
	if cause == nil {
		cause = ErrAway
	}
	return parlatory.Fail(parlatory.KindUnavailable, "The keys of this workspace can't be reached at the moment. Nothing is lost; please try again in a few minutes.").Because(cause)
}

// confirm notes an answer of the root to what it was asked at a time. A refusal that came since counts more.
func (d *door) confirm(a Anchor, own bool, begun time.Time) {
	now := d.clock.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if errors.Is(d.failed, ErrWithdrawn) && d.asked.After(begun) {
		return
	}
	d.confirmed, d.asked, d.failed, d.fails, d.own = now, now, nil, 0, own
	d.wiped.Store(false)
	_, local := a.Root.(local)
	d.remote = !local
	if local {
		d.until.Store(forever)
		return
	}
	d.until.Store(parlatory.Micros(now.Add(d.pace.holds + max(a.Grace, 0))))
}

// fail notes a try without one. A refusal shuts the door at once.
func (d *door) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = d.clock.Now()
	d.fails++
	switch {
	case errors.Is(err, ErrWithdrawn), errors.Is(err, ErrOpen): // or another key stands in its place
		d.failed = ErrWithdrawn
		d.until.Store(0)
	case errors.Is(err, ErrAway):
		if d.failed == nil || d.until.Load() > 0 {
			d.failed = ErrAway
		}
	}
}

// resting is the error of a failure that is so recent that the root is not asked again.
func (d *door) resting() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if age := d.clock.Now().Sub(d.asked); d.failed != nil && age >= 0 && age < d.pace.pause {
		return d.failed
	}
	return nil
}

// use notes that the workspace is in use.
func (d *door) use() {
	if now := d.clock.Now().Unix(); d.used.Load() != now {
		d.used.Store(now)
	}
}

// stale reports whether the root's last answer holds no longer.
func (d *door) stale() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	age := d.clock.Now().Sub(d.confirmed)
	return age < 0 || age > d.pace.holds
}

// due reports whether the root should be asked: half of its answer's time is over, or the last try failed, less and less often. Below a key
// file the shelf is looked at: the key may have moved to another root.
func (d *door) due(idle bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.clock.Now()
	switch {
	case d.failed != nil:
		return now.Sub(d.asked) >= min(d.pace.pause<<min(max(d.fails-1, 0), 4), d.pace.holds)
	case d.remote:
		return now.Sub(d.confirmed) >= d.pace.holds/2
	}
	return !idle && !d.confirmed.IsZero() && now.Sub(d.confirmed) >= d.pace.holds
}

// droppable reports whether the root is on another machine and answers, so that keys can be fetched again; or whether there is nothing to drop.
func (d *door) droppable() bool {
	shut := d.open() != nil
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.remote && d.failed == nil || shut
}

func (d *door) isOwn() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.own
}

// Standing is how the keys of a workspace stand on this node.
type Standing struct {
	Confirmed time.Time // the root's last answer; zero: none yet
	Until     time.Time // when the door shuts unless the root answers; zero: never, or it is shut
	Fault     error     // ErrAway or ErrWithdrawn; nil: none
	Open      bool
	Told      bool // the keys are wiped since, and whoever must know was told
}

func (d *door) standing() Standing {
	open := d.open() == nil
	d.mu.Lock()
	defer d.mu.Unlock()
	s := Standing{Confirmed: d.confirmed, Fault: d.failed, Open: open, Told: d.wiped.Load()}
	if u := d.until.Load(); u > 0 && u != forever {
		s.Until = parlatory.FromMicros(u)
	}
	return s
}

// local is a root on this machine, which is always there.
type local interface{ local() }
