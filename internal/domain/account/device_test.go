package account_test

import (
	"strings"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/signin"
	"parlatory/internal/storage/db"
)

const ada = "admin@acme.example"

func enter(t *testing.T, w *domaintest.World, ws parlatory.WorkspaceID, device parlatory.Secret, password string) (signin.Result, error) {
	t.Helper()
	from := w.At(ws)
	from.Device = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 http://evil.example"
	return w.Signin.Enter(t.Context(), from, signin.Try{Email: ada, Password: parlatory.NewSecret(password), Device: device})
}

// TestEditedDeviceDoesNotOpen: a device's row that was edited past the program makes no browser known, and neither does a token that the
// program did not give for this account. Red where findDevice is believed without its seal.
//
// ASVS V6.3.1
func TestEditedDeviceDoesNotOpen(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		ask := func(device parlatory.Secret) account.Verdict {
			v, err := w.Account.Verifier().Ask(t.Context(), account.Question{Door: ws, From: w.At(ws).Address, Email: ada, Password: parlatory.NewSecret(domaintest.Password), Device: device})
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		for column, value := range map[string]any{
			"seen_at": w.Clock.Now().Add(time.Hour), "created_at": w.Clock.Now().Add(-time.Hour), "revision": 7, "id": parlatory.DeviceID{7},
		} {
			r, err := enter(t, w, ws, parlatory.Secret{}, domaintest.Password)
			if err != nil {
				t.Fatal(err)
			}
			if v := ask(r.Device); !v.Known || v.Why != account.Right {
				t.Fatalf("the browser is not known: %q", v.Why)
			}
			w.Look(parlatory.House, func(tx *db.Tx) error {
				if _, err := tx.Exec(`DELETE FROM devices WHERE workspace = $1 AND account = $2 AND seen_at < (SELECT MAX(seen_at) FROM devices WHERE workspace = $1)`, admin.Account); err != nil {
					return err
				}
				_, err := tx.Exec(`UPDATE devices SET `+column+` = $2 WHERE workspace = $1`, value)
				return err
			})
			if v := ask(r.Device); v.Known || v.Why != account.Locked {
				t.Errorf("%s edited: known %v, %q", column, v.Known, v.Why)
			}
			w.Look(parlatory.House, func(tx *db.Tx) error {
				_, err := tx.Exec(`DELETE FROM devices WHERE workspace = $1`)
				return err
			})
		}
		if v := ask(parlatory.NewSecret(strings.Repeat("A", 43))); v.Known || v.Why != account.Right {
			t.Errorf("a token of nobody's: known %v, %q", v.Known, v.Why)
		}
	})
}

// TestNewDevice: the person is told of a sign-in on a browser that is not known, in our words alone, and not of one that is; the letter can be
// switched off. An account knows 32 browsers at most, and none for longer than 400 days.
//
// ASVS V6.3.5
func TestNewDevice(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	w.Clock.Advance(2 * time.Hour)
	letters := func() int {
		w.Deliver()
		return w.Mail.Count(ada, "Sign-in from a new device")
	}
	before := letters()
	r, err := enter(t, w, ws, parlatory.Secret{}, domaintest.Password)
	if err != nil {
		t.Fatal(err)
	}
	if n := letters() - before; n != 1 {
		t.Fatalf("%d letters", n)
	}
	mails := w.Mail.To(ada)
	if text := mails[len(mails)-1].Text; !strings.Contains(text, "Firefox on Linux") || strings.Contains(text, "evil") || !strings.Contains(text, "10.0.") {
		t.Fatal(text)
	}
	if r, err = enter(t, w, ws, r.Device, domaintest.Password); err != nil || !r.Device.Empty() || letters()-before != 1 {
		t.Fatal("the browser is not known", err)
	}
	off := false
	if err := w.Account.Prefer(t.Context(), proved(w, admin), account.Preferences{NotifyNewDevice: &off}); err != nil {
		t.Fatal(err)
	}
	for range 40 {
		if _, err := enter(t, w, ws, parlatory.Secret{}, domaintest.Password); err != nil {
			t.Fatal(err)
		}
	}
	if n := letters() - before; n != 1 {
		t.Fatalf("%d letters where none are wanted", n)
	}
	if n := w.Count(parlatory.House, "devices", "account = $2", admin.Account); n != 32 {
		t.Fatalf("%d browsers are known", n)
	}
}

