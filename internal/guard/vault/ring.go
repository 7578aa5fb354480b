package vault

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parlatory"
)

// Shelf hands out wrapped keys; domain/keys fills it. Version 0 asks for the newest. A key that is not there is
// ErrNoKey.
type Shelf interface {
	WorkspaceKey(ctx context.Context, ws parlatory.WorkspaceID, version uint32) (Wrapped, error)
	SubjectKey(ctx context.Context, ws parlatory.WorkspaceID, s Subject, version uint32) (Wrapped, error)
	// SubjectKeys gives the newest keys of several subjects of one kind, in any order, and leaves out those that have none.
	SubjectKeys(ctx context.Context, ws parlatory.WorkspaceID, kind string, ids [][16]byte) ([]Wrapped, error)
}

// Options of a ring.
type Options struct {
	Root  Root
	Shelf Shelf
	Clock parlatory.Clock
	Max   int           // opened keys at most; default 10,000
	Keep  time.Duration // how long an opened key is used before the shelf is asked again; default 1 minute, limit 5 (AC-124)
}

// Ring holds the opened keys of the process. Keys are fetched before a transaction; what it hands out costs
// processor time only.
type Ring struct {
	mute
	root     Root
	shelf    Shelf
	clock    parlatory.Clock
	spaces   *cache[*spaceKey]
	subjects *cache[*Held]
	indexes  *cache[*Indexer]
	minted   *cache[any] // keys made by Mint that wait for their commit
}

type spaceKey struct {
	mute
	version uint32
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
	return &Ring{
		root: o.Root, shelf: o.Shelf, clock: o.Clock,
		spaces:   newCache[*spaceKey](o.Clock, o.Max, o.Keep),
		subjects: newCache[*Held](o.Clock, o.Max, o.Keep),
		indexes:  newCache[*Indexer](o.Clock, o.Max, o.Keep),
		minted:   newCache[any](o.Clock, 1024, time.Minute),
	}
}

// Hold gives the newest version of a subject's key, for sealing, and for opening what it sealed.
func (r *Ring) Hold(ctx context.Context, ws parlatory.WorkspaceID, s Subject) (*Held, error) {
	return r.HoldVersion(ctx, ws, s, 0)
}

// HoldVersion gives a certain version, for opening older values: Sealed.Version says which.
func (r *Ring) HoldVersion(ctx context.Context, ws parlatory.WorkspaceID, s Subject, version uint32) (*Held, error) {
	if !s.valid() || s.Kind == KindIndex || s.Kind == KindWorkspace || ws.Zero() {
		return nil, fmt.Errorf("hold key: kind %q seals no values", s.Kind)
	}
	return r.subjects.get(ctx, slot{ws, s, version}, func(ctx context.Context) (h *Held, err error) {
		w, raw, err := r.fetch(ctx, ws, s, version)
		if err != nil {
			return nil, err
		}
		return openHeld(w, raw)
	})
}

// openHeld clears the raw key.
func openHeld(w Wrapped, raw []byte) (h *Held, err error) {
	erase(func() { h, err = newHeld(w, raw) })
	clear(raw)
	return h, err
}

// HoldAll is Hold for several subjects of one kind: the shelf is asked once for those that are not in memory. One that has no key is
// ErrNoKey.
func (r *Ring) HoldAll(ctx context.Context, ws parlatory.WorkspaceID, all []Subject) (map[Subject]*Held, error) {
	for _, s := range all {
		if !s.valid() || s.ID == [16]byte{} || s.Kind != all[0].Kind || ws.Zero() {
			return nil, fmt.Errorf("hold keys: kind %q among those of %q", s.Kind, all[0].Kind)
		}
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
	for _, w := range wrapped {
		if w.Subject.Kind != all[0].Kind || !slices.Contains(missing, w.Subject.ID) {
			return nil, fmt.Errorf("shelf's key of %s is none that was asked for: %w", all[0].Kind, ErrOpen)
		}
		raw, err := r.unwrap(ctx, w, ws, w.Subject, 0)
		if err != nil {
			return nil, err
		}
		if held[w.Subject], err = openHeld(w, raw); err != nil {
			return nil, err
		}
		r.subjects.offer(slot{ws, w.Subject, 0}, held[w.Subject], turn)
	}
	for _, s := range all {
		if held[s] == nil {
			return nil, fmt.Errorf("key of %s: %w", s.Kind, ErrNoKey)
		}
	}
	return held, nil
}

// Index gives the maker of a workspace's blind indexes.
func (r *Ring) Index(ctx context.Context, ws parlatory.WorkspaceID) (*Indexer, error) {
	return r.indexes.get(ctx, slot{ws, IndexSubject, 0}, func(ctx context.Context) (ix *Indexer, err error) {
		w, raw, err := r.fetch(ctx, ws, IndexSubject, 0)
		if err != nil {
			return nil, err
		}
		erase(func() { ix = newIndexer(w.Workspace, raw) })
		clear(raw)
		return ix, nil
	})
}

// fetch gets a subject's wrapped key and opens it; the caller clears the raw key.
func (r *Ring) fetch(ctx context.Context, ws parlatory.WorkspaceID, s Subject, version uint32) (Wrapped, []byte, error) {
	w, err := r.shelf.SubjectKey(ctx, ws, s, version)
	if err != nil {
		return Wrapped{}, nil, fmt.Errorf("key of %s: %w", s.Kind, err)
	}
	raw, err := r.unwrap(ctx, w, ws, s, version)
	return w, raw, err
}

// unwrap opens what the shelf gave for a subject; the caller clears the raw key.
func (r *Ring) unwrap(ctx context.Context, w Wrapped, ws parlatory.WorkspaceID, s Subject, version uint32) ([]byte, error) {
	if err := w.is(ws, s, version); err != nil {
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

// space gives an opened workspace key.
func (r *Ring) space(ctx context.Context, ws parlatory.WorkspaceID, version uint32) (*spaceKey, error) {
	return r.spaces.get(ctx, slot{ws, spaceSubject, version}, func(ctx context.Context) (*spaceKey, error) {
		w, err := r.shelf.WorkspaceKey(ctx, ws, version)
		if err != nil {
			return nil, fmt.Errorf("workspace key: %w", err)
		}
		if err := w.is(ws, spaceSubject, version); err != nil {
			return nil, err
		}
		raw, err := r.root.Unwrap(ctx, w.Blob, w.ad())
		if err != nil {
			return nil, fmt.Errorf("workspace key: %w", err)
		}
		return openSpace(w.Version, raw)
	})
}

// openSpace clears the raw key.
func openSpace(version uint32, raw []byte) (k *spaceKey, err error) {
	k = &spaceKey{version: version}
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
func (r *Ring) ForgetWorkspace(ws parlatory.WorkspaceID) {
	match := func(t slot) bool { return t.workspace == ws }
	r.spaces.forget(match)
	r.subjects.forget(match)
	r.indexes.forget(match)
	r.minted.forget(match)
}
