package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"database/sql"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
)

// pgTable is a line of the catalogue.
type pgTable struct {
	name, kind      string
	enabled, forced bool
	owned, strong   bool
	pinned          bool
	deferred, rules bool
}

type policy struct {
	name, verb      string
	permits, public bool
	using, check    string
}

// pgLaw is what every table carries, as the server spells it back.
var pgLaw = [...]policy{
	{"parlatory_across", "r", true, true, pgAcrossRule, ""},
	{"parlatory_pinned", "*", true, true, pgPinnedRule, pgPinnedRule},
}

// migratePostgres runs as the owner, one node at a time. Without an owner's URL the schema must be up to date.
func (d *DB) migratePostgres(ctx context.Context, o Options, serving door) (err error) {
	through := serving
	if o.PostgresOwner != "" && !o.Beside {
		config, err := pgConfig(o.PostgresOwner, d)
		if err != nil {
			return err
		}
		through = door{config, o.Owner}
		if o.Owner != nil {
			config.RuntimeParams["role"] = config.User // what is made belongs to the role that stays
		}
		config.RuntimeParams["statement_timeout"], config.RuntimeParams["lock_timeout"] = "0", "60000"
	}
	pool := sql.OpenDB(through)
	pool.SetMaxOpenConns(2)
	defer func() { err = errors.Join(err, pool.Close()) }()
	if o.PostgresOwner == "" || o.Beside {
		return current(ctx, pool, o.Migrations)
	}
	lock, err := pool.Conn(ctx)
	if err != nil {
		return statementFault(err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if _, err := lock.ExecContext(ctx, pgLock); err != nil {
		return fmt.Errorf("lock of the migration: %w", statementFault(err))
	}
	defer func() {
		_, e := lock.ExecContext(context.WithoutCancel(ctx), pgUnlock)
		err = errors.Join(err, e)
	}()
	if err := migrate(ctx, pool, o.Migrations); err != nil {
		return err
	}
	return secure(ctx, lock, serving.config.User)
}

func provider(pool *sql.DB, from fs.FS) (*goose.Provider, error) {
	p, err := goose.NewProvider(goose.DialectPostgres, pool, from, goose.WithDisableGlobalRegistry(true))
	if err != nil && !errors.Is(err, goose.ErrNoMigrations) {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return p, nil
}

func migrate(ctx context.Context, pool *sql.DB, from fs.FS) error {
	p, err := provider(pool, from)
	if p == nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return nil
}

func current(ctx context.Context, pool *sql.DB, from fs.FS) error {
	p, err := provider(pool, from)
	if p == nil {
		return err
	}
	if err := upToDate(ctx, p); err != nil {
		return fmt.Errorf("%w; start the server once with the owner's URL", err)
	}
	return nil
}

// secure makes row security and grants what they must be, for every table of the catalogue. Tables that are right
// already are not touched: ALTER TABLE would wait for all readers.
func secure(ctx context.Context, c *sql.Conn, serving string) error {
	role := pgx.Identifier{serving}.Sanitize()
	var schema string
	if err := c.QueryRowContext(ctx, pgSchema).Scan(&schema); err != nil {
		return fmt.Errorf("schema: %w", statementFault(err))
	}
	if err := apply(ctx, c, pgUse, pgx.Identifier{schema}.Sanitize(), role); err != nil {
		return err
	}
	tables, err := catalogue(ctx, c)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := t.built(); err != nil {
			return err
		}
		name := pgx.Identifier{schema, t.name}.Sanitize()
		if err := apply(ctx, c, pgRevoke, name, role); err != nil {
			return err
		}
		if t.name == gooseTable {
			if err := apply(ctx, c, pgLook, name, role); err != nil {
				return err
			}
			continue
		}
		if err := secureTable(ctx, c, t, name); err != nil {
			return err
		}
		if err := apply(ctx, c, pgGrant, name, role); err != nil {
			return err
		}
	}
	return nil
}

func secureTable(ctx context.Context, c *sql.Conn, t pgTable, name string) error {
	if !t.enabled {
		if err := apply(ctx, c, pgEnable, name); err != nil {
			return err
		}
	}
	if !t.forced {
		if err := apply(ctx, c, pgForce, name); err != nil {
			return err
		}
	}
	have, err := policies(ctx, c, t.name)
	if err != nil || matches(have) {
		return err
	}
	for _, p := range have {
		if err := apply(ctx, c, pgDropOne, name, pgx.Identifier{p.name}.Sanitize()); err != nil {
			return err
		}
	}
	if err := apply(ctx, c, pgPinned, name); err != nil {
		return err
	}
	return apply(ctx, c, pgAcross, name)
}

// apply runs a statement in which only quoted names of the catalogue are put.
func apply(ctx context.Context, c *sql.Conn, text string, names ...string) error {
	args := make([]any, len(names))
	for i, n := range names {
		args[i] = n
	}
	if _, err := c.ExecContext(ctx, fmt.Sprintf(text, args...)); err != nil {
		return fmt.Errorf("row security of %s: %w", names[0], statementFault(err))
	}
	return nil
}

func catalogue(ctx context.Context, c *sql.Conn) (all []pgTable, err error) {
	rows, err := c.QueryContext(ctx, pgTables)
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", statementFault(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var t pgTable
		if err := rows.Scan(&t.name, &t.kind, &t.enabled, &t.forced, &t.owned, &t.strong, &t.pinned, &t.deferred, &t.rules); err != nil {
			return nil, fmt.Errorf("catalogue: %w", err)
		}
		all = append(all, t)
	}
	return all, rows.Err()
}

func policies(ctx context.Context, c *sql.Conn, table string) (all []policy, err error) {
	rows, err := c.QueryContext(ctx, pgPolicies, table)
	if err != nil {
		return nil, fmt.Errorf("policies of %s: %w", table, statementFault(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p policy
		if err := rows.Scan(&p.name, &p.verb, &p.permits, &p.public, &p.using, &p.check); err != nil {
			return nil, fmt.Errorf("policies of %s: %w", table, err)
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

func matches(have []policy) bool {
	return len(have) == len(pgLaw) && have[0] == pgLaw[0] && have[1] == pgLaw[1]
}

// check runs as the serving role: it refuses to serve where row security would not bind that role, or does not stand.
func (c *cluster) check(ctx context.Context) (err error) {
	conn, err := c.reads.Conn(ctx)
	if err != nil {
		return statementFault(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := checkRole(ctx, conn); err != nil {
		return err
	}
	tables, err := catalogue(ctx, conn)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := t.lawful(); err != nil {
			return err
		}
		if t.name == gooseTable {
			continue
		}
		have, err := policies(ctx, conn, t.name)
		if err != nil {
			return err
		}
		if !matches(have) {
			return fmt.Errorf("%w: table %s does not have the policies that the program makes; start once with the owner's URL", errLaw, t.name)
		}
	}
	return nil
}

func checkRole(ctx context.Context, conn *sql.Conn) error {
	var super, bypass, create bool
	var definers int
	var fsync, commit, pages string
	if err := conn.QueryRowContext(ctx, pgRoleStrength).Scan(&super, &bypass); err != nil {
		return fmt.Errorf("serving role: %w", statementFault(err))
	}
	if err := conn.QueryRowContext(ctx, pgSchemaStrength).Scan(&create, &definers); err != nil {
		return fmt.Errorf("serving role: %w", statementFault(err))
	}
	if err := conn.QueryRowContext(ctx, pgDurability).Scan(&fsync, &commit, &pages); err != nil {
		return fmt.Errorf("durability: %w", statementFault(err))
	}
	switch {
	case super:
		return fmt.Errorf("%w: the serving role is, or may become, a superuser", errLaw)
	case bypass:
		return fmt.Errorf("%w: the serving role bypasses row security, or may become one that does", errLaw)
	case create:
		return fmt.Errorf("%w: the serving role may create objects in the schema", errLaw)
	case definers > 0:
		return fmt.Errorf("%w: the schema holds functions that run as their owner", errLaw)
	case commit == "off" || fsync != "on" || pages != "on":
		return fmt.Errorf("%w: the server acknowledges before it is durable (fsync, full_page_writes and synchronous_commit must be on)", errLaw)
	}
	return nil
}

// lawful is what the serving role asks of a table.
func (t pgTable) lawful() error {
	switch err := t.built(); {
	case err != nil:
		return err
	case t.owned:
		return fmt.Errorf("%w: the serving role owns table %s, or may become its owner", errLaw, t.name)
	case t.strong:
		return fmt.Errorf("%w: the serving role may truncate, refer to or put triggers on table %s", errLaw, t.name)
	case t.name != gooseTable && (!t.enabled || !t.forced):
		return fmt.Errorf("%w: row security is not forced on table %s; start once with the owner's URL", errLaw, t.name)
	}
	return nil
}

// built is what the migrations must have made of it.
func (t pgTable) built() error {
	switch {
	case t.kind != "r" && t.kind != "p":
		return fmt.Errorf("%w: %s is no table", errLaw, t.name)
	case t.name == gooseTable:
		return nil
	case !t.pinned:
		return fmt.Errorf("%w: table %s does not begin with workspace BYTEA NOT NULL, first in its primary key", errLaw, t.name)
	case t.deferred:
		return fmt.Errorf("%w: table %s has a deferrable constraint", errLaw, t.name)
	case t.rules:
		return fmt.Errorf("%w: table %s has triggers or rules", errLaw, t.name)
	}
	return nil
}
