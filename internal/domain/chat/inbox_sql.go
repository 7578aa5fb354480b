package chat

const (
	sqlInboxKey    = `SELECT version, created_at, public, mac, sealed FROM inbox_keys WHERE workspace = $1 ORDER BY version DESC LIMIT 1`
	sqlInboxKeyOf  = `SELECT version, created_at, public, mac, sealed FROM inbox_keys WHERE workspace = $1 AND version = $2`
	sqlPutInboxKey = `INSERT INTO inbox_keys (workspace, version, created_at, public, mac, sealed) VALUES ($1, $2, $3, $4, $5, $6)`

	keptColumns = `room, client, number, contact, token, at, key_version, state, mac, sealed`

	sqlKept         = `SELECT ` + keptColumns + ` FROM inbox WHERE workspace = $1 AND room = $2 AND client = $3`
	sqlKeptCount    = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN contact = $2 THEN 1 ELSE 0 END), 0) FROM inbox WHERE workspace = $1 AND state = 'waiting'`
	sqlKeptLast     = `SELECT COALESCE(MAX(number), 0) FROM inbox WHERE workspace = $1 AND room = $2`
	sqlKeep         = `INSERT INTO inbox (workspace, ` + keptColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	sqlKeptBatch    = `SELECT ` + keptColumns + ` FROM inbox WHERE workspace = $1 AND state = 'waiting' ORDER BY room, number LIMIT $2`
	sqlDropKept     = `DELETE FROM inbox WHERE workspace = $1 AND room = $2 AND client = $3`
	sqlEraseKept    = `DELETE FROM inbox WHERE workspace = $1 AND contact = $2`
	sqlSetKeptAside = `UPDATE inbox SET state = 'damaged' WHERE workspace = $1 AND room = $2 AND client = $3`
	sqlKeptAcross   = `SELECT DISTINCT workspace FROM inbox WHERE state = 'waiting' LIMIT 1000`
)
