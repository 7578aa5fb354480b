package staff_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/signin"
	"parlatory/internal/domain/staff"
	"parlatory/internal/guard/access"
	"parlatory/internal/storage/db"
)

func kind(t *testing.T, err error, want parlatory.Kind, what string) {
	t.Helper()
	if err == nil || parlatory.KindOf(err) != want {
		t.Fatalf("%s: want %v, got %v", what, want, err)
	}
}

// TestLastAdministrator: a workspace never loses its last active administrator, also when two act at once, and nobody
// suspends or demotes himself.
func TestLastAdministrator(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, first := w.Founded(t, "acme")
		second := w.Hire(t, ws, role.Administrator)
		_, err := w.Staff.Suspend(t.Context(), first, first.Staff)
		kind(t, err, parlatory.KindConflict, "suspend oneself")
		_, err = w.Staff.SetRole(t.Context(), first, first.Staff, role.Agent)
		kind(t, err, parlatory.KindConflict, "demote oneself")
		var done atomic.Int64
		var both sync.WaitGroup
		both.Go(func() {
			if _, err := w.Staff.Suspend(t.Context(), first, second.Staff); err == nil {
				done.Add(1)
			}
		})
		both.Go(func() {
			if _, err := w.Staff.SetRole(t.Context(), second, first.Staff, role.Agent); err == nil {
				done.Add(1)
			}
		})
		both.Wait()
		if n := w.Count(ws, "staff", "role = 'Administrator' AND state = 'active'"); n != 1 || done.Load() != 1 {
			t.Fatalf("%d administrators left, %d acts done", n, done.Load())
		}
	})
}

// TestLastAdministratorInTurn: what was asked before a suspension and arrives after it takes the last one neither.
func TestLastAdministratorInTurn(t *testing.T) {
	w := domaintest.New(t)
	ws, first := w.Founded(t, "acme")
	second := w.Hire(t, ws, role.Administrator)
	if _, err := w.Staff.Suspend(t.Context(), first, second.Staff); err != nil {
		t.Fatal(err)
	}
	_, err := w.Staff.SetRole(t.Context(), second, first.Staff, role.Agent)
	kind(t, err, parlatory.KindUnauthenticated, "demote the last")
	_, err = w.Staff.Suspend(t.Context(), second, first.Staff)
	kind(t, err, parlatory.KindUnauthenticated, "suspend the last")
}

