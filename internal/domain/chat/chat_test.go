package chat_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/contact"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/guard/access"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

const site = "https://shop.example"

type world struct {
	*domaintest.World
	contacts *contact.Room
	chat     *chat.Room
	ws       parlatory.WorkspaceID
	admin    parlatory.Actor
	dana     parlatory.Actor // agents
	sam      parlatory.Actor
}

var setup = domaintest.Setup{Acts: [][]access.Act{contact.Acts(), chat.Acts()}}

func newWorld(t *testing.T, w *domaintest.World) *world {
	t.Helper()
	v := &world{World: w}
	v.contacts = contact.New(contact.Options{DB: w.DB, Law: w.Law, Ring: w.Ring, Sites: w.Workspace, Clock: w.Clock, Log: w.Log})
	v.chat = v.node(w.DB)
	v.ws, v.admin = w.Founded(t, "acme")
	if _, err := w.Workspace.AddSite(t.Context(), v.admin, site); err != nil {
		t.Fatal(err)
	}
	v.dana, v.sam = w.Hire(t, v.ws, role.Agent), w.Hire(t, v.ws, role.Agent)
	return v
}

// node is a chat room as another process has it: with a memory of its own.
func (v *world) node(database *db.DB) *chat.Room {
	r := chat.New(chat.Options{
		DB: database, Law: v.Law, Ring: v.Ring, Ledger: v.Ledger, Contacts: v.contacts, Staff: v.Staff, Security: v.Security, Clock: v.Clock, Log: slog.New(slog.DiscardHandler),
		Limits: chat.Limits{VisitorPerMinute: 1e6, StaffPerMinute: 1e6, BeginPerHour: 1e6},
	})
	database.Listen(r)
	v.T.Cleanup(r.Close)
	return r
}

func (v *world) visit(t *testing.T, question string) (parlatory.Actor, chat.Begun) {
	t.Helper()
	guest := v.At(v.ws)
	guest.Site = site
	begun, err := v.chat.Begin(t.Context(), guest, chat.Beginning{Client: client(), Name: "Jonas", Email: "jonas@example.com", Question: question, Page: site + "/cart?token=secret#x", Privacy: "2026-11"})
	if err != nil {
		t.Fatal(err)
	}
	visitor, err := v.contacts.Visitor(t.Context(), v.ws, begun.Token.Reveal(), site, guest)
	if err != nil {
		t.Fatal(err)
	}
	return visitor, begun
}

func client() parlatory.ClientID {
	return parlatory.NewID[parlatory.ClientKind](parlatory.SystemClock{})
}

