package security_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/guard/policy"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

func network(t *testing.T, s string) policy.Network {
	t.Helper()
	n, err := policy.ParseNetwork(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func at(a parlatory.Actor, address string) parlatory.Actor {
	a.Address = netip.MustParseAddr(address)
	return a
}

// A card is changed by what was seen of it, within its bounds, and the ledger has old and new.
func TestSettings(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		v, err := w.Security.View(t.Context(), admin)
		if err != nil || v.Settings != security.Default() || v.Revision != 0 {
			t.Fatalf("%+v %v", v, err)
		}
		p := security.PasswordPolicy{MinLength: 16, History: 5}
		if v, err = w.Security.SetPassword(t.Context(), admin, v.Revision, p, v.Lockout); err != nil || v.Password != p || v.Revision != 1 {
			t.Fatalf("%+v %v", v, err)
		}
		if _, err := w.Security.SetSessions(t.Context(), admin, 0, security.SessionPolicy{IdleMinutes: 30, LifeHours: 12}); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Errorf("over an unseen change: %v", err)
		}
		for what, bad := range map[string]security.PasswordPolicy{
			"short without a factor": {MinLength: 8}, "too long": {MinLength: 65}, "long history": {MinLength: 12, History: 25}, "age": {MinLength: 12, MaxAgeDays: 366},
		} {
			if _, err := w.Security.SetPassword(t.Context(), admin, 1, bad, v.Lockout); parlatory.KindOf(err) != parlatory.KindInvalid {
				t.Errorf("%s: %v", what, err)
			}
		}
		if got, err := w.Security.Of(t.Context(), ws); err != nil || got.Password != p {
			t.Errorf("%+v %v", got, err)
		}
		other, _ := w.Founded(t, "other")
		if got, err := w.Security.Of(t.Context(), other); err != nil || got != security.Default() {
			t.Errorf("another workspace: %+v %v", got, err)
		}
		agent := w.Hire(t, ws, role.Agent)
		if _, err := w.Security.View(t.Context(), agent); parlatory.KindOf(err) != parlatory.KindForbidden {
			t.Errorf("agent: %v", err)
		}
	})
}

// Sensitive changes ask for password or factor again after ten minutes.
//
// ASVS V7.5.1, V7.5.3
func TestStepUpIsAsked(t *testing.T) {
	w := domaintest.New(t)
	_, admin := w.Founded(t, "acme")
	w.Clock.Advance(11 * time.Minute)
	if _, err := w.Security.SetSessions(t.Context(), admin, 0, security.SessionPolicy{IdleMinutes: 30, LifeHours: 12}); parlatory.KindOf(err) != parlatory.KindStepUp {
		t.Errorf("after eleven minutes: %v", err)
	}
	if _, err := w.Security.View(t.Context(), admin); err != nil {
		t.Errorf("looking: %v", err)
	}
}

// Whoever requires a factor has one; what stands open without one is out at the next act, though nobody ended it.
//
// ASVS V6.3.3, V8.3.1
func TestAC_032_RequiredFactorHoldsForOpenSessions(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	agent := w.Hire(t, ws, role.Agent)
	p := security.FactorPolicy{Required: true}
	if _, err := w.Security.SetFactor(t.Context(), admin, 0, p); parlatory.KindOf(err) != parlatory.KindConflict {
		t.Fatalf("by somebody without a factor: %v", err)
	}
	admin.Factor = parlatory.TOTP
	if _, err := w.Security.SetFactor(t.Context(), admin, 0, p); err != nil {
		t.Fatal(err)
	}
	if err := w.Security.Admit(t.Context(), agent); parlatory.KindOf(err) != parlatory.KindUnauthenticated {
		t.Errorf("a session without a factor: %v", err)
	}
	if _, err := w.Staff.Me(t.Context(), agent); parlatory.KindOf(err) != parlatory.KindUnauthenticated {
		t.Errorf("an act of it: %v", err)
	}
	p.Resistant = true
	if _, err := w.Security.SetFactor(t.Context(), admin, 1, p); parlatory.KindOf(err) != parlatory.KindConflict {
		t.Errorf("passkeys asked by somebody with a code: %v", err)
	}
	admin.Factor = parlatory.Passkey
	if _, err := w.Security.SetFactor(t.Context(), admin, 1, p); err != nil {
		t.Fatal(err)
	}
	agent.Factor = parlatory.TOTP
	if err := w.Security.Admit(t.Context(), agent); parlatory.KindOf(err) != parlatory.KindUnauthenticated {
		t.Errorf("a code where passkeys are asked: %v", err)
	}
}

