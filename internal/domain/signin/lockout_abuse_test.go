package signin_test

import (
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/signin"
	"parlatory/internal/guard/credential"
	"parlatory/internal/storage/db"
)

// browser is one browser of a person: it keeps its cookie.
type browser struct {
	w      *domaintest.World
	ws     parlatory.WorkspaceID
	device parlatory.Secret
}

func (b *browser) enter(email, password string) error {
	r, err := b.w.Signin.Enter(b.w.T.Context(), b.w.At(b.ws), signin.Try{Email: email, Password: secret(password), Device: b.device})
	if err == nil && !r.Device.Empty() {
		b.device = r.Device
	}
	return err
}

// tries enters a wrong password n times, each from another address.
func (b *browser) tries(t *testing.T, email string, n int) {
	t.Helper()
	for range n {
		refused(t, b.enter(email, "wrong wrong wrong"))
	}
}

const adminMail = "admin@acme.example"

// TestAC_004_StrangerLocksNobodyOut: a stranger who burns an account's tries keeps its owner off no browser that is known; there ten
// wrong ones are too many as well, and after 400 days it is a browser like others. Red where count takes the stranger's class for all.
//
// ASVS V6.1.1, V6.3.1
func TestAC_004_StrangerLocksNobodyOut(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, _ := w.Founded(t, "acme")
		other, _ := w.Founded(t, "other")
		home, stranger := &browser{w: w, ws: ws}, &browser{w: w, ws: ws}
		if err := home.enter(adminMail, domaintest.Password); err != nil {
			t.Fatal(err)
		}
		stranger.tries(t, adminMail, 12)
		for range 2 {
			if err := home.enter(adminMail, domaintest.Password); err != nil {
				t.Fatalf("the owner at home: %v", err)
			}
			refused(t, (&browser{w: w, ws: ws}).enter(adminMail, domaintest.Password)) // which was no fresh start for anybody else
		}
		// The cookie is worth nothing for another account.
		borrowed := &browser{w: w, ws: other, device: home.device}
		borrowed.tries(t, "admin@other.example", 10)
		refused(t, borrowed.enter("admin@other.example", domaintest.Password))
		home.tries(t, adminMail, 10)
		refused(t, home.enter(adminMail, domaintest.Password))
		link := resetLink(t, w, ws, adminMail)
		if err := w.Signin.Reset(t.Context(), w.At(ws), link, secret(newPassword)); err != nil {
			t.Fatal(err)
		}
		if err := home.enter(adminMail, newPassword); err != nil {
			t.Fatalf("after the reset: %v", err)
		}
		w.Clock.Advance(401 * 24 * time.Hour)
		stranger.tries(t, adminMail, 10)
		refused(t, home.enter(adminMail, newPassword))
	})
}

// TestAC_004_SlowTries: somebody who tries as often as the floor lets them, ten times in 15 minutes, gets to a hundred and no further, whatever the time; the owner comes in
// all along on a known browser, which lets strangers begin anew, and is told by mail once a day. Red without the ceiling.
//
// ASVS V6.3.1
func TestAC_004_SlowTries(t *testing.T) {
	w := domaintest.New(t)
	ws, _ := w.Founded(t, "acme")
	home := &browser{w: w, ws: ws}
	if err := home.enter(adminMail, domaintest.Password); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for range 112 {
		w.Clock.Advance(90 * time.Second)
		v, err := w.Account.Verifier().Ask(t.Context(), account.Question{Door: ws, From: w.At(ws).Address, Email: adminMail, Password: secret("wrong wrong wrong")})
		if err != nil {
			t.Fatal(err)
		}
		if v.Why == account.Wrong {
			checked++
		}
	}
	if checked != 100 {
		t.Fatalf("%d passwords were looked at", checked)
	}
	w.Deliver()
	if n := w.Mail.Count(adminMail, "Wrong passwords for your account"); n != 1 {
		t.Fatalf("%d letters tell of the lock", n)
	}
	w.Clock.Advance(30 * time.Minute)
	refused(t, (&browser{w: w, ws: ws}).enter(adminMail, domaintest.Password))
	if err := home.enter(adminMail, domaintest.Password); err != nil {
		t.Fatalf("the owner at home: %v", err)
	}
	if err := (&browser{w: w, ws: ws}).enter(adminMail, domaintest.Password); err != nil {
		t.Fatalf("after the owner came in: %v", err)
	}
}

