package keys

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Options are what the room needs.
type Options struct {
	DB     *db.DB
	Law    *access.Law
	Ring   *vault.Ring
	Ledger *ledger.Ledger
	Roots  *Roots
	Clock  parlatory.Clock
	Log    *slog.Logger
	// Steady refuses an actor who is no active member any more, or has another role by now.
	Steady func(tx *db.Tx, actor parlatory.Actor) error
}

// Room has the acts on keys.
type Room struct {
	o     Options
	shelf *Shelf
}

// NewRoom opens the room.
func NewRoom(o Options) *Room { return &Room{o: o, shelf: New(o.DB, o.Law)} }

// Element names keys in the ledger.
const Element = "Encryption key"

// Overview is what the page on encryption shows.
type Overview struct {
	Root     string // vault.RootFile, vault.RootServer or vault.RootOwn
	Version  uint32
	Since    time.Time
	Subjects int64
	Behind   int64 // subjects' keys under an older version
	Standing vault.Standing
	Works    []Work
	Settings Settings
}

// Work is something on keys that takes its time.
type Work struct {
	Kind           string
	State          string // running, done
	Done, Total    int64
	Begun, Changed time.Time
	Ended          time.Time
}

// Overview tells how a workspace's keys stand.
func (r *Room) Overview(ctx context.Context, actor parlatory.Actor) (o Overview, err error) {
	permit, err := r.o.Law.Permit(ctx, actor, ActView)
	if err != nil {
		return o, err
	}
	house, err := r.o.Ring.Hold(ctx, parlatory.House, vault.Settings)
	if err != nil {
		return o, fmt.Errorf("hold house settings key: %w", err)
	}
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if err := r.survey(tx, &o); err != nil {
			return err
		}
		o.Works, err = works(tx)
		if err != nil {
			return err
		}
		o.Settings, _, err = readSettings(tx, house)
		return err
	})
	o.Standing = r.o.Ring.Standing(permit.Workspace())
	return o, err
}

func (r *Room) survey(tx *db.Tx, o *Overview) error {
	var w vault.Wrapped
	if err := tx.Row(sqlNewestWorkspaceKey).Scan(&w.Version, &w.ID, &w.Parent, &w.Blob, &w.Root); err != nil {
		return fmt.Errorf("newest workspace key: %w", err)
	}
	o.Root, o.Version = w.Root, w.Version
	if err := tx.Row(sqlAge).Scan(&o.Since); err != nil {
		return fmt.Errorf("age of workspace key: %w", err)
	}
	if err := tx.Row(sqlCount, w.Version).Scan(&o.Subjects, &o.Behind); err != nil {
		return fmt.Errorf("count keys: %w", err)
	}
	return nil
}

func works(tx *db.Tx) (all []Work, err error) {
	rows, err := tx.Query(sqlWorks)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var w Work
		if err := rows.Scan(&w.Kind, &w.State, &w.Done, &w.Total, &w.Begun, &w.Changed, &w.Ended); err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, rows.Err()
}

// Place is one workspace as the operator's survey shows it.
type Place struct {
	ID        parlatory.WorkspaceID
	Subdomain string // empty for the house
	Overview
	Current bool // wrapped under the newest version of its root
	Fault   error
}

// Survey lists the house and all workspaces.
func (r *Room) Survey(ctx context.Context, operator parlatory.Actor) (all []Place, err error) {
	operator.Workspace = parlatory.House
	permit, err := r.o.Law.Permit(ctx, operator, ActSurvey)
	if err != nil {
		return nil, err
	}
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		all = nil
		rows, err := tx.Across().Query(sqlWorkspacesAcross)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var p Place
			if err := rows.Scan(&p.ID, &p.Version, &p.Since); err != nil {
				return err
			}
			all = append(all, p)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("survey keys: %w", err)
	}
	for i := range all {
		if err := r.look(ctx, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// look completes a place: what can't be reached is said, and hides no other.
func (r *Room) look(ctx context.Context, p *Place) error {
	permit, err := r.o.Law.System(actFetch, p.ID)
	if err != nil {
		return err
	}
	if err := r.o.DB.Read(ctx, permit, func(tx *db.Tx) (err error) {
		if err := r.survey(tx, &p.Overview); err != nil {
			return err
		}
		p.Works, err = works(tx)
		return err
	}); err != nil {
		return fmt.Errorf("survey keys: %w", err)
	}
	w, err := r.shelf.WorkspaceKey(ctx, p.ID, 0)
	if err != nil {
		return err
	}
	p.Current, p.Fault = r.o.Ring.Current(ctx, w)
	return nil
}
