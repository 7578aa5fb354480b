package chat

import (
	"context"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/storage/db"
)

// contendFor is how long the nodes lock a room before they write to it, after two of them have collided there. A node that
// trusts its memory takes no lock, and would always overtake one that reads first.
const contendFor = 2 * time.Second

// contended remembers the rooms that several nodes write to now.
type contended struct {
	mu    sync.Mutex
	until map[roomKey]time.Time
}

func (c *contended) add(k roomKey, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.until) >= 4096 {
		clear(c.until) // the next collision adds it again
	}
	c.until[k] = until
}

func (c *contended) has(k roomKey, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	until, ok := c.until[k]
	if ok && now.After(until) {
		delete(c.until, k)
	}
	return ok && now.Before(until)
}

// collided tells the other nodes which rooms to lock. It is a hint: without it the next tries collide again.
func (r *Room) collided(ws parlatory.WorkspaceID, permit access.Permit, states map[parlatory.RoomID]*working) {
	if r.DB.Engine() != db.Postgres {
		return
	}
	until := r.Clock.Now().Add(contendFor)
	err := r.DB.Write(context.Background(), permit, func(tx *db.Tx) error {
		for room := range states {
			r.contended.add(roomKey{ws, room}, until)
			tx.Tell(parlatory.Event{Kind: parlatory.RoomContended, Workspace: ws, Room: room})
		}
		return nil
	})
	if err != nil {
		r.Log.Warn("tell of a contended room", "cause", err.Error())
	}
}
