package file

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"parlatory"
	"parlatory/internal/domain/contact"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/blob"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Sizes and times of files.
const (
	PartSize   = 4 << 20        // bytes of each part of an upload but the last
	MessageMax = 10             // files of one message
	unsentFor  = 24 * time.Hour // how long a file lives that is not sent
	unsentMost = 50             // files of one author that are not sent
	nameMost   = 200            // characters of a name
	// Default is the workspace's limit until it sets one; Most is what any operator's limit ends at: 4,096 parts.
	Default = 100 << 20
	Most    = 4096 * PartSize
)

// Rooms knows whose a room is and who may do what in it; chat fills it.
type Rooms interface {
	// Poster judges whether the actor may post into a room now, and says whose enquiry it is.
	Poster(ctx context.Context, actor parlatory.Actor, room parlatory.RoomID) (parlatory.ContactID, error)
	// Reader judges whether the actor may read a room; a staff member's reading is in the ledger before it returns.
	Reader(ctx context.Context, actor parlatory.Actor, room parlatory.RoomID) error
}

// Names gives the display names of staff members; domain/staff fills it.
type Names interface {
	Names(ctx context.Context, workspace parlatory.WorkspaceID, ids []parlatory.StaffID) (map[parlatory.StaffID]string, error)
}

// Limits are the operator's. Zero values are the defaults.
type Limits struct {
	File       int64 // bytes of one file that a workspace may allow; 1 GiB
	VisitorDay int64 // bytes that one visitor may send in a day, repeats included; 500 MiB
	SourceDay  int64 // bytes that all visitors at one address (IPv6: one /64) may; 4 GiB
	Person     int   // parts that one person sends at a time; 4
	Workspace  int   // parts that one workspace takes at a time; 32
	Process    int   // parts that the process takes at a time; 128
	Picture    PictureLimits
}

func (l Limits) complete() Limits {
	for v, to := range map[*int64]int64{&l.File: 1 << 30, &l.VisitorDay: 500 << 20, &l.SourceDay: 4 << 30} {
		if *v <= 0 {
			*v = to
		}
	}
	for v, to := range map[*int]int{&l.Person: 4, &l.Workspace: 32, &l.Process: 128} {
		if *v <= 0 {
			*v = to
		}
	}
	l.File = min(l.File, Most)
	return l
}

// Options are what the room needs.
type Options struct {
	DB       *db.DB
	Law      *access.Law
	Ring     *vault.Ring
	Ledger   *ledger.Ledger
	Blobs    blob.Store // nil: no files are taken
	Scanner  Scanner    // nil: nothing is scanned
	Contacts *contact.Room
	Staff    Names
	Clock    parlatory.Clock
	Log      *slog.Logger
	Limits   Limits
	// Steady refuses an actor who is no active member any more, or has another role by now.
	Steady func(tx *db.Tx, actor parlatory.Actor) error
}

// Room holds the files of all workspaces.
type Room struct {
	o        Options
	rooms    Rooms
	slots    slots
	checks   chan struct{} // of files that are looked at
	pictures chan struct{} // of pictures that are decoded: one at a time, each takes much memory

	owner   owning
	orphans orphans // of the last sweep; for SweepBlobs alone, which one goroutine calls

	quarantined, refused, unanswered atomic.Uint64
}

// New opens the room. It takes nothing before Meet.
func New(o Options) *Room {
	o.Limits = o.Limits.complete()
	return &Room{o: o, slots: newSlots(o.Limits), checks: make(chan struct{}, 4), pictures: make(chan struct{}, 1)}
}

// Meet tells the room who knows the rooms, once, before anything is served.
func (r *Room) Meet(rooms Rooms) { r.rooms = rooms }

// Tally counts since the start: files in which malware was found, files that were refused, and checks that the scanner did not answer.
func (r *Room) Tally() (quarantined, refused, unanswered uint64) {
	return r.quarantined.Load(), r.refused.Load(), r.unanswered.Load()
}

func (r *Room) ready(ctx context.Context) error {
	if r.o.Blobs == nil || r.rooms == nil {
		return parlatory.Fail(parlatory.KindUnavailable, "This server takes no files.")
	}
	return r.owned(ctx)
}

func acts(actor parlatory.Actor, staff, visitor access.Act) access.Act {
	if actor.Kind == parlatory.Visitor {
		return visitor
	}
	return staff
}

// load reads and opens one file.
func (r *Room) load(ctx context.Context, permit access.Permit, id parlatory.FileID) (*record, *vault.Held, error) {
	var rec *record
	err := r.o.DB.Read(ctx, permit, func(tx *db.Tx) (err error) {
		rec, err = scan(tx.Row(sqlByID, id))
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	held, err := r.hold(ctx, permit.Workspace(), rec.contact)
	if err != nil {
		return nil, nil, err
	}
	return rec, held, rec.open(held)
}

// hold gets the contact's key. What an erased contact said does not exist.
func (r *Room) hold(ctx context.Context, ws parlatory.WorkspaceID, of parlatory.ContactID) (*vault.Held, error) {
	held, err := r.o.Ring.Hold(ctx, ws, vault.ContactKey(of))
	if errors.Is(err, vault.ErrNoKey) {
		return nil, parlatory.NotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("hold contact key: %w", err)
	}
	return held, nil
}

// own is load of a file that is the actor's.
func (r *Room) own(ctx context.Context, permit access.Permit, id parlatory.FileID) (*record, *vault.Held, error) {
	if err := r.ready(ctx); err != nil {
		return nil, nil, err
	}
	rec, held, err := r.load(ctx, permit, id)
	if err != nil {
		return nil, nil, err
	}
	if rec.by != authorOf(permit.Actor()) {
		return nil, nil, parlatory.NotFound()
	}
	return rec, held, nil
}

// steady is Options.Steady for staff.
func (r *Room) steady(tx *db.Tx, actor parlatory.Actor) error {
	if actor.Kind != parlatory.Staff {
		return nil
	}
	return r.o.Steady(tx, actor)
}
