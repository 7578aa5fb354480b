package signin_test

import (
	"strings"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/signin"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/credential"
	"parlatory/internal/storage/db"
)

// TestAC_019_NobodyUsesUpAnothersReset: neither sign-ups with somebody's address, nor questions at doors where that person
// is unknown, stop the mail for a reset.
func TestAC_019_NobodyUsesUpAnothersReset(t *testing.T) {
	w := domaintest.New(t)
	ws, _ := w.Founded(t, "acme")
	other, _ := w.Founded(t, "other")
	w.Clock.Advance(2 * time.Hour)
	for i := range 5 {
		q := signin.Signup{Company: "C", Subdomain: "sub" + string(rune('a'+i)), Email: "admin@acme.example", SecurityVersion: workspace.Version, PrivacyVersion: workspace.Version}
		if err := w.Signin.RequestSignup(t.Context(), w.At(parlatory.House), q); err != nil {
			t.Fatal(err)
		}
		if err := w.Signin.Forgot(t.Context(), w.At(other), "admin@acme.example"); err != nil {
			t.Fatal(err)
		}
	}
	w.Deliver()
	before := len(w.Mail.To("admin@acme.example"))
	if err := w.Signin.Forgot(t.Context(), w.At(ws), "admin@acme.example"); err != nil {
		t.Fatal(err)
	}
	w.Deliver()
	if n := len(w.Mail.To("admin@acme.example")) - before; n != 1 {
		t.Fatalf("%d mails for a reset", n)
	}
}

// TestAC_013_EditedResetOpensNothing: a link that was mailed to one person, and whose row was put on another, at another
// door, under another token or to a later end, is dead.
func TestAC_013_EditedResetOpensNothing(t *testing.T) {
	w := domaintest.Make(t, domaintest.Setup{Signin: signin.Limits{MailAccount: 100}})
	ws, admin := w.Founded(t, "acme")
	_, email := w.HireAs(t, ws, role.Agent)
	other, _ := w.Founded(t, "other")
	forged := strings.Repeat("A", 43)
	hash, err := credential.HashToken(forged)
	if err != nil {
		t.Fatal(err)
	}
	for column, value := range map[string]any{
		"account": admin.Account, "door": other, "token": hash, "expires_at": w.Clock.Now().Add(time.Hour), "created_at": w.Clock.Now().Add(-time.Hour),
	} {
		link, door := resetLink(t, w, ws, email), ws
		if _, err := w.Signin.OpenReset(t.Context(), w.At(ws), link); err != nil {
			t.Fatal(err)
		}
		switch column {
		case "door":
			door = other
		case "token":
			link = secret(forged)
		}
		w.Look(parlatory.House, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE resets SET `+column+` = $2 WHERE workspace = $1`, value)
			return err
		})
		expired(t, second(w.Signin.OpenReset(t.Context(), w.At(door), link)), column+" edited, open")
		expired(t, w.Signin.Reset(t.Context(), w.At(door), link, secret(newPassword)), column+" edited, reset")
		w.Look(parlatory.House, func(tx *db.Tx) error {
			_, err := tx.Exec(`DELETE FROM resets WHERE workspace = $1`)
			return err
		})
	}
	_, err = enter(t, w, w.At(ws), "admin@acme.example", newPassword)
	refused(t, err)
}

// TestAC_019_SignupLetterIsOurs: what a stranger types for a company does not reach the mailbox of whom they name.
func TestAC_019_SignupLetterIsOurs(t *testing.T) {
	w := domaintest.New(t)
	q := signin.Signup{Company: "Call 555-0100 NOW", Subdomain: "quiet", Email: "victim@acme.example", SecurityVersion: workspace.Version, PrivacyVersion: workspace.Version}
	if err := w.Signin.RequestSignup(t.Context(), w.At(parlatory.House), q); err != nil {
		t.Fatal(err)
	}
	w.Deliver()
	mails := w.Mail.To("victim@acme.example")
	if len(mails) != 1 || !strings.Contains(mails[0].Text, "https://quiet.parlatory.test/") {
		t.Fatalf("mails %v", mails)
	}
	if m := mails[0]; strings.Contains(m.Subject+m.Text+m.HTML, "555-0100") {
		t.Fatalf("the letter repeats what the stranger typed: %s", m.Text)
	}
}
