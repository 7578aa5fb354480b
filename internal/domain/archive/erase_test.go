package archive_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/contact"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// What finds, opens or admits a contact is gone; another contact's is not.
//
// ASVS V14.2.4
func TestErasureTakesEverythingThatOpens(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		p, other := v.talked(t), v.talked(t)
		e := v.erase(t, p)
		if e.Enquiries != 1 || e.Messages != 5 || e.Files != 2 || e.Tokens != 1 || e.Keys != 1 || e.Indexes < 2 {
			t.Errorf("counted %+v", e)
		}
		id := p.id()
		for table, where := range map[string]string{
			"subject_keys": "kind = 'contact' AND subject = $2", "visitor_tokens": "contact = $2", "contacts": "id = $2 AND email_index IS NOT NULL",
			"ledger_entries": "(subject = $2 OR actor = $2) AND address_index IS NOT NULL", "answers": "$2 <> workspace", "leavings": "$2 <> workspace",
		} {
			if n := v.Count(v.ws, table, where, id); n != 0 {
				t.Errorf("%d rows of %s are left", n, table)
			}
		}
		if n := v.Count(v.ws, "destroyed_keys", "kind = 'contact' AND subject = $2", id); n != 1 {
			t.Errorf("%d rows of destroyed keys", n)
		}
		if len(v.files.dropped) != 2 {
			t.Errorf("blobs deleted: %v", v.files.dropped)
		}
		if v.holds(t, id) || !v.holds(t, other.id()) {
			t.Error("the wrong key is gone")
		}
		_, err := v.contacts.Visitor(t.Context(), v.ws, p.token, site, p.actor)
		is(t, err, parlatory.KindUnauthenticated)
	})
}

func TestErasedContactsAreShownWithoutContent(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		p := v.talked(t)
		_, err := v.chat.Messages(t.Context(), v.dana, p.begun.Room, chat.Range{}) // names, keys and frames are in memory now
		v.must(t, err)
		v.erase(t, p)
		page, err := v.chat.List(t.Context(), v.admin, chat.ViewClosed, parlatory.EnquiryID{}, 10)
		v.must(t, err)
		if len(page.Enquiries) != 1 || !page.Enquiries[0].Contact.Erased || page.Enquiries[0].Contact.Name != contact.ErasedName {
			t.Fatalf("%+v", page.Enquiries)
		}
		e, err := v.chat.Get(t.Context(), v.admin, p.begun.Enquiry)
		v.must(t, err)
		if e.Question != "" || e.Last == nil || e.Last.Body != "" || e.Contact.Email != "" || e.StaffName == "" {
			t.Errorf("%+v", e)
		}
		h, err := v.chat.Messages(t.Context(), v.dana, p.begun.Room, chat.Range{})
		v.must(t, err)
		for _, m := range h.Messages {
			if m.Body != "" || strings.Contains(m.Name, secret) {
				t.Errorf("%+v", m)
			}
		}
		frame, err := v.chat.Frame(t.Context(), v.ws, p.begun.Room, 3)
		v.must(t, err)
		if len(h.Messages) != 5 || strings.Contains(string(frame), secret) {
			t.Errorf("%d messages, frame %s", len(h.Messages), frame)
		}
		_, err = v.chat.Reopen(t.Context(), v.dana, p.begun.Enquiry)
		is(t, err, parlatory.KindConflict)
		_, err = v.chat.Post(t.Context(), v.dana, chat.Post{Room: p.begun.Room, Client: client(), Body: "late"})
		is(t, err, parlatory.KindConflict)
		v.must(t, v.chat.Mark(t.Context(), v.dana, p.begun.Room, 5))
		_, err = v.chat.Block(t.Context(), v.now(v.admin), p.begun.Enquiry, "", 0)
		is(t, err, parlatory.KindConflict)
		_, err = v.chat.Begin(t.Context(), p.actor, chat.Beginning{Client: client(), Question: "again", Privacy: "1"})
		is(t, err, parlatory.KindConflict)
		v.must(t, v.chat.WitnessHeads(t.Context()))
	})
}

func TestTheLedgerVerifiesAfterAnErasure(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		p := v.talked(t)
		v.must(t, v.Ledger.Settle(t.Context(), v.ws))
		v.erase(t, p)
		if r := v.verifies(t); r.Erased != 1 { // the entry of its beginning, which has its address
			t.Errorf("%+v", r)
		}
		records, err := v.audit.List(t.Context(), v.admin, ledger.Filter{Limit: 200})
		v.must(t, err)
		erased := 0
		for _, r := range records {
			if r.Damaged {
				t.Errorf("damaged: %+v", r)
			}
			if r.Erased {
				erased++
			}
		}
		if erased != 1 {
			t.Errorf("%d entries show as erased", erased)
		}
	})
}

