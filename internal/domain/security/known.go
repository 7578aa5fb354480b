package security

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

const (
	// fresh is how long what is known is taken without asking whether it still holds. Events end that sooner; this is for what no event
	// tells, such as a command of the operator on the same file.
	fresh = 500 * time.Millisecond
	// faultFor is how long lines that could not be believed are not read again, unless a change is told: reading them all is dear.
	faultFor = 5 * time.Second
	// proveEach is how often all lines are read whether or not anything has changed. A change reads only the lines that it says it made, so
	// this is when a row is noticed that somebody edited, deleted or put back in the database.
	proveEach = 10 * time.Minute
	proveLook = time.Minute
	// Bounds of what a node remembers: about 150 MB of lines with their sets. Who was not asked for the longest goes first.
	workspacesKnown = 10_000
	linesKnown      = 1_000_000
)

// entry is what is known of one workspace.
type entry struct {
	load    sync.Mutex // one loads, the others wait
	current *compiled
	fault   error     // why the lines could not be believed
	checked time.Time // zero: something has changed since
	turn    uint64    // counts what was told
}

func (e *entry) fresh(now time.Time) bool {
	age := now.Sub(e.checked)
	if e.fault != nil {
		return age < faultFor && age >= 0
	}
	return age < fresh && age >= 0 && e.current != nil && e.current.holds(now)
}

// forget has a workspace's revision asked for before it is judged by what is known again.
func (r *Room) forget(ws parlatory.WorkspaceID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.known[ws]; e != nil {
		e.turn, e.checked = e.turn+1, time.Time{}
	}
	r.turned.forget(ws)
}

func (r *Room) forgetAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.known {
		e.turn, e.checked = e.turn+1, time.Time{}
	}
	r.turned.forget(parlatory.WorkspaceID{})
}

// rules gives the compiled settings, at most half a second old.
func (r *Room) rules(ctx context.Context, ws parlatory.WorkspaceID) (*compiled, error) {
	now := r.o.Clock.Now()
	r.mu.RLock()
	if e := r.known[ws]; e != nil && e.fresh(now) {
		c, err := e.current, e.fault
		r.mu.RUnlock()
		return c, err
	}
	r.mu.RUnlock()
	return r.refresh(ctx, ws)
}

// entryOf gives a workspace's entry, new if need be.
func (r *Room) entryOf(ws parlatory.WorkspaceID) *entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.known[ws]
	if e == nil {
		if len(r.known) >= workspacesKnown {
			clear(r.known)
			r.lines = 0
		}
		e = &entry{}
		r.known[ws] = e
	}
	return e
}

// refresh reads what changed. A value that was read before a change was told is used once; who asks after it compares revisions again.
func (r *Room) refresh(ctx context.Context, ws parlatory.WorkspaceID) (*compiled, error) {
	e := r.entryOf(ws)
	e.load.Lock()
	defer e.load.Unlock()
	now := r.o.Clock.Now()
	r.mu.RLock()
	before, turn, done, fault := e.current, e.turn, e.fresh(now), e.fault
	r.mu.RUnlock()
	if done {
		return before, fault
	}
	c, err := r.load(ctx, ws, before)
	if err != nil && !errors.Is(err, errForged) {
		return nil, err // such as a caller who left, or a database that is away: what is known is as good as it was
	}
	r.mu.Lock()
	r.keep(ws, e, c, err)
	if e.turn == turn {
		e.checked = now
	}
	r.mu.Unlock()
	if before != nil && !before.holds(now) {
		// A line has ended, and nobody wrote anything: open sockets hear of it from here, on each node for itself.
		r.o.DB.Hear(parlatory.Event{Kind: parlatory.SecurityChanged, Workspace: ws})
	}
	return c, err
}

