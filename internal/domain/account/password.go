package account

import (
	"context"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/security"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Rules are what a new password of an account is held to: the strictest length and history of its active memberships and of the door, each within
// the bounds that the server sets. Which workspace asks stays untold. The zero account has the door's own.
func (a *Room) Rules(ctx context.Context, account parlatory.AccountID, door parlatory.WorkspaceID) (policy.Rules, error) {
	permit, err := a.o.Law.System(actQueue, parlatory.House)
	if err != nil {
		return policy.Rules{}, err
	}
	asked := map[parlatory.WorkspaceID]parlatory.StaffID{}
	if !account.Zero() {
		err = a.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
			asked, err = a.members.ActiveAcross(tx, account)
			return err
		})
		if err != nil {
			return policy.Rules{}, err
		}
	}
	asked[door] = parlatory.StaffID{}
	rules := policy.Rules{Refused: a.o.Refused}
	for ws := range asked {
		s, err := a.o.Security.Of(ctx, ws)
		if err != nil {
			return rules, err
		}
		rules.MinLength = max(rules.MinLength, min(s.Password.MinLength, security.LengthMost))
		rules.History = max(rules.History, min(s.Password.History, security.HistoryMost))
	}
	return rules, nil
}

// NewPassword judges a password that somebody chose and hashes it. It is called outside any transaction, before a link
// is used up, so that a weak choice costs nothing but another try. The present password and those of the history are refused: by one text and
// at one cost, since whoever reads the mailbox or stole a session would learn the present one by it; and a few times only.
func (a *Room) NewPassword(ctx context.Context, c Choosing, rules policy.Rules, password parlatory.Secret, own ...string) (string, error) {
	if err := rules.Password(password, own...); err != nil {
		return "", err
	}
	if err := a.spendChoice(ctx, c); err != nil {
		return "", err
	}
	// One choice is up to 25 hashes, one after another: so many at once as there are cores leave the line of hashes to the sign-ins.
	leave, err := a.choosing.Enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	if !c.Account.Zero() {
		used, err := a.used(ctx, c.Account, rules.History, password)
		if err != nil {
			return "", err
		}
		if used {
			return "", errUsed(rules.History)
		}
	}
	return credential.Hash(ctx, password)
}

func (a *Room) used(ctx context.Context, account parlatory.AccountID, history int, password parlatory.Secret) (used bool, err error) {
	old, err := a.earlier(ctx, account, history)
	if err != nil {
		return false, err
	}
	for _, phc := range old {
		same, err := credential.Reused(ctx, phc, password)
		if err != nil {
			return false, err
		}
		used = used || same
	}
	return used, nil
}

func errUsed(history int) error {
	switch history {
	case 0:
		return parlatory.Invalid("password", "must differ from your present one")
	case 1:
		return parlatory.Invalid("password", "must differ from your present and your last password")
	}
	return parlatory.Invalid("password", fmt.Sprintf("must differ from your present and your last %d passwords", history))
}

// earlier gives the hash of the present password, and those of the history, newest first.
func (a *Room) earlier(ctx context.Context, account parlatory.AccountID, history int) ([]string, error) {
	permit, err := a.o.Law.System(actQueue, parlatory.House)
	if err != nil {
		return nil, err
	}
	held, err := a.Hold(ctx, account)
	if err != nil {
		return nil, err
	}
	var hashes []string
	err = a.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		acc, err := Fresh(tx, held, account)
		if err != nil {
			return err
		}
		hashes = []string{acc.phc}
		rows, err := tx.House().Query(sqlPasswords, account, history)
		if err != nil {
			return fmt.Errorf("read old password hashes: %w", err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var id parlatory.RowID
			var at time.Time
			var sealed vault.Sealed
			if err := rows.Scan(&id, &at, &sealed); err != nil {
				return fmt.Errorf("read old password hash: %w", err)
			}
			phc, err := held.Open(oldBinding(account, id, at), sealed)
			if err != nil {
				return fmt.Errorf("open old password hash: %w", err)
			}
			hashes = append(hashes, string(phc))
		}
		return rows.Err()
	})
	return hashes, err
}

func oldBinding(account parlatory.AccountID, id parlatory.RowID, at time.Time) vault.Binding {
	return vault.Binding{Table: "account_passwords", Row: id.Raw(), Revision: 1, Clear: []any{account, at}}
}

// ExpiresAt is when a password is too old for a door; zero where it never is.
func (r Row) ExpiresAt(maxAgeDays int) time.Time {
	if maxAgeDays <= 0 {
		return time.Time{}
	}
	return r.PasswordAt.Add(time.Duration(maxAgeDays) * 24 * time.Hour)
}

