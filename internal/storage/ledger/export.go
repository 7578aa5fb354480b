package ledger

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"parlatory/internal/guard/access"
	"parlatory/internal/storage/db"
)

const exportPage = 500

// Export writes the permit's whole log, up to its newest head, as JSON Lines that Verify reads. What was just
// committed is numbered first. Leaves are given as they were hashed when the entry was numbered, so that a row that
// was changed since is named by the verifier.
func (l *Ledger) Export(ctx context.Context, permit access.Permit, w io.Writer) error {
	ws := permit.Workspace()
	if err := l.Settle(ctx, ws); err != nil {
		// A log that can't be carried on is the more worth exporting.
		l.complain(ctx, "ledger: export without the newest entries", err, "workspace", ws.String())
	}
	var log logRow
	if err := l.db.Read(ctx, permit, func(tx *db.Tx) error {
		if err := log.read(tx); err != nil {
			return err
		}
		var note string
		err := tx.Row(latestHead, log.number).Scan(&note, &log.size)
		if errors.Is(err, db.ErrNone) {
			log.size = 0
			return nil
		}
		return err
	}); err != nil {
		return fmt.Errorf("export ledger: %w", err)
	}
	out := bufio.NewWriterSize(w, 64<<10)
	header := headerLine{exportFormat, log.origin, log.verifier, log.size, log.previous}
	if err := writeLine(out, header); err != nil {
		return err
	}
	keys := l.keyRing(ws)
	for at := int64(0); at < log.size; at += exportPage {
		if err := l.exportPage(ctx, permit, log, at, keys, out); err != nil {
			return fmt.Errorf("export ledger: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("export ledger: %w", err)
	}
	return nil
}

// page is what one Read gives; values are opened after it, since keys are not fetched inside a transaction.
type page struct {
	rows   []sealedRow
	leaves []tlog.Hash
	heads  []head
}

type head struct {
	size int64
	note string
}

func (p *page) read(tx *db.Tx, log logRow, from, to int64) (err error) {
	if p.rows, err = sealedRows(tx, selectNumbered, log.number, from, to, exportPage); err != nil {
		return err
	}
	h := newHashes(tx, log.number, log.size)
	indexes := make([]int64, len(p.rows))
	for i, r := range p.rows {
		indexes[i] = tlog.StoredHashIndex(0, r.number-1)
	}
	if p.leaves, err = h.ReadHashes(indexes); err != nil {
		return err
	}
	q, err := tx.Query(headsAfter, log.number, from, to, exportPage)
	if err != nil {
		return err
	}
	defer q.Close()
	for q.Next() {
		var h head
		if err := q.Scan(&h.size, &h.note); err != nil {
			return err
		}
		p.heads = append(p.heads, h)
	}
	return q.Err()
}

func (l *Ledger) exportPage(ctx context.Context, permit access.Permit, log logRow, at int64, keys *keyRing, out *bufio.Writer) error {
	var p page
	to := min(at+exportPage, log.size)
	err := l.db.Read(ctx, permit, func(tx *db.Tx) error { p = page{}; return p.read(tx, log, at, to) })
	if err != nil {
		return err
	}
	for i, r := range p.rows {
		line := r.line(p.leaves[i])
		salt, canonical, s, err := r.values(ctx, keys)
		if err != nil {
			return err
		}
		line.Salt, line.Values, line.State = hex.EncodeToString(salt), canonical, s
		if err := writeLine(out, line); err != nil {
			return err
		}
		for len(p.heads) > 0 && p.heads[0].size <= r.number {
			if err := writeLine(out, headLine{p.heads[0].note}); err != nil {
				return err
			}
			p.heads = p.heads[1:]
		}
	}
	return nil
}

func writeLine(out *bufio.Writer, v any) error {
	b, err := encodeJSON(v)
	if err != nil {
		return fmt.Errorf("export line: %w", err)
	}
	if _, err := out.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("export line: %w", err)
	}
	return nil
}
