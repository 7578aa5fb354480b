package credential

import "sync"

const (
	tideMemory = 32   // passwords that the share of wrong ones looks back on, roughly
	tideHigh   = 0.75 // of them wrong: a flood
	tideLow    = 0.5
)

// tide keeps some turns of a gate back while most passwords are wrong: a flood that has every core leaves none to whoever wakes up for other
// work, whatever the priorities, and gains nothing by being looked at faster. Sign-ins that are right have every core.
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

// judged counts one password, and gives turns back when the flood is over.
func (t *tide) judged(right bool) {
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
		for ; t.kept > 0; t.kept-- {
			<-t.gate.running
		}
	}
}

// keep has a turn that ends stay taken, where a flood goes on.
func (t *tide) keep() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.high || t.kept == t.most {
		return false
	}
	t.kept++
	return true
}
