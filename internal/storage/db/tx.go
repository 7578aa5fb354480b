package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
)

// session is one connection inside a transaction.
type session interface {
	exec(ctx context.Context, query string, args []driver.NamedValue) (int64, error)
	query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error)
}

// turn is what the views of one transaction share. The mutex is there for misuse: a goroutine that outlives fn gets
// errOver, never another turn's connection.
type turn struct {
	mu        sync.Mutex
	db        *DB
	session   session
	ctx       context.Context
	permit    access.Permit
	now       time.Time
	write     bool
	over      bool
	witnessed bool
	spoiled   error
	given     bool  // fn has seen rows
	open      *Rows // one walk at a time: PostgreSQL's protocol allows no more on a connection
	args      []driver.NamedValue
	events    []parlatory.Event
	after     []func()
}

// Tx is a transaction pinned to one workspace.
type Tx struct {
	*turn
	pin    parlatory.WorkspaceID
	across bool
	refuse error
}

type txKey struct{ db *DB }

func (d *DB) newTurn(ctx context.Context, s session, permit access.Permit, write bool) *Tx {
	t := &turn{db: d, session: s, permit: permit, now: d.clock.Now(), write: write}
	t.ctx = context.WithValue(ctx, txKey{d}, t)
	return &Tx{turn: t, pin: permit.Workspace()}
}

// Workspace is the pin of this view.
func (t *Tx) Workspace() parlatory.WorkspaceID { return t.pin }

// Permit is the one that the transaction began with.
func (t *Tx) Permit() access.Permit { return t.permit }

// Context is the caller's; a Read or Write under it fails at once.
func (t *Tx) Context() context.Context { return t.ctx }

// Now is the time at which the transaction began: one act has one time.
func (t *Tx) Now() time.Time { return t.now }

// Postgres reports the engine, for the few statements of which there are two.
func (t *Tx) Postgres() bool { return t.db.engine == Postgres }

// House is a view pinned to the house. Its statements fail unless the permit's scope reaches there.
func (t *Tx) House() *Tx {
	v := &Tx{turn: t.turn, pin: parlatory.House, refuse: t.refuse}
	switch t.permit.Act().Scope {
	case access.InHouse, access.HouseAndWorkspace, access.HouseAndAcross, access.Everywhere:
	default:
		v.refuse = t.outOfScope("house")
	}
	return v
}

// Across is a view for the listed SELECTs over all workspaces: nothing is prepended to the arguments.
func (t *Tx) Across() *Tx {
	v := &Tx{turn: t.turn, across: true, refuse: t.refuse}
	switch t.permit.Act().Scope {
	case access.Across, access.HouseAndAcross, access.Everywhere:
	default:
		v.refuse = t.outOfScope("across")
	}
	return v
}

func (t *Tx) outOfScope(where string) error {
	return parlatory.Internal("transaction", fmt.Errorf("act %q does not reach %s", t.permit.Act().Name, where))
}

// Tell collects an event, to be told after commit.
func (t *Tx) Tell(e parlatory.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over && t.write {
		t.events = append(t.events, e)
	}
}

// After has fn called once after the commit, before the events are told, and never if the transaction is undone: for
// what a process remembers of its own commits. fn must not block and must not use the transaction.
func (t *Tx) After(fn func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over && t.write {
		t.after = append(t.after, fn)
	}
}

// MarkWitnessed is storage/ledger's alone: the entry of an audited act stands in this transaction.
func (t *Tx) MarkWitnessed() {
	t.mu.Lock()
	t.witnessed = true
	t.mu.Unlock()
}

// Exec runs a statement and counts the rows that it changed.
func (t *Tx) Exec(query string, args ...any) (affected int64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	bound, err := t.prepare(query, args)
	if err != nil {
		return 0, err
	}
	n, err := t.session.exec(t.ctx, query, bound)
	clear(bound)
	if err != nil {
		err = statementFault(err)
		t.spoil(err)
		return 0, err
	}
	return n, nil
}