// set changes the settings of a workspace's passwords.
func set(t *testing.T, w *domaintest.World, admin parlatory.Actor, p security.PasswordPolicy, l security.LockoutPolicy) {
	t.Helper()
	p.MinLength = max(p.MinLength, 12)
	admin.Proved = w.Clock.Now()
	now, err := w.Security.View(t.Context(), admin)
	if err == nil {
		_, err = w.Security.SetPassword(t.Context(), admin, now.Revision, p, l)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestLockoutOfADoor: a workspace's threshold locks its own door alone, and ends as it says.
//
// ASVS V6.1.1, V6.3.1
func TestLockoutOfADoor(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		fresh := func() *browser { return &browser{w: w, ws: ws} }
		right := func() error { return fresh().enter(adminMail, domaintest.Password) }
		locked := func() (yes bool) {
			ix, err := w.Ring.Index(t.Context(), parlatory.House)
			if err != nil {
				t.Fatal(err)
			}
			s, err := w.Security.Of(t.Context(), ws)
			if err != nil {
				t.Fatal(err)
			}
			w.Look(ws, func(tx *db.Tx) error {
				all, err := w.Account.Verifier().Locked(tx, ix, []parlatory.AccountID{admin.Account}, s.Lockout)
				yes = all[admin.Account]
				return err
			})
			return yes
		}
		set(t, w, admin, security.PasswordPolicy{}, security.LockoutPolicy{Threshold: 3, Ends: security.EndsByTime, Minutes: 30})
		fresh().tries(t, adminMail, 3)
		refused(t, right())
		w.Clock.Advance(16 * time.Minute) // the floor's window is over, the door's lock is not
		refused(t, right())
		if !locked() {
			t.Fatal("the list does not say so")
		}
		w.Clock.Advance(15 * time.Minute)
		fresh().tries(t, adminMail, 2) // a run of its own
		if err := right(); err != nil {
			t.Fatalf("after the time: %v", err)
		}
		admin.Proved = w.Clock.Now()
		set(t, w, admin, security.PasswordPolicy{}, security.LockoutPolicy{Threshold: 3, Ends: security.EndsByAdministrator})
		fresh().tries(t, adminMail, 3)
		w.Clock.Advance(48 * time.Hour)
		refused(t, right())
		ix, err := w.Ring.Index(t.Context(), parlatory.House)
		if err != nil {
			t.Fatal(err)
		}
		w.Look(ws, func(tx *db.Tx) error { return w.Account.Verifier().Pardon(tx, ix, admin.Account) })
		if locked() {
			t.Fatal("locked after the pardon")
		}
		if err := right(); err != nil {
			t.Fatalf("after the pardon: %v", err)
		}
	})
}

// TestStalePardons: what forgave a run at a door forgives nothing of one that begins after it was swept; and what stands for addresses that
// nobody has goes within days, so that strangers fill no table. Red where a pardon counts whatever run it was given to.
//
// ASVS V6.1.1, V6.3.1
func TestStalePardons(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		set(t, w, admin, security.PasswordPolicy{}, security.LockoutPolicy{Threshold: 3, Ends: security.EndsByTime, Minutes: 5})
		fresh := func() *browser { return &browser{w: w, ws: ws} }
		rows := func() [2]int {
			return [2]int{w.Count(parlatory.House, "account_failures", ""), w.Count(ws, "door_pardons", "")}
		}
		sweep := func() {
			if err := w.Account.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		before := rows()
		for _, email := range []string{adminMail, "nobody@acme.example"} {
			fresh().tries(t, email, 3)
			w.Clock.Advance(6 * time.Minute)
			fresh().tries(t, email, 1) // the lock ended, and was pardoned
		}
		if now := rows(); now != [2]int{before[0] + 1, before[1] + 2} && now != [2]int{before[0] + 2, before[1] + 2} {
			t.Fatalf("%v, before %v", now, before)
		}
		standing := rows()
		w.Clock.Advance(49 * time.Hour)
		sweep()
		if now := rows(); now != [2]int{standing[0] - 1, standing[1] - 1} {
			t.Fatalf("%v after two days, before %v", now, standing)
		}
		if err := fresh().enter(adminMail, domaintest.Password); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(31 * 24 * time.Hour)
		sweep()
		if n := rows()[1]; n != 1 {
			t.Fatalf("%d pardons", n) // it stays past the run, and counts for nothing
		}
		fresh().tries(t, adminMail, 3)
		refused(t, fresh().enter(adminMail, domaintest.Password))
		w.Clock.Advance(401 * 24 * time.Hour)
		sweep()
		if now := rows(); now != [2]int{} {
			t.Fatalf("%v for ever", now)
		}
	})
}

