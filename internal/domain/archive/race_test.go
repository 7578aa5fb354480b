package archive_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/contact"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/keys"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// sound says that of an erased contact nothing was begun or posted afterwards, and no key came back.
func (v *world) sound(t *testing.T, p person, e int64) {
	t.Helper()
	if v.holds(t, p.id()) {
		t.Error("the key is back")
	}
	if n := v.Count(v.ws, "enquiries", "contact = $2 AND state <> 'Closed'", p.id()); n != 0 {
		t.Errorf("%d conversations are open under a dead key", n)
	}
	if n := v.Count(v.ws, "messages", "room IN (SELECT room FROM enquiries WHERE workspace = $1 AND contact = $2)", p.id()); int64(n) != e {
		t.Errorf("%d messages, and the certificate counts %d", n, e)
	}
}

// Visitor and staff post, reopen and begin while the administrator closes and erases, on two nodes that share the database.
func TestErasureBesidePosts(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		second := v.node(w.DB, w.Ring)
		for round := range 4 {
			p := v.visit(t)
			_, err := v.chat.Pickup(t.Context(), v.dana, p.begun.Enquiry)
			v.must(t, err)
			ctx, stop := context.WithCancel(t.Context())
			var busy sync.WaitGroup
			for i, node := range []*chat.Room{v.chat, second} {
				for _, who := range []parlatory.Actor{p.actor, v.dana} {
					busy.Go(func() {
						for ctx.Err() == nil {
							_, err := node.Post(ctx, who, chat.Post{Room: p.begun.Room, Client: client(), Body: "beside"})
							unsurprised(t, ctx, err)
						}
					})
				}
				busy.Go(func() {
					for n := 0; n < 12 && ctx.Err() == nil; n++ { // or nobody would ever get to the erasure
						var err error
						if i == 0 {
							_, err = node.Reopen(ctx, v.dana, p.begun.Enquiry)
						} else {
							_, err = node.Begin(ctx, p.actor, chat.Beginning{Client: client(), Question: "more", Privacy: "1"})
						}
						unsurprised(t, ctx, err)
					}
				})
			}
			var count int64 = -1
			for count < 0 {
				for _, e := range v.conversations(t, p) {
					switch e.State { // who is faster wins
					case chat.Open:
						_, _ = v.chat.CloseEnquiry(t.Context(), v.admin, e.ID)
					case chat.Ongoing:
						_, _ = second.CloseEnquiry(t.Context(), v.dana, e.ID)
					}
				}
				e, err := v.archive.Erase(t.Context(), v.now(v.admin), p.id(), p.id().String(), "round")
				if err == nil {
					count = e.Messages
				} else if parlatory.KindOf(err) != parlatory.KindConflict {
					t.Fatalf("round %d: %v", round, err)
				}
			}
			stop()
			busy.Wait()
			v.sound(t, p, count)
		}
		v.verifies(t)
	})
}

func (v *world) conversations(t *testing.T, p person) []chat.Enquiry {
	t.Helper()
	all, err := v.chat.Of(t.Context(), v.ws, p.id(), parlatory.EnquiryID{})
	v.must(t, err)
	return all
}

// unsurprised wants refusals that a person could hear, never a fault of ours.
func unsurprised(t *testing.T, ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	if k := parlatory.KindOf(err); k != parlatory.KindConflict && k != parlatory.KindNotFound && k != parlatory.KindUnavailable && k != parlatory.KindUnauthenticated {
		t.Errorf("beside an erasure: %v", err)
	}
}

func TestTwoErasuresAtOnce(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		for range 5 {
			p := v.talked(t)
			results := make(chan error, 4)
			for range cap(results) {
				go func() {
					_, err := v.archive.Erase(context.WithoutCancel(t.Context()), v.now(v.admin), p.id(), p.id().String(), "x")
					results <- err
				}()
			}
			done := 0
			for range cap(results) {
				if err := <-results; err == nil {
					done++
				} else {
					is(t, err, parlatory.KindConflict)
				}
			}
			if n := v.Count(v.ws, "erasures", "contact = $2", p.id()); done != 1 || n != 1 {
				t.Errorf("%d erased the same contact, %d rows", done, n)
			}
		}
	})
}

// A workspace's keys are wrapped again, and a next version of each is due, while contacts are erased.
func TestErasureBesideRewrapping(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		var people []person
		for range 12 {
			p := v.visit(t)
			_, err := v.chat.CloseEnquiry(t.Context(), v.admin, p.begun.Enquiry)
			v.must(t, err)
			people = append(people, p)
		}
		w.Look(v.ws, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE subject_keys SET seals = 2147483648 WHERE workspace = $1 AND kind = 'contact'`)
			return err
		})
		v.must(t, v.Keys.Rotate(t.Context(), v.now(v.admin), "beside"))
		var busy sync.WaitGroup
		busy.Go(func() { v.mustNot(t, v.Keys.Turn(context.WithoutCancel(t.Context()))) })
		busy.Go(func() { v.mustNot(t, v.Keys.Rewrap(context.WithoutCancel(t.Context()), v.ws, func(int64) {})) })
		for _, p := range people[:6] {
			v.erase(t, p)
		}
		busy.Wait()
		v.must(t, v.Keys.Turn(t.Context()))
		v.must(t, v.Keys.Rewrap(t.Context(), v.ws, func(int64) {}))
		for i, p := range people {
			if v.holds(t, p.id()) != (i >= 6) {
				t.Errorf("key of person %d: %v", i, i < 6)
			}
			if n := v.Count(v.ws, "subject_keys", "subject = $2", p.id()); i < 6 && n != 0 {
				t.Errorf("%d versions of an erased contact's key", n)
			}
		}
		v.verifies(t)
	})
}

func (v *world) mustNot(t *testing.T, err error) {
	if err != nil {
		t.Error(err)
	}
}

// The next version of a key is made of one that is destroyed between its minting and its row.
func TestNoNextVersionOfADestroyedKey(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		p := v.talked(t)
		w.Look(v.ws, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE subject_keys SET seals = 2147483648 WHERE workspace = $1 AND kind = 'contact'`)
			return err
		})
		_, next, err := v.Ring.Mint(t.Context(), v.ws, vault.ContactKey(p.id()))
		v.must(t, err)
		v.erase(t, p)
		v.must(t, v.Keys.Turn(t.Context()))
		restored := true
		w.Look(v.ws, func(tx *db.Tx) (err error) {
			restored, err = keys.Restore(tx, keys.Stored{Wrapped: next, CreatedAt: tx.Now()})
			return err
		})
		if restored || v.Count(v.ws, "subject_keys", "subject = $2", p.id()) != 0 {
			t.Error("a destroyed key has a version again")
		}
	})
}

