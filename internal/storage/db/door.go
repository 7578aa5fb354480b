package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"parlatory"
)

// Credentials give what to sign in at PostgreSQL with, where that changes while the program runs. The user is a role of its own that is a
// member of the URL's role.
type Credentials interface {
	// Credentials are good until then. It is asked whenever a connection is taken, so that it must answer from memory while it can.
	Credentials(ctx context.Context) (user string, password parlatory.Secret, until time.Time, err error)
	// Refused tells that the server no longer takes this user: the next Credentials are another's, if that may help.
	Refused(user string)
}

// door makes the connections of one role, with the credentials of the moment.
type door struct {
	config      *pgx.ConnConfig
	credentials Credentials // nil: those of the URL
}

// open connects, with other credentials once if the first are refused.
func (d door) open(ctx context.Context) (conn *pgx.Conn, err error) {
	err = d.enter(ctx, func(config *pgx.ConnConfig) (err error) {
		conn, err = pgx.ConnectConfig(ctx, config)
		return err
	})
	return conn, err
}

// Connect is driver.Connector's, for pools.
func (d door) Connect(ctx context.Context) (conn driver.Conn, err error) {
	err = d.enter(ctx, func(config *pgx.ConnConfig) (err error) {
		user := config.User
		conn, err = stdlib.GetConnector(*config, stdlib.OptionResetSession(func(ctx context.Context, _ *pgx.Conn) error {
			if !d.current(ctx, user) {
				return driver.ErrBadConn // of older credentials: the pool drops it, now that nobody uses it
			}
			return nil
		})).Connect(ctx)
		return err
	})
	return conn, err
}

// Driver is driver.Connector's.
func (d door) Driver() driver.Driver { return stdlib.GetDefaultDriver() }

func (d door) enter(ctx context.Context, connect func(*pgx.ConnConfig) error) error {
	if d.credentials == nil {
		return connect(d.config)
	}
	for again := false; ; again = true {
		user, password, _, err := d.credentials.Credentials(ctx)
		if err != nil {
			return away(fmt.Errorf("credentials: %w", err))
		}
		own := d.config.Copy()
		own.User, own.Password = user, password.Reveal()
		if err = connect(own); err == nil || again || !pgUnknown(err) {
			return err
		}
		d.credentials.Refused(user)
	}
}

// current reports whether a connection of this user may go on. Where no credentials can be had, the old ones are all there is.
func (d door) current(ctx context.Context, user string) bool {
	if d.credentials == nil {
		return true
	}
	now, _, _, err := d.credentials.Credentials(ctx)
	return err != nil || now == user
}

// revoked looks into an error that may come from a role that was dropped under an open connection: a new connection tells, and moves
// everybody to other credentials. It reports whether it is worth another try.
func (d door) revoked(ctx context.Context, err error) bool {
	if d.credentials == nil || !pgPowerless(err) {
		return false
	}
	conn, err := d.open(ctx)
	if err != nil {
		return false
	}
	_ = conn.Close(ctx) // it was for asking
	return true
}

// pgUnknown reports whether the server refuses the user: the password is wrong, or the role is gone, half way through the sign-in perhaps.
func pgUnknown(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == pgWrongPassword || pgPowerless(err)
}

// pgPowerless is what statements of a role end in whose rights were taken away, or that is no more. A breach of row security looks the same.
func pgPowerless(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == pgDenied || pg.Code == pgNoRole || pg.Code == pgNoEntry)
}
