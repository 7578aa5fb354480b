package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// FactorTry is what somebody gives beside or instead of the password: one of a code, a recovery code, and the browser's
// answer to a ceremony.
type FactorTry struct {
	Code, RecoveryCode parlatory.Secret
	Ceremony           parlatory.Secret
	Credential         json.RawMessage
}

// Proof is a factor that was right when it was looked at. It counts with Settle, in the transaction that it leads to, where
// it is found out whether somebody was faster.
type Proof struct {
	Factor   parlatory.Factor
	Account  parlatory.AccountID
	Verified bool // the passkey verified its user
	Wide     bool // it counts everywhere

	device   parlatory.DeviceID // the class in which the try was counted
	held     *vault.Held
	row      factor
	secret   factorSecret
	recovery vault.Index
	key      vault.Index
}

// FactorBound is where and by whom a factor is proved or set up.
type FactorBound struct {
	Door    parlatory.WorkspaceID
	Account parlatory.AccountID
	Session parlatory.SessionID // or the half session
	// Device is the browser's class, if a factor that counts everywhere was proved on it before; zero: that of all others. A sign-in alone
	// makes no class: where an administrator reset the factors, the password would make as many as it likes (AC-025).
	Device parlatory.DeviceID
}

// ProveFactor counts the try, committed, and checks it. A recovery code and an app's code are for a known account alone.
func (a *Room) ProveFactor(ctx context.Context, at FactorBound, t FactorTry) (Proof, error) {
	switch {
	case t.Ceremony.Reveal() != "":
		return a.provePasskey(ctx, at, t)
	case at.Account.Zero():
		return Proof{}, errFactor("code")
	case t.RecoveryCode.Reveal() != "":
		return a.proveRecovery(ctx, at, t.RecoveryCode)
	}
	return a.proveTOTP(ctx, at, t.Code)
}

// tried is what the counting transaction read.
type tried struct {
	void     time.Time
	all      []factor
	failures int
}

// try raises the counters of an account before anything is compared, and reads what the check needs.
func (a *Room) try(ctx context.Context, at FactorBound, more func(tx *db.Tx) error) (l tried, key vault.Index, err error) {
	permit, err := a.o.Law.System(actFactor, at.Door)
	if err != nil {
		return l, key, err
	}
	ix, err := a.o.Ring.Index(ctx, parlatory.House)
	if err != nil {
		return l, key, fmt.Errorf("hold house index key: %w", err)
	}
	key = byFactor.Key(ix, classOf(at.Account.String(), at.Device))
	var refused error
	err = a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		l, refused = tried{}, nil
		spent, err := byFactor.Spend(tx.House(), key)
		if err != nil {
			return err
		}
		if spent.Over {
			refused = spent.Refusal(tx.Now())
			return nil
		}
		if err := tx.House().Row(sqlRaiseTries, at.Account, at.Device[:]).Scan(&l.failures); err != nil {
			return fmt.Errorf("count tries of factors: %w", err)
		}
		if l.void, err = voidAt(tx, at.Account, at.Door); err != nil {
			return err
		}
		if l.all, err = factorsOf(tx, sqlFactors, at.Account); err != nil || more == nil {
			return err
		}
		return more(tx)
	})
	if err == nil {
		err = refused
	}
	return l, key, err
}

// told is try where the account has a factor: the owner hears that somebody who has the password tries codes, when a class is over its budget,
// once a day at most, and when its failures reach the row after which the app counts no more in it.
func (a *Room) told(ctx context.Context, at FactorBound, more func(tx *db.Tx) error) (l tried, key vault.Index, err error) {
	l, key, err = a.try(ctx, at, more)
	over, dead := parlatory.KindOf(err) == parlatory.KindTooMany && err != nil, err == nil && l.failures == factorRow
	if !over && !dead {
		return l, key, err
	}
	if wrong := a.tellTries(ctx, at, dead); wrong != nil {
		err = wrong
	}
	return l, key, err
}