// PasswordOwed says why a right password is not enough at a door: "expired", "short", or nothing. length is the Verdict's; zero where the
// password was not typed.
func PasswordOwed(r Row, p security.PasswordPolicy, length int, now time.Time) string {
	if ends := r.ExpiresAt(p.MaxAgeDays); !ends.IsZero() && !now.Before(ends) {
		return "expired"
	}
	if length > 0 && length < p.MinLength {
		return "short"
	}
	return ""
}

// SetPassword stores a hash, keeps the old one in the history, ends the sessions but one and all API tokens, and queues the echo to the
// person's other workspaces. Where no session is kept, somebody else may have been in: no browser is known any more.
func (a *Room) SetPassword(tx *db.Tx, held *vault.Held, acc *Account, phc, what string, but parlatory.SessionID) error {
	id := parlatory.NewID[parlatory.RowKind](a.o.Clock)
	old, err := held.Seal(oldBinding(acc.ID, id, acc.PasswordAt), []byte(acc.phc))
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
	if err := a.o.Sessions.EndTokens(tx, acc.ID); err != nil {
		return err
	}
	if but.Zero() {
		if _, err := tx.House().Exec(sqlForgetDevices, acc.ID); err != nil {
			return fmt.Errorf("forget devices: %w", err)
		}
	}
	tx.Tell(parlatory.Event{Kind: parlatory.AccountChanged, Workspace: tx.Workspace(), Account: acc.ID, Session: but})
	return a.echo(tx, acc.ID, what)
}

// PasswordChange is what a person sends who knows the old password.
type PasswordChange struct {
	Current, New parlatory.Secret
	Device       parlatory.Secret // the browser's cookie
}

// permitPassword asks for a step-up, beside the old password, where a second factor counts: it would be no second one where the password
// alone changed the password (AC-031).
func (a *Room) permitPassword(ctx context.Context, actor parlatory.Actor) (access.Permit, error) {
	permit, err := a.o.Law.Permit(ctx, actor, ActPassword)
	if err != nil {
		return permit, err
	}
	s, err := a.factorStanding(ctx, EnrollerOf(actor).FactorBound)
	if err == nil && s.apart(actor.ProvedBy, actor.Workspace) {
		err = errApart()
	}
	if err == nil {
		err = s.proven(actor)
	}
	if err == nil && s.state.Any() && a.o.Clock.Now().Sub(actor.Proved) >= access.StepUpWithin {
		err = access.StepUp()
	}
	return permit, err
}

// ChangePassword changes the own password. The old one is asked through the Verifier, so that a stolen session can't
// guess it; other sessions end, and this one gets a new token (ASVS 7.4.3, AC-055), which is no step-up.
func (a *Room) ChangePassword(ctx context.Context, actor parlatory.Actor, c PasswordChange) (parlatory.Secret, error) {
	permit, err := a.permitPassword(ctx, actor)
	if err != nil {
		return parlatory.Secret{}, err
	}
	verdict, err := a.Verifier().Ask(ctx, Question{Door: actor.Workspace, From: actor.Address, Account: actor.Account, Password: c.Current, Device: c.Device})
	if err != nil {
		return parlatory.Secret{}, err
	}
	if verdict.Why != Right {
		return parlatory.Secret{}, a.refuseChange(ctx, actor, verdict.Why)
	}
	if err := a.settle(ctx, actor, verdict); err != nil {
		return parlatory.Secret{}, err
	}
	view, err := a.o.Workspace.Named(ctx, actor.Workspace)
	if err != nil {
		return parlatory.Secret{}, err
	}
	rules, err := a.Rules(ctx, actor.Account, actor.Workspace)
	if err != nil {
		return parlatory.Secret{}, err
	}
	phc, err := a.NewPassword(ctx, ChoosingOf(actor, actor.Session.String()), rules, c.New, verdict.Account.Name, verdict.Account.Email, view.Company, view.Subdomain)
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
	var token parlatory.Secret
	err = a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if _, _, err := Lock(tx, actor.Account); err != nil {
			return err
		}
		if err := verdict.Clear(tx); err != nil {
			return err
		}
		acc := verdict.Account
		if err := a.SetPassword(tx, verdict.Held, &acc, phc, PasswordChanged, actor.Session); err != nil {
			return err
		}
		if token, err = a.o.Sessions.Renew(tx, verdict.Held, actor.Session); err != nil {
			return err
		}
		if err := a.Notify(tx, settings, view, acc, NoticePassword, actor); err != nil {
			return err
		}
		return pens.Witness(tx, ledger.Updated, actor.Account, actor.Staff, map[string]string{"what": PasswordChanged})
	})
	return token, err
}

// settle gives the try back at once, since the old password was right: a new one that is refused locks nobody out, and counts as a choice.
func (a *Room) settle(ctx context.Context, actor parlatory.Actor, v Verdict) error {
	permit, err := a.o.Law.System(actCount, actor.Workspace)
	if err != nil {
		return err
	}
	v.Rehash = "" // another is stored, or the old one stays as it is
	return a.o.DB.Write(ctx, permit, v.Settle)
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
