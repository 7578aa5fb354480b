package chat_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// closed makes a conversation that Dana has, and takes the workspace's keys away.
func closed(t *testing.T, v *world, why error) (visitor parlatory.Actor, begun chat.Begun) {
	t.Helper()
	visitor, begun = v.visit(t, "Hello?")
	if _, err := v.chat.Pickup(t.Context(), v.dana, begun.Enquiry); err != nil {
		t.Fatal(err)
	}
	v.Shut(v.ws, why)
	guest := visitor
	guest.Kind = parlatory.Anonymous
	unchecked, err := v.contacts.Visitor(t.Context(), v.ws, begun.Token.Reveal(), site, guest)
	if errors.Is(why, vault.ErrWithdrawn) {
		if err == nil {
			t.Error("a visitor came in although the key was withdrawn")
		}
		return visitor, begun
	}
	if err != nil || !unchecked.Unchecked || unchecked.Contact != visitor.Contact {
		t.Fatalf("%+v, %v", unchecked, err)
	}
	return unchecked, begun
}

func (v *world) raw(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	permit, err := v.Law.System(domaintest.Raw, v.ws)
	if err == nil {
		err = v.DB.Write(t.Context(), permit, func(tx *db.Tx) error {
			if query[:6] == "SELECT" {
				return tx.Row(query, args...).Scan(&n)
			}
			changed, err := tx.Exec(query, args...)
			n = int(changed)
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What a visitor writes while the keys are away is kept, and stands in the room once, in order and with its time, when they are back.
func TestMessagesAreKeptWhileTheKeysAreAway(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, begun := closed(t, v, vault.ErrAway)
		var want []string
		var first chat.Posted
		ids := make([]parlatory.ClientID, 40)
		for i := range ids {
			ids[i] = client()
			text := fmt.Sprintf("message %d", i)
			p, err := v.chat.Post(t.Context(), visitor, chat.Post{Room: begun.Room, Client: ids[i], Body: text})
			if err != nil || !p.Kept || p.Seq != 0 || p.At.IsZero() {
				t.Fatalf("%+v, %v", p, err)
			}
			if i == 0 {
				first = p
			}
			want = append(want, text)
		}
		if again, err := v.chat.Post(t.Context(), visitor, chat.Post{Room: begun.Room, Client: ids[0], Body: "message 0"}); err != nil || !again.Kept || !again.At.Equal(first.At) {
			t.Errorf("a repeat: %+v, %v", again, err)
		}
		_, err := v.chat.Post(t.Context(), v.dana, chat.Post{Room: begun.Room, Client: client(), Body: "hidden"})
		is(t, err, parlatory.KindUnavailable)
		_, err = v.chat.Messages(t.Context(), v.dana, begun.Room, chat.Range{Limit: 10})
		is(t, err, parlatory.KindUnavailable)
		_, err = v.chat.Messages(t.Context(), visitor, begun.Room, chat.Range{Limit: 10})
		is(t, err, parlatory.KindUnavailable)
		_, err = v.chat.Frame(t.Context(), v.ws, begun.Room, 1) // it was in memory
		is(t, err, parlatory.KindUnavailable)
		if err := v.chat.DrainInboxes(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := v.raw(t, `SELECT COUNT(*) FROM inbox WHERE workspace = $1 AND state = 'waiting'`); n != 40 {
			t.Fatalf("%d wait", n)
		}
		v.Reopen(v.ws)
		var both sync.WaitGroup
		for _, node := range []*chat.Room{v.chat, v.node(v.DB)} {
			both.Go(func() {
				if err := node.DrainInboxes(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		got := read(t, v.chat, v.dana, begun.Room)
		if !slices.Equal(got[2:], want) {
			t.Errorf("%q", got)
		}
		h, err := v.chat.Messages(t.Context(), v.dana, begun.Room, chat.Range{After: 2, Limit: 1})
		if err != nil || !h.Messages[0].At.Equal(first.At) {
			t.Errorf("%+v, %v", h, err)
		}
		if n := v.raw(t, `SELECT COUNT(*) FROM inbox WHERE workspace = $1`); n != 0 {
			t.Errorf("%d are left", n)
		}
		if p, err := v.chat.Post(t.Context(), visitor, chat.Post{Room: begun.Room, Client: ids[0], Body: "message 0"}); err != nil || p.Seq != 3 && !p.Kept {
			t.Errorf("a repeat afterwards: %+v, %v", p, err)
		}
	})
}

// Nobody fills the disk with messages that nobody can read.
func TestKeptMessagesAreBounded(t *testing.T) {
	v := newWorld(t, domaintest.Make(t, setup))
	visitor, begun := closed(t, v, vault.ErrAway)
	for i := range 51 {
		_, err := v.chat.Post(t.Context(), visitor, chat.Post{Room: begun.Room, Client: client(), Body: "x"})
		if (err != nil) != (i == 50) {
			t.Fatalf("message %d: %v", i, err)
		}
	}
}

// AC-124: a key that was withdrawn on purpose closes the inbox too.
func TestAC_124_AWithdrawnKeyClosesTheInbox(t *testing.T) {
	v := newWorld(t, domaintest.Make(t, setup))
	visitor, begun := closed(t, v, vault.ErrWithdrawn)
	_, err := v.chat.Post(t.Context(), visitor, chat.Post{Room: begun.Room, Client: client(), Body: "x"})
	is(t, err, parlatory.KindUnavailable)
	if n := v.raw(t, `SELECT COUNT(*) FROM inbox WHERE workspace = $1`); n != 0 {
		t.Errorf("%d are kept", n)
	}
}

// AC-121: who can write to the database neither adds a kept message, nor moves one, nor has them sealed to a key of his own.
func TestAC_121_KeptMessagesStayInTheirPlace(t *testing.T) {
	for what, change := range map[string]string{
		"another room":      `UPDATE inbox SET room = contact WHERE workspace = $1`,
		"another id":        `UPDATE inbox SET client = contact WHERE workspace = $1`,
		"another text":      `UPDATE inbox SET sealed = mac WHERE workspace = $1`,
		"another number":    `UPDATE inbox SET number = number + 1 WHERE workspace = $1`,
		"another time":      `UPDATE inbox SET at = at + 1 WHERE workspace = $1`,
		"another session":   `UPDATE inbox SET token = contact WHERE workspace = $1`,
		"another visitor":   `UPDATE inbox SET contact = token WHERE workspace = $1`,
		"no voucher":        `UPDATE inbox SET mac = token WHERE workspace = $1`,
		"another inbox key": `UPDATE inbox_keys SET public = mac WHERE workspace = $1`,
		"another token row": `UPDATE visitor_tokens SET site = 'https://evil.example' WHERE workspace = $1`,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			v := newWorld(t, domaintest.Make(t, setup))
			visitor, begun := closed(t, v, vault.ErrAway)
			if _, err := v.chat.Post(t.Context(), visitor, chat.Post{Room: begun.Room, Client: client(), Body: "mine"}); err != nil {
				t.Fatal(err)
			}
			if n := v.raw(t, change); n == 0 {
				t.Fatal("nothing was changed")
			}
			if what == "another inbox key" {
				_, err := v.chat.Post(t.Context(), visitor, chat.Post{Room: begun.Room, Client: client(), Body: "to a thief"})
				is(t, err, parlatory.KindInternal)
			}
			v.Reopen(v.ws)
			if err := v.chat.DrainInboxes(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := read(t, v.chat, v.dana, begun.Room); slices.Contains(got, "mine") {
				t.Errorf("%q", got)
			}
			if n := v.raw(t, `SELECT COUNT(*) FROM inbox WHERE workspace = $1 AND state = 'damaged'`); n != 1 {
				t.Errorf("%d are set aside", n)
			}
		})
	}
}