func (v *world) say(t *testing.T, who parlatory.Actor, room parlatory.RoomID, body string) chat.Posted {
	t.Helper()
	p, err := v.chat.Post(t.Context(), who, chat.Post{Room: room, Client: client(), Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// read gives the bodies (or events) of a room from its beginning, and fails on a gap.
func read(t *testing.T, r *chat.Room, who parlatory.Actor, room parlatory.RoomID) []string {
	t.Helper()
	h, err := r.Messages(t.Context(), who, room, chat.Range{After: 0, Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i, m := range h.Messages {
		if m.Seq != h.Messages[0].Seq+int64(i) {
			t.Fatalf("message %d has sequence %d", i, m.Seq)
		}
		out = append(out, m.Body+m.Event)
	}
	return out
}

func is(t *testing.T, err error, kind parlatory.Kind) {
	t.Helper()
	if err == nil || parlatory.KindOf(err) != kind {
		t.Helper()
		t.Errorf("want %s, got %v", kind, err)
	}
}

func TestAConversationFromEndToEnd(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, begun := v.visit(t, "Do you deliver to Gotland?")
		_, err := v.chat.Post(t.Context(), v.dana, chat.Post{Room: begun.Room, Client: client(), Body: "Yes"})
		is(t, err, parlatory.KindConflict) // not picked up yet
		e, err := v.chat.Pickup(t.Context(), v.dana, begun.Enquiry)
		if err != nil || e.State != chat.Ongoing || e.Staff != v.dana.Staff || e.Question != "Do you deliver to Gotland?" || e.Page != "/cart" {
			t.Fatalf("pick up: %+v, %v", e, err)
		}
		v.say(t, v.dana, begun.Room, "Yes, in three days.")
		v.say(t, visitor, begun.Room, "Thank you!")
		if err := v.chat.Mark(t.Context(), visitor, begun.Room, 4); err != nil {
			t.Fatal(err)
		}
		is(t, v.chat.Mark(t.Context(), visitor, begun.Room, 5), parlatory.KindInvalid)
		if e, err = v.chat.CloseEnquiry(t.Context(), v.dana, begun.Enquiry); err != nil || e.State != chat.Closed || e.OtherRead != 4 || e.Head != 5 {
			t.Fatalf("close: %+v, %v", e, err)
		}
		want := "Do you deliver to Gotland?|picked_up|Yes, in three days.|Thank you!|closed"
		for _, who := range []parlatory.Actor{visitor, v.dana, v.admin} {
			if got := strings.Join(read(t, v.chat, who, begun.Room), "|"); got != want {
				t.Errorf("%s reads %s", who.Kind, got)
			}
		}
		_, err = v.chat.Post(t.Context(), visitor, chat.Post{Room: begun.Room, Client: client(), Body: "One more"})
		is(t, err, parlatory.KindConflict)
		if e, err = v.chat.Reopen(t.Context(), v.dana, begun.Enquiry); err != nil || e.State != chat.Ongoing || !e.ClosedAt.IsZero() {
			t.Fatalf("reopen: %+v, %v", e, err)
		}
		v.say(t, visitor, begun.Room, "One more")
		if n := w.Count(v.ws, "ledger_entries", "element = 'Enquiry'"); n != 4 {
			t.Errorf("%d entries of the enquiry in the ledger, want created, picked up, closed, reopened", n)
		}
	})
}

// Many post at once into several rooms: each acknowledged post stands once, where its answer said.
func TestPostsOfManyAtOnce(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		const rooms, each = 8, 25
		var wg sync.WaitGroup
		var all []parlatory.RoomID
		for n := range rooms {
			visitor, begun := v.visit(t, "first")
			if _, err := v.chat.Pickup(t.Context(), v.dana, begun.Enquiry); err != nil {
				t.Fatal(err)
			}
			for _, who := range []parlatory.Actor{visitor, v.dana} {
				for i := range each {
					wg.Go(func() {
						body := fmt.Sprint(n, who.Kind, i)
						p, err := v.chat.Post(t.Context(), who, chat.Post{Room: begun.Room, Client: client(), Body: body})
						if err != nil {
							t.Error(err)
							return
						}
						h, err := v.chat.Messages(t.Context(), who, begun.Room, chat.Range{After: p.Seq - 1, Limit: 1})
						if err != nil || len(h.Messages) != 1 || h.Messages[0].Body != body {
							t.Errorf("message %d is not what was acknowledged: %v", p.Seq, err)
						}
					})
				}
			}
			all = append(all, begun.Room)
		}
		wg.Wait()
		for _, room := range all {
			if got := len(read(t, v.chat, v.admin, room)); got != 2+2*each {
				t.Errorf("%d messages, want %d", got, 2+2*each)
			}
		}
	})
}

// A repeat is answered like the first time, also within one batch and while the first is under way; another author's
// id is refused and tells nothing.
func TestRepeatsCountOnce(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, begun := v.visit(t, "first")
		if _, err := v.chat.Pickup(t.Context(), v.dana, begun.Enquiry); err != nil {
			t.Fatal(err)
		}
		p := chat.Post{Room: begun.Room, Client: client(), Body: "once"}
		seqs := make(chan int64, 50)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				posted, err := v.chat.Post(t.Context(), visitor, p)
				if err != nil {
					t.Error(err)
				}
				seqs <- posted.Seq
			})
		}
		wg.Wait()
		close(seqs)
		for seq := range seqs {
			if seq != 3 {
				t.Errorf("a repeat was answered with %d", seq)
			}
		}
		_, err := v.chat.Post(t.Context(), v.dana, p)
		is(t, err, parlatory.KindConflict)
		if got := read(t, v.chat, visitor, begun.Room); len(got) != 3 {
			t.Error("the room holds", got)
		}
	})
}

