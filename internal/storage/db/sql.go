package db

// These statements name no room's table: they steer transactions and read the engines' catalogues, so that no
// workspace stands in them.
const (
	liteBegin     = "BEGIN IMMEDIATE"
	liteBeginRead = "BEGIN DEFERRED"
	liteCommit    = "COMMIT"
	liteRollback  = "ROLLBACK"
	liteSavepoint = "SAVEPOINT one"
	liteUndo      = "ROLLBACK TO one"
	liteRelease   = "RELEASE one"
	liteAlive     = "SELECT 1"

	// Name and text of each table, index, view and trigger, in a stable order.
	liteCatalogue = "SELECT type, name, coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY tbl_name, type DESC, name"
	// Columns of a table in order, with their place in the primary key.
	liteColumns = "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?) ORDER BY cid"
)

// PostgreSQL.
const (
	// The first half of a transaction's beginning; postgres.go adds the pin.
	pgBeginWrite = "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT "
	pgBeginRead  = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT "
	pgCommit     = "COMMIT"
	pgRollback   = "ROLLBACK"
	pgAlive      = "SELECT 1"

	pgLock   = "SELECT pg_advisory_lock(7310001)"
	pgUnlock = "SELECT pg_advisory_unlock(7310001)"

	pgListen = "LISTEN parlatory_told"
	pgTell   = "SELECT pg_notify('parlatory_told', $1)" // inside the transaction: told with its commit
	pgNotify = "SELECT pg_notify('parlatory_told', p) FROM unnest($1::text[]) AS p"

	// What the role that asks could become: a superuser, one that row security does not bind.
	pgRoleStrength = "SELECT coalesce(bool_or(rolsuper), false), coalesce(bool_or(rolbypassrls), false) FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')"
	// May it make objects beside the migrated ones, and is there a function that runs as somebody else?
	pgSchemaStrength = "SELECT has_schema_privilege(session_user, current_schema()::text, 'CREATE'), " +
		"(SELECT count(*) FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND prosecdef)"
	pgDurability = "SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes')"
	pgRoleName   = "SELECT session_user::text"

	// Tables and whatever else can be read, with what the asking role may do to them beyond the four verbs.
	pgTables = "SELECT c.relname::text, c.relkind::text, c.relrowsecurity, c.relforcerowsecurity, pg_has_role(session_user, c.relowner, 'MEMBER'), " +
		"has_table_privilege(session_user, c.oid, 'TRUNCATE') OR has_table_privilege(session_user, c.oid, 'REFERENCES') OR has_table_privilege(session_user, c.oid, 'TRIGGER'), " +
		"EXISTS (SELECT FROM pg_attribute a JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND i.indkey[0] = a.attnum " +
		"WHERE a.attrelid = c.oid AND a.attnum = 1 AND a.attname = 'workspace' AND a.atttypid = 'bytea'::regtype AND a.attnotnull), " +
		"EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.condeferrable), " +
		"EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid) OR EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal) " +
		"FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY c.relname"
	// Each table's policies as the server itself spells them.
	pgPolicies = "SELECT p.polname::text, p.polcmd::text, p.polpermissive, p.polroles = '{0}'::oid[], coalesce(pg_get_expr(p.polqual, p.polrelid), ''), " +
		"coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid " +
		"WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = $1 ORDER BY p.polname"

	// Row security. The settings are read with "missing is no error": unset, they are NULL or empty, and no row is visible.
	pgEnable  = "ALTER TABLE %[1]s ENABLE ROW LEVEL SECURITY"
	pgForce   = "ALTER TABLE %[1]s FORCE ROW LEVEL SECURITY"
	pgDropOne = "DROP POLICY %[2]s ON %[1]s"
	pgPinned  = "CREATE POLICY parlatory_pinned ON %[1]s FOR ALL TO PUBLIC USING " + pgPinnedRule + " WITH CHECK " + pgPinnedRule
	pgAcross  = "CREATE POLICY parlatory_across ON %[1]s FOR SELECT TO PUBLIC USING " + pgAcrossRule
	pgRevoke  = "REVOKE ALL ON %[1]s FROM PUBLIC, %[2]s"
	pgGrant   = "GRANT SELECT, INSERT, UPDATE, DELETE ON %[1]s TO %[2]s"
	pgUse     = "GRANT USAGE ON SCHEMA %[1]s TO %[2]s"
	pgLook    = "GRANT SELECT ON %[1]s TO %[2]s"
	pgSchema  = "SELECT current_schema()::text"

	pgPinnedRule = "((workspace = decode(current_setting('parlatory.workspace'::text, true), 'hex'::text)) OR " +
		"((current_setting('parlatory.house'::text, true) = 'on'::text) AND (workspace = decode('ff000000000070008000000000000001'::text, 'hex'::text))))"
	pgAcrossRule = "(current_setting('parlatory.across'::text, true) = 'on'::text)"
)
