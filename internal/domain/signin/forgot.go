package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/staff"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// ResetLife is how long a reset's link works.
const ResetLife = 30 * time.Minute

// Forgot mails a reset's link to the address in the account's row (AC-014). For an unknown address, one that is no active member
// here, and one over its budget, the same rows are written: a link that nobody knows, and a mail to nobody. The answer is
// the same (AC-019).
func (s *Room) Forgot(ctx context.Context, actor parlatory.Actor, email string) error {
	permit, err := s.o.Law.Permit(ctx, actor, ActForgot)
	if err != nil {
		return err
	}
	if email, err = policy.Email(email); err != nil {
		return parlatory.Invalid("email", "is not an e-mail address").Because(err)
	}
	row, over, err := s.asker(ctx, actor, email)
	if err != nil {
		return err
	}
	to, target, err := s.addressee(ctx, row, over)
	if err != nil {
		return err
	}
	view, err := s.o.Workspace.Named(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	settings, err := s.settings(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	house, err := s.settings(ctx, parlatory.House)
	if err != nil {
		return err
	}
	token, hash, err := credential.NewToken()
	if err != nil {
		return err
	}
	mail, err := resetLetter(view, to, token).Mail()
	if err != nil {
		return err
	}
	return s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		r := reset{id: parlatory.NewID[parlatory.RowKind](s.o.Clock), token: hash, account: target, door: actor.Workspace,
			created: tx.Now(), expires: tx.Now().Add(ResetLife)}
		if err := r.put(tx, house); err != nil {
			return err
		}
		return s.o.Workspace.Outbox().Put(tx, settings, mail)
	})
}

// addressee is to whom a reset is mailed, and whose it is: nobody's for who is unknown here or over the budget, at the cost
// of fetching a key too.
func (s *Room) addressee(ctx context.Context, row account.Row, over bool) (to string, of parlatory.AccountID, err error) {
	subject := vault.Settings
	if !row.ID.Zero() {
		subject = vault.AccountKey(row.ID)
	}
	s.o.Ring.Forget(parlatory.House, subject) // as where passwords are checked: what is in memory must not tell
	held, err := s.o.Ring.Hold(ctx, parlatory.House, subject)
	if err != nil {
		return "", of, fmt.Errorf("hold account key: %w", err)
	}
	if row.ID.Zero() || over {
		return "", of, nil
	}
	acc, err := row.Open(held)
	return acc.Email, acc.ID, err
}

// asker raises the counters and finds the account, if it is an active member here. Where it is none, no mail goes out, and
// the counter is one of this door alone: a door where somebody is unknown does not use up the mails of those where they work.
func (s *Room) asker(ctx context.Context, actor parlatory.Actor, email string) (row account.Row, over bool, err error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActForgot)
	if err != nil {
		return row, false, err
	}
	ix, err := s.houseIndex(ctx)
	if err != nil {
		return row, false, err
	}
	index, err := s.o.Account.Index(ctx, email)
	if err != nil {
		return row, false, err
	}
	var refused error
	err = s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if refused, err = s.spendSource(tx, ix, actor); err != nil || refused != nil {
			return err
		}
		if row, _, err = account.ByEmail(tx, index); err != nil {
			return err
		}
		member, _, err := staff.ByAccount(tx, row.ID)
		if err != nil {
			return err
		}
		of := email
		if member.State != staff.Active {
			row, of = account.Row{}, email+"\x00"+tx.Workspace().String()
		}
		spent, err := s.mailReset.Spend(tx.House(), s.mailReset.Key(ix, of))
		over = spent.Over
		return err
	})
	if err == nil {
		err = refused
	}
	return row, over, err
}

func errResetGone() error {
	return parlatory.Fail(parlatory.KindExpired, "This link was used already or is older than 30 minutes. Please ask for a new one.")
}

// reset is a link's row. Its account is zero where nobody was mailed. A row that is used goes, so that all that is left of
// it is bound.
type reset struct {
	id               parlatory.RowID
	token            credential.TokenHash
	account          parlatory.AccountID
	door             parlatory.WorkspaceID
	created, expires time.Time
	sealed           vault.Sealed
}

// promised is what the row says under its seal.
type promised struct {
	Account parlatory.AccountID   `json:"account"`
	Door    parlatory.WorkspaceID `json:"door"`
	Expires time.Time             `json:"expires"`
}

func (p promised) is(r reset) bool {
	return p.Account == r.account && p.Door == r.door && p.Expires.Equal(r.expires)
}

func (r reset) binding() vault.Binding {
	return vault.Binding{Table: "resets", Row: r.id.Raw(), Revision: 1, Clear: []any{r.token[:], r.account, r.door, r.created, r.expires}}
}

func (r reset) put(tx *db.Tx, house *vault.Held) error {
	sealed, err := vault.SealJSON(house, r.binding(), promised{r.account, r.door, r.expires})
	if err != nil {
		return fmt.Errorf("seal reset: %w", err)
	}
	if _, err := tx.House().Exec(sqlPutReset, r.id, r.token, r.account, r.door, r.created, r.expires, sealed); err != nil {
		return fmt.Errorf("store reset: %w", err)
	}
	return nil
}