// TestAC_001_Stuffing: pairs from many addresses against many accounts meet a budget of the door, beside those of each address and account;
// a known browser comes in all along, and so does everybody at other doors. Red without Limits.Door.
//
// ASVS V6.1.1, V6.3.1
func TestAC_001_Stuffing(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{Account: account.Limits{Door: 20}}, func(t *testing.T, w *domaintest.World) {
		ws, _ := w.Founded(t, "acme")
		other, _ := w.Founded(t, "other")
		home := &browser{w: w, ws: ws}
		if err := home.enter(adminMail, domaintest.Password); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Hour)
		for i := range 20 {
			(&browser{w: w, ws: ws}).tries(t, "person"+string(rune('a'+i))+"@acme.example", 1)
		}
		refused(t, (&browser{w: w, ws: ws}).enter(adminMail, domaintest.Password))
		if err := home.enter(adminMail, domaintest.Password); err != nil {
			t.Fatalf("the owner at home: %v", err)
		}
		if err := (&browser{w: w, ws: other}).enter("admin@other.example", domaintest.Password); err != nil {
			t.Fatalf("another door: %v", err)
		}
	})
}

// TestAC_005_WhateverTheThreshold: 80 tries at once from 80 addresses make no more than ten real checks, also where a workspace would
// let twenty through. Red where the floor's budget is left out of raise.
//
// ASVS V6.3.1
func TestAC_005_WhateverTheThreshold(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{Alone: true}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		set(t, w, admin, security.PasswordPolicy{}, security.LockoutPolicy{Threshold: 20, Ends: security.EndsByTime, Minutes: 5})
		before, _ := credential.Checks()
		var tries sync.WaitGroup
		for i := range 80 {
			if i%40 == 0 {
				tries.Wait() // no more than may ask at once, so that all are judged
			}
			from := w.At(ws)
			tries.Go(func() {
				_, err := w.Account.Verifier().Ask(t.Context(), account.Question{Door: ws, From: from.Address, Email: adminMail, Password: secret("wrong wrong wrong")})
				if err != nil && parlatory.KindOf(err) != parlatory.KindTooMany {
					t.Error(err)
				}
			})
		}
		tries.Wait()
		if after, _ := credential.Checks(); after-before > 10 || after == before {
			t.Fatalf("%d passwords met the real hash", after-before)
		}
	})
}

// TestAC_007_LockedAlike: tries of a known and of an unknown address leave the same rows, one by one, up to the lock and past it: also the
// mail of the lock, which goes to nobody where nobody is known.
//
// ASVS V6.3.8
func TestAC_007_LockedAlike(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		set(t, w, admin, security.PasswordPolicy{}, security.LockoutPolicy{Threshold: 3, Ends: security.EndsByTime, Minutes: 5})
		w.Deliver()
		rows := func() (n [5]int) {
			for i, table := range []string{"budgets", "account_failures", "devices", "ledger_entries"} {
				n[i] = w.Count(parlatory.House, table, "")
			}
			n[4] = w.Count(ws, "outbox", "")
			return n
		}
		step := func(email string) (d [5]int) {
			before := rows()
			(&browser{w: w, ws: ws}).tries(t, email, 1)
			for i, n := range rows() {
				d[i] = n - before[i]
			}
			return d
		}
		for i := range 14 {
			known, unknown := step(adminMail), step("nobody@acme.example")
			if i > 0 && known != unknown { // the first of all makes the door's own row
				t.Fatalf("try %d: %v and %v", i+1, known, unknown)
			}
			if i == 3 && known[4] != 1 {
				t.Fatalf("the fourth try puts %d mails", known[4])
			}
		}
		w.Deliver()
		if n := w.Mail.Count(adminMail, "Wrong passwords for your account"); n != 1 {
			t.Fatalf("%d letters tell of the lock", n)
		}
	})
}