// TestSuspendEachOther: of two administrators who suspend each other at once exactly one does, though a third is left.
func TestSuspendEachOther(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, third := w.Founded(t, "acme")
		for round := range 4 {
			first, second := w.Hire(t, ws, role.Administrator), w.Hire(t, ws, role.Administrator)
			var done, refused atomic.Int64
			var both sync.WaitGroup
			for _, p := range [][2]parlatory.Actor{{first, second}, {second, first}} {
				both.Go(func() {
					_, err := w.Staff.Suspend(t.Context(), p[0], p[1].Staff)
					switch {
					case err == nil:
						done.Add(1)
					case parlatory.KindOf(err) == parlatory.KindUnauthenticated:
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			both.Wait()
			if n := w.Count(ws, "staff", "state = 'suspended'"); done.Load() != 1 || refused.Load() != 1 || n != round+1 {
				t.Fatalf("%d suspended, %d acts done, %d refused", n, done.Load(), refused.Load())
			}
		}
		if err := w.Staff.Revoke(t.Context(), third, third.Staff); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Fatalf("the third: %v", err)
		}
	})
}

// TestAC_058_WhatWasAskedBefore: an act that the law permitted, and that reaches its transaction after its actor was
// suspended or got another role, changes nothing.
func TestAC_058_WhatWasAskedBefore(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		suspended, demoted := w.Hire(t, ws, role.Administrator), w.Hire(t, ws, role.Administrator)
		agent, away := w.Hire(t, ws, role.Agent), w.Hire(t, ws, role.Agent)
		pending, err := w.Staff.Invite(t.Context(), admin, "pending@acme.example", "", role.Agent)
		if err != nil {
			t.Fatal(err)
		}
		site, err := w.Workspace.AddSite(t.Context(), admin, "https://shop.example")
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{
			second(w.Staff.Suspend(t.Context(), admin, away.Staff)), second(w.Staff.Suspend(t.Context(), admin, suspended.Staff)),
			second(w.Staff.SetRole(t.Context(), admin, demoted.Staff, role.Supervisor)),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		before := w.Count(ws, "ledger_entries", "")
		stranger := admin
		stranger.Account = agent.Account
		for who, a := range map[string]parlatory.Actor{"suspended": suspended, "demoted": demoted, "another account": stranger} {
			for what, err := range map[string]error{
				"invite":      second(w.Staff.Invite(t.Context(), a, "new@acme.example", "", role.Agent)),
				"resend":      w.Staff.Resend(t.Context(), a, pending.ID),
				"revoke":      w.Staff.Revoke(t.Context(), a, pending.ID),
				"role":        second(w.Staff.SetRole(t.Context(), a, agent.Staff, role.Administrator)),
				"suspend":     second(w.Staff.Suspend(t.Context(), a, agent.Staff)),
				"reactivate":  second(w.Staff.Reactivate(t.Context(), a, away.Staff)),
				"company":     second(w.Workspace.Rename(t.Context(), a, "Evil")),
				"list site":   second(w.Workspace.AddSite(t.Context(), a, "https://evil.example")),
				"remove site": w.Workspace.RemoveSite(t.Context(), a, site.ID),
			} {
				kind(t, err, parlatory.KindUnauthenticated, who+", "+what)
			}
		}
		if n := w.Count(ws, "ledger_entries", ""); n != before {
			t.Errorf("%d entries", n-before)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// TestNobodyGrantsWhatTheyLack: only a role that covers another grants it, invites into it, or touches who has it.
func TestNobodyGrantsWhatTheyLack(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	supervisor, agent := w.Hire(t, ws, role.Supervisor), w.Hire(t, ws, role.Agent)
	for _, who := range []parlatory.Actor{supervisor, agent} {
		_, err := w.Staff.Invite(t.Context(), who, "x@acme.example", "", role.Agent)
		kind(t, err, parlatory.KindForbidden, who.Role+" invites")
		_, err = w.Staff.SetRole(t.Context(), who, agent.Staff, role.Administrator)
		kind(t, err, parlatory.KindForbidden, who.Role+" promotes")
		_, err = w.Staff.Suspend(t.Context(), who, admin.Staff)
		kind(t, err, parlatory.KindForbidden, who.Role+" suspends")
	}
	_, err := w.Staff.SetRole(t.Context(), admin, agent.Staff, "Owner")
	kind(t, err, parlatory.KindInvalid, "a role that does not exist")
}

// personnel is a role that may invite and change staff, and not much else.
type personnel struct {
	access.Roles
	role access.Role
}

func (p personnel) Role(ctx context.Context, ws parlatory.WorkspaceID, name string) (access.Role, error) {
	if name == p.role.Name {
		return p.role, nil
	}
	return p.Roles.Role(ctx, ws, name)
}

// TestNobodyLiftsAboveThemselves: who may change staff still can't hand out, or take away, more than they hold.
func TestNobodyLiftsAboveThemselves(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	agent, clerk := w.Hire(t, ws, role.Agent), w.Hire(t, ws, role.Agent)
	roles := personnel{w.Roles, w.Catalogue.NewRole("Personnel", access.Department, "staff.view", "staff.invite", "staff.edit", "staff.suspend")}
	law := access.NewLaw(w.Catalogue, roles, nil)
	law.Guard(w.Security, w.Clock)
	room := staff.New(staff.Options{DB: w.DB, Law: law, Roles: roles, Ring: w.Ring, Ledger: w.Ledger, Workspace: w.Workspace, Account: w.Account, Sessions: w.Sessions, Clock: w.Clock, Log: w.Log})
	if _, err := room.SetRole(t.Context(), admin, clerk.Staff, "Personnel"); err != nil {
		t.Fatal(err)
	}
	clerk.Role = "Personnel"
	_, err := room.Invite(t.Context(), clerk, "x@acme.example", "", role.Administrator)
	kind(t, err, parlatory.KindForbidden, "invite an administrator")
	_, err = room.SetRole(t.Context(), clerk, agent.Staff, role.Administrator)
	kind(t, err, parlatory.KindForbidden, "make an administrator")
	_, err = room.SetRole(t.Context(), clerk, admin.Staff, role.Agent)
	kind(t, err, parlatory.KindForbidden, "demote an administrator")
	_, err = room.Suspend(t.Context(), clerk, admin.Staff)
	kind(t, err, parlatory.KindForbidden, "suspend an administrator")
	if _, err := room.SetRole(t.Context(), clerk, agent.Staff, role.Supervisor); err == nil {
		t.Fatal("a supervisor's role holds more than the own")
	}
	if _, err := room.Suspend(t.Context(), clerk, agent.Staff); err != nil {
		t.Fatalf("suspend an agent: %v", err)
	}
}

// TestRenamedInEachLedger: a new name of an account stands in the ledger of the house, of the door, and of the person's
// other workspaces, and which name it was in that of the door alone.
func TestRenamedInEachLedger(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	other, boss := w.Founded(t, "other")
	if _, err := w.Staff.Invite(t.Context(), boss, "admin@acme.example", "", role.Agent); err != nil {
		t.Fatal(err)
	}
	r, err := w.Signin.Enter(t.Context(), w.At(other), signin.Try{Email: "admin@acme.example", Password: parlatory.NewSecret(domaintest.Password), Invitation: w.Link("admin@acme.example")})
	if err != nil {
		t.Fatal(err)
	}
	w.Agreed(t, other, r)
	if _, err := w.Staff.RenameMe(t.Context(), admin, "Ada Lovelace"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := w.Account.Echo(t.Context(), w.Staff); err != nil {
			t.Fatal(err)
		}
	}
	for where, want := range map[parlatory.WorkspaceID]string{parlatory.House: "account.edit", ws: "account.edit", other: "account.echo"} {
		if n := w.Count(where, "ledger_entries", "act = $2", want); n != 1 {
			t.Errorf("%d entries %s", n, want)
		}
	}
}

// TestWhoSeesWhat: below the level Full there are names, and neither addresses nor invitations.
func TestWhoSeesWhat(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	agent, email := w.HireAs(t, ws, role.Agent)
	if _, err := w.Staff.Invite(t.Context(), admin, "pending@acme.example", "Pending", role.Agent); err != nil {
		t.Fatal(err)
	}
	page, err := w.Staff.List(t.Context(), agent, parlatory.StaffID{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Items) != 2 {
		t.Fatalf("%d items", len(page.Items))
	}
	for _, m := range page.Items {
		if m.Name == "" || m.You != (m.ID == agent.Staff) || !m.You && m.Email != "" || m.You && m.Email != email {
			t.Fatalf("agent sees %+v", m)
		}
	}
	first, err := w.Staff.List(t.Context(), admin, parlatory.StaffID{}, 2)
	if err != nil || len(first.Items) != 2 || first.Next.Zero() {
		t.Fatalf("%+v %v", first, err)
	}
	rest, err := w.Staff.List(t.Context(), admin, first.Next, 2)
	if err != nil || len(rest.Items) != 1 || !rest.Next.Zero() || rest.Items[0].State != staff.Invited || rest.Items[0].InvitedUntil.IsZero() {
		t.Fatalf("%+v %v", rest, err)
	}
}

// Somebody is found wherever in the list they stand, by parts of name and address whatever case and accents; who sees no addresses finds
// nobody by one, and nobody who is only invited. Red where the address is searched before it is taken away, and where one page is searched.
func TestFind(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	_, email := w.HireAs(t, ws, role.Agent)
	for i := range 205 { // more than a page
		if _, err := w.Staff.Invite(t.Context(), admin, fmt.Sprintf("filler%d@acme.example", i), "Filler", role.Agent); err != nil {
			t.Fatal(err)
		}
		if w.Clock.Advance(30 * time.Second); i%15 == 14 { // the budget of invitations, and the step-up
			admin = w.SignIn(t, ws, "admin@acme.example", domaintest.Password)
		}
	}
	last, err := w.Staff.Invite(t.Context(), admin, "j.garcia@acme.example", "José García Straße", role.Agent)
	if err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{"josé", "JOSE", "garc jos", "STRASSE", "Jose\u0301", "j.garcia@ACME", "  garcia  "} {
		if got, err := w.Staff.Find(t.Context(), admin, typed); err != nil || len(got) != 1 || got[0].ID != last.ID || got[0].InvitedUntil.IsZero() {
			t.Errorf("%q: %d found, %v", typed, len(got), err)
		}
	}
	if got, err := w.Staff.Find(t.Context(), admin, "jose maria"); err != nil || len(got) != 0 {
		t.Errorf("each word must be there: %+v %v", got, err)
	}
	if got, err := w.Staff.Find(t.Context(), admin, "filler"); err != nil || len(got) != 200 {
		t.Errorf("%d found, %v", len(got), err)
	}
	agent := w.SignIn(t, ws, email, domaintest.Password)
	for typed, want := range map[string]int{"ada": 1, "admin@acme": 0, "garcia": 0, email: 1} {
		if got, err := w.Staff.Find(t.Context(), agent, typed); err != nil || len(got) != want {
			t.Errorf("an agent finds %d by %q, want %d: %v", len(got), typed, want, err)
		}
	}
	_, stranger := w.Founded(t, "other")
	if got, err := w.Staff.Find(t.Context(), stranger, "garcia"); err != nil || len(got) != 0 {
		t.Errorf("another workspace finds %+v, %v", got, err)
	}
}

// TestInviteTwice: one address is one member, and comes again after it was revoked.
func TestInviteTwice(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		_, admin := w.Founded(t, "acme")
		m, err := w.Staff.Invite(t.Context(), admin, "One@acme.example", "", role.Agent)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Staff.Invite(t.Context(), admin, "one@ACME.example", "", role.Agent)
		kind(t, err, parlatory.KindConflict, "invited twice")
		_, err = w.Staff.Invite(t.Context(), admin, "admin@acme.example", "", role.Agent)
		kind(t, err, parlatory.KindConflict, "a member invited")
		if err := w.Staff.Revoke(t.Context(), admin, m.ID); err != nil {
			t.Fatal(err)
		}
		kind(t, w.Staff.Resend(t.Context(), admin, m.ID), parlatory.KindNotFound, "resend to somebody revoked")
		if _, err := w.Staff.Invite(t.Context(), admin, "one@acme.example", "", role.Agent); err != nil {
			t.Fatal(err)
		}
		kind(t, w.Staff.Revoke(t.Context(), admin, admin.Staff), parlatory.KindConflict, "revoke a member")
	})
}

// TestNamesFollow: a display name that was remembered is forgotten when it changes.
func TestNamesFollow(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	name := func() string {
		names, err := w.Staff.Names(t.Context(), ws, []parlatory.StaffID{admin.Staff, {}})
		if err != nil {
			t.Fatal(err)
		}
		return names[admin.Staff]
	}
	if got := name(); got != "Ada of acme" {
		t.Fatalf("name %q", got)
	}
	m, err := w.Staff.RenameMe(t.Context(), admin, "Ada Lovelace")
	if err != nil || m.Name != "Ada Lovelace" || m.Email != "admin@acme.example" || m.Role != role.Administrator {
		t.Fatalf("%+v %v", m, err)
	}
	w.Staff.Told([]parlatory.Event{{Kind: parlatory.StaffChanged, Workspace: ws, Staff: admin.Staff}})
	if got := name(); got != "Ada Lovelace" {
		t.Fatalf("name %q after the change", got)
	}
}

// TestEditedMembershipOpensNothing: a role written into the database past the program is no role.
func TestEditedMembershipOpensNothing(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	agent, email := w.HireAs(t, ws, role.Agent)
	w.Look(ws, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE staff SET role = 'Administrator' WHERE workspace = $1 AND id = $2`, agent.Staff)
		return err
	})
	if _, err := w.Staff.Me(t.Context(), agent); err == nil {
		t.Error("the edited row opened")
	}
	if _, err := w.Staff.Suspend(t.Context(), admin, agent.Staff); err == nil {
		t.Error("the edited row was changed further")
	}
	_ = email
}

// TestEveryChangeIsWitnessed: each act about members leaves its entry in the same transaction.
func TestEveryChangeIsWitnessed(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	agent := w.Hire(t, ws, role.Agent)
	m, err := w.Staff.Invite(t.Context(), admin, "one@acme.example", "", role.Agent)
	if err != nil {
		t.Fatal(err)
	}
	for what, do := range map[string]func() error{
		"staff.resend":   func() error { return w.Staff.Resend(t.Context(), admin, m.ID) },
		"staff.edit":     func() error { _, err := w.Staff.SetRole(t.Context(), admin, agent.Staff, role.Supervisor); return err },
		"staff.suspend":  func() error { _, err := w.Staff.Suspend(t.Context(), admin, agent.Staff); return err },
		"account.edit":   func() error { _, err := w.Staff.RenameMe(t.Context(), admin, "Other"); return err },
		"workspace.edit": func() error { _, err := w.Workspace.Rename(t.Context(), admin, "Other"); return err },
		"site.edit":      func() error { _, err := w.Workspace.AddSite(t.Context(), admin, "https://shop.example"); return err },
	} {
		before := w.Count(ws, "ledger_entries", "act = $2", what)
		if err := do(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if n := w.Count(ws, "ledger_entries", "act = $2", what) - before; n != 1 {
			t.Errorf("%s left %d entries", what, n)
		}
	}
}
