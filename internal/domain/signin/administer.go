package signin

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/staff"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// target is a member about whose way in an administrator does something, with the keys for it.
type target struct {
	account  account.Account
	key      *vault.Held
	settings *vault.Held
	house    *vault.Held
	view     workspace.View
	index    *vault.Indexer
}

func (s *Room) target(ctx context.Context, permit access.Permit, id parlatory.StaffID) (t target, err error) {
	var acc account.Row
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		member, ok, err := staff.ByID(tx, id)
		if err != nil {
			return err
		}
		if !ok || member.State == staff.Deleted {
			return parlatory.NotFound()
		}
		if member.Account.Zero() {
			return parlatory.Conflict("This person has not accepted the invitation yet.")
		}
		acc, _, err = account.ByID(tx, member.Account)
		return err
	})
	if err != nil {
		return t, err
	}
	if t.key, err = s.o.Account.Hold(ctx, acc.ID); err != nil {
		return t, err
	}
	if t.account, err = acc.Open(t.key); err != nil {
		return t, err
	}
	if t.settings, err = s.settings(ctx, permit.Workspace()); err != nil {
		return t, err
	}
	if t.house, err = s.settings(ctx, parlatory.House); err != nil {
		return t, err
	}
	if t.index, err = s.houseIndex(ctx); err != nil {
		return t, err
	}
	t.view, err = s.o.Workspace.Named(ctx, permit.Workspace())
	return t, err
}

// administer runs fn for an act of an administrator about a member's way in, and witnesses it.
func (s *Room) administer(ctx context.Context, actor parlatory.Actor, act access.Act, id parlatory.StaffID, what map[string]string, fn func(*db.Tx, staff.Member, target) error) error {
	permit, err := s.o.Law.Permit(ctx, actor, act)
	if err != nil {
		return err
	}
	t, err := s.target(ctx, permit, id)
	if err != nil {
		return err
	}
	return s.o.Staff.Administer(ctx, permit, id, func(tx *db.Tx, m staff.Member, pen *ledger.Pen) error {
		if m.Account != t.account.ID {
			return parlatory.NotFound()
		}
		if err := fn(tx, m, t); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Updated, Element: "Staff", ID: m.ID.Raw(), New: what})
	})
}

// SendReset mails a member the link that sets a new password. The administrator never sees it (AC-022).
func (s *Room) SendReset(ctx context.Context, actor parlatory.Actor, id parlatory.StaffID) error {
	token, hash, err := credential.NewToken()
	if err != nil {
		return err
	}
	return s.administer(ctx, actor, ActResetLink, id, map[string]string{"reset link": "sent"}, func(tx *db.Tx, m staff.Member, t target) error {
		if m.State != staff.Active {
			return parlatory.Conflict("This person is " + string(m.State) + ".")
		}
		spent, err := s.mailReset.Spend(tx.House(), s.mailReset.Key(t.index, t.account.Email))
		if err != nil {
			return err
		}
		if spent.Over {
			return parlatory.Conflict("Several links were sent to this person within the hour. Please wait a little.")
		}
		return s.putReset(tx, t, token, hash)
	})
}

// ResetFactor voids a member's second factors at this workspace, and only here: what the person uses elsewhere goes on there, and
// what is set up now counts here alone until an older factor is proved (DESIGN §5). Who is in no other workspace has none of these to
// protect: the factors go, and the next one is a first one with recovery codes.
func (s *Room) ResetFactor(ctx context.Context, actor parlatory.Actor, id parlatory.StaffID, reason string) error {
	reason, err := policy.Name(reason, 1, 200)
	if err != nil {
		return parlatory.Invalid("reason", "must have 1 to 200 characters, on one line")
	}
	return s.administer(ctx, actor, ActResetFactor, id, map[string]string{"second factor": "reset", "reason": reason}, func(tx *db.Tx, m staff.Member, t target) error {
		alone, err := s.o.Account.Alone(tx, m.Account)
		if err == nil && alone {
			err = s.o.Account.VoidAll(tx, m.Account)
		} else if err == nil {
			err = s.o.Account.VoidFactors(tx, m.Account, tx.Workspace())
		}
		if err != nil {
			return err
		}
		if err := s.o.Sessions.EndStaff(tx, m.ID); err != nil {
			return err
		}
		return s.notify(tx, t, account.NoticeFactorReset, actor, "Reason: "+reason)
	})
}

// notify tells a member of an administrator's act, a few times an hour for each kind.
func (s *Room) notify(tx *db.Tx, t target, kind account.Notice, actor parlatory.Actor, details ...string) error {
	if full, err := s.noticed(tx, t.index, string(kind), t.account.Email); err != nil || full {
		return err
	}
	return s.o.Account.Notify(tx, t.settings, t.view, t.account, kind, actor, details...)
}

