package signin

import (
	"context"
	"errors"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/staff"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Invited is what the holder of an invitation's link sees.
type Invited struct {
	Company string
	Email   string
	Name    string
	Known   bool // the address has an account, and its own password
}

// OpenInvitation shows an invitation to whoever holds its link, which went to that address.
func (s *Room) OpenInvitation(ctx context.Context, actor parlatory.Actor, token parlatory.Secret) (Invited, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActInvitationOpen)
	if err != nil {
		return Invited{}, err
	}
	i, err := s.invitee(ctx, actor.Workspace, token)
	if err != nil {
		return Invited{}, err
	}
	view, err := s.o.Workspace.Named(ctx, actor.Workspace)
	if err != nil {
		return Invited{}, err
	}
	index, err := s.o.Account.Index(ctx, i.member.Email)
	if err != nil {
		return Invited{}, err
	}
	out := Invited{Company: view.Company, Email: i.member.Email, Name: i.member.Name}
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		_, out.Known, err = account.ByEmail(tx, index)
		return err
	})
	return out, err
}

// guest is an invitation that was found and proved.
type guest struct {
	invitee staff.Invitee
	member  staff.Member
	key     *vault.Held
}

func (s *Room) invitee(ctx context.Context, door parlatory.WorkspaceID, token parlatory.Secret) (guest, error) {
	hash, err := credential.HashToken(token.Reveal())
	if err != nil {
		return guest{}, staff.Gone()
	}
	permit, err := s.o.Law.System(actHalf, door)
	if err != nil {
		return guest{}, err
	}
	var g guest
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		found, lives, err := staff.Find(tx, hash)
		if err == nil && !lives {
			err = staff.Gone()
		}
		g.invitee = found
		return err
	})
	if err != nil {
		return g, err
	}
	if g.key, err = s.o.Staff.Hold(ctx, door, g.invitee.Row.ID); err != nil {
		return g, err
	}
	g.member, err = g.invitee.Open(g.key)
	return g, err
}

// AcceptInvitation makes an account for an invited address that has none, with a password that the holder of the link
// chooses. The membership begins when what sign-in owes is paid. An address with an account signs in instead: a link
// never sets its password (AC-038).
func (s *Room) AcceptInvitation(ctx context.Context, actor parlatory.Actor, token parlatory.Secret, name string, password parlatory.Secret) (Result, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActInvitationAccept)
	if err != nil {
		return Result{}, err
	}
	if name, err = account.Name(name); err != nil {
		return Result{}, err
	}
	g, err := s.invitee(ctx, actor.Workspace, token)
	if err != nil {
		return Result{}, err
	}
	view, err := s.o.Workspace.Named(ctx, actor.Workspace)
	if err != nil {
		return Result{}, err
	}
	rules, err := s.o.Account.Rules(ctx, parlatory.AccountID{}, actor.Workspace)
	if err != nil {
		return Result{}, err
	}
	phc, err := s.o.Account.NewPassword(ctx, account.Choosing{Door: actor.Workspace, From: actor.Address, By: g.invitee.Invitation.ID.String()}, rules, password, name, g.member.Email, view.Company, view.Subdomain)
	if err != nil {
		return Result{}, err
	}
	draft, err := s.o.Account.Draft(ctx, g.member.Email, name, phc)
	if err != nil {
		return Result{}, err
	}
	w, err := s.newcomer(ctx, actor, draft, g)
	if err != nil {
		return Result{}, err
	}
	var r Result
	err = s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		now, lives, err := staff.FindByID(tx, g.invitee.Invitation.ID)
		if err != nil {
			return err
		}
		if !lives || now.Row.ID != g.member.ID {
			return staff.Gone()
		}
		if err := draft.Store(tx); err != nil {
			return err
		}
		w := w
		w.entrance.account = draft.Account()
		if err := w.witness(tx, ledger.Created, map[string]string{"by": "invitation"}); err != nil {
			return err
		}
		w.row.account = w.entrance.account.ID
		r, err = s.onward(tx, actor, w)
		return err
	})
	if errors.Is(err, account.ErrKnown) {
		return Result{}, parlatory.Conflict("This address has an account already. Please sign in with its password to accept the invitation.")
	}
	return r, err
}

// newcomer is somebody whose account is about to be made, on the way to a session.
func (s *Room) newcomer(ctx context.Context, actor parlatory.Actor, draft *account.Draft, g guest) (w walk, err error) {
	inside, err := s.o.Security.Admits(ctx, actor.Workspace, actor.Address, g.member.Role, parlatory.StaffID{})
	if err != nil {
		return w, err
	}
	if !inside {
		return w, staff.Gone()
	}
	if w.pens, err = s.o.Account.Pens(ctx, actor.Workspace); err != nil {
		return w, err
	}
	if w.settings, err = s.o.Security.Of(ctx, actor.Workspace); err != nil {
		return w, err
	}
	w.entrance = entrance{account: draft.Account(), key: draft.Held, member: g.member.ID, memberKey: g.key, invitation: g.invitee.Invitation.ID, role: g.member.Role}
	if w.entrance.index, err = s.houseIndex(ctx); err != nil {
		return w, err
	}
	w.row = attempt{account: w.entrance.account.ID, door: actor.Workspace, staff: g.member.ID, invitation: g.invitee.Invitation.ID,
		progress: progress{Length: w.settings.Password.MinLength}}
	w.arriving, err = s.o.Account.Arriving(ctx, actor, draft.Held, w.entrance.account, parlatory.DeviceID{})
	return w, err
}