func (a *Room) tellTries(ctx context.Context, at FactorBound, dead bool) error {
	acc, _, err := a.read(ctx, at)
	if err != nil {
		return err
	}
	permit, err := a.o.Law.System(actFactor, at.Door)
	if err != nil {
		return err
	}
	settings, err := a.o.Ring.Hold(ctx, at.Door, vault.Settings)
	if err != nil {
		return fmt.Errorf("hold settings key: %w", err)
	}
	mail, err := codesLetter(a.o.Workspace.URL(""), acc.Email, a.o.Clock.Now(), dead).Mail()
	if err != nil {
		return err
	}
	return a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		again := tx.Now().Add(-tellEach)
		if dead {
			again = tx.Now()
		}
		n, err := tx.House().Exec(sqlTellTries, at.Account, at.Device[:], tx.Now(), again)
		if err != nil || n != 1 {
			return err
		}
		return a.o.Workspace.Outbox().Put(tx, settings, mail)
	})
}

func (a *Room) proveTOTP(ctx context.Context, at FactorBound, code parlatory.Secret) (Proof, error) {
	l, key, err := a.told(ctx, at, nil)
	if err != nil {
		return Proof{}, err
	}
	held, err := a.Hold(ctx, at.Account)
	if err != nil {
		return Proof{}, err
	}
	now := a.o.Clock.Now()
	for _, f := range l.all {
		if f.kind != parlatory.TOTP || !counts(f.scope, f.created, l.void, at.Door) || f.scope.Zero() && l.failures > factorRow {
			continue
		}
		s, err := f.open(held)
		if err != nil {
			return Proof{}, err
		}
		step, ok := credential.CheckTOTP(parlatory.NewSecret(s.Secret), code, now, f.step)
		if !ok {
			continue
		}
		f.step = step
		return Proof{Factor: parlatory.TOTP, Account: at.Account, Wide: f.scope.Zero(), device: at.Device, held: held, row: f, secret: s, key: key}, nil
	}
	return Proof{}, errFactor("code")
}

func (a *Room) proveRecovery(ctx context.Context, at FactorBound, code parlatory.Secret) (Proof, error) {
	form, ok := credential.RecoveryForm(code)
	if !ok {
		form = "none"
	}
	ix, err := a.o.Ring.Index(ctx, parlatory.House)
	if err != nil {
		return Proof{}, fmt.Errorf("hold house index key: %w", err)
	}
	index := recoveryIndex(ix, at.Account, form)
	var r recoveryCode
	found := false
	l, key, err := a.told(ctx, at, func(tx *db.Tx) error {
		r = recoveryCode{account: at.Account, index: index}
		err := tx.House().Row(sqlRecovery, at.Account, index).Scan(&r.id, &r.created, &r.sealed)
		if found = err == nil; errors.Is(err, db.ErrNone) {
			return nil
		}
		return err
	})
	if err != nil {
		return Proof{}, err
	}
	held, err := a.Hold(ctx, at.Account)
	if err != nil {
		return Proof{}, err
	}
	if !found || !r.created.After(l.void) {
		return Proof{}, errFactor("recovery_code")
	}
	if _, err := held.Open(r.binding(), r.sealed); err != nil {
		return Proof{}, fmt.Errorf("open recovery code: %w", err)
	}
	return Proof{Factor: parlatory.Recovery, Account: at.Account, Wide: true, device: at.Device, held: held, recovery: index, key: key}, nil
}

// provePasskey uses the ceremony up, finds the passkey that the answer names, and judges it.
func (a *Room) provePasskey(ctx context.Context, at FactorBound, t FactorTry) (Proof, error) {
	id, handle, err := credential.Named(t.Credential)
	if err != nil {
		return Proof{}, err
	}
	view, err := a.o.Workspace.Named(ctx, at.Door)
	if err != nil {
		return Proof{}, err
	}
	f, c, err := a.answered(ctx, at, t.Ceremony, id)
	if err != nil {
		return Proof{}, err
	}
	held, err := a.holdFor(ctx, at.Account)
	if err != nil {
		return Proof{}, err
	}
	asked, err := c.open(held)
	if err != nil {
		return Proof{}, err
	}
	if held, err = a.Hold(ctx, f.account); err != nil {
		return Proof{}, err
	}
	s, err := f.open(held)
	if err != nil {
		return Proof{}, err
	}
	owner := f.account.Raw()
	if alone := at.Account.Zero(); s.Passkey == nil || alone && string(handle) != string(owner[:]) {
		return Proof{}, errFactor("credential")
	}
	count, verified, err := party(view).Proved(asked.challenge(), t.Credential, *s.Passkey, at.Account.Zero())
	if err != nil {
		return Proof{}, err
	}
	s.Passkey.Count = count
	return Proof{Factor: parlatory.Passkey, Account: f.account, Verified: verified, Wide: f.scope.Zero(), held: held, row: f, secret: s}, nil
}

