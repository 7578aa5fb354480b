package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

const (
	sequenceBatch = 256
	pollEvery     = 500 * time.Millisecond
)

// Run numbers entries and witnesses refusals until ctx ends; then it finishes what waits, for two seconds at most.
// It owns the goroutines that it starts.
func (l *Ledger) Run(ctx context.Context) error {
	var wait sync.WaitGroup
	wait.Go(func() { l.refusals.run(ctx, l) })
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-poll.C:
			l.pass(ctx)
		case <-l.wake:
			// A head for several entries costs as much as for one: let them gather.
			select {
			case <-ctx.Done():
			case <-time.After(l.pace):
				l.pass(ctx)
			}
		}
	}
	wait.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	l.pass(last)
	return nil
}

// pass numbers what waits in all workspaces. One that fails is logged and tried again at the next pass.
func (l *Ledger) pass(ctx context.Context) {
	waiting, err := l.waiting(ctx)
	if err != nil {
		l.complain(ctx, "ledger: waiting entries can't be read", err)
		return
	}
	for _, ws := range waiting {
		if err := l.Settle(ctx, ws); err != nil {
			l.complain(ctx, "ledger: entries can't be numbered", err, "workspace", ws.String())
		}
	}
}

func (l *Ledger) complain(ctx context.Context, what string, err error, more ...any) {
	if ctx.Err() == nil {
		l.log.ErrorContext(ctx, what, append([]any{"error", err.Error()}, more...)...)
	}
}

func (l *Ledger) waiting(ctx context.Context) ([]parlatory.WorkspaceID, error) {
	permit, err := l.law.System(actWaiting, parlatory.House)
	if err != nil {
		return nil, err
	}
	var found []parlatory.WorkspaceID
	err = l.db.Read(ctx, permit, func(tx *db.Tx) error {
		rows, err := tx.Across().Query(waitingAcross)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var ws parlatory.WorkspaceID
			if err := rows.Scan(&ws); err != nil {
				return err
			}
			found = append(found, ws)
		}
		return rows.Err()
	})
	return found, err
}

// Settle numbers the committed entries of one workspace now and signs the head. If another node is at it, that node
// does the work.
func (l *Ledger) Settle(ctx context.Context, ws parlatory.WorkspaceID) error {
	o, err := l.open(ctx, ws)
	if err != nil {
		return err
	}
	permit, err := l.law.System(actSequence, ws)
	if err != nil {
		return err
	}
	for {
		var n int
		err := l.db.Write(ctx, permit, func(tx *db.Tx) error {
			n, err = sequence(tx, o)
			return err
		})
		if err != nil {
			return fmt.Errorf("sequence ledger: %w", err)
		}
		if n < sequenceBatch {
			return nil
		}
	}
}

// sequence numbers one batch inside a transaction.
func sequence(tx *db.Tx, o openLog) (int, error) {
	lock := lockLogSQLite
	if tx.Postgres() {
		lock = lockLogPostgres
	}
	var size int64
	if err := tx.Row(lock, o.number).Scan(&size); errors.Is(err, db.ErrNone) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	rows, err := waitingRows(tx)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	h := newHashes(tx, o.number, size)
	if err := h.checkLast(size); err != nil {
		return 0, err
	}
	for i, r := range rows {
		r.number = size + int64(i) + 1
		if err := h.add(r.number, r.leaf(tx.Workspace())); err != nil {
			return 0, err
		}
		if n, err := tx.Exec(numberEntry, r.id, o.number, r.number); err != nil || n != 1 {
			return 0, errors.Join(fmt.Errorf("number entry: %d rows", n), err)
		}
	}
	return len(rows), sign(tx, o, h, size, size+int64(len(rows)))
}

func waitingRows(tx *db.Tx) ([]row, error) {
	q, err := tx.Query(selectWaiting, sequenceBatch)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	var rows []row
	for q.Next() {
		var r row
		if err := r.scan(q); err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, q.Err()
}

// scan reads the clear columns after the number, and what else a statement selects behind them.
func (r *row) scan(q *db.Rows, around ...any) error {
	var subject plainID
	var commitment []byte
	dest := []any{&r.id, &r.at, &r.actorKind, &r.actor, &r.action, &r.element, &r.elementID, &r.act,
		&r.subject.Kind, &subject, &commitment}
	if len(around) > 0 {
		dest = append(append([]any{&r.number}, dest...), around...)
	}
	if err := q.Scan(dest...); err != nil {
		return fmt.Errorf("ledger entry: %w", err)
	}
	r.subject.ID = subject
	if copy(r.commitment[:], commitment) != len(r.commitment) || len(commitment) != len(r.commitment) {
		return fmt.Errorf("ledger entry: commitment of %d bytes", len(commitment))
	}
	return nil
}

// checkLast refuses to build on hashes that do not give the last signed head: a tree that was changed on disk is not
// carried on under our signature.
func (h *hashes) checkLast(size int64) error {
	if size == 0 {
		return nil
	}
	var want []byte
	if err := h.tx.Row(selectHead, h.log, size).Scan(&want); err != nil {
		return fmt.Errorf("last head: %w", err)
	}
	got, err := tlog.TreeHash(size, h)
	if err != nil {
		return fmt.Errorf("last head: %w", err)
	}
	if !bytes.Equal(got[:], want) {
		return fmt.Errorf("stored hashes do not give the head at %d: the ledger was changed from outside", size)
	}
	return nil
}

// sign stores the grown tree and its head.
func sign(tx *db.Tx, o openLog, h *hashes, old, size int64) error {
	if err := h.store(); err != nil {
		return err
	}
	root, err := tlog.TreeHash(size, h)
	if err != nil {
		return fmt.Errorf("root: %w", err)
	}
	note, err := o.signer.Sign(checkpoint(o.signer.Name(), size, root))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(insertHead, o.number, size, root[:], note, tx.Now()); err != nil {
		return fmt.Errorf("head: %w", err)
	}
	if n, err := tx.Exec(growLog, o.number, size, old); err != nil || n != 1 {
		return errors.Join(fmt.Errorf("log's size: %d rows", n), err)
	}
	return nil
}

// checkpoint is the text of a head (https://c2sp.org/tlog-checkpoint).
func checkpoint(origin string, size int64, root tlog.Hash) string {
	return origin + "\n" + strconv.FormatInt(size, 10) + "\n" + root.String() + "\n"
}

// openCheckpoint checks a signed head and reads it. There is one spelling.
func openCheckpoint(note, verifier string) (origin string, size int64, root tlog.Hash, err error) {
	text, err := vault.OpenNote(note, verifier)
	if err != nil {
		return "", 0, root, err
	}
	return parseCheckpoint(text)
}
