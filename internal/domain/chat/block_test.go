package chat_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
)

// from is the visitor at another address, with the same token.
func (v *world) from(t *testing.T, begun chat.Begun, address string) parlatory.Actor {
	t.Helper()
	guest := v.At(v.ws, address)
	guest.Site = site
	visitor, err := v.contacts.Visitor(t.Context(), v.ws, begun.Token.Reveal(), site, guest)
	if err != nil {
		t.Fatal(err)
	}
	return visitor
}

func (v *world) blocklist(t *testing.T) []security.Entry {
	t.Helper()
	p, err := v.Security.List(t.Context(), v.admin, security.BlockList, parlatory.RowID{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	return p.Entries
}

// Who blocks a visitor blocks the address of the visitor's latest act, closes the enquiry, and leaves both in the ledger; the visitor
// reads the neutral line from then on.
func TestBlock(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		boss := w.Hire(t, v.ws, role.Supervisor)
		_, begun := v.visit(t, "Buy my pills")
		w.Clock.Advance(time.Minute)
		visitor := v.from(t, begun, "203.0.113.9")

		_, err := v.chat.Block(t.Context(), v.dana, begun.Enquiry, "", 0)
		is(t, err, parlatory.KindForbidden) // an agent
		_, err = v.chat.Block(t.Context(), boss, begun.Enquiry, "", 0)
		is(t, err, parlatory.KindConflict) // the list is not in force
		if e, err := v.chat.Get(t.Context(), boss, begun.Enquiry); err != nil || e.State != chat.Open || len(v.blocklist(t)) != 0 {
			t.Fatalf("a refused block changed something: %+v %v", e, err)
		}
		if err := v.Security.SetVisitorMode(t.Context(), v.admin, security.Off, security.Block); err != nil {
			t.Fatal(err)
		}
		_, err = v.chat.Block(t.Context(), boss, begun.Enquiry, "", -1)
		is(t, err, parlatory.KindInvalid)
		_, err = v.chat.Block(t.Context(), boss, begun.Enquiry, strings.Repeat("x", 201), 1)
		is(t, err, parlatory.KindInvalid)

		before := w.Count(v.ws, "ledger_entries", "")
		e, err := v.chat.Block(t.Context(), boss, begun.Enquiry, "spam", 30)
		if err != nil || e.State != chat.Closed {
			t.Fatalf("%+v %v", e, err)
		}
		if n := w.Count(v.ws, "ledger_entries", "") - before; n < 2 {
			t.Errorf("%d entries in the ledger", n)
		}
		lines := v.blocklist(t)
		if len(lines) != 1 || lines[0].Network.String() != "203.0.113.9" || lines[0].Remark != "spam" || lines[0].EndsAt.Sub(w.Clock.Now()).Round(time.Hour) != 30*24*time.Hour {
			t.Fatalf("%+v", lines)
		}
		_, err = v.chat.Post(t.Context(), visitor, chat.Post{Room: begun.Room, Client: client(), Body: "more"})
		is(t, err, parlatory.KindConflict)
		if err == nil || err.Error() != security.Neutral().Error() {
			t.Errorf("not the neutral line: %v", err)
		}
		guest := v.At(v.ws, "203.0.113.9")
		guest.Site = site
		_, err = v.chat.Begin(t.Context(), guest, chat.Beginning{Client: client(), Name: "J", Question: "again", Privacy: "2026-11"})
		if err == nil || err.Error() != security.Neutral().Error() {
			t.Errorf("not the neutral line: %v", err)
		}
	})
}

// An IPv6 visitor is blocked with the whole /64; a closed enquiry blocks as well; strangers' enquiries do not exist.
func TestBlockOfAClosedEnquiry(t *testing.T) {
	w := domaintest.Make(t, setup)
	v := newWorld(t, w)
	if err := v.Security.SetVisitorMode(t.Context(), v.admin, security.Off, security.Block); err != nil {
		t.Fatal(err)
	}
	_, begun := v.visit(t, "Buy my pills")
	w.Clock.Advance(time.Minute)
	v.from(t, begun, "2001:db8:1:2:3::4")
	if _, err := v.chat.CloseEnquiry(t.Context(), v.admin, begun.Enquiry); err != nil {
		t.Fatal(err)
	}
	if e, err := v.chat.Block(t.Context(), v.admin, begun.Enquiry, "", 0); err != nil || e.State != chat.Closed {
		t.Fatalf("%+v %v", e, err)
	}
	lines := v.blocklist(t)
	if len(lines) != 1 || !lines[0].Network.Contains(netip.MustParseAddr("2001:db8:1:2:ffff::1")) || lines[0].Network.Contains(netip.MustParseAddr("2001:db8:1:3::1")) || !lines[0].EndsAt.IsZero() {
		t.Fatalf("%+v", lines)
	}
	_, stranger := w.Founded(t, "other")
	_, err := v.chat.Block(t.Context(), stranger, begun.Enquiry, "", 0)
	is(t, err, parlatory.KindNotFound)
}
