package signin

import (
	"context"
	"encoding/json"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// StepUp is what somebody gives again before a sensitive act: the second factor where one counts here, or one of the recovery codes; else
// the password.
type StepUp struct {
	Password parlatory.Secret
	Device   parlatory.Secret
	account.FactorTry
}

func (t StepUp) byFactor() bool {
	return !t.Code.Empty() || !t.RecoveryCode.Empty() || !t.Ceremony.Empty()
}

// BeginStepUp asks the passkeys of the session's person.
func (s *Room) BeginStepUp(ctx context.Context, actor parlatory.Actor) (ceremony parlatory.Secret, options json.RawMessage, err error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActStepUp)
	if err != nil {
		return ceremony, nil, err
	}
	f, err := s.factorsOf(ctx, permit)
	if err == nil && !f.Passkey {
		err = parlatory.NotFound()
	}
	if err != nil {
		return ceremony, nil, err
	}
	return s.o.Account.BeginPasskey(ctx, actor.Workspace, actor.Account, actor.Session)
}

// factorsOf reads what counts of the actor's at this door.
func (s *Room) factorsOf(ctx context.Context, permit access.Permit) (f account.FactorState, err error) {
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		f, err = s.o.Account.FactorsAt(tx, permit.Actor().Account)
		return err
	})
	return f, err
}

// StepUp proves again who sits before a session, and gives it a new token (ASVS 7.2.4). Where the account has a second factor that counts
// here, the password alone is not taken: whoever stole session and password gets no further (AC-031). Failures are counted like those of
// the sign-in.
func (s *Room) StepUp(ctx context.Context, actor parlatory.Actor, try StepUp) (parlatory.Secret, error) {
	var token parlatory.Secret
	permit, err := s.o.Law.Permit(ctx, actor, ActStepUp)
	if err != nil {
		return token, err
	}
	before, err := s.enough(ctx, permit, try)
	if err != nil {
		return token, err
	}
	pens, err := s.o.Account.Pens(ctx, actor.Workspace)
	if err != nil {
		return token, err
	}
	g, err := s.prove(ctx, actor, try)
	if parlatory.KindOf(err) == parlatory.KindInvalid {
		if wrong := s.failed(ctx, permit, pens, suspect{account: actor.Account, member: actor.Staff, active: true}, "step-up by "+g.by); wrong != nil {
			err = wrong
		}
	}
	if err != nil {
		return token, err
	}
	held, err := s.o.Account.Hold(ctx, actor.Account)
	if err != nil {
		return token, err
	}
	told, err := s.recoveryTold(ctx, actor, held, try)
	if err != nil {
		return token, err
	}
	err = s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		// Who stole the session, and the old password, proves nothing after its owner has changed it in the same session (AC-055).
		if _, err := lock(tx, before, errSignIn()); err != nil {
			return err
		}
		if err := g.settle(tx); err != nil {
			return err
		}
		if err := told(tx); err != nil {
			return err
		}
		if token, err = s.o.Sessions.stepped(tx, held, actor.Session, g.proof); err != nil {
			return err
		}
		return pens.Witness(tx, ledger.Enabled, actor.Account, actor.Staff, map[string]string{"step-up": g.by})
	})
	return token, err
}

// enough refuses what would prove too little, before it is looked at: it is no try, and says nothing about what was given. It gives the account
// as it was then.
func (s *Room) enough(ctx context.Context, permit access.Permit, try StepUp) (acc account.Row, err error) {
	var f account.FactorState
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if f, err = s.o.Account.FactorsAt(tx, permit.Actor().Account); err != nil {
			return err
		}
		acc, _, err = account.ByID(tx, permit.Actor().Account)
		return err
	})
	if err != nil {
		return acc, err
	}
	settings, err := s.o.Security.Of(ctx, permit.Workspace())
	if err != nil {
		return acc, err
	}
	resistant := settings.Factor.Required && settings.Factor.Resistant
	switch {
	case try.Password.Empty() && !try.byFactor():
		return acc, parlatory.Invalid("password", "is missing")
	case f.Any() && !try.byFactor():
		return acc, parlatory.Invalid("password", "is not enough here: please give your second factor")
	case resistant && f.Passkey && try.byFactor() && try.Ceremony.Empty():
		return acc, parlatory.Invalid("code", "is not enough here: this workspace asks for your passkey")
	}
	return acc, nil
}

// given is what a step-up was proved by.
type given struct {
	settle func(*db.Tx) error
	by     string
	proof  parlatory.Proof
}

// prove checks what was given. A wrong one is an invalid field, since the session itself stands.
func (s *Room) prove(ctx context.Context, actor parlatory.Actor, try StepUp) (given, error) {
	if try.byFactor() {
		by := "second factor"
		if !try.RecoveryCode.Empty() {
			by = "recovery code"
		}
		proof, err := s.o.Account.ProveFactor(ctx, boundTo(actor), try.FactorTry)
		if parlatory.KindOf(err) == parlatory.KindUnauthenticated {
			err = parlatory.Invalid("code", "is not right, or was used already").Because(err)
		}
		return given{proof.Settle, by, parlatory.FactorProof(proof.Wide)}, err
	}
	g := given{by: "password", proof: parlatory.ByPassword}
	verdict, err := s.o.Account.Verifier().Ask(ctx, account.Question{Door: actor.Workspace, From: actor.Address, Account: actor.Account, Password: try.Password, Device: try.Device})
	if err == nil && verdict.Why != account.Right {
		err = parlatory.Invalid("password", "is not right. After several wrong tries, wait 15 minutes")
	}
	g.settle = verdict.Settle
	return g, err
}

// recoveryTold gives what writes the letter about a recovery code that is used up by a step-up.
func (s *Room) recoveryTold(ctx context.Context, actor parlatory.Actor, held *vault.Held, try StepUp) (func(*db.Tx) error, error) {
	if try.RecoveryCode.Empty() || !try.Ceremony.Empty() {
		return func(*db.Tx) error { return nil }, nil
	}
	view, err := s.o.Workspace.Named(ctx, actor.Workspace)
	if err != nil {
		return nil, err
	}
	settings, err := s.settings(ctx, actor.Workspace)
	if err != nil {
		return nil, err
	}
	return func(tx *db.Tx) error {
		acc, err := account.Fresh(tx, held, actor.Account)
		if err != nil {
			return err
		}
		return s.o.Account.Notify(tx, settings, view, acc, account.NoticeRecoveryUsed, actor)
	}, nil
}
