package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/test/postgres"
)

// raw is the hook around the judgement of statements and the pin: what a mistake in this package would let through.
func raw(tx *Tx, query string) (n int64, err error) {
	rows, err := tx.session.query(context.Background(), query, nil)
	if err != nil {
		return 0, err
	}
	r := &Rows{turn: tx.turn, rows: rows, row: make([]driver.Value, len(rows.Columns()))}
	defer func() { err = errors.Join(err, r.Close()) }()
	if !r.Next() {
		return 0, r.Err()
	}
	return n, r.Scan(&n)
}

// TestForgottenWhereReadsNothingForeign writes two workspaces' rows and the house's, then runs statements without any WHERE.
//
// ASVS V8.4.1
func TestForgottenWhereReadsNothingForeign(t *testing.T) {
	d := openTestPostgres(t)
	ws, other := workspace(), workspace()
	for i, w := range []parlatory.WorkspaceID{ws, other, other, parlatory.House, parlatory.House, parlatory.House} {
		if err := write(d, permit(t, noteWrite, w), func(tx *Tx) error { return post(tx, room(), int64(i)) }); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		act  func() int64
		want int64
	}{
		"own":            {func() int64 { return mustRaw(t, d, noteWrite, ws, forgottenRead) }, 1},
		"own and house":  {func() int64 { return mustRaw(t, d, noteHouse, ws, forgottenRead) }, 4},
		"listed, across": {func() int64 { return mustRaw(t, d, noteAcross, ws, forgottenRead) }, 6},
	} {
		if n := c.act(); n != c.want {
			t.Error(name, "saw", n, "want", c.want)
		}
	}
	// Changes: nobody's but the own rows, even where all may be read.
	for _, act := range []string{"write", "across"} {
		a := noteWrite
		if act == "across" {
			a = noteAcross
		}
		if err := write(d, permit(t, a, ws), func(tx *Tx) error {
			n, err := tx.session.exec(context.Background(), "UPDATE notes SET kind = 'stolen'", nil)
			if n != 1 {
				t.Error(act, "changed", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := write(d, permit(t, a, ws), func(tx *Tx) error {
			n, err := tx.session.exec(context.Background(), "DELETE FROM notes WHERE workspace <> decode('"+hexOf(ws)+"', 'hex')", nil)
			if n != 0 {
				t.Error(act, "deleted", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		err := write(d, permit(t, a, ws), func(tx *Tx) error {
			_, err := tx.session.exec(context.Background(), "INSERT INTO heads (workspace, room, head) VALUES (decode('"+hexOf(other)+"', 'hex'), '\\x01', 1)", nil)
			return err
		})
		if err == nil {
			t.Error(act, "inserted into another workspace")
		}
	}
}

func mustRaw(t *testing.T, d *DB, act access.Act, ws parlatory.WorkspaceID, query string) (n int64) {
	t.Helper()
	if err := d.Read(context.Background(), permit(t, act, ws), func(tx *Tx) (err error) {
		n, err = raw(tx, query)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func hexOf(ws parlatory.WorkspaceID) string { return fmt.Sprintf("%x", ws[:]) }

// TestUnsetMeansNoRows asks on a pooled connection outside any transaction, after transactions have set it.
func TestUnsetMeansNoRows(t *testing.T) {
	d := openTestPostgres(t)
	ws := workspace()
	if err := write(d, permit(t, noteHouse, ws), func(tx *Tx) error { return errors.Join(post(tx, room(), 1), post(tx.House(), room(), 1)) }); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		var n int
		if err := d.cluster.writes.QueryRow(forgottenRead).Scan(&n); err != nil || n != 0 {
			t.Error("outside a transaction:", n, err)
		}
		if err := d.cluster.reads.QueryRow(forgottenRead).Scan(&n); err != nil || n != 0 {
			t.Error("on a fresh connection:", n, err)
		}
	}
}

func openAs(serving, owner string) error {
	d, err := Open(context.Background(), Options{Postgres: serving, PostgresOwner: owner, Migrations: testFS()})
	if err != nil {
		return err
	}
	return d.Close()
}

func database(url string) string {
	name, _, _ := strings.Cut(url[strings.LastIndexByte(url, '/')+1:], "?")
	return name
}

func TestStrongRolesAreRefused(t *testing.T) {
	s := postgres.Shared(t)
	serving, owner := postgres.Start(t)
	name := database(serving)
	if err := openAs(serving, owner); err != nil {
		t.Fatal(err)
	}
	role := func(name, attributes string) {
		if err := s.SQL("postgres", fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s' %s", name, s.Password(), attributes)); err != nil {
			t.Fatal(err)
		}
		if err := s.SQL(database(serving), "GRANT CONNECT ON DATABASE "+database(serving)+" TO "+name); err != nil {
			t.Fatal(err)
		}
	}
	role("super_role", "SUPERUSER")
	role("bypass_role", "BYPASSRLS")
	role("become_role", "IN ROLE bypass_role NOINHERIT")
	role("member_role", "IN ROLE parlatory_owner NOINHERIT")
	for role, word := range map[string]string{
		"super_role": "superuser", "bypass_role": "bypasses", "become_role": "bypasses", "member_role": "may", "parlatory_owner": "may",
	} {
		if err := openAs(s.URL(role, name), owner); !errors.Is(err, errLaw) || !strings.Contains(err.Error(), word) {
			t.Error(role, "answered", err)
		}
	}
}

func TestWeakenedRowSecurityIsRefusedAndMended(t *testing.T) {
	s := postgres.Shared(t)
	for name, text := range map[string]string{
		"not forced":      "ALTER TABLE notes NO FORCE ROW LEVEL SECURITY",
		"switched off":    "ALTER TABLE notes DISABLE ROW LEVEL SECURITY",
		"policy dropped":  "DROP POLICY parlatory_pinned ON notes",
		"policy added":    "CREATE POLICY open ON notes USING (true)",
		"policy changed":  "ALTER POLICY parlatory_pinned ON notes USING (true)",
		"across for all":  "DROP POLICY parlatory_across ON notes; CREATE POLICY parlatory_across ON notes USING (current_setting('parlatory.across'::text, true) = 'on'::text)",
		"may truncate":    "GRANT TRUNCATE ON notes TO parlatory_serving",
		"may create":      "GRANT CREATE ON SCHEMA public TO parlatory_serving",
		"runs as another": "CREATE FUNCTION all_notes() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM notes'",
		"view":            "CREATE VIEW all_notes AS SELECT * FROM notes",
		"trigger": "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; " +
			"CREATE TRIGGER f BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION f()",
	} {
		serving, owner := postgres.Start(t)
		if err := openAs(serving, owner); err != nil {
			t.Fatal(err)
		}
		if err := s.SQL(database(serving), text); err != nil {
			t.Fatal(err)
		}
		if err := openAs(serving, ""); !errors.Is(err, errLaw) {
			t.Error(name, "answered", err)
		}
		err := openAs(serving, owner)
		mended := !strings.Contains("may create runs as another view trigger", name)
		if mended != (err == nil) {
			t.Error(name, "with the owner's URL answered", err)
		}
	}
}

func TestUnlawfulSchemaRefusesTheStartOnPostgres(t *testing.T) {
	for name, c := range unlawful {
		serving, owner := postgres.Start(t)
		d, err := Open(context.Background(), Options{Postgres: serving, PostgresOwner: owner, Migrations: badFS(c[0])})
		if err == nil {
			err = d.Close()
		}
		if !errors.Is(err, errLaw) {
			t.Error(name, "answered", err)
		}
	}
}

func TestServerThatDoesNotWaitIsRefused(t *testing.T) {
	s := postgres.Shared(t)
	serving, owner := postgres.Start(t)
	if err := s.SQL("postgres", "ALTER DATABASE "+database(serving)+" SET synchronous_commit = off"); err != nil {
		t.Fatal(err)
	}
	if err := openAs(serving, owner); !errors.Is(err, errLaw) || !strings.Contains(err.Error(), "durable") {
		t.Fatal(err)
	}
}

func TestOldSchemaIsRefusedWithoutTheOwner(t *testing.T) {
	serving, _ := postgres.Start(t)
	if err := openAs(serving, ""); err == nil {
		t.Fatal("it opened an empty database")
	}
}

func TestWireToAnotherMachineIsChecked(t *testing.T) {
	for url, ok := range map[string]bool{
		"postgres://u@127.0.0.1/d":                                true,
		"postgres://u@localhost/d":                                true,
		"postgres:///d?host=/run/postgresql&user=u":               true,
		"postgres://u@db.example/d":                               false,
		"postgres://u@db.example/d?sslmode=prefer":                false,
		"postgres://u@db.example/d?sslmode=require":               false,
		"postgres://u@db.example/d?sslmode=verify-full":           true,
		"postgres://u@db.example/d?sslmode=disable":               true,
		"postgres://u@127.0.0.1,db.example/d":                     false,
		"postgres://u@127.0.0.1,db.example/d?sslmode=verify-full": true,
	} {
		_, err := pgConfig(url, &DB{log: silent})
		if (err == nil) != ok {
			t.Errorf("%s: %v", url, err)
		}
	}
}
