package signin_test

import (
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/signin"
)

// TestChecklist: the points say what stands, and change with it; who may not see the settings reads none of them.
func TestChecklist(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		other, _ := w.Founded(t, "other")
		is := func(want map[string]security.State) {
			t.Helper()
			points, err := w.Security.Checklist(t.Context(), as(admin, w))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]security.Point{}
			for _, p := range points {
				if p.Title == "" || p.Detail == "" || p.Risk == "" || p.Group == "" || got[p.ID].ID != "" {
					t.Errorf("incomplete or doubled: %+v", p)
				}
				got[p.ID] = p
			}
			for id, state := range want {
				if got[id].State != state {
					t.Errorf("%s is %q, want %q: %s", id, got[id].State, state, got[id].Detail)
				}
			}
		}
		is(map[string]security.State{"factor": security.IsOff, "resistant": security.IsOff, "trust": security.IsOn, "length": security.IsOn, "lockout": security.IsOn, "sessions": security.IsOn,
			"staff-list": security.IsOff, "visitor-list": security.IsOff, "people": security.IsOff, "administrators": security.IsOff, "tokens": security.IsOn})
		if _, err := w.Security.Checklist(t.Context(), w.Hire(t, ws, role.Agent)); parlatory.KindOf(err) != parlatory.KindForbidden {
			t.Errorf("an agent reads it: %v", err)
		}
		second, email := w.HireAs(t, ws, role.Administrator)
		w.Phone(t, second, w.MailCode(t, second, email))
		token(t, w, as(second, w), signin.NewToken{Name: "Reports", Scopes: []string{"staff.view"}, Days: 200})
		w.Clock.Advance(91 * 24 * time.Hour)
		door(t, w, admin, security.FactorPolicy{Required: true, TrustDays: 60})
		if err := w.Security.SetStaffMode(t.Context(), as(admin, w), security.Off, security.Watch); err != nil {
			t.Fatal(err)
		}
		if err := w.Security.SetVisitorMode(t.Context(), as(admin, w), security.Off, security.Block); err != nil {
			t.Fatal(err)
		}
		is(map[string]security.State{"factor": security.IsOn, "resistant": security.IsPartly, "trust": security.IsOff, "staff-list": security.IsPartly, "visitor-list": security.IsOn,
			"people": security.IsPartly, "administrators": security.IsOn, "tokens": security.IsPartly})
		admin = w.SignIn(t, other, "admin@other.example", domaintest.Password)
		is(map[string]security.State{"factor": security.IsOff, "staff-list": security.IsOff, "administrators": security.IsOff, "tokens": security.IsOn})
	})
}
