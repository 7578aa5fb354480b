package file

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/storage/blob"
	"parlatory/internal/storage/db"
)

const (
	lookEach   = 2 * time.Second // for checks that are due
	expireEach = time.Minute
	orphanEach = 24 * time.Hour
	orphanAge  = 6 * time.Hour // a blob that nobody names is that old before it goes: an upload stores it before it is entered
	jobsMost   = 100           // rows of one look
)

// Run checks what waits, and sweeps what nobody sent or names, until ctx ends.
func (r *Room) Run(ctx context.Context) error {
	if r.o.Blobs == nil {
		return nil
	}
	tick := time.NewTicker(lookEach)
	defer tick.Stop()
	var expired, alarmed time.Time
	swept := r.o.Clock.Now() // the first sweep waits a whole interval: a wrong database is noticed by then
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now := r.o.Clock.Now()
		if err := r.owned(ctx); err != nil {
			if now.Sub(alarmed) >= foreignFor {
				alarmed = now
				r.told(ctx, "the store of files is not used", err)
			}
			continue
		}
		r.told(ctx, "files that wait for their check", r.CheckDue(ctx))
		if now.Sub(expired) >= expireEach {
			expired = now
			r.told(ctx, "files that were not sent", r.Expire(ctx))
		}
		if now.Sub(swept) >= orphanEach {
			swept = now
			r.told(ctx, "blobs that nobody names", r.SweepBlobs(ctx))
		}
	}
}

func (r *Room) told(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		r.o.Log.LogAttrs(ctx, slog.LevelError, what, slog.String("cause", err.Error()))
	}
}

type job struct {
	ws  parlatory.WorkspaceID
	id  parlatory.FileID
	due time.Time
}

// jobs reads a list over all workspaces.
func (r *Room) jobs(ctx context.Context, query string, leased bool) (all []job, err error) {
	permit, err := r.o.Law.System(actDue, parlatory.House)
	if err != nil {
		return nil, err
	}
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		all = nil
		rows, err := tx.Across().Query(query, r.o.Clock.Now(), jobsMost)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var j job
			into := []any{&j.ws, &j.id}
			if leased {
				into = append(into, &j.due)
			}
			if err := rows.Scan(into...); err != nil {
				return err
			}
			all = append(all, j)
		}
		return rows.Err()
	})
	return all, err
}

// CheckDue checks the files whose turn it is. A node takes a file by moving its time on, so that no other does; one that dies loses it after
// some minutes.
func (r *Room) CheckDue(ctx context.Context) error {
	all, err := r.jobs(ctx, sqlDueAcross, true)
	if err != nil {
		return fmt.Errorf("find files to check: %w", err)
	}
	var faults error
	for _, j := range all {
		if err := r.checkOne(ctx, j); err != nil && parlatory.KindOf(err) != parlatory.KindNotFound {
			faults = errors.Join(faults, err)
		}
	}
	return faults
}

func (r *Room) checkOne(ctx context.Context, j job) error {
	permit, err := r.o.Law.System(actCheck, j.ws)
	if err != nil {
		return err
	}
	mine := false
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		n, err := tx.Exec(sqlLease, j.id, tx.Now().Add(checkDue), j.due)
		mine = n == 1
		return err
	})
	if err != nil || !mine {
		return err
	}
	rec, held, err := r.load(ctx, permit, j.id)
	if err != nil {
		return err
	}
	if rec.state != Checking {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkMost)
	defer cancel()
	r.check(ctx, rec, held)
	return nil
}

// Expire deletes files that were not sent within a day, and counters that have run out.
func (r *Room) Expire(ctx context.Context) error {
	all, err := r.jobs(ctx, sqlExpiredAcross, false)
	if err != nil {
		return fmt.Errorf("find files to delete: %w", err)
	}
	for _, j := range all {
		if err := r.expire(ctx, j); err != nil {
			return err
		}
	}
	return r.sweepSpent(ctx)
}

