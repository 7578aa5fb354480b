package keys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// WorkRewrap is the work after the rotation of a workspace's key.
const WorkRewrap = "rewrap"

const (
	// workLease is for how long a node that works on something is believed to be alive without a sign.
	workLease = 30 * time.Second
	workTick  = 5 * time.Second
	// settle is how long a node may mint under the version before, since it asks for the newest every minute; batches go on until then.
	settle = 3 * time.Minute
)

// Rotate gives the workspace a new key. The keys below are wrapped again in the background; no sealed value is touched.
func (r *Room) Rotate(ctx context.Context, actor parlatory.Actor, reason string) error {
	permit, err := r.o.Law.Permit(ctx, actor, ActRotate)
	if err != nil {
		return err
	}
	return r.rotate(ctx, permit, func(tx *db.Tx) error { return r.o.Steady(tx, actor) }, reason)
}

// RotateFor is Rotate by the operator, for the house too.
func (r *Room) RotateFor(ctx context.Context, operator parlatory.Actor, ws parlatory.WorkspaceID, reason string) error {
	operator.Workspace = ws
	permit, err := r.o.Law.Permit(ctx, operator, ActOperate)
	if err != nil {
		return err
	}
	return r.rotate(ctx, permit, func(*db.Tx) error { return nil }, reason)
}

func (r *Room) rotate(ctx context.Context, permit access.Permit, check func(*db.Tx) error, reason string) error {
	ws := permit.Workspace()
	before, err := r.stand(ctx, permit)
	if err != nil {
		return err
	}
	w, err := r.o.Ring.MintWorkspace(ctx, ws)
	if err != nil {
		return err
	}
	pen, err := r.o.Ledger.Pen(ctx, ws)
	if err != nil {
		return err
	}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := check(tx); err != nil {
			return err
		}
		// The root of w is that of the newest key as it was: it must not have moved meanwhile.
		if err := before.still(tx); err != nil {
			return err
		}
		if newest := before.newest(); w.Version != newest.Version+1 || w.Root != newest.Root {
			return changedMeanwhile()
		}
		if err := begin(tx, w); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{
			Action: ledger.Updated, Element: Element, ID: w.ID.Raw(), Remark: reason,
			Old: map[string]string{"version": version(w.Version - 1)}, New: map[string]string{"version": version(w.Version), "wrapped by": w.Root},
		})
	})
	if db.IsTaken(err) {
		return parlatory.Conflict("Somebody else has just rotated this key.")
	}
	if err != nil {
		return err
	}
	r.o.Ring.Adopt(w)
	return nil
}

// begin stores a workspace's next key, and the work that it makes.
func begin(tx *db.Tx, w vault.Wrapped) error {
	if err := Put(tx, w); err != nil {
		return err
	}
	var all, behind int64
	if err := tx.Row(sqlCount, w.Version).Scan(&all, &behind); err != nil {
		return fmt.Errorf("count keys: %w", err)
	}
	// Nobody has begun yet: the first node that looks takes it.
	if _, err := tx.Exec(sqlBeginWork, WorkRewrap, behind, tx.Now(), tx.Now().Add(-workLease)); err != nil {
		return fmt.Errorf("begin work on keys: %w", err)
	}
	return nil
}

func version(v uint32) string { return strconv.FormatUint(uint64(v), 10) }

// Run works on what waits, turns keys that have sealed enough, and keeps schedules, until ctx ends.
func (r *Room) Run(ctx context.Context) error {
	tick := time.NewTicker(workTick)
	defer tick.Stop()
	var turned time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := r.work(ctx); err != nil && ctx.Err() == nil {
			r.o.Log.LogAttrs(ctx, slog.LevelError, "work on keys stopped; it goes on by itself", slog.String("cause", err.Error()))
		}
		if now := r.o.Clock.Now(); now.Sub(turned) >= time.Minute {
			turned = now
			if err := errors.Join(r.Turn(ctx), r.Schedule(ctx)); err != nil && ctx.Err() == nil {
				r.o.Log.LogAttrs(ctx, slog.LevelError, "keys could not be turned", slog.String("cause", err.Error()))
			}
		}
	}
}

type due struct {
	ws      parlatory.WorkspaceID
	kind    string
	changed time.Time
}

