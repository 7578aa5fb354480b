package signin

import (
	"context"
	"errors"
	"fmt"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/staff"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Try is what somebody enters at a door.
type Try struct {
	Email      string
	Password   parlatory.Secret
	Invitation parlatory.Secret // of a person who has an account already
	Device     parlatory.Secret // the browser's cookie; empty where it has none
}

// Result is a step forward: a session, or a half session that owes a step. Token is its cookie.
type Result struct {
	Owed    string // empty: signed in
	Token   parlatory.Secret
	Session parlatory.SessionID
	Device  parlatory.Secret // the browser's cookie, where it was not known
}

// Refusal is the one answer to whoever does not come in.
func Refusal() error {
	return parlatory.Fail(parlatory.KindUnauthenticated, "The e-mail address or the password is not right, or you can't sign in here. After several wrong tries, wait 15 minutes.")
}

// entrance is somebody whose password was right, on the way to a session.
type entrance struct {
	arrival    account.Arrival
	account    account.Account
	key        *vault.Held
	member     parlatory.StaffID
	memberKey  *vault.Held
	invitation parlatory.RowID // zero for a member
}

// seen is what is read beside the account, in every case alike.
type seen struct {
	member   staff.Row
	invitee  staff.Invitee
	lives    bool
	standing standing
}

func (v *seen) read(tx *db.Tx, acc parlatory.AccountID, invitation credential.TokenHash) (err error) {
	if v.member, _, err = staff.ByAccount(tx, acc); err != nil {
		return err
	}
	if v.invitee, v.lives, err = staff.Find(tx, invitation); err != nil {
		return err
	}
	v.standing, err = standingOf(tx, acc)
	return err
}

// Enter checks a password at a workspace's door. Unknown, wrong, locked, suspended and not a member are one answer, and
// cost one counting transaction, one hash and one witnessing transaction each (AC-007).
func (s *Room) Enter(ctx context.Context, actor parlatory.Actor, try Try) (Result, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActEnter)
	if err != nil {
		return Result{}, err
	}
	pens, err := s.o.Account.Pens(ctx, actor.Workspace)
	if err != nil {
		return Result{}, err
	}
	var invitation credential.TokenHash
	if !try.Invitation.Empty() {
		if invitation, err = credential.HashToken(try.Invitation.Reveal()); err != nil {
			return Result{}, staff.Gone()
		}
	}
	var v seen
	verdict, err := s.o.Account.Verifier().Ask(ctx, account.Question{
		Door: actor.Workspace, From: actor.Address, Email: try.Email, Password: try.Password, Device: try.Device,
		Also: func(tx *db.Tx, row account.Row) error { return v.read(tx, row.ID, invitation) },
	})
	if err != nil {
		return Result{}, err
	}
	e, why, err := s.admitted(ctx, actor.Workspace, verdict, v)
	if err != nil {
		return Result{}, err
	}
	if why != "" {
		return Result{}, s.fail(ctx, permit, pens, verdict.Row.ID, v.member.ID, why)
	}
	if owed := next(v.standing, ""); owed != "" {
		return s.half(ctx, actor, e, verdict, owed)
	}
	if e.arrival, err = s.o.Account.Arriving(ctx, actor, e.key, e.account, verdict.Device); err != nil {
		return Result{}, err
	}
	half := actor
	half.Kind, half.Account, half.Staff = parlatory.Half, e.account.ID, e.member
	begin, err := s.o.Law.Permit(ctx, half, actBegin)
	if err != nil {
		return Result{}, err
	}
	var r Result
	err = s.o.DB.Write(ctx, begin, func(tx *db.Tx) error {
		if err := verdict.Settle(tx); err != nil {
			return err
		}
		r, err = s.begin(tx, actor, e, pens)
		return err
	})
	return r, err
}

// admitted says whether a right password leads anywhere at this door, and proves the rows that say so.
func (s *Room) admitted(ctx context.Context, door parlatory.WorkspaceID, verdict account.Verdict, v seen) (entrance, string, error) {
	if verdict.Why != account.Right {
		return entrance{}, string(verdict.Why), nil
	}
	e := entrance{account: verdict.Account, key: verdict.Held, member: v.member.ID}
	switch {
	case v.member.State == staff.Active:
	case !v.member.ID.Zero():
		return e, "member is " + string(v.member.State), nil
	case v.lives:
		e.member, e.invitation = v.invitee.Row.ID, v.invitee.Invitation.ID
	default:
		return e, "not a member", nil
	}
	var err error
	if e.memberKey, err = s.o.Staff.Hold(ctx, door, e.member); err != nil {
		return e, "", err
	}
	if e.invitation.Zero() {
		_, err = v.member.Open(e.memberKey)
		return e, "", err
	}
	m, err := v.invitee.Open(e.memberKey)
	if err != nil {
		return e, "", err
	}
	if m.Email != verdict.Account.Email {
		return e, "invitation of another address", nil
	}
	return e, "", nil
}

