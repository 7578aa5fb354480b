package signin

import (
	"context"
	"encoding/json"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

func boundTo(actor parlatory.Actor) account.FactorBound {
	return account.FactorBound{Door: actor.Workspace, Account: actor.Account, Session: actor.Session, Device: actor.Known}
}

// FactorTry is the second step: a code, a recovery code, or the answer of a passkey.
type FactorTry struct {
	account.FactorTry
	Trust bool // ask no second factor on this device for as long as the workspace allows
}

// BeginFactor asks the passkeys of a half session that owes a factor.
func (s *Room) BeginFactor(ctx context.Context, actor parlatory.Actor) (ceremony parlatory.Secret, options json.RawMessage, err error) {
	if _, err := s.o.Law.Permit(ctx, actor, ActFactor); err != nil {
		return ceremony, nil, err
	}
	if owed, _, err := s.Owed(ctx, actor); err != nil || owed != StepFactor {
		return ceremony, nil, notOwed(err)
	}
	return s.o.Account.BeginPasskey(ctx, actor.Workspace, actor.Account, actor.Session)
}

func notOwed(err error) error {
	if err != nil {
		return err
	}
	return parlatory.Conflict("This step is not what is owed now.")
}

// PayFactor pays the second factor. The try is counted and committed before it is looked at, and used up in the transaction that it
// leads to: a code that was tried fifty times at once counts once.
func (s *Room) PayFactor(ctx context.Context, actor parlatory.Actor, try FactorTry) (Result, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActFactor)
	if err != nil {
		return Result{}, err
	}
	w, err := s.resume(ctx, permit, actor)
	if err != nil {
		return Result{}, err
	}
	if owed, ask, err := s.Owed(ctx, actor); err != nil || owed != StepFactor {
		return Result{}, notOwed(err)
	} else if !try.Code.Empty() && !ask.Factors.TOTP {
		return Result{}, parlatory.Invalid("code", "is not enough here: this workspace asks for your passkey")
	}
	proof, err := s.o.Account.ProveFactor(ctx, boundTo(actor), try.FactorTry)
	if err != nil {
		return Result{}, s.failFactor(ctx, permit, w, err)
	}
	view, err := s.o.Workspace.Named(ctx, actor.Workspace)
	if err != nil {
		return Result{}, err
	}
	settings, err := s.settings(ctx, actor.Workspace)
	if err != nil {
		return Result{}, err
	}
	return s.pay(ctx, permit, w, StepFactor, func(tx *db.Tx, w *walk) error {
		if err := proof.Settle(tx); err != nil {
			return err
		}
		if proof.Factor == parlatory.Recovery {
			if err := s.o.Account.Notify(tx, settings, view, w.entrance.account, account.NoticeRecoveryUsed, actor); err != nil {
				return err
			}
		}
		p := &w.row.progress
		p.Factor, p.Wide, p.Trust = proof.Factor, proof.Wide, try.Trust
		return w.witness(tx, ledger.Enabled, map[string]string{"proved": string(proof.Factor)})
	})
}

// failFactor witnesses a wrong factor and gives the error on. What was not looked at, for being too many, is no try.
func (s *Room) failFactor(ctx context.Context, permit access.Permit, w walk, cause error) error {
	if parlatory.KindOf(cause) != parlatory.KindInvalid {
		return cause
	}
	if err := s.failed(ctx, permit, w.pens, w.suspect(), "second factor"); err != nil {
		return err
	}
	return cause
}

// enroller is a half session that owes a factor of its own; any other is refused.
func (s *Room) enroller(ctx context.Context, actor parlatory.Actor) (account.Enroller, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActEnrol)
	if err != nil {
		return account.Enroller{}, err
	}
	if owed, _, err := s.Owed(ctx, actor); err != nil || owed != StepEnrol {
		return account.Enroller{}, notOwed(err)
	}
	w, err := s.resume(ctx, permit, actor)
	if err != nil {
		return account.Enroller{}, err
	}
	e := account.EnrollerOf(actor)
	e.Proved = w.row.progress.Wide
	return e, nil
}

// MailCode mails the code that a first factor asks for.
func (s *Room) MailCode(ctx context.Context, actor parlatory.Actor) error {
	e, err := s.enroller(ctx, actor)
	if err != nil {
		return err
	}
	return s.o.Account.MailCode(ctx, e)
}

// BeginTOTP makes the secret of an authenticator app that is to be set up; nothing counts before it is confirmed.
func (s *Room) BeginTOTP(ctx context.Context, actor parlatory.Actor) (ceremony, secret, link parlatory.Secret, err error) {
	e, err := s.enroller(ctx, actor)
	if err != nil {
		return ceremony, secret, link, err
	}
	return s.o.Account.BeginTOTP(ctx, e)
}

// BeginPasskey asks a device for a new passkey.
func (s *Room) BeginPasskey(ctx context.Context, actor parlatory.Actor) (ceremony parlatory.Secret, options json.RawMessage, err error) {
	e, err := s.enroller(ctx, actor)
	if err != nil {
		return ceremony, nil, err
	}
	return s.o.Account.BeginEnrolPasskey(ctx, e)
}

// Enrol pays the enrolment with a factor that was just set up, and gives the recovery codes that came with a first one.
func (s *Room) Enrol(ctx context.Context, actor parlatory.Actor, c account.Confirm) (Result, []parlatory.Secret, error) {
	e, err := s.enroller(ctx, actor)
	if err != nil {
		return Result{}, nil, err
	}
	permit, err := s.o.Law.Permit(ctx, actor, ActEnrol)
	if err != nil {
		return Result{}, nil, err
	}
	w, err := s.resume(ctx, permit, actor)
	if err != nil {
		return Result{}, nil, err
	}
	n, err := s.o.Account.CheckEnrolment(ctx, e, c)
	if err != nil {
		return Result{}, nil, err
	}
	var codes []parlatory.Secret
	r, err := s.pay(ctx, permit, w, StepEnrol, func(tx *db.Tx, w *walk) (err error) {
		if _, codes, err = n.Store(tx, actor); err != nil {
			return err
		}
		w.row.progress.Factor, w.row.progress.Wide = n.Factor, n.Wide()
		return nil
	})
	return r, codes, err
}

