package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"parlatory"
	"parlatory/internal/guard/access"
)

const (
	pgRetries = 5                // after serialization failures and deadlocks
	pgPatient = 30 * time.Second // a started transaction is given up after this, not before
	pgDialled = 10 * time.Second
)

// cluster is PostgreSQL. Writes and reads have a pool each, so that a burst of one does not starve the other.
type cluster struct {
	db     *DB
	door   door
	writes *sql.DB
	reads  *sql.DB
	nodes  *nodes
}

func (d *DB) openPostgres(ctx context.Context, o Options) error {
	config, err := pgConfig(o.Postgres, d)
	if err != nil {
		return err
	}
	serving := door{config, o.Credentials}
	if err := d.migratePostgres(ctx, o, serving); err != nil {
		return err
	}
	c := &cluster{db: d, door: serving, writes: pgPool(serving, o.MaxConns), reads: pgPool(serving, o.MaxConns)}
	if err := c.check(ctx); err != nil {
		return errors.Join(err, c.writes.Close(), c.reads.Close())
	}
	d.cluster = c
	d.herald = newHerald(d)
	c.nodes = newNodes(d, serving)
	d.herald.speakOutward(c.nodes.send)
	return nil
}

func (d *DB) closePostgres() error {
	d.herald.close()
	d.cluster.nodes.close()
	return errors.Join(d.cluster.writes.Close(), d.cluster.reads.Close())
}

// pgConfig reads the URL. The settings are those that the transactions rely on; the server ends what hangs.
func pgConfig(url string, d *DB) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("postgres URL: it cannot be read") // the parser's error quotes it
	}
	if err := pgWire(config, url, d); err != nil {
		return nil, err
	}
	config.ConnectTimeout = pgDialled
	for name, value := range map[string]string{
		"application_name": "parlatory", "statement_timeout": "30000", "lock_timeout": "10000", "idle_in_transaction_session_timeout": "60000",
		"client_encoding": "UTF8", "standard_conforming_strings": "on", "row_security": "on",
	} {
		config.RuntimeParams[name] = value
	}
	return config, nil
}

func pgPool(through door, most int) *sql.DB {
	p := sql.OpenDB(through)
	p.SetMaxOpenConns(most)
	p.SetMaxIdleConns(most)
	p.SetConnMaxIdleTime(5 * time.Minute)
	return p
}

// pgSession is a connection inside a transaction.
type pgSession struct{ conn *stdlib.Conn }

func (s pgSession) exec(ctx context.Context, query string, args []driver.NamedValue) (int64, error) {
	res, err := s.conn.ExecContext(ctx, query, args)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (s pgSession) query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.QueryContext(ctx, query, args)
}

// simple sends text that this package made, without arguments, in one round trip, and gives the last command's tag.
func (s pgSession) simple(ctx context.Context, text string) (string, error) {
	results, err := s.conn.Conn().PgConn().Exec(ctx, text).ReadAll()
	if err != nil || len(results) == 0 {
		return "", err
	}
	return results[len(results)-1].CommandTag.String(), nil
}

// pgPin is the rest of a transaction's beginning: settings local to it. An id is 32 hex digits, the rest is from a fixed list;
// there is nothing in it that came from outside.
func pgPin(permit access.Permit) string {
	house, across := "off", "off"
	switch permit.Act().Scope {
	case access.HouseAndWorkspace, access.InHouse:
		house = "on"
	case access.Across:
		across = "on"
	case access.HouseAndAcross, access.Everywhere:
		house, across = "on", "on"
	}
	ws := permit.Workspace()
	return "set_config('parlatory.workspace', '" + hex.EncodeToString(ws[:]) + "', true), set_config('parlatory.house', '" + house +
		"', true), set_config('parlatory.across', '" + across + "', true)"
}

// write runs fn in a transaction of its own, again after a serialization failure or deadlock.
func (c *cluster) write(ctx context.Context, permit access.Permit, fn func(*Tx) error) error {
	for attempt := 0; ; attempt++ {
		err, again := c.writeOnce(ctx, permit, fn)
		if attempt > 0 && pgPowerless(err) {
			again = false // no matter of credentials
		}
		if again && attempt == pgRetries && pgAgain(err) {
			return crowded(err)
		}
		if !again || attempt == pgRetries {
			return err
		}
		pause := time.Duration(1+rand.IntN(4<<attempt)) * time.Millisecond
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return left(ctx.Err())
		}
	}
}