// noticed counts a letter of one kind from tx's workspace to one person.
func (s *Room) noticed(tx *db.Tx, ix *vault.Indexer, kind, to string) (full bool, err error) {
	spent, err := s.mailNotice.Spend(tx.House(), s.mailNotice.Key(ix, kind+"\x00"+tx.Workspace().String()+"\x00"+to))
	return spent.Over, err
}

// Unlock ends the lock of a member at this door.
func (s *Room) Unlock(ctx context.Context, actor parlatory.Actor, id parlatory.StaffID) error {
	return s.administer(ctx, actor, ActUnlock, id, map[string]string{"lock": "ended"}, func(tx *db.Tx, m staff.Member, t target) error {
		return s.o.Account.Verifier().Pardon(tx, t.index, m.Account)
	})
}

// SignOut ends all that lets a member in here: sessions, half sessions, trusted devices, API tokens.
func (s *Room) SignOut(ctx context.Context, actor parlatory.Actor, id parlatory.StaffID) error {
	return s.administer(ctx, actor, ActSignOut, id, map[string]string{"sessions": "ended"}, func(tx *db.Tx, m staff.Member, t target) error {
		if err := s.o.Sessions.EndStaff(tx, m.ID); err != nil {
			return err
		}
		return s.notify(tx, t, account.NoticeSignedOut, actor)
	})
}

// putReset stores a link and mails it to the address in the account's row.
func (s *Room) putReset(tx *db.Tx, t target, token parlatory.Secret, hash credential.TokenHash) error {
	mail, err := resetLetter(t.view, t.account.Email, token).Mail()
	if err != nil {
		return err
	}
	r := reset{id: parlatory.NewID[parlatory.RowKind](s.o.Clock), token: hash, account: t.account.ID, door: tx.Workspace(), created: tx.Now(), expires: tx.Now().Add(ResetLife)}
	if err := r.put(tx, t.house); err != nil {
		return err
	}
	return s.o.Workspace.Outbox().Put(tx, t.settings, mail)
}

// Standing is how somebody comes in, as the list of the staff shows it.
type Standing struct {
	Factor   parlatory.Factor // the strongest that counts here
	Locked   bool
	SeenAt   time.Time
	Sessions int
}

// Standings tells it of members to those who see all of the workspace, and nothing to others.
func (s *Room) Standings(ctx context.Context, actor parlatory.Actor, members []staff.Member) (map[parlatory.StaffID]Standing, error) {
	if !actor.Token.Zero() {
		return nil, nil // a program may read who the staff are, not how they sign in
	}
	permit, err := s.o.Law.Permit(ctx, actor, ActStanding)
	if err != nil || permit.Level() < access.Full {
		return nil, err
	}
	settings, err := s.o.Security.Of(ctx, actor.Workspace)
	if err != nil {
		return nil, err
	}
	ix, err := s.houseIndex(ctx)
	if err != nil {
		return nil, err
	}
	all := map[parlatory.StaffID]Standing{}
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if err := counted(tx, all); err != nil {
			return err
		}
		accounts := accountsOf(members, func(m staff.Member) parlatory.AccountID { return m.Account })
		factors, err := s.o.Account.FactorsOf(tx, accounts)
		if err != nil {
			return err
		}
		locked, err := s.o.Account.Verifier().Locked(tx, ix, accounts, settings.Lockout)
		if err != nil {
			return err
		}
		for _, m := range members {
			st := all[m.ID]
			st.Factor, st.Locked = factors[m.Account].Strongest(), locked[m.Account]
			all[m.ID] = st
		}
		return nil
	})
	return all, err
}

// accountsOf are the accounts of those who have one: who is only invited has none.
func accountsOf[T any](all []T, of func(T) parlatory.AccountID) (accounts []parlatory.AccountID) {
	for _, one := range all {
		if id := of(one); !id.Zero() {
			accounts = append(accounts, id)
		}
	}
	return accounts
}

