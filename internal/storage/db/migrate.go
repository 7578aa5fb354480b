package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
)

// gooseTable is the one table without a workspace.
const gooseTable = "goose_db_version"

var errLaw = errors.New("schema law")

func migrateLite(ctx context.Context, path string, from fs.FS, beside bool) (err error) {
	c, err := sqlite.NewConnector(path + "?" + liteWriter)
	if err != nil {
		return fmt.Errorf("sqlite settings: %w", err)
	}
	pool := sql.OpenDB(c)
	pool.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, pool.Close()) }()
	p, err := goose.NewProvider(goose.DialectSQLite3, pool, liteText{from}, goose.WithDisableGlobalRegistry(true))
	if errors.Is(err, goose.ErrNoMigrations) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if beside {
		return upToDate(ctx, p)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return nil
}

// upToDate refuses a schema of another version of the program.
func upToDate(ctx context.Context, p *goose.Provider) error {
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("version of the schema: %w", err)
	}
	if have != want {
		return fmt.Errorf("%w: it is at version %d and the program at %d", errLaw, have, want)
	}
	return nil
}

// liteText gives the migrations with their SQLite-only parts uncovered.
type liteText struct{ fs.FS }

func (t liteText) Open(name string) (fs.File, error) {
	f, err := t.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &liteFile{File: f, text: strings.NewReader(uncover(string(text)))}, nil
}

func uncover(text string) string {
	const open, end = "/*sqlite ", "*/"
	var b strings.Builder
	for {
		at := strings.Index(text, open)
		if at < 0 {
			break
		}
		stop := strings.Index(text[at:], end)
		if stop < 0 {
			break
		}
		b.WriteString(text[:at])
		b.WriteString(text[at+len(open) : at+stop])
		text = text[at+stop+len(end):]
	}
	b.WriteString(text)
	return b.String()
}

type liteFile struct {
	fs.File
	text *strings.Reader
}

func (f *liteFile) Read(p []byte) (int, error) { return f.text.Read(p) }

// checkLite refuses a file that does not wait for the disk and a schema in which a table lacks its workspace.
func checkLite(l *lite) error {
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"} {
		got, err := l.all("PRAGMA "+pragma, 1)
		if err != nil {
			return fmt.Errorf("setting %s: %w", pragma, err)
		}
		if len(got) != 1 || got[0][0] != want {
			return fmt.Errorf("setting %s: %w: it is not %s", pragma, errLaw, want)
		}
	}
	objects, err := l.all(liteCatalogue, 3)
	if err != nil {
		return fmt.Errorf("catalogue: %w", err)
	}
	for _, o := range objects {
		if o[1] == gooseTable {
			continue
		}
		if err := l.lawful(o[0], o[1], o[2]); err != nil {
			return err
		}
	}
	return nil
}

// lawful judges one object. A deferred constraint would fail at the commit that many Writes share; views and triggers could
// reach past the pin.
func (l *lite) lawful(kind, name, text string) error {
	switch {
	case kind == "index":
		return nil
	case kind != "table":
		return fmt.Errorf("%w: %s %s", errLaw, kind, name)
	case strings.Contains(strings.ToUpper(text), "DEFERRED"):
		return fmt.Errorf("%w: table %s has a deferred constraint", errLaw, name)
	}
	columns, err := l.all(liteColumns, 4, name)
	if err != nil {
		return fmt.Errorf("columns of %s: %w", name, err)
	}
	if len(columns) == 0 || columns[0][0] != "workspace" || columns[0][1] != "BYTEA" || columns[0][2] != "1" || columns[0][3] != "1" {
		return fmt.Errorf("%w: table %s does not begin with workspace BYTEA NOT NULL, first in its primary key", errLaw, name)
	}
	return nil
}

// all reads a small catalogue query as text.
func (l *lite) all(query string, width int, args ...any) ([][]string, error) {
	bound := make([]driver.NamedValue, 0, len(args))
	for i, a := range args {
		bound = append(bound, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	rows, err := l.query(context.Background(), query, bound)
	if err != nil {
		return nil, err
	}
	var out [][]string
	row := make([]driver.Value, width)
	for err = rows.Next(row); err == nil; err = rows.Next(row) {
		line := make([]string, width)
		for i, v := range row {
			line[i] = fmt.Sprint(v)
		}
		out = append(out, line)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return out, errors.Join(err, rows.Close())
}
