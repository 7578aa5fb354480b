package security_test

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/staff"
	"parlatory/internal/guard/policy"
	"parlatory/internal/storage/db"
)

// other opens the database of a world once more, as another node does.
func other(t testing.TB, w *domaintest.World) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), w.Database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// node knows nothing of the lists yet.
func node(w *domaintest.World, d *db.DB) *security.Room {
	return security.New(security.Options{DB: d, Law: w.Law, Ring: w.Ring, Ledger: w.Ledger, Workspace: w.Workspace, Roles: w.Roles, Clock: w.Clock, Log: w.Log, Steady: staff.Steady})
}

func small(n uint32) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}) }

// However lines come, go and end, the node that changes them, one that follows, and one that was asked nothing for a hundred changes judge
// as a node does that reads all lines anew.
func TestChangesAreFollowed(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		follows, sleeps := node(w, other(t, w)), node(w, other(t, w))
		if err := w.Security.SetVisitorMode(t.Context(), admin, security.Off, security.Block); err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(5, 6))
		var lines []security.Entry
		step := func() {
			w.Clock.Advance(time.Second) // more than a node judges by what it knows without asking
			admin.Proved = w.Clock.Now()
			if len(lines) > 0 && (len(lines) > 30 || r.IntN(3) == 0) {
				i := r.IntN(len(lines))
				if err := w.Security.Remove(t.Context(), admin, security.BlockList, lines[i].ID); err != nil {
					t.Fatal(err)
				}
				lines = slices.Delete(lines, i, i+1)
				return
			}
			some := make([]security.Entry, 1+r.IntN(3))
			for i := range some {
				a, b := small(r.Uint32N(64)), small(r.Uint32N(64))
				if b.Less(a) {
					a, b = b, a
				}
				some[i].Network = policy.Network{First: a, Last: b}
				if r.IntN(2) == 0 {
					some[i].EndsAt = w.Clock.Now().Add(time.Duration(1+r.IntN(20)) * time.Second)
				}
			}
			if err := w.Security.AddAll(t.Context(), admin, security.BlockList, some); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, some...)
		}
		same := func(rooms ...*security.Room) {
			t.Helper()
			for i := range uint32(64) {
				want := slices.ContainsFunc(lines, func(e security.Entry) bool {
					return e.Network.Contains(small(i)) && (e.EndsAt.IsZero() || w.Clock.Now().Before(e.EndsAt))
				})
				for n, room := range rooms {
					if got, err := room.Refuses(t.Context(), ws, small(i)); err != nil || got != want {
						t.Fatalf("node %d: %v is refused: %v, %v; want %v", n, small(i), got, err, want)
					}
				}
			}
		}
		same(w.Security, follows, sleeps)
		for i := range 100 {
			step()
			same(w.Security, follows)
			if i == 10 {
				same(sleeps)
			}
		}
		same(sleeps, node(w, w.DB))
		v, err := w.Security.View(t.Context(), admin)
		if err != nil || v.Sizes[security.BlockList] != len(lines) {
			t.Errorf("%d lines, %+v %v", len(lines), v.Sizes, err)
		}
	})
}

// What somebody does to rows past the program is noticed when all are read again, ten minutes later at most: a line that was deleted counts
// no more, and one that was edited shuts the door until it is put right.
func TestRowsAreProvedAgain(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		if err := w.Security.SetVisitorMode(t.Context(), admin, security.Off, security.Block); err != nil {
			t.Fatal(err)
		}
		var ids []parlatory.RowID
		for i := range uint32(3) {
			e, err := w.Security.Add(t.Context(), admin, security.Entry{List: security.BlockList, Network: policy.Network{First: small(i), Last: small(i)}})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, e.ID)
		}
		refused := func(i uint32) bool {
			t.Helper()
			yes, err := w.Security.Refuses(t.Context(), ws, small(i))
			if err != nil {
				t.Fatal(err)
			}
			return yes
		}
		past := func(query string, args ...any) {
			w.Look(ws, func(tx *db.Tx) error { _, err := tx.Exec(query, args...); return err })
		}
		if !refused(0) || !refused(1) || !refused(2) {
			t.Fatal("the list is not in force")
		}
		prove := func() error { w.Clock.Advance(10 * time.Minute); return w.Security.Prove(t.Context()) }
		past(`DELETE FROM network_rules WHERE workspace = $1 AND id = $2`, ids[0])
		if err := prove(); err != nil || refused(0) || !refused(1) {
			t.Errorf("a line that was deleted: %v", err)
		}
		past(`UPDATE network_rules SET list = 'allow' WHERE workspace = $1 AND id = $2`, ids[1])
		if err := prove(); err == nil {
			t.Error("a line that was edited opens")
		}
		if _, err := w.Security.Refuses(t.Context(), ws, small(2)); err == nil {
			t.Error("the door stands open beside a line that was edited")
		}
		past(`UPDATE network_rules SET list = 'block' WHERE workspace = $1 AND id = $2`, ids[1])
		w.Clock.Advance(5 * time.Second)
		if !refused(1) || !refused(2) {
			t.Error("the line was put right")
		}
	})
}

// Lookups go on while lists change and are read again, and never see a list without a line that stands on it throughout.
func TestLookupsBesideChanges(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	if err := w.Security.SetVisitorMode(t.Context(), admin, security.Off, security.Block); err != nil {
		t.Fatal(err)
	}
	some := make([]security.Entry, 2000)
	for i := range some {
		a := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		some[i].Network = policy.Network{First: a, Last: a}
	}
	if err := w.Security.AddAll(t.Context(), admin, security.BlockList, some); err != nil {
		t.Fatal(err)
	}
	var busy sync.WaitGroup
	over := make(chan struct{})
	for range 4 {
		busy.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-over:
					return
				default:
				}
				if yes, err := w.Security.Refuses(t.Context(), ws, some[i%len(some)].Network.First); err != nil || !yes {
					t.Errorf("%v is refused: %v, %v", some[i%len(some)].Network, yes, err)
					return
				}
			}
		})
	}
	for i := range uint32(20) {
		e, err := w.Security.Add(t.Context(), admin, security.Entry{List: security.BlockList, Network: policy.Network{First: small(i), Last: small(i)}})
		if err != nil {
			t.Fatal(err)
		}
		if yes, err := w.Security.Refuses(t.Context(), ws, small(i)); err != nil || !yes {
			t.Errorf("after the act: %v, %v", yes, err)
		}
		if i%5 == 0 {
			w.Clock.Advance(10 * time.Minute)
			admin.Proved = w.Clock.Now()
			if err := w.Security.Prove(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := w.Security.Remove(t.Context(), admin, security.BlockList, e.ID); err != nil {
			t.Fatal(err)
		}
		if yes, err := w.Security.Refuses(t.Context(), ws, small(i)); err != nil || yes {
			t.Errorf("after its end: %v, %v", yes, err)
		}
	}
	close(over)
	busy.Wait()
}
