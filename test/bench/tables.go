package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

var titles = map[string]string{
	"closed": "closed loop: each user has one message outstanding until it is delivered and acknowledged",
	"open":   "open loop: a steady rate offered over the same pairs",
	"room":   "one room: some of its listeners post in the closed loop, all others receive",
}

// figure is one line of JSON: the median run of a target in a scenario, and how it stands to the floor.
type figure struct {
	Figure string  `json:"figure"`
	Target string  `json:"target"`
	Users  int     `json:"users"`
	Rate   float64 `json:"offered_per_s,omitempty"`
	Rounds int     `json:"rounds"`
	result
	FloorRatio float64 `json:"floor_ratio_per_core_s,omitempty"`
	FloorP99   float64 `json:"floor_ratio_p99,omitempty"`
}

// median is the run in the middle by messages (deliveries, in a room) per core-second; its other figures stay
// together, so that they are figures that happened.
func median(runs []result) result {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b result) int { return cmp.Compare(a.PerCore, b.PerCore) })
	m := sorted[len(sorted)/2]
	p99 := slices.SortedFunc(slices.Values(runs), func(a, b result) int { return cmp.Compare(a.P99, b.P99) })
	m.P99 = p99[len(p99)/2].P99
	return m
}

// tables prints one table a scenario, and gives the JSON lines.
func (b *bench) tables(w io.Writer) (lines []string) {
	for _, s := range b.scenes {
		if len(b.results[s]) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s\n", titles[s])
		fmt.Fprintf(w, "%-14s %10s %12s %14s %8s %8s %8s %8s %9s %9s\n", "target", "msgs/s", "per core-s", "deliv/core-s", "p50 ms", "p99 ms", "max ms", "peak MB", "of floor", "p99 ratio")
		for _, t := range b.targets {
			runs := b.results[s][t.name]
			f := figure{Figure: s, Target: t.name, Users: len(t.pairs), Rounds: len(runs), result: median(runs)}
			switch s {
			case "open":
				f.Rate = b.rate
			case "room":
				f.Users = len(t.crowd)
			}
			base := "floor"
			if strings.HasSuffix(t.name, "-tls") {
				base += "-tls"
			}
			ratio, p99 := "", ""
			if floor := b.results[s][base]; len(floor) > 0 && base != t.name {
				m := median(floor)
				f.FloorRatio, f.FloorP99 = f.DeliveredCore/m.DeliveredCore, f.P99/m.P99
				ratio, p99 = fmt.Sprintf("%.2f", f.FloorRatio), fmt.Sprintf("%.2f", f.FloorP99)
			}
			fmt.Fprintf(w, "%-14s %10.0f %12.0f %14.0f %8.2f %8.2f %8.2f %8.0f %9s %9s\n", t.name, f.PerSecond, f.PerCore, f.DeliveredCore, f.P50, f.P99, f.Max, f.Peak, ratio, p99)
			line, err := json.Marshal(f)
			if err == nil {
				lines = append(lines, string(line))
			}
		}
	}
	fmt.Fprintln(w)
	return lines
}
