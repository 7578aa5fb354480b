package chat_test

import (
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/security"
	"parlatory/internal/guard/policy"
)

func (v *world) line(t *testing.T, list security.List, network string) security.Entry {
	t.Helper()
	n, err := policy.ParseNetwork(network)
	if err != nil {
		t.Fatal(err)
	}
	e, err := v.Security.Add(t.Context(), v.admin, security.Entry{List: list, Network: n})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// What a refused visitor has open is closed by itself, once, however often they knock: a flood costs no query and no write. Red without
// the turned map (one entry a request), and without the gate's away.
func TestRefusedVisitorsEnquiryCloses(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		_, begun := v.visit(t, "Buy my pills")
		_, other := v.visit(t, "A real question")
		w.Clock.Advance(time.Minute)
		visitor := v.from(t, begun, "203.0.113.9")
		if err := v.Security.SetVisitorMode(t.Context(), v.admin, security.Off, security.Block); err != nil {
			t.Fatal(err)
		}
		knock := func(n int) {
			t.Helper()
			for range n {
				_, err := v.chat.Post(t.Context(), visitor, chat.Post{Room: begun.Room, Client: client(), Body: "more"})
				if err == nil || err.Error() != security.Neutral().Error() {
					t.Fatalf("not the neutral line: %v", err)
				}
			}
			if err := v.Security.CloseRefused(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		state := func() string {
			e, err := v.chat.Get(t.Context(), v.admin, begun.Enquiry)
			if err != nil {
				t.Fatal(err)
			}
			return e.State
		}

		line := v.line(t, security.BlockList, "203.0.113.0/24")
		_, err := v.chat.Post(t.Context(), visitor, chat.Post{Room: begun.Room, Client: client(), Body: "more"})
		is(t, err, parlatory.KindConflict)
		if err := v.Security.Remove(t.Context(), v.admin, security.BlockList, line.ID); err != nil {
			t.Fatal(err)
		}
		if err := v.Security.CloseRefused(t.Context()); err != nil || state() != chat.Open {
			t.Fatalf("closed, though the list lets them by now: %v", err)
		}

		line = v.line(t, security.BlockList, "203.0.113.0/24")
		before := w.Count(v.ws, "ledger_entries", "")
		knock(200)
		if state() != chat.Closed {
			t.Fatal("still open")
		}
		entries := w.Count(v.ws, "ledger_entries", "") // the reading of state() is one
		messages := w.Count(v.ws, "messages", "room = $2", begun.Room)
		knock(200)
		if n := w.Count(v.ws, "messages", "room = $2", begun.Room); n != messages {
			t.Errorf("%d lines more by a flood", n-messages)
		}
		if n := w.Count(v.ws, "ledger_entries", ""); n != entries || entries-before > 3 {
			t.Errorf("%d entries, then %d more", entries-before, n-entries)
		}
		page, err := v.chat.Messages(t.Context(), v.admin, begun.Room, chat.Range{Limit: 10})
		if err != nil || page.Messages[len(page.Messages)-1].Event != "refused" {
			t.Fatalf("%+v %v", page, err)
		}
		if e, err := v.chat.Get(t.Context(), v.admin, other.Enquiry); err != nil || e.State != chat.Open {
			t.Errorf("somebody else's: %+v %v", e.State, err)
		}

		if err := v.Security.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if tally, err := v.Security.Tally(t.Context(), v.admin); err != nil || tally.RefusedToday != 401 {
			t.Errorf("%d refused, want 401: %v", tally.RefusedToday, err)
		}
		if err := v.Security.Remove(t.Context(), v.admin, security.BlockList, line.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := v.chat.Reopen(t.Context(), v.admin, begun.Enquiry); err != nil {
			t.Fatal(err)
		}
		v.line(t, security.BlockList, "203.0.113.9")
		knock(1)
		if state() != chat.Closed {
			t.Error("a new line, and the visitor's enquiry stays open")
		}
	})
}