// endLines looks for lists of which a line has ended since they were read, so that it ends for open sockets too.
func (r *Room) endLines(ctx context.Context) error {
	now := r.o.Clock.Now()
	var ended []parlatory.WorkspaceID
	r.mu.RLock()
	for ws, e := range r.known {
		if e.current != nil && !e.current.holds(now) {
			ended = append(ended, ws)
		}
	}
	r.mu.RUnlock()
	var faults []error
	for _, ws := range ended {
		_, err := r.refresh(ctx, ws)
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// keep remembers what was read, under the lock of the room, and makes room for it.
func (r *Room) keep(ws parlatory.WorkspaceID, e *entry, c *compiled, fault error) {
	was := e.size()
	e.current, e.fault = c, fault
	if r.known[ws] != e {
		return // it was dropped meanwhile
	}
	r.lines += e.size() - was
	for r.lines > linesKnown {
		oldest, found := parlatory.WorkspaceID{}, false
		for id, o := range r.known {
			if id != ws && o.size() > 0 && (!found || o.checked.Before(r.known[oldest].checked)) {
				oldest, found = id, true
			}
		}
		if !found {
			return
		}
		r.lines -= r.known[oldest].size()
		delete(r.known, oldest)
	}
}

func (e *entry) size() int {
	if e.current == nil {
		return 0
	}
	return len(e.current.rules)
}

// load reads settings and lists: nothing but the revision where it is still the same, the lines that changed where the document says which
// they are, else all of them. A line that was changed past the program shuts the door: an allowlist without it would only be narrower,
// a blocklist without it wider, and nobody would know.
func (r *Room) load(ctx context.Context, ws parlatory.WorkspaceID, known *compiled) (*compiled, error) {
	permit, err := r.o.Law.System(actLoad, ws)
	if err != nil {
		return nil, err
	}
	now := r.o.Clock.Now()
	if known != nil {
		var same bool
		err := r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
			same, err = known.current(tx)
			return err
		})
		if err != nil {
			return nil, err
		}
		if same {
			return known.later(now), nil
		}
	}
	held, err := Key(ctx, r.o.Ring, ws)
	if err != nil {
		return nil, err
	}
	var c *compiled
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		doc, err := read(tx, held)
		if err != nil {
			return err
		}
		if known != nil {
			if spans, ok := doc.since(known); ok {
				rules, err := changedRules(tx, held, spans)
				c = known.with(doc, spans, rules, now)
				return err
			}
		}
		rules, err := rulesOf(tx, held, sqlLines)
		c = compile(doc, rules, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// current says whether the document is still the one that is known. Its time is compared too: in a database that was put back,
// another change may have the same number.
func (c *compiled) current(tx *db.Tx) (bool, error) {
	var revision uint32
	var at time.Time
	err := tx.Row(sqlRevision).Scan(&revision, &at)
	if err != nil && !errors.Is(err, db.ErrNone) {
		return false, fmt.Errorf("read revision of security settings: %w", err)
	}
	return revision == c.revision && at.Equal(c.changed), nil
}

func rulesOf(tx *db.Tx, held *vault.Held, query string, args ...any) ([]rule, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, fmt.Errorf("read list: %w", err)
	}
	return opened(rows, held, ruleOf)
}

func changedRules(tx *db.Tx, held *vault.Held, spans []span) (all []rule, err error) {
	for _, s := range spans {
		some, err := rulesOf(tx, held, sqlLinesSpan, s.first, s.last)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// Prove reads all lines again of the workspaces that were last read whole a while ago, beside those who look something up. What does not
// open shuts the door from the next look on.
func (r *Room) Prove(ctx context.Context) error {
	var faults []error
	for ws, e := range r.unproved() {
		faults = append(faults, r.prove(ctx, ws, e))
	}
	return errors.Join(faults...)
}

func (r *Room) unproved() map[parlatory.WorkspaceID]*entry {
	now := r.o.Clock.Now()
	due := map[parlatory.WorkspaceID]*entry{}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for ws, e := range r.known {
		if e.size() > 0 && now.Sub(e.current.proved) >= proveEach {
			due[ws] = e
		}
	}
	return due
}

func (r *Room) prove(ctx context.Context, ws parlatory.WorkspaceID, e *entry) error {
	c, err := r.load(ctx, ws, nil)
	if err != nil && !errors.Is(err, errForged) {
		return err
	}
	e.load.Lock()
	defer e.load.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(ws, e, c, err)
	// The lookups may have seen a newer revision meanwhile: the next one reads what came after this.
	e.turn, e.checked = e.turn+1, time.Time{}
	return err
}
