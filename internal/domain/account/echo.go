package account

import (
	"context"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Memberships tells in which workspaces an account is active, and as whom; domain/staff fills it.
type Memberships interface {
	ActiveAcross(tx *db.Tx, account parlatory.AccountID) (map[parlatory.WorkspaceID]parlatory.StaffID, error)
	// HeldAcross counts the workspaces in which it is a member that is not deleted.
	HeldAcross(tx *db.Tx, account parlatory.AccountID) (int, error)
}

// echoWait is how often the queue is looked at; it is no matter of security, only of reading. echoAgain is when one that
// failed is tried again.
const (
	echoWait  = 2 * time.Second
	echoAgain = time.Minute
	sweepEach = time.Hour
	dueEach   = time.Minute // a removal of a factor that waits takes effect this late at most
)

// echo queues an account's event for the ledgers of the person's other workspaces. The entry there names what
// happened, and no other workspace.
func (a *Room) echo(tx *db.Tx, account parlatory.AccountID, what string) error {
	return a.echoAt(tx, account, parlatory.WorkspaceID{}, what)
}

func (a *Room) echoAt(tx *db.Tx, account parlatory.AccountID, target parlatory.WorkspaceID, what string) error {
	id := parlatory.NewID[parlatory.RowKind](a.o.Clock)
	if _, err := tx.House().Exec(sqlPutEcho, id, account, target, tx.Workspace(), what, tx.Now(), tx.Now()); err != nil {
		return fmt.Errorf("queue echo: %w", err)
	}
	return nil
}

type echo struct {
	id      parlatory.RowID
	account parlatory.AccountID
	target  parlatory.WorkspaceID
	skip    parlatory.WorkspaceID
	what    string
	at      time.Time
}

// Echo writes what is queued: one entry a workspace, each deleted from the queue in the transaction that writes it. One that
// fails is logged and put off, and keeps none of the others waiting.
func (a *Room) Echo(ctx context.Context, members Memberships) error {
	permit, err := a.o.Law.System(actQueue, parlatory.House)
	if err != nil {
		return err
	}
	queue, err := a.queued(ctx)
	if err != nil {
		return err
	}
	for _, e := range queue {
		if e.target.Zero() {
			err = a.o.DB.Write(ctx, permit, func(tx *db.Tx) error { return a.spread(tx, e, members) })
		} else {
			err = a.enter(ctx, e, members)
		}
		if err == nil || parlatory.KindOf(err) == parlatory.KindConflict {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a.o.Log.Error("echo of an account event", "echo", e.id.String(), "cause", err.Error())
		err = a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
			_, err := tx.Exec(sqlPostponeEcho, e.id, tx.Now().Add(echoAgain))
			return err
		})
		if err != nil {
			return fmt.Errorf("put echo off: %w", err)
		}
	}
	return nil
}

func (a *Room) queued(ctx context.Context) (queue []echo, err error) {
	permit, err := a.o.Law.System(actQueue, parlatory.House)
	if err != nil {
		return nil, err
	}
	err = a.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		rows, err := tx.Query(sqlEchoes, tx.Now())
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var e echo
			if err := rows.Scan(&e.id, &e.account, &e.target, &e.skip, &e.what, &e.at); err != nil {
				return err
			}
			queue = append(queue, e)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read echoes: %w", err)
	}
	return queue, nil
}

// spread replaces an event by one for each other workspace.
func (a *Room) spread(tx *db.Tx, e echo, members Memberships) error {
	n, err := tx.Exec(sqlDeleteEcho, e.id)
	if err != nil || n == 0 {
		return err // another node was faster
	}
	active, err := members.ActiveAcross(tx, e.account)
	if err != nil {
		return err
	}
	for ws := range active {
		if ws == e.skip {
			continue
		}
		id := parlatory.NewID[parlatory.RowKind](a.o.Clock)
		if _, err := tx.Exec(sqlPutEcho, id, e.account, ws, e.skip, e.what, e.at, tx.Now()); err != nil {
			return err
		}
	}
	return nil
}

func (a *Room) enter(ctx context.Context, e echo, members Memberships) error {
	across, err := a.o.Law.System(actQueue, parlatory.House)
	if err != nil {
		return err
	}
	var staff parlatory.StaffID
	err = a.o.DB.Read(ctx, across, func(tx *db.Tx) error {
		active, err := members.ActiveAcross(tx, e.account)
		staff = active[e.target]
		return err
	})
	if err != nil {
		return err
	}
	permit, err := a.o.Law.System(actEcho, e.target)
	if err != nil {
		return err
	}
	pen, err := a.o.Ledger.Pen(ctx, e.target)
	if err != nil {
		return err
	}
	return a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		n, err := tx.House().Exec(sqlDeleteEcho, e.id)
		if err != nil {
			return err
		}
		if n == 0 {
			return parlatory.Conflict("The event was written already.")
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Updated, Element: "Staff", ID: staff.Raw(),
			New: map[string]string{"what": e.what, "at": e.at.Format(time.RFC3339Nano)}})
	})
}

// Run echoes, takes away the factors that go, and forgets old devices, until ctx ends.
func (a *Room) Run(ctx context.Context, members Memberships) error {
	tick := time.NewTicker(echoWait)
	defer tick.Stop()
	jobs := []struct {
		name  string
		every time.Duration
		do    func(context.Context) error
		done  time.Time
	}{
		{"echo of account events", 0, func(ctx context.Context) error { return a.Echo(ctx, members) }, time.Time{}},
		{"removal of factors", dueEach, a.RemoveDue, time.Time{}},
		{"sweep of devices and failures", sweepEach, a.Sweep, time.Time{}},
		{"sweep of ceremonies", sweepEach, a.sweepFactors, time.Time{}},
	}
	for {
		for i := range jobs {
			j := &jobs[i]
			now := a.o.Clock.Now()
			if now.Sub(j.done) < j.every {
				continue
			}
			j.done = now
			if err := j.do(ctx); err != nil && ctx.Err() == nil {
				a.o.Log.Error(j.name, "cause", err.Error())
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
