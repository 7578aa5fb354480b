package signin_test

import (
	"testing"

	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
)

func TestACompanyComesIn(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		agent := w.Hire(t, ws, role.Agent)
		if admin.Role != role.Administrator || agent.Role != role.Agent || agent.Workspace != ws {
			t.Fatalf("admin %+v, agent %+v", admin, agent)
		}
		page, err := w.Staff.List(t.Context(), admin, [16]byte{}, 10)
		if err != nil || len(page.Items) != 2 {
			t.Fatalf("list %v, %v", page, err)
		}
	})
}
