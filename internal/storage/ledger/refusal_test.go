package ledger

import (
	"context"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *handClock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *handClock) add(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
}

func TestRefusalsAreWitnessed(t *testing.T) {
	onBoth(t, func(t *testing.T, o db.Options) {
		r := newRig(t, o)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		actor := r.actor()
		refuse := func(address string) {
			actor.Address = netip.MustParseAddr(address)
			if _, err := r.law.Permit(ctx, actor, actDenied); parlatory.KindOf(err) != parlatory.KindForbidden {
				t.Fatalf("not refused: %v", err)
			}
		}
		refuse("198.51.100.1")
		deadline := time.Now().Add(5 * time.Second)
		for len(r.list(Filter{Action: Refused})) == 0 {
			if time.Now().After(deadline) {
				t.Fatal("the first refusal was not witnessed at once")
			}
			time.Sleep(10 * time.Millisecond)
		}
		first := r.list(Filter{Action: Refused})[0]
		if first.Actor != actor.Staff.Raw() || first.Act != "role.edit" || first.Address != "198.51.100.1" || first.New["from"] != "198.51.100.0/24" || first.New["count"] != "" {
			t.Errorf("%+v", first)
		}
		for i := range 25 {
			refuse("198.51.100." + strconv.Itoa(i+2)) // one source: a /24
		}
		refuse("2001:db8::1")
		refuse("2001:db8::ffff") // one source: a /64
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		got := r.list(Filter{Action: Refused})
		counts := map[string]string{}
		for _, g := range got {
			counts[g.New["from"]] += "+" + g.New["count"]
		}
		if len(got) != 4 && len(got) != 3 || counts["198.51.100.0/24"] != "+25+" {
			t.Errorf("%d entries: %v", len(got), counts)
		}
		verifies(t, r.export())
	})
}

func TestRefusalsAreBounded(t *testing.T) {
	clock := &handClock{now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
	r := NewRefusals(clock)
	ws := newID[parlatory.WorkspaceKind]()
	flood := func(ws parlatory.WorkspaceID, n int) {
		for i := range n {
			a := netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 1})
			r.Refused(t.Context(), parlatory.Actor{Workspace: ws, Address: a}, actDenied)
		}
	}
	flood(ws, 20_000)
	flooded := r.rooms[ws]
	if flooded.sources != maxSources || len(flooded.tallies) != maxSources+1 || len(flooded.queue) != maxSources+1 {
		t.Errorf("%d sources, %d tallies, %d waiting", flooded.sources, len(flooded.tallies), len(flooded.queue))
	}
	rest := source{workspace: ws, act: actDenied.Name}
	if flooded.tallies[rest].more != 20_000-maxSources-1 {
		t.Errorf("%d counted for the rest", flooded.tallies[rest].more)
	}
	// The flood there takes no place from another workspace's sources.
	other := newID[parlatory.WorkspaceKind]()
	flood(other, 10)
	if n := r.rooms[other].sources; n != 10 {
		t.Errorf("%d sources of another workspace have their own entry", n)
	}
	// Somebody who can choose the workspace of their refusals fills no memory either.
	for range 50 {
		flood(newID[parlatory.WorkspaceKind](), 1100)
	}
	if r.sources != allSources {
		t.Errorf("%d sources in the process", r.sources)
	}
	for range 20_000 {
		r.Refused(t.Context(), parlatory.Actor{Workspace: newID[parlatory.WorkspaceKind]()}, actDenied)
	}
	if r.tallies != allTallies || len(r.rooms) > allTallies || r.waiting != allTallies || r.lost == 0 {
		t.Errorf("%d tallies, %d workspaces, %d waiting, %d lost", r.tallies, len(r.rooms), r.waiting, r.lost)
	}
	r.due(true)
	clock.add(tallyMinute)
	r.count(clock.Now().Add(-tallyMinute))
	if queue := r.rooms[ws].queue; len(queue) != 1 || queue[0].count != 20_000-maxSources-1 {
		t.Errorf("after a minute: %d entries", len(queue))
	}
	r.due(true)
	clock.add(tallyMinute)
	r.count(clock.Now().Add(-tallyMinute))
	if len(r.rooms) != 0 || r.sources != 0 || r.tallies != 0 || r.waiting != 0 {
		t.Errorf("after two quiet minutes %d workspaces, %d sources, %d tallies, %d waiting", len(r.rooms), r.sources, r.tallies, r.waiting)
	}
}

func TestLostRefusalsAreCounted(t *testing.T) {
	r := NewRefusals(&handClock{now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)})
	ws := newID[parlatory.WorkspaceKind]()
	s := source{workspace: ws, act: actDenied.Name}
	left := make([]refusal, maxWaiting+3)
	for i := range left {
		left[i] = refusal{source: s, count: 2}
	}
	r.again(ws, left)
	if r.waiting != maxWaiting || len(r.rooms[ws].queue) != maxWaiting || r.lost != 6 {
		t.Errorf("%d waiting, %d lost", r.waiting, r.lost)
	}
	r.Refused(t.Context(), parlatory.Actor{Workspace: ws}, actDenied)
	if r.waiting != maxWaiting || r.lost != 7 {
		t.Errorf("%d waiting, %d lost", r.waiting, r.lost)
	}
	if len(r.due(false)) != 0 {
		t.Error("a workspace that failed is tried again at once")
	}
}

// A workspace whose key is out of reach keeps its refusals for later, and nobody else's wait for it.
func TestAFailingWorkspaceBlocksNoOther(t *testing.T) {
	onBoth(t, func(t *testing.T, o db.Options) {
		r := newRig(t, o)
		failing := r.ws
		var others []parlatory.WorkspaceID // several, since turns have no order
		for range 5 {
			others = append(others, newID[parlatory.WorkspaceKind]())
			r.found(others[len(others)-1])
		}
		key := r.shelf.keys[r.shelf.name(failing, vault.LedgerSubject)]
		r.shelf.erase(failing, vault.LedgerSubject)
		r.ring.Forget(failing, vault.LedgerSubject)
		refuse := func(ws parlatory.WorkspaceID) {
			actor := r.actor()
			actor.Workspace = ws
			if _, err := r.law.Permit(t.Context(), actor, actDenied); err == nil {
				t.Fatal("not refused")
			}
		}
		seen := func(ws parlatory.WorkspaceID) int {
			r.ws = ws
			return len(r.list(Filter{Action: Refused}))
		}
		refuse(failing)
		for _, ws := range others {
			refuse(ws)
		}
		for range 3 {
			r.refusals.flush(t.Context(), r.Ledger, false)
		}
		for _, ws := range others {
			if n := seen(ws); n != 1 {
				t.Errorf("%d refusals of a sound workspace are witnessed", n)
			}
		}
		if n := seen(failing); n != 0 {
			t.Errorf("%d refusals without a key", n)
		}
		r.shelf.put(key)
		r.refusals.flush(t.Context(), r.Ledger, true)
		if n := seen(failing); n != 1 {
			t.Errorf("%d refusals are witnessed once the key is back", n)
		}
		if n := seen(others[0]); n != 1 {
			t.Errorf("a refusal was witnessed %d times", n)
		}
	})
}
