package chat

import (
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/domain/staff"
	"parlatory/internal/storage/db"
)

// steadyFor is how long a member who was just found active is not looked up again: a change is in force within a second
// (section 7 of the design), and at once where its event arrives.
const steadyFor = time.Second

// standing remembers who was found active a moment ago, so that a message costs no look-up of its author.
type standing struct {
	mu    sync.Mutex
	known map[parlatory.SessionID]time.Time
}

func (s *standing) fresh(id parlatory.SessionID, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Before(s.known[id])
}

func (s *standing) put(id parlatory.SessionID, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) > nameCount {
		clear(s.known)
	}
	s.known[id] = until
}

func (s *standing) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.known)
}

// steady refuses a staff member who was suspended or given another role since the socket or request began.
func (r *Room) steady(tx *db.Tx, actor parlatory.Actor) error {
	if actor.Kind != parlatory.Staff || r.standing.fresh(actor.Session, tx.Now()) {
		return nil
	}
	if err := staff.Steady(tx, actor); err != nil {
		return err
	}
	r.standing.put(actor.Session, tx.Now().Add(steadyFor))
	return nil
}
