package db

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parlatory/test/postgres"
)

var update = flag.Bool("update", os.Getenv("UPDATE_GOLDEN") == "1", "write the golden schemas anew")

// golden compares a schema with the one that was reviewed.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the schema differs from %s: look at the difference, then run the test with -update\n%s", path, difference(string(want), got))
	}
}

func difference(want, got string) string {
	var b strings.Builder
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	have := map[string]bool{}
	for _, line := range w {
		have[line] = true
	}
	now := map[string]bool{}
	for _, line := range g {
		if now[line] = true; !have[line] {
			fmt.Fprintln(&b, "+", line)
		}
	}
	for _, line := range w {
		if !now[line] {
			fmt.Fprintln(&b, "-", line)
		}
	}
	return b.String()
}

func TestSchemaOfSQLite(t *testing.T) {
	d, err := Open(context.Background(), Options{SQLite: filepath.Join(t.TempDir(), "schema.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	l, err := d.readers.take(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer d.readers.give(l, true)
	objects, err := l.all(liteCatalogue, 3)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, o := range objects {
		fmt.Fprintf(&b, "%s;\n\n", o[2])
	}
	golden(t, "schema.sqlite.sql", b.String())
}

const describePostgres = `
SELECT 1, c.relname, a.attnum, format('%s.%s %s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
	coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), ''))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
UNION ALL SELECT 2, c.relname, row_number() OVER (PARTITION BY c.oid ORDER BY k.conname), format('%s %s %s', c.relname, k.conname, pg_get_constraintdef(k.oid))
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE c.relnamespace = current_schema()::regnamespace
UNION ALL SELECT 3, tablename, row_number() OVER (PARTITION BY tablename ORDER BY indexname), indexdef FROM pg_indexes WHERE schemaname = current_schema()
UNION ALL SELECT 4, tablename, row_number() OVER (PARTITION BY tablename ORDER BY policyname), format('%s %s %s %s USING %s CHECK %s', tablename, policyname, cmd, roles, qual, with_check)
FROM pg_policies WHERE schemaname = current_schema()
UNION ALL SELECT 5, c.relname, 0, format('%s row security %s forced %s', c.relname, c.relrowsecurity, c.relforcerowsecurity)
FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
UNION ALL SELECT 6, table_name, row_number() OVER (PARTITION BY table_name ORDER BY privilege_type), format('%s %s may %s', table_name, grantee, privilege_type)
FROM information_schema.role_table_grants WHERE table_schema = current_schema() AND grantee <> 'parlatory_owner'
ORDER BY 2, 1, 3`

func TestSchemaOfPostgres(t *testing.T) {
	serving, owner := postgres.Start(t)
	d, err := Open(context.Background(), Options{Postgres: serving, PostgresOwner: owner})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	rows, err := d.cluster.reads.Query(describePostgres)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var b strings.Builder
	table := ""
	for rows.Next() {
		var kind, place int
		var name, text string
		if err := rows.Scan(&kind, &name, &place, &text); err != nil {
			t.Fatal(err)
		}
		if name != table {
			fmt.Fprintf(&b, "\n-- %s\n", name)
			table = name
		}
		fmt.Fprintln(&b, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	golden(t, "schema.postgres.sql", b.String())
}