// A hold that is placed at the same time either refuses the erasure or comes too late; never both.
func TestHoldBesideErasure(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		for range 8 {
			p := v.talked(t)
			held := make(chan error, 1)
			go func() {
				_, err := v.archive.Place(context.WithoutCancel(t.Context()), v.now(v.admin), p.id(), "court")
				held <- err
			}()
			_, err := v.archive.Erase(t.Context(), v.now(v.admin), p.id(), p.id().String(), "x")
			if placed := <-held; (placed == nil) == (err == nil) {
				t.Errorf("hold: %v, erasure: %v", placed, err)
			}
		}
	})
}

// A node that has not heard of the erasure still has the opened key and an old state of the room. Nothing that it tries gets under the
// dead key: rows decide.
func TestDeafNodeBringsNothingBack(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		ring := vault.NewRing(vault.Options{Anchors: w.Roots, Shelf: v.shelfOn(w.DB), Clock: w.Clock})
		people := contact.New(contact.Options{DB: w.DB, Law: w.Law, Ring: ring, Sites: w.Workspace, Clock: w.Clock, Log: w.Log})
		deaf := chat.New(chat.Options{DB: w.DB, Law: v.Law, Ring: ring, Ledger: v.Ledger, Contacts: people, Staff: v.Staff, Security: v.Security, Clock: v.Clock, Log: v.Log})
		t.Cleanup(deaf.Close)
		p := v.visit(t)
		_, err := deaf.Pickup(t.Context(), v.dana, p.begun.Enquiry)
		v.must(t, err)
		_, err = deaf.Post(t.Context(), v.dana, chat.Post{Room: p.begun.Room, Client: client(), Body: "before"})
		v.must(t, err)
		v.close(t, p)
		count := v.erase(t, p).Messages
		if _, err := ring.Hold(t.Context(), v.ws, vault.ContactKey(p.id())); err != nil {
			t.Fatalf("the deaf node has forgotten the key: %v", err)
		}
		for what, try := range map[string]func() error{
			"post": func() error {
				_, err := deaf.Post(t.Context(), p.actor, chat.Post{Room: p.begun.Room, Client: client(), Body: "late"})
				return err
			},
			"answer": func() error {
				_, err := deaf.Post(t.Context(), v.dana, chat.Post{Room: p.begun.Room, Client: client(), Body: "late"})
				return err
			},
			"reopen": func() error { _, err := deaf.Reopen(t.Context(), v.dana, p.begun.Enquiry); return err },
			"begin": func() error {
				_, err := deaf.Begin(t.Context(), p.actor, chat.Beginning{Client: client(), Question: "late", Privacy: "1"})
				return err
			},
		} {
			if err := try(); parlatory.KindOf(err) != parlatory.KindConflict {
				t.Errorf("%s: %v", what, err)
			}
		}
		h, err := deaf.Messages(t.Context(), v.dana, p.begun.Room, chat.Range{})
		v.must(t, err)
		for _, m := range h.Messages {
			if m.Body != "" {
				t.Errorf("the deaf node shows %q", m.Body)
			}
		}
		v.sound(t, p, count)
	})
}

// On PostgreSQL a next version is committed while the key is destroyed: it goes, too.
func TestDestroyWaitsForANextVersion(t *testing.T) {
	w := domaintest.Make(t, domaintest.Setup{Postgres: true, Acts: setup.Acts})
	v := newWorld(t, w)
	p := v.talked(t)
	begun, ended := make(chan struct{}), make(chan error, 1)
	permit, err := w.Law.System(domaintest.Raw, v.ws)
	v.must(t, err)
	w.Look(v.ws, func(tx *db.Tx) error {
		var n int
		if err := tx.Row(`SELECT version FROM subject_keys WHERE workspace = $1 AND subject = $2 FOR UPDATE`, p.id()).Scan(&n); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO subject_keys (workspace, kind, subject, version, id, parent, created_at, wrapped)
			SELECT workspace, kind, subject, 2, id, parent, created_at, wrapped FROM subject_keys WHERE workspace = $1 AND subject = $2`, p.id()); err != nil {
			return err
		}
		go func() {
			ended <- w.DB.Write(context.WithoutCancel(t.Context()), permit, func(tx *db.Tx) error {
				close(begun)
				_, err := keys.Destroy(tx, vault.ContactKey(p.id()))
				return err
			})
		}()
		<-begun
		time.Sleep(200 * time.Millisecond) // so that it waits: were it later, it would see both
		return nil
	})
	v.must(t, <-ended)
	if n := v.Count(v.ws, "subject_keys", "subject = $2", p.id()); n != 0 {
		t.Errorf("%d versions are left", n)
	}
}