func (a *Room) answered(ctx context.Context, at FactorBound, token parlatory.Secret, id []byte) (f factor, c ceremony, err error) {
	permit, err := a.o.Law.System(actFactor, at.Door)
	if err != nil {
		return f, c, err
	}
	ix, err := a.o.Ring.Index(ctx, parlatory.House)
	if err != nil {
		return f, c, fmt.Errorf("hold house index key: %w", err)
	}
	var refused error
	err = a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		f, refused = factor{}, nil
		if c, err = ceremonyOf(tx, token, ceremony{account: at.Account, door: at.Door, bound: at.Session, kind: provesPasskey}); err != nil {
			return err
		}
		if err := c.end(tx); err != nil {
			return err
		}
		named, err := factorsOf(tx, sqlFactorByIndex, credentialIndex(ix, id))
		if err != nil || len(named) != 1 {
			refused = errFactor("credential")
			return err
		}
		f = named[0]
		void, err := voidAt(tx, f.account, at.Door)
		if err != nil {
			return err
		}
		if !at.Account.Zero() && f.account != at.Account || !counts(f.scope, f.created, void, at.Door) {
			refused = errFactor("credential") // committed all the same: the ceremony is used up
		}
		return nil
	})
	if err == nil {
		err = refused
	}
	return f, c, err
}

// Settle makes the proof count, in the transaction that it leads to: a code once, a passkey's count forward, a recovery
// code gone.
func (p Proof) Settle(tx *db.Tx) error {
	house := tx.House()
	if p.Factor == parlatory.Recovery {
		n, err := house.Exec(sqlUseRecovery, p.Account, p.recovery)
		if err != nil {
			return fmt.Errorf("use recovery code: %w", err)
		}
		if n != 1 {
			return errFactor("recovery_code")
		}
		return p.clear(house)
	}
	f := p.row
	f.used = tx.Now()
	ok, err := f.store(tx, p.held, p.secret)
	if err != nil {
		return err
	}
	if !ok {
		return errFactor("code")
	}
	return p.clear(house)
}

// clear forgets the tries of an account, where what was proved counts everywhere. One that counts at a single workspace may be a
// stranger's who rules that workspace: it takes back its own try, and none of those made against the others (AC-025).
func (p Proof) clear(house *db.Tx) error {
	if p.key == (vault.Index{}) && !p.Wide {
		return nil // a passkey's answer is not counted
	}
	if !p.Wide {
		return takeBack(house, p.key, p.Account, p.device)
	}
	if p.key != (vault.Index{}) {
		if err := byFactor.Forgive(house, p.key); err != nil {
			return err
		}
	}
	// A code of the app clears its own class, up to the row after which it counts no more; a recovery code and a passkey, which nobody guesses,
	// clear all classes, so that the app counts again (AC-025).
	var err error
	if p.Factor == parlatory.TOTP {
		_, err = house.Exec(sqlClearTries, p.Account, p.device[:], factorRow)
	} else {
		_, err = house.Exec(sqlForgetTries, p.Account)
	}
	if err != nil {
		return fmt.Errorf("clear tries of factors: %w", err)
	}
	return nil
}

// takeBack takes one try back that was right.
func takeBack(house *db.Tx, key vault.Index, account parlatory.AccountID, device parlatory.DeviceID) error {
	if err := byFactor.Refund(house, key); err != nil {
		return err
	}
	if _, err := house.Exec(sqlLowerTries, account, device[:]); err != nil {
		return fmt.Errorf("take back a try of factors: %w", err)
	}
	return nil
}

// recoveryCode is a row; the code itself is only ever its index.
type recoveryCode struct {
	id      parlatory.RowID
	account parlatory.AccountID
	index   vault.Index
	created time.Time
	sealed  vault.Sealed
}

func (r recoveryCode) binding() vault.Binding {
	return vault.Binding{Table: "recovery_codes", Row: r.id.Raw(), Revision: 1, Clear: []any{r.account, r.index[:], r.created}}
}

func recoveryIndex(ix *vault.Indexer, account parlatory.AccountID, form string) vault.Index {
	return ix.Blind("recovery_codes.code_index", account.String()+"\x00"+form)
}

func credentialIndex(ix *vault.Indexer, id []byte) vault.Index {
	return ix.Blind("factors.credential_index", fmt.Sprintf("%x", id))
}
