package db

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
)

// job is a Write that waits for its turn. Whoever moves state from waiting decides: the writer takes it, or the
// caller leaves.
type job struct {
	ctx    context.Context
	permit access.Permit
	fn     func(*Tx) error
	state  atomic.Int32
	done   chan error
}

const (
	jobWaiting int32 = iota
	jobTaken
	jobLeft
)

// writer is the one goroutine that writes to SQLite. It runs the jobs that wait one after another in one
// transaction, commits, and only then answers them: one wait for the disk serves all.
type writer struct {
	db    *DB
	lite  *lite
	queue chan *job
	most  int
	ended sync.WaitGroup
	id    atomic.Uint64 // of the goroutine

	batch  []*job // ran well in the open transaction, wait for its commit
	events []parlatory.Event
	after  []func()
	open   bool
}

func newWriter(d *DB, l *lite, most int) *writer {
	w := &writer{db: d, lite: l, queue: make(chan *job, 4*most), most: most}
	w.ended.Go(w.loop)
	return w
}

// write hands a job over and waits for its answer.
func (w *writer) write(ctx context.Context, permit access.Permit, fn func(*Tx) error) error {
	j := &job{ctx: ctx, permit: permit, fn: fn, done: make(chan error, 1)}
	select {
	case w.queue <- j:
	case <-ctx.Done():
		return left(ctx.Err())
	}
	timer := time.NewTimer(inward)
	defer timer.Stop()
	select {
	case err := <-j.done:
		return err
	case <-timer.C:
		if w.inside() {
			j.state.Store(jobLeft)
			return parlatory.Internal("act "+permit.Act().Name, errNested)
		}
	case <-ctx.Done():
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		if j.state.CompareAndSwap(jobWaiting, jobLeft) {
			return left(ctx.Err())
		}
		return <-j.done
	}
}

// inward is when a waiting caller looks whether it waits for itself: a function under Write that called Write again with
// a context from outside would stop the writer for ever. Asking at once would cost each Write a microsecond.
const inward = 200 * time.Millisecond

func (w *writer) inside() bool { return w.id.Load() == goroutine() }

// goroutine reads the number of the running goroutine from the head of its stack trace.
func goroutine() (id uint64) {
	var b [40]byte
	for _, c := range b[len("goroutine "):runtime.Stack(b[:], false)] {
		if c < '0' || c > '9' {
			break
		}
		id = 10*id + uint64(c-'0')
	}
	return id
}

func (w *writer) loop() {
	w.id.Store(goroutine())
	orderly := false
	defer func() {
		if orderly {
			return
		}
		// A function under Write ended its goroutine, as testing.T.FailNow does. Its turn and those that share the
		// transaction are undone; a fresh goroutine goes on.
		w.abandon(errors.New("a write ended the writer's goroutine"))
		w.ended.Go(w.loop)
	}()
	for j := range w.queue {
		w.gather(j)
		w.commit()
	}
	orderly = true
}

// gather runs the first job and those that wait behind it, up to the most that share a transaction.
func (w *writer) gather(j *job) {
	for n := 1; ; n++ {
		if j.state.CompareAndSwap(jobWaiting, jobTaken) {
			w.serve(j)
		}
		if n >= w.most {
			return
		}
		select {
		case next, ok := <-w.queue:
			if !ok {
				return
			}
			j = next
		default:
			return
		}
	}
}

// serve runs one job. The first in a transaction needs no savepoint: there is nothing before it to be kept.
func (w *writer) serve(j *job) {
	first := len(w.batch) == 0
	if !w.open {
		if err := w.lite.run(liteBegin); err != nil {
			j.done <- w.db.lost("begin", err)
			return
		}
		w.open = true
	}
	if !first {
		if err := w.lite.run(liteSavepoint); err != nil {
			j.done <- w.db.lost("savepoint", err)
			w.abandon(err)
			return
		}
	}
	w.batch = append(w.batch, j) // so that abandon answers it, should it end this goroutine
	tx := w.db.newTurn(j.ctx, w.lite, j.permit, true)
	err := tx.run(j.fn)
	if err == nil && !first {
		if err = w.lite.run(liteRelease); err != nil {
			w.abandon(err)
			return
		}
	}
	if err == nil {
		w.events = append(w.events, tx.events...)
		w.after = append(w.after, tx.after...)
		return
	}
	w.batch = w.batch[:len(w.batch)-1]
	w.undo(first)
	j.done <- err
}

// undo takes back the last job alone. SQLite itself takes back the whole transaction on some errors, such as a full disk;
// then the savepoint is gone too, and all who share the transaction are told.
func (w *writer) undo(first bool) {
	if first {
		w.rollback()
		return
	}
	err := w.lite.run(liteUndo)
	if err == nil {
		err = w.lite.run(liteRelease)
	}
	if err != nil {
		w.abandon(err)
	}
}

func (w *writer) rollback() {
	w.open = false
	if err := w.lite.run(liteRollback); err != nil {
		w.db.log.Warn("rollback of a transaction that SQLite had already undone", "cause", err.Error())
	}
}

// abandon undoes the open transaction and tells all who share it.
func (w *writer) abandon(cause error) {
	if w.open {
		w.rollback()
	}
	w.answer(w.db.lost("transaction", cause))
}

func (w *writer) commit() {
	if !w.open {
		return
	}
	if len(w.batch) == 0 {
		w.rollback()
		return
	}
	if err := w.lite.run(liteCommit); err != nil {
		w.abandon(err)
		return
	}
	w.open = false
	for _, fn := range w.after {
		fn()
	}
	w.db.herald.tell(w.events)
	w.answer(nil)
}

func (w *writer) answer(err error) {
	for i, j := range w.batch {
		j.done <- err
		w.batch[i] = nil
	}
	w.batch = w.batch[:0]
	w.events = w.events[:0]
	clear(w.after)
	w.after = w.after[:0]
}

// close waits until all jobs are answered. Nobody may call write any more.
func (w *writer) close() error {
	close(w.queue)
	w.ended.Wait()
	return w.lite.close()
}

// lost is the answer when the engine failed between the acts of a transaction: whatever the cause, nothing was saved,
// and trying again may help.
func (d *DB) lost(what string, err error) error {
	d.log.Error("database failure", "at", what, "cause", err.Error())
	sorted := statementFault(err)
	if parlatory.KindOf(sorted) == parlatory.KindUnavailable {
		return sorted
	}
	return away(fmt.Errorf("%s: %w", what, sorted))
}
