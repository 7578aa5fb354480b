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