// work takes what nobody works on.
func (r *Room) work(ctx context.Context) error {
	permit, err := r.o.Law.System(actWaits, parlatory.House)
	if err != nil {
		return err
	}
	var all []due
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		all = nil
		rows, err := tx.Across().Query(sqlDueAcross, r.o.Clock.Now().Add(-workLease))
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var d due
			if err := rows.Scan(&d.ws, &d.kind, &d.changed); err != nil {
				return err
			}
			all = append(all, d)
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("find work on keys: %w", err)
	}
	var faults error
	for _, d := range all {
		if mine, err := r.claim(ctx, d); err != nil || !mine {
			faults = errors.Join(faults, err)
			continue
		}
		faults = errors.Join(faults, r.Rewrap(ctx, d.ws, nil))
	}
	return faults
}

func (r *Room) claim(ctx context.Context, d due) (mine bool, err error) {
	permit, err := r.o.Law.System(actWork, d.ws)
	if err != nil {
		return false, err
	}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		n, err := tx.Exec(sqlClaimWork, d.kind, tx.Now(), d.changed)
		mine = n == 1
		return err
	})
	return mine, err
}

// Rewrap wraps the keys of a workspace's subjects under its newest key, batch by batch, until none is left under an older one. It may be cut at
// any place and run anew, also on two nodes at once. told, if there is one, hears of each batch.
func (r *Room) Rewrap(ctx context.Context, ws parlatory.WorkspaceID, told func(done int64)) error {
	permit, err := r.o.Law.System(actWork, ws)
	if err != nil {
		return err
	}
	var begun time.Time
	if err := r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		all, err := works(tx)
		for _, w := range all {
			if w.Kind == WorkRewrap {
				begun = w.Begun
			}
		}
		return err
	}); err != nil {
		return err
	}
	var done int64
	damaged := map[parlatory.KeyID]bool{}
	for under := uint32(0); ; {
		x, err := r.rewrapper(ctx, permit)
		if err != nil {
			return fmt.Errorf("wrap keys again: %w", err)
		}
		if x.To() == under { // nothing is left under an older one
			if told == nil && r.o.Clock.Now().Sub(begun) < settle {
				return nil // it is looked at again after the lease
			}
			return r.endWork(ctx, permit)
		}
		under = x.To()
		for {
			began := time.Now()
			n, err := r.rewrapBatch(ctx, permit, x, damaged)
			if err != nil {
				return fmt.Errorf("wrap keys again: %w", err)
			}
			if n == 0 {
				break
			}
			if done += int64(n); told != nil {
				told(done)
			}
			select { // the others' turn: the one writer of SQLite is not kept busy
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(rest(time.Since(began))):
			}
		}
	}
}

// rest is the pause after a batch that took so long: who serves has two thirds of the time, and a slow machine is not waited for without end.
func rest(took time.Duration) time.Duration {
	return min(max(2*took, 5*time.Millisecond), 10*time.Millisecond)
}

// Watch follows work that a running server does, until it ends, and reports whether one does: where none takes it up within some seconds, or
// the one that did is gone, there is none.
func (r *Room) Watch(ctx context.Context, ws parlatory.WorkspaceID, told func(done int64)) (bool, error) {
	permit, err := r.o.Law.System(actWork, ws)
	if err != nil {
		return false, err
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	var last Work
	for alive := time.Now().Add(2*workTick + 2*time.Second); time.Now().Before(alive); {
		var now Work
		if err := r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
			all, err := works(tx)
			for _, w := range all {
				if w.Kind == WorkRewrap {
					now = w
				}
			}
			return err
		}); err != nil {
			return false, err
		}
		if now.State == "done" || now.Done > 0 && now.Done >= now.Total {
			return true, nil
		}
		if !last.Changed.IsZero() && !now.Changed.Equal(last.Changed) {
			alive = time.Now().Add(workLease)
			told(now.Done)
		}
		last = now
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-tick.C:
		}
	}
	return false, nil
}

func (r *Room) endWork(ctx context.Context, permit access.Permit) error {
	return r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		_, err := tx.Exec(sqlEndWork, WorkRewrap, tx.Now(), tx.Now())
		return err
	})
}

// rewrapper fetches the keys of all versions, of which there are few.
func (r *Room) rewrapper(ctx context.Context, permit access.Permit) (*vault.Rewrapper, error) {
	var all []vault.Wrapped
	if err := r.o.DB.Read(ctx, permit, func(tx *db.Tx) (err error) { all, err = readAll(tx); return err }); err != nil {
		return nil, err
	}
	versions := make([]uint32, len(all))
	for i, w := range all {
		versions[i] = w.Version
	}
	return r.o.Ring.Rewrapper(ctx, permit.Workspace(), versions)
}

