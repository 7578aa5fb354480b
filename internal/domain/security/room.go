package security

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Sessions is what the room needs of the sign-in room, in the same transaction.
type Sessions interface {
	// EndUnproved ends the sessions of tx's workspace whose factor is none; with resistant, all that are not by passkey.
	EndUnproved(tx *db.Tx, resistant bool) error
}

// People is what the room needs of those who know the staff. They are set when the program is wired, since they stand to the right.
type People interface {
	// Affected counts the active members, those who have no factor that would count, and says whether the actor is one of them.
	Affected(ctx context.Context, actor parlatory.Actor, p FactorPolicy) (Affected, error)
	// Announce mails the workspace's message to those members, after the change.
	Announce(ctx context.Context, ws parlatory.WorkspaceID, p FactorPolicy) error
	// Opened prepares the letters that tell the active administrators that the operator switched the staff list off; put writes them in
	// the transaction that does.
	Opened(ctx context.Context, ws parlatory.WorkspaceID, operator parlatory.Actor, reason string) (put func(*db.Tx) error, err error)
}

// Conversations is what the room needs of the chat room, which stands to the right and names itself when it opens.
type Conversations interface {
	// CloseRefused closes what a visitor has open, as the system, and says how many enquiries that were.
	CloseRefused(ctx context.Context, ws parlatory.WorkspaceID, who parlatory.ContactID) (int, error)
}

// Affected is who a required factor would meet.
type Affected struct {
	Staff, Lacking int
	Me             bool
}

// Options are what the room needs.
type Options struct {
	DB        *db.DB
	Law       *access.Law
	Ring      *vault.Ring
	Ledger    *ledger.Ledger
	Workspace *workspace.Room
	Roles     access.Roles
	Clock     parlatory.Clock
	Log       *slog.Logger
	// Steady refuses an actor who is no active member any more, or has another role by now.
	Steady func(tx *db.Tx, actor parlatory.Actor) error
}

// Room holds what the workspaces ask.
type Room struct {
	o        Options
	sessions Sessions
	people   People
	facts    []Facts
	talks    Conversations

	mu     sync.RWMutex
	turn   uint64
	known  map[parlatory.WorkspaceID]*entry
	counts counts
	turned turned
}

// fresh is how long what is known is taken without asking whether it still holds. Events forget it sooner; this is for what
// no event tells, such as a command of the operator on the same file.
const fresh = 500 * time.Millisecond

// entry is what is known of one workspace.
type entry struct {
	load    sync.Mutex // one loads, the others wait
	current *compiled
	checked time.Time
}

// compiled is a workspace's settings and lists, ready to judge by. It is never changed once it is made.
type compiled struct {
	document
	revision uint32
	changed  time.Time
	staff    map[string]*policy.Networks // by role; "" is for all
	block    *policy.Networks
	allow    *policy.Networks
	sizes    map[List]int
	until    time.Time // when the next line with an end date ends; zero: never
}

// New opens the room and lets it hear of changes on other nodes.
func New(o Options) *Room {
	r := &Room{o: o, known: map[parlatory.WorkspaceID]*entry{}}
	r.counts.open()
	r.turned.open()
	o.DB.Listen(r)
	return r
}

// Meet gives the room what stands to its right, once, before anything is served.
func (r *Room) Meet(s Sessions, p People, facts ...Facts) {
	r.sessions, r.people, r.facts = s, p, facts
}

// MeetConversations gives the room what closes the enquiries of visitors whom it refuses, once, before anything is served.
func (r *Room) MeetConversations(c Conversations) { r.talks = c }

// Told forgets what an event makes stale.
func (r *Room) Told(events []parlatory.Event) {
	for _, e := range events {
		switch {
		case e.Kind == parlatory.SecurityChanged && !e.Workspace.Zero():
			r.forget(e.Workspace)
		case e.Kind == parlatory.SecurityChanged, e.Kind == parlatory.EventsMissed:
			r.forgetAll()
		}
	}
}

func (r *Room) forget(ws parlatory.WorkspaceID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn++
	delete(r.known, ws)
	r.turned.forget(ws)
}

func (r *Room) forgetAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn++
	clear(r.known)
	r.turned.forget(parlatory.WorkspaceID{})
}

// Of is what a workspace asks of its staff; Default where nothing was set.
func (r *Room) Of(ctx context.Context, ws parlatory.WorkspaceID) (Settings, error) {
	if ws == parlatory.House {
		return Default(), nil
	}
	c, err := r.rules(ctx, ws)
	if err != nil {
		return Settings{}, err
	}
	return c.Settings, nil
}

// rules gives the compiled settings, at most half a second old.
func (r *Room) rules(ctx context.Context, ws parlatory.WorkspaceID) (*compiled, error) {
	now := r.o.Clock.Now()
	r.mu.RLock()
	e := r.known[ws]
	if e != nil && e.current != nil && now.Sub(e.checked) < fresh && now.Sub(e.checked) >= 0 && e.current.holds(now) {
		c := e.current
		r.mu.RUnlock()
		return c, nil
	}
	r.mu.RUnlock()
	return r.refresh(ctx, ws)
}

func (c *compiled) holds(now time.Time) bool { return c.until.IsZero() || now.Before(c.until) }

// refresh reads what changed. A value that was read before a change is used once and not remembered after it.
func (r *Room) refresh(ctx context.Context, ws parlatory.WorkspaceID) (*compiled, error) {
	r.mu.Lock()
	turn := r.turn
	e := r.known[ws]
	if e == nil {
		if len(r.known) >= 10_000 {
			clear(r.known)
		}
		e = &entry{}
		r.known[ws] = e
	}
	r.mu.Unlock()
	e.load.Lock()
	defer e.load.Unlock()
	r.mu.RLock()
	before, checked := e.current, e.checked
	r.mu.RUnlock()
	now := r.o.Clock.Now()
	if before != nil && now.Sub(checked) < fresh && now.Sub(checked) >= 0 && before.holds(now) {
		return before, nil
	}
	c, err := r.load(ctx, ws, before)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	if r.turn == turn {
		e.current, e.checked = c, now
	}
	r.mu.Unlock()
	if before != nil && !before.holds(now) {
		// A line has ended, and nobody wrote anything: open sockets hear of it from here, on each node for itself.
		r.o.DB.Hear(parlatory.Event{Kind: parlatory.SecurityChanged, Workspace: ws})
	}
	return c, nil
}

// endLines looks for lists of which a line has ended since they were read, so that it ends for open sockets too.
func (r *Room) endLines(ctx context.Context) error {
	now := r.o.Clock.Now()
	var ended []parlatory.WorkspaceID
	r.mu.RLock()
	for ws, e := range r.known {
		if e.current != nil && !e.current.holds(now) {
			ended = append(ended, ws)
		}
	}
	r.mu.RUnlock()
	var faults []error
	for _, ws := range ended {
		_, err := r.refresh(ctx, ws)
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// AddressOf is what a list is compared with.
func addressOf(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
