package account

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"parlatory"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

const (
	// ceiling is how many failures in a row are looked at, whatever the time between them (NIST SP 800-63B-4 §3.2.2).
	ceiling = 100
	// failureShort is how long a run stays that is too short for any door's threshold; longer ones stay as long as a device does.
	failureShort = 30 * 24 * time.Hour
	// failureNobody is how long the run of an address that nobody has stays: past any lock that ends by time, and no longer, since strangers
	// make up as many as they like.
	failureNobody = (security.LockMinutesMost + 24*60) * time.Minute
	// tellEach is how often the owner is told of a lock.
	tellEach = 24 * time.Hour
)

// failures is the run of wrong passwords in one class: those of all unknown devices together, or those of one known device. A stranger
// adds to the first alone, and the owner's browser is judged by the second alone (AC-004).
type failures struct {
	key             vault.Index
	total, cleared  int
	at, told, begun time.Time
	nobody          bool // of an address that nobody has
}

// pardon is how far a run is forgiven at one door.
type pardon struct {
	total int
	at    time.Time
}

// of is what a pardon forgives of a run: nothing of one that began after it, since the one that it was given to was swept.
func (p pardon) of(f failures, before int) int {
	if p.total > before || p.at.Before(f.begun) {
		return 0
	}
	return p.total
}

// classKey is the run's blind name; of is the account, or the address that nobody has.
func classKey(ix *vault.Indexer, of string, device parlatory.DeviceID) vault.Index {
	return ix.Blind("account_failures.key", classOf(of, device))
}

func classOf(of string, device parlatory.DeviceID) string {
	if device.Zero() {
		return of
	}
	return of + "\x00" + device.String()
}

// locked judges the tries before this one. ended says that the lock of this door ran out, so that its run begins anew here.
func (f failures) locked(before int, forgiven pardon, p security.LockoutPolicy, now time.Time) (locked, ended bool) {
	if before-f.cleared >= ceiling {
		return true, false
	}
	if p.Threshold == 0 || before-max(f.cleared, forgiven.of(f, before)) < p.Threshold {
		return false, false
	}
	ended = p.Ends == security.EndsByTime && now.Sub(f.at) >= time.Duration(p.Minutes)*time.Minute
	return !ended, ended
}

// raise counts a try in its class, in one statement that holds the row until the commit, and judges it. A try that is refused is no failure: it
// neither adds to the run nor makes a lock longer. The statements are the same in every case.
func raise(tx *db.Tx, key vault.Index, nobody bool, p security.LockoutPolicy, over bool) (locked, tell bool, err error) {
	f, now := failures{key: key, nobody: nobody}, tx.Now()
	if err := tx.House().Row(sqlRaise, key, now, flag(nobody)).Scan(&f.total, &f.cleared, &f.at, &f.told, &f.begun); err != nil {
		return false, false, fmt.Errorf("count failure: %w", err)
	}
	forgiven, err := pardonOf(tx, key)
	if err != nil {
		return false, false, err
	}
	locked, ended := f.locked(f.total-1, forgiven, p, now)
	if ended {
		if err := f.pardon(tx, f.total-1); err != nil {
			return false, false, err
		}
	}
	if locked = locked || over; locked {
		f.total--
		tell = now.Sub(f.told) >= tellEach
	} else {
		f.at = now
	}
	if _, err := tx.House().Exec(sqlMark, key, f.total, f.at); err != nil {
		return false, false, fmt.Errorf("mark failure: %w", err)
	}
	return locked, tell, nil
}

