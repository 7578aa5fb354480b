package vault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"parlatory"
)

// Shelf hands out wrapped keys; domain/keys fills it. A key that is not there is ErrNoKey.
type Shelf interface {
	// WorkspaceKey gives a version of a workspace's key; 0 asks for the newest.
	WorkspaceKey(ctx context.Context, ws parlatory.WorkspaceID, version uint32) (Wrapped, error)
	// SubjectKeys gives all versions of the keys of several subjects of one kind, in any order, and leaves out those that have none.
	SubjectKeys(ctx context.Context, ws parlatory.WorkspaceID, kind string, ids [][16]byte) ([]Wrapped, error)
	// Spend notes seals of one version of a key and gives all that are noted.
	Spend(ctx context.Context, ws parlatory.WorkspaceID, s Subject, version uint32, seals int64) (int64, error)
}

// Options of a ring.
type Options struct {
	Root    Root    // the operator's key file, where Anchors names no others
	Anchors Anchors // nil: Root alone, as RootFile
	New     string  // the root of new workspaces' keys; RootFile if empty
	Shelf   Shelf
	Clock   parlatory.Clock
	Log     *slog.Logger
	Confirm time.Duration // how long an answer of a root on another machine holds; 1 minute, which is the most
	Max     int           // opened keys at most; default 10,000
	// Shut hears that a workspace's keys are wiped from this node: what was opened with them must go too.
	Shut func(ws parlatory.WorkspaceID)
	Keep time.Duration // how long an opened key is used before the shelf is asked again; default 1 minute, limit 5 (AC-124)
}

// Ring holds the opened keys of the process. Keys are fetched before a transaction; what it hands out costs
// processor time only.
type Ring struct {
	mute
	anchors  Anchors
	fresh    string // name of the root of new workspaces
	shelf    Shelf
	clock    parlatory.Clock
	log      *slog.Logger
	spaces   *cache[*spaceKey] // kept for as long as their door stands open
	subjects *cache[*Held]
	indexes  *cache[*Indexer]
	minted   *cache[any] // keys made by Mint that wait for their commit
	meters   *meters
	pace     pace
	askFixed chan struct{}
	askOwn   chan struct{}
	shut     func(parlatory.WorkspaceID)

	mu    sync.Mutex
	doors map[parlatory.WorkspaceID]*door
}

type spaceKey struct {
	mute
	version uint32
	root    string
	wrapper *wrapper
}

