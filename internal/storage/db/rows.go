package db

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// Rows walks what a statement gave. It ends with its Tx at the latest.
type Rows struct {
	turn *turn
	rows driver.Rows
	row  []driver.Value
	have bool
	seen int
	err  error
}

// Next steps to the next row; false at the end and after an error.
func (r *Rows) Next() bool {
	r.turn.mu.Lock()
	defer r.turn.mu.Unlock()
	return r.next()
}

func (r *Rows) next() bool {
	r.have = false
	if r.rows == nil {
		return false
	}
	// SQLite's statements run without the caller's context, see lite.go: so it is looked at now and then.
	if r.seen++; r.seen&0xff == 0 && !r.turn.write && r.turn.ctx.Err() != nil {
		r.fail(left(r.turn.ctx.Err()))
		return false
	}
	switch err := r.rows.Next(r.row); {
	case err == nil:
		r.have = true
	case errors.Is(err, io.EOF):
		r.close()
	default:
		r.fail(statementFault(err))
	}
	return r.have
}

func (r *Rows) fail(err error) {
	if r.err == nil {
		r.err = err
		r.turn.spoil(err)
	}
	r.close()
}

// Scan copies the row into the destinations; NULL becomes the zero value.
func (r *Rows) Scan(dest ...any) error {
	if !r.have {
		return fmt.Errorf("scan: no row at hand")
	}
	if len(dest) != len(r.row) {
		return fmt.Errorf("scan: %d columns into %d destinations", len(r.row), len(dest))
	}
	for i, d := range dest {
		if err := assign(d, r.row[i]); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

// Err is what ended the walk early.
func (r *Rows) Err() error { return r.err }

// Close ends the walk; it may be called twice.
func (r *Rows) Close() error {
	r.turn.mu.Lock()
	defer r.turn.mu.Unlock()
	r.close()
	return r.err
}

func (r *Rows) close() {
	if r.rows == nil {
		return
	}
	rows := r.rows
	r.rows = nil
	r.turn.open = nil
	if err := rows.Close(); err != nil && r.err == nil {
		r.err = statementFault(err)
		r.turn.spoil(r.err)
	}
}

// Row is the first row of a statement.
type Row struct {
	rows *Rows
	err  error
}

// Scan copies the row and ends the statement; ErrNone where there is none.
func (r *Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	if !r.rows.Next() {
		if err := r.rows.Close(); err != nil {
			return err
		}
		return ErrNone
	}
	err := r.rows.Scan(dest...)
	if closed := r.rows.Close(); err == nil {
		err = closed
	}
	return err
}