// errFull rolls a failed try's witness back where a flood would fill the ledger; it is counted instead.
var errFull = errors.New("too many failed tries for single entries")

// fail witnesses a failed try, in the same way whatever it failed by, and gives the one answer.
func (s *Room) fail(ctx context.Context, permit access.Permit, p account.Pens, acc parlatory.AccountID, member parlatory.StaffID, why string) error {
	ix, err := s.houseIndex(ctx)
	if err != nil {
		return err
	}
	door := permit.Workspace()
	err = s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		spent, err := s.doorFailed.Spend(tx.House(), s.doorFailed.Key(ix, door.String()))
		if err != nil {
			return err
		}
		if spent.Over {
			return errFull
		}
		return p.Witness(tx, ledger.Failed, acc, member, map[string]string{"why": why})
	})
	if errors.Is(err, errFull) {
		s.o.Ledger.Refused(ctx, permit.Actor(), permit.Act())
		err = nil
	}
	if err != nil {
		return err
	}
	return Refusal()
}

// half makes a half session in place of what the actor came with.
func (s *Room) half(ctx context.Context, actor parlatory.Actor, e entrance, verdict account.Verdict, owed string) (Result, error) {
	permit, err := s.o.Law.System(actHalf, actor.Workspace)
	if err != nil {
		return Result{}, err
	}
	r := Result{Owed: owed}
	err = s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := verdict.Settle(tx); err != nil {
			return err
		}
		if err := unchanged(tx, e); err != nil {
			return err
		}
		if err := s.o.Sessions.end(tx, actor); err != nil {
			return err
		}
		r.Token, err = s.o.Sessions.open(tx, e.key, attempt{account: e.account.ID, door: actor.Workspace, staff: e.member, invitation: e.invitation}, actor)
		return err
	})
	return r, err
}

// unchanged refuses where the password was changed between its check and this transaction.
func unchanged(tx *db.Tx, e entrance) error {
	row, ok, err := account.Steady(tx, e.account.ID)
	if err != nil {
		return err
	}
	if !ok || !row.PasswordAt.Equal(e.account.PasswordAt) {
		return Refusal()
	}
	return nil
}

// begin makes the session: the membership is read and proved again in its transaction, an invitation is redeemed, and
// what the actor came with ends.
func (s *Room) begin(tx *db.Tx, actor parlatory.Actor, e entrance, p account.Pens) (Result, error) {
	if err := unchanged(tx, e); err != nil {
		return Result{}, err
	}
	m, err := s.member(tx, e, p)
	if err != nil {
		return Result{}, err
	}
	if err := s.o.Sessions.end(tx, actor); err != nil {
		return Result{}, err
	}
	device, _, err := s.o.Account.Arrived(tx, e.arrival)
	if err != nil {
		return Result{}, err
	}
	row := session{account: e.account.ID, door: tx.Workspace(), staff: m.ID, department: m.Department, role: m.Role}
	token, id, err := s.o.Sessions.begin(tx, e.key, row, actor)
	if err != nil {
		return Result{}, err
	}
	return Result{Token: token, Session: id, Device: device}, p.Witness(tx, ledger.SignedIn, e.account.ID, m.ID, nil)
}

// member gives the active membership, at the end of an invitation a new one.
func (s *Room) member(tx *db.Tx, e entrance, p account.Pens) (staff.Member, error) {
	if e.invitation.Zero() {
		row, ok, err := staff.Kept(tx, e.member)
		if err != nil {
			return staff.Member{}, err
		}
		if !ok || row.State != staff.Active || row.Account != e.account.ID {
			return staff.Member{}, Refusal()
		}
		return row.Open(e.memberKey)
	}
	invitee, lives, err := staff.FindByID(tx, e.invitation)
	if err != nil {
		return staff.Member{}, err
	}
	if !lives || invitee.Row.ID != e.member {
		return staff.Member{}, staff.Gone()
	}
	m, err := invitee.Redeem(tx, e.memberKey, e.account.ID, e.account.Name)
	if err != nil {
		return m, err
	}
	if m.Email != e.account.Email {
		return m, staff.Gone()
	}
	return m, p.Workspace.Witness(tx, ledger.Entry{Action: ledger.Enabled, Element: "Staff", ID: m.ID.Raw(), New: map[string]string{"state": string(m.State), "role": m.Role}})
}

