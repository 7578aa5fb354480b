package contact

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// errToken is the one answer to a token that is unknown, malformed, expired or of another site.
func errToken() error {
	return parlatory.Fail(parlatory.KindUnauthenticated, "This chat session has ended. Please start a new one.")
}

// Visitor resolves a bearer token of a door and site to its actor (ASVS 7.2.1). from carries address and device.
func (r *Room) Visitor(ctx context.Context, door parlatory.WorkspaceID, token, site string, from parlatory.Actor) (parlatory.Actor, error) {
	listed, err := r.Sites.Listed(ctx, door, site)
	if err != nil {
		return parlatory.Actor{}, err
	}
	if !listed {
		return parlatory.Actor{}, parlatory.Fail(parlatory.KindForbidden, "This site is not on the list of the workspace.")
	}
	hash, err := credential.HashToken(token)
	if err != nil {
		return parlatory.Actor{}, errToken()
	}
	t, err := r.token(ctx, door, hash)
	if err != nil {
		return parlatory.Actor{}, err
	}
	now := r.Clock.Now()
	if err := r.genuine(ctx, door, hash, t); err != nil {
		return parlatory.Actor{}, err
	}
	if t.site != site || !now.Before(t.expires) {
		return parlatory.Actor{}, errToken()
	}
	if now.Sub(t.seen) > time.Hour {
		if err := r.touch(ctx, door, t.id, now); err != nil {
			return parlatory.Actor{}, err
		}
	}
	actor := from
	actor.Kind, actor.Workspace, actor.Contact, actor.Site = parlatory.Visitor, door, t.contact, site
	actor.Session = parlatory.SessionID(t.id)
	return actor, nil
}

type visitorToken struct {
	id                     parlatory.RowID
	contact                parlatory.ContactID
	site                   string
	created, seen, expires time.Time
	sealed                 vault.Sealed
}

// tokenBinding ties a token's row to whom it admits: the row holds no secret, its seal is there so that nobody who can write
// to the database can point a token of their own at another contact.
func tokenBinding(id parlatory.RowID, hash credential.TokenHash, of parlatory.ContactID, site string, created time.Time) vault.Binding {
	return vault.Binding{Table: "visitor_tokens", Row: id.Raw(), Clear: []any{hash[:], of, site, created}}
}

// genuine refuses a row that was changed from outside.
func (r *Room) genuine(ctx context.Context, door parlatory.WorkspaceID, hash credential.TokenHash, t visitorToken) error {
	held, err := r.Ring.Hold(ctx, door, vault.ContactKey(t.contact))
	if errors.Is(err, vault.ErrNoKey) {
		return errToken() // the contact was erased
	}
	if err != nil {
		return fmt.Errorf("hold contact key: %w", err)
	}
	if _, err := held.Open(tokenBinding(t.id, hash, t.contact, t.site, t.created), t.sealed); err != nil {
		r.Log.Error("a visitor's token was changed in the database", "cause", err.Error())
		return errToken()
	}
	return nil
}

func (r *Room) token(ctx context.Context, door parlatory.WorkspaceID, hash credential.TokenHash) (visitorToken, error) {
	var t visitorToken
	permit, err := r.Law.System(actResume, door)
	if err != nil {
		return t, err
	}
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		return tx.Row(sqlTokenByHash, hash).Scan(&t.id, &t.contact, &t.site, &t.created, &t.seen, &t.expires, &t.sealed)
	})
	if errors.Is(err, db.ErrNone) {
		return t, errToken()
	}
	if err != nil {
		return t, fmt.Errorf("read visitor token: %w", err)
	}
	return t, nil
}

func (r *Room) touch(ctx context.Context, door parlatory.WorkspaceID, id parlatory.RowID, now time.Time) error {
	permit, err := r.Law.System(actResume, door)
	if err != nil {
		return err
	}
	err = r.DB.Write(ctx, permit, func(tx *db.Tx) error {
		_, err := tx.Exec(sqlTouchToken, id, now, now.Add(TokenIdle))
		return err
	})
	if err != nil {
		return fmt.Errorf("touch visitor token: %w", err)
	}
	return nil
}
