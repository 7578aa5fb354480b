package main

import (
	"encoding/json"
	"os"
	"testing"
	"time"
)

// TestMain lets the test binary be its own load and floor process, as the program is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "floor" || os.Args[1] == "load" || os.Args[1] == "hold") {
		if err := run(os.Args[1:]); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

// TestFloorUnderLoad: all loads run against the floor and count what they should.
func TestFloorUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	o := options{targets: []string{"floor", "floor-tls"}, scenes: scenarios, rounds: 1, window: 2 * time.Second, pairs: 5, crowd: 10, posters: 2, rate: 50}
	b := &bench{options: o, dir: t.TempDir(), results: map[string]map[string][]result{}}
	defer func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	}()
	for _, name := range o.targets {
		target, err := b.start(name)
		if err != nil {
			t.Fatal(err)
		}
		b.targets = append(b.targets, target)
		for _, s := range scenarios {
			res, err := b.measure(target, s)
			if err != nil {
				t.Fatalf("%s on %s: %v", s, name, err)
			}
			if s == "open" && (res.Messages < 60 || res.Messages > 140) {
				t.Errorf("%s: %d messages in 2 seconds, 50 a second were offered", name, res.Messages)
			}
			if want := res.PerCore * float64(map[string]int{"closed": 1, "open": 1, "room": 9}[s]); res.DeliveredCore < want*0.5 || res.DeliveredCore > want*1.5 {
				t.Errorf("%s on %s: %.0f deliveries a core-second for %.0f messages", s, name, res.DeliveredCore, res.PerCore)
			}
			if b.results[s] == nil {
				b.results[s] = map[string][]result{}
			}
			b.results[s][name] = append(b.results[s][name], res)
		}
	}
	for _, line := range b.tables(t.Output()) {
		var f figure
		if err := json.Unmarshal([]byte(line), &f); err != nil || f.Target == "" {
			t.Errorf("line %s: %v", line, err)
		}
	}
}
