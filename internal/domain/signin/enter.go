package signin

import (
	"context"
	"errors"
	"fmt"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/security"
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
	Device     parlatory.Secret // the browser's cookie, empty where it has none
}

// Result is a step forward: a session, or a half session that owes a step. Token is its cookie.
type Result struct {
	Owed    string // empty: signed in
	Token   parlatory.Secret
	Session parlatory.SessionID
	Device  parlatory.Secret // a new cookie for the browser; empty where it keeps the one that it has
	Ask     Ask              // what the step is about
}

// Refusal is the one answer to whoever does not come in.
func Refusal() error {
	return parlatory.Fail(parlatory.KindUnauthenticated, "The e-mail address or the password is not right, or you can't sign in here. After several wrong tries, wait 15 minutes.")
}

// entrance is somebody whose first proof was right, on the way to a session.
type entrance struct {
	index      *vault.Indexer
	account    account.Account
	key        *vault.Held
	member     parlatory.StaffID
	memberKey  *vault.Held
	invitation parlatory.RowID // zero for a member
	role       string
}

// seen is what is read beside the account, in every case alike.
type seen struct {
	member   staff.Row
	invitee  staff.Invitee
	lives    bool
	standing standing
	trusts   []trust
}

func (s *Room) see(tx *db.Tx, row account.Row, invitation credential.TokenHash, settings security.Settings) (v seen, err error) {
	if v.member, _, err = staff.ByAccount(tx, row.ID); err != nil {
		return v, err
	}
	if invitation != (credential.TokenHash{}) { // that depends on what was sent alone
		if v.invitee, v.lives, err = staff.Find(tx, invitation); err != nil {
			return v, err
		}
	}
	if v.trusts, err = trustsAt(tx, row.ID); err != nil {
		return v, err
	}
	v.standing, err = s.standingOf(tx, row, 0, settings)
	return v, err
}

// Enter checks a password at a workspace's door. Unknown, wrong, locked, suspended, not a member and not from this address are one
// answer, and cost one counting transaction, one hash and one witnessing transaction each (AC-007).
func (s *Room) Enter(ctx context.Context, actor parlatory.Actor, try Try) (Result, error) {
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
	var v seen
	verdict, err := s.o.Account.Verifier().Ask(ctx, account.Question{
		Door: actor.Workspace, From: actor.Address, Email: try.Email, Password: try.Password, Device: try.Device,
		Also: func(tx *db.Tx, row account.Row) (err error) {
			v, err = s.see(tx, row, invitation, settings)
			return err
		},
	})
	if err != nil {
		return Result{}, err
	}
	e, why, err := s.admitted(ctx, actor, verdict, v)
	if err != nil {
		return Result{}, err
	}
	if why != "" {
		return Result{}, s.fail(ctx, permit, pens, suspectOf(verdict.Row.ID, v.member), why)
	}
	p := progress{Device: verdict.Device, Proven: verdict.Wide, Length: verdict.Length}
	v.standing.password = account.PasswordOwed(verdict.Row, settings.Password, verdict.Length, s.o.Clock.Now())
	v.standing.trusted = s.trusted(e.key, v.trusts, p.Device, settings.Factor)
	return s.proceed(ctx, actor, e, pens, v.standing, p, verdict.Settle)
}

func invitationHash(token parlatory.Secret) (hash credential.TokenHash, err error) {
	if token.Empty() {
		return hash, nil
	}
	if hash, err = credential.HashToken(token.Reveal()); err != nil {
		return hash, staff.Gone()
	}
	return hash, nil
}

// errOwes undoes the transaction of a session where something is owed by now.
var errOwes = errors.New("a step is owed")