// living finds a reset by its token, at the door for which it was made, and proves it.
func (s *Room) living(tx *db.Tx, house *vault.Held, token parlatory.Secret) (reset, account.Row, error) {
	var r reset
	hash, err := credential.HashToken(token.Reveal())
	if err != nil {
		return r, account.Row{}, errResetGone()
	}
	r.token, r.door = hash, tx.Workspace()
	err = tx.House().Row(sqlReset, hash, r.door).Scan(&r.id, &r.account, &r.created, &r.expires, &r.sealed)
	if errors.Is(err, db.ErrNone) {
		return r, account.Row{}, errResetGone()
	}
	if err != nil {
		return r, account.Row{}, fmt.Errorf("read reset: %w", err)
	}
	var p promised
	if err := vault.OpenJSON(house, r.binding(), r.sealed, &p); err != nil || !p.is(r) {
		s.o.Log.Error("row refused", "table", "resets", "row", r.id.String())
		return r, account.Row{}, errResetGone()
	}
	row, ok, err := account.ByID(tx, r.account)
	if err != nil {
		return r, row, err
	}
	if !ok || !tx.Now().Before(r.expires) {
		return r, row, errResetGone()
	}
	return r, row, nil
}

// OpenReset says whether a link still works, before somebody thinks of a password, and how long that must be at least.
func (s *Room) OpenReset(ctx context.Context, actor parlatory.Actor, token parlatory.Secret) (least int, err error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActResetOpen)
	if err != nil {
		return 0, err
	}
	house, err := s.settings(ctx, parlatory.House)
	if err != nil {
		return 0, err
	}
	var row account.Row
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		_, row, err = s.living(tx, house, token)
		return err
	})
	if err != nil {
		return 0, err
	}
	rules, err := s.o.Account.Rules(ctx, row.ID, actor.Workspace)
	return rules.MinLength, err
}

// Reset sets a new password by a link. All sessions end, all other links of the account are dead, and no session begins: the
// person signs in, with whatever that owes (AC-011).
func (s *Room) Reset(ctx context.Context, actor parlatory.Actor, token, password parlatory.Secret) error {
	permit, err := s.o.Law.Permit(ctx, actor, ActReset)
	if err != nil {
		return err
	}
	house, err := s.settings(ctx, parlatory.House)
	if err != nil {
		return err
	}
	var r reset
	var row account.Row
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		r, row, err = s.living(tx, house, token)
		return err
	})
	if err != nil {
		return err
	}
	key, err := s.o.Account.Hold(ctx, row.ID)
	if err != nil {
		return err
	}
	acc, err := row.Open(key)
	if err != nil {
		return err
	}
	view, err := s.o.Workspace.Named(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	rules, err := s.o.Account.Rules(ctx, acc.ID, actor.Workspace)
	if err != nil {
		return err
	}
	chooser := account.Choosing{Door: actor.Workspace, From: actor.Address, By: r.id.String(), Account: acc.ID}
	phc, err := s.o.Account.NewPassword(ctx, chooser, rules, password, acc.Name, acc.Email, view.Company, view.Subdomain)
	if err != nil {
		return err
	}
	return s.reset(ctx, actor, r, key, view, phc)
}

func (s *Room) reset(ctx context.Context, actor parlatory.Actor, r reset, key *vault.Held, view workspace.View, phc string) error {
	permit, err := s.o.Law.Permit(ctx, actor, ActReset)
	if err != nil {
		return err
	}
	pens, err := s.o.Account.Pens(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	settings, err := s.settings(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	ix, err := s.houseIndex(ctx)
	if err != nil {
		return err
	}
	return s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if _, _, err := account.Lock(tx, r.account); err != nil {
			return err
		}
		n, err := tx.House().Exec(sqlUseReset, r.id, tx.Now())
		if err != nil {
			return fmt.Errorf("use reset: %w", err)
		}
		member, _, err := staff.ByAccount(tx, r.account)
		if err != nil {
			return err
		}
		if n != 1 || member.State != staff.Active {
			return errResetGone()
		}
		acc, err := account.Fresh(tx, key, r.account)
		if err != nil {
			return err
		}
		if err := s.o.Account.SetPassword(tx, key, &acc, phc, account.PasswordReset, parlatory.SessionID{}); err != nil {
			return err
		}
		if _, err := tx.House().Exec(sqlSpendResets, r.account); err != nil {
			return fmt.Errorf("spend resets: %w", err)
		}
		if err := s.o.Account.Verifier().Forgive(tx, ix, r.account); err != nil {
			return err
		}
		if err := s.o.Account.Notify(tx, settings, view, acc, account.NoticePassword, actor); err != nil {
			return err
		}
		return pens.Witness(tx, ledger.Updated, r.account, member.ID, map[string]string{"what": account.PasswordReset})
	})
}
