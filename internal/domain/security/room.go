package security

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
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
	known  map[parlatory.WorkspaceID]*entry
	lines  int // of all that is known
	counts counts
	turned turned
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

// addressOf is what a list is compared with.
func addressOf(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