// counted reads how many sessions each member has at tx's door.
func counted(tx *db.Tx, all map[parlatory.StaffID]Standing) error {
	rows, err := tx.House().Query(sqlSessionsAtDoor, tx.Workspace())
	if err != nil {
		return fmt.Errorf("count sessions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id parlatory.StaffID
		var st Standing
		if err := rows.Scan(&id, &st.Sessions, &st.SeenAt); err != nil {
			return fmt.Errorf("count sessions: %w", err)
		}
		all[id] = st
	}
	return rows.Err()
}

// active reads the active members of tx's workspace and what second factor each has that counts here.
func (s *Room) active(tx *db.Tx) (rows []staff.Row, factor func(staff.Row) parlatory.Factor, err error) {
	if rows, err = staff.ActiveRows(tx); err != nil {
		return nil, nil, err
	}
	states, err := s.o.Account.FactorsOf(tx, accountsOf(rows, func(r staff.Row) parlatory.AccountID { return r.Account }))
	return rows, func(r staff.Row) parlatory.Factor { return states[r.Account].Strongest() }, err
}

// lacking are the active members who have no factor that a policy would take.
func (s *Room) lacking(ctx context.Context, ws parlatory.WorkspaceID, p security.FactorPolicy) (lacking []staff.Row, active int, err error) {
	permit, err := s.o.Law.System(actHalf, ws)
	if err != nil {
		return nil, 0, err
	}
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		lacking = nil
		rows, factor, err := s.active(tx)
		if err != nil {
			return err
		}
		active = len(rows)
		for _, r := range rows {
			if !p.Counts(factor(r)) {
				lacking = append(lacking, r)
			}
		}
		return nil
	})
	return lacking, active, err
}

// Affected is security.People's: whom a required factor would meet.
func (s *Room) Affected(ctx context.Context, actor parlatory.Actor, p security.FactorPolicy) (security.Affected, error) {
	lacking, active, err := s.lacking(ctx, actor.Workspace, p)
	return security.Affected{Staff: active, Lacking: len(lacking)}, err
}

// Announce is security.People's: a letter to those who will have to set a factor up.
func (s *Room) Announce(ctx context.Context, ws parlatory.WorkspaceID, p security.FactorPolicy) error {
	lacking, _, err := s.lacking(ctx, ws, p)
	if err != nil {
		return err
	}
	view, err := s.o.Workspace.Named(ctx, ws)
	if err != nil {
		return err
	}
	settings, err := s.settings(ctx, ws)
	if err != nil {
		return err
	}
	permit, err := s.o.Law.System(actHalf, ws)
	if err != nil {
		return err
	}
	mails, err := s.letters(ctx, ws, lacking, func(m staff.Member) workspace.Letter { return factorLetter(view, m.Email, p) })
	if err != nil {
		return err
	}
	ix, err := s.houseIndex(ctx)
	if err != nil {
		return err
	}
	return s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		var due []workspace.Mail
		for _, m := range mails {
			full, err := s.noticed(tx, ix, m.Subject, m.To)
			if err != nil {
				return err
			}
			if !full {
				due = append(due, m)
			}
		}
		return s.post(tx, settings, due)
	})
}

// Opened is security.People's: letters to the active administrators.
func (s *Room) Opened(ctx context.Context, ws parlatory.WorkspaceID, operator parlatory.Actor, reason string) (func(*db.Tx) error, error) {
	view, err := s.o.Workspace.Named(ctx, ws)
	if err != nil {
		return nil, err
	}
	settings, err := s.settings(ctx, ws)
	if err != nil {
		return nil, err
	}
	permit, err := s.o.Law.System(actHalf, ws)
	if err != nil {
		return nil, err
	}
	var rows []staff.Row
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		rows, err = staff.ActiveRows(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r staff.Row) bool { return r.Role != role.Administrator })
	at := s.o.Clock.Now()
	mails, err := s.letters(ctx, ws, rows, func(m staff.Member) workspace.Letter { return openedLetter(view, m, operator, at, reason) })
	return func(tx *db.Tx) error { return s.post(tx, settings, mails) }, err
}

// letters opens members and writes to each. No key is fetched in a transaction, so this goes before it. A membership that was edited past
// the program counts as none, here too: it keeps no letter from the others, and no operator from opening a door.
func (s *Room) letters(ctx context.Context, ws parlatory.WorkspaceID, rows []staff.Row, write func(staff.Member) workspace.Letter) (mails []workspace.Mail, err error) {
	for _, row := range rows {
		held, err := s.o.Staff.Hold(ctx, ws, row.ID)
		if err != nil {
			return nil, err
		}
		m, err := row.Open(held)
		if err != nil {
			s.o.Log.LogAttrs(ctx, slog.LevelError, "letter to a member", slog.String("staff", row.ID.String()), slog.String("cause", err.Error()))
			continue
		}
		mail, err := write(m).Mail()
		if err != nil {
			return nil, err
		}
		mails = append(mails, mail)
	}
	return mails, nil
}

func (s *Room) post(tx *db.Tx, settings *vault.Held, mails []workspace.Mail) error {
	for _, m := range mails {
		if err := s.o.Workspace.Outbox().Put(tx, settings, m); err != nil {
			return err
		}
	}
	return nil
}
