package file

const (
	columns = `id, room, contact, author_kind, author, client, state, kind, size, seq, created_at, changed_at, expires_at, revision, sealed`

	sqlInsert = `INSERT INTO files (workspace, ` + columns + `, due_at, tries) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, NULL, 0)
		ON CONFLICT (workspace, author, client) DO NOTHING`
	sqlByID          = `SELECT ` + columns + ` FROM files WHERE workspace = $1 AND id = $2`
	sqlByIDForUpdate = sqlByID + ` FOR UPDATE`
	sqlByClient      = `SELECT ` + columns + ` FROM files WHERE workspace = $1 AND author = $2 AND client = $3`
	sqlOfContact     = `SELECT ` + columns + ` FROM files WHERE workspace = $1 AND contact = $2 AND id > $3 ORDER BY id LIMIT $4`
	sqlCountOf       = `SELECT COUNT(*) FROM files WHERE workspace = $1 AND contact = $2`
	sqlIDsOfContact  = `SELECT id FROM files WHERE workspace = $1 AND contact = $2`

	sqlUpdate = `UPDATE files SET state = $3, kind = $4, seq = $5, changed_at = $6, expires_at = $7, due_at = $8, revision = $9, sealed = $10
		WHERE workspace = $1 AND id = $2 AND revision = $11`
	// Of whoever writes a part: it waits for one who completes the upload, and the other way round.
	sqlTouch    = `UPDATE files SET changed_at = $3 WHERE workspace = $1 AND id = $2 AND state = 'uploading' AND expires_at > $4`
	sqlPostpone = `UPDATE files SET due_at = $3, tries = tries + 1 WHERE workspace = $1 AND id = $2 AND state = 'checking'`
	sqlLease    = `UPDATE files SET due_at = $3 WHERE workspace = $1 AND id = $2 AND state = 'checking' AND due_at = $4`
	sqlTries    = `SELECT tries FROM files WHERE workspace = $1 AND id = $2`
	sqlDelete   = `DELETE FROM files WHERE workspace = $1 AND id = $2 AND revision = $3`
	sqlExpire   = `DELETE FROM files WHERE workspace = $1 AND id = $2 AND expires_at <= $3`
	sqlErase    = `DELETE FROM files WHERE workspace = $1 AND contact = $2`

	sqlCountUnsent = `SELECT COUNT(*) FROM files WHERE workspace = $1 AND author = $2 AND expires_at IS NOT NULL`
	// Of an upload that is under way, what is stored: who announces much and sends nothing takes no room from others.
	sqlTotal = `SELECT CAST(COALESCE(SUM(CASE WHEN state = 'uploading'
			THEN COALESCE((SELECT SUM(p.size) FROM file_parts p WHERE p.workspace = $1 AND p.file = files.id), 0) ELSE size END), 0) AS BIGINT)
		FROM files WHERE workspace = $1 AND state <> 'refused'`
	// What an author has announced and not sent yet.
	sqlOpen = `SELECT CAST(COALESCE(SUM(size - COALESCE((SELECT SUM(p.size) FROM file_parts p WHERE p.workspace = $1 AND p.file = files.id), 0)), 0) AS BIGINT)
		FROM files WHERE workspace = $1 AND author = $2 AND state = 'uploading'`
	sqlTotals     = `SELECT kind, COUNT(*), COALESCE(SUM(size), 0) FROM files WHERE workspace = $1 AND state <> 'refused' GROUP BY kind ORDER BY kind`
	sqlCountState = `SELECT COUNT(*) FROM files WHERE workspace = $1 AND state = $2`
	// $2 is a state or nothing, $3 a kind or nothing, $4 the cursor, $5 the limit.
	sqlPage = `SELECT ` + columns + ` FROM files WHERE workspace = $1 AND ($2 = '' OR state = $2) AND ($3 = '' OR kind = $3) AND id < $4 ORDER BY id DESC LIMIT $5`

	sqlPutPart = `INSERT INTO file_parts (workspace, file, part, size, mark, digest) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (workspace, file, part) DO UPDATE SET size = excluded.size, mark = excluded.mark, digest = excluded.digest`
	sqlParts      = `SELECT part, size, mark, digest FROM file_parts WHERE workspace = $1 AND file = $2 ORDER BY part`
	sqlPart       = `SELECT mark FROM file_parts WHERE workspace = $1 AND file = $2 AND part = $3`
	sqlDropParts  = `DELETE FROM file_parts WHERE workspace = $1 AND file = $2`
	sqlEraseParts = `DELETE FROM file_parts WHERE workspace = $1 AND file IN (SELECT id FROM files WHERE workspace = $1 AND contact = $2)`

	// $2 the key, $3 the end of a window that starts now, $4 the bytes, $5 now.
	sqlSpend = `INSERT INTO file_spent (workspace, key, until, bytes) VALUES ($1, $2, $3, $4)
		ON CONFLICT (workspace, key) DO UPDATE SET
			bytes = CASE WHEN file_spent.until <= $5 THEN excluded.bytes ELSE file_spent.bytes + excluded.bytes END,
			until = CASE WHEN file_spent.until <= $5 THEN excluded.until ELSE file_spent.until END`
	sqlSpent      = `SELECT bytes FROM file_spent WHERE workspace = $1 AND key = $2 AND until > $3`
	sqlSweepSpent = `DELETE FROM file_spent WHERE workspace = $1 AND until <= $2`

	sqlSettings    = `SELECT revision, sealed FROM file_settings WHERE workspace = $1`
	sqlPutSettings = `INSERT INTO file_settings (workspace, revision, sealed) VALUES ($1, $2, $3)
		ON CONFLICT (workspace) DO UPDATE SET revision = excluded.revision, sealed = excluded.sealed WHERE file_settings.revision = $4`

	sqlStore    = `SELECT id FROM file_store WHERE workspace = $1`
	sqlPutStore = `INSERT INTO file_store (workspace, id) VALUES ($1, $2) ON CONFLICT (workspace) DO NOTHING`

	sqlDueAcross     = `SELECT workspace, id, due_at FROM files WHERE due_at <= $1 ORDER BY due_at LIMIT $2`
	sqlExpiredAcross = `SELECT workspace, id FROM files WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`
	sqlStaleAcross   = `SELECT DISTINCT workspace FROM file_spent WHERE until <= $1`
)