// rewrapBatch wraps some keys. One that was changed in the database stays as it is, with an alarm: it stops none of the others.
func (r *Room) rewrapBatch(ctx context.Context, permit access.Permit, x *vault.Rewrapper, damaged map[parlatory.KeyID]bool) (n int, err error) {
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		n = 0
		batch, err := readBatch(tx, x.To(), len(damaged))
		if err != nil {
			return err
		}
		args := make([]any, 0, len(batch)*rewrapColumns)
		for _, b := range batch {
			if damaged[b.ID] {
				continue
			}
			w, err := x.Rewrap(b.Wrapped)
			if errors.Is(err, vault.ErrOpen) && len(damaged) < damagedMost {
				damaged[b.ID] = true
				r.o.Log.LogAttrs(ctx, slog.LevelError, "a key was changed in the database, and is not wrapped again", slog.String("workspace", permit.Workspace().String()), slog.String("key", b.ID.String()))
				continue
			}
			if err != nil {
				return err
			}
			n++
			args = append(args, w.Subject.Kind, w.Subject.ID[:], w.Version, w.ID, w.Parent, w.Blob, w.Seals, w.From, b.created)
		}
		if n == 0 {
			return nil
		}
		if _, err := tx.Exec(rewrapSubjectKeys(n), args...); err != nil {
			return err
		}
		_, err = tx.Exec(sqlAdvanceWork, WorkRewrap, n, tx.Now())
		return err
	})
	return n, err
}

type aged struct {
	vault.Wrapped
	created time.Time
}

// damagedMost bounds the damaged keys that a run goes past.
const damagedMost = 1000

func readBatch(tx *db.Tx, newest uint32, more int) (all []aged, err error) {
	query := sqlBatch
	if tx.Postgres() {
		query = sqlBatchLocked
	}
	rows, err := tx.Query(query, newest, batchMost+more)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		a := aged{Wrapped: vault.Wrapped{Workspace: tx.Workspace()}}
		if err := rows.Scan(&a.Subject.Kind, &a.Subject.ID, &a.Version, &a.ID, &a.Parent, &a.Blob, &a.Seals, &a.From, &a.created); err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, rows.Err()
}

// Turn begins next versions of the keys that have sealed enough.
func (r *Room) Turn(ctx context.Context) error {
	permit, err := r.o.Law.System(actWaits, parlatory.House)
	if err != nil {
		return err
	}
	var spent []vault.Wrapped
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		spent = nil
		rows, err := tx.Across().Query(sqlSpentAcross)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var w vault.Wrapped
			if err := rows.Scan(&w.Workspace, &w.Subject.Kind, &w.Subject.ID, &w.Version); err != nil {
				return err
			}
			spent = append(spent, w)
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("find spent keys: %w", err)
	}
	var faults error
	for _, w := range spent {
		faults = errors.Join(faults, r.next(ctx, w))
	}
	return faults
}

// next begins the version after w, unless there is one already.
func (r *Room) next(ctx context.Context, w vault.Wrapped) error {
	permit, err := r.o.Law.System(actTurn, w.Workspace)
	if err != nil {
		return err
	}
	var newest uint32
	if err := r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		return tx.Row(sqlVersions, w.Subject.Kind, w.Subject.ID[:]).Scan(&newest)
	}); err != nil || newest != w.Version {
		return err
	}
	next, err := r.o.Ring.MintVersion(ctx, w.Workspace, w.Subject, w.Version+1)
	if err != nil {
		return err
	}
	pen, err := r.o.Ledger.Pen(ctx, w.Workspace)
	if err != nil {
		return err
	}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		there, err := holdVersion(tx, w)
		if err != nil {
			return err
		}
		if !there {
			return errGone
		}
		if err := Put(tx, next); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{
			Action: ledger.Updated, Element: Element, ID: next.ID.Raw(),
			Old: map[string]string{"of": w.Subject.Kind, "version": version(w.Version)}, New: map[string]string{"version": version(next.Version)},
			Remark: "It has sealed 2^31 values.",
		})
	})
	if db.IsTaken(err) || errors.Is(err, errGone) {
		return nil
	}
	r.o.Ring.Forget(w.Workspace, w.Subject)
	return err
}

// errGone says that a key was destroyed while its next version was made.
var errGone = errors.New("key was destroyed")
