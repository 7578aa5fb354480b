package contact

const (
	sqlInsert = `INSERT INTO contacts (workspace, id, created_at, revision, email_index, sealed) VALUES ($1, $2, $3, $4, $5, $6)`

	sqlByID = `SELECT id, created_at, erased_at, revision, sealed FROM contacts WHERE workspace = $1 AND id = $2`

	// Whether a contact is there and not erased. What is begun for one waits for an erasure, and the other way round.
	sqlStanding       = `SELECT erased_at FROM contacts WHERE workspace = $1 AND id = $2`
	sqlStandingShared = sqlStanding + ` FOR SHARE`

	sqlEmailIndex       = `SELECT email_index, erased_at FROM contacts WHERE workspace = $1 AND id = $2`
	sqlEmailIndexLocked = sqlEmailIndex + ` FOR UPDATE`
	sqlErase            = `UPDATE contacts SET erased_at = $3, email_index = NULL WHERE workspace = $1 AND id = $2 AND erased_at IS NULL`
	sqlDropTokens       = `DELETE FROM visitor_tokens WHERE workspace = $1 AND contact = $2`
	sqlTokens           = `SELECT site, created_at, seen_at, expires_at FROM visitor_tokens WHERE workspace = $1 AND contact = $2 ORDER BY created_at, id LIMIT $3`

	sqlInsertToken = `INSERT INTO visitor_tokens (workspace, id, hash, contact, site, created_at, seen_at, expires_at, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

	sqlTokenByHash = `SELECT id, contact, site, created_at, seen_at, expires_at, sealed FROM visitor_tokens WHERE workspace = $1 AND hash = $2`

	sqlTokenByID = `SELECT hash, contact, site, created_at, sealed FROM visitor_tokens WHERE workspace = $1 AND id = $2`

	sqlTokenOfContact = `SELECT id, hash, site, created_at, sealed FROM visitor_tokens WHERE workspace = $1 AND contact = $2 ORDER BY seen_at DESC LIMIT 1`

	sqlTouchToken = `UPDATE visitor_tokens SET seen_at = $3, expires_at = $4, sealed = $5 WHERE workspace = $1 AND id = $2`
)
