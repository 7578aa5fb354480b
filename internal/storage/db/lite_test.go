package db

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"parlatory"
)

// together holds the writer until all functions wait in its queue, so that they share a transaction, and gives their answers.
func together(t *testing.T, d *DB, ws parlatory.WorkspaceID, fns ...func(*Tx) error) []error {
	t.Helper()
	p := permit(t, noteWrite, ws)
	started, release := make(chan struct{}), make(chan struct{})
	answers := make([]error, len(fns))
	var all sync.WaitGroup
	all.Go(func() {
		answers[0] = write(d, p, func(tx *Tx) error { close(started); <-release; return fns[0](tx) })
	})
	<-started
	for i, fn := range fns[1:] {
		all.Go(func() { answers[i+1] = write(d, p, fn) })
		for len(d.writer.queue) <= i {
		}
	}
	close(release)
	all.Wait()
	return answers
}

func unavailable(err error) bool { return parlatory.KindOf(err) == parlatory.KindUnavailable }

func TestFullDiskSaysSoAndLeavesNothingHalf(t *testing.T) {
	d := openTestLite(t)
	ws, r := workspace(), room()
	fill := func(tx *Tx) error {
		l := tx.session.(*lite)
		pages, err := l.all("PRAGMA page_count", 1)
		if err != nil {
			return err
		}
		if err := l.run("PRAGMA max_page_count=" + pages[0][0]); err != nil {
			return err
		}
		_, err = tx.Exec(insertNote, r, 50, client(), tx.Now(), "message", make([]byte, 1<<20))
		return err
	}
	// Alone: its own error, nothing saved.
	if err := write(d, permit(t, noteWrite, ws), fill); !unavailable(err) || !strings.Contains(err.Error(), "disk is full") {
		t.Fatal(err)
	}
	widen := func(tx *Tx) error { return tx.session.(*lite).run("PRAGMA max_page_count=1000000") }
	// In company: SQLite may undo all that share the transaction; then all are told so, and none is half there.
	answers := together(t, d, ws, func(tx *Tx) error { return errors.Join(widen(tx), post(tx, r, 1)) }, func(tx *Tx) error { return post(tx, r, 2) }, fill)
	if !unavailable(answers[2]) {
		t.Error("the one that did not fit:", answers[2])
	}
	saved := 0
	for _, err := range answers[:2] {
		if err == nil {
			saved++
		} else if !unavailable(err) {
			t.Error(err)
		}
	}
	if n := count(t, d, ws); n != saved {
		t.Error("notes:", n, "acknowledged:", saved)
	}
	if err := write(d, permit(t, noteWrite, ws), func(tx *Tx) error { return errors.Join(widen(tx), post(tx, r, 3)) }); err != nil {
		t.Error("after room was made:", err)
	}
}

// broken is a COMMIT that fails.
type broken struct{ driver.Stmt }

var errBroken = errors.New("the disk said no")

func (broken) Close() error { return nil }
func (broken) ExecContext(context.Context, []driver.NamedValue) (driver.Result, error) {
	return nil, errBroken
}

func TestFailedCommitFailsAllAndTellsNothing(t *testing.T) {
	d := openTestLite(t)
	l := &listener{}
	d.Listen(l)
	ws, r := workspace(), room()
	if err := write(d, permit(t, noteWrite, ws), func(tx *Tx) error { return post(tx, r, 9) }); err != nil {
		t.Fatal(err)
	}
	var sound liteStmt
	answers := together(t, d, ws,
		func(tx *Tx) error {
			stmts := tx.session.(*lite).stmts
			sound, stmts[liteCommit] = stmts[liteCommit], liteStmt{Stmt: broken{}}
			posted(tx, r, 1)
			return post(tx, r, 1)
		},
		func(tx *Tx) error { posted(tx, r, 2); return post(tx, r, 2) },
	)
	for i, err := range answers {
		if !unavailable(err) || !errors.Is(err, errBroken) {
			t.Error("answer", i, "is", err)
		}
	}
	if err := write(d, permit(t, noteWrite, ws), func(tx *Tx) error {
		tx.session.(*lite).stmts[liteCommit] = sound
		posted(tx, r, 3)
		return post(tx, r, 3)
	}); err != nil {
		t.Fatal(err)
	}
	if all := l.wait(t, 1); len(all) != 1 || all[0].Seq != 3 {
		t.Error("told:", all)
	}
	if n := count(t, d, ws); n != 2 {
		t.Error("notes:", n)
	}
}

// TestNestedWriteWithAForeignContextFails: without the answer, the writer would wait for itself.
func TestNestedWriteWithAForeignContextFails(t *testing.T) {
	d := openTestLite(t)
	ws, r := workspace(), room()
	p := permit(t, noteWrite, ws)
	err := write(d, p, func(tx *Tx) error {
		return write(d, p, func(tx *Tx) error { return post(tx, r, 1) })
	})
	if !errors.Is(err, errNested) {
		t.Fatal(err)
	}
	if err := write(d, p, func(tx *Tx) error { return post(tx, r, 2) }); err != nil {
		t.Fatal(err)
	}
	if n := count(t, d, ws); n != 1 {
		t.Error("notes:", n)
	}
}

func TestFileIsPrivateAndWaitsForTheDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "private.db")
	d, err := Open(context.Background(), Options{SQLite: path, Migrations: testFS()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	ws := workspace()
	if err := write(d, permit(t, noteWrite, ws), func(tx *Tx) error {
		for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "temp_store": "2"} {
			got, err := tx.session.(*lite).all("PRAGMA "+pragma, 1)
			if err != nil || got[0][0] != want {
				t.Error(pragma, "is", got, err)
			}
		}
		return post(tx, room(), 1)
	}); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(path + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Error(suffix, "is", info, err)
		}
	}
}