// proceed makes the session, or the half session that owes the first step. What is owed is read again in the transaction that makes
// the session, and so is what the workspace asks: a factor that was set up, a device that is trusted no more, or a policy that was changed
// since the password was looked at is not stepped over.
func (s *Room) proceed(ctx context.Context, actor parlatory.Actor, e entrance, pens account.Pens, st standing, p progress, settle func(*db.Tx) error) (Result, error) {
	if owed := next(st, p); owed != "" {
		return s.half(ctx, actor, e, st, p, owed, settle)
	}
	half := actor
	half.Kind, half.Account, half.Staff = parlatory.Half, e.account.ID, e.member
	permit, err := s.o.Law.Permit(ctx, half, actBegin)
	if err != nil {
		return Result{}, err
	}
	arriving, err := s.o.Account.Arriving(ctx, actor, e.key, e.account, p.Device)
	if err != nil {
		return Result{}, err
	}
	w := walk{row: attempt{account: e.account.ID, door: actor.Workspace, progress: p}, entrance: e, pens: pens, arriving: arriving}
	key, err := security.Key(ctx, s.o.Ring, actor.Workspace)
	if err != nil {
		return Result{}, err
	}
	var r Result
	err = s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		acc, err := lock(tx, e.account.Row, Refusal())
		if err != nil {
			return err
		}
		if err := settle(tx); err != nil {
			return err
		}
		if w.settings, err = security.Steady(tx, key); err != nil {
			return err
		}
		if st, err = s.standing(tx, w, acc); err != nil {
			return err
		}
		if next(st, p) != "" {
			return errOwes
		}
		r, err = s.begin(tx, actor, e, pens, p, st, arriving)
		return err
	})
	if errors.Is(err, errOwes) {
		return s.half(ctx, actor, e, st, p, next(st, p), settle)
	}
	return r, err
}

// admitted says whether a right proof leads anywhere at this door, and proves the rows that say so.
func (s *Room) admitted(ctx context.Context, actor parlatory.Actor, verdict account.Verdict, v seen) (entrance, string, error) {
	door := actor.Workspace
	e := entrance{account: verdict.Account, key: verdict.Held, member: v.member.ID, role: v.member.Role}
	if v.member.State != staff.Active && v.lives {
		e.role = v.invitee.Row.Role
	}
	var seen parlatory.StaffID // a stranger who types a member's address puts nothing on the page of what the list saw
	if verdict.Why == account.Right {
		seen = v.member.ID
	}
	inside, err := s.o.Security.Admits(ctx, door, actor.Address, e.role, seen)
	switch {
	case err != nil:
		return e, "", err
	case verdict.Why != account.Right:
		return entrance{}, string(verdict.Why), nil
	case !inside:
		return e, "address is not on the list", nil
	case v.member.State == staff.Active:
	case !v.member.ID.Zero():
		return e, "member is " + string(v.member.State), nil
	case v.lives:
		e.member, e.invitation = v.invitee.Row.ID, v.invitee.Invitation.ID
	default:
		return e, "not a member", nil
	}
	if e.index, err = s.houseIndex(ctx); err != nil {
		return e, "", err
	}
	if e.memberKey, err = s.o.Staff.Hold(ctx, door, e.member); err != nil {
		return e, "", err
	}
	return s.proved(e, v)
}

// proved opens the row of the membership or of the invitation.
func (s *Room) proved(e entrance, v seen) (entrance, string, error) {
	if e.invitation.Zero() {
		_, err := v.member.Open(e.memberKey)
		return e, "", err
	}
	m, err := v.invitee.Open(e.memberKey)
	if err == nil && m.Email != e.account.Email {
		return e, "invitation of another address", nil
	}
	return e, "", err
}

// errFull rolls a failed try's witness back where a flood would fill the ledger; it is counted instead.
var errFull = errors.New("too many failed tries for single entries")

// suspect is whose try failed.
type suspect struct {
	account parlatory.AccountID
	member  parlatory.StaffID
	active  bool // an active member at this door: its administrators read why
	invitee bool // not a member yet: the inviter knows what they typed, and nothing more
}

func suspectOf(acc parlatory.AccountID, member staff.Row) suspect {
	who := suspect{account: acc, active: member.State == staff.Active}
	if who.active || member.State == staff.Suspended {
		who.member = member.ID
	}
	return who
}

// untold is the one reason that a door's ledger has for the tries of whoever is no active member there. Anybody may found a workspace, try
// addresses and passwords at its door, and read its ledger: it must not say who has an account, and which password is right (AC-007).
const untold = "refused"

