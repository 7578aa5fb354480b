package security

import (
	"fmt"
	"strings"
)

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
	sqlInsertHead = `INSERT INTO network_rules (workspace, ` + lineColumns + `) VALUES `
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

// rowsAtOnce is how many lines one statement stores, and rowColumns how many arguments each takes beside the workspace.
const (
	rowsAtOnce = 50
	rowColumns = 5
)

// insertLines is the multi-row insert of n lines: VALUES ($1, $2, …), ($1, $7, …).
func insertLines(n int) string {
	var b strings.Builder
	b.WriteString(sqlInsertHead)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("($1")
		for c := range rowColumns {
			fmt.Fprintf(&b, ", $%d", 2+i*rowColumns+c)
		}
		b.WriteByte(')')
	}
	return b.String()
}