// staffIn makes the administrator of acme staff of another workspace.
func staffIn(t *testing.T, w *domaintest.World, sub string) (parlatory.WorkspaceID, parlatory.Actor) {
	t.Helper()
	ws, boss := w.Founded(t, sub)
	if _, err := w.Staff.Invite(t.Context(), boss, ada, "", role.Agent); err != nil {
		t.Fatal(err)
	}
	r, err := w.Signin.Enter(t.Context(), w.At(ws), signin.Try{Email: ada, Password: parlatory.NewSecret(domaintest.Password), Invitation: w.Link(ada)})
	if err != nil {
		t.Fatal(err)
	}
	w.Agreed(t, ws, r)
	return ws, boss
}

func policies(t *testing.T, w *domaintest.World, boss parlatory.Actor, p security.PasswordPolicy, l security.LockoutPolicy) {
	t.Helper()
	boss.Proved = w.Clock.Now()
	now, err := w.Security.View(t.Context(), boss)
	if err == nil {
		_, err = w.Security.SetPassword(t.Context(), boss, now.Revision, p, l)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestHostileWorkspace: a workspace that asks for all that it may asks it of the person's next password, and closes its own door; at the
// other doors the person comes in as before, and nobody there learns who asks.
//
// ASVS V6.1.1, V6.2.10
func TestHostileWorkspace(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, _ := w.Founded(t, "acme")
		evil, boss := staffIn(t, w, "evil")
		policies(t, w, boss, security.PasswordPolicy{MinLength: 64, History: 24, MaxAgeDays: 1}, security.LockoutPolicy{Threshold: 3, Ends: security.EndsByAdministrator})
		for range 4 {
			if _, err := w.Signin.Enter(t.Context(), w.At(evil), signin.Try{Email: ada, Password: parlatory.NewSecret("wrong wrong wrong")}); err == nil {
				t.Fatal("a wrong password")
			}
		}
		w.Clock.Advance(48 * time.Hour)
		locked := func(door parlatory.WorkspaceID) bool {
			v, err := w.Account.Verifier().Ask(t.Context(), account.Question{Door: door, From: w.At(door).Address, Email: ada, Password: parlatory.NewSecret(domaintest.Password)})
			if err != nil {
				t.Fatal(err)
			}
			s, err := w.Security.Of(t.Context(), door)
			if err != nil {
				t.Fatal(err)
			}
			owed := account.PasswordOwed(v.Row, s.Password, v.Length, w.Clock.Now())
			if (owed != "") != (door == evil) {
				t.Errorf("owed %q", owed)
			}
			return v.Why == account.Locked
		}
		if !locked(evil) || locked(ws) {
			t.Error("the threshold closed another door, or not its own")
		}
		admin := w.SignIn(t, ws, ada, domaintest.Password)
		rules, err := w.Account.OwnRules(t.Context(), admin)
		if err != nil || rules != (account.OwnRules{MinLength: 64, History: 24}) {
			t.Errorf("rules %+v, %v", rules, err)
		}
		err = change(t, w, admin, domaintest.Password, newPassword)
		if err == nil || !strings.Contains(err.Error(), "64") || strings.Contains(err.Error(), "evil") {
			t.Errorf("a short one: %v", err)
		}
		if own, err := w.Account.Own(t.Context(), admin); err != nil || !own.PasswordEnds.IsZero() {
			t.Errorf("the password ends here: %v, %v", own.PasswordEnds, err)
		}
	})
}

