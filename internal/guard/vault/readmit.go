package vault

import (
	"context"
	"errors"
	"fmt"

	"parlatory"
)

// Opens is nil if a root opens a workspace's key. What it gave is cleared at once.
func Opens(ctx context.Context, w Wrapped, root Root) error {
	if w.Subject != spaceSubject || w.Parent != 0 {
		return errors.New("open workspace key: it is none")
	}
	raw, err := root.Unwrap(ctx, w.Blob, w.ad())
	clear(raw)
	if err != nil {
		return fmt.Errorf("open workspace key: %w", err)
	}
	return nil
}

// Readmit opens a workspace's keys of all versions by a given root, and its door with them: for a workspace whose stored settings lead to no
// root any more, while new ones do. Without a commit of those the door shuts again when this answer has run out; it has no grace.
func (r *Ring) Readmit(ctx context.Context, ws parlatory.WorkspaceID, root Root) error {
	newest, err := r.shelf.WorkspaceKey(ctx, ws, 0)
	if err != nil {
		return fmt.Errorf("readmit workspace: %w", err)
	}
	begun := r.clock.Now()
	var all []*spaceKey
	for v := newest.Version; v > 0; v-- {
		w := newest
		if v != newest.Version {
			if w, err = r.shelf.WorkspaceKey(ctx, ws, v); errors.Is(err, ErrNoKey) {
				continue
			} else if err != nil {
				return fmt.Errorf("readmit workspace: %w", err)
			}
		}
		space, err := openBy(ctx, w, ws, v, root)
		if err != nil {
			return fmt.Errorf("readmit workspace: %w", err)
		}
		all = append(all, space)
	}
	r.door(ws).confirm(Anchor{Root: root}, true, begun)
	r.spaces.put(slot{ws, spaceSubject, 0}, all[0])
	for _, space := range all {
		r.spaces.put(slot{ws, spaceSubject, space.version}, space)
	}
	return nil
}

func openBy(ctx context.Context, w Wrapped, ws parlatory.WorkspaceID, version uint32, root Root) (*spaceKey, error) {
	if err := w.is(ws, spaceSubject, version); err != nil {
		return nil, err
	}
	raw, err := root.Unwrap(ctx, w.Blob, w.ad())
	if err != nil {
		return nil, err
	}
	return openSpace(w, raw)
}

// MintUnder makes a version of a workspace's key under a given root, which settings do not name yet. What it wrapped it opens again before it
// says so. Nothing of it serves before its row is committed and fetched.
func (r *Ring) MintUnder(ctx context.Context, ws parlatory.WorkspaceID, version uint32, root Root, name string) (w Wrapped, err error) {
	if ws.Zero() || version == 0 {
		return w, errors.New("mint workspace key: no workspace or version")
	}
	w = Wrapped{Workspace: ws, Subject: spaceSubject, Version: version, ID: parlatory.NewID[parlatory.KeyKind](r.clock), Root: name}
	var raw []byte
	erase(func() { raw, err = fresh() })
	if err != nil {
		return Wrapped{}, err
	}
	defer clear(raw)
	if w.Blob, err = root.Wrap(ctx, raw, w.ad()); err != nil {
		return Wrapped{}, fmt.Errorf("mint workspace key: %w", err)
	}
	again, err := root.Unwrap(ctx, w.Blob, w.ad())
	if err != nil {
		return Wrapped{}, fmt.Errorf("mint workspace key: the root does not open what it wrapped: %w", err)
	}
	same := equalKeys(raw, again)
	clear(again)
	if !same {
		return Wrapped{}, fmt.Errorf("mint workspace key: the root gave another key back: %w", ErrOpen)
	}
	return w, nil
}
