package signin

import (
	"context"
	"encoding/json"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// StepUp is what somebody gives again before a sensitive act: the password, a code, or a passkey. A recovery code is not taken.
type StepUp struct {
	Password parlatory.Secret
	Device   parlatory.Secret
	account.FactorTry
}

// BeginStepUp asks the passkeys of the session's person.
func (s *Room) BeginStepUp(ctx context.Context, actor parlatory.Actor) (ceremony parlatory.Secret, options json.RawMessage, err error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActStepUp)
	if err != nil {
		return ceremony, nil, err
	}
	var f account.FactorState
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		f, err = s.o.Account.FactorsAt(tx, actor.Account)
		return err
	})
	if err == nil && !f.Passkey {
		err = parlatory.NotFound()
	}
	if err != nil {
		return ceremony, nil, err
	}
	return s.o.Account.BeginPasskey(ctx, actor.Workspace, actor.Account, actor.Session)
}

// StepUp proves again who sits before a session, and gives it a new token (ASVS 7.2.4). Where the account has a second factor that counts
// here, it may be given instead of the password; failures are counted like those of the sign-in.
func (s *Room) StepUp(ctx context.Context, actor parlatory.Actor, try StepUp) (parlatory.Secret, error) {
	var token parlatory.Secret
	permit, err := s.o.Law.Permit(ctx, actor, ActStepUp)
	if err != nil {
		return token, err
	}
	pens, err := s.o.Account.Pens(ctx, actor.Workspace)
	if err != nil {
		return token, err
	}
	if try.Password.Empty() && try.Code.Empty() && try.Ceremony.Empty() {
		return token, parlatory.Invalid("password", "is missing")
	}
	settle, by, err := s.prove(ctx, actor, try)
	if parlatory.KindOf(err) == parlatory.KindInvalid {
		if wrong := s.failed(ctx, permit, pens, actor.Account, actor.Staff, "step-up by "+by); wrong != nil {
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
	err = s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := settle(tx); err != nil {
			return err
		}
		if token, err = s.o.Sessions.Renew(tx, held, actor.Session); err != nil {
			return err
		}
		return pens.Witness(tx, ledger.Enabled, actor.Account, actor.Staff, map[string]string{"step-up": by})
	})
	return token, err
}

// prove checks what was given. A wrong one is an invalid field, since the session itself stands.
func (s *Room) prove(ctx context.Context, actor parlatory.Actor, try StepUp) (settle func(*db.Tx) error, by string, err error) {
	if !try.Code.Empty() || !try.Ceremony.Empty() {
		by = "second factor"
		try.RecoveryCode = parlatory.Secret{}
		proof, err := s.o.Account.ProveFactor(ctx, boundTo(actor), try.FactorTry)
		if parlatory.KindOf(err) == parlatory.KindUnauthenticated {
			err = parlatory.Invalid("code", "is not right, or was used already").Because(err)
		}
		return proof.Settle, by, err
	}
	by = "password"
	verdict, err := s.o.Account.Verifier().Ask(ctx, account.Question{Door: actor.Workspace, From: actor.Address, Account: actor.Account, Password: try.Password, Device: try.Device})
	if err != nil {
		return nil, by, err
	}
	if verdict.Why != account.Right {
		return nil, by, parlatory.Invalid("password", "is not right. After several wrong tries, wait 15 minutes")
	}
	return verdict.Settle, by, nil
}
