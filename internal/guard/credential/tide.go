package credential

import (
	"context"
	"sync"
)

const (
	tideMemory = 32   // passwords that the share of wrong ones looks back on, roughly
	tideHigh   = 0.75 // of them wrong
	tideLow    = 0.5
)

// tide keeps some turns of a gate back while most passwords are wrong and more wait than have a turn: a flood that has every core leaves none
// to whoever wakes up for other work, whatever the priorities, and guesses need not be looked at faster. Right passwords have every core; who
// mixes enough of them in, each with an account of theirs, has too.
type tide struct {
	gate *Gate
	most int // turns kept back in a flood; none where there is one core

	mu    sync.Mutex
	wrong float64 // share of wrong passwords among the last
	high  bool
	kept  int
}

// newTide keeps back a quarter of a gate's turns, one at least, and never all.
func newTide(g *Gate) *tide {
	most := 0
	if n := cap(g.running); n > 1 {
		most = max(1, n/4)
	}
	return &tide{gate: g, most: most}
}

// judge runs f, which says whether a password was right, in its turn.
func (t *tide) judge(ctx context.Context, f func() (right bool)) error {
	if _, err := t.gate.Enter(ctx); err != nil {
		return err
	}
	defer func() {
		if t.keep() {
			<-t.gate.waiting
			return
		}
		t.gate.leave()
	}()
	t.count(f())
	return nil
}

// count counts one password, and gives turns back where there is no flood any more.
func (t *tide) count(right bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrong -= t.wrong / tideMemory
	if !right {
		t.wrong += 1.0 / tideMemory
	}
	switch {
	case t.wrong > tideHigh:
		t.high = true
	case t.wrong < tideLow:
		t.high = false
	}
	for ; t.kept > 0 && !t.flood(); t.kept-- {
		<-t.gate.running
	}
}

// flood reports whether there is one. A turn that is kept has no place in the line, so that the line is who is looked at and who waits.
func (t *tide) flood() bool { return t.high && len(t.gate.waiting) > cap(t.gate.running) }

// keep has a turn that ends stay taken, where a flood goes on.
func (t *tide) keep() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept == t.most || !t.flood() {
		return false
	}
	t.kept++
	return true
}
