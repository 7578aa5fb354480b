package signin

import (
	"bytes"
	"context"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/staff"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

var byOperator = access.ByKind(parlatory.Operator)

// The operator's acts: of who runs a command on the server. No door makes such an actor.
var (
	ActFind     = access.Act{Name: "operator.find", Feature: "Operator", Verb: access.View, By: byOperator, Scope: access.HouseAndAcross}
	ActRecover  = access.Act{Name: "operator.recover", Feature: "Operator", Verb: access.Edit, By: byOperator, Audited: true, Scope: access.HouseAndWorkspace}
	ActEndLocks = access.Act{Name: "operator.unlock", Feature: "Operator", Verb: access.Edit, By: byOperator, Audited: true, Scope: access.HouseAndWorkspace}
)

// Found is an account that the operator named.
type Found struct {
	Account    parlatory.AccountID
	Workspaces int // where the person is active
	row        account.Row
	door       parlatory.WorkspaceID // one of them, the oldest
}

// Find looks an address up for the operator's commands. An account that is active nowhere can't be recovered: there is no
// door that its link could lead to.
func (s *Room) Find(ctx context.Context, operator parlatory.Actor, email string) (f Found, err error) {
	operator.Workspace = parlatory.House
	permit, err := s.o.Law.Permit(ctx, operator, ActFind)
	if err != nil {
		return f, err
	}
	canonical, err := policy.Email(email)
	if err != nil {
		return f, parlatory.Invalid("email", "is not an e-mail address").Because(err)
	}
	index, err := s.o.Account.Index(ctx, canonical)
	if err != nil {
		return f, err
	}
	var known bool
	var active map[parlatory.WorkspaceID]parlatory.StaffID
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if f.row, known, err = account.ByEmail(tx, index); err != nil || !known {
			return err
		}
		active, err = s.o.Staff.ActiveAcross(tx, f.row.ID)
		return err
	})
	switch {
	case err != nil:
		return f, err
	case !known:
		return f, parlatory.Fail(parlatory.KindNotFound, "No account has this address.")
	case len(active) == 0:
		return f, parlatory.Fail(parlatory.KindNotFound, "This account is active in no workspace.")
	}
	for ws := range active {
		if f.door.Zero() || bytes.Compare(ws[:], f.door[:]) < 0 {
			f.door = ws
		}
	}
	f.Account, f.Workspaces = f.row.ID, len(active)
	return f, nil
}

// Recover gives an account back to whoever reads its mailbox, after the person has lost everything else: all factors, trusted
// devices, tokens and sessions are void everywhere, locks are ended, and a link for a new password is mailed to the address
// of the account. The password is void too: without its factor it would open more than it did.
//
// The entries in the ledgers of the house and of one workspace, and the queue of those for the others, stand in the same
// transaction: without them nothing is changed.
func (s *Room) Recover(ctx context.Context, operator parlatory.Actor, f Found, reason string) error {
	operator.Workspace = f.door
	permit, err := s.o.Law.Permit(ctx, operator, ActRecover)
	if err != nil {
		return err
	}
	if reason, err = remark(reason); err != nil {
		return err
	}
	r, err := s.recovery(ctx, f)
	if err != nil {
		return err
	}
	return s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		acc, err := account.Fresh(tx, r.key, f.Account)
		if err != nil {
			return err
		}
		member, _, err := staff.ByAccount(tx, f.Account)
		if err != nil {
			return err
		}
		if member.State != staff.Active {
			return parlatory.Conflict("The membership was changed at the same time. Please try again.")
		}
		if err := s.void(tx, r, &acc); err != nil {
			return err
		}
		if err := s.link(tx, r, acc); err != nil {
			return err
		}
		if err := security.Raise(tx); err != nil {
			return err
		}
		return r.pens.Operated(tx, acc.ID, member.ID, account.Recovered, reason)
	})
}

// recovery is what a recovery needs before its transaction.
type recovery struct {
	key, settings, house *vault.Held
	ix                   *vault.Indexer
	pens                 account.Pens
	view                 workspace.View
	phc                  string // of a password that nobody knows
}

