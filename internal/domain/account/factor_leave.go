package account

import (
	"context"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// coolDown is how long a removal waits that would leave the account weaker. Whoever sits before a stolen session, proof and all, is not rid of
// the factor before its owner has read the letter and kept it (AC-031).
const coolDown = 24 * time.Hour

// What happened to a factor, in the words of the ledger.
const (
	factorRemoved = "second factor removed"
	factorGoes    = "removal of a second factor scheduled"
	factorKept    = "removal of a second factor stopped"
	factorGone    = "second factor removed, a day after it was asked for"
)

// factorVoid is an administrator's reset at a door.
type factorVoid struct {
	door parlatory.WorkspaceID
	at   time.Time
}

func factorVoidsOf(tx *db.Tx, account parlatory.AccountID) (all []factorVoid, err error) {
	rows, err := tx.House().Query(sqlFactorVoids, account)
	if err != nil {
		return nil, fmt.Errorf("read resets of factors: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var v factorVoid
		if err := rows.Scan(&v.door, &v.at); err != nil {
			return nil, fmt.Errorf("read reset of factors: %w", err)
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// resistance ranks the kinds: a code can be asked for by a false page, a passkey answers its own site alone.
func resistance(k parlatory.Factor) int {
	if k == parlatory.Passkey {
		return 2
	}
	return 1
}

// waits reports whether the removal of f would leave the account weaker, so that it takes effect after the cool-down: nothing stands for it.
func (f factor) waits(all []factor, voids []factorVoid, now time.Time) bool {
	for _, g := range all {
		if g.standsFor(f, voids, now) {
			return false
		}
	}
	return true
}

// standsFor reports whether g makes up for f. What was set up within the last day makes up for nothing that stood before it: a thief would set up
// an own factor, and remove the owner's. The other way round, what is younger than a day goes at once where something older stays, so
// that the owner is rid at once of what a thief has planted. What is on its way out itself makes up for nothing.
func (g factor) standsFor(f factor, voids []factorVoid, now time.Time) bool {
	if g.id == f.id || !g.goes.IsZero() || !g.scope.Zero() && g.scope != f.scope {
		return false
	}
	for _, v := range voids {
		if (f.scope.Zero() || f.scope == v.door) && f.created.After(v.at) && !g.created.After(v.at) {
			return false // f counts at that door, and g does not
		}
	}
	if now.Sub(f.created) < coolDown && g.created.Before(f.created) {
		return true
	}
	return now.Sub(g.created) >= coolDown && resistance(g.kind) >= resistance(f.kind)
}

// waitsOf asks it of one factor, read anew.
func waitsOf(tx *db.Tx, account parlatory.AccountID, id parlatory.FactorID) (bool, error) {
	all, err := factorsOf(tx, sqlFactors, account)
	if err != nil {
		return false, err
	}
	voids, err := factorVoidsOf(tx, account)
	if err != nil {
		return false, err
	}
	for _, f := range all {
		if f.id == id {
			return f.waits(all, voids, tx.Now()), nil
		}
	}
	return false, parlatory.NotFound()
}

// RemoveFactor takes an own factor away, and with the last one the recovery codes; all other sessions end. Where that would leave the account
// weaker, it is scheduled instead: the factor counts until goes, and all sessions stay, so that each of them can keep it.
func (a *Room) RemoveFactor(ctx context.Context, actor parlatory.Actor, id parlatory.FactorID) (goes time.Time, err error) {
	permit, err := a.permitFactor(ctx, actor)
	if err != nil {
		return goes, err
	}
	here, err := a.o.Security.Of(ctx, actor.Workspace)
	if err != nil {
		return goes, err
	}
	err = a.change(ctx, permit, func(tx *db.Tx, held *vault.Held) (happening, error) {
		goes = time.Time{}
		f, s, err := a.ownFactor(tx, actor, id)
		if err != nil {
			return happening{}, err
		}
		if !f.goes.IsZero() {
			return happening{}, parlatory.Conflict("The removal of this second factor waits already: it goes on " + f.goes.Format(letterTime) + ".")
		}
		if err := s.spare(here.Factor, actor.Workspace, id); err != nil {
			return happening{}, err
		}
		voids, err := factorVoidsOf(tx, actor.Account)
		if err != nil {
			return happening{}, err
		}
		if f.waits(s.all, voids, tx.Now()) {
			goes = tx.Now().Add(coolDown)
			return a.schedule(tx, held, f, goes)
		}
		if err := a.take(tx, f); err != nil {
			return happening{}, err
		}
		return happening{what: factorRemoved, letter: NoticeFactorRemoved}, a.endOthers(tx, actor.Account, actor.Session)
	})
	return goes, err
}

// schedule writes when a factor goes, or that it stays (zero).
func (a *Room) schedule(tx *db.Tx, held *vault.Held, f factor, goes time.Time) (h happening, err error) {
	secret, err := f.open(held)
	if err != nil {
		return h, err
	}
	f.goes = goes
	ok, err := f.store(tx, held, secret)
	if err != nil {
		return h, err
	}
	if !ok {
		return h, errFactorBusy()
	}
	if goes.IsZero() {
		return happening{what: factorKept + ": " + string(f.kind), letter: NoticeFactorKept}, nil
	}
	return happening{what: factorGoes + ": " + string(f.kind) + ", for " + goes.Format(time.RFC3339), letter: NoticeFactorGoes,
		details: []string{"It counts, and is asked for, until " + goes.Format(letterTime) + "."}}, nil
}

// KeepFactor stops a removal that waits. It asks for no step-up, and is no matter of apart: the account is no weaker for it, whoever sits
// before the session. What has gone is gone.
func (a *Room) KeepFactor(ctx context.Context, actor parlatory.Actor, id parlatory.FactorID) error {
	permit, err := a.o.Law.Permit(ctx, actor, ActFactorKeep)
	if err != nil {
		return err
	}
	return a.change(ctx, permit, func(tx *db.Tx, held *vault.Held) (happening, error) {
		f, _, err := a.shownFactor(tx, actor, id)
		if err != nil {
			return happening{}, err
		}
		if f.goes.IsZero() {
			return happening{}, parlatory.Conflict("Nobody has asked to remove this second factor: it stays.")
		}
		return a.schedule(tx, held, f, time.Time{})
	})
}

// take deletes a factor as it was read, and with the last one the recovery codes.
func (a *Room) take(tx *db.Tx, f factor) error {
	house := tx.House()
	n, err := house.Exec(sqlDeleteFactor, f.id, f.account, f.revision)
	if err != nil {
		return fmt.Errorf("remove factor: %w", err)
	}
	if n != 1 {
		return errFactorBusy()
	}
	left, err := factorsOf(tx, sqlFactors, f.account)
	if err != nil || len(left) > 0 {
		return err
	}
	if _, err := house.Exec(sqlDeleteRecovery, f.account); err != nil {
		return fmt.Errorf("drop recovery codes: %w", err)
	}
	return nil
}

func errFactorBusy() error {
	return parlatory.Conflict("The factor was used or changed at the same time. Please try again.")
}

// RemoveDue takes away the factors whose removal has waited its time. It is a job and not judged where a factor is read, so that the end
// is one event with one entry and one letter; a server that stood still does it when it starts, and a factor counts a little longer then. Of
// several nodes, and of a node and whoever keeps the factor, one finds the row as it was read. It asks not again whether the account gets
// weaker, nor what workspaces ask for by now: the owner had a day to keep the factor, and whoever has none sets one up at the next sign-in.
func (a *Room) RemoveDue(ctx context.Context) error {
	now := a.o.Clock.Now()
	var last factor
	last.goes = time.Unix(0, 0)
	for {
		due, err := a.dueFactors(ctx, now, last)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, f := range due {
			last = f
			err := a.removeDue(ctx, f)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil && parlatory.KindOf(err) != parlatory.KindConflict {
				// An edited row does not open: it stays, and keeps no other waiting.
				a.o.Log.Error("removal of a factor", "factor", f.id.String(), "cause", err.Error())
			}
		}
	}
}

func (a *Room) dueFactors(ctx context.Context, now time.Time, last factor) (due []factor, err error) {
	permit, err := a.o.Law.System(actSweep, parlatory.House)
	if err != nil {
		return nil, err
	}
	err = a.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		due, err = factorsOf(tx, sqlFactorsDue, now, last.goes, last.id)
		return err
	})
	return due, err
}

// removeDue ends all sessions with the factor: nobody knows by now which was whose. The letter and the entry are the house's, since the
// workspace where it was asked for may be closed or left by now; the entries of the person's workspaces follow by the queue.
func (a *Room) removeDue(ctx context.Context, f factor) error {
	permit, err := a.o.Law.System(actGone, parlatory.House)
	if err != nil {
		return err
	}
	held, err := a.Hold(ctx, f.account)
	if err != nil {
		return err
	}
	if _, err := f.open(held); err != nil {
		return err
	}
	settings, err := a.o.Ring.Hold(ctx, parlatory.House, vault.Settings)
	if err != nil {
		return fmt.Errorf("hold settings key: %w", err)
	}
	pen, err := a.o.Ledger.Pen(ctx, parlatory.House)
	if err != nil {
		return err
	}
	return a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if _, _, err := Lock(tx, f.account); err != nil {
			return err
		}
		if err := a.take(tx, f); err != nil {
			return err
		}
		// No session has this id, so that all end; API tokens stay, as they do where a factor goes at once.
		if err := a.endOthers(tx, f.account, parlatory.NewID[parlatory.SessionKind](a.o.Clock)); err != nil {
			return err
		}
		acc, err := Fresh(tx, held, f.account)
		if err != nil {
			return err
		}
		mail, err := goneLetter(a.o.Workspace.URL(""), acc.Email, tx.Now()).Mail()
		if err != nil {
			return err
		}
		if err := a.o.Workspace.Outbox().Put(tx, settings, mail); err != nil {
			return err
		}
		what := factorGone + ": " + string(f.kind)
		if err := a.echo(tx, f.account, what); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Updated, Element: "Account", ID: f.account.Raw(), New: map[string]string{"what": what}})
	})
}

// goneLetter names no workspace: the factor counted at all of them.
func goneLetter(url, to string, at time.Time) workspace.Letter {
	return workspace.Letter{
		To: to, Subject: string(NoticeFactorRemoved),
		Paragraphs: []string{
			"A second factor was removed from your account, as was asked for a day ago. All sessions were signed out.",
			"When: " + at.UTC().Format(letterTime),
		},
		After: []string{
			"If you asked for it, there is nothing to do.",
			"If you did not, please tell your administrator at once, and set a new password with \"Forgotten password\" on your sign-in page.",
		},
		From: "Parlatory, " + url + "/",
	}
}
