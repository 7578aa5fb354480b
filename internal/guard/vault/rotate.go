package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parlatory"
)

// SettleAfter is how long a new version of a subject's key waits before it seals: all nodes have fetched it by then, since none
// uses a key for longer without asking again.
const SettleAfter = 6 * time.Minute

// MintWorkspace makes the next version of a workspace's key, under the root of the one before. Subjects' keys are wrapped again by a
// Rewrapper.
func (r *Ring) MintWorkspace(ctx context.Context, ws parlatory.WorkspaceID) (Wrapped, error) {
	newest, err := r.shelf.WorkspaceKey(ctx, ws, 0)
	if err != nil {
		return Wrapped{}, fmt.Errorf("workspace key: %w", err)
	}
	_, w, err := r.mintSpace(ctx, ws, newest.Version+1, newest.Root)
	return w, err
}

// MintVersion makes the next version of a subject's key.
func (r *Ring) MintVersion(ctx context.Context, ws parlatory.WorkspaceID, s Subject, version uint32) (Wrapped, error) {
	if s.Kind == KindIndex || version < 2 {
		return Wrapped{}, fmt.Errorf("key of %s has no version %d", s.Kind, version)
	}
	space, err := r.space(ctx, ws, 0)
	if err != nil {
		return Wrapped{}, err
	}
	m, err := r.mintUnder(space, ws, s, version)
	m.wrapped.From = r.clock.Now().Add(SettleAfter)
	return m.wrapped, err
}

// Move wraps a workspace's key again under the newest version of a root, the same or another. The clear key stays in this process.
func (r *Ring) Move(ctx context.Context, w Wrapped, root string) (Wrapped, error) {
	from, err := r.anchors.Anchor(ctx, w.Workspace, w.Root)
	if err != nil {
		return w, fmt.Errorf("move workspace key: %w", err)
	}
	to, err := r.anchors.Anchor(ctx, w.Workspace, root)
	if err != nil {
		return w, fmt.Errorf("move workspace key: %w", err)
	}
	return MoveBetween(ctx, w, from.Root, to.Root, root)
}

// MoveBetween is Move between two given roots, such as a key server's old settings and new ones. What it wrapped it opens again
// before it says so.
func MoveBetween(ctx context.Context, w Wrapped, from, to Root, name string) (Wrapped, error) {
	if w.Subject != spaceSubject || w.Parent != 0 {
		return w, errors.New("move workspace key: it is none")
	}
	raw, err := from.Unwrap(ctx, w.Blob, w.ad())
	if err != nil {
		return w, fmt.Errorf("move workspace key: %w", err)
	}
	defer clear(raw)
	blob, err := to.Wrap(ctx, raw, w.ad())
	if err != nil {
		return w, fmt.Errorf("move workspace key: %w", err)
	}
	again, err := to.Unwrap(ctx, blob, w.ad())
	if err != nil {
		return w, fmt.Errorf("move workspace key: the new root does not open what it wrapped: %w", err)
	}
	same := equalKeys(raw, again)
	clear(again)
	if !same {
		return w, fmt.Errorf("move workspace key: the new root gave another key back: %w", ErrOpen)
	}
	w.Blob, w.Root = blob, name
	return w, nil
}

// Current reports whether a workspace's key is wrapped under the newest version of its root.
func (r *Ring) Current(ctx context.Context, w Wrapped) (bool, error) {
	a, err := r.anchors.Anchor(ctx, w.Workspace, w.Root)
	if err != nil {
		return false, err
	}
	newest, err := a.Root.Version(ctx)
	return newest == a.Root.VersionOf(w.Blob), err
}

// Rewrapper wraps subjects' keys again under the newest workspace key. Its keys are fetched by the ring beforehand, so that Rewrap costs
// processor time only.
type Rewrapper struct {
	mute
	workspace parlatory.WorkspaceID
	from      map[uint32]*spaceKey
	to        *spaceKey
}

// Rewrapper fetches the keys for it; from are the versions that still wrap something.
func (r *Ring) Rewrapper(ctx context.Context, ws parlatory.WorkspaceID, from []uint32) (*Rewrapper, error) {
	if err := r.Confirm(ctx, ws); err != nil { // the newest as of now
		return nil, err
	}
	to, err := r.space(ctx, ws, 0)
	if err != nil {
		return nil, err
	}
	w := &Rewrapper{workspace: ws, from: map[uint32]*spaceKey{}, to: to}
	for _, v := range from {
		if w.from[v], err = r.space(ctx, ws, v); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// To is the version under which it wraps.
func (x *Rewrapper) To() uint32 { return x.to.version }

// Rewrap wraps one subject's key.
func (x *Rewrapper) Rewrap(w Wrapped) (Wrapped, error) {
	from := x.from[w.Parent]
	if w.Workspace != x.workspace || from == nil || w.Subject.Kind == KindWorkspace {
		return w, fmt.Errorf("wrap key of %s again: its parent is none of those fetched: %w", w.Subject.Kind, ErrOpen)
	}
	next := w
	next.Parent = x.to.version
	var err error
	erase(func() {
		var raw []byte
		if raw, err = from.wrapper.cipherOpen(w.Blob, w.ad()); err != nil {
			return
		}
		defer clear(raw)
		next.Blob, err = x.to.wrapper.cipherSeal(raw, next.ad())
	})
	if err != nil {
		return w, fmt.Errorf("wrap key of %s again: %w", w.Subject.Kind, err)
	}
	return next, nil
}
