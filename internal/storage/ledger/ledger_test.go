package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

func TestWitnessAndList(t *testing.T) {
	onBoth(t, func(t *testing.T, o db.Options) {
		r := newRig(t, o)
		actor, e := r.actor(), sample(0)
		r.witness(actor, e)
		before := r.list(Filter{})
		if len(before) != 1 || before[0].Number != 0 {
			t.Fatalf("before numbering: %+v", before)
		}
		r.settle()
		got := r.list(Filter{})[0]
		want := Record{Number: 1, ID: got.ID, At: got.At, ActorKind: "staff", Actor: actor.Staff.Raw(), Address: "192.0.2.77",
			Device: actor.Device, Action: Updated, Element: "Staff", ElementID: e.ID, Act: "staff.suspend", Old: e.Old, New: e.New, Remark: e.Remark}
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		if time.Since(got.At) > time.Minute {
			t.Errorf("time %v", got.At)
		}
		// What is undone has no entry.
		pen, err := r.Pen(t.Context(), r.ws)
		if err != nil {
			t.Fatal(err)
		}
		boom := errors.New("boom")
		err = r.db.Write(t.Context(), r.permit(actSuspend, actor), func(tx *db.Tx) error {
			return errors.Join(pen.Witness(tx, e), boom)
		})
		if !errors.Is(err, boom) || len(r.list(Filter{})) != 1 {
			t.Errorf("an undone act left an entry (%v)", err)
		}
		// What is not witnessed does not commit.
		err = r.db.Write(t.Context(), r.permit(actSuspend, actor), func(tx *db.Tx) error { return nil })
		if parlatory.KindOf(err) != parlatory.KindInternal {
			t.Errorf("an unwitnessed act: %v", err)
		}
		house, err := r.Pen(t.Context(), parlatory.House)
		if err != nil {
			t.Fatal(err)
		}
		err = r.db.Write(t.Context(), r.permit(actSuspend, actor), func(tx *db.Tx) error { return house.Witness(tx, e) })
		if err == nil {
			t.Error("a pen of the house wrote into a workspace")
		}
		for _, bad := range []Entry{{}, {Action: Updated, Element: "a\nb"}, {Action: "x\n", Element: "Staff"}, {Action: Updated, Element: strings.Repeat("x", 65)},
			{Action: Updated, Element: "Staff", Remark: strings.Repeat("x", maxValues)}} {
			if r.tryWitness(actor, bad) == nil {
				t.Errorf("witnessed %.60v", bad)
			}
		}
	})
}

// TestTokensAreNamed: an act of a member's program says by which API token it was done, in the values that the commitment covers.
func TestTokensAreNamed(t *testing.T) {
	onBoth(t, func(t *testing.T, o db.Options) {
		r := newRig(t, o)
		program := r.actor()
		program.Token, program.Scopes = newID[parlatory.TokenKind](), actSuspend.Name
		r.witness(r.actor(), sample(0))
		r.witness(program, sample(1))
		r.settle()
		got := r.list(Filter{})
		if got[0].Token != program.Token || !got[1].Token.Zero() {
			t.Errorf("%v and %v", got[0].Token, got[1].Token)
		}
		export := r.export()
		verifies(t, export)
		if strings.Count(string(export), `"token":"`+program.Token.String()+`"`) != 1 {
			t.Error("the export does not name the token once")
		}
	})
}

