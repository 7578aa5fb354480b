// Package db knows bytes and transactions and no subject: Read, Write, a Tx pinned to one workspace, migrations, and
// the telling of events after commit. It runs on SQLite (embedded, one writer) or PostgreSQL (several nodes).
//
// # What it owns
//
// The connections, the transactions, the schema's catalogue (that every table carries its workspace), row security on
// PostgreSQL, and goose's table of versions. Tables belong to the rooms, whose migrations stand in migrations/.
//
// # What it refuses
//
// A transaction without a permit; a Write inside a Write; a statement on a Tx whose fn has returned; a statement that
// neither says `workspace = $1` nor inserts `workspace` as its first column; several statements in one text; a commit
// of an audited act that nobody witnessed; a start on a schema with a table that has no workspace; a start on
// PostgreSQL as a role that could step around row security; a PostgreSQL server that acknowledges before it is durable.
//
// A statement that failed spoils its transaction on both engines, as PostgreSQL has it: Write returns that error even if fn
// swallowed it. Where a collision is expected, say ON CONFLICT.
//
// # Security argument
//
// Nobody reaches a row without an access.Permit, which only the law makes (ASVS 8.2.1, 8.3.1). The permit names the
// workspace, and Tx itself puts it into every statement as $1; a room cannot give another one. That a statement uses $1 is judged
// when it is first prepared, on both engines. So a statement crosses tenants only if it names two tables and pins one
// (ASVS 8.4.1). On PostgreSQL such a mistake, too, reads nothing: row security is forced on every table, made by this
// code from the catalogue and not by hand, read back at each start, and the serving role owns nothing and may not bypass it;
// with the settings unset no row is visible. The settings are local to the transaction, so that a pooled connection
// carries nothing over. The house and the listed statements across workspaces need a permit whose scope says so.
//
// Arguments travel as parameters only (ASVS 1.2.4). The one text that this package makes itself, the pin of a
// PostgreSQL transaction, holds 32 hex digits of an id and two words from a fixed list.
//
// Durable before acknowledged: SQLite runs with synchronous=FULL in WAL, PostgreSQL with synchronous_commit, and both are
// read back at the start. Writes that share a SQLite transaction are walled off by savepoints: an error or panic undoes its
// own only; a failed commit fails them all, and nothing is told.
//
// Errors carry codes and names of constraints, never values.
//
// What is left: on SQLite the pin of each statement is the only wall between tenants, which is why a test of the whole
// tree reads every statement; the database file is created 0600 and its private columns are sealed by guard/vault. PostgreSQL's
// owner role can read all rows' clear columns, and a migration that changes rows must lift FORCE for itself; the next start
// sets it again. Anyone who may connect to the PostgreSQL database can NOTIFY: events are hints, they hold ids, and who
// hears one reads again under a permit of its own.
package db
