package account

import (
	"context"
	"fmt"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// NewPassword judges a password that somebody chose and hashes it. It is called outside any transaction, before a link
// is used up, so that a weak choice costs nothing but another try.
func NewPassword(ctx context.Context, password parlatory.Secret, own ...string) (string, error) {
	if err := policy.Password(password, own...); err != nil {
		return "", err
	}
	return credential.Hash(ctx, password)
}

// SetPassword stores a hash, keeps the old one in the history, ends the sessions but one, and queues the echo to the
// person's other workspaces.
func (a *Room) SetPassword(tx *db.Tx, held *vault.Held, acc *Account, phc, what string, but parlatory.SessionID) error {
	id := parlatory.NewID[parlatory.RowKind](a.o.Clock)
	old, err := held.Seal(vault.Binding{Table: "account_passwords", Row: id.Raw(), Revision: 1, Clear: []any{acc.ID, acc.PasswordAt}}, []byte(acc.phc))
	if err != nil {
		return fmt.Errorf("seal old password hash: %w", err)
	}
	if _, err := tx.House().Exec(sqlPutPassword, acc.ID, id, acc.PasswordAt, old); err != nil {
		return fmt.Errorf("store old password hash: %w", err)
	}
	if _, err := tx.House().Exec(sqlTrimPasswords, acc.ID); err != nil {
		return fmt.Errorf("trim password history: %w", err)
	}
	acc.phc, acc.PasswordAt = phc, tx.Now()
	if err := acc.store(tx, held); err != nil {
		return err
	}
	if err := a.o.Sessions.EndAccount(tx, acc.ID, but); err != nil {
		return err
	}
	tx.Tell(parlatory.Event{Kind: parlatory.AccountChanged, Workspace: tx.Workspace(), Account: acc.ID, Session: but})
	return a.echo(tx, acc.ID, what)
}

// Changed is the letter after a change of password.
func Changed(v workspace.View, to string) workspace.Letter {
	return workspace.Letter{
		To:      to,
		Subject: "Your password was changed",
		Paragraphs: []string{
			"The password of your account was changed just now. You use this account at " + v.Company + ".",
			"All other sessions of the account were signed out.",
		},
		After: []string{"If this was not you, please tell your administrator at once, and set a new password with \"Forgotten password\" on the sign-in page: " + v.URL + "/"},
		From:  v.Company + ", " + v.URL,
	}
}

// PasswordChange is what a person sends who knows the old password.
type PasswordChange struct{ Current, New parlatory.Secret }

// ChangePassword changes the own password. The old one is asked through the Verifier, so that a stolen session can't
// guess it; other sessions end, and this one gets a new token (ASVS 7.4.3, AC-055).
func (a *Room) ChangePassword(ctx context.Context, actor parlatory.Actor, c PasswordChange) (parlatory.Secret, error) {
	permit, err := a.o.Law.Permit(ctx, actor, ActPassword)
	if err != nil {
		return parlatory.Secret{}, err
	}
	verdict, err := a.Verifier().Ask(ctx, Question{Door: actor.Workspace, From: actor.Address, Account: actor.Account, Password: c.Current})
	if err != nil {
		return parlatory.Secret{}, err
	}
	if verdict.Why != Right {
		return parlatory.Secret{}, a.refuseChange(ctx, actor, verdict.Why)
	}
	view, err := a.o.Workspace.Named(ctx, actor.Workspace)
	if err != nil {
		return parlatory.Secret{}, err
	}
	if c.New.Reveal() == c.Current.Reveal() {
		return parlatory.Secret{}, parlatory.Invalid("password", "must differ from the present one")
	}
	phc, err := NewPassword(ctx, c.New, verdict.Account.Name, verdict.Account.Email, view.Company, view.Subdomain)
	if err != nil {
		return parlatory.Secret{}, err
	}
	pens, err := a.Pens(ctx, actor.Workspace)
	if err != nil {
		return parlatory.Secret{}, err
	}
	settings, err := a.o.Ring.Hold(ctx, actor.Workspace, vault.Settings)
	if err != nil {
		return parlatory.Secret{}, fmt.Errorf("hold settings key: %w", err)
	}
	mail, err := Changed(view, verdict.Account.Email).Mail()
	if err != nil {
		return parlatory.Secret{}, err
	}
	var token parlatory.Secret
	err = a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		verdict.Rehash = ""
		if err := verdict.Settle(tx); err != nil {
			return err
		}
		acc := verdict.Account
		if err := a.SetPassword(tx, verdict.Held, &acc, phc, PasswordChanged, actor.Session); err != nil {
			return err
		}
		if token, err = a.o.Sessions.Renew(tx, verdict.Held, actor.Session); err != nil {
			return err
		}
		if err := a.o.Workspace.Outbox().Put(tx, settings, mail); err != nil {
			return err
		}
		return pens.Witness(tx, ledger.Updated, actor.Account, actor.Staff, map[string]string{"what": PasswordChanged})
	})
	return token, err
}

// refuseChange witnesses a wrong old password and answers.
func (a *Room) refuseChange(ctx context.Context, actor parlatory.Actor, why Why) error {
	permit, err := a.o.Law.Permit(ctx, actor, ActPassword)
	if err != nil {
		return err
	}
	pen, err := a.o.Ledger.Pen(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	err = a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		return pen.Witness(tx, ledger.Entry{Action: ledger.Failed, Element: "Staff", ID: actor.Staff.Raw(), New: map[string]string{"why": string(why)}})
	})
	if err != nil {
		return err
	}
	return parlatory.Invalid("current", "is not your present password")
}