// witness writes why a try failed: for the house always, for the door where it is about one of its own people.
func (who suspect) witness(tx *db.Tx, p account.Pens, why string) error {
	house, door := map[string]string{"why": why}, map[string]string{"why": untold}
	switch {
	case who.invitee:
		return p.WitnessHouse(tx, ledger.Failed, who.account, house)
	case who.active:
		door = house
	}
	return p.WitnessApart(tx, ledger.Failed, who.account, who.member, house, door)
}

// fail witnesses a failed try, in the same way whatever it failed by, and gives the one answer.
func (s *Room) fail(ctx context.Context, permit access.Permit, p account.Pens, who suspect, why string) error {
	if err := s.failed(ctx, permit, p, who, why); err != nil {
		return err
	}
	return Refusal()
}

// failed witnesses a failed try; where a flood of them would fill the ledger of a workspace, they are counted instead.
func (s *Room) failed(ctx context.Context, permit access.Permit, p account.Pens, who suspect, why string) error {
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
		return who.witness(tx, p, why)
	})
	if errors.Is(err, errFull) {
		s.o.Ledger.Refused(ctx, permit.Actor(), permit.Act())
		err = nil
	}
	return err
}

// half makes a half session in place of what the actor came with.
func (s *Room) half(ctx context.Context, actor parlatory.Actor, e entrance, st standing, p progress, owed string, settle func(*db.Tx) error) (Result, error) {
	permit, err := s.o.Law.System(actHalf, actor.Workspace)
	if err != nil {
		return Result{}, err
	}
	r := Result{Owed: owed, Ask: askOf(st, p)}
	err = s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if _, err := lock(tx, e.account.Row, Refusal()); err != nil {
			return err
		}
		if err := settle(tx); err != nil {
			return err
		}
		if err := s.o.Sessions.end(tx, actor); err != nil {
			return err
		}
		r.Token, err = s.o.Sessions.open(tx, e.key, attempt{account: e.account.ID, door: actor.Workspace, staff: e.member, invitation: e.invitation, progress: p}, actor)
		return err
	})
	return r, err
}

// lock is account.Lock, and refuses where the password was changed since a proof was looked at.
func lock(tx *db.Tx, since account.Row, refusal error) (account.Row, error) {
	row, ok, err := account.Lock(tx, since.ID)
	if err == nil && (!ok || !row.PasswordAt.Equal(since.PasswordAt)) {
		err = refusal
	}
	return row, err
}

// begin makes the session, in a transaction that holds the account: the membership is read and proved again, an invitation is redeemed, and
// what the actor came with ends.
func (s *Room) begin(tx *db.Tx, actor parlatory.Actor, e entrance, pens account.Pens, p progress, st standing, arriving account.Arrival) (Result, error) {
	m, err := s.member(tx, e, pens)
	if err != nil {
		return Result{}, err
	}
	if err := s.o.Sessions.end(tx, actor); err != nil {
		return Result{}, err
	}
	device, known, err := s.o.Account.Arrived(tx, arriving, p.Wide)
	if err != nil {
		return Result{}, err
	}
	if err := s.trust(tx, e, p, st, known); err != nil {
		return Result{}, err
	}
	row := session{account: e.account.ID, door: tx.Workspace(), staff: m.ID, department: m.Department, role: m.Role, factor: p.factor(st), proven: p.Wide || p.Proven}
	if p.Factor != parlatory.NoFactor || st.trusted == parlatory.NoFactor {
		row.proved, row.proof = tx.Now(), p.proof() // a trusted device spares the factor at the sign-in, not before a sensitive act
	}
	token, id, err := s.o.Sessions.begin(tx, e.key, row, actor, known)
	if err != nil {
		return Result{}, err
	}
	with := map[string]string{"factor": string(row.factor)}
	if row.factor == parlatory.NoFactor {
		with = nil
	}
	return Result{Token: token, Session: id, Device: device}, pens.Witness(tx, ledger.SignedIn, e.account.ID, m.ID, with)
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
