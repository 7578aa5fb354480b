package contact

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
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
	if t.site != site || !now.Before(t.expires) {
		return parlatory.Actor{}, errToken()
	}
	actor := from
	actor.Kind, actor.Workspace, actor.Contact, actor.Site = parlatory.Visitor, door, t.contact, site
	actor.Session = parlatory.SessionID(t.id)
	held, last, err := r.genuine(ctx, door, hash, t)
	if errors.Is(err, vault.ErrAway) {
		actor.Unchecked = true
		return actor, nil // all that such an actor can do without the workspace's keys is to leave a message, which is checked when they are back
	}
	if err != nil {
		return parlatory.Actor{}, err
	}
	moved := last != from.Address.Unmap() && now.Sub(t.seen) > moveEach
	if now.Sub(t.seen) > time.Hour || moved {
		if err := r.touch(ctx, door, hash, t, held, from.Address, now); err != nil {
			return parlatory.Actor{}, err
		}
	}
	return actor, nil
}

type visitorToken struct {
	id                     parlatory.RowID
	contact                parlatory.ContactID
	site                   string
	created, seen, expires time.Time
	sealed                 vault.Sealed
}

// tokenBinding ties a token's row to whom it admits: its seal is there so that nobody who can write
// to the database can point a token of their own at another contact.
func tokenBinding(id parlatory.RowID, hash credential.TokenHash, of parlatory.ContactID, site string, created time.Time) vault.Binding {
	return vault.Binding{Table: "visitor_tokens", Row: id.Raw(), Clear: []any{hash[:], of, site, created}}
}

// moveEach is how often a visitor's move to another address is noted.
const moveEach = 10 * time.Second

// addressText is the sealed part of a token: the address that its visitor was last seen at.
func addressText(a netip.Addr) []byte {
	if !a.IsValid() {
		return nil
	}
	return []byte(a.Unmap().String())
}

// genuine refuses a row that was changed from outside, and gives the contact's key and the address of the visitor's last act.
func (r *Room) genuine(ctx context.Context, door parlatory.WorkspaceID, hash credential.TokenHash, t visitorToken) (*vault.Held, netip.Addr, error) {
	held, err := r.Ring.Hold(ctx, door, vault.ContactKey(t.contact))
	if errors.Is(err, vault.ErrNoKey) {
		return nil, netip.Addr{}, errToken() // the contact was erased
	}
	if err != nil {
		return nil, netip.Addr{}, fmt.Errorf("hold contact key: %w", err)
	}
	text, err := held.Open(tokenBinding(t.id, hash, t.contact, t.site, t.created), t.sealed)
	if err != nil && !errors.Is(err, vault.ErrOpen) { // such as keys that have just gone away
		return nil, netip.Addr{}, err
	}
	if err != nil {
		r.Log.Error("a visitor's token was changed in the database", "cause", err.Error())
		return nil, netip.Addr{}, errToken()
	}
	last, _ := netip.ParseAddr(string(text)) // tokens from before addresses were kept have none
	return held, last, nil
}

// Genuine checks a token's row that was believed while the workspace's keys were out of reach.
func (r *Room) Genuine(ctx context.Context, ws parlatory.WorkspaceID, id parlatory.RowID, of parlatory.ContactID) error {
	permit, err := r.Law.System(actResume, ws)
	if err != nil {
		return err
	}
	t := visitorToken{id: id}
	var hash credential.TokenHash
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		return tx.Row(sqlTokenByID, id).Scan(&hash, &t.contact, &t.site, &t.created, &t.sealed)
	})
	if errors.Is(err, db.ErrNone) || err == nil && t.contact != of {
		return errToken()
	}
	if err != nil {
		return fmt.Errorf("read visitor token: %w", err)
	}
	// A key that is missing may come back from a backup; it says nothing of the token.
	if _, err := r.Ring.Hold(ctx, ws, vault.ContactKey(of)); err != nil {
		return fmt.Errorf("hold contact key: %w", err)
	}
	_, _, err = r.genuine(ctx, ws, hash, t)
	return err
}

// LastAddress is where a visitor was last seen; for those who block it. It is not valid where nobody knows.
func (r *Room) LastAddress(ctx context.Context, ws parlatory.WorkspaceID, id parlatory.ContactID) (netip.Addr, error) {
	permit, err := r.Law.System(actResume, ws)
	if err != nil {
		return netip.Addr{}, err
	}
	t := visitorToken{contact: id}
	var hash credential.TokenHash
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		return tx.Row(sqlTokenOfContact, id).Scan(&t.id, &hash, &t.site, &t.created, &t.sealed)
	})
	if errors.Is(err, db.ErrNone) {
		return netip.Addr{}, nil
	}
	if err != nil {
		return netip.Addr{}, fmt.Errorf("read visitor token: %w", err)
	}
	_, last, err := r.genuine(ctx, ws, hash, t)
	return last, err
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

func (r *Room) touch(ctx context.Context, door parlatory.WorkspaceID, hash credential.TokenHash, t visitorToken, held *vault.Held, at netip.Addr, now time.Time) error {
	permit, err := r.Law.System(actResume, door)
	if err != nil {
		return err
	}
	sealed, err := held.Seal(tokenBinding(t.id, hash, t.contact, t.site, t.created), addressText(at))
	if err != nil {
		return fmt.Errorf("seal visitor token: %w", err)
	}
	err = r.DB.Write(ctx, permit, func(tx *db.Tx) error {
		_, err := tx.Exec(sqlTouchToken, t.id, now, now.Add(TokenIdle), sealed)
		return err
	})
	if err != nil {
		return fmt.Errorf("touch visitor token: %w", err)
	}
	return nil
}
