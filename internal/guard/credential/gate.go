package credential

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"parlatory"
)

// Gate bounds how many of something run at once and how many wait for it, in the order in which they came.
type Gate struct {
	running chan struct{}
	waiting chan struct{}
}

// line is how many may wait a core: what it hashes in some four seconds. Who comes later is told so at once.
const line = 128

// NewGate lets so many run for each core.
func NewGate(each int) *Gate {
	cores := runtime.GOMAXPROCS(0)
	return newGate(each*cores, line*cores)
}

func newGate(running, waiting int) *Gate {
	return &Gate{running: make(chan struct{}, running), waiting: make(chan struct{}, running+waiting)}
}

var (
	hashing = NewGate(1)       // the process's one gate of hashes, since memory is the process's: each costs 19 MiB and 20 to 30 ms of a core
	guesses = newTide(hashing) // of passwords that somebody signs in with
)

// checks counts what went through the gate. A test reads from it that a locked account's password was not looked at.
var checks struct{ real, dummy atomic.Uint64 }

// Checks is how many passwords were compared with a hash of somebody's, and how many with the dummy, since the process began.
func Checks() (real, dummy uint64) { return checks.real.Load(), checks.dummy.Load() }

// Enter waits for a turn, and gives what ends it. It refuses at once when the line is full.
func (g *Gate) Enter(ctx context.Context) (leave func(), err error) {
	select {
	case g.waiting <- struct{}{}:
	default:
		e := parlatory.Fail(parlatory.KindTooMany, "Too many people are signing in right now. Please try again in a moment.")
		e.RetryAfter = 2 * time.Second
		return nil, e
	}
	select {
	case g.running <- struct{}{}:
		return g.leave, nil
	case <-ctx.Done():
		<-g.waiting
		return nil, parlatory.Fail(parlatory.KindUnavailable, "This took too long. Please try again.").Because(ctx.Err())
	}
}

func (g *Gate) leave() { <-g.running; <-g.waiting }

// pass runs f in its turn.
func (g *Gate) pass(ctx context.Context, f func()) error {
	leave, err := g.Enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	f()
	return nil
}