// Two nodes, each with its own memory of the room, write into the same rooms at once, and one of them closes.
func TestTwoNodesShareRooms(t *testing.T) {
	s := setup
	s.Postgres = true
	v := newWorld(t, domaintest.Make(t, s))
	other, err := db.Open(t.Context(), v.Database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	nodes := []*chat.Room{v.chat, v.node(other)}
	visitor, begun := v.visit(t, "first")
	if _, err := nodes[1].Pickup(t.Context(), v.dana, begun.Enquiry); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	const each = 60
	for i := range each {
		for n, who := range []parlatory.Actor{visitor, v.dana} {
			wg.Go(func() {
				if _, err := nodes[n].Post(t.Context(), who, chat.Post{Room: begun.Room, Client: client(), Body: fmt.Sprint(n, "-", i)}); err != nil {
					t.Errorf("node %d: %v", n, err)
				}
			})
		}
	}
	wg.Wait()
	if got := read(t, v.chat, v.dana, begun.Room); len(got) != 2+2*each {
		t.Errorf("%d messages, want %d", len(got), 2+2*each)
	}
	if _, err := nodes[1].CloseEnquiry(t.Context(), v.dana, begun.Enquiry); err != nil {
		t.Fatal(err)
	}
	_, err = nodes[0].Post(t.Context(), visitor, chat.Post{Room: begun.Room, Client: client(), Body: "too late"})
	is(t, err, parlatory.KindConflict)
}

// AC-137: of many who pick up at once, one gets it, the others hear who has it.
func TestAC_137_OneWinner(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		for range 20 {
			_, begun := v.visit(t, "who takes it?")
			errs := make(chan error, 2)
			for _, who := range []parlatory.Actor{v.dana, v.sam} {
				go func() {
					_, err := v.chat.Pickup(context.WithoutCancel(t.Context()), who, begun.Enquiry)
					errs <- err
				}()
			}
			a, b := <-errs, <-errs
			if (a == nil) == (b == nil) {
				t.Fatalf("two tried: %v, %v", a, b)
			}
			is(t, errors.Join(a, b), parlatory.KindConflict)
		}
	})
}

// Data levels: an agent sees what waits and the own, a supervisor the department's, an administrator everything; a
// visitor the own. The rest does not exist.
func TestAC_074_DataLevels(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	supervisor := v.Hire(t, v.ws, role.Supervisor)
	stranger, _ := v.visit(t, "of somebody else")
	visitor, begun := v.visit(t, "mine")
	if _, err := v.chat.Get(t.Context(), v.sam, begun.Enquiry); err != nil {
		t.Error("a waiting enquiry is hidden from an agent:", err)
	}
	if _, err := v.chat.Pickup(t.Context(), v.dana, begun.Enquiry); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		who  parlatory.Actor
		sees bool
	}{
		"owner": {v.dana, true}, "colleague": {v.sam, false}, "supervisor": {supervisor, true}, "administrator": {v.admin, true},
		"visitor": {visitor, true}, "stranger": {stranger, false},
	} {
		_, read := v.chat.Messages(t.Context(), c.who, begun.Room, chat.Range{})
		_, post := v.chat.Post(t.Context(), c.who, chat.Post{Room: begun.Room, Client: client(), Body: "hello"})
		_, typing := v.chat.Typing(t.Context(), c.who, begun.Room)
		mark := v.chat.Mark(t.Context(), c.who, begun.Room, 1)
		for what, err := range map[string]error{"read": read, "post": post, "typing": typing, "mark": mark} {
			if c.sees && err != nil {
				t.Errorf("%s may not %s: %v", name, what, err)
			}
			if !c.sees && parlatory.KindOf(err) != parlatory.KindNotFound {
				t.Errorf("%s may %s: %v", name, what, err)
			}
		}
	}
	page, err := v.chat.List(t.Context(), v.sam, chat.ViewAll, parlatory.EnquiryID{}, 50)
	if err != nil || len(page.Enquiries) != 1 {
		t.Errorf("an agent's list shows %d enquiries, want the waiting one: %v", len(page.Enquiries), err)
	}
	own, err := v.chat.Own(t.Context(), stranger)
	if err != nil || len(own) != 1 || own[0].ID == begun.Enquiry {
		t.Error("a visitor's list shows others:", own, err)
	}
}

