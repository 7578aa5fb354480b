package signin

import (
	"context"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/staff"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Ask is what a page needs to know to pay the step that is owed.
type Ask struct {
	Factors   account.FactorState
	Resistant bool // passkeys alone count
	Message   string
	TrustDays int
	MailCode  bool   // the first factor asks for a code by mail
	Password  string // why a new one is owed: expired or short
	MinLength int
}

func askOf(st standing, p progress) Ask {
	f := st.settings.Factor
	a := Ask{Factors: st.factors, Resistant: f.Required && f.Resistant, Message: f.Message, TrustDays: f.TrustDays,
		MailCode: st.factors.NeedsMail() && p.Factor == parlatory.NoFactor, Password: st.password, MinLength: st.settings.Password.MinLength}
	if a.Resistant && a.Factors.Passkey {
		a.Factors.TOTP = false // it would only lead to the next step
	}
	return a
}

// walk is a half session on its way, read and proved.
type walk struct {
	row      attempt
	entrance entrance
	settings security.Settings
	pens     account.Pens
	arriving account.Arrival
}

// suspect is who fails a step. Who is still to redeem an invitation is no member.
func (w walk) suspect() suspect {
	invitee := !w.entrance.invitation.Zero()
	return suspect{account: w.entrance.account.ID, member: w.entrance.member, active: !invitee, invitee: invitee}
}

// witness writes a paid step down: for the house, and for the door once the person is a member there. What an invited person has and does
// before they join is no matter of the inviter's.
func (w walk) witness(tx *db.Tx, action ledger.Action, values map[string]string) error {
	if w.entrance.invitation.Zero() {
		return w.pens.Witness(tx, action, w.entrance.account.ID, w.entrance.member, values)
	}
	return w.pens.WitnessHouse(tx, action, w.entrance.account.ID, values)
}

// resume reads and proves a half session, and fetches the keys and settings that its next step needs.
func (s *Room) resume(ctx context.Context, permit access.Permit, actor parlatory.Actor) (w walk, err error) {
	var acc account.Row
	var role string
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) (err error) {
		if w.row, err = scanAttempt(tx.House().Row(sqlAttemptByID, actor.Session, actor.Workspace)); err != nil {
			return err
		}
		if acc, _, err = account.ByID(tx, w.row.account); err != nil {
			return err
		}
		member, _, err := staff.ByID(tx, w.row.staff)
		role = member.Role
		return err
	})
	if err != nil {
		return w, err
	}
	e := entrance{member: w.row.staff, invitation: w.row.invitation, role: role}
	if e.index, err = s.houseIndex(ctx); err != nil {
		return w, err
	}
	if e.key, err = s.o.Account.Hold(ctx, w.row.account); err != nil {
		return w, err
	}
	if err = w.row.unseal(e.key); err != nil {
		return w, err
	}
	if e.account, err = acc.Open(e.key); err != nil {
		return w, err
	}
	if e.memberKey, err = s.o.Staff.Hold(ctx, actor.Workspace, w.row.staff); err != nil {
		return w, err
	}
	w.entrance = e
	if w.pens, err = s.o.Account.Pens(ctx, actor.Workspace); err != nil {
		return w, err
	}
	if w.settings, err = s.o.Security.Of(ctx, actor.Workspace); err != nil {
		return w, err
	}
	inside, err := s.o.Security.Admits(ctx, actor.Workspace, actor.Address, e.role, w.row.staff)
	if err == nil && !inside {
		err = errSignIn()
	}
	return w, err
}

// now reads what is owed in a transaction. Where the half session has moved on since it was resumed, or has run out, it is none.
func (s *Room) now(tx *db.Tx, w walk, acc account.Row) (standing, error) {
	row, err := scanAttempt(tx.House().Row(sqlAttemptByID, w.row.id, w.row.door))
	if err != nil {
		return standing{}, err
	}
	if row.revision != w.row.revision || !tx.Now().Before(row.expires) {
		return standing{}, errSignIn()
	}
	return s.standing(tx, w, acc)
}

func (s *Room) standing(tx *db.Tx, w walk, acc account.Row) (standing, error) {
	st, err := s.standingOf(tx, acc, w.row.progress.Length, w.settings)
	if err != nil {
		return st, err
	}
	trusts, err := trustsAt(tx, w.row.account)
	st.trusted = s.trusted(w.entrance.key, trusts, w.row.progress.Device, w.settings.Factor)
	return st, err
}

