package security

const (
	sqlSettings = `SELECT revision, changed_at, sealed FROM security_settings WHERE workspace = $1`
	// PostgreSQL only: who makes a session by the settings keeps them as they are, and who changes them waits for those sessions.
	sqlSettingsShared = sqlSettings + ` FOR SHARE`
	sqlSettingsOwn    = sqlSettings + ` FOR UPDATE`
	sqlRevision       = `SELECT revision, changed_at FROM security_settings WHERE workspace = $1`
	// Who comes second to the first setting of a workspace changes no row, and is told so.
	sqlInsertSettings = `INSERT INTO security_settings (workspace, revision, changed_at, sealed) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	sqlUpdateSettings = `UPDATE security_settings SET revision = $2, changed_at = $3, sealed = $4 WHERE workspace = $1 AND revision = $5`

	lineColumns   = `id, list, created_at, ends_at, sealed`
	sqlLines      = `SELECT ` + lineColumns + ` FROM network_rules WHERE workspace = $1 ORDER BY id`
	sqlLinesPage  = `SELECT ` + lineColumns + ` FROM network_rules WHERE workspace = $1 AND list = $2 AND id > $3 ORDER BY id LIMIT $4`
	sqlLinesSpan  = `SELECT ` + lineColumns + ` FROM network_rules WHERE workspace = $1 AND id >= $2 AND id <= $3 ORDER BY id`
	sqlLine       = `SELECT ` + lineColumns + ` FROM network_rules WHERE workspace = $1 AND id = $2`
	sqlCountLines = `SELECT COUNT(*) FROM network_rules WHERE workspace = $1 AND list = $2`
	sqlInForce    = `SELECT COUNT(*) FROM network_rules WHERE workspace = $1 AND list = $2 AND (ends_at IS NULL OR ends_at > $3)`
	sqlInsertLine = `INSERT INTO network_rules (workspace, ` + lineColumns + `) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlDeleteLine = `DELETE FROM network_rules WHERE workspace = $1 AND id = $2`

	sqlWatched = `INSERT INTO network_watch (workspace, staff, address_index, hour, mode, times, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (workspace, staff, address_index, hour, mode) DO UPDATE SET times = network_watch.times + excluded.times`
	sqlWatchPage  = `SELECT staff, address_index, hour, mode, times, sealed FROM network_watch WHERE workspace = $1 ORDER BY hour DESC, staff, address_index LIMIT $2`
	sqlWatchCount = `SELECT COALESCE(SUM(times), 0) FROM network_watch WHERE workspace = $1 AND hour >= $2`
	sqlSweepWatch = `DELETE FROM network_watch WHERE workspace = $1 AND hour < $2`

	sqlRefused = `INSERT INTO visitor_refusals (workspace, day, times) VALUES ($1, $2, $3)
		ON CONFLICT (workspace, day) DO UPDATE SET times = visitor_refusals.times + excluded.times`
	sqlRefusedSince = `SELECT COALESCE(SUM(times), 0) FROM visitor_refusals WHERE workspace = $1 AND day >= $2`
	sqlSweepRefused = `DELETE FROM visitor_refusals WHERE workspace = $1 AND day < $2`

	sqlGeneration = `SELECT generation FROM security_generations WHERE workspace = $1`
	sqlRaise      = `INSERT INTO security_generations (workspace, generation) VALUES ($1, 1)
		ON CONFLICT (workspace) DO UPDATE SET generation = security_generations.generation + 1`
)
