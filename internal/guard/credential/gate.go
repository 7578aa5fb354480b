package credential

import (
	"context"
	"runtime"
	"sync/atomic"

	"parlatory"
)

// gate bounds how many hashes run and how many wait: each costs 19 MiB and 20 ms of a core.
type gate struct {
	running chan struct{}
	waiting chan struct{}
}

// hashing is the process's one gate, since memory is the process's.
var hashing = newGate(runtime.GOMAXPROCS(0), 64)

// checks counts what went through the gate. A test reads from it that a locked account's password was not looked at.
var checks struct{ real, dummy atomic.Uint64 }

// Checks is how many passwords were compared with a hash of somebody's, and how many with the dummy, since the process began.
func Checks() (real, dummy uint64) { return checks.real.Load(), checks.dummy.Load() }

// Spread gives the hashes of the gate processors (P) of their own beside those that the program has, once, before anything is
// served. Their threads run at the lowest priority: so a flood of sign-ins uses cores that are idle, and a message that comes in
// waits for none of them.
func Spread() { runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + cap(hashing.running)) }

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
	aside(f)
	return nil
}

// aside runs f on a thread of its own at the lowest priority, and waits. The thread ends with it, since a priority that was given
// up is not given back without privileges; that costs a fiftieth of a millisecond.
func aside(f func()) {
	done := make(chan any, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread goes with the goroutine
		defer func() { done <- recover() }()
		yieldCPU()
		f()
	}()
	if v := <-done; v != nil {
		panic(v)
	}
}
