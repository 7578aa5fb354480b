package security

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// line is a row.
type line struct {
	id            parlatory.RowID
	list          List
	created, ends time.Time
	sealed        vault.Sealed
}

// kept is a line's sealed part.
type kept struct {
	Network string `json:"network"`
	Role    string `json:"role,omitempty"`
	Remark  string `json:"remark,omitempty"`
}

// errForged is a line that does not open, or says what the program never wrote.
var errForged = errors.New("a line of a list was changed past the program")

func (l line) binding() vault.Binding {
	return vault.Binding{Table: "network_rules", Row: l.id.Raw(), Revision: 1, Clear: []any{string(l.list), l.created, l.ends}}
}

func (l line) open(held *vault.Held) (Entry, error) {
	var k kept
	if err := vault.OpenJSON(held, l.binding(), l.sealed, &k); err != nil {
		return Entry{}, fmt.Errorf("open line of a list: %w: %w", errForged, err)
	}
	n, err := policy.ParseNetwork(k.Network)
	if err != nil {
		return Entry{}, fmt.Errorf("read line of a list: %w: %w", errForged, err)
	}
	return Entry{ID: l.id, List: l.list, Network: n, Role: k.Role, Remark: k.Remark, CreatedAt: l.created, EndsAt: l.ends}, nil
}

func scanLine(row interface{ Scan(...any) error }) (line, error) {
	var l line
	err := row.Scan(&l.id, &l.list, &l.created, &l.ends, &l.sealed)
	return l, err
}

// page reads a part of one list, opened.
func page(tx *db.Tx, held *vault.Held, list List, after parlatory.RowID, limit int) ([]Entry, error) {
	rows, err := tx.Query(sqlLinesPage, string(list), after[:], limit)
	if err != nil {
		return nil, fmt.Errorf("read list: %w", err)
	}
	return opened(rows, held, func(e Entry) Entry { return e })
}

// batch is some lines on their way through the opener.
type batch[T any] struct {
	lines []line
	out   []T
	err   error
}

// batchLines is how many lines one core takes at a time.
const batchLines = 512

func (b *batch[T]) open(held *vault.Held, as func(Entry) T) {
	b.out = make([]T, 0, len(b.lines))
	for _, l := range b.lines {
		e, err := l.open(held)
		if err != nil {
			b.err = err
			break
		}
		b.out = append(b.out, as(e))
	}
	b.lines = nil // a long list is not held twice
}

// opened opens the lines that a statement gives, in their order, on all cores while it is still read: opening costs more than reading. It
// ends what it starts, whatever comes of it.
func opened[T any](rows *db.Rows, held *vault.Held, as func(Entry) T) ([]T, error) {
	defer func() { _ = rows.Close() }()
	work := make(chan *batch[T], runtime.GOMAXPROCS(0))
	var openers sync.WaitGroup
	var all []*batch[T]
	now, err := &batch[T]{}, error(nil)
	for err == nil && rows.Next() {
		var l line
		if l, err = scanLine(rows); err != nil {
			err = fmt.Errorf("read line of a list: %w: %w", errForged, err)
			break
		}
		now.lines = append(now.lines, l)
		if len(now.lines) < batchLines {
			continue
		}
		if len(all) < cap(work) {
			openers.Go(func() {
				for b := range work {
					b.open(held, as)
				}
			})
		}
		work <- now
		all = append(all, now)
		now = &batch[T]{lines: make([]line, 0, batchLines)}
	}
	now.open(held, as)
	close(work)
	openers.Wait()
	if err == nil {
		err = rows.Err()
	}
	return joined(append(all, now), err)
}

func joined[T any](all []*batch[T], err error) ([]T, error) {
	n := 0
	for _, b := range all {
		if err == nil {
			err = b.err
		}
		n += len(b.out)
	}
	if err != nil {
		return nil, err
	}
	out := make([]T, 0, n)
	for _, b := range all {
		out = append(out, b.out...)
	}
	return out, nil
}
