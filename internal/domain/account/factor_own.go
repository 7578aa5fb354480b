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

// FactorInfo is one line of My Account.
type FactorInfo struct {
	ID            parlatory.FactorID
	Kind          parlatory.Factor
	Name          string
	Created, Used time.Time
	HereOnly      bool
	Goes          time.Time // its removal waits until then
	Waits         bool      // its removal would
}

// Factors is what counts at the door where one is signed in.
type Factors struct {
	Items        []FactorInfo
	State        FactorState
	RecoveryMade time.Time
}

// Factors lists the own ones.
func (a *Room) Factors(ctx context.Context, actor parlatory.Actor) (f Factors, err error) {
	permit, err := a.o.Law.Permit(ctx, actor, ActFactors)
	if err != nil {
		return f, err
	}
	held, err := a.Hold(ctx, actor.Account)
	if err != nil {
		return f, err
	}
	err = a.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		f = Factors{}
		s, err := factorStandingOf(tx, a, actor.Account)
		if err != nil {
			return err
		}
		f.State = s.state
		if f.State.Recovery > 0 {
			if err := tx.House().Row(sqlRecoveryMade, actor.Account).Scan(&f.RecoveryMade); err != nil {
				return fmt.Errorf("read recovery codes: %w", err)
			}
		}
		voids, err := factorVoidsOf(tx, actor.Account)
		if err != nil {
			return err
		}
		for _, row := range s.all {
			if !counts(row.scope, row.created, s.void, actor.Workspace) {
				continue
			}
			secret, err := row.open(held)
			if err != nil {
				return err
			}
			f.Items = append(f.Items, FactorInfo{row.id, row.kind, secret.Name, row.created, row.used, !row.scope.Zero(), row.goes, row.waits(s.all, voids, tx.Now())})
		}
		return nil
	})
	return f, err
}

// factorWithin is how old the step-up of a change of factors may be: half of what other sensitive acts take (AC-031). Where a factor
// counts here already, it was given by one (signin.StepUp).
const factorWithin = 5 * time.Minute

// MayFactor is the gate of what changes one's own factors.
func (a *Room) MayFactor(ctx context.Context, actor parlatory.Actor) error {
	_, err := a.permitFactor(ctx, actor)
	return err
}

func (a *Room) permitFactor(ctx context.Context, actor parlatory.Actor) (access.Permit, error) {
	permit, err := a.o.Law.Permit(ctx, actor, ActFactor)
	if err == nil && a.o.Clock.Now().Sub(actor.Proved) >= factorWithin {
		err = access.StepUp()
	}
	if err != nil {
		return access.Permit{}, err
	}
	s, err := a.factorStanding(ctx, EnrollerOf(actor).FactorBound)
	if err == nil {
		err = s.proven(actor)
	}
	return permit, err
}

// MailOwnCode mails the code for a first factor to the person who is signed in.
func (a *Room) MailOwnCode(ctx context.Context, actor parlatory.Actor) error {
	if _, err := a.o.Law.Permit(ctx, actor, ActFactorMail); err != nil {
		return err
	}
	return a.MailCode(ctx, EnrollerOf(actor))
}

// AddFactor confirms a factor in My Account.
func (a *Room) AddFactor(ctx context.Context, actor parlatory.Actor, c Confirm) (info FactorInfo, codes []parlatory.Secret, err error) {
	permit, err := a.permitFactor(ctx, actor)
	if err != nil {
		return info, nil, err
	}
	n, err := a.CheckEnrolment(ctx, EnrollerOf(actor), c)
	if err != nil {
		return info, nil, err
	}
	err = a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := a.o.Sessions.Stands(tx, actor); err != nil {
			return err
		}
		id, shown, err := n.Store(tx, actor)
		codes = shown
		if err != nil {
			return err
		}
		info = FactorInfo{ID: id, Kind: n.Factor, Name: n.secret.Name, Created: tx.Now(), HereOnly: !n.row.scope.Zero()}
		info.Waits, err = waitsOf(tx, actor.Account, id)
		return err
	})
	return info, codes, err
}

// shownFactor finds one of the own factors that count at the door: what does not count here can't be changed from here, so that a
// workspace that reset somebody's factors gets no hand on those that hold elsewhere.
func (a *Room) shownFactor(tx *db.Tx, actor parlatory.Actor, id parlatory.FactorID) (factor, factorStanding, error) {
	s, err := factorStandingOf(tx, a, actor.Account)
	if err != nil {
		return factor{}, s, err
	}
	for _, f := range s.all {
		if f.id == id && counts(f.scope, f.created, s.void, actor.Workspace) {
			return f, s, nil
		}
	}
	return factor{}, s, parlatory.NotFound()
}

// ownFactor is shownFactor, where the session may change it.
func (a *Room) ownFactor(tx *db.Tx, actor parlatory.Actor, id parlatory.FactorID) (factor, factorStanding, error) {
	f, s, err := a.shownFactor(tx, actor, id)
	if err == nil && f.scope.Zero() {
		err = s.everywhere(actor)
	}
	return f, s, err
}

