package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"parlatory/internal/domain/file"
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

// fileChecks counts what the checks of files came to. One that is not zero under found asks for a look at Administration > Storage.
func fileChecks(r *file.Room) []prometheus.Collector {
	counter := func(result string, of func(found, refused, unanswered uint64) uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "parlatory_file_checks_total", Help: "Files by what their check came to: malware was found, the file was refused, or the check had to be put off.",
			ConstLabels: prometheus.Labels{"result": result},
		}, func() float64 { return float64(of(r.Tally())) })
	}
	return []prometheus.Collector{
		counter("found", func(n, _, _ uint64) uint64 { return n }),
		counter("refused", func(_, n, _ uint64) uint64 { return n }),
		counter("put_off", func(_, _, n uint64) uint64 { return n }),
	}
}
