package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parlatory"
	"parlatory/test/postgres"
)

// listener keeps what it was told.
type listener struct {
	mu   sync.Mutex
	all  []parlatory.Event
	each func([]parlatory.Event)
}

func (l *listener) Told(events []parlatory.Event) {
	if l.each != nil {
		l.each(events)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, events...)
}

func (l *listener) wait(t *testing.T, n int) []parlatory.Event {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		l.mu.Lock()
		all := append([]parlatory.Event(nil), l.all...)
		l.mu.Unlock()
		if len(all) >= n {
			return all
		}
	}
	t.Fatal("not told in time")
	return nil
}

func posted(tx *Tx, r parlatory.RoomID, seq int64) {
	tx.Tell(parlatory.Event{Kind: parlatory.MessagePosted, Workspace: tx.Workspace(), Room: r, Seq: seq})
}

func TestEventsAreToldAfterTheirCommitOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		ws, r := workspace(), room()
		p, rp := permit(t, noteWrite, ws), permit(t, noteRead, ws)
		l := &listener{}
		l.each = func(events []parlatory.Event) {
			// Whoever is told finds the row.
			if err := d.Read(context.Background(), rp, func(tx *Tx) error {
				var n int64
				if err := tx.Row(countNotes).Scan(&n); err != nil || n < events[len(events)-1].Seq {
					t.Error("told of", events[len(events)-1].Seq, "but there are", n, err)
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		}
		d.Listen(l)
		for i := range int64(10) {
			if err := write(d, p, func(tx *Tx) error { posted(tx, r, i+1); return post(tx, r, i+1) }); err != nil {
				t.Fatal(err)
			}
			if err := write(d, p, func(tx *Tx) error { posted(tx, r, 1000); return errors.New("undone") }); err == nil {
				t.Fatal("no error")
			}
		}
		for i, e := range l.wait(t, 10) {
			if e.Seq != int64(i+1) {
				t.Fatal("event", i, "has sequence", e.Seq)
			}
		}
	})
}

