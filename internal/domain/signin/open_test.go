package signin_test

import (
	"strings"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
)

// A door that the operator opened is told to the administrators, and to nobody else, in the same commit. Red without the letters.
func TestOpenedDoorIsToldByMail(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		_, second := w.HireAs(t, ws, role.Administrator)
		_, agent := w.HireAs(t, ws, role.Agent)
		gone, shut := w.HireAs(t, ws, role.Administrator)
		if _, err := w.Staff.Suspend(t.Context(), admin, gone.Staff); err != nil {
			t.Fatal(err)
		}
		other, _ := w.Founded(t, "other")
		open := func(reason string) error {
			by := operator()
			by.Device = "parlatory security open on the server, by its user 0"
			return w.Security.Open(t.Context(), by, ws, reason)
		}
		const subject = "The staff IP list of Company acme was switched off"
		if err := open("nothing to open"); parlatory.KindOf(err) != parlatory.KindConflict {
			t.Fatalf("a list that is off: %v", err)
		}
		for i, reason := range []string{"Ada is locked out, she called", "see https://evil.example/x", ""} {
			w.Clock.Advance(time.Second)
			if err := w.Security.SetStaffMode(t.Context(), admin, security.Off, security.Watch); err != nil {
				t.Fatal(err)
			}
			if err := open(reason); err != nil {
				t.Fatal(err)
			}
			w.Deliver()
			for _, to := range []string{adminMail, second} {
				if n := w.Mail.Count(to, subject); n != i+1 {
					t.Fatalf("%s got %d letters, want %d", to, n, i+1)
				}
				mails := w.Mail.To(to)
				text := mails[len(mails)-1].Text
				for _, want := range []string{"by its user 0", w.Clock.Now().UTC().Format("2 January 2006, 15:04 UTC"), []string{reason, "", "No reason was given."}[i]} {
					if !strings.Contains(text, want) {
						t.Errorf("%q is not in the letter:\n%s", want, text)
					}
				}
				if strings.Contains(text, "evil.example") {
					t.Errorf("an address of somebody's is in the letter:\n%s", text)
				}
			}
		}
		for _, to := range []string{agent, shut, "admin@other.example"} {
			if n := w.Mail.Count(to, subject); n != 0 {
				t.Errorf("%s got %d letters", to, n)
			}
		}
		if n := w.Count(other, "ledger_entries", "act = 'operator.open'"); n != 0 {
			t.Errorf("%d entries elsewhere", n)
		}
		if n := w.Count(ws, "ledger_entries", "act = 'operator.open'"); n != 3 {
			t.Errorf("%d entries", n)
		}
	})
}
