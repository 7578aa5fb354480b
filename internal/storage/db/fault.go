package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"parlatory"
)

// ErrNone is Row.Scan's answer where the statement gave no row.
var ErrNone = errors.New("no row")

var (
	errOver     = errors.New("statement on a Tx whose function has returned")
	errWalking  = errors.New("statement while the rows of another are open")
	errNested   = errors.New("transaction inside a transaction: use the Tx at hand")
	errNoPermit = errors.New("transaction without a permit")
	errUnseen   = errors.New("audited act without a witness")
	errClosed   = errors.New("database is closed")
)

// SQLite result codes (sqlite.org/rescode.html) that this package tells apart.
const (
	liteBusy      = 5
	liteNoMemory  = 7
	liteInterrupt = 9
	liteIO        = 10
	liteCorrupt   = 11
	liteFull      = 13
	liteCantOpen  = 14

	liteConstraintPrimary = 1555
	liteConstraintUnique  = 2067
	liteConstraintRowID   = 2579
)

// PostgreSQL's codes (appendix A of its manual).
const (
	pgUnique        = "23505"
	pgSerialization = "40001"
	pgDeadlock      = "40P01"
	pgDiskFull      = "53100"
	pgCancelled     = "57014"
	pgLockTimeout   = "55P03"
	pgWrongPassword = "28P01"
	pgNoEntry       = "28000"
	pgDenied        = "42501"
	pgNoRole        = "42704"
)

// fault is an engine's error cut to what may stand in a log: code, table, constraint, and the message only where it
// speaks of the statement's text. PostgreSQL's messages and details quote values.
type fault struct {
	code   string
	clause string
	cause  error
}

func (f *fault) Error() string {
	if f.clause == "" {
		return "database code " + f.code
	}
	return "database code " + f.code + ": " + f.clause
}

func (f *fault) Unwrap() error { return f.cause }

// IsTaken reports whether the error is a unique violation, on either engine.
func IsTaken(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == liteConstraintUnique || lite.Code() == liteConstraintPrimary || lite.Code() == liteConstraintRowID
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == pgUnique
}

// statementFault sorts what an engine answered to a statement.
func statementFault(err error) error {
	if err == nil {
		return nil
	}
	var known *parlatory.Error
	if errors.As(err, &known) {
		return err
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return liteFault(lite)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pgFault(pg)
	}
	if unreachable(err) {
		return away(err)
	}
	// The driver's own complaints name the argument first and quote it behind a colon.
	what, _, _ := strings.Cut(err.Error(), ":")
	return &fault{code: "driver", clause: what, cause: err}
}

func liteFault(err *sqlite.Error) error {
	f := &fault{code: fmt.Sprint(err.Code()), clause: err.Error(), cause: err}
	switch err.Code() & 0xff {
	case liteFull:
		return full(f)
	case liteBusy, liteIO, liteNoMemory, liteCantOpen, liteInterrupt:
		return away(f)
	}
	return f
}

func pgFault(err *pgconn.PgError) error {
	f := &fault{code: err.Code, clause: err.ConstraintName, cause: err}
	if f.clause == "" {
		f.clause = err.TableName
	}
	switch class := err.Code[:min(2, len(err.Code))]; {
	case class == "42": // syntax or access rule: the message quotes the statement, not the values
		f.clause = err.Message
	case err.Code == pgDiskFull:
		return full(f)
	case class == "08", class == "53", class == "57", class == "58", err.Code == pgLockTimeout:
		return away(f)
	}
	return f
}

// unreachable reports whether the engine could not be talked to at all.
func unreachable(err error) bool {
	var netErr net.Error
	var connect *pgconn.ConnectError
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &netErr) || errors.As(err, &connect) ||
		strings.Contains(err.Error(), "conn closed")
}

func away(cause error) error {
	return parlatory.Fail(parlatory.KindUnavailable, "The database is out of reach. Nothing was saved; please try again.").Because(cause)
}

// uncertain is for a commit whose answer was lost: saying that nothing was saved would be a guess.
func uncertain(cause error) error {
	return parlatory.Fail(parlatory.KindUnavailable, "The connection to the database broke, so it is not known whether this was saved. Please look again.").Because(errors.Join(errUncertain, cause))
}

// errUncertain is the cause of every uncertain.
var errUncertain = errors.New("outcome of the commit is unknown")

// IsUncertain reports whether a Write ended without anybody knowing if it was committed. What was stored for it elsewhere must stay.
func IsUncertain(err error) bool { return errors.Is(err, errUncertain) }

func full(cause error) error {
	return parlatory.Fail(parlatory.KindUnavailable, "The server's disk is full. Nothing was saved.").Because(cause)
}

func left(cause error) error {
	return parlatory.Fail(parlatory.KindUnavailable, "The request ended before its turn. Nothing was saved.").Because(cause)
}

func crowded(cause error) error {
	return parlatory.Fail(parlatory.KindUnavailable, "Too many changes to the same thing at once. Nothing was saved; please try again.").Because(cause)
}