// BeginAlone asks for any passkey that this browser has for us. Nothing is said about anybody.
func (s *Room) BeginAlone(ctx context.Context, actor parlatory.Actor) (ceremony parlatory.Secret, options json.RawMessage, err error) {
	if _, err := s.o.Law.Permit(ctx, actor, ActPasskey); err != nil {
		return ceremony, nil, err
	}
	if err := s.spendAlone(ctx, actor); err != nil {
		return ceremony, nil, err
	}
	return s.o.Account.BeginPasskey(ctx, actor.Workspace, parlatory.AccountID{}, parlatory.SessionID{})
}

// spendAlone counts what a stranger makes us keep.
func (s *Room) spendAlone(ctx context.Context, actor parlatory.Actor) error {
	permit, err := s.o.Law.System(actHalf, actor.Workspace)
	if err != nil {
		return err
	}
	ix, err := s.houseIndex(ctx)
	if err != nil {
		return err
	}
	var refused error
	err = s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		refused = nil
		spent, err := s.passkeySource.Spend(tx.House(), s.passkeySource.Key(ix, workspace.SourceOf(actor.Address)))
		if err == nil && spent.Over {
			refused = spent.Refusal(tx.Now())
		}
		return err
	})
	if err == nil {
		err = refused
	}
	return err
}

// AloneTry is a passkey that stands for password and factor.
type AloneTry struct {
	Ceremony   parlatory.Secret
	Credential json.RawMessage
	Invitation parlatory.Secret
	Device     parlatory.Secret
}

// EnterByPasskey signs in with a passkey that verified its user (two factors in one: NIST SP 800-63B-4 §2.2.2). What the password
// would owe is not owed.
func (s *Room) EnterByPasskey(ctx context.Context, actor parlatory.Actor, try AloneTry) (Result, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActEnter)
	if err != nil {
		return Result{}, err
	}
	pens, err := s.o.Account.Pens(ctx, actor.Workspace)
	if err != nil {
		return Result{}, err
	}
	settings, err := s.o.Security.Of(ctx, actor.Workspace)
	if err != nil {
		return Result{}, err
	}
	invitation, err := invitationHash(try.Invitation)
	if err != nil {
		return Result{}, err
	}
	proof, err := s.o.Account.ProveFactor(ctx, account.FactorBound{Door: actor.Workspace}, account.FactorTry{Ceremony: try.Ceremony, Credential: try.Credential})
	if parlatory.KindOf(err) == parlatory.KindTooMany {
		return Result{}, err
	}
	if err != nil || !proof.Verified {
		return Result{}, passkeyRefused(s.fail(ctx, permit, pens, suspect{}, "passkey"))
	}
	var v seen
	verdict, err := s.known(ctx, actor, proof.Account, func(tx *db.Tx, row account.Row) (err error) {
		v, err = s.see(tx, row, invitation, settings)
		return err
	})
	if err != nil {
		return Result{}, err
	}
	e, why, err := s.admitted(ctx, actor, verdict, v)
	if err != nil {
		return Result{}, err
	}
	if why != "" {
		return Result{}, passkeyRefused(s.fail(ctx, permit, pens, suspectOf(proof.Account, v.member), why))
	}
	p := progress{Factor: parlatory.Passkey, Wide: proof.Wide}
	if p.Device, err = s.deviceOf(ctx, e, try.Device); err != nil {
		return Result{}, err
	}
	ix, err := s.houseIndex(ctx)
	if err != nil {
		return Result{}, err
	}
	return s.proceed(ctx, actor, e, pens, v.standing, p, func(tx *db.Tx) error {
		if err := proof.Settle(tx); err != nil {
			return err
		}
		return s.passkeySource.Refund(tx.House(), s.passkeySource.Key(ix, workspace.SourceOf(actor.Address)))
	})
}

// known reads an account that a passkey named, in the form of the verifier's answer.
func (s *Room) known(ctx context.Context, actor parlatory.Actor, id parlatory.AccountID, also func(*db.Tx, account.Row) error) (v account.Verdict, err error) {
	permit, err := s.o.Law.System(actHalf, actor.Workspace)
	if err != nil {
		return v, err
	}
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if v.Row, _, err = account.ByID(tx, id); err != nil {
			return err
		}
		return also(tx, v.Row)
	})
	if err != nil {
		return v, err
	}
	if v.Held, err = s.o.Account.Hold(ctx, id); err != nil {
		return v, err
	}
	v.Account, err = v.Row.Open(v.Held)
	return v, err
}

func (s *Room) deviceOf(ctx context.Context, e entrance, token parlatory.Secret) (id parlatory.DeviceID, err error) {
	permit, err := s.o.Law.System(actResume, parlatory.House)
	if err != nil {
		return id, err
	}
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		id, err = s.o.Account.DeviceAt(tx, e.index, e.key, e.account.ID, token)
		return err
	})
	return id, err
}

// passkeyRefused is the one answer to a passkey that leads nowhere, in words that fit.
func passkeyRefused(err error) error {
	if parlatory.KindOf(err) != parlatory.KindUnauthenticated {
		return err
	}
	return parlatory.Fail(parlatory.KindUnauthenticated, "This passkey can't be used to sign in here.")
}