// flag is how a column keeps a truth.
func flag(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func pardonOf(tx *db.Tx, key vault.Index) (p pardon, err error) {
	err = tx.Row(sqlPardon, key).Scan(&p.total, &p.at)
	if errors.Is(err, db.ErrNone) {
		return pardon{}, nil
	}
	if err != nil {
		return p, fmt.Errorf("read pardon: %w", err)
	}
	return p, nil
}

// pardon forgives a run at tx's door, up to a total.
func (f failures) pardon(tx *db.Tx, total int) error {
	if _, err := tx.Exec(sqlPutPardon, f.key, total, tx.Now(), flag(f.nobody)); err != nil {
		return fmt.Errorf("store pardon: %w", err)
	}
	return nil
}

// sweepPardons takes those away, at all doors, whose runs are swept too.
func (a *Room) sweepPardons(ctx context.Context, now time.Time) error {
	permit, err := a.o.Law.System(actStale, parlatory.House)
	if err != nil {
		return err
	}
	old, nobodys := now.Add(-deviceLife), now.Add(-failureNobody)
	var doors []parlatory.WorkspaceID
	err = a.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		doors = nil
		rows, err := tx.Across().Query(sqlStalePardonsAcross, old, nobodys)
		if err != nil {
			return fmt.Errorf("read stale pardons: %w", err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var door parlatory.WorkspaceID
			if err := rows.Scan(&door); err != nil {
				return fmt.Errorf("read stale pardon: %w", err)
			}
			doors = append(doors, door)
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	for _, door := range doors {
		permit, err := a.o.Law.System(actCount, door)
		if err != nil {
			return err
		}
		err = a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
			_, err := tx.Exec(sqlSweepPardons, old, nobodys)
			return err
		})
		if err != nil {
			return fmt.Errorf("sweep pardons: %w", err)
		}
	}
	return nil
}

// clearFailures ends the run of a browser on which somebody signed in fully. On a known one it is no fresh start for strangers, but where
// these have used up the ceiling.
func (a *Room) clearFailures(tx *db.Tx, ix *vault.Indexer, id parlatory.AccountID, device parlatory.DeviceID) error {
	if device.Zero() {
		return a.forgive(tx, ix, id, device)
	}
	if err := a.forgiveTries(tx, ix, id, device); err != nil {
		return err
	}
	_, err := tx.House().Exec(sqlClearBoth, classKey(ix, id.String(), device), classKey(ix, id.String(), parlatory.DeviceID{}), ceiling)
	if err != nil {
		return fmt.Errorf("clear failures: %w", err)
	}
	return nil
}

func clearRun(tx *db.Tx, key vault.Index) error {
	if _, err := tx.House().Exec(sqlClear, key); err != nil {
		return fmt.Errorf("clear failures: %w", err)
	}
	return nil
}

// forgive clears one class, budget and run.
func (a *Room) forgive(tx *db.Tx, ix *vault.Indexer, id parlatory.AccountID, device parlatory.DeviceID) error {
	if err := a.forgiveTries(tx, ix, id, device); err != nil {
		return err
	}
	return clearRun(tx, classKey(ix, id.String(), device))
}

func (a *Room) forgiveTries(tx *db.Tx, ix *vault.Indexer, id parlatory.AccountID, device parlatory.DeviceID) error {
	b := a.o.Limits.byAccount()
	return b.Forgive(tx.House(), b.Key(ix, classOf(id.String(), device)))
}

// classes are the devices of an account, the unknown ones first.
func classes(tx *db.Tx, id parlatory.AccountID) ([]parlatory.DeviceID, error) {
	all := []parlatory.DeviceID{{}}
	rows, err := tx.House().Query(sqlDevicesOf, id)
	if err != nil {
		return nil, fmt.Errorf("read devices: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var d parlatory.DeviceID
		if err := rows.Scan(&d); err != nil {
			return nil, fmt.Errorf("read device: %w", err)
		}
		all = append(all, d)
	}
	return all, rows.Err()
}

// Forgive ends the locks of an account whose owner proved the mailbox, on all devices; the counters of client addresses stay.
func (v *Verifier) Forgive(tx *db.Tx, ix *vault.Indexer, id parlatory.AccountID) error {
	all, err := classes(tx, id)
	if err != nil {
		return err
	}
	for _, d := range all {
		if err := v.room.forgive(tx, ix, id, d); err != nil {
			return err
		}
	}
	return nil
}

// Pardon is an administrator's unlock: it ends the lock at the door of tx and nothing else. The floor of all doors and the
// ceiling stay, since they guard the account in the other workspaces too.
func (v *Verifier) Pardon(tx *db.Tx, ix *vault.Indexer, id parlatory.AccountID) error {
	return v.runs(tx, ix, id, func(f failures, _ pardon) error { return f.pardon(tx, f.total) })
}

// Locked says which accounts are locked at the door of tx, on any class of devices, for the list of the staff. It asks for all of them at
// once: their devices, then the runs of all classes, then the pardons of those that have one.
func (v *Verifier) Locked(tx *db.Tx, ix *vault.Indexer, ids []parlatory.AccountID, p security.LockoutPolicy) (map[parlatory.AccountID]bool, error) {
	owner, keys, err := classesOf(tx, ix, ids)
	if err != nil {
		return nil, err
	}
	runs, pardons := map[vault.Index]failures{}, map[vault.Index]pardon{}
	err = db.Many(keys, func(args []any) error {
		return each(tx.House(), func(rows *db.Rows) error {
			var f failures
			err := rows.Scan(&f.key, &f.total, &f.cleared, &f.at, &f.begun)
			runs[f.key] = f
			return err
		}, sqlFailuresOf, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("read failures: %w", err)
	}
	err = db.Many(slices.Collect(maps.Keys(runs)), func(args []any) error {
		return each(tx, func(rows *db.Rows) error {
			var key vault.Index
			var forgiven pardon
			err := rows.Scan(&key, &forgiven.total, &forgiven.at)
			pardons[key] = forgiven
			return err
		}, sqlPardonsOf, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("read pardons: %w", err)
	}
	all := map[parlatory.AccountID]bool{}
	for key, f := range runs {
		if locked, _ := f.locked(f.total, pardons[key], p, tx.Now()); locked {
			all[owner[key]] = true
		}
	}
	return all, nil
}

// classesOf are the blind names of all classes of some accounts' devices, and whose they are.
func classesOf(tx *db.Tx, ix *vault.Indexer, ids []parlatory.AccountID) (owner map[vault.Index]parlatory.AccountID, keys []vault.Index, err error) {
	owner = map[vault.Index]parlatory.AccountID{}
	class := func(id parlatory.AccountID, d parlatory.DeviceID) {
		key := classKey(ix, id.String(), d)
		owner[key], keys = id, append(keys, key)
	}
	for _, id := range ids {
		class(id, parlatory.DeviceID{})
	}
	err = db.Many(ids, func(args []any) error {
		return each(tx.House(), func(rows *db.Rows) error {
			var id parlatory.AccountID
			var d parlatory.DeviceID
			err := rows.Scan(&id, &d)
			class(id, d)
			return err
		}, sqlDevicesOfAll, args...)
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read devices: %w", err)
	}
	return owner, keys, nil
}

func (v *Verifier) runs(tx *db.Tx, ix *vault.Indexer, id parlatory.AccountID, each func(f failures, forgiven pardon) error) error {
	all, err := classes(tx, id)
	if err != nil {
		return err
	}
	for _, d := range all {
		f := failures{key: classKey(ix, id.String(), d)}
		err := tx.House().Row(sqlFailures, f.key).Scan(&f.total, &f.cleared, &f.at, &f.begun)
		if errors.Is(err, db.ErrNone) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read failures: %w", err)
		}
		forgiven, err := pardonOf(tx, f.key)
		if err != nil {
			return err
		}
		if err := each(f, forgiven); err != nil {
			return err
		}
	}
	return nil
}

// tell mails the owner that the account is locked, and puts the same mail to nobody where the address is nobody's: the runs of both are
// alike, so that neither time nor rows tell them apart (AC-007). That it was told is kept where the mail is put, and nowhere else: a lock that is
// not told of keeps no later letter back.
func (v *Verifier) tell(ctx context.Context, q Question, of Verdict) error {
	o := v.room.o
	permit, err := o.Law.System(actCount, q.Door)
	if err != nil {
		return err
	}
	settings, err := o.Ring.Hold(ctx, q.Door, vault.Settings)
	if err != nil {
		return fmt.Errorf("hold settings key: %w", err)
	}
	mail, err := lockLetter(o.Workspace.URL(""), of.Account.Email, originOf(parlatory.Actor{Address: q.From}).Address, o.Clock.Now()).Mail()
	if err != nil {
		return err
	}
	return o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		n, err := tx.House().Exec(sqlTold, of.runKey, tx.Now(), tx.Now().Add(-tellEach))
		if err != nil || n != 1 {
			return err // another told at the same moment
		}
		return o.Workspace.Outbox().Put(tx, settings, mail)
	})
}

func (l Limits) byAccount() workspace.Budget {
	return workspace.Budget{Name: "password.account", Window: l.Window, Limit: l.Account}
}

func (l Limits) bySource() workspace.Budget {
	return workspace.Budget{Name: "password.source", Window: l.Window, Limit: l.Source}
}

func (l Limits) byDoor() workspace.Budget {
	return workspace.Budget{Name: "password.door", Window: l.Window, Limit: l.Door}
}