// Nobody shuts themselves out: not by switching on, not by taking the last line, not by a line for another role.
func TestAC_085_TheAuthorStaysInside(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		agent := w.Hire(t, ws, role.Agent)
		admin = at(admin, "203.0.113.7")
		on := func() error { return w.Security.SetStaffMode(t.Context(), admin, security.Off, security.On) }
		if err := on(); parlatory.KindOf(err) != parlatory.KindConflict || !strings.Contains(err.Error(), "203.0.113.7") {
			t.Fatalf("an empty list: %v", err)
		}
		add := func(e security.Entry) parlatory.RowID {
			t.Helper()
			e.List = security.StaffList
			e, err := w.Security.Add(t.Context(), admin, e)
			if err != nil {
				t.Fatal(err)
			}
			return e.ID
		}
		add(security.Entry{Network: network(t, "198.51.100.0/24")})
		add(security.Entry{Network: network(t, "203.0.113.0/24"), Role: role.Agent})
		if err := on(); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Fatalf("a line for another role: %v", err)
		}
		own := add(security.Entry{Network: network(t, "203.0.113.1-203.0.113.9")})
		if err := on(); err != nil {
			t.Fatal(err)
		}
		if err := w.Security.Remove(t.Context(), admin, security.StaffList, own); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Errorf("the own line was taken: %v", err)
		}
		second := add(security.Entry{Network: network(t, "203.0.113.7"), Role: role.Administrator})
		if err := w.Security.Remove(t.Context(), admin, security.StaffList, own); err != nil {
			t.Errorf("with a second line: %v", err)
		}
		if err := w.Security.Remove(t.Context(), admin, security.StaffList, second); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Errorf("the last line: %v", err)
		}
		for address, inside := range map[string]bool{"203.0.113.7": true, "::ffff:203.0.113.7": true, "203.0.113.8": false, "2001:db8::1": false} {
			if err := w.Security.Admit(t.Context(), at(admin, address)); (err == nil) != inside {
				t.Errorf("%s: %v", address, err)
			}
		}
		if err := w.Security.Admit(t.Context(), at(agent, "203.0.113.200")); err != nil {
			t.Errorf("an agent where agents may be: %v", err)
		}
	})
}

// Two who switch a list at the same time: the second is told, and nothing of the first one's is undone unseen.
func TestSwitchedMeanwhile(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		_, admin := w.Founded(t, "acme")
		if err := w.Security.SetStaffMode(t.Context(), admin, security.Off, security.Watch); err != nil {
			t.Fatal(err)
		}
		if err := w.Security.SetVisitorMode(t.Context(), admin, security.Off, security.Block); err != nil {
			t.Fatal(err)
		}
		for what, err := range map[string]error{
			"the staff list":      w.Security.SetStaffMode(t.Context(), admin, security.On, security.Off),
			"the visitors' lists": w.Security.SetVisitorMode(t.Context(), admin, security.Off, security.Off),
		} {
			if parlatory.KindOf(err) != parlatory.KindConflict || !strings.Contains(err.Error(), "at the same time") {
				t.Errorf("%s: %v", what, err)
			}
		}
		if v, err := w.Security.View(t.Context(), admin); err != nil || v.StaffMode != security.Watch || v.VisitorMode != security.Block {
			t.Errorf("%s %s %v", v.StaffMode, v.VisitorMode, err)
		}
	})
}

// A list that watches refuses nobody and says whom it would have refused.
func TestWatching(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		if err := w.Security.SetStaffMode(t.Context(), admin, security.Off, security.Watch); err != nil {
			t.Fatal(err)
		}
		agent := at(w.Hire(t, ws, role.Agent), "192.0.2.77")
		for range 3 {
			if err := w.Security.Admit(t.Context(), agent); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // what is written twice adds up
			if err := w.Security.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			_ = w.Security.Admit(t.Context(), agent)
		}
		if err := w.Security.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		all, err := w.Security.Sightings(t.Context(), admin)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if s.Staff == agent.Staff && s.Address == "192.0.2.77" {
				if s.Times != 5 || s.Refused {
					t.Errorf("%+v", s)
				}
				return
			}
		}
		t.Errorf("the agent was not seen: %+v", all)
	})
}

