package signin_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
)

// What a page of a hundred members costs as the list of the staff shows it, half of them invited: with the keys in memory, and when they must
// be fetched.
func BenchmarkStaffPage(b *testing.B) {
	for name, postgres := range map[string]bool{"sqlite": false, "postgres": true} {
		b.Run(name, func(b *testing.B) {
			w := domaintest.Make(b, domaintest.Setup{Postgres: postgres})
			ws, admin := w.Founded(b, "acme")
			for i := range 99 {
				if w.Clock.Advance(time.Minute); i%2 == 0 { // the budget of invitations
					w.Hire(b, ws, role.Agent)
					continue
				}
				admin.Proved = w.Clock.Now()
				if _, err := w.Staff.Invite(b.Context(), admin, fmt.Sprintf("invited%d@acme.example", i), "Somebody", role.Agent); err != nil {
					b.Fatal(err)
				}
			}
			page := func(b *testing.B, forget func()) {
				b.ReportAllocs()
				begun := spent(b)
				for b.Loop() {
					forget()
					page, err := w.Staff.List(b.Context(), admin, parlatory.StaffID{}, 100)
					if err != nil || len(page.Items) != 100 {
						b.Fatal(len(page.Items), err)
					}
					if _, err := w.Signin.Standings(b.Context(), admin, page.Items); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64((spent(b)-begun).Microseconds())/1000/float64(b.N), "cpu-ms/op")
			}
			b.Run("warm", func(b *testing.B) { page(b, func() {}) })
			b.Run("cold", func(b *testing.B) { page(b, func() { w.Ring.ForgetWorkspace(ws) }) })
		})
	}
}

// spent is the processor time of this process, which other work on the machine does not stretch.
func spent(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
