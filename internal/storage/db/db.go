package db

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
)

//go:embed migrations
var migrations embed.FS

// Engine is which database runs below.
type Engine uint8

// The engines.
const (
	SQLite Engine = iota
	Postgres
)

func (e Engine) String() string {
	if e == Postgres {
		return "postgres"
	}
	return "sqlite"
}

// Options say which database, and who tells the time.
type Options struct {
	SQLite        string      // file path; or
	Postgres      string      // URL of the role that serves: it owns nothing and may not bypass row security
	PostgresOwner string      // URL of the role that migrates; without it the schema must be up to date
	Credentials   Credentials // of the serving role, where they change; nil: those of the URL
	Owner         Credentials // of the owner, likewise
	Clock         parlatory.Clock
	Log           *slog.Logger
	Beside        bool  // a server may be running on it: the schema must be there and up to date, nothing is made or migrated
	MaxBatch      int   // Writes that share a SQLite transaction at most, default 256
	MaxConns      int   // PostgreSQL connections for writing, and as many for reading, default 24
	Migrations    fs.FS // instead of the program's own, for tests of this package
}

// DB is an open database.
type DB struct {
	engine  Engine
	clock   parlatory.Clock
	log     *slog.Logger
	plans   plans
	herald  *herald
	writer  *writer
	readers *readers
	cluster *cluster

	gate    sync.RWMutex // held for reading by each transaction's start
	closed  bool
	running sync.WaitGroup
}

// Open migrates, checks that every table carries its workspace (and, on PostgreSQL, that row security stands), and
// starts the goroutines that write and tell.
func Open(ctx context.Context, o Options) (*DB, error) {
	if (o.SQLite == "") == (o.Postgres == "") {
		return nil, errors.New("database options: name either a SQLite file or a PostgreSQL server")
	}
	d := &DB{clock: o.Clock, log: o.Log}
	if d.clock == nil {
		d.clock = parlatory.SystemClock{}
	}
	if d.log == nil {
		d.log = slog.Default()
	}
	if o.MaxBatch <= 0 {
		o.MaxBatch = 256
	}
	if o.MaxConns <= 0 {
		o.MaxConns = 24
	}
	if o.Migrations == nil {
		own, err := fs.Sub(migrations, "migrations")
		if err != nil {
			return nil, fmt.Errorf("migrations: %w", err)
		}
		o.Migrations = own
	}
	if o.Postgres != "" {
		d.engine = Postgres
		return opened(d, d.openPostgres(ctx, o))
	}
	return opened(d, d.openSQLite(ctx, o))
}

func opened(d *DB, err error) (*DB, error) {
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", d.engine, err)
	}
	return d, nil
}

func (d *DB) openSQLite(ctx context.Context, o Options) error {
	if _, err := os.Stat(o.SQLite); o.Beside && err != nil {
		return fmt.Errorf("database file: %w", err)
	}
	path, err := litePath(o.SQLite)
	if err != nil {
		return err
	}
	if err := migrateLite(ctx, path, o.Migrations, o.Beside); err != nil {
		return err
	}
	l, err := openLite(path, liteWriter)
	if err != nil {
		return err
	}
	if err := checkLite(l); err != nil {
		return errors.Join(err, l.close())
	}
	d.herald = newHerald(d)
	d.readers = newReaders(path)
	d.writer = newWriter(d, l, o.MaxBatch)
	return nil
}

// Engine tells which database runs below.
func (d *DB) Engine() Engine { return d.engine }

// Listen registers a teller. Call it before the first Write.
func (d *DB) Listen(t Teller) { d.herald.listen(t) }

// Hear tells events to this process alone: for what another process did to the same database.
func (d *DB) Hear(events ...parlatory.Event) { d.herald.hear(events) }

// Deaf is for how long this node may not have heard what other nodes did: sockets must not be served much longer than two
// seconds of it (section 7 of the design). SQLite has no other nodes.
func (d *DB) Deaf() time.Duration {
	if d.cluster == nil {
		return 0
	}
	return d.cluster.nodes.silent()
}

// Close refuses new transactions, waits for those that run, and stops the goroutines.
func (d *DB) Close() error {
	d.gate.Lock()
	if d.closed {
		d.gate.Unlock()
		return nil
	}
	d.closed = true
	d.gate.Unlock()
	d.running.Wait()
	if d.engine == Postgres {
		return d.closePostgres()
	}
	err := d.writer.close()
	d.herald.close()
	return errors.Join(err, d.readers.close())
}

// enter is what each transaction passes first.
func (d *DB) enter(ctx context.Context, permit access.Permit) error {
	if !permit.Valid() || permit.Workspace().Zero() {
		return parlatory.Internal("transaction", errNoPermit)
	}
	if ctx.Value(txKey{d}) != nil {
		return parlatory.Internal("act "+permit.Act().Name, errNested)
	}
	if ctx.Err() != nil {
		return left(ctx.Err())
	}
	d.gate.RLock()
	defer d.gate.RUnlock()
	if d.closed {
		return away(errClosed)
	}
	d.running.Add(1)
	return nil
}

// Write runs fn in a transaction pinned to the permit's workspace and answers when it is durable, or undone. The
// caller may leave (ctx) before its turn, not after. On PostgreSQL fn may run again after a serialization failure, so that it
// must not change anything outside but through its Tx.
func (d *DB) Write(ctx context.Context, permit access.Permit, fn func(*Tx) error) error {
	if err := d.enter(ctx, permit); err != nil {
		return err
	}
	defer d.running.Done()
	if d.engine == Postgres {
		return d.cluster.write(ctx, permit, fn)
	}
	return d.writer.write(ctx, permit, fn)
}

// Read runs fn in a read-only transaction: one view of the data, pinned to the permit's workspace.
func (d *DB) Read(ctx context.Context, permit access.Permit, fn func(*Tx) error) error {
	if err := d.enter(ctx, permit); err != nil {
		return err
	}
	defer d.running.Done()
	if d.engine == Postgres {
		return d.cluster.read(ctx, permit, fn)
	}
	return d.readLite(ctx, permit, fn)
}

func (d *DB) readLite(ctx context.Context, permit access.Permit, fn func(*Tx) error) (err error) {
	l, err := d.readers.take(ctx)
	if err != nil {
		return err
	}
	sound := false
	defer func() { d.readers.give(l, sound) }()
	if err := l.run(liteBeginRead); err != nil {
		return d.lost("begin", err)
	}
	err = d.newTurn(ctx, l, permit, false).run(fn)
	sound = l.run(liteRollback) == nil
	return err
}

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	if d.engine == Postgres {
		return d.cluster.ping(ctx)
	}
	l, err := d.readers.take(ctx)
	if err != nil {
		return err
	}
	err = l.run(liteAlive)
	d.readers.give(l, err == nil)
	return statementFault(err)
}

func typeName(v any) string { return fmt.Sprintf("%T", v) }
