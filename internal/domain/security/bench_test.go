package security_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/guard/policy"
	"parlatory/internal/storage/db"
)

// listed makes a workspace whose staff list is full but for a few lines, in force, and an agent who is on it.
func listed(b *testing.B, setup domaintest.Setup) (w *domaintest.World, admin, agent parlatory.Actor) {
	b.Helper()
	w = domaintest.Make(b, setup)
	ws, admin := w.Founded(b, "acme")
	entries := make([]security.Entry, 0, 99_000)
	for i := range cap(entries) {
		n, err := policy.ParseNetwork("10." + strconv.Itoa(i>>16) + "." + strconv.Itoa(i>>8&255) + "." + strconv.Itoa(i&255))
		if err != nil {
			b.Fatal(err)
		}
		entries = append(entries, security.Entry{Network: n})
	}
	entries = append(entries, security.Entry{Network: policy.Network{First: admin.Address, Last: admin.Address}})
	for some := range slices.Chunk(entries, 5000) { // an act of all of them takes longer than a busy machine gives it
		admin.Proved = w.Clock.Now()
		if err := w.Security.AddAll(b.Context(), admin, security.StaffList, some); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Security.SetStaffMode(b.Context(), admin, security.Off, security.On); err != nil {
		b.Fatal(err)
	}
	agent = parlatory.Actor{Kind: parlatory.Staff, Workspace: ws, Role: role.Agent, Address: netip.MustParseAddr("10.1.2.3")}
	if err := w.Security.Admit(b.Context(), agent); err != nil { // compiles the list
		b.Fatal(err)
	}
	return w, admin, agent
}

func onBoth(b *testing.B, bench func(b *testing.B, setup domaintest.Setup)) {
	b.Run("sqlite", func(b *testing.B) { bench(b, domaintest.Setup{}) })
	b.Run("postgres", func(b *testing.B) { bench(b, domaintest.Setup{Postgres: true}) })
}

// processor reports what an operation costs this process in processor time, which other work on the machine does not stretch. The
// database server's is not in it.
func processor(b *testing.B) func() {
	b.Helper()
	spent := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := spent()
	return func() { b.ReportMetric(float64((spent()-before).Microseconds())/1000/float64(b.N), "cpu-ms/op") }
}

// What a lookup costs while the list is known.
func BenchmarkAdmit(b *testing.B) {
	w, _, agent := listed(b, domaintest.Setup{})
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Security.Admit(b.Context(), agent); err != nil {
			b.Fatal(err)
		}
	}
}

// What reading all of a full list costs, as a node does that has just started.
func BenchmarkFullRead(b *testing.B) {
	onBoth(b, func(b *testing.B, setup domaintest.Setup) {
		w, _, agent := listed(b, setup)
		b.ReportAllocs()
		defer processor(b)()
		for b.Loop() {
			if err := node(w, w.DB).Admit(b.Context(), agent); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// What one more line on a full list costs, from the act to the first request that is judged by it. A line is put on and taken off
// again, so that the list stays as long as it is.
func BenchmarkChange(b *testing.B) {
	onBoth(b, func(b *testing.B, setup domaintest.Setup) {
		w, admin, agent := listed(b, setup)
		b.ReportAllocs()
		defer processor(b)()
		for b.Loop() {
			e, err := w.Security.Add(b.Context(), admin, security.Entry{List: security.StaffList, Network: policy.Network{First: agent.Address.Next(), Last: agent.Address.Next()}})
			if err != nil {
				b.Fatal(err)
			}
			if err := w.Security.Admit(b.Context(), agent); err != nil {
				b.Fatal(err)
			}
			if err := w.Security.Remove(b.Context(), admin, security.StaffList, e.ID); err != nil {
				b.Fatal(err)
			}
			if err := w.Security.Admit(b.Context(), agent); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// How long others wait for the writer while a file of 20,000 lines is imported: in parts, as Import does, and in one transaction.
func BenchmarkImport(b *testing.B) {
	var text strings.Builder
	entries := make([]security.Entry, 20_000)
	for i := range entries {
		a := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		entries[i].Network = policy.Network{First: a, Last: a}
		fmt.Fprintf(&text, "%v,\n", a)
	}
	for name, add := range map[string]func(*domaintest.World, parlatory.Actor) error{
		"parts": func(w *domaintest.World, admin parlatory.Actor) error {
			_, err := w.Security.Import(b.Context(), admin, security.BlockList, text.String(), false)
			return err
		},
		"whole": func(w *domaintest.World, admin parlatory.Actor) error {
			return w.Security.AddAll(b.Context(), admin, security.BlockList, slices.Clone(entries))
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				w := domaintest.New(b)
				ws, admin := w.Founded(b, "acme")
				over, longest := make(chan struct{}), make(chan time.Duration)
				go func() { longest <- waits(w, ws, over) }()
				b.StartTimer()
				if err := add(w, admin); err != nil {
					b.Fatal(err)
				}
				close(over)
				b.ReportMetric(float64((<-longest).Microseconds())/1000, "longest-wait-ms")
			}
		})
	}
}

// waits writes next to nothing again and again, and says how long it waited at most.
func waits(w *domaintest.World, ws parlatory.WorkspaceID, over chan struct{}) (longest time.Duration) {
	for {
		select {
		case <-over:
			return longest
		case <-time.After(time.Millisecond):
			begun := time.Now()
			w.Look(ws, func(*db.Tx) error { return nil })
			longest = max(longest, time.Since(begun))
		}
	}
}
