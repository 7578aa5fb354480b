package staff

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/keys"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// InvitationLife is how long an invitation's link works.
const InvitationLife = 24 * time.Hour

// budgetInvites bounds the mails that one workspace can make the server send to strangers.
var budgetInvites = workspace.Budget{Name: "staff.invite", Window: time.Hour, Limit: 200}

// Invitation is one link, as it is stored.
type Invitation struct {
	ID        parlatory.RowID
	Staff     parlatory.StaffID
	Role      string
	CreatedAt time.Time
	ExpiresAt time.Time
	state     string
	token     credential.TokenHash
	sealed    vault.Sealed
}

const stateSent = "sent"

type invited struct {
	Email string `json:"email"`
}

// binding leaves the state out: it only ever moves from sent to used or revoked, in the row itself.
func (i Invitation) binding() vault.Binding {
	return vault.Binding{Table: "invitations", Row: i.ID.Raw(), Revision: 1, Clear: []any{i.Staff, i.token[:], i.Role, i.CreatedAt, i.ExpiresAt}}
}

func scanInvitation(row *db.Row) (Invitation, bool, error) {
	var i Invitation
	err := row.Scan(&i.ID, &i.Staff, &i.token, &i.Role, &i.state, &i.CreatedAt, &i.ExpiresAt, &i.sealed)
	if errors.Is(err, db.ErrNone) {
		return Invitation{}, false, nil
	}
	if err != nil {
		return Invitation{}, false, fmt.Errorf("read invitation: %w", err)
	}
	return i, true, nil
}

// Invitee is a living invitation with its member's row; Open proves both.
type Invitee struct {
	Invitation Invitation
	Row        Row
}

// Find finds a living invitation by its token's hash, in tx's workspace only.
func Find(tx *db.Tx, token credential.TokenHash) (Invitee, bool, error) {
	inv, ok, err := scanInvitation(tx.Row(sqlInvitation, token))
	if err != nil || !ok {
		return Invitee{}, false, err
	}
	return inv.with(tx)
}

// FindByID finds a living invitation that a half session carries.
func FindByID(tx *db.Tx, id parlatory.RowID) (Invitee, bool, error) {
	inv, ok, err := scanInvitation(tx.Row(sqlInvitationByID, id))
	if err != nil || !ok {
		return Invitee{}, false, err
	}
	return inv.with(tx)
}

// with joins the member's row, and says whether the invitation lives: the server's clock, no grace (AC-017).
func (i Invitation) with(tx *db.Tx) (Invitee, bool, error) {
	r, ok, err := ByID(tx, i.Staff)
	if err != nil || !ok {
		return Invitee{}, false, err
	}
	lives := i.state == stateSent && tx.Now().Before(i.ExpiresAt) && r.State == Invited && r.Role == i.Role
	return Invitee{i, r}, lives, nil
}

// Open proves that neither row was changed past the program, and that both are for one address.
func (i Invitee) Open(held *vault.Held) (Member, error) {
	m, err := i.Row.Open(held)
	if err != nil {
		return Member{}, err
	}
	var p invited
	if err := vault.OpenJSON(held, i.Invitation.binding(), i.Invitation.sealed, &p); err != nil {
		return Member{}, fmt.Errorf("open invitation: %w", err)
	}
	if p.Email != m.Email {
		return Member{}, fmt.Errorf("open invitation: %w", vault.ErrOpen)
	}
	return m, nil
}

// Redeem makes the invited person a member: the link is used up by one statement, so that of fifty at once one counts.
func (i Invitee) Redeem(tx *db.Tx, held *vault.Held, acc parlatory.AccountID, name string) (Member, error) {
	n, err := tx.Exec(sqlUseInvitation, i.Invitation.ID, tx.Now())
	if err != nil {
		return Member{}, fmt.Errorf("use invitation: %w", err)
	}
	if n != 1 {
		return Member{}, Gone()
	}
	m, err := i.Open(held)
	if err != nil {
		return Member{}, err
	}
	m.Account, m.State = acc, Active
	if name != "" {
		m.Name = name
	}
	return m, m.store(tx, held)
}

// Gone is the answer to a link that is used, replaced, revoked or too old.
func Gone() error {
	return parlatory.Fail(parlatory.KindExpired, "This invitation is no longer valid. Ask the person who invited you for a new one.")
}

// Invite makes a member in state invited and mails the link. Nobody hears whether the address has an account.
func (s *Room) Invite(ctx context.Context, actor parlatory.Actor, email, name, roleName string) (Member, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActInvite)
	if err != nil {
		return Member{}, err
	}
	if email, err = policy.Email(email); err != nil {
		return Member{}, parlatory.Invalid("email", "is not an e-mail address").Because(err)
	}
	if name != "" {
		if name, err = account.Name(name); err != nil {
			return Member{}, err
		}
	}
	if err := s.covers(ctx, actor, roleName); err != nil {
		return Member{}, err
	}
	m := Member{Row: Row{ID: parlatory.NewID[parlatory.StaffKind](s.o.Clock), Role: roleName, State: Invited}, Profile: Profile{name, email}}
	held, wrapped, err := s.o.Ring.Mint(ctx, actor.Workspace, vault.StaffKey(m.ID))
	if err != nil {
		return Member{}, fmt.Errorf("mint staff key: %w", err)
	}
	err = s.send(ctx, permit, &m, held, func(tx *db.Tx, ix *vault.Indexer) error {
		m.CreatedAt, m.email = tx.Now(), ix.Blind("staff.email", email)
		if err := keys.Put(tx, wrapped); err != nil {
			return err
		}
		taken, err := m.insert(tx, held)
		if taken {
			return parlatory.Conflict("This address belongs to somebody who is a member or invited already.")
		}
		return err
	}, ledger.Created)
	if err == nil {
		s.o.Ring.Adopt(wrapped)
	}
	return m, err
}