// Opening a conversation is an entry once a person and hour.
func TestReadingsAreWitnessed(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	_, begun := v.visit(t, "first")
	count := func() int { return v.Count(v.ws, "ledger_entries", "act = 'chat.reading'") }
	for range 3 {
		read(t, v.chat, v.dana, begun.Room)
	}
	if n := count(); n != 1 {
		t.Errorf("%d entries after three readings within the hour", n)
	}
	v.Clock.Advance(time.Hour)
	read(t, v.chat, v.dana, begun.Room)
	read(t, v.chat, v.sam, begun.Room)
	if n := count(); n != 3 {
		t.Errorf("%d entries, want one a person and hour", n)
	}
}

// The running digest's head is entered hourly for rooms that have grown, and once.
func TestHeadsAreWitnessed(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	visitor, begun := v.visit(t, "first")
	heads := func() int { return v.Count(v.ws, "ledger_entries", "element = 'Conversation head'") }
	for range 2 {
		if err := v.chat.WitnessHeads(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := heads(); n != 1 {
		t.Errorf("%d entries of an unchanged head", n)
	}
	v.say(t, visitor, begun.Room, "second")
	if err := v.chat.WitnessHeads(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := heads(); n != 2 {
		t.Errorf("%d entries after the room grew", n)
	}
}

// A message that was moved or exchanged past the program does not open under its new place.
func TestAC_121_MovedMessagesAreRefused(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	visitor, begun := v.visit(t, "one")
	v.say(t, visitor, begun.Room, "two")
	v.Look(v.ws, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE messages SET sealed = (SELECT m.sealed FROM messages m WHERE m.workspace = $1 AND m.room = $2 AND m.seq = 1) WHERE workspace = $1 AND room = $2 AND seq = 2`, begun.Room)
		return err
	})
	if _, err := v.chat.Messages(t.Context(), v.admin, begun.Room, chat.Range{}); err == nil {
		t.Error("a message opened in another's place")
	}
}

// What is malformed is refused with a field, and nothing is left of it.
func TestBadInput(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	guest := v.At(v.ws)
	guest.Site = site
	good := chat.Beginning{Client: client(), Name: "A", Question: "Q", Privacy: "2026-11"}
	for field, change := range map[string]func(*chat.Beginning){
		"question": func(b *chat.Beginning) { b.Question = strings.Repeat("x", chat.MaxBody+1) }, "name": func(b *chat.Beginning) { b.Name = strings.Repeat("n", 81) },
		"email": func(b *chat.Beginning) { b.Email = "a@b@c" }, "id": func(b *chat.Beginning) { b.Client = parlatory.ClientID{} },
		"privacy_version": func(b *chat.Beginning) { b.Privacy = "" }, "page": func(b *chat.Beginning) { b.Page = "javascript:alert(1)" },
	} {
		b := good
		change(&b)
		_, err := v.chat.Begin(t.Context(), guest, b)
		var e *parlatory.Error
		if !errors.As(err, &e) || e.Kind != parlatory.KindInvalid || len(e.Fields) != 1 || e.Fields[0].Name != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if n := v.Count(v.ws, "contacts", ""); n != 0 {
		t.Errorf("%d contacts of refused requests", n)
	}
	visitor, begun := v.visit(t, "fine")
	for _, body := range []string{"", strings.Repeat("x", chat.MaxBody+1), "a\x00b", "\xff"} {
		_, err := v.chat.Post(t.Context(), visitor, chat.Post{Room: begun.Room, Client: client(), Body: body})
		is(t, err, parlatory.KindInvalid)
	}
}

// The ledger of all this verifies.
func TestTheLedgerOfAConversationVerifies(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	_, begun := v.visit(t, "first")
	if _, err := v.chat.Pickup(t.Context(), v.dana, begun.Enquiry); err != nil {
		t.Fatal(err)
	}
	if err := v.Ledger.Settle(t.Context(), v.ws); err != nil {
		t.Fatal(err)
	}
	permit, err := v.Law.System(domaintest.Raw, v.ws)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := v.Ledger.Export(t.Context(), permit, &b); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Verify(strings.NewReader(b.String())); err != nil {
		t.Error(err)
	}
	if strings.Contains(b.String(), "Gotland") {
		t.Error("a message text stands in the ledger")
	}
}

// A node that heard nothing of a reopening does not go on refusing out of its memory.
func TestARefusalIsNeverOutOfMemory(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	deaf := chat.New(chat.Options{
		DB: v.DB, Law: v.Law, Ring: v.Ring, Ledger: v.Ledger, Contacts: v.contacts, Staff: v.Staff, Clock: v.Clock, Log: v.Log,
		Limits: chat.Limits{VisitorPerMinute: 1e6},
	}) // not registered with the database: it hears of nothing
	t.Cleanup(deaf.Close)
	visitor, begun := v.visit(t, "first")
	post := func(kind parlatory.Kind) {
		t.Helper()
		_, err := deaf.Post(t.Context(), visitor, chat.Post{Room: begun.Room, Client: client(), Body: "hello"})
		if kind == parlatory.KindInternal && err != nil || kind != parlatory.KindInternal && parlatory.KindOf(err) != kind {
			t.Errorf("want %s, got %v", kind, err)
		}
	}
	fine := parlatory.KindInternal
	post(fine)
	for range 3 {
		if _, err := v.chat.Pickup(t.Context(), v.dana, begun.Enquiry); err != nil {
			t.Fatal(err)
		}
		post(fine)
		if _, err := v.chat.CloseEnquiry(t.Context(), v.dana, begun.Enquiry); err != nil {
			t.Fatal(err)
		}
		post(parlatory.KindConflict)
		post(parlatory.KindConflict)
		if _, err := v.chat.Reopen(t.Context(), v.dana, begun.Enquiry); err != nil {
			t.Fatal(err)
		}
		post(fine)
	}
}

// An actor that was resolved before its suspension does nothing after it.
func TestASuspendedActorIsRefusedInsideTheTransaction(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	_, begun := v.visit(t, "first")
	_, waiting := v.visit(t, "second")
	if _, err := v.chat.Pickup(t.Context(), v.dana, begun.Enquiry); err != nil {
		t.Fatal(err)
	}
	v.say(t, v.dana, begun.Room, "hello")
	if _, err := v.Staff.Suspend(t.Context(), v.admin, v.dana.Staff); err != nil {
		t.Fatal(err)
	}
	v.Clock.Advance(2 * time.Second)
	_, err := v.chat.Post(t.Context(), v.dana, chat.Post{Room: begun.Room, Client: client(), Body: "still here"})
	is(t, err, parlatory.KindUnauthenticated)
	_, err = v.chat.Pickup(t.Context(), v.dana, waiting.Enquiry)
	is(t, err, parlatory.KindUnauthenticated)
	_, err = v.chat.CloseEnquiry(t.Context(), v.dana, begun.Enquiry)
	is(t, err, parlatory.KindUnauthenticated)
}

// A token's row that was pointed at another contact past the program admits nobody.
func TestAC_121_AVisitorsTokenIsBound(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	victim, _ := v.visit(t, "secret")
	guest := v.At(v.ws)
	guest.Site = site
	mine, err := v.chat.Begin(t.Context(), guest, chat.Beginning{Client: client(), Name: "Mallory", Question: "hi", Privacy: "2026-11"})
	if err != nil {
		t.Fatal(err)
	}
	v.Look(v.ws, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE visitor_tokens SET contact = $2 WHERE workspace = $1 AND contact = $3`, victim.Contact, mine.Contact)
		return err
	})
	_, err = v.contacts.Visitor(t.Context(), v.ws, mine.Token.Reveal(), site, guest)
	is(t, err, parlatory.KindUnauthenticated)
}

// A list shows previews; the whole question is a reading.
func TestListsShowPreviewsOnly(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	_, begun := v.visit(t, strings.Repeat("long ", 100))
	page, err := v.chat.List(t.Context(), v.admin, chat.ViewAll, parlatory.EnquiryID{}, 10)
	if err != nil || len([]rune(page.Enquiries[0].Question)) != 141 {
		t.Errorf("a list shows %d characters of the question: %v", len(page.Enquiries[0].Question), err)
	}
	before := v.Count(v.ws, "ledger_entries", "act = 'chat.reading'")
	if _, err := v.chat.Get(t.Context(), v.admin, begun.Enquiry); err != nil {
		t.Fatal(err)
	}
	if n := v.Count(v.ws, "ledger_entries", "act = 'chat.reading'"); n != before+1 {
		t.Error("the whole question was read without an entry")
	}
}