func (r *Room) expire(ctx context.Context, j job) error {
	permit, err := r.o.Law.System(actSweep, j.ws)
	if err != nil {
		return err
	}
	gone := false
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		n, err := tx.Exec(sqlExpire, j.id, tx.Now())
		if gone = n == 1; err != nil || !gone {
			return err
		}
		_, err = tx.Exec(sqlDropParts, j.id)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete file that was not sent: %w", err)
	}
	if gone {
		r.discard(ctx, folder(j.ws, j.id))
	}
	return nil
}

func (r *Room) sweepSpent(ctx context.Context) error {
	permit, err := r.o.Law.System(actDue, parlatory.House)
	if err != nil {
		return err
	}
	var all []parlatory.WorkspaceID
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		all = nil
		rows, err := tx.Across().Query(sqlStaleAcross, r.o.Clock.Now())
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var ws parlatory.WorkspaceID
			if err := rows.Scan(&ws); err != nil {
				return err
			}
			all = append(all, ws)
		}
		return rows.Err()
	})
	for _, ws := range all {
		permit, lawErr := r.o.Law.System(actSweep, ws)
		if lawErr != nil {
			return lawErr
		}
		err = errors.Join(err, r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
			_, err := tx.Exec(sqlSweepSpent, tx.Now())
			return err
		}))
	}
	return err
}

// SweepBlobs deletes blobs that no row names: of files that are gone, and of parts that were sent again while a node died. It deletes only
// what the sweep before has found as well, and nothing where the store may be another database's: on the word of a wrong or empty database
// everybody's files would go.
func (r *Room) SweepBlobs(ctx context.Context) error {
	if err := r.owned(ctx); err != nil {
		return err
	}
	if err := r.compare(ctx); err != nil { // again, whatever was remembered
		return err
	}
	s := &sweep{room: r, before: r.orphans, found: orphans{}, known: map[parlatory.WorkspaceID]bool{}}
	after, group := "", []blob.Item(nil)
	var faults error
	for {
		items, err := r.o.Blobs.List(ctx, "f/", after, 0)
		if err != nil {
			return fmt.Errorf("list blobs: %w", err)
		}
		for _, item := range items {
			after = item.Name
			if len(group) > 0 && dir(group[0].Name) != dir(item.Name) {
				faults = errors.Join(faults, s.file(ctx, group))
				group = group[:0]
			}
			group = append(group, item)
		}
		if len(items) < blob.MaxList {
			break
		}
	}
	if len(group) > 0 {
		faults = errors.Join(faults, s.file(ctx, group))
	}
	r.orphans = s.found
	return faults
}

func dir(name string) string { return name[:strings.LastIndexByte(name, '/')+1] }

// named are the blobs that a file's row, if there is one, stands for. Where there are no more than that, it is nil: no row is opened for nothing.
func (r *Room) named(ctx context.Context, ws parlatory.WorkspaceID, id parlatory.FileID, there int) (map[string]bool, error) {
	permit, err := r.o.Law.System(actSweep, ws)
	if err != nil {
		return nil, err
	}
	var rec *record
	var parts map[int]part
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) (err error) {
		if rec, err = scan(tx.Row(sqlByID, id)); err == nil {
			parts, err = readParts(tx, id)
		}
		return err
	})
	names := map[string]bool{}
	switch {
	case parlatory.KindOf(err) == parlatory.KindNotFound:
		return names, nil
	case err != nil:
		return nil, err
	case rec.state == Uploading || rec.state == Refused:
		for n, p := range parts {
			names[blobName(ws, id, content, n, p.Mark)] = true
		}
		return names, nil
	case there <= partsOf(rec.size):
		return nil, nil
	}
	held, err := r.hold(ctx, ws, rec.contact)
	if err == nil {
		err = rec.open(held)
	}
	if err != nil {
		return nil, err
	}
	return rec.blobs(ws), nil
}

// blobs are the names that an opened record stands for.
func (r *record) blobs(ws parlatory.WorkspaceID) map[string]bool {
	named := map[string]bool{}
	for i, p := range r.Parts {
		named[blobName(ws, r.id, content, i+1, p.Mark)] = true
	}
	if r.View != nil {
		named[blobName(ws, r.id, viewName, 0, r.View.Mark)] = true
	}
	if r.Thumb != nil {
		named[blobName(ws, r.id, thumbName, 0, r.Thumb.Mark)] = true
	}
	return named
}
