package credential

import (
	"context"
	"sync"
	"testing"
	"time"
)

// line stands in for n who wait: tests of the tide need no hashes.
func (g *Gate) line(n int) (end func()) {
	for range n {
		g.waiting <- struct{}{}
	}
	return func() {
		for range n {
			<-g.waiting
		}
	}
}

// TestFloodLeavesACore: while most passwords are wrong, and others wait, a quarter of the turns, one at least, is kept back; when right ones
// come again, or nobody waits any more, all turns are there. Where there is one core nothing is kept back. Red without keep, and without the
// turns given back in count.
//
// ASVS V15.4.4
func TestFloodLeavesACore(t *testing.T) {
	for turns, kept := range map[int]int{1: 0, 2: 1, 3: 1, 8: 2, 16: 4} {
		g := newGate(turns, 1000)
		tide := newTide(g)
		judge := func(n int, right bool) {
			t.Helper()
			for range n {
				if err := tide.judge(context.Background(), func() bool { return right }); err != nil {
					t.Fatal(err)
				}
			}
		}
		taken := func(want int, when string) {
			t.Helper()
			if n := len(g.running); n != want {
				t.Errorf("of %d turns %d are kept back %s", turns, n, when)
			}
		}
		judge(200, false)
		taken(0, "while nobody waits")
		judge(100, true)
		end := g.line(turns + 3)
		judge(20, false)
		taken(0, "after few wrong passwords")
		judge(200, false)
		taken(kept, "in a flood")
		judge(100, true)
		taken(0, "when the flood is over")
		judge(200, false)
		taken(kept, "in another flood")
		end()
		judge(1, false)
		taken(0, "when nobody waits any more")
	}
}

// Many at once, right and wrong: no turn is lost, none is given twice, and never are all kept back.
func TestTideAtOnce(t *testing.T) {
	g := newGate(4, 1000)
	tide := newTide(g)
	var wait sync.WaitGroup
	for i := range 200 {
		wait.Go(func() {
			for n := range 20 {
				_ = tide.judge(context.Background(), func() bool { time.Sleep(10 * time.Microsecond); return i%2 == 0 && n > 15 })
				_ = g.pass(context.Background(), func() {})
			}
		})
	}
	wait.Wait()
	if len(g.waiting) != 0 || len(g.running) != tide.kept || tide.kept > tide.most {
		t.Errorf("%d wait, %d run, %d are kept", len(g.waiting), len(g.running), tide.kept)
	}
}