func TestWhoMayErase(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		p := v.talked(t)
		id := p.id().String()
		try := func(what string, a parlatory.Actor, who parlatory.ContactID, confirm, why string, kind parlatory.Kind) {
			t.Helper()
			if _, err := v.archive.Erase(t.Context(), a, who, confirm, why); parlatory.KindOf(err) != kind || err == nil {
				t.Errorf("%s: want %s, got %v", what, kind, err)
			}
		}
		old := v.admin
		old.Proved = v.Clock.Now().Add(-time.Hour)
		supervisor := v.Hire(t, v.ws, role.Supervisor)
		_, foreign := v.Founded(t, "other")
		stranger := parlatory.NewID[parlatory.ContactKind](v.Clock)
		try("an agent", v.now(v.dana), p.id(), id, "x", parlatory.KindForbidden)
		try("a supervisor", v.now(supervisor), p.id(), id, "x", parlatory.KindForbidden)
		try("the visitor", p.actor, p.id(), id, "x", parlatory.KindForbidden)
		try("without a step-up", old, p.id(), id, "x", parlatory.KindStepUp)
		try("without the id", v.now(v.admin), p.id(), "", "x", parlatory.KindInvalid)
		try("with another id", v.now(v.admin), p.id(), stranger.String(), "x", parlatory.KindInvalid)
		try("without a reason", v.now(v.admin), p.id(), id, "", parlatory.KindInvalid)
		try("of another workspace", v.now(foreign), p.id(), id, "x", parlatory.KindNotFound)
		try("nobody", v.now(v.admin), stranger, stranger.String(), "x", parlatory.KindNotFound)
		open := v.visit(t)
		try("who is being answered", v.now(v.admin), open.id(), open.id().String(), "x", parlatory.KindConflict)
		if !v.holds(t, p.id()) || !v.holds(t, open.id()) {
			t.Fatal("a refused erasure took a key")
		}
		if _, err := v.contacts.Visitor(t.Context(), v.ws, open.token, site, open.actor); err != nil {
			t.Errorf("a refused erasure took a token: %v", err)
		}
		v.erase(t, p)
		try("a second time", v.now(v.admin), p.id(), id, "x", parlatory.KindConflict)
	})
}

func TestHoldsStandInTheWay(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		p := v.talked(t)
		_, err := v.archive.Place(t.Context(), v.now(v.dana), p.id(), "x")
		is(t, err, parlatory.KindForbidden)
		_, err = v.archive.Place(t.Context(), v.now(v.admin), parlatory.NewID[parlatory.ContactKind](v.Clock), "x")
		is(t, err, parlatory.KindNotFound)
		one, err := v.archive.Place(t.Context(), v.now(v.admin), p.id(), "case 17")
		v.must(t, err)
		two, err := v.archive.Place(t.Context(), v.now(v.admin), p.id(), "tax")
		v.must(t, err)
		refused := func(with string) {
			t.Helper()
			_, err := v.archive.Erase(t.Context(), v.now(v.admin), p.id(), p.id().String(), "x")
			if is(t, err, parlatory.KindConflict); err != nil && !strings.Contains(err.Error(), with) {
				t.Errorf("the reason is not told: %v", err)
			}
		}
		refused("tax")
		_, err = v.archive.Lift(t.Context(), v.now(v.admin), two.ID, "paid")
		v.must(t, err)
		_, err = v.archive.Lift(t.Context(), v.now(v.admin), two.ID, "paid")
		is(t, err, parlatory.KindConflict)
		refused("case 17")
		// Somebody at the database lifts it: the row opens no more, and it is not known whether it stands.
		w.Look(v.ws, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE holds SET lifted_at = $3, lifted_by = $4 WHERE workspace = $1 AND id = $2`, one.ID, tx.Now(), v.admin.Staff)
			return err
		})
		_, err = v.archive.Erase(t.Context(), v.now(v.admin), p.id(), p.id().String(), "x")
		is(t, err, parlatory.KindInternal)
		w.Look(v.ws, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE holds SET lifted_at = NULL, lifted_by = NULL WHERE workspace = $1 AND id = $2`, one.ID)
			return err
		})
		_, foreign := v.Founded(t, "other")
		_, err = v.archive.Lift(t.Context(), v.now(foreign), one.ID, "x")
		is(t, err, parlatory.KindNotFound)
		_, err = v.archive.Lift(t.Context(), v.now(v.admin), one.ID, "closed")
		v.must(t, err)
		all, err := v.archive.Holds(t.Context(), v.admin, p.id())
		if v.must(t, err); len(all) != 2 || all[0].Reason != "tax" || all[0].Lifted != "paid" || all[1].LiftedAt.IsZero() {
			t.Errorf("%+v", all)
		}
		if n := v.Count(v.ws, "ledger_entries", "element = 'Hold'"); n != 4 {
			t.Errorf("%d entries about holds", n)
		}
		v.erase(t, p)
		_, err = v.archive.Place(t.Context(), v.now(v.admin), p.id(), "late")
		is(t, err, parlatory.KindConflict)
	})
}

