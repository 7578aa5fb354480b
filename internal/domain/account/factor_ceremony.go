package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Kinds of ceremonies.
const (
	provesPasskey = "passkey"
	enrolsPasskey = "enrol passkey"
	enrolsTOTP    = "enrol totp"
)

// ceremony is a question that a browser was asked: for five minutes, for one answer, for the session or half session that
// asked, at one door.
type ceremony struct {
	id      parlatory.RowID
	token   credential.TokenHash
	account parlatory.AccountID // zero: whichever passkey is offered
	door    parlatory.WorkspaceID
	bound   parlatory.SessionID
	kind    string
	expires time.Time
	sealed  vault.Sealed
}

type ceremonySecret struct {
	Challenge []byte `json:"challenge,omitempty"`
	Secret    string `json:"secret,omitempty"` // of an app that is being set up
}

func (c ceremony) binding() vault.Binding {
	return vault.Binding{Table: "ceremonies", Row: c.id.Raw(), Revision: 1, Clear: []any{c.token[:], c.account, c.door, c.bound, c.kind, c.expires}}
}

// holdFor fetches the key that an account's ceremonies are sealed under; the house's own where the account is not known yet.
func (a *Room) holdFor(ctx context.Context, account parlatory.AccountID) (*vault.Held, error) {
	if !account.Zero() {
		return a.Hold(ctx, account)
	}
	held, err := a.o.Ring.Hold(ctx, parlatory.House, vault.Settings)
	if err != nil {
		return nil, fmt.Errorf("hold house settings key: %w", err)
	}
	return held, nil
}

// begin stores a ceremony and gives its token.
func (a *Room) begin(ctx context.Context, c ceremony, s ceremonySecret) (parlatory.Secret, error) {
	permit, err := a.o.Law.System(actFactor, c.door)
	if err != nil {
		return parlatory.Secret{}, err
	}
	held, err := a.holdFor(ctx, c.account)
	if err != nil {
		return parlatory.Secret{}, err
	}
	token, hash, err := credential.NewToken()
	if err != nil {
		return token, err
	}
	err = a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		c.id, c.token, c.expires = parlatory.NewID[parlatory.RowKind](a.o.Clock), hash, tx.Now().Add(ceremonyLife)
		if c.sealed, err = vault.SealJSON(held, c.binding(), s); err != nil {
			return fmt.Errorf("seal ceremony: %w", err)
		}
		if _, err := tx.House().Exec(sqlPutCeremony, c.id, c.token, c.account, c.door, c.bound, c.kind, c.expires, c.sealed); err != nil {
			return fmt.Errorf("store ceremony: %w", err)
		}
		return nil
	})
	return token, err
}

// ceremonyOf finds what a token belongs to, and whether it may be answered here and now.
func ceremonyOf(tx *db.Tx, token parlatory.Secret, want ceremony) (c ceremony, err error) {
	hash, err := credential.HashToken(token.Reveal())
	if err != nil {
		return c, errFactor("ceremony")
	}
	err = tx.House().Row(sqlCeremony, hash).Scan(&c.id, &c.token, &c.account, &c.door, &c.bound, &c.kind, &c.expires, &c.sealed)
	if errors.Is(err, db.ErrNone) {
		return c, errFactor("ceremony")
	}
	if err != nil {
		return c, fmt.Errorf("read ceremony: %w", err)
	}
	if c.account != want.account || c.door != want.door || c.bound != want.bound || c.kind != want.kind || !tx.Now().Before(c.expires) {
		return c, errFactor("ceremony")
	}
	return c, nil
}

// end uses a ceremony up: one answer each, right or wrong.
func (c ceremony) end(tx *db.Tx) error {
	n, err := tx.House().Exec(sqlDeleteCeremony, c.id)
	if err != nil {
		return fmt.Errorf("end ceremony: %w", err)
	}
	if n != 1 {
		return errFactor("ceremony")
	}
	return nil
}

func (c ceremony) open(held *vault.Held) (s ceremonySecret, err error) {
	if err = vault.OpenJSON(held, c.binding(), c.sealed, &s); err != nil {
		return s, fmt.Errorf("open ceremony: %w", err)
	}
	return s, nil
}

func (s ceremonySecret) challenge() (c credential.Challenge) {
	copy(c[:], s.Challenge)
	return c
}

// party is whom a door's passkeys are for: the bare domain, and that door's exact origin.
func party(v workspace.View) credential.Party {
	return credential.Party{ID: v.Domain, Name: v.Company, Origin: v.URL}
}

// BeginPasskey asks for a proof by one of the account's passkeys that count at the door, or, for the zero account, by
// whichever the browser offers, which must verify its user then.
func (a *Room) BeginPasskey(ctx context.Context, door parlatory.WorkspaceID, account parlatory.AccountID, bound parlatory.SessionID) (token parlatory.Secret, options json.RawMessage, err error) {
	view, err := a.o.Workspace.Named(ctx, door)
	if err != nil {
		return token, nil, err
	}
	var have []credential.Passkey
	if !account.Zero() {
		if have, err = a.passkeysAt(ctx, door, account); err != nil {
			return token, nil, err
		}
		if len(have) == 0 {
			return token, nil, parlatory.NotFound()
		}
	}
	challenge, err := credential.NewChallenge()
	if err != nil {
		return token, nil, err
	}
	if options, err = party(view).RequestOptions(challenge, have, account.Zero()); err != nil {
		return token, nil, err
	}
	token, err = a.begin(ctx, ceremony{account: account, door: door, bound: bound, kind: provesPasskey}, ceremonySecret{Challenge: challenge[:]})
	return token, options, err
}

func (a *Room) passkeysAt(ctx context.Context, door parlatory.WorkspaceID, account parlatory.AccountID) (have []credential.Passkey, err error) {
	all, void, err := a.readFactors(ctx, door, account)
	if err != nil {
		return nil, err
	}
	held, err := a.Hold(ctx, account)
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		if f.kind != parlatory.Passkey || !counts(f.scope, f.created, void, door) {
			continue
		}
		s, err := f.open(held)
		if err != nil {
			return nil, err
		}
		have = append(have, *s.Passkey)
	}
	return have, nil
}

// readFactors gives all of an account's, and when they were reset at the door.
func (a *Room) readFactors(ctx context.Context, door parlatory.WorkspaceID, account parlatory.AccountID) (all []factor, void time.Time, err error) {
	permit, err := a.o.Law.System(actFactor, door)
	if err != nil {
		return nil, void, err
	}
	err = a.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if void, err = voidAt(tx, account, door); err != nil {
			return err
		}
		all, err = factorsOf(tx, sqlFactors, account)
		return err
	})
	return all, void, err
}

// sweepFactors forgets ceremonies and mailed codes that have run out.
func (a *Room) sweepFactors(ctx context.Context) error {
	permit, err := a.o.Law.System(actSweep, parlatory.House)
	if err != nil {
		return err
	}
	return a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if _, err := tx.Exec(sqlSweepCeremonies, tx.Now()); err != nil {
			return err
		}
		if _, err := tx.Exec(sqlSweepFactorMails, tx.Now()); err != nil {
			return err
		}
		strangers := parlatory.DeviceID{}
		_, err := tx.Exec(sqlSweepTries, strangers[:])
		return err
	})
}