// One of the visitors' lists is in force, or none; a refused visitor reads a neutral line and is counted without a write.
func TestVisitorLists(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	visitor := func(address string) error {
		return w.Security.Admit(t.Context(), parlatory.Actor{Kind: parlatory.Visitor, Workspace: ws, Address: netip.MustParseAddr(address)})
	}
	entries := []security.Entry{{Network: network(t, "192.0.2.0/24")}, {Network: network(t, "198.51.100.7"), EndsAt: w.Clock.Now().Add(time.Hour)}}
	if err := w.Security.AddAll(t.Context(), admin, security.BlockList, entries); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Security.Add(t.Context(), admin, security.Entry{List: security.AllowList, Network: network(t, "192.0.2.9")}); err != nil {
		t.Fatal(err)
	}
	was := security.Off
	check := func(mode security.Mode, inside map[string]bool) {
		t.Helper()
		if mode != "" {
			if err := w.Security.SetVisitorMode(t.Context(), admin, was, mode); err != nil {
				t.Fatal(err)
			}
			was = mode
		}
		for address, in := range inside {
			if err := visitor(address); (err == nil) != in || err != nil && parlatory.KindOf(err) != parlatory.KindConflict {
				t.Errorf("%s, %s: %v", mode, address, err)
			}
		}
	}
	check("", map[string]bool{"192.0.2.9": true, "198.51.100.7": true})
	check(security.Block, map[string]bool{"192.0.2.9": false, "::ffff:192.0.2.9": false, "198.51.100.7": false, "203.0.113.1": true})
	w.Clock.Advance(time.Hour)
	check("", map[string]bool{"198.51.100.7": true, "192.0.2.9": false})
	admin.Proved = w.Clock.Now()
	check(security.Allow, map[string]bool{"192.0.2.9": true, "192.0.2.10": false, "2001:db8::1": false})
	if err := w.Security.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if tally, err := w.Security.Tally(t.Context(), admin); err != nil || tally.RefusedToday != 6 {
		t.Errorf("%+v %v", tally, err)
	}
}

// heard notes what is told of a workspace's security.
type heard chan parlatory.WorkspaceID

func (h heard) Told(events []parlatory.Event) {
	for _, e := range events {
		if e.Kind == parlatory.SecurityChanged {
			h <- e.Workspace
		}
	}
}