// TestEventsOfARoomComeInSequence has many writers take the room's next number under its row lock.
func TestEventsOfARoomComeInSequence(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		const writers, each = 12, 25
		p, rooms := permit(t, noteWrite, workspace()), []parlatory.RoomID{room(), room()}
		l := &listener{}
		d.Listen(l)
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for range each {
					r := rooms[w%2]
					if err := write(d, p, func(tx *Tx) error {
						var head int64
						err := tx.Row(advanceHead, r, 1).Scan(&head)
						posted(tx, r, head)
						return err
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		heads := map[parlatory.RoomID]int64{}
		for _, e := range l.wait(t, writers*each) {
			if heads[e.Room]++; heads[e.Room] != e.Seq {
				t.Fatal("room told", e.Seq, "want", heads[e.Room])
			}
		}
	})
}

func TestNodesHearOfEachOther(t *testing.T) {
	serving, owner := postgres.Start(t)
	open := func(owner string) (*DB, *listener) {
		d, err := Open(context.Background(), Options{Postgres: serving, PostgresOwner: owner, Migrations: testFS()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
		l := &listener{}
		d.Listen(l)
		return d, l
	}
	one, first := open(owner)
	two, second := open("") // without the owner's URL: the schema is up to date
	p, r := permit(t, noteWrite, workspace()), room()

	// The second listens once it hears a first hint; from then on nothing may be lost or doubled.
	for seq := int64(-1); ; seq-- {
		if err := write(one, p, func(tx *Tx) error { posted(tx, r, seq); return nil }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
		second.mu.Lock()
		heard := len(second.all)
		second.mu.Unlock()
		if heard > 0 {
			break
		}
	}
	const n = 500 // several payloads
	if err := write(one, p, func(tx *Tx) error {
		for i := range int64(n) {
			posted(tx, r, i+1)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]*listener{"own": first, "other": second} {
		want := int64(1)
		for end := time.Now().Add(10 * time.Second); want <= n && time.Now().Before(end); {
			want = 1
			for _, e := range l.wait(t, 1) {
				if e.Seq == want {
					want++
				} else if e.Seq > 0 {
					t.Fatal(name, "heard", e.Seq, "want", want)
				}
			}
		}
		if want != n+1 {
			t.Error(name, "node heard up to", want-1)
		}
	}
	if err := write(two, p, func(tx *Tx) error { posted(tx, r, 7777); return nil }); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if all := first.wait(t, 1); all[len(all)-1].Seq == 7777 {
			break
		} else if time.Now().After(end) {
			t.Fatal("the first node did not hear the second")
		}
	}
}

func TestNotificationsOfOthersAreNotBelieved(t *testing.T) {
	d := openTestPostgres(t)
	l := &listener{}
	d.Listen(l)
	for _, payload := range []string{"", "x", `{"n":1}`, `{"n":"a","e":[{"w":"zz"}]}`, `{"n":"` + d.cluster.nodes.node + `","e":[{"k":"message.posted"}]}`} {
		d.cluster.nodes.take(payload)
	}
	d.cluster.nodes.take(`{"n":"other","e":[{"k":"message.posted","q":5}]}`)
	if all := l.wait(t, 1); len(all) != 1 || all[0].Seq != 5 {
		t.Fatal(all)
	}
}

func TestPayloadsFit(t *testing.T) {
	d := openTestPostgres(t)
	var events []parlatory.Event
	for i := range 2000 {
		events = append(events, parlatory.Event{Kind: parlatory.EnquiryChanged, Workspace: workspace(), Room: room(), Seq: int64(i), Enquiry: parlatory.NewID[parlatory.EnquiryKind](d.clock)})
	}
	payloads, err := d.cluster.nodes.pack(events)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range payloads {
		if len(p) >= 8000 {
			t.Error("payload of", len(p), "bytes")
		}
		n += strings.Count(p, `"k":`)
	}
	if n != len(events) {
		t.Error("events packed:", n)
	}
}

func TestATellersPanicIsItsOwn(t *testing.T) {
	d := openTestLite(t)
	good := &listener{}
	d.Listen(&listener{each: func([]parlatory.Event) { panic("no") }})
	d.Listen(good)
	if err := write(d, permit(t, noteWrite, workspace()), func(tx *Tx) error { posted(tx, room(), 1); return nil }); err != nil {
		t.Fatal(err)
	}
	good.wait(t, 1)
}

func TestASlowCommitDoesNotHoldEventsForEver(t *testing.T) {
	d := openTestLite(t)
	l := &listener{}
	d.Listen(l)
	slow := d.herald.reserve()
	d.herald.tell([]parlatory.Event{{Seq: 2}})
	if got := fmt.Sprint(l.wait(t, 1)[0].Seq); got != "2" {
		t.Fatal(got)
	}
	d.herald.settle(slow, []parlatory.Event{{Seq: 1}})
	if all := l.wait(t, 2); all[1].Seq != 1 {
		t.Fatal(all)
	}
}

// What changes rights travels inside its transaction, so it arrives though the node that caused it says nothing more. And a
// node whose listening connection breaks is told that it may have missed something.
func TestRightsTravelWithTheirTransaction(t *testing.T) {
	serving, owner := postgres.Start(t)
	open := func(owner string) *DB {
		d, err := Open(context.Background(), Options{Postgres: serving, PostgresOwner: owner, Migrations: testFS()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		return d
	}
	a, b := open(owner), open("")
	l := &listener{}
	b.Listen(l)
	ws := workspace()
	p := permit(t, noteWrite, ws)
	tell := func(kind parlatory.EventKind) {
		t.Helper()
		if err := write(a, p, func(tx *Tx) error { tx.Tell(parlatory.Event{Kind: kind, Workspace: ws}); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	for len(l.heard()) == 0 { // until b listens
		tell(parlatory.LedgerGrown)
		time.Sleep(20 * time.Millisecond)
	}
	a.cluster.nodes.close() // from here on a's speaking connection says nothing
	tell(parlatory.MessagePosted)
	tell(parlatory.StaffChanged)
	within(t, func() bool { return l.knows(parlatory.StaffChanged) })
	if l.knows(parlatory.MessagePosted) {
		t.Error("a message's event came without the speaking connection: it costs a round trip then")
	}

	conn, err := pgx.Connect(t.Context(), serving)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parlatory nodes'"); err != nil {
		t.Fatal(err)
	}
	within(t, func() bool { return l.knows(parlatory.EventsMissed) })
	time.Sleep(3 * listenQuiet) // silence is no deafness
	if d := b.Deaf(); d > 2*listenQuiet {
		t.Errorf("a node with nothing to hear counts as deaf for %v", d)
	}
}

func (l *listener) heard() []parlatory.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]parlatory.Event(nil), l.all...)
}

func (l *listener) knows(kind parlatory.EventKind) bool {
	return slices.ContainsFunc(l.heard(), func(e parlatory.Event) bool { return e.Kind == kind })
}

func within(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("not in time")
}