// pay lets fn pay the step that is owed, and goes on to the next one or to the session: all in one transaction.
func (s *Room) pay(ctx context.Context, permit access.Permit, w walk, step string, fn func(*db.Tx, *walk) error) (Result, error) {
	actor := permit.Actor()
	var err error
	if w.arriving, err = s.o.Account.Arriving(ctx, actor, w.entrance.key, w.entrance.account, w.row.progress.Device); err != nil {
		return Result{}, err
	}
	key, err := security.Key(ctx, s.o.Ring, actor.Workspace)
	if err != nil {
		return Result{}, err
	}
	var r Result
	err = s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		w := w // fn may run again, from the start
		acc, err := lock(tx, w.entrance.account.Row, errSignIn())
		if err != nil {
			return err
		}
		if w.settings, err = security.Steady(tx, key); err != nil {
			return err
		}
		st, err := s.now(tx, w, acc)
		if err != nil {
			return err
		}
		if next(st, w.row.progress) != step {
			return parlatory.Conflict("This step is not what is owed now.")
		}
		if err := fn(tx, &w); err != nil {
			return err
		}
		r, err = s.onward(tx, actor, w)
		return err
	})
	return r, err
}

// onward goes to what is owed next, or to the session.
func (s *Room) onward(tx *db.Tx, actor parlatory.Actor, w walk) (Result, error) {
	acc, _, err := account.ByID(tx, w.row.account) // as the paid step left it
	if err != nil {
		return Result{}, err
	}
	st, err := s.standing(tx, w, acc)
	if err != nil {
		return Result{}, err
	}
	owed := next(st, w.row.progress)
	if owed == "" {
		return s.begin(tx, actor, w.entrance, w.pens, w.row.progress, st, w.arriving)
	}
	r := Result{Owed: owed, Ask: askOf(st, w.row.progress)}
	if w.row.id.Zero() {
		if err := s.o.Sessions.end(tx, actor); err != nil {
			return Result{}, err
		}
		r.Token, err = s.o.Sessions.open(tx, w.entrance.key, w.row, actor)
	} else {
		r.Token, err = s.o.Sessions.advance(tx, w.entrance.key, w.row)
	}
	return r, err
}

// Owed says which step a half session owes, and what it is about.
func (s *Room) Owed(ctx context.Context, actor parlatory.Actor) (string, Ask, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActOwed)
	if err != nil {
		return "", Ask{}, err
	}
	w, err := s.resume(ctx, permit, actor)
	if err != nil {
		return "", Ask{}, err
	}
	var st standing
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		acc, _, err := account.ByID(tx, w.row.account)
		if err != nil {
			return err
		}
		st, err = s.now(tx, w, acc)
		return err
	})
	return next(st, w.row.progress), askOf(st, w.row.progress), err
}

// Agree pays the agreement.
func (s *Room) Agree(ctx context.Context, actor parlatory.Actor, security, privacy string) (Result, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActAgree)
	if err != nil {
		return Result{}, err
	}
	if err := workspace.Agreed(security, privacy); err != nil {
		return Result{}, err
	}
	w, err := s.resume(ctx, permit, actor)
	if err != nil {
		return Result{}, err
	}
	return s.pay(ctx, permit, w, StepAgreement, func(tx *db.Tx, w *walk) error {
		e := w.entrance
		if err := s.agree(tx, e.key, e.account.ID, actor); err != nil {
			return err
		}
		return w.pens.Witness(tx, ledger.Created, e.account.ID, e.member, map[string]string{"agreed": "security policy " + security + ", privacy policy " + privacy})
	})
}

// NewPassword pays a password that is too old or too short for this door. The old one was given in this sign-in, and the factor after it.
func (s *Room) NewPassword(ctx context.Context, actor parlatory.Actor, password parlatory.Secret) (Result, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActNewPassword)
	if err != nil {
		return Result{}, err
	}
	w, err := s.resume(ctx, permit, actor)
	if err != nil {
		return Result{}, err
	}
	e := w.entrance
	view, err := s.o.Workspace.Named(ctx, actor.Workspace)
	if err != nil {
		return Result{}, err
	}
	rules, err := s.o.Account.Rules(ctx, e.account.ID, actor.Workspace)
	if err != nil {
		return Result{}, err
	}
	phc, err := s.o.Account.NewPassword(ctx, account.ChoosingOf(actor, actor.Session.String()), rules, password, e.account.Name, e.account.Email, view.Company, view.Subdomain)
	if err != nil {
		return Result{}, err
	}
	settings, err := s.settings(ctx, actor.Workspace)
	if err != nil {
		return Result{}, err
	}
	return s.pay(ctx, permit, w, StepPassword, func(tx *db.Tx, w *walk) error {
		if err := s.o.Account.Reaches(tx, e.account.ID, w.row.progress.proof()); err != nil {
			return err
		}
		acc, err := account.Fresh(tx, e.key, e.account.ID)
		if err != nil {
			return err
		}
		if err := s.o.Account.SetPassword(tx, e.key, &acc, phc, account.PasswordChanged, w.row.id); err != nil {
			return err
		}
		if err := s.o.Account.Notify(tx, settings, view, acc, account.NoticePassword, actor); err != nil {
			return err
		}
		w.entrance.account, w.row.progress.Length = acc, max(w.row.progress.Length, rules.MinLength)
		return w.witness(tx, ledger.Updated, map[string]string{"what": account.PasswordChanged})
	})
}