// NewRing makes a ring.
func NewRing(o Options) *Ring {
	if o.Max <= 0 {
		o.Max = 10_000
	}
	if o.Keep <= 0 {
		o.Keep = time.Minute
	}
	o.Keep = min(o.Keep, 5*time.Minute)
	if o.Clock == nil {
		o.Clock = parlatory.SystemClock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Anchors == nil {
		o.Anchors = Fixed{RootFile: {Root: o.Root}}
	}
	if o.Shut == nil {
		o.Shut = func(parlatory.WorkspaceID) {}
	}
	if o.New == "" {
		o.New = RootFile
	}
	return &Ring{
		anchors: o.Anchors, fresh: o.New, shelf: o.Shelf, clock: o.Clock, log: o.Log,
		spaces:   newCache[*spaceKey](o.Clock, o.Max, forever),
		subjects: newCache[*Held](o.Clock, o.Max, o.Keep),
		indexes:  newCache[*Indexer](o.Clock, o.Max, o.Keep),
		minted:   newCache[any](o.Clock, 1024, time.Minute),
		meters:   newMeters(), pace: paceOf(o.Confirm), shut: o.Shut, askFixed: make(chan struct{}, askFixed), askOwn: make(chan struct{}, askOwn),
		doors: map[parlatory.WorkspaceID]*door{},
	}
}

func (r *Ring) door(ws parlatory.WorkspaceID) *door {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.doors[ws]
	if d == nil {
		d = &door{clock: r.clock, pace: r.pace}
		r.doors[ws] = d
	}
	return d
}

// Hold gives a subject's key.
func (r *Ring) Hold(ctx context.Context, ws parlatory.WorkspaceID, s Subject) (*Held, error) {
	if !s.valid() || s.Kind == KindIndex || s.Kind == KindWorkspace || ws.Zero() {
		return nil, fmt.Errorf("hold key: kind %q seals no values", s.Kind)
	}
	if err := r.Enter(ctx, ws); err != nil {
		return nil, err
	}
	return r.subjects.get(ctx, slot{ws, s, 0}, func(ctx context.Context) (*Held, error) {
		all, err := r.shelf.SubjectKeys(ctx, ws, s.Kind, [][16]byte{s.ID})
		if err != nil {
			return nil, fmt.Errorf("key of %s: %w", s.Kind, err)
		}
		return r.assemble(ctx, ws, s, all)
	})
}

// Enter is nil where the workspace's door is open, or could be opened: for what shows opened content out of a memory of its own.
func (r *Ring) Enter(ctx context.Context, ws parlatory.WorkspaceID) error {
	d := r.door(ws)
	d.use()
	if d.open() == nil {
		return nil
	}
	_, err := r.space(ctx, ws, 0)
	return err
}

// assemble opens all versions of a subject's key.
func (r *Ring) assemble(ctx context.Context, ws parlatory.WorkspaceID, s Subject, all []Wrapped) (*Held, error) {
	h := &Held{workspace: ws, subject: s, door: r.door(ws), meters: r.meters}
	slices.SortFunc(all, func(a, b Wrapped) int { return cmp.Compare(a.Version, b.Version) })
	now := r.clock.Now()
	for i, w := range all {
		if i > 0 && all[i-1].Version == w.Version {
			return nil, fmt.Errorf("shelf's keys of %s: a version twice: %w", s.Kind, ErrOpen)
		}
		raw, err := r.unwrap(ctx, w, ws, s)
		if err != nil {
			return nil, err
		}
		e, err := openEdition(w, raw)
		if err != nil {
			return nil, err
		}
		e.meter = r.meters.of(w)
		switch {
		case h.sealing == nil:
			h.sealing = e
		case w.From.After(now): // not every node has seen it yet
			h.older = append(h.older, e)
		default:
			h.older, h.sealing = append(h.older, h.sealing), e
		}
	}
	if h.sealing == nil {
		return nil, fmt.Errorf("key of %s: %w", s.Kind, ErrNoKey)
	}
	return h, nil
}

// openEdition clears the raw key.
func openEdition(w Wrapped, raw []byte) (e *edition, err error) {
	erase(func() { e, err = newEdition(w, raw) })
	clear(raw)
	return e, err
}

// HoldAll is Hold for several subjects of one kind: the shelf is asked once for those that are not in memory. One that has no key is
// ErrNoKey.
func (r *Ring) HoldAll(ctx context.Context, ws parlatory.WorkspaceID, all []Subject) (map[Subject]*Held, error) {
	for _, s := range all {
		if !s.valid() || s.ID == [16]byte{} || s.Kind != all[0].Kind || ws.Zero() {
			return nil, fmt.Errorf("hold keys: kind %q among those of %q", s.Kind, all[0].Kind)
		}
	}
	if len(all) == 0 {
		return map[Subject]*Held{}, nil
	}
	if err := r.Enter(ctx, ws); err != nil {
		return nil, err
	}
	held := make(map[Subject]*Held, len(all))
	missing, turn := r.subjects.known(ws, all, held)
	if len(missing) == 0 {
		return held, nil
	}
	wrapped, err := r.shelf.SubjectKeys(ctx, ws, all[0].Kind, missing)
	if err != nil {
		return nil, fmt.Errorf("keys of %s: %w", all[0].Kind, err)
	}
	versions := map[Subject][]Wrapped{}
	for _, w := range wrapped {
		if w.Subject.Kind != all[0].Kind || !slices.Contains(missing, w.Subject.ID) {
			return nil, fmt.Errorf("shelf's key of %s is none that was asked for: %w", all[0].Kind, ErrOpen)
		}
		versions[w.Subject] = append(versions[w.Subject], w)
	}
	for s, v := range versions {
		if held[s], err = r.assemble(ctx, ws, s, v); err != nil {
			return nil, err
		}
	}
	for _, s := range all {
		if held[s] == nil {
			return nil, fmt.Errorf("key of %s: %w", s.Kind, ErrNoKey)
		}
	}
	for s := range versions {
		r.subjects.offer(slot{ws, s, 0}, held[s], turn)
	}
	return held, nil
}

// Index gives the maker of a workspace's blind indexes. Its key has one version: indexes outlive rotation.
func (r *Ring) Index(ctx context.Context, ws parlatory.WorkspaceID) (*Indexer, error) {
	if err := r.Enter(ctx, ws); err != nil {
		return nil, err
	}
	return r.indexes.get(ctx, slot{ws, IndexSubject, 0}, func(ctx context.Context) (*Indexer, error) {
		all, err := r.shelf.SubjectKeys(ctx, ws, KindIndex, [][16]byte{{}})
		if err != nil {
			return nil, fmt.Errorf("key of %s: %w", KindIndex, err)
		}
		if len(all) != 1 {
			return nil, fmt.Errorf("%d keys of %s: %w", len(all), KindIndex, ErrNoKey)
		}
		raw, err := r.unwrap(ctx, all[0], ws, IndexSubject)
		if err != nil {
			return nil, err
		}
		var ix *Indexer
		erase(func() { ix = newIndexer(ws, raw) })
		clear(raw)
		return ix, nil
	})
}

// unwrap opens what the shelf gave for a subject; the caller clears the raw key.
func (r *Ring) unwrap(ctx context.Context, w Wrapped, ws parlatory.WorkspaceID, s Subject) ([]byte, error) {
	if err := w.is(ws, s, 0); err != nil {
		return nil, err
	}
	if w.Parent == 0 {
		return nil, fmt.Errorf("key of %s without a parent: %w", s.Kind, ErrOpen)
	}
	space, err := r.space(ctx, ws, w.Parent)
	if err != nil {
		return nil, err
	}
	raw, err := space.wrapper.unwrap(w.Blob, w.ad())
	if err != nil {
		return nil, fmt.Errorf("key of %s: %w", s.Kind, err)
	}
	return raw, nil
}

// space gives an opened workspace key; 0 is the newest. While the root is away, the one in memory serves until the door shuts.
func (r *Ring) space(ctx context.Context, ws parlatory.WorkspaceID, version uint32) (*spaceKey, error) {
	d := r.door(ws)
	at := slot{ws, spaceSubject, version}
	kept, known := r.spaces.peek(at)
	known = known && d.open() == nil
	if known && !d.stale() {
		return kept, nil
	}
	if resting := d.resting(); resting != nil {
		if known {
			return kept, nil
		}
		return nil, refusal(resting)
	}
	fetched, err := r.spaces.renew(ctx, at, func(ctx context.Context) (*spaceKey, error) { return r.ask(ctx, d, ws, version) })
	switch {
	case err == nil:
		return fetched, nil
	case errors.Is(err, ErrAway) && known && d.open() == nil:
		return kept, nil
	}
	return nil, err
}

// ask has the root open a workspace key, and notes at the door what it said.
func (r *Ring) ask(ctx context.Context, d *door, ws parlatory.WorkspaceID, version uint32) (*spaceKey, error) {
	w, err := r.shelf.WorkspaceKey(ctx, ws, version)
	if err != nil {
		return nil, fmt.Errorf("workspace key: %w", err)
	}
	if err := w.is(ws, spaceSubject, version); err != nil {
		return nil, err
	}
	anchor, err := r.anchors.Anchor(ctx, ws, w.Root)
	if err != nil {
		return nil, fmt.Errorf("workspace key: %w", err)
	}
	begun, before := r.clock.Now(), d.standing()
	raw, err := anchor.Root.Unwrap(ctx, w.Blob, w.ad())
	if err != nil {
		return nil, r.failed(ctx, d, ws, anchor, before, err)
	}
	d.confirm(anchor, w.Root == RootOwn, begun)
	r.report(ctx, ws, before, d.standing())
	space, err := openSpace(w, raw)
	if err == nil && version == 0 {
		r.spaces.put(slot{ws, spaceSubject, w.Version}, space)
	}
	return space, err
}

// failed notes at the door why a root opened nothing, and says it. What a key file does not open was changed in the database; what a key
// server does not open is under another key than its own, which is as good as withdrawn.
func (r *Ring) failed(ctx context.Context, d *door, ws parlatory.WorkspaceID, anchor Anchor, before Standing, err error) error {
	_, file := anchor.Root.(local)
	away, gone := errors.Is(err, ErrAway), errors.Is(err, ErrWithdrawn) || errors.Is(err, ErrOpen) && !file
	if !away && !gone {
		return fmt.Errorf("workspace key: %w", err)
	}
	d.fail(err)
	r.report(ctx, ws, before, d.standing())
	if gone {
		r.wipe(ctx, d, ws)
		return refusal(ErrWithdrawn)
	}
	return refusal(ErrAway)
}

// openSpace clears the raw key.
func openSpace(w Wrapped, raw []byte) (k *spaceKey, err error) {
	k = &spaceKey{version: w.Version, root: w.Root}
	erase(func() { k.wrapper, err = newWrapper("workspace", raw) })
	clear(raw)
	return k, err
}

// Forget drops a subject's opened keys, as erasure and rotation need.
func (r *Ring) Forget(ws parlatory.WorkspaceID, s Subject) {
	match := func(t slot) bool { return t.workspace == ws && t.subject == s }
	r.subjects.forget(match)
	r.indexes.forget(match)
	r.minted.forget(match)
}

// ForgetWorkspace drops a workspace's key with all its children.
func (r *Ring) ForgetWorkspace(ws parlatory.WorkspaceID) { r.forgetAll(ws) }

// wipe is forgetting for a door that is shut, once each time it is.
func (r *Ring) wipe(ctx context.Context, d *door, ws parlatory.WorkspaceID) {
	r.forgetAll(ws)
	if d.wiped.CompareAndSwap(false, true) {
		r.log.LogAttrs(ctx, slog.LevelError, "the workspace is closed: its keys are not in memory any more", slog.String("workspace", ws.String()))
		r.shut(ws)
	}
}

func (r *Ring) forgetAll(ws parlatory.WorkspaceID) {
	match := func(t slot) bool { return t.workspace == ws }
	r.spaces.forget(match)
	r.subjects.forget(match)
	r.indexes.forget(match)
	r.minted.forget(match)
}
