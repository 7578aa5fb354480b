package credential

import (
	"context"
	"runtime"
	"sync/atomic"

	"parlatory"
)

// gate bounds how many hashes run and how many wait: each costs 19 MiB and 30 ms of a core.
type gate struct {
	running chan struct{}
	waiting chan struct{}
}

// line is how many may wait a core: what it works off in some four seconds. Who comes later is told so at once.
const line = 128

// hashing is the process's one gate, since memory is the process's.
var hashing = newGate(runtime.GOMAXPROCS(0), line*runtime.GOMAXPROCS(0))

// checks counts what went through the gate. A test reads from it that a locked account's password was not looked at.
var checks struct{ real, dummy atomic.Uint64 }

// Checks is how many passwords were compared with a hash of somebody's, and how many with the dummy, since the process began.
func Checks() (real, dummy uint64) { return checks.real.Load(), checks.dummy.Load() }

func newGate(running, waiting int) *gate {
	return &gate{running: make(chan struct{}, running), waiting: make(chan struct{}, running+waiting)}
}

// pass runs f in its turn; it refuses at once when the line is full.
func (g *gate) pass(ctx context.Context, f func()) error {
	select {
	case g.waiting <- struct{}{}:
	default:
		e := parlatory.Fail(parlatory.KindTooMany, "Too many people are signing in right now. Please try again in a moment.")
		e.RetryAfter = 2e9
		return e
	}
	defer func() { <-g.waiting }()
	select {
	case g.running <- struct{}{}:
	case <-ctx.Done():
		return parlatory.Fail(parlatory.KindUnavailable, "This took too long. Please try again.").Because(ctx.Err())
	}
	defer func() { <-g.running }()
	f()
	return nil
}