// A line ends at its date without anybody's doing: open sockets, which ask nothing by themselves, hear of it within seconds.
func TestLineEndsForOpenSockets(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	for _, e := range []security.Entry{{Network: network(t, "192.0.2.1"), EndsAt: w.Clock.Now().Add(time.Hour)}, {Network: network(t, "192.0.2.2")}} {
		e.List = security.AllowList
		if _, err := w.Security.Add(t.Context(), admin, e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Security.SetVisitorMode(t.Context(), admin, security.Off, security.Allow); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // what was told so far has been heard
	visitor := parlatory.Actor{Kind: parlatory.Visitor, Workspace: ws, Address: netip.MustParseAddr("192.0.2.1")}
	if err := w.Security.Admit(t.Context(), visitor); err != nil {
		t.Fatal(err)
	}
	told := make(heard, 100)
	w.DB.Listen(told)
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	working.Go(func() { _ = w.Security.Run(ctx) })
	defer working.Wait()
	defer stop()
	select {
	case <-told:
		t.Fatal("told before the line has ended")
	case <-time.After(1500 * time.Millisecond):
	}
	w.Clock.Advance(time.Hour)
	select {
	case of := <-told:
		if of != ws {
			t.Errorf("told of %s", of)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nobody is told that a line has ended")
	}
	if err := w.Security.Admit(t.Context(), visitor); parlatory.KindOf(err) != parlatory.KindConflict {
		t.Errorf("after its end: %v", err)
	}
}

// An allowlist without a line in force would close every conversation: it is neither put in force, nor made so by taking its last line.
func TestNobodyAllowed(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		allow := func() error { return w.Security.SetVisitorMode(t.Context(), admin, security.Off, security.Allow) }
		refused := func(what string, err error) {
			t.Helper()
			if parlatory.KindOf(err) != parlatory.KindConflict || !strings.Contains(err.Error(), "no visitor could reach you") {
				t.Errorf("%s: %v", what, err)
			}
		}
		add := func(e security.Entry) parlatory.RowID {
			t.Helper()
			e, err := w.Security.Add(t.Context(), admin, e)
			if err != nil {
				t.Fatal(err)
			}
			return e.ID
		}
		refused("an empty list", allow())
		add(security.Entry{List: security.BlockList, Network: network(t, "192.0.2.1")})
		refused("a line of the other list", allow())
		add(security.Entry{List: security.AllowList, Network: network(t, "192.0.2.2"), EndsAt: w.Clock.Now().Add(time.Minute)})
		w.Clock.Advance(2 * time.Minute)
		refused("a line that has ended", allow())
		if v, err := w.Security.View(t.Context(), admin); err != nil || v.VisitorMode != security.Off {
			t.Fatalf("%s %v", v.VisitorMode, err)
		}
		one := add(security.Entry{List: security.AllowList, Network: network(t, "192.0.2.3")})
		if err := allow(); err != nil {
			t.Fatal(err)
		}
		refused("the last line is taken", w.Security.Remove(t.Context(), admin, security.AllowList, one))
		if err := w.Security.Admit(t.Context(), parlatory.Actor{Kind: parlatory.Visitor, Workspace: ws, Address: netip.MustParseAddr("192.0.2.3")}); err != nil {
			t.Errorf("it is gone: %v", err)
		}
		add(security.Entry{List: security.AllowList, Network: network(t, "192.0.2.4")})
		if err := w.Security.Remove(t.Context(), admin, security.AllowList, one); err != nil {
			t.Errorf("with another one: %v", err)
		}
	})
}

// Rows that were changed past the program shut the door rather than open it.
func TestForgedSettings(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	if _, err := w.Security.SetSessions(t.Context(), admin, 0, security.SessionPolicy{IdleMinutes: 30, LifeHours: 12}); err != nil {
		t.Fatal(err)
	}
	w.Look(ws, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE security_settings SET revision = 7 WHERE workspace = $1`)
		return err
	})
	w.Clock.Advance(time.Second)
	if err := w.Security.Admit(t.Context(), admin); err == nil {
		t.Error("forged settings admit")
	}
}

// TestImport: a table is looked at first, and stores nothing then; its good lines that are new go onto the list in one act; what comes
// out of a list goes in again.
//
// ASVS V2.2.1
func TestImport(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		if _, err := w.Security.Add(t.Context(), admin, security.Entry{List: security.BlockList, Network: network(t, "203.0.113.7")}); err != nil {
			t.Fatal(err)
		}
		text := "network;remark;ends_at\r\n203.0.113.7;known\r\n198.51.100.0/24;Spam;2099-12-31\r\n198.51.100.0/24;again\r\nexample.com;what\r\n192.0.2.1;late;2020-01-01\r\n"
		before := w.Count(ws, "ledger_entries", "")
		dry, err := w.Security.Import(t.Context(), admin, security.BlockList, text, true)
		if err != nil || len(dry.Entries) != 1 || dry.Known != 1 || dry.Doubled != 1 || dry.BadCount != 2 || dry.Bad[0].Line != 5 || dry.Bad[1].Line != 6 {
			t.Fatalf("%+v %v", dry, err)
		}
		if n := w.Count(ws, "network_rules", ""); n != 1 || w.Count(ws, "ledger_entries", "") != before {
			t.Fatalf("looking stored something: %d lines", n)
		}
		if _, err := w.Security.Import(t.Context(), admin, security.BlockList, text, false); err != nil {
			t.Fatal(err)
		}
		all, err := w.Security.Export(t.Context(), admin, security.BlockList)
		if err != nil || len(all) != 2 || all[1].Network.String() != "198.51.100.0/24" || all[1].Remark != "Spam" || all[1].EndsAt.Year() != 2100 {
			t.Fatalf("%+v %v", all, err)
		}
		if n := w.Count(ws, "ledger_entries", "") - before; n != 2 { // the import, and the export
			t.Errorf("%d entries in the ledger", n)
		}
		for what, err := range map[string]error{
			"the same again": second(w.Security.Import(t.Context(), admin, security.BlockList, text, false)), "the staff list": second(w.Security.Import(t.Context(), admin, security.StaffList, text, false)),
			"an agent": second(w.Security.Import(t.Context(), w.Hire(t, ws, role.Agent), security.BlockList, text, true)), "an agent's export": second(w.Security.Export(t.Context(), w.Hire(t, ws, role.Agent), security.BlockList)),
		} {
			if err == nil {
				t.Error(what)
			}
		}
		if n := w.Count(ws, "network_rules", ""); n != 2 {
			t.Errorf("%d lines", n)
		}
	})
}

// TestImportInParts: a long file is added in several transactions, each with its entry, and one that is given twice adds nothing.
func TestImportInParts(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		before := w.Count(ws, "ledger_entries", "")
		var text strings.Builder
		for i := range 1201 {
			fmt.Fprintf(&text, "10.0.%d.%d,Spam\n", i>>8, i&255)
		}
		in, err := w.Security.Import(t.Context(), admin, security.BlockList, text.String(), false)
		if err != nil || len(in.Entries) != 1201 {
			t.Fatalf("%d lines, %v", len(in.Entries), err)
		}
		if n := w.Count(ws, "network_rules", ""); n != 1201 {
			t.Errorf("%d lines", n)
		}
		if n := w.Count(ws, "ledger_entries", "") - before; n != 3 {
			t.Errorf("%d entries in the ledger", n)
		}
		again, err := w.Security.Import(t.Context(), admin, security.BlockList, text.String()+"10.1.0.0,the rest\n", false)
		if err != nil || again.Known != 1201 || len(again.Entries) != 1 {
			t.Errorf("again: %d new, %d known, %v", len(again.Entries), again.Known, err)
		}
		text.Reset()
		for i := range 99_000 {
			fmt.Fprintf(&text, "11.%d.%d.%d\n", i>>16, i>>8&255, i&255)
		}
		if _, err := w.Security.Import(t.Context(), admin, security.BlockList, text.String(), false); parlatory.KindOf(err) != parlatory.KindConflict || w.Count(ws, "network_rules", "") != 1202 {
			t.Errorf("more than a list can hold: %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// ledgered reads the newest entry of a workspace.
func ledgered(t *testing.T, w *domaintest.World, ws parlatory.WorkspaceID) ledger.Record {
	t.Helper()
	permit, err := w.Law.System(domaintest.Raw, ws)
	if err != nil {
		t.Fatal(err)
	}
	all, err := w.Ledger.List(t.Context(), permit, ledger.Filter{Limit: 1})
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	return all[0]
}

// TestTablesAreWitnessed: who takes the visitors' addresses out asks for a step-up and stands in the ledger; and no line of an import is
// hidden behind its first two hundred: the entry binds all of them. Red where the export asks for security.view, and without the digest.
//
// ASVS V7.5.3, V16.2.5
func TestTablesAreWitnessed(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		var first strings.Builder
		for i := range 201 {
			fmt.Fprintf(&first, "203.0.%d.%d\n", i/250, 1+i%250)
		}
		digest := func(list security.List, table string) string {
			if _, err := w.Security.Import(t.Context(), admin, list, table, false); err != nil {
				t.Fatal(err)
			}
			return ledgered(t, w, ws).New["sha256"]
		}
		sum := sha256.New()
		for line := range strings.Lines(first.String()) {
			fmt.Fprintf(sum, `{"list":"block","network":%q}`+"\n", strings.TrimSpace(line))
		}
		if got := digest(security.BlockList, first.String()); got != hex.EncodeToString(sum.Sum(nil)) {
			t.Errorf("the entry of an import binds %q", got)
		}
		if a, b := digest(security.AllowList, first.String()), digest(security.AllowList, "198.51.100.1\n198.51.100.2"); a == b || b == "" {
			t.Error("two imports, one digest")
		}
		stale := admin
		stale.Proved = w.Clock.Now().Add(-time.Hour)
		if _, err := w.Security.Export(t.Context(), stale, security.BlockList); parlatory.KindOf(err) != parlatory.KindStepUp {
			t.Errorf("without a step-up: %v", err)
		}
		all, err := w.Security.Export(t.Context(), admin, security.BlockList)
		if err != nil || len(all) != 201 {
			t.Fatal(len(all), err)
		}
		if e := ledgered(t, w, ws); e.Action != ledger.Downloaded || e.New["lines"] != "201" || e.Actor != admin.Staff.Raw() {
			t.Errorf("%+v", e)
		}
	})
}
