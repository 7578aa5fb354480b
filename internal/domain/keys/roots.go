package keys

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

// Lines opens roots on workspaces' own key servers; outbound/keyserver fills it.
type Lines interface {
	// Root connects to nothing yet; the error says what is wrong with the settings.
	Root(s Server) (vault.Root, error)
	// Check goes the whole way once: reach it, sign in, find the key, wrap and unwrap. The error is a sentence for the administrator.
	Check(ctx context.Context, s Server) error
}

// Roots finds the root of a workspace's key: one of the operator's, or the workspace's own. It is vault.Anchors.
type Roots struct {
	fixed vault.Fixed
	fresh string
	lines Lines
	shelf *Shelf
	ring  *vault.Ring

	mu  sync.Mutex
	own map[parlatory.WorkspaceID]ownRoot
}

type ownRoot struct {
	anchor   vault.Anchor
	revision int64
}

// NewRoots has the operator's roots by name, fresh the one of new workspaces. lines may be nil: then no workspace has its own.
func NewRoots(fixed vault.Fixed, fresh string, lines Lines, shelf *Shelf) *Roots {
	return &Roots{fixed: fixed, fresh: fresh, lines: lines, shelf: shelf, own: map[parlatory.WorkspaceID]ownRoot{}}
}

// Serve hands the ring over that these roots anchor: its house key opens the settings of workspaces' own servers.
func (r *Roots) Serve(ring *vault.Ring) { r.ring = ring }

// Default is the root of new workspaces, and of those that give their own server up.
func (r *Roots) Default() string { return r.fresh }

// Has reports whether the operator has a root of this name.
func (r *Roots) Has(name string) bool { _, ok := r.fixed[name]; return ok }

// Anchor finds a root. The settings of a workspace's own server are read again each time: a root is asked twice a minute at most.
func (r *Roots) Anchor(ctx context.Context, ws parlatory.WorkspaceID, name string) (vault.Anchor, error) {
	if name != vault.RootOwn {
		return r.fixed.Anchor(ctx, ws, name)
	}
	if ws == parlatory.House || r.lines == nil || r.ring == nil {
		return vault.Anchor{}, errors.New("no workspace has a key server of its own here")
	}
	settings, revision, err := r.read(ctx, ws)
	if err != nil {
		return vault.Anchor{}, err
	}
	if settings.Server == nil {
		return vault.Anchor{}, fmt.Errorf("workspace key is under the workspace's own server, of which the settings know nothing: %w", vault.ErrOpen)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if o, ok := r.own[ws]; ok && o.revision == revision { // it keeps its token
		return o.anchor, nil
	}
	root, err := r.lines.Root(*settings.Server)
	if err != nil {
		return vault.Anchor{}, err
	}
	anchor := vault.Anchor{Root: root, Grace: time.Duration(settings.GraceSeconds) * time.Second}
	r.own[ws] = ownRoot{anchor: anchor, revision: revision}
	return anchor, nil
}

func (r *Roots) read(ctx context.Context, ws parlatory.WorkspaceID) (s Settings, revision int64, err error) {
	house, err := r.ring.Hold(ctx, parlatory.House, vault.Settings)
	if err != nil {
		return s, 0, fmt.Errorf("hold house settings key: %w", err)
	}
	permit, err := r.shelf.law.System(actServer, ws)
	if err != nil {
		return s, 0, err
	}
	err = r.shelf.db.Read(ctx, permit, func(tx *db.Tx) error {
		s, revision, err = readSettings(tx, house)
		return err
	})
	return s, revision, err
}
