package signin

import (
	"context"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Device is a session as its person sees it.
type Device struct {
	ID              parlatory.SessionID
	Current, Here   bool // this very session; at this workspace
	Workspace       string
	Device, Address string
	CreatedAt, Seen time.Time
	Factor          parlatory.Factor
	TrustedUntil    time.Time // at this door, if this browser's device is trusted
}

// Devices lists the sessions of the own account, at every workspace; those at its own door to a session that reaches no further.
func (s *Room) Devices(ctx context.Context, actor parlatory.Actor) ([]Device, error) {
	permit, err := s.o.Law.Permit(ctx, actor, ActSessions)
	if err != nil {
		return nil, err
	}
	held, err := s.o.Account.Hold(ctx, actor.Account)
	if err != nil {
		return nil, err
	}
	var rows []session
	var trusts []trust
	var apart bool
	err = s.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if apart, err = s.o.Account.Apart(tx, actor.Account, actor.ProvedBy); err != nil {
			return err
		}
		found, err := tx.House().Query(sqlSessionsOwn, actor.Account)
		if err != nil {
			return fmt.Errorf("read sessions: %w", err)
		}
		defer func() { _ = found.Close() }()
		for found.Next() {
			row, err := scanSession(found)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		if err := found.Err(); err != nil {
			return err
		}
		_ = found.Close() // before the next statement
		own, err := tx.House().Query(sqlTrustsOwn, actor.Account)
		if err != nil {
			return fmt.Errorf("read trusted devices: %w", err)
		}
		trusts, err = scanTrusts(own)
		return err
	})
	if err != nil {
		return nil, err
	}
	var all []Device
	for _, row := range rows {
		if apart && row.door != actor.Workspace {
			continue
		}
		d, alive, err := s.device(ctx, actor, held, row, trusts)
		if err != nil {
			return nil, err
		}
		if alive {
			all = append(all, d)
		}
	}
	return all, nil
}

func (s *Room) device(ctx context.Context, actor parlatory.Actor, held *vault.Held, row session, trusts []trust) (d Device, alive bool, err error) {
	settings, err := s.o.Security.Of(ctx, row.door)
	if err != nil || row.over(settings.Sessions, s.o.Clock.Now()) {
		return d, false, err
	}
	var p place
	if err := vault.OpenJSON(held, row.binding(), row.sealed, &p); err != nil {
		return d, false, nil //nolint:nilerr // it opens nothing either
	}
	view, err := s.o.Workspace.Named(ctx, row.door)
	var until time.Time
	for _, t := range trusts {
		if t.door == row.door && t.device == p.Known && s.trusted(held, []trust{t}, p.Known, settings.Factor) != parlatory.NoFactor {
			until = t.until
		}
	}
	return Device{TrustedUntil: until, ID: row.id, Current: row.id == actor.Session, Here: row.door == actor.Workspace, Workspace: view.Company,
		Device: p.Device, Address: p.Address, CreatedAt: row.created, Seen: row.seen, Factor: row.factor}, true, err
}

// EndDevice signs one session of the own account out, wherever it is. An id of somebody else's is unknown (AC-071).
func (s *Room) EndDevice(ctx context.Context, actor parlatory.Actor, id parlatory.SessionID) error {
	permit, err := s.o.Law.Permit(ctx, actor, ActEndSession)
	if err != nil {
		return err
	}
	pens, err := s.o.Account.Pens(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	return s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		row, err := scanSession(tx.House().Row(sqlSessionByID, id))
		if err != nil || row.account != actor.Account {
			if err != nil && parlatory.KindOf(err) != parlatory.KindUnauthenticated {
				return err
			}
			return parlatory.NotFound()
		}
		if row.door != actor.Workspace {
			if err := s.o.Account.Reaches(tx, actor.Account, actor.ProvedBy); err != nil {
				return err
			}
			if err := s.o.Account.QueueEchoAt(tx, actor.Account, row.door, account.SessionEnded); err != nil {
				return err
			}
		}
		gone := actor
		gone.Kind, gone.Workspace, gone.Staff, gone.Session = parlatory.Staff, row.door, row.staff, id
		if err := s.o.Sessions.end(tx, gone); err != nil {
			return err
		}
		return pens.Witness(tx, ledger.SignedOut, actor.Account, actor.Staff, map[string]string{"session": id.String()})
	})
}

// EndOthers signs all other sessions of the own account out, everywhere, ends its API tokens, and trusts no device any more.
func (s *Room) EndOthers(ctx context.Context, actor parlatory.Actor) error {
	permit, err := s.o.Law.Permit(ctx, actor, ActEndOthers)
	if err != nil {
		return err
	}
	pens, err := s.o.Account.Pens(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	return s.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := s.o.Account.Reaches(tx, actor.Account, actor.ProvedBy); err != nil {
			return err
		}
		if err := s.o.Sessions.EndAccount(tx, actor.Account, actor.Session); err != nil {
			return err
		}
		if err := s.o.Sessions.EndTokens(tx, actor.Account); err != nil {
			return err
		}
		if err := s.o.Account.QueueEcho(tx, actor.Account, account.SessionsEnded); err != nil {
			return err
		}
		return pens.Witness(tx, ledger.SignedOut, actor.Account, actor.Staff, map[string]string{"sessions": "all others"})
	})
}