// Resend mails a new link; the old one is dead with the commit.
func (s *Room) Resend(ctx context.Context, actor parlatory.Actor, id parlatory.StaffID) error {
	permit, err := s.o.Law.Permit(ctx, actor, ActResend)
	if err != nil {
		return err
	}
	var r Row
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		r, err = s.must(tx, id)
		return err
	})
	if err != nil {
		return err
	}
	held, err := s.Hold(ctx, actor.Workspace, id)
	if err != nil {
		return err
	}
	m, err := r.Open(held)
	if err != nil {
		return err
	}
	if err := s.covers(ctx, actor, m.Role); err != nil {
		return err
	}
	return s.send(ctx, permit, &m, held, func(tx *db.Tx, _ *vault.Indexer) error {
		now, err := s.must(tx, id)
		if err != nil {
			return err
		}
		if now.State != Invited || now.revision != r.revision {
			return parlatory.Conflict("This person is " + string(now.State) + ".")
		}
		_, err = tx.Exec(sqlRevokeInvitations, id)
		return err
	}, ledger.Sent)
}

// send stores a new link beside what the act does first, and puts the letter into the outbox.
func (s *Room) send(ctx context.Context, permit access.Permit, m *Member, held *vault.Held, first func(*db.Tx, *vault.Indexer) error, action ledger.Action) error {
	ws := permit.Workspace()
	view, err := s.o.Workspace.Named(ctx, ws)
	if err != nil {
		return err
	}
	settings, err := s.o.Ring.Hold(ctx, ws, vault.Settings)
	if err != nil {
		return fmt.Errorf("hold settings key: %w", err)
	}
	ix, err := s.o.Ring.Index(ctx, ws)
	if err != nil {
		return fmt.Errorf("hold index key: %w", err)
	}
	pen, err := s.o.Ledger.Pen(ctx, ws)
	if err != nil {
		return err
	}
	token, hash, err := credential.NewToken()
	if err != nil {
		return err
	}
	mail, err := letter(view, m.Profile, token).Mail()
	if err != nil {
		return err
	}
	return s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := Steady(tx, permit.Actor()); err != nil {
			return err
		}
		spent, err := budgetInvites.Spend(tx, budgetInvites.Key(ix, ws.String()))
		if err != nil {
			return err
		}
		if spent.Over {
			return spent.Refusal(tx.Now())
		}
		if err := first(tx, ix); err != nil {
			return err
		}
		inv := Invitation{ID: parlatory.NewID[parlatory.RowKind](s.o.Clock), Staff: m.ID, Role: m.Role, token: hash,
			CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(InvitationLife)}
		if err := inv.insert(tx, held, m.Email); err != nil {
			return err
		}
		m.InvitedUntil = inv.ExpiresAt
		tx.Tell(parlatory.Event{Kind: parlatory.StaffChanged, Workspace: ws, Staff: m.ID})
		if err := s.o.Workspace.Outbox().Put(tx, settings, mail); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{Action: action, Element: "Invitation", ID: m.ID.Raw(), New: map[string]string{"email": m.Email, "role": m.Role}})
	})
}

func (i Invitation) insert(tx *db.Tx, held *vault.Held, email string) error {
	sealed, err := vault.SealJSON(held, i.binding(), invited{email})
	if err != nil {
		return fmt.Errorf("seal invitation: %w", err)
	}
	if _, err := tx.Exec(sqlInsertInvitation, i.ID, i.Staff, i.token, i.Role, stateSent, i.CreatedAt, i.ExpiresAt, sealed); err != nil {
		return fmt.Errorf("store invitation: %w", err)
	}
	return nil
}

// Revoke takes an invitation back: the link is dead and the member is gone.
func (s *Room) Revoke(ctx context.Context, actor parlatory.Actor, id parlatory.StaffID) error {
	permit, err := s.o.Law.Permit(ctx, actor, ActRevoke)
	if err != nil {
		return err
	}
	return s.change(ctx, permit, id, func(tx *db.Tx, m Member, held *vault.Held, pen *ledger.Pen) error {
		if m.State != Invited {
			return parlatory.Conflict("This person is " + string(m.State) + ".")
		}
		if err := s.judge(ctx, actor, m, m.Role); err != nil {
			return err
		}
		if _, err := tx.Exec(sqlRevokeInvitations, id); err != nil {
			return fmt.Errorf("revoke invitation: %w", err)
		}
		m.State, m.email = Deleted, vault.Index{}
		if err := m.store(tx, held); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Deleted, Element: "Invitation", ID: id.Raw(), Old: map[string]string{"email": m.Email, "role": m.Role}})
	})
}

func letter(v workspace.View, p Profile, token parlatory.Secret) workspace.Letter {
	l := workspace.Letter{
		To:         p.Email,
		Subject:    "Invitation to " + v.Company,
		Paragraphs: []string{v.Company + " invites you to answer its customers in Parlatory.", "Please accept the invitation with this link:"},
		Action:     "Accept the invitation",
		Link:       v.URL + "/invitation#token=" + token.Reveal(),
		After: []string{
			"The link works once, for 24 hours. After that, please ask " + v.Company + " for a new one.",
			"Later you sign in at " + v.URL + "/ with this e-mail address. If you have an account here already, it keeps its password.",
			"If you do not know what this is about, please ignore this mail: without the link nothing happens.",
		},
		From: v.Company + ", " + v.URL + "/",
	}
	if p.Name != "" {
		l.Greeting = "Good day " + p.Name + ","
	}
	return l
}