// Another node has names, frames, states and the opened key in memory; it hears of the erasure.
func TestOtherNodesForget(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		there, ring := w.DB, vault.NewRing(vault.Options{Anchors: w.Roots, Shelf: v.shelfOn(w.DB), Clock: w.Clock})
		if w.DB.Engine() == db.Postgres {
			o := w.Database
			o.PostgresOwner = ""
			var err error
			if there, err = db.Open(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = there.Close() })
			ring = vault.NewRing(vault.Options{Anchors: w.Roots, Shelf: v.shelfOn(there), Clock: w.Clock})
		}
		other := v.node(there, ring)
		v.room(there, ring, other)
		p := v.talked(t)
		_, err := other.Messages(t.Context(), v.dana, p.begun.Room, chat.Range{})
		v.must(t, err)
		v.erase(t, p)
		deadline := time.Now().Add(10 * time.Second)
		for {
			if _, err := ring.Hold(t.Context(), v.ws, vault.ContactKey(p.id())); err != nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the other node still has the key")
			}
			time.Sleep(5 * time.Millisecond)
		}
		h, err := other.Messages(t.Context(), v.dana, p.begun.Room, chat.Range{})
		v.must(t, err)
		for _, m := range h.Messages {
			if m.Body != "" || strings.Contains(m.Name, secret) {
				t.Errorf("the other node remembers %q by %q", m.Body, m.Name)
			}
		}
	})
}

func TestBlobsAreSweptWhereDeletingFailed(t *testing.T) {
	w := domaintest.New(t, setup.Acts...)
	v := newWorld(t, w)
	p := v.talked(t)
	v.files.fail = errors.New("away")
	v.erase(t, p)
	if n := v.Count(v.ws, "leavings", ""); n != 2 || len(v.files.dropped) != 0 {
		t.Fatalf("%d left to delete, %v deleted", n, v.files.dropped)
	}
	v.files.fail = nil
	w.Clock.Advance(10 * time.Minute)
	v.must(t, v.archive.Work(t.Context()))
	if n := v.Count(v.ws, "leavings", ""); n != 0 || len(v.files.dropped) != 2 {
		t.Errorf("%d left to delete, %v deleted", n, v.files.dropped)
	}
}

// On SQLite, what was deleted is overwritten: the wrapped key is in no free corner of the file.
func TestDestroyedKeyIsNotInTheFile(t *testing.T) {
	w := domaintest.New(t, setup.Acts...)
	v := newWorld(t, w)
	var people []person
	for range 30 { // so that pages become free, too
		people = append(people, v.talked(t))
	}
	var blobs [][]byte
	for _, p := range people[:29] {
		var b []byte
		w.Look(v.ws, func(tx *db.Tx) error {
			return tx.Row(`SELECT wrapped FROM subject_keys WHERE workspace = $1 AND subject = $2`, p.id()).Scan(&b)
		})
		blobs = append(blobs, bytes.Clone(b))
		v.erase(t, p)
	}
	var kept []byte
	w.Look(v.ws, func(tx *db.Tx) error {
		return tx.Row(`SELECT wrapped FROM subject_keys WHERE workspace = $1 AND subject = $2`, people[29].id()).Scan(&kept)
	})
	kept = bytes.Clone(kept)
	v.must(t, w.DB.Close()) // the log goes into the file
	file, err := os.ReadFile(w.Database.SQLite)
	v.must(t, err)
	if !bytes.Contains(file, kept) {
		t.Fatal("the test looks at the wrong bytes")
	}
	for i, b := range blobs {
		if bytes.Contains(file, b) {
			t.Errorf("the destroyed key of person %d is still in the file", i)
		}
	}
}