func TestPathMayHoldAnything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "what? 100%#&_sync=OFF.db")
	d, err := Open(context.Background(), Options{SQLite: path, Migrations: testFS()})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
}

// unlawful schemas, and a word of the refusal.
var unlawful = map[string][2]string{
	"no workspace":         {"CREATE TABLE x (a BIGINT PRIMARY KEY)", "does not begin with workspace"},
	"workspace not first":  {"CREATE TABLE x (a BIGINT NOT NULL, workspace BYTEA NOT NULL, PRIMARY KEY (workspace, a))", "does not begin with workspace"},
	"workspace not in key": {"CREATE TABLE x (workspace BYTEA NOT NULL, a BIGINT NOT NULL, PRIMARY KEY (a))", "does not begin with workspace"},
	"workspace nullable":   {"CREATE TABLE x (workspace BYTEA, a BIGINT)", "does not begin with workspace"},
	"a view":               {"CREATE VIEW x AS SELECT 1 AS workspace", "x"},
	"deferred": {"CREATE TABLE x (workspace BYTEA NOT NULL, a BIGINT NOT NULL, b BIGINT, PRIMARY KEY (workspace, a), " +
		"FOREIGN KEY (workspace, b) REFERENCES x (workspace, a) DEFERRABLE INITIALLY DEFERRED)", "constraint"},
}

func badFS(text string) fstest.MapFS {
	return fstest.MapFS{"0001_bad.sql": {Data: []byte("-- +goose Up\n" + text + ";\n")}}
}

func TestUnlawfulSchemaRefusesTheStart(t *testing.T) {
	for name, c := range unlawful {
		_, err := Open(context.Background(), Options{SQLite: filepath.Join(t.TempDir(), "bad.db"), Migrations: badFS(c[0])})
		if !errors.Is(err, errLaw) || !strings.Contains(err.Error(), c[1]) {
			t.Error(name, "answered", err)
		}
	}
}

func TestUncover(t *testing.T) {
	for in, want := range map[string]string{
		"a /*sqlite B */ c": "a B  c", "a /* b */": "a /* b */", "/*sqlite open": "/*sqlite open", "/*sqlite A*//*sqlite B*/": "AB", "": "",
	} {
		if got := uncover(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}

// TestWritesShareACommit holds the writer in one job while others queue, and counts the commits by the state of the file: the jobs
// that waited were answered together, after the slow one.
func TestWritesShareACommit(t *testing.T) {
	d := openTestLite(t)
	ws, r := workspace(), room()
	p := permit(t, noteWrite, ws)
	started, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_ = write(d, p, func(tx *Tx) error { close(started); <-release; return post(tx, r, 0) })
	})
	<-started
	for i := range 20 {
		all.Go(func() {
			if err := write(d, p, func(tx *Tx) error { return post(tx, r, int64(i+1)) }); err != nil {
				t.Error(err)
			}
		})
	}
	for len(d.writer.queue) < 20 {
		time.Sleep(time.Millisecond)
	}
	all.Go(func() {
		if err := write(d, p, func(tx *Tx) error {
			// The others have run in this transaction, and nobody outside sees them yet.
			if n := count(t, d, ws); n != 0 {
				t.Error("committed before:", n)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
	for len(d.writer.queue) < 21 {
		time.Sleep(time.Millisecond)
	}
	close(release)
	all.Wait()
	if n := count(t, d, ws); n != 21 {
		t.Error("notes:", n)
	}
}

func TestGoexitInsideAWriteLeavesTheWriterAlive(t *testing.T) {
	d := openTestLite(t)
	ws, r := workspace(), room()
	p := permit(t, noteWrite, ws)
	if err := write(d, p, func(tx *Tx) error { _ = post(tx, r, 1); exit(); return nil }); parlatory.KindOf(err) != parlatory.KindUnavailable {
		t.Error(err)
	}
	if err := write(d, p, func(tx *Tx) error { return post(tx, r, 2) }); err != nil {
		t.Error(err)
	}
	if n := count(t, d, ws); n != 1 {
		t.Error("notes:", n)
	}
}

func TestReopenKeepsTheRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kept.db")
	ws := workspace()
	for want := range 3 {
		d, err := Open(context.Background(), Options{SQLite: path, Migrations: testFS()})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, d, ws); n != want {
			t.Error("notes:", n, "want", want)
		}
		if err := write(d, permit(t, noteWrite, ws), func(tx *Tx) error { return post(tx, room(), 1) }); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What was deleted is in neither file while the database is open: not in the log either, once that was emptied.
func TestScrubEmptiesTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scrub.db")
	d, err := Open(context.Background(), Options{SQLite: path, Migrations: testFS()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	word := []byte("canary-of-a-deleted-row")
	has := func() (where []string) {
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, word) {
				where = append(where, "file"+suffix)
			}
		}
		return where
	}
	p := permit(t, noteWrite, workspace())
	do := func(query string, args ...any) {
		t.Helper()
		if err := write(d, p, func(tx *Tx) error { _, err := tx.Exec(query, args...); return err }); err != nil {
			t.Fatal(err)
		}
	}
	do(insertNote, room(), 1, client(), time.Unix(1, 0), "message", word)
	do("DELETE FROM notes WHERE workspace = $1")
	if len(has()) == 0 {
		t.Fatal("the row was nowhere: this test looks at the wrong place")
	}
	if err := d.Scrub(); err != nil {
		t.Fatal(err)
	}
	if where := has(); len(where) > 0 {
		t.Errorf("a deleted row is still in %v", where)
	}
}