// TestHistory: earlier passwords are refused as far back as the strictest workspace asks, and no further.
//
// ASVS V6.2.2
func TestHistory(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	policies(t, w, admin, security.PasswordPolicy{MinLength: 12, History: 2}, security.LockoutPolicy{Ends: security.EndsByTime, Minutes: 15})
	chosen := []string{domaintest.Password, "orchard 4 gliding kettles", "meadow 9 singing bridges", "copper 5 walking clouds"}
	for i := 1; i < len(chosen); i++ {
		if err := change(t, w, admin, chosen[i-1], chosen[i]); err != nil {
			t.Fatal(err)
		}
	}
	for _, old := range chosen[1:] {
		if err := change(t, w, admin, chosen[3], old); err == nil || parlatory.KindOf(err) != parlatory.KindInvalid {
			t.Errorf("%q again: %v", old, err)
		}
	}
	if err := change(t, w, admin, chosen[3], chosen[0]); err != nil {
		t.Errorf("the fourth last: %v", err)
	}
	_ = w.SignIn(t, ws, ada, chosen[0])
}

// TestPasswordEnds: a week before a password is too old for a door the person reads it in My Account, and in one letter at sign-in.
//
// ASVS V6.4.5
func TestPasswordEnds(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	policies(t, w, admin, security.PasswordPolicy{MinLength: 12, MaxAgeDays: 30}, security.LockoutPolicy{Ends: security.EndsByTime, Minutes: 15})
	own, err := w.Account.Own(t.Context(), admin)
	if err != nil || !own.PasswordEnds.Equal(own.PasswordAt.Add(30*24*time.Hour)) {
		t.Fatal(own, err)
	}
	for _, step := range []struct{ days, letters int }{{20, 0}, {4, 1}, {1, 1}} {
		w.Clock.Advance(time.Duration(step.days) * 24 * time.Hour)
		if _, err := enter(t, w, ws, parlatory.Secret{}, domaintest.Password); err != nil {
			t.Fatal(err)
		}
		w.Deliver()
		if n := w.Mail.Count(ada, "Your password expires soon"); n != step.letters {
			t.Fatalf("%d letters %+v", n, step)
		}
	}
}

func TestAgent(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                  "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0":           "Edge on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36":                         "Chrome on Android",
		"curl/8.5.0": "an unknown browser", "": "an unknown browser", "Firefox/1 https://evil.example": "Firefox",
	} {
		if got := account.Agent(agent); got != want {
			t.Errorf("%s: %s", agent, got)
		}
	}
}

// TestAC_031_LettersStay: who switches the letters about new devices off still hears of a changed password; no letter holds a link but the
// workspace's own address.
//
// ASVS V6.3.7
func TestAC_031_LettersStay(t *testing.T) {
	w := domaintest.New(t)
	_, admin := w.Founded(t, "acme")
	off := false
	if err := w.Account.Prefer(t.Context(), proved(w, admin), account.Preferences{NotifyNewDevice: &off}); err != nil {
		t.Fatal(err)
	}
	bad := "xx"
	if err := w.Account.Prefer(t.Context(), admin, account.Preferences{Language: &bad}); err == nil {
		t.Fatal("a language without texts")
	}
	if err := change(t, w, admin, domaintest.Password, newPassword); err != nil {
		t.Fatal(err)
	}
	w.Deliver()
	if n := w.Mail.Count(ada, string(account.NoticePassword)); n != 1 {
		t.Fatalf("%d letters", n)
	}
	for _, mail := range w.Mail.To(ada) {
		if mail.Subject != string(account.NoticePassword) {
			continue // the sign-up's own letter leads to the address that all workspaces share
		}
		for _, word := range strings.Fields(mail.Text) {
			if strings.Contains(word, "://") && word != "https://acme."+domaintest.Domain+"/" {
				t.Errorf("a link to %s", word)
			}
		}
	}
}