// Owed says which step a half session owes.
func (s *Room) Owed(ctx context.Context, actor parlatory.Actor) (string, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActOwed)
	if err != nil {
		return "", err
	}
	var owed string
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		row, err := scanAttempt(tx.House().Row(sqlAttemptByID, actor.Session, actor.Workspace))
		if err != nil {
			return err
		}
		st, err := standingOf(tx, row.account)
		owed = next(st, row.paid)
		return err
	})
	return owed, err
}

// Agree pays the agreement. Where nothing else is owed the half session becomes a session.
func (s *Room) Agree(ctx context.Context, actor parlatory.Actor, security, privacy string) (Result, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActAgree)
	if err != nil {
		return Result{}, err
	}
	if err := workspace.Agreed(security, privacy); err != nil {
		return Result{}, err
	}
	row, e, err := s.resumed(ctx, permit, actor)
	if err != nil {
		return Result{}, err
	}
	pens, err := s.o.Account.Pens(ctx, actor.Workspace)
	if err != nil {
		return Result{}, err
	}
	var r Result
	err = s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		now, err := scanAttempt(tx.House().Row(sqlAttemptByID, actor.Session, actor.Workspace))
		if err != nil {
			return err
		}
		if now.revision != row.revision || !tx.Now().Before(now.expires) {
			return errSignIn()
		}
		st, err := standingOf(tx, row.account)
		if err != nil {
			return err
		}
		if next(st, row.paid) != StepAgreement {
			return parlatory.Conflict("This step is not what is owed now.")
		}
		if err := s.agree(tx, e.key, e.account.ID, actor); err != nil {
			return err
		}
		if err := pens.Witness(tx, ledger.Created, e.account.ID, e.member, map[string]string{"agreed": "security policy " + security + ", privacy policy " + privacy}); err != nil {
			return err
		}
		st.agreed = true
		if r.Owed = next(st, row.paid+" "+StepAgreement); r.Owed != "" {
			r.Token, err = s.o.Sessions.advance(tx, e.key, row, StepAgreement)
			return err
		}
		r, err = s.begin(tx, actor, e, pens)
		return err
	})
	return r, err
}

// resumed reads and proves a half session, and fetches the keys that its end needs.
func (s *Room) resumed(ctx context.Context, permit access.Permit, actor parlatory.Actor) (attempt, entrance, error) {
	var row attempt
	var acc account.Row
	err := s.o.DB.Read(ctx, permit, func(tx *db.Tx) (err error) {
		if row, err = scanAttempt(tx.House().Row(sqlAttemptByID, actor.Session, actor.Workspace)); err != nil {
			return err
		}
		acc, _, err = account.ByID(tx, row.account)
		return err
	})
	if err != nil {
		return row, entrance{}, err
	}
	e := entrance{member: row.staff, invitation: row.invitation}
	if e.key, err = s.o.Account.Hold(ctx, row.account); err != nil {
		return row, e, err
	}
	if _, err = e.key.Open(row.binding(), row.sealed); err != nil {
		return row, e, fmt.Errorf("open half session: %w", err)
	}
	if e.account, err = acc.Open(e.key); err != nil {
		return row, e, err
	}
	if e.arrival, err = s.o.Account.Arriving(ctx, actor, e.key, e.account, parlatory.DeviceID{}); err != nil {
		return row, e, err
	}
	e.memberKey, err = s.o.Staff.Hold(ctx, actor.Workspace, row.staff)
	return row, e, err
}

// agree keeps which versions were agreed to, when and from where.
func (s *Room) agree(tx *db.Tx, held *vault.Held, acc parlatory.AccountID, from parlatory.Actor) error {
	id := parlatory.NewID[parlatory.RowKind](s.o.Clock)
	b := vault.Binding{Table: "agreements", Row: id.Raw(), Revision: 1, Clear: []any{acc, workspace.Version, workspace.Version, tx.Now()}}
	sealed, err := vault.SealJSON(held, b, placeOf(from))
	if err != nil {
		return fmt.Errorf("seal agreement: %w", err)
	}
	if _, err := tx.House().Exec(sqlPutAgreement, id, acc, workspace.Version, workspace.Version, tx.Now(), sealed); err != nil {
		return fmt.Errorf("store agreement: %w", err)
	}
	return nil
}

// Leave signs out: the row is gone with the commit, and sockets hear of it.
func (s *Room) Leave(ctx context.Context, actor parlatory.Actor) error {
	permit, err := s.o.Law.Permit(ctx, actor, ActLeave)
	if err != nil {
		return err
	}
	pens, err := s.o.Account.Pens(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	return s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := s.o.Sessions.end(tx, actor); err != nil {
			return err
		}
		return pens.Witness(tx, ledger.SignedOut, actor.Account, actor.Staff, nil)
	})
}
