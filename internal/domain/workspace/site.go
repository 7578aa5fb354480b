package workspace

import (
	"context"
	"errors"
	"fmt"
	"html"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// maxSites is how many origins one workspace may list.
const maxSites = 200

// Site is an origin that may carry the widget.
type Site struct {
	ID        parlatory.RowID
	Origin    string
	CreatedAt time.Time
}

type siteRow struct {
	Site
	sealed vault.Sealed
}

type siteMade struct {
	By parlatory.StaffID `json:"by"`
}

func (s Site) binding() vault.Binding {
	return vault.Binding{Table: "sites", Row: s.ID.Raw(), Revision: 1, Clear: []any{s.Origin, s.CreatedAt}}
}

// sites reads the list, which a key of the house's seals: a site's visitors are known as such also while the workspace is closed. It leaves out any row that the program did not write.
func (w *Room) sites(ctx context.Context, permit access.Permit) ([]Site, error) {
	held, err := w.o.Ring.Hold(ctx, parlatory.House, vault.PolicyKey(permit.Workspace()))
	if err != nil {
		return nil, fmt.Errorf("hold policy key: %w", err)
	}
	var list []Site
	err = w.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		rows, err := tx.Query(sqlSites)
		if err != nil {
			return fmt.Errorf("read sites: %w", err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var s siteRow
			if err := rows.Scan(&s.ID, &s.Origin, &s.CreatedAt, &s.sealed); err != nil {
				return fmt.Errorf("read site: %w", err)
			}
			if _, err := held.Open(s.binding(), s.sealed); err != nil {
				w.o.Log.Error("site row refused", "workspace", permit.Workspace().String(), "site", s.ID.String())
				continue
			}
			list = append(list, s.Site)
		}
		return rows.Err()
	})
	return list, err
}

// Sites lists the origins that may carry the widget.
func (w *Room) Sites(ctx context.Context, actor parlatory.Actor) ([]Site, error) {
	permit, err := w.o.Law.Permit(ctx, actor, ActSites)
	if err != nil {
		return nil, err
	}
	return w.sites(ctx, permit)
}

// Listed reports whether the workspace lists the origin, exactly as the browser sends it (RFC 6454 §6.2).
func (w *Room) Listed(ctx context.Context, id parlatory.WorkspaceID, origin string) (bool, error) {
	if set, ok := w.listed.get(id); ok {
		return set[origin], nil
	}
	permit, err := w.o.Law.System(actListed, id)
	if err != nil {
		return false, err
	}
	turn := w.listed.since()
	list, err := w.sites(ctx, permit)
	if err != nil {
		return false, err
	}
	set := make(map[string]bool, len(list))
	for _, s := range list {
		set[s.Origin] = true
	}
	w.listed.putSince(turn, id, set)
	return set[origin], nil
}

// AddSite lists an origin. A listed one is answered as it stands.
func (w *Room) AddSite(ctx context.Context, actor parlatory.Actor, origin string) (Site, error) {
	permit, err := w.o.Law.Permit(ctx, actor, ActEditSite)
	if err != nil {
		return Site{}, err
	}
	if origin, err = policy.Origin(origin); err != nil {
		return Site{}, parlatory.Invalid("origin", "must look like https://www.example.com, without a path").Because(err)
	}
	held, err := w.o.Ring.Hold(ctx, parlatory.House, vault.PolicyKey(actor.Workspace))
	if err != nil {
		return Site{}, fmt.Errorf("hold policy key: %w", err)
	}
	pen, err := w.o.Ledger.Pen(ctx, actor.Workspace)
	if err != nil {
		return Site{}, err
	}
	s := Site{ID: parlatory.NewID[parlatory.RowKind](w.o.Clock), Origin: origin}
	err = w.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := w.o.Steady(tx, actor); err != nil {
			return err
		}
		s.CreatedAt = tx.Now()
		var n int
		if err := tx.Row(sqlCountSites).Scan(&n); err != nil {
			return fmt.Errorf("count sites: %w", err)
		}
		if n >= maxSites {
			return parlatory.Conflict("This workspace lists as many sites as it may. Remove one first.")
		}
		sealed, err := vault.SealJSON(held, s.binding(), siteMade{actor.Staff})
		if err != nil {
			return fmt.Errorf("seal site: %w", err)
		}
		made, err := tx.Exec(sqlInsertSite, s.ID, s.Origin, s.CreatedAt, sealed)
		if err != nil {
			return fmt.Errorf("store site: %w", err)
		}
		if made == 0 {
			return parlatory.Conflict("This site is on the list already.")
		}
		tx.Tell(parlatory.Event{Kind: parlatory.SitesChanged, Workspace: actor.Workspace})
		return pen.Witness(tx, ledger.Entry{Action: ledger.Created, Element: "Site", ID: s.ID.Raw(), New: map[string]string{"origin": s.Origin}})
	})
	w.listed.forget(actor.Workspace)
	return s, err
}

// RemoveSite takes an origin off the list.
func (w *Room) RemoveSite(ctx context.Context, actor parlatory.Actor, id parlatory.RowID) error {
	permit, err := w.o.Law.Permit(ctx, actor, ActEditSite)
	if err != nil {
		return err
	}
	pen, err := w.o.Ledger.Pen(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	err = w.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := w.o.Steady(tx, actor); err != nil {
			return err
		}
		var s siteRow
		err := tx.Row(sqlSite, id).Scan(&s.ID, &s.Origin, &s.CreatedAt, &s.sealed)
		if errors.Is(err, db.ErrNone) {
			return parlatory.NotFound()
		}
		if err != nil {
			return fmt.Errorf("read site: %w", err)
		}
		if _, err := tx.Exec(sqlDeleteSite, id); err != nil {
			return fmt.Errorf("remove site: %w", err)
		}
		tx.Tell(parlatory.Event{Kind: parlatory.SitesChanged, Workspace: actor.Workspace})
		return pen.Witness(tx, ledger.Entry{Action: ledger.Deleted, Element: "Site", ID: id.Raw(), Old: map[string]string{"origin": s.Origin}})
	})
	w.listed.forget(actor.Workspace)
	return err
}

// Snippet is the line that a site's owner pastes into the page.
func (w *Room) Snippet(ctx context.Context, actor parlatory.Actor) (string, error) {
	v, err := w.Named(ctx, actor.Workspace)
	if err != nil {
		return "", err
	}
	return `<script src="` + html.EscapeString(v.URL) + `/widget/v1.js" async></script>`, nil
}