// Query runs a statement and walks its rows.
func (t *Tx) Query(query string, args ...any) (*Rows, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	bound, err := t.prepare(query, args)
	if err != nil {
		return nil, err
	}
	rows, err := t.session.query(t.ctx, query, bound)
	clear(bound)
	if err != nil {
		err = statementFault(err)
		t.spoil(err)
		return nil, err
	}
	r := &Rows{turn: t.turn, rows: rows, row: make([]driver.Value, len(rows.Columns()))}
	t.open, t.given = r, true
	return r, nil
}

// Row runs a statement of which the first row matters.
func (t *Tx) Row(query string, args ...any) *Row {
	rows, err := t.Query(query, args...)
	return &Row{rows: rows, err: err}
}

// prepare judges the statement and binds its arguments, the pin first. The slice is the turn's own and reused.
func (t *Tx) prepare(query string, args []any) ([]driver.NamedValue, error) {
	switch {
	case t.over:
		return nil, parlatory.Internal("transaction", errOver)
	case t.refuse != nil:
		t.spoil(t.refuse)
		return nil, t.refuse
	case t.spoiled != nil:
		return nil, t.spoiled
	case t.open != nil:
		t.spoil(parlatory.Internal("statement", errWalking))
		return nil, t.spoiled
	case !t.write && t.ctx.Err() != nil:
		return nil, left(t.ctx.Err())
	}
	err := t.db.plans.judge(query, t.across)
	var bound []driver.NamedValue
	if err == nil {
		bound, err = t.bind(args)
	}
	if err != nil {
		err = parlatory.Internal("statement", err)
		t.spoil(err)
	}
	return bound, err
}

func (t *Tx) bind(args []any) ([]driver.NamedValue, error) {
	bound := t.args[:0]
	if !t.across {
		bound = append(bound, driver.NamedValue{Ordinal: 1, Value: t.pin[:]})
	}
	for i, a := range args {
		v, err := argument(a)
		if err != nil {
			return nil, fmt.Errorf("argument %d: %w", i+1, err)
		}
		bound = append(bound, driver.NamedValue{Ordinal: len(bound) + 1, Value: v})
	}
	t.args = bound
	return bound, nil
}

// spoil remembers the first failure: the transaction will not commit, whatever fn answers.
func (t *turn) spoil(err error) {
	if t.spoiled == nil {
		t.spoiled = err
	}
}

// run calls fn, then ends the turn: open rows are closed, later use fails. A panic is an error of this turn alone.
func (t *Tx) run(fn func(*Tx) error) (err error) {
	orderly := false
	defer func() {
		if orderly {
			return
		}
		t.end()
		if p := recover(); p != nil {
			err = t.db.panicked(t.permit, p)
		}
	}()
	err = fn(t)
	orderly = true
	t.end()
	return t.verdict(err)
}

func (t *turn) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	if t.open != nil {
		t.open.close()
	}
}

// verdict decides whether the transaction may commit.
func (t *turn) verdict(err error) error {
	var known *parlatory.Error
	switch {
	case err != nil:
		return err
	case t.spoiled == nil && t.write && t.permit.Act().Audited && !t.witnessed:
		return parlatory.Internal("act "+t.permit.Act().Name, errUnseen)
	case t.spoiled == nil || errors.As(t.spoiled, &known):
		return t.spoiled
	}
	return parlatory.Internal("act "+t.permit.Act().Name, t.spoiled)
}

// panicked logs where fn panicked. The value may hold content, so that only the runtime's own are shown.
func (d *DB) panicked(permit access.Permit, p any) error {
	cause := fmt.Errorf("panic of type %T", p)
	if own, ok := p.(runtime.Error); ok {
		cause = fmt.Errorf("panic: %w", own)
	}
	d.log.Error("panic inside a transaction", "act", permit.Act().Name, "cause", cause.Error(), "stack", string(debug.Stack()))
	return parlatory.Internal("act "+permit.Act().Name, cause)
}
