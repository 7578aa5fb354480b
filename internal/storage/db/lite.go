package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"modernc.org/sqlite"
)

// Settings of every SQLite connection. FULL makes a commit wait for the disk; the page cache of the writer holds the upper
// levels of all indexes. Deleted rows are overwritten: a destroyed key must not lie in a free corner of the file.
const (
	liteEvery  = "_busy_timeout=5000&_foreign_keys=1&_dqs=0&_defensive=1&_pragma=temp_store(MEMORY)&_pragma=trusted_schema(0)"
	liteWriter = liteEvery + "&_journal_mode=WAL&_synchronous=FULL&_pragma=cache_size(-65536)&_pragma=secure_delete(1)&_pragma=wal_autocheckpoint(4000)&_pragma=journal_size_limit(67108864)"
	liteReader = liteEvery + "&_synchronous=FULL&_pragma=cache_size(-16384)&_pragma=mmap_size(268435456)&_query_only=1"
)

// liteKept is how many prepared statements a connection keeps.
const liteKept = 256

// litePath makes the file, private to the server's user, before SQLite opens it; its companions inherit the mode.
func litePath(path string) (string, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("database path: %w", err)
	}
	f, err := os.OpenFile(full, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", fmt.Errorf("database file: %w", err)
	}
	if err := f.Close(); err != nil {
		return "", fmt.Errorf("database file: %w", err)
	}
	return (&url.URL{Scheme: "file", Path: full}).String(), nil
}

// lite is one SQLite connection with its prepared statements. It is spoken to through the driver's own interface, not
// database/sql: that saves a lock and a conversion a value. Statements run under a background context, since the
// driver starts a goroutine a statement to watch any other; Tx and Rows look at the caller's instead.
type lite struct {
	conn  driver.Conn
	stmts map[string]liteStmt
	args  []driver.NamedValue
}

func openLite(path, settings string) (*lite, error) {
	c, err := sqlite.NewConnector(path + "?" + settings)
	if err != nil {
		return nil, fmt.Errorf("sqlite settings: %w", err)
	}
	conn, err := c.Connect(context.Background())
	if err != nil {
		return nil, fmt.Errorf("sqlite connection: %w", err)
	}
	return &lite{conn: conn, stmts: make(map[string]liteStmt, liteKept)}, nil
}

func (l *lite) close() error {
	var all error
	for _, s := range l.stmts {
		all = errors.Join(all, s.Close())
	}
	return errors.Join(all, l.conn.Close())
}

// prepared finds or makes the statement. Tx allows one walk at a time, so that none found here is in use. A full cache drops
// any: the order of a map is as good as it needs.
func (l *lite) prepared(query string) (liteStmt, error) {
	if s, ok := l.stmts[query]; ok {
		return s, nil
	}
	if len(l.stmts) >= liteKept {
		for q, s := range l.stmts {
			delete(l.stmts, q)
			if err := s.Close(); err != nil {
				return liteStmt{}, err
			}
			break
		}
	}
	text, order, err := positional(query)
	if err != nil {
		return liteStmt{}, err
	}
	s, err := l.conn.Prepare(text)
	if err != nil {
		return liteStmt{}, err
	}
	l.stmts[query] = liteStmt{s, order}
	return l.stmts[query], nil
}

// liteStmt is a prepared statement, and which argument each of its question marks stands for.
type liteStmt struct {
	driver.Stmt
	order []int
}

// bound finds the statement and arranges its arguments. The slice is used again: the driver has copied it when it returns.
func (l *lite) bound(query string, args []driver.NamedValue) (liteStmt, []driver.NamedValue, error) {
	s, err := l.prepared(query)
	if err != nil {
		return s, nil, err
	}
	l.args, err = arranged(l.args, s.order, args)
	return s, l.args, err
}

func (l *lite) exec(_ context.Context, query string, args []driver.NamedValue) (int64, error) {
	s, args, err := l.bound(query, args)
	if err != nil {
		return 0, err
	}
	res, err := s.Stmt.(driver.StmtExecContext).ExecContext(context.Background(), args)
	clear(args)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (l *lite) query(_ context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, args, err := l.bound(query, args)
	if err != nil {
		return nil, err
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(context.Background(), args)
	clear(args)
	return rows, err
}

// run is exec for the statements of sql.go that steer a transaction.
func (l *lite) run(query string) error {
	_, err := l.exec(context.Background(), query, nil)
	return err
}

// readers is the pool of reading connections. The one used last is used next, for its page cache is warm.
type readers struct {
	path  string
	turns chan struct{}
	mu    sync.Mutex
	idle  []*lite
}

func newReaders(path string) *readers {
	return &readers{path: path, turns: make(chan struct{}, min(32, 4+4*runtime.GOMAXPROCS(0)))}
}

func (p *readers) take(ctx context.Context) (*lite, error) {
	select {
	case p.turns <- struct{}{}:
	default:
		select {
		case p.turns <- struct{}{}:
		case <-ctx.Done():
			return nil, left(ctx.Err())
		}
	}
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		l := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return l, nil
	}
	p.mu.Unlock()
	l, err := openLite(p.path, liteReader)
	if err != nil {
		<-p.turns
		return nil, away(err)
	}
	return l, nil
}

func (p *readers) give(l *lite, sound bool) {
	if sound {
		p.mu.Lock()
		p.idle = append(p.idle, l)
		p.mu.Unlock()
	} else {
		_ = l.close() // a connection that could not end its transaction is of no more use
	}
	<-p.turns
}

func (p *readers) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all error
	for _, l := range p.idle {
		all = errors.Join(all, l.close())
	}
	p.idle = nil
	return all
}

// Scrub moves all that was committed out of SQLite's log and empties it: secure_delete overwrites deleted rows in the file, and their pages
// would stay in the log until later writes take their place. On PostgreSQL it does nothing. A reader that keeps the log in use for some seconds is
// an error; the log empties some other time then.
func (d *DB) Scrub() (err error) {
	if d.engine == Postgres {
		return nil
	}
	l, err := openLite(d.readers.path, liteWriter) // beside the writer, whose connection is in its loop
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	said, err := l.all("PRAGMA wal_checkpoint(TRUNCATE)", 3)
	if err != nil {
		return fmt.Errorf("empty the log: %w", err)
	}
	if len(said) != 1 || said[0][0] != "0" {
		return errors.New("empty the log: it is in use")
	}
	return nil
}
