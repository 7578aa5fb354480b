package db

import (
	"sync"
	"time"

	"parlatory"
)

// Teller hears events after their commit, in the order of commits. Told must not block.
type Teller interface {
	Told(events []parlatory.Event)
}

// strayed is how long a commit may keep the events of later ones waiting.
const strayed = time.Second

// ticket holds the place of a commit's events. On PostgreSQL it is taken before COMMIT is sent: whoever waited for a row lock of
// that transaction then has a later ticket, whichever goroutine runs first after the commit. That keeps a room's sequence.
type ticket struct {
	events  []parlatory.Event
	settled bool
	passed  bool // too slow: its events are told when they come
	foreign bool // another node's
	at      time.Time
}

// herald is the one goroutine that speaks to the tellers, so that nobody hears two calls at once.
type herald struct {
	db      *DB
	mu      sync.Mutex
	tickets []*ticket
	tellers []Teller
	wake    chan struct{}
	stop    chan struct{}
	ended   sync.WaitGroup
	outward func([]parlatory.Event) // to other nodes; must not block
}

func newHerald(d *DB) *herald {
	h := &herald{db: d, wake: make(chan struct{}, 1), stop: make(chan struct{})}
	h.ended.Go(h.loop)
	return h
}

func (h *herald) listen(t Teller) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tellers = append(h.tellers[:len(h.tellers):len(h.tellers)], t)
}

// tell queues events whose commit is done. They are copied: the caller reuses its slice.
func (h *herald) tell(events []parlatory.Event) {
	if len(events) > 0 {
		h.add(&ticket{events: append([]parlatory.Event(nil), events...), settled: true})
	}
}

func (h *herald) hear(events []parlatory.Event) {
	h.add(&ticket{events: events, settled: true, foreign: true})
}

// speakOutward names who carries events to other nodes.
func (h *herald) speakOutward(send func([]parlatory.Event)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.outward = send
}

func (h *herald) add(t *ticket) {
	t.at = time.Now() // how long a ticket waits is the process's business, not the rooms' clock's
	h.mu.Lock()
	h.tickets = append(h.tickets, t)
	h.mu.Unlock()
	h.ring()
}

// reserve takes a place before a commit; settle fills it, or gives it up with nil.
func (h *herald) reserve() *ticket {
	t := &ticket{}
	h.add(t)
	return t
}

func (h *herald) settle(t *ticket, events []parlatory.Event) {
	h.mu.Lock()
	late := t.passed
	t.events, t.settled = events, true
	h.mu.Unlock()
	if late {
		h.tell(events)
		return
	}
	h.ring()
}

func (h *herald) ring() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *herald) loop() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-h.wake:
		case <-timer.C:
		case <-h.stop:
			h.speak()
			return
		}
		if wait := h.speak(); wait > 0 {
			timer.Reset(wait)
		}
	}
}

// speak tells what is settled, and gives how long to wait for the first that is not.
func (h *herald) speak() time.Duration {
	own, foreign, wait := h.gather()
	h.mu.Lock()
	tellers, outward := h.tellers, h.outward
	h.mu.Unlock()
	for _, t := range tellers {
		h.call(t, own)
		h.call(t, foreign)
	}
	if outward != nil && len(own) > 0 {
		outward(own)
	}
	return wait
}

func (h *herald) gather() (own, foreign []parlatory.Event, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, t := range h.tickets {
		if !t.settled {
			if wait = strayed - time.Since(t.at); wait > 0 {
				break
			}
			t.passed = true
		}
		if t.foreign {
			foreign = append(foreign, t.events...)
		} else if t.settled {
			own = append(own, t.events...)
		}
		n++
	}
	h.tickets = append(h.tickets[:0], h.tickets[n:]...)
	clear(h.tickets[len(h.tickets):cap(h.tickets)])
	return own, foreign, max(wait, 0)
}

// call keeps a teller's panic from the others.
func (h *herald) call(t Teller, events []parlatory.Event) {
	if len(events) == 0 {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			h.db.log.Error("panic in a teller", "type", typeName(p))
		}
	}()
	t.Told(events)
}

func (h *herald) close() {
	close(h.stop)
	h.ended.Wait()
}