// spare refuses to take away the last factor that the workspace asks for: another is set up first. One that is on its way out is none.
func (s factorStanding) spare(p security.FactorPolicy, door parlatory.WorkspaceID, gone parlatory.FactorID) error {
	for _, f := range s.all {
		if f.id != gone && f.goes.IsZero() && counts(f.scope, f.created, s.void, door) && p.Counts(f.kind) {
			return nil
		}
	}
	if !p.Required {
		return nil
	}
	return parlatory.Conflict("This workspace asks for a second factor, and this is your last one that counts. Please set up another first.")
}

// happening is what a change came to: its words in the ledger, and the letter about it (empty: none, and no other workspace hears).
type happening struct {
	what    string
	letter  Notice
	details []string
}

// change does something to an own factor, tells the person by mail where there is a letter, and witnesses.
func (a *Room) change(ctx context.Context, permit access.Permit, do func(tx *db.Tx, held *vault.Held) (happening, error)) error {
	actor := permit.Actor()
	acc, view, err := a.enrolling(ctx, EnrollerOf(actor))
	if err != nil {
		return err
	}
	held, err := a.Hold(ctx, actor.Account)
	if err != nil {
		return err
	}
	settings, err := a.o.Ring.Hold(ctx, actor.Workspace, vault.Settings)
	if err != nil {
		return fmt.Errorf("hold settings key: %w", err)
	}
	pens, err := a.Pens(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	return a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if _, _, err := Lock(tx, actor.Account); err != nil {
			return err
		}
		if err := a.o.Sessions.Stands(tx, actor); err != nil {
			return err
		}
		h, err := do(tx, held)
		if err != nil {
			return err
		}
		if h.letter != "" {
			if err := a.Notify(tx, settings, view, acc, h.letter, actor, h.details...); err != nil {
				return err
			}
			if err := a.echo(tx, actor.Account, h.what); err != nil {
				return err
			}
		}
		return pens.Witness(tx, ledger.Updated, actor.Account, actor.Staff, map[string]string{"what": h.what})
	})
}

// RenameFactor gives an own factor another name.
func (a *Room) RenameFactor(ctx context.Context, actor parlatory.Actor, id parlatory.FactorID, name string) error {
	name, err := policy.Name(name, 1, 60)
	if err != nil {
		return parlatory.Invalid("name", "must have 1 to 60 characters, on one line").Because(err)
	}
	permit, err := a.permitFactor(ctx, actor)
	if err != nil {
		return err
	}
	return a.change(ctx, permit, func(tx *db.Tx, held *vault.Held) (h happening, err error) {
		f, _, err := a.ownFactor(tx, actor, id)
		if err != nil {
			return h, err
		}
		s, err := f.open(held)
		if err != nil {
			return h, err
		}
		s.Name = name
		ok, err := f.store(tx, held, s)
		if err == nil && !ok {
			err = errFactorBusy()
		}
		return happening{what: "second factor renamed"}, err
	})
}

// endOthers ends all sessions of an account but one (ASVS 7.4.3).
func (a *Room) endOthers(tx *db.Tx, account parlatory.AccountID, but parlatory.SessionID) error {
	if err := a.o.Sessions.EndAccount(tx, account, but); err != nil {
		return err
	}
	tx.Tell(parlatory.Event{Kind: parlatory.AccountChanged, Workspace: tx.Workspace(), Account: account, Session: but})
	return nil
}

// RenewRecovery makes ten new codes; the old ones are dead.
func (a *Room) RenewRecovery(ctx context.Context, actor parlatory.Actor) ([]parlatory.Secret, error) {
	permit, err := a.permitFactor(ctx, actor)
	if err != nil {
		return nil, err
	}
	s, err := a.factorStanding(ctx, EnrollerOf(actor).FactorBound)
	if err != nil {
		return nil, err
	}
	if err := s.everywhere(actor); err != nil {
		return nil, err
	}
	wide := false
	for _, f := range s.all {
		wide = wide || f.scope.Zero() && counts(f.scope, f.created, s.void, actor.Workspace)
	}
	if !wide {
		return nil, parlatory.Conflict("Recovery codes belong to a second factor that counts at all of your workspaces. Please set one up first.")
	}
	codes, err := credential.NewRecoveryCodes()
	if err != nil {
		return nil, err
	}
	ix, err := a.o.Ring.Index(ctx, parlatory.House)
	if err != nil {
		return nil, fmt.Errorf("hold house index key: %w", err)
	}
	err = a.change(ctx, permit, func(tx *db.Tx, held *vault.Held) (happening, error) {
		return happening{what: "recovery codes renewed", letter: NoticeRecoveryMade}, a.putRecovery(tx, held, ix, actor.Account, codes)
	})
	return codes, err
}