func (s *Room) recovery(ctx context.Context, f Found) (r recovery, err error) {
	if r.key, err = s.o.Account.Hold(ctx, f.Account); err != nil {
		return r, err
	}
	if r.settings, err = s.settings(ctx, f.door); err != nil {
		return r, err
	}
	if r.house, err = s.settings(ctx, parlatory.House); err != nil {
		return r, err
	}
	if r.ix, err = s.houseIndex(ctx); err != nil {
		return r, err
	}
	if r.pens, err = s.o.Account.Pens(ctx, f.door); err != nil {
		return r, err
	}
	if r.view, err = s.o.Workspace.Named(ctx, f.door); err != nil {
		return r, err
	}
	nobodys, _, err := credential.NewToken()
	if err != nil {
		return r, err
	}
	r.phc, err = credential.Hash(ctx, nobodys)
	return r, err
}

// void ends all that the account could be entered with, everywhere, and every lock. SetPassword queues the entries for the
// ledgers of the other workspaces.
func (s *Room) void(tx *db.Tx, r recovery, acc *account.Account) error {
	if err := s.o.Account.SetPassword(tx, r.key, acc, r.phc, account.Recovered, parlatory.SessionID{}); err != nil {
		return err
	}
	if _, err := tx.House().Exec(sqlSpendResets, acc.ID); err != nil {
		return err
	}
	if err := s.o.Account.VoidAll(tx, acc.ID); err != nil {
		return err
	}
	return s.o.Account.Verifier().Forgive(tx, r.ix, acc.ID)
}

// link mails the way to a new password.
func (s *Room) link(tx *db.Tx, r recovery, acc account.Account) error {
	token, hash, err := credential.NewToken()
	if err != nil {
		return err
	}
	row := reset{id: parlatory.NewID[parlatory.RowKind](s.o.Clock), token: hash, account: acc.ID, door: r.view.ID,
		created: tx.Now(), expires: tx.Now().Add(ResetLife)}
	if err := row.put(tx, r.house); err != nil {
		return err
	}
	mail, err := recoveredLetter(r.view, acc.Email, token).Mail()
	if err != nil {
		return err
	}
	return s.o.Workspace.Outbox().Put(tx, r.settings, mail)
}

func recoveredLetter(v workspace.View, to string, token parlatory.Secret) workspace.Letter {
	return workspace.Letter{
		To:      to,
		Subject: "Your account was recovered",
		Paragraphs: []string{
			"The operator of this server recovered your account. Your password, second factors, recovery codes, trusted devices, API tokens and sessions are void in every workspace.",
			"Please set a new password with this link. Then sign in, and add your second factor again.",
		},
		Action: "Set a new password",
		Link:   v.URL + "/reset#token=" + token.Reveal(),
		After: []string{
			"The link works once, for 30 minutes. Later you can ask for another with \"Forgotten password\" on the sign-in page.",
			"If you did not ask for this, please tell your administrator at once. The recovery stands in the audit log of each of your workspaces.",
		},
		From: v.Company + ", " + v.URL + "/",
	}
}

// EndLocks ends the locks of an account, at every door, by the operator's command.
func (s *Room) EndLocks(ctx context.Context, operator parlatory.Actor, f Found, reason string) error {
	operator.Workspace = f.door
	permit, err := s.o.Law.Permit(ctx, operator, ActEndLocks)
	if err != nil {
		return err
	}
	if reason, err = remark(reason); err != nil {
		return err
	}
	ix, err := s.houseIndex(ctx)
	if err != nil {
		return err
	}
	pens, err := s.o.Account.Pens(ctx, f.door)
	if err != nil {
		return err
	}
	return s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		member, _, err := staff.ByAccount(tx, f.Account)
		if err != nil {
			return err
		}
		if err := s.o.Account.Verifier().Forgive(tx, ix, f.Account); err != nil {
			return err
		}
		if err := s.o.Account.QueueEcho(tx, f.Account, account.Unlocked); err != nil {
			return err
		}
		return pens.Operated(tx, f.Account, member.ID, account.Unlocked, reason)
	})
}

// remark judges why the operator did it; it stands in the ledger.
func remark(reason string) (string, error) {
	if reason == "" {
		return "", nil
	}
	reason, err := policy.Name(reason, 1, 500)
	if err != nil {
		return "", parlatory.Invalid("reason", "must have at most 500 characters, on one line").Because(err)
	}
	return reason, nil
}
