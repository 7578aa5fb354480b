package vault

import (
	"context"
	"fmt"

	"parlatory"
)

// minted is a key that was made but is perhaps never committed.
type minted struct {
	mute
	wrapped Wrapped
	space   *spaceKey
	held    *Held
	indexer *Indexer
}

// mintSpace makes a key of a workspace or of the house under a root. It serves once its row is committed and adopted, or
// fetched.
func (r *Ring) mintSpace(ctx context.Context, ws parlatory.WorkspaceID, version uint32, root string) (*spaceKey, Wrapped, error) {
	if ws.Zero() {
		return nil, Wrapped{}, fmt.Errorf("mint workspace key: no workspace")
	}
	anchor, err := r.anchors.Anchor(ctx, ws, root)
	if err != nil {
		return nil, Wrapped{}, fmt.Errorf("mint workspace key: %w", err)
	}
	w := Wrapped{Workspace: ws, Subject: spaceSubject, Version: version, ID: parlatory.NewID[parlatory.KeyKind](r.clock), Root: root}
	var raw []byte
	erase(func() { raw, err = fresh() })
	if err != nil {
		return nil, Wrapped{}, err
	}
	defer clear(raw)
	if w.Blob, err = anchor.Root.Wrap(ctx, raw, w.ad()); err != nil {
		return nil, Wrapped{}, fmt.Errorf("mint workspace key: %w", err)
	}
	space, err := openSpace(w, raw)
	if err != nil {
		return nil, Wrapped{}, err
	}
	if d := r.door(ws); d.standing().Fault == nil { // that it wraps does not say that it opens
		d.confirm(anchor, root == RootOwn, r.clock.Now())
	}
	r.await(minted{wrapped: w, space: space})
	return space, w, nil
}

// Mint makes the first key of a subject under the workspace's newest key. The caller stores the wrapped key in the
// same transaction as the first value that it seals.
func (r *Ring) Mint(ctx context.Context, ws parlatory.WorkspaceID, s Subject) (*Held, Wrapped, error) {
	space, err := r.space(ctx, ws, 0)
	if err != nil {
		return nil, Wrapped{}, err
	}
	m, err := r.mintUnder(space, ws, s, 1)
	if err != nil {
		return nil, Wrapped{}, err
	}
	r.await(m)
	return m.held, m.wrapped, nil
}

func (r *Ring) mintUnder(space *spaceKey, ws parlatory.WorkspaceID, s Subject, version uint32) (m minted, err error) {
	if !s.valid() || s.Kind == KindWorkspace {
		return m, fmt.Errorf("mint key: kind %q has no key of this form", s.Kind)
	}
	m.wrapped = Wrapped{Workspace: ws, Subject: s, Version: version, Parent: space.version, ID: parlatory.NewID[parlatory.KeyKind](r.clock)}
	erase(func() {
		var raw []byte
		if raw, err = fresh(); err != nil {
			return
		}
		defer clear(raw)
		if m.wrapped.Blob, err = space.wrapper.wrap(raw, m.wrapped.ad()); err != nil {
			return
		}
		if s.Kind == KindIndex {
			m.indexer = newIndexer(ws, raw)
			return
		}
		var e *edition
		if e, err = newEdition(m.wrapped, raw); err == nil {
			e.meter = r.meters.of(m.wrapped)
			m.held = &Held{workspace: ws, subject: s, sealing: e, door: r.door(ws), meters: r.meters}
		}
	})
	if err != nil {
		return minted{}, fmt.Errorf("mint key of %s: %w", s.Kind, err)
	}
	return m, nil
}

func (r *Ring) await(m minted) {
	r.minted.put(slot{m.wrapped.Workspace, Subject{"minted", m.wrapped.ID}, 0}, m)
}

// Adopt puts minted keys into use after their rows are committed. It saves the first fetch and is never needed:
// what was not minted by this ring of late is ignored.
func (r *Ring) Adopt(keys ...Wrapped) {
	for _, w := range keys {
		s := slot{w.Workspace, Subject{"minted", w.ID}, 0}
		r.minted.mu.Lock()
		v, ok := r.minted.find(s)
		if ok {
			r.minted.drop(r.minted.items[s])
		}
		r.minted.mu.Unlock()
		m, isKey := v.(minted)
		if !ok || !isKey || !m.wrapped.equal(w) {
			continue
		}
		at := slot{w.Workspace, w.Subject, 0}
		switch {
		case m.space != nil:
			r.spaces.put(at, m.space)
			r.spaces.put(slot{w.Workspace, w.Subject, w.Version}, m.space)
		case m.held != nil:
			r.subjects.put(at, m.held)
		default:
			r.indexes.put(at, m.indexer)
		}
	}
}

// Founding is the set of first keys of a new workspace or of the house: its own, settings, ledger, index and those
// asked for. Nothing of it is on the shelf until the founding transaction stores Wrapped.
type Founding struct {
	mute
	workspace parlatory.WorkspaceID
	wrapped   []Wrapped
	held      map[Subject]*Held
	indexer   *Indexer
	house     *Held
}

// Found mints the first keys. For a workspace the house must stand already, since the house's ledger key seals the
// signing key of the new ledger, and a key of the house's its policies: heads are signed and doors are kept also while a workspace is
// closed.
func (r *Ring) Found(ctx context.Context, ws parlatory.WorkspaceID, subjects ...Subject) (*Founding, error) {
	f := &Founding{workspace: ws, held: map[Subject]*Held{}}
	space, w, err := r.mintSpace(ctx, ws, 1, r.fresh)
	if err != nil {
		return nil, err
	}
	f.wrapped = append(f.wrapped, w)
	for _, s := range append([]Subject{Settings, LedgerSubject, IndexSubject}, subjects...) {
		if f.held[s] != nil || s.Kind == KindIndex && f.indexer != nil {
			continue
		}
		m, err := r.mintUnder(space, ws, s, 1)
		if err != nil {
			return nil, err
		}
		r.await(m)
		f.wrapped = append(f.wrapped, m.wrapped)
		if m.indexer != nil {
			f.indexer = m.indexer
			continue
		}
		f.held[s] = m.held
	}
	if f.house = f.held[LedgerSubject]; ws == parlatory.House {
		return f, nil
	}
	if f.house, err = r.Hold(ctx, parlatory.House, LedgerSubject); err != nil {
		return nil, fmt.Errorf("found workspace: %w", err)
	}
	_, policy, err := r.Mint(ctx, parlatory.House, PolicyKey(ws))
	if err != nil {
		return nil, fmt.Errorf("found workspace: %w", err)
	}
	f.wrapped = append(f.wrapped, policy)
	return f, nil
}

// Workspace is what is founded.
func (f *Founding) Workspace() parlatory.WorkspaceID { return f.workspace }

// Wrapped lists the keys to store, the workspace's own first.
func (f *Founding) Wrapped() []Wrapped { return f.wrapped }

// Held gives a key of the founding; nil, which seals nothing, for a subject that was not asked for.
func (f *Founding) Held(s Subject) *Held { return f.held[s] }

// Indexer makes the new workspace's blind indexes.
func (f *Founding) Indexer() *Indexer { return f.indexer }

// House is the house's ledger key, which seals the ledger's signing key.
func (f *Founding) House() *Held { return f.house }
