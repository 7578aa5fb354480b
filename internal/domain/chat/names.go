package chat

import (
	"context"
	"sync"
	"time"

	"parlatory"
)

type nameKey struct {
	workspace parlatory.WorkspaceID
	person    [16]byte
}

type name struct {
	text  string
	until time.Time
}

// names remembers display names for a few minutes, so that a message costs no look-up of its author.
type names struct {
	mu    sync.RWMutex
	known map[nameKey]name
	turn  uint64 // counts what was forgotten
}

// get also gives the turn in which a name that is not known is to be looked up.
func (n *names) get(k nameKey, now time.Time) (text string, turn uint64, ok bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	known, ok := n.known[k]
	return known.text, n.turn, ok && now.Before(known.until)
}

// put keeps a name, unless anything was forgotten while it was looked up.
func (n *names) put(k nameKey, text string, until time.Time, turn uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.turn != turn {
		return
	}
	if len(n.known) >= nameCount {
		clear(n.known)
	}
	n.known[k] = name{text, until}
}

func (n *names) clear() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.turn++
	clear(n.known)
}

func (n *names) forget(k nameKey) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.turn++
	delete(n.known, k)
}

// nameOf is the display name of a visitor or staff member.
func (r *Room) nameOf(ctx context.Context, ws parlatory.WorkspaceID, kind parlatory.ActorKind, id [16]byte) (string, error) {
	if id == ([16]byte{}) {
		return "", nil
	}
	k, now := nameKey{ws, id}, r.Clock.Now()
	text, turn, ok := r.names.get(k, now)
	if ok {
		return text, nil
	}
	if kind == parlatory.Visitor {
		c, err := r.Contacts.Find(ctx, ws, parlatory.ContactID(id))
		if err != nil {
			return "", err
		}
		text = c.Name
	} else {
		found, err := r.Staff.Names(ctx, ws, []parlatory.StaffID{parlatory.StaffID(id)})
		if err != nil {
			return "", err
		}
		text = found[parlatory.StaffID(id)]
	}
	r.names.put(k, text, now.Add(nameFor), turn)
	return text, nil
}
