package ledger

import (
	"context"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"parlatory"
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
	for i := range 20_000 {
		a := netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 1})
		r.Refused(t.Context(), parlatory.Actor{Workspace: ws, Address: a}, actDenied)
	}
	if r.sources != maxSources || len(r.tallies) != maxSources+1 || len(r.queue) != maxSources+1 {
		t.Errorf("%d sources, %d tallies, %d waiting", r.sources, len(r.tallies), len(r.queue))
	}
	rest := source{workspace: ws, act: actDenied.Name}
	if r.tallies[rest].more != 20_000-maxSources-1 {
		t.Errorf("%d counted for the rest", r.tallies[rest].more)
	}
	// Somebody who can choose the workspace of their refusals fills no memory either.
	for range 20_000 {
		r.Refused(t.Context(), parlatory.Actor{Workspace: newID[parlatory.WorkspaceKind]()}, actDenied)
	}
	if len(r.tallies) != maxTallies || r.lost == 0 {
		t.Errorf("%d tallies, %d lost", len(r.tallies), r.lost)
	}
	r.queue = nil
	clock.add(tallyMinute)
	r.count(clock.Now().Add(-tallyMinute))
	if len(r.queue) != 1 || r.queue[0].count != 20_000-maxSources-1 {
		t.Errorf("after a minute: %d entries", len(r.queue))
	}
	clock.add(tallyMinute)
	r.count(clock.Now().Add(-tallyMinute))
	if len(r.tallies) != 0 || r.sources != 0 {
		t.Errorf("after two quiet minutes %d tallies, %d sources", len(r.tallies), r.sources)
	}
}
