package account

const (
	columns = `id, email_index, state, created_at, password_at, revision, sealed`

	sqlInsert  = `INSERT INTO accounts (workspace, ` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlByEmail = `SELECT ` + columns + ` FROM accounts WHERE workspace = $1 AND email_index = $2`
	sqlByID    = `SELECT ` + columns + ` FROM accounts WHERE workspace = $1 AND id = $2`
	// A share lock makes who changes the row wait, so that what follows from reading it is committed or refused (PostgreSQL only).
	sqlByIDShared = sqlByID + ` FOR SHARE`

	sqlUpdate = `UPDATE accounts SET password_at = $3, revision = $4, sealed = $5 WHERE workspace = $1 AND id = $2 AND revision = $6`

	sqlPutPassword = `INSERT INTO account_passwords (workspace, account, id, created_at, sealed) VALUES ($1, $2, $3, $4, $5)`
	// The newest 24 stay: no policy can ask for more.
	sqlTrimPasswords = `DELETE FROM account_passwords WHERE workspace = $1 AND account = $2 AND id NOT IN
		(SELECT id FROM account_passwords WHERE workspace = $1 AND account = $2 ORDER BY id DESC LIMIT 24)`

	sqlPutEcho      = `INSERT INTO account_echoes (workspace, id, account, target, skip, what, at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlEchoes       = `SELECT id, account, target, skip, what, at FROM account_echoes WHERE workspace = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT 100`
	sqlPostponeEcho = `UPDATE account_echoes SET due_at = $3 WHERE workspace = $1 AND id = $2`
	sqlDeleteEcho   = `DELETE FROM account_echoes WHERE workspace = $1 AND id = $2`

	sqlKnownPlace = `SELECT COUNT(*) FROM account_places WHERE workspace = $1 AND account = $2 AND place_index = $3 AND seen_at > $4`
	sqlPutPlace   = `INSERT INTO account_places (workspace, account, place_index, seen_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (workspace, account, place_index) DO UPDATE SET seen_at = excluded.seen_at`
	// Somebody who is on the road has many; the latest 32 stay, so that what a stolen password can add is bounded too.
	sqlTrimPlaces = `DELETE FROM account_places WHERE workspace = $1 AND account = $2 AND place_index NOT IN
		(SELECT place_index FROM account_places WHERE workspace = $1 AND account = $2 ORDER BY seen_at DESC LIMIT 32)`
	sqlSweepPlaces = `DELETE FROM account_places WHERE workspace = $1 AND seen_at <= $2`
)
