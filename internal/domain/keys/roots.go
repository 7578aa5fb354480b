package keys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	log   *slog.Logger

	mu     sync.Mutex
	own    map[parlatory.WorkspaceID]ownRoot
	none   map[parlatory.WorkspaceID]time.Time // until when it counts as known that the settings name no server
	warned map[parlatory.WorkspaceID]time.Time
}

const (
	// noneFor is for how long a node goes on with the operator's root without looking at the settings again. That they name a server is
	// never remembered: a workspace that gives its own up is not refused on the nodes that have not heard.
	noneFor = 5 * time.Second
	// warnAgain is the pause between two alarms about one workspace.
	warnAgain = time.Minute
)

type ownRoot struct {
	anchor   vault.Anchor
	revision int64
}

// NewRoots has the operator's roots by name, fresh the one of new workspaces. lines may be nil: then no workspace has its own.
func NewRoots(fixed vault.Fixed, fresh string, lines Lines, shelf *Shelf) *Roots {
	return &Roots{fixed: fixed, fresh: fresh, lines: lines, shelf: shelf, own: map[parlatory.WorkspaceID]ownRoot{},
		none: map[parlatory.WorkspaceID]time.Time{}, warned: map[parlatory.WorkspaceID]time.Time{}}
}

// Serve hands the ring over that these roots anchor: its house key opens the settings of workspaces' own servers. log hears of keys
// that stand under a root which is not theirs.
func (r *Roots) Serve(ring *vault.Ring, log *slog.Logger) { r.ring, r.log = ring, log }

// Default is the root of new workspaces, and of those that give their own server up.
func (r *Roots) Default() string { return r.fresh }

// Anchor finds a root. A workspace whose settings name a server of its own has none of the operator's, whatever the row of its key says: who
// writes to the database could else put an older row back and undo that the customer withdrew the key. The error is vault.ErrOpen then. The settings of a workspace's own server are read again each time: a root is asked twice a minute at most.
func (r *Roots) Anchor(ctx context.Context, ws parlatory.WorkspaceID, name string) (vault.Anchor, error) {
	if name != vault.RootOwn {
		if err := r.mayServe(ctx, ws, name); err != nil {
			return vault.Anchor{}, err
		}
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

// mayServe refuses one of the operator's roots for a workspace that has its own.
func (r *Roots) mayServe(ctx context.Context, ws parlatory.WorkspaceID, name string) error {
	if ws == parlatory.House || r.ring == nil {
		return nil
	}
	now := time.Now()
	r.mu.Lock()
	known := now.Before(r.none[ws])
	r.mu.Unlock()
	if known {
		return nil
	}
	settings, _, err := r.read(ctx, ws)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if settings.Server == nil {
		r.none[ws] = now.Add(noneFor)
		return nil
	}
	if now.After(r.warned[ws]) {
		r.warned[ws] = now.Add(warnAgain)
		r.log.LogAttrs(ctx, slog.LevelError, "a workspace's key is under the operator's root, but its settings name a server of its own: the row was put back, or comes of an older backup; it is refused",
			slog.String("workspace", ws.String()), slog.String("root", name))
	}
	return fmt.Errorf("workspace key is under the operator's root (%s), but the settings name the workspace's own server: %w", name, vault.ErrOpen)
}

// forget has the settings read again.
func (r *Roots) forget(ws parlatory.WorkspaceID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.none, ws)
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
