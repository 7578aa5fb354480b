package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"parlatory/internal/guard/credential"
)

// passwordChecks counts how many passwords were compared with somebody's hash, and how many with none's: a flood of guesses shows
// here before it shows anywhere else.
func passwordChecks() []prometheus.Collector {
	counter := func(kind string, of func() uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "parlatory_password_checks_total", Help: "Passwords that were hashed to compare them, by whether there was a hash of somebody's.",
			ConstLabels: prometheus.Labels{"kind": kind},
		}, func() float64 { return float64(of()) })
	}
	return []prometheus.Collector{
		counter("real", func() uint64 { n, _ := credential.Checks(); return n }),
		counter("dummy", func() uint64 { _, n := credential.Checks(); return n }),
	}
}