func (c *cluster) writeOnce(ctx context.Context, permit access.Permit, fn func(*Tx) error) (err error, again bool) {
	err = c.with(ctx, c.writes, func(s pgSession) (bad bool, _ error) {
		// From here on the caller cannot leave: whether the commit happened must be known.
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), pgPatient)
		defer cancel()
		if _, err := s.simple(own, pgBeginWrite+pgPin(permit)); err != nil {
			again = unreachable(err) // a pooled connection may have died; nothing has run yet
			return true, c.db.lost("begin", err)
		}
		tx := c.db.newTurn(own, s, permit, true)
		err := tx.run(fn)
		if err != nil {
			_, undo := s.simple(own, pgRollback)
			again = pgAgain(err) || pgAgain(tx.spoiled) || c.door.revoked(own, errors.Join(err, tx.spoiled))
			return undo != nil, err
		}
		bad, err = c.commit(own, s, tx)
		again = pgAgain(err)
		return bad, err
	})
	return err, again
}

// commit takes the place of its events first, so that they are told in the order of commits.
func (c *cluster) commit(ctx context.Context, s pgSession, tx *Tx) (bad bool, err error) {
	var place *ticket
	told := tx.events
	if err := c.tellInside(ctx, s, told); err != nil {
		_, undo := s.simple(ctx, pgRollback)
		return undo != nil, c.db.lost("tell", err)
	}
	unknown := false
	if len(told) > 0 {
		place = c.db.herald.reserve()
		defer func() {
			if err != nil && !unknown { // what may have happened is told: who hears it looks
				told = nil
			}
			c.db.herald.settle(place, told)
		}()
	}
	tag, err := s.simple(ctx, pgCommit)
	if err != nil {
		if unknown = unreachable(err); unknown {
			c.db.log.Error("database failure", "at", "commit, its outcome is not known", "cause", err.Error())
			return true, uncertain(err)
		}
		return false, c.db.lost("commit", err)
	}
	if tag != pgCommit {
		return false, c.db.lost("commit", fmt.Errorf("the server answered %s", tag))
	}
	for _, fn := range tx.after {
		fn() // before settle, which the deferred call does
	}
	return false, nil
}

// tellInside sends the events of rights with the transaction itself.
func (c *cluster) tellInside(ctx context.Context, s pgSession, events []parlatory.Event) error {
	var rights []parlatory.Event
	for _, e := range events {
		if e.Kind.Rights() {
			rights = append(rights, e)
		}
	}
	payloads, err := c.nodes.pack(rights)
	for _, p := range payloads {
		if err == nil {
			_, err = s.exec(ctx, pgTell, []driver.NamedValue{{Ordinal: 1, Value: p}})
		}
	}
	return err
}

func (c *cluster) read(ctx context.Context, permit access.Permit, fn func(*Tx) error) error {
	err, again := c.readOnce(ctx, permit, fn)
	if again {
		err, _ = c.readOnce(ctx, permit, fn)
	}
	return err
}

// readOnce asks for another try where the credentials went before fn saw anything; later ones fn might take twice.
func (c *cluster) readOnce(ctx context.Context, permit access.Permit, fn func(*Tx) error) (err error, again bool) {
	err = c.with(ctx, c.reads, func(s pgSession) (bad bool, _ error) {
		if _, err := s.simple(ctx, pgBeginRead+pgPin(permit)); err != nil {
			return true, c.db.lost("begin", err)
		}
		tx := c.db.newTurn(ctx, s, permit, false)
		err := tx.run(fn)
		if err != nil && c.door.revoked(ctx, errors.Join(err, tx.spoiled)) {
			if again = !tx.given; !again {
				err = away(err)
			}
		}
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), pgDialled)
		defer cancel()
		_, end := s.simple(own, pgRollback)
		return end != nil, err
	})
	return err, again
}

// with lends a pooled connection. The pool drops it when do says that it went bad, and, by Raw's own doing, when do never returns.
func (c *cluster) with(ctx context.Context, pool *sql.DB, do func(pgSession) (bad bool, err error)) error {
	conn, err := pool.Conn(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return left(ctx.Err())
		}
		return c.db.lost("connection", err)
	}
	var answer error
	raw := conn.Raw(func(dc any) error {
		own, ok := dc.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("driver connection: unexpected %T", dc)
		}
		var bad bool
		if bad, answer = do(pgSession{own}); bad {
			return driver.ErrBadConn
		}
		return nil
	})
	closed := conn.Close()
	if answer == nil && raw != nil && !errors.Is(raw, driver.ErrBadConn) {
		answer = c.db.lost("connection", errors.Join(raw, closed))
	}
	return answer
}

func (c *cluster) ping(ctx context.Context) error {
	return c.with(ctx, c.reads, func(s pgSession) (bool, error) {
		_, err := s.simple(ctx, pgAlive)
		return err != nil, statementFault(err)
	})
}

// pgAgain reports whether a transaction failed only because of others that ran beside it.
func pgAgain(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == pgSerialization || pg.Code == pgDeadlock)
}