func TestBothLedgersOfAnAct(t *testing.T) {
	onBoth(t, func(t *testing.T, o db.Options) {
		r := newRig(t, o)
		own, err1 := r.Pen(t.Context(), r.ws)
		house, err2 := r.Pen(t.Context(), parlatory.House)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		actor := r.actor()
		err := r.db.Write(t.Context(), r.permit(actAccount, actor), func(tx *db.Tx) error {
			e := Entry{Action: Updated, Element: "Account", ID: actor.Account.Raw()}
			return errors.Join(own.Witness(tx, e), house.WitnessHouse(tx, e))
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.list(Filter{}); len(got) != 1 || got[0].Actor != actor.Staff.Raw() {
			t.Errorf("workspace's ledger: %+v", got)
		}
		if err := errors.Join(r.Settle(t.Context(), r.ws), r.Settle(t.Context(), parlatory.House)); err != nil {
			t.Fatal(err)
		}
		permit, err := r.law.System(actFound, parlatory.House)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.List(t.Context(), permit, Filter{})
		if err != nil || len(got) != 1 || got[0].Number != 1 || got[0].Actor != actor.Account.Raw() {
			t.Errorf("house's ledger: %+v, %v", got, err)
		}
		var b strings.Builder
		if err := r.Export(t.Context(), permit, &b); err != nil {
			t.Fatal(err)
		}
		if rep := verifies(t, []byte(b.String())); rep.Entries != 1 || rep.Origin != "parlatory.example/"+parlatory.House.String() {
			t.Errorf("%+v", rep)
		}
	})
}

func TestFiltersAndPages(t *testing.T) {
	onBoth(t, func(t *testing.T, o db.Options) {
		r := newRig(t, o)
		one, two := r.actor(), r.actor()
		element := newID[parlatory.RoomKind]().Raw()
		for i := range 10 {
			e := Entry{Action: Viewed, Element: "Conversation", ID: element, Remark: fmt.Sprint(i)}
			if i%2 == 0 {
				e = Entry{Action: Created, Element: "Site", ID: newID[parlatory.RowKind]().Raw(), Remark: fmt.Sprint(i)}
			}
			actor := one
			if i >= 6 {
				actor = two
			}
			r.witness(actor, e)
		}
		r.settle()
		all := r.list(Filter{})
		middle := all[4].At
		for what, c := range map[string]struct {
			f    Filter
			want int
		}{
			"all": {Filter{}, 10}, "staff": {Filter{Staff: one.Staff}, 6}, "action": {Filter{Action: Created}, 5}, "element": {Filter{Element: "Conversation"}, 5},
			"id": {Filter{ElementID: element}, 5}, "both": {Filter{ElementID: element, Staff: two.Staff}, 2}, "nobody": {Filter{Staff: newID[parlatory.StaffKind]()}, 0},
			"from": {Filter{From: middle}, since(all, middle)}, "to": {Filter{To: middle}, 10 - since(all, middle)}, "limit": {Filter{Limit: 3}, 3},
			"action and staff": {Filter{Action: Created, Staff: two.Staff}, 2}, "old": {Filter{To: all[9].At.Add(-time.Hour)}, 0},
		} {
			if got := r.list(c.f); len(got) != c.want {
				t.Errorf("%s: %d, want %d", what, len(got), c.want)
			}
		}
		var paged []Record
		f := Filter{Limit: 3}
		for {
			page := r.list(f)
			paged = append(paged, page...)
			if len(page) < 3 {
				break
			}
			f.Before = page[2].ID
		}
		if len(paged) != 10 || !slices.IsSortedFunc(paged, func(a, b Record) int { return strings.Compare(b.ID.String(), a.ID.String()) }) {
			t.Errorf("%d entries in pages", len(paged))
		}
	})
}

// since counts entries from a moment on: those of one millisecond have no order.
func since(all []Record, at time.Time) (n int) {
	for _, r := range all {
		if !r.At.Before(at) {
			n++
		}
	}
	return n
}

func TestRunNumbersWithinASecond(t *testing.T) {
	onBoth(t, func(t *testing.T, o db.Options) {
		r := newRig(t, o)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		r.witness(r.actor(), sample(0))
		deadline := time.Now().Add(5 * time.Second)
		for r.list(Filter{})[0].Number == 0 {
			if time.Now().After(deadline) {
				t.Fatal("not numbered")
			}
			time.Sleep(10 * time.Millisecond)
		}
		stop()
		r.witness(r.actor(), sample(1))
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if rep := verifies(t, r.export()); rep.Entries != 2 {
			t.Errorf("%d entries", rep.Entries)
		}
	})
}

// Several servers number at once while others write: each number is given once, none is left out, each head holds.
func TestTwoNodesNeverNumberTwice(t *testing.T) {
	onBoth(t, func(t *testing.T, o db.Options) {
		r := newRig(t, o)
		nodes := []*Ledger{r.Ledger, r.node(nil), r.node(nil)}
		const writers, each = 4, 60
		var writing, numbering sync.WaitGroup
		stop := make(chan struct{})
		for _, n := range nodes {
			numbering.Go(func() {
				for {
					if err := n.Settle(t.Context(), r.ws); err != nil {
						t.Error(err)
						return
					}
					select {
					case <-stop:
						return
					default:
					}
				}
			})
		}
		for range writers {
			writing.Go(func() {
				for i := range each {
					if err := r.tryWitness(r.actor(), sample(i%20)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		writing.Wait()
		close(stop)
		numbering.Wait()
		rep := verifies(t, r.export())
		if rep.Entries != writers*each || rep.Heads < 2 {
			t.Errorf("%d entries under %d heads", rep.Entries, rep.Heads)
		}
	})
}

func TestManyBlocks(t *testing.T) {
	r := newRig(t, db.Options{SQLite: t.TempDir() + "/test.db"})
	pen, err := r.Pen(t.Context(), r.ws)
	if err != nil {
		t.Fatal(err)
	}
	permit := r.permit(actSuspend, r.actor())
	total := int64(0)
	for _, n := range []int{1, 127, 128, 129, 300, 700, 1} {
		err := r.db.Write(t.Context(), permit, func(tx *db.Tx) error {
			for range n {
				if err := pen.Witness(tx, Entry{Action: Created, Element: "Contact"}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		r.settle()
		total += int64(n)
		if rep := verifies(t, r.export()); rep.Entries != total {
			t.Fatalf("%d entries of %d", rep.Entries, total)
		}
	}
}

func TestErasureLeavesTheTreeWhole(t *testing.T) {
	onBoth(t, func(t *testing.T, o db.Options) {
		r := newRig(t, o)
		contact := vault.ContactKey(newID[parlatory.ContactKind]())
		_, w, err := r.ring.Mint(t.Context(), r.ws, contact)
		if err != nil {
			t.Fatal(err)
		}
		r.shelf.put(w)
		r.witness(r.actor(), sample(0))
		r.settle() // ids of one millisecond have no order
		r.witness(r.actor(), Entry{Action: Created, Element: "Contact", ID: contact.ID, New: map[string]string{"name": "Ada"}}, contact)
		r.settle()
		earlier := r.head()
		if got := r.numbered(2); got.New["name"] != "Ada" {
			t.Fatalf("%+v", got)
		}
		r.shelf.erase(r.ws, contact)
		r.ring.Forget(r.ws, contact)
		gone, other := r.numbered(2), r.numbered(1)
		if !gone.Erased || gone.New != nil || gone.Address != "" || other.Erased || other.Remark == "" {
			t.Errorf("after erasure: %+v, %+v", gone, other)
		}
		export := r.export()
		if rep := verifies(t, export, Known{Checkpoint: earlier}); rep.Erased != 1 || rep.Entries != 2 {
			t.Errorf("%+v", rep)
		}
		if strings.Contains(string(export), "Ada") {
			t.Error("the export holds what was erased")
		}
	})
}

func TestAC_125_NoValueInTheFile(t *testing.T) {
	r := newRig(t, db.Options{SQLite: t.TempDir() + "/test.db"})
	r.fill(4)
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(r.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		for _, mark := range []string{"canary-old", "suspended", "192.0.2.77", "Firefox", "number a"} {
			if strings.Contains(string(b), mark) {
				t.Errorf("%q stands in the database file%s", mark, suffix)
			}
		}
	}
}
