package credential

import (
	"context"
	"sync"
	"testing"
	"time"
)

// TestFloodLeavesACore: while most passwords are wrong a quarter of the turns, one at least, is kept back; when right ones come again, all
// turns are there. Where there is one core nothing is kept back. Red without keep, and without the turns given back in judged.
//
// ASVS V15.4.4
func TestFloodLeavesACore(t *testing.T) {
	for running, in := range map[int]int{1: 1, 2: 1, 3: 2, 8: 6, 16: 12} {
		g := newGate(running, 1000)
		tide := newTide(g)
		judge := func(n int, right bool) {
			t.Helper()
			for range n {
				if err := tide.judge(context.Background(), func() bool { return right }); err != nil {
					t.Fatal(err)
				}
			}
		}
		most := func() int {
			hold, begun := make(chan struct{}), make(chan struct{}, running+1)
			var wait sync.WaitGroup
			for range running + 1 {
				wait.Go(func() { _ = g.pass(context.Background(), func() { begun <- struct{}{}; <-hold }) })
			}
			for end := time.Now().Add(20 * time.Millisecond); time.Now().Before(end); time.Sleep(time.Millisecond) {
				if len(begun) > running {
					break
				}
			}
			n := len(begun)
			close(hold)
			wait.Wait()
			return n
		}
		judge(20, false) // some who mistype are no flood
		if n := most(); n != running {
			t.Errorf("of %d: %d run after few wrong passwords", running, n)
		}
		judge(200, false)
		if n := most(); n != in {
			t.Errorf("of %d: %d run in a flood", running, n)
		}
		judge(100, true)
		if n := most(); n != running {
			t.Errorf("of %d: %d run after the flood", running, n)
		}
		if len(g.waiting) != 0 {
			t.Errorf("of %d: %d still wait", running, len(g.waiting))
		}
	}
}
