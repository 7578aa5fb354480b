package chat

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/domain/contact"
	"parlatory/internal/domain/security"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Sizes and times of a conversation.
const (
	MaxBody     = 4000 // characters of a message
	MaxPage     = 200  // messages or enquiries an answer
	gatherMost  = 64   // posts a transaction
	queueMost   = 1024 // posts of one workspace that may wait
	openMost    = 5    // enquiries that one visitor may have open
	stateRooms  = 1 << 16
	frameCount  = 1 << 13
	frameBytes  = 16 << 20
	nameCount   = 1 << 15
	nameFor     = 5 * time.Minute
	witnessEach = time.Hour
)

// Names gives the display names of staff members; domain/staff fills it.
type Names interface {
	Names(ctx context.Context, workspace parlatory.WorkspaceID, ids []parlatory.StaffID) (map[parlatory.StaffID]string, error)
}

// Limits are rates; zero values mean the defaults.
type Limits struct {
	VisitorPerMinute int // posts of one visitor, default 60
	StaffPerMinute   int // posts of one staff member, default 240
	BeginPerHour     int // new enquiries of one client address, default 60
}

// Options are what the room needs.
type Options struct {
	DB       *db.DB
	Law      *access.Law
	Ring     *vault.Ring
	Ledger   *ledger.Ledger
	Contacts *contact.Room
	Staff    Names
	Security *security.Room
	Clock    parlatory.Clock
	Log      *slog.Logger
	Limits   Limits
}

// Room holds the conversations of all workspaces.
type Room struct {
	Options
	states    states
	frames    frames
	names     names
	standing  standing
	contended contended
	rates     rates
	inserts   [gatherMost + 1]string
	inboxes   sync.Map // workspaces that have an inbox key

	mu        sync.Mutex
	gathers   map[parlatory.WorkspaceID]*gather
	closed    bool
	gathering sync.WaitGroup
}

// New opens the room.
func New(o Options) *Room {
	if o.Limits.VisitorPerMinute == 0 {
		o.Limits.VisitorPerMinute = 60
	}
	if o.Limits.StaffPerMinute == 0 {
		o.Limits.StaffPerMinute = 240
	}
	if o.Limits.BeginPerHour == 0 {
		o.Limits.BeginPerHour = 60
	}
	r := &Room{Options: o, gathers: map[parlatory.WorkspaceID]*gather{}}
	r.states.known = map[roomKey]state{}
	r.frames.start()
	r.contended.until = map[roomKey]time.Time{}
	r.standing.known = map[parlatory.SessionID]time.Time{}
	r.names.known = map[nameKey]name{}
	r.rates.buckets = map[rateKey]*bucket{}
	if o.Security != nil {
		o.Security.MeetConversations(r)
	}
	for n := 1; n <= gatherMost; n++ {
		r.inserts[n] = insertMessages(n)
	}
	return r
}

// Close refuses new posts and waits for those that were taken.
func (r *Room) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.gathering.Wait()
}
