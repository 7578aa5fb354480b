package account

import "parlatory/internal/storage/db"

// Statements about many accounts at once.
var (
	sqlDevicesOfAll = `SELECT account, id FROM devices WHERE workspace = $1 AND account IN ` + db.InMany(2)
	sqlFailuresOf   = `SELECT key, total, cleared, at, begun_at FROM account_failures WHERE workspace = $1 AND key IN ` + db.InMany(2)
	sqlPardonsOf    = `SELECT key, total, at FROM door_pardons WHERE workspace = $1 AND key IN ` + db.InMany(2)
)

const (
	columns = `id, email_index, state, created_at, password_at, revision, sealed`

	sqlInsert  = `INSERT INTO accounts (workspace, ` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlByEmail = `SELECT ` + columns + ` FROM accounts WHERE workspace = $1 AND email_index = $2`
	sqlByID    = `SELECT ` + columns + ` FROM accounts WHERE workspace = $1 AND id = $2`
	// Whoever counts factors or memberships, and acts on the number, is alone with the account (PostgreSQL only).
	sqlByIDLocked = sqlByID + ` FOR UPDATE`

	sqlUpdate = `UPDATE accounts SET password_at = $3, revision = $4, sealed = $5 WHERE workspace = $1 AND id = $2 AND revision = $6`

	sqlPutPassword = `INSERT INTO account_passwords (workspace, account, id, created_at, sealed) VALUES ($1, $2, $3, $4, $5)`
	// The newest 24 stay: no policy can ask for more.
	sqlTrimPasswords = `DELETE FROM account_passwords WHERE workspace = $1 AND account = $2 AND id NOT IN
		(SELECT id FROM account_passwords WHERE workspace = $1 AND account = $2 ORDER BY id DESC LIMIT 24)`

	sqlPutEcho      = `INSERT INTO account_echoes (workspace, id, account, target, skip, what, at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlEchoes       = `SELECT id, account, target, skip, what, at FROM account_echoes WHERE workspace = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT 100`
	sqlPostponeEcho = `UPDATE account_echoes SET due_at = $3 WHERE workspace = $1 AND id = $2`
	sqlDeleteEcho   = `DELETE FROM account_echoes WHERE workspace = $1 AND id = $2`

	sqlDevice       = `SELECT id, account, created_at, seen_at, revision, sealed FROM devices WHERE workspace = $1 AND token_index = $2`
	sqlDeviceByID   = `SELECT account, token_index, created_at, seen_at, revision, sealed FROM devices WHERE workspace = $1 AND id = $2 AND account = $3`
	sqlDevicesOf    = `SELECT id FROM devices WHERE workspace = $1 AND account = $2`
	sqlCountDevices = `SELECT COUNT(*) FROM devices WHERE workspace = $1 AND account = $2`
	sqlPutDevice    = `INSERT INTO devices (workspace, id, account, token_index, created_at, seen_at, revision, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlKeepDevice   = `UPDATE devices SET seen_at = $3, revision = $4, sealed = $5 WHERE workspace = $1 AND id = $2 AND revision = $6`
	sqlTrimDevices  = `DELETE FROM devices WHERE workspace = $1 AND account = $2 AND id NOT IN
		(SELECT id FROM devices WHERE workspace = $1 AND account = $2 ORDER BY seen_at DESC, id DESC LIMIT $3)`
	sqlForgetDevices = `DELETE FROM devices WHERE workspace = $1 AND account = $2`
	sqlSweepDevices  = `DELETE FROM devices WHERE workspace = $1 AND seen_at <= $2`

	sqlRaise = `INSERT INTO account_failures (workspace, key, total, cleared, at, begun_at, nobody) VALUES ($1, $2, 1, 0, $3, $3, $4)
		ON CONFLICT (workspace, key) DO UPDATE SET total = account_failures.total + 1 RETURNING total, cleared, at, told_at, begun_at`
	sqlMark     = `UPDATE account_failures SET total = $3, at = $4 WHERE workspace = $1 AND key = $2`
	sqlTold     = `UPDATE account_failures SET told_at = $3 WHERE workspace = $1 AND key = $2 AND (told_at IS NULL OR told_at <= $4)`
	sqlFailures = `SELECT total, cleared, at, begun_at FROM account_failures WHERE workspace = $1 AND key = $2`
	sqlExcuse   = `UPDATE account_failures SET total = total - 1 WHERE workspace = $1 AND key = $2 AND total > cleared`
	sqlClear    = `UPDATE account_failures SET cleared = total WHERE workspace = $1 AND key = $2 AND total > cleared`
	// Those of a browser, and as many of strangers as lock everybody.
	sqlClearBoth = `UPDATE account_failures SET cleared = total WHERE workspace = $1 AND key IN ($2, $3) AND total - cleared >= CASE WHEN key = $2 THEN 1 ELSE $4 END`
	// A run of one or two is under every threshold.
	sqlSweepFailures = `DELETE FROM account_failures WHERE workspace = $1 AND (at <= $3 OR at <= $2 AND total - cleared < 3 OR at <= $4 AND nobody = 1)`

	sqlPardon    = `SELECT total, at FROM door_pardons WHERE workspace = $1 AND key = $2`
	sqlPutPardon = `INSERT INTO door_pardons (workspace, key, total, at, nobody) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (workspace, key) DO UPDATE SET total = excluded.total, at = excluded.at`
	sqlStalePardonsAcross = `SELECT DISTINCT workspace FROM door_pardons WHERE at <= $1 OR at <= $2 AND nobody = 1`
	sqlSweepPardons       = `DELETE FROM door_pardons WHERE workspace = $1 AND (at <= $2 OR at <= $3 AND nobody = 1)`

	sqlPasswords = `SELECT id, created_at, sealed FROM account_passwords WHERE workspace = $1 AND account = $2 ORDER BY id DESC LIMIT $3`
)
