package security

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"parlatory"
)

// errOutside is what somebody reads who may not work from where they are, or has not proved enough: the same as when signed out.
func errOutside() error { return parlatory.Fail(parlatory.KindUnauthenticated, "Please sign in.") }

// Neutral is what a refused visitor reads. It says nothing of a list.
func Neutral() error {
	return parlatory.Conflict("The chat is not available right now.")
}

// Admit is the law's gate (access.Gate). It costs no allocation and no database while what is known is fresh.
func (r *Room) Admit(ctx context.Context, actor parlatory.Actor) error {
	if actor.Workspace == parlatory.House {
		return nil
	}
	c, err := r.rules(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	if actor.Kind == parlatory.Staff {
		return r.admitStaff(c, actor)
	}
	if c.welcomes(addressOf(actor.Address)) {
		return nil
	}
	now := r.o.Clock.Now()
	r.counts.refused(actor.Workspace, now)
	if actor.Kind == parlatory.Visitor {
		r.turned.away(actor.Workspace, actor.Contact, addressOf(actor.Address), now)
	}
	return Neutral()
}

func (r *Room) admitStaff(c *compiled, actor parlatory.Actor) error {
	if !c.Factor.Counts(actor.Factor) {
		return errOutside()
	}
	if c.StaffMode == Off || c.lists(addressOf(actor.Address), actor.Role) {
		return nil
	}
	r.counts.watched(actor.Workspace, actor.Staff, addressOf(actor.Address), c.StaffMode, r.o.Clock.Now())
	if c.StaffMode == Watch {
		return nil
	}
	return errOutside()
}

// Admits says whether somebody may sign in from an address, with a role. It is asked in every case alike, so that it tells nothing.
func (r *Room) Admits(ctx context.Context, ws parlatory.WorkspaceID, addr netip.Addr, role string, staff parlatory.StaffID) (bool, error) {
	c, err := r.rules(ctx, ws)
	if err != nil {
		return false, err
	}
	if c.StaffMode == Off || c.lists(addressOf(addr), role) {
		return true, nil
	}
	if !staff.Zero() {
		r.counts.watched(ws, staff, addressOf(addr), c.StaffMode, r.o.Clock.Now())
	}
	return c.StaffMode == Watch, nil
}

// Refuses says whether a visitor at an address is refused, without counting.
func (r *Room) Refuses(ctx context.Context, ws parlatory.WorkspaceID, addr netip.Addr) (bool, error) {
	c, err := r.rules(ctx, ws)
	return err == nil && !c.welcomes(addressOf(addr)), err
}

// counts gather in memory what the gate saw, so that a flood costs nothing; Run writes them down each few seconds.
type counts struct {
	mu       sync.Mutex
	watch    map[watchKey]int64
	visitors map[dayKey]int64
}

type watchKey struct {
	workspace parlatory.WorkspaceID
	staff     parlatory.StaffID
	address   netip.Addr
	hour      int64
	mode      Mode
}

type dayKey struct {
	workspace parlatory.WorkspaceID
	day       int64
}

// countsMost bounds what waits to be written; what is beyond it is not counted.
const countsMost = 20_000

func (c *counts) open() { c.watch, c.visitors = map[watchKey]int64{}, map[dayKey]int64{} }

func dayOf(t time.Time) int64 { return t.Unix() / 86400 }

func (c *counts) refused(ws parlatory.WorkspaceID, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.visitors[dayKey{ws, dayOf(now)}]++
}

func (c *counts) watched(ws parlatory.WorkspaceID, staff parlatory.StaffID, a netip.Addr, m Mode, now time.Time) {
	k := watchKey{ws, staff, a, now.Unix() / 3600, m}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.watch[k]; there || len(c.watch) < countsMost {
		c.watch[k]++
	}
}

func (c *counts) take() (watch map[watchKey]int64, visitors map[dayKey]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	watch, visitors = c.watch, c.visitors
	c.watch, c.visitors = map[watchKey]int64{}, map[dayKey]int64{}
	return watch, visitors
}
