package file

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// slots bounds how many parts are taken in at a time, so that slow senders fill neither sockets nor disk. They are counted in
// memory: a second node doubles them.
type slots struct {
	limits Limits
	mu     *sync.Mutex
	people map[person]int
	spaces map[parlatory.WorkspaceID]int
	all    int
}

type person struct {
	ws parlatory.WorkspaceID
	id [16]byte
}

func newSlots(l Limits) slots {
	return slots{limits: l, mu: &sync.Mutex{}, people: map[person]int{}, spaces: map[parlatory.WorkspaceID]int{}}
}

func (s *slots) take(actor parlatory.Actor) (free func(), err error) {
	who := person{actor.Workspace, authorOf(actor).ID}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.people[who] >= s.limits.Person || s.spaces[who.ws] >= s.limits.Workspace || s.all >= s.limits.Process {
		e := parlatory.Fail(parlatory.KindTooMany, "Many files are being sent at this moment. Please wait a little.")
		e.RetryAfter = 2 * time.Second
		return nil, e
	}
	s.people[who]++
	s.spaces[who.ws]++
	s.all++
	return func() { s.give(who) }, nil
}

func (s *slots) give(who person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.people[who]--; s.people[who] == 0 {
		delete(s.people, who)
	}
	if s.spaces[who.ws]--; s.spaces[who.ws] == 0 {
		delete(s.spaces, who.ws)
	}
}

// purse is what a visitor, and whoever is at the same address, may send in a day. Staff have none.
type purse []pocket

type pocket struct {
	key  vault.Index
	most int64
}

const spentFor = 24 * time.Hour

func (r *Room) purse(ctx context.Context, actor parlatory.Actor) (purse, error) {
	if actor.Kind != parlatory.Visitor {
		return nil, nil
	}
	index, err := r.o.Ring.Index(ctx, actor.Workspace)
	if err != nil {
		return nil, fmt.Errorf("hold index key: %w", err)
	}
	return purse{
		{index.Blind("file_spent.key", "visitor\x00"+actor.Contact.String()), r.o.Limits.VisitorDay},
		{index.Blind("file_spent.key", "source\x00"+source(actor.Address)), r.o.Limits.SourceDay},
	}, nil
}

// source is as much of an address as one subscriber has (RFC 6177 §2).
func source(a netip.Addr) string {
	if a = a.Unmap().WithZone(""); a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// afford refuses what would be too much.
func (p purse) afford(tx *db.Tx, bytes int64) error {
	for _, k := range p {
		var spent int64
		if err := tx.Row(sqlSpent, k.key, tx.Now()).Scan(&spent); err != nil && !errors.Is(err, db.ErrNone) {
			return fmt.Errorf("read what was sent: %w", err)
		}
		if spent+bytes > k.most {
			e := parlatory.Fail(parlatory.KindTooMany, "You have sent as much as may be sent in a day.")
			e.RetryAfter = time.Hour
			return e
		}
	}
	return nil
}

// spend counts bytes that were taken, again where a part was sent again.
func (p purse) spend(tx *db.Tx, bytes int64) error {
	for _, k := range p {
		if _, err := tx.Exec(sqlSpend, k.key, tx.Now().Add(spentFor), bytes, tx.Now()); err != nil {
			return fmt.Errorf("count what was sent: %w", err)
		}
	}
	return nil
}
