package keys

import (
	"fmt"
	"strings"

	"parlatory/internal/storage/db"
)

const subjectColumns = `subject, version, id, parent, wrapped, seals, serves_at`

var sqlSubjectKeys = `SELECT ` + subjectColumns + ` FROM subject_keys WHERE workspace = $1 AND kind = $2 AND subject IN ` + db.InMany(3) + ` ORDER BY subject, version`

const (
	workspaceColumns = `version, id, parent, wrapped, root`

	sqlWorkspaceKey       = `SELECT ` + workspaceColumns + ` FROM workspace_keys WHERE workspace = $1 AND version = $2`
	sqlWorkspaceKeys      = `SELECT ` + workspaceColumns + ` FROM workspace_keys WHERE workspace = $1 ORDER BY version`
	sqlNewestWorkspaceKey = `SELECT ` + workspaceColumns + ` FROM workspace_keys WHERE workspace = $1 ORDER BY version DESC LIMIT 1`
	sqlLockWorkspaceKey   = `SELECT version FROM workspace_keys WHERE workspace = $1 ORDER BY version DESC LIMIT 1 FOR UPDATE`
	sqlPutWorkspaceKey    = `INSERT INTO workspace_keys (workspace, version, id, parent, created_at, wrapped, root) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlMoveWorkspaceKey   = `UPDATE workspace_keys SET wrapped = $3, root = $4 WHERE workspace = $1 AND version = $2 AND wrapped = $5`
	sqlWorkspacesAcross   = `SELECT workspace, MAX(version), MAX(created_at) FROM workspace_keys GROUP BY workspace ORDER BY workspace`
	sqlAge                = `SELECT created_at FROM workspace_keys WHERE workspace = $1 ORDER BY version DESC LIMIT 1`

	sqlPutSubjectKey = `INSERT INTO subject_keys (workspace, kind, subject, version, id, parent, created_at, wrapped, serves_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlSpend         = `UPDATE subject_keys SET seals = seals + $5 WHERE workspace = $1 AND kind = $2 AND subject = $3 AND version = $4 RETURNING seals`
	sqlVersions      = `SELECT MAX(version) FROM subject_keys WHERE workspace = $1 AND kind = $2 AND subject = $3`
	sqlSpentAcross   = `SELECT workspace, kind, subject, version FROM subject_keys AS spent WHERE seals > 2147483647 AND NOT EXISTS
		(SELECT 1 FROM subject_keys AS later WHERE later.workspace = spent.workspace AND later.kind = spent.kind AND later.subject = spent.subject AND later.version > spent.version)
		LIMIT 100`
	sqlCount = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN parent < $2 THEN 1 ELSE 0 END), 0) FROM subject_keys WHERE workspace = $1`

	// The batch that is wrapped again. PostgreSQL locks its rows, so that none that is destroyed meanwhile comes back by the upsert; on
	// SQLite there is one writer.
	sqlBatch       = `SELECT kind, ` + subjectColumns + `, created_at FROM subject_keys WHERE workspace = $1 AND parent < $2 LIMIT $3`
	sqlBatchLocked = sqlBatch + ` FOR UPDATE SKIP LOCKED`

	// A version of a key, while a next one is made of it: whoever destroys it waits, or it is not there.
	sqlVersion       = `SELECT version FROM subject_keys WHERE workspace = $1 AND kind = $2 AND subject = $3 AND version = $4`
	sqlVersionLocked = sqlVersion + ` FOR UPDATE`

	sqlAllVersions       = `SELECT version FROM subject_keys WHERE workspace = $1 AND kind = $2 AND subject = $3`
	sqlAllVersionsLocked = sqlAllVersions + ` FOR UPDATE`
	sqlDestroy           = `DELETE FROM subject_keys WHERE workspace = $1 AND kind = $2 AND subject = $3`
	sqlPutDestroyed      = `INSERT INTO destroyed_keys (workspace, kind, subject, at) VALUES ($1, $2, $3, $4) ON CONFLICT (workspace, kind, subject) DO NOTHING`
	sqlDestroyed         = `SELECT at FROM destroyed_keys WHERE workspace = $1 AND kind = $2 AND subject = $3`

	// All keys, page by page in the order of their primary keys, for the key part of a backup.
	sqlCopyWorkspacesAcross = `SELECT workspace, ` + workspaceColumns + `, created_at FROM workspace_keys WHERE (workspace, version) > ($1, $2) ORDER BY workspace, version LIMIT $3`
	sqlCopySubjectsAcross   = `SELECT workspace, kind, ` + subjectColumns + `, created_at FROM subject_keys
		WHERE (workspace, kind, subject, version) > ($1, $2, $3, $4) ORDER BY workspace, kind, subject, version LIMIT $5`
	sqlCopyDestroyedAcross = `SELECT workspace, kind, subject, at FROM destroyed_keys WHERE (workspace, kind, subject) > ($1, $2, $3) ORDER BY workspace, kind, subject LIMIT $4`

	sqlRestoreWorkspaceKey = sqlPutWorkspaceKey + ` ON CONFLICT (workspace, version) DO NOTHING`
	sqlRestoreSubjectKey   = `INSERT INTO subject_keys (workspace, kind, subject, version, id, parent, created_at, wrapped, serves_at, seals) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (workspace, kind, subject, version) DO NOTHING`

	sqlSettings        = `SELECT revision, sealed FROM key_settings WHERE workspace = $1`
	sqlRevision        = `SELECT revision FROM key_settings WHERE workspace = $1`
	sqlScheduledAcross = `SELECT workspace FROM key_settings ORDER BY workspace`
	sqlPutSettings     = `INSERT INTO key_settings (workspace, revision, sealed) VALUES ($1, $2, $3)
		ON CONFLICT (workspace) DO UPDATE SET revision = excluded.revision, sealed = excluded.sealed WHERE key_settings.revision = $4`

	workColumns = `kind, state, done, total, begun_at, changed_at, ended_at`

	sqlBeginWork = `INSERT INTO key_works (workspace, kind, state, done, total, begun_at, changed_at) VALUES ($1, $2, 'running', 0, $3, $4, $5)
		ON CONFLICT (workspace, kind) DO UPDATE SET state = 'running', done = 0, total = excluded.total, begun_at = excluded.begun_at, changed_at = excluded.changed_at, ended_at = NULL`
	sqlWorks       = `SELECT ` + workColumns + ` FROM key_works WHERE workspace = $1 ORDER BY kind`
	sqlClaimWork   = `UPDATE key_works SET changed_at = $3 WHERE workspace = $1 AND kind = $2 AND state = 'running' AND changed_at = $4`
	sqlAdvanceWork = `UPDATE key_works SET done = done + $3, changed_at = $4 WHERE workspace = $1 AND kind = $2 AND state = 'running'`
	sqlEndWork     = `UPDATE key_works SET state = 'done', changed_at = $3, ended_at = $4 WHERE workspace = $1 AND kind = $2 AND state = 'running'`
	sqlDueAcross   = `SELECT workspace, kind, changed_at FROM key_works WHERE state = 'running' AND changed_at < $1 ORDER BY changed_at LIMIT 8`
)

// batchMost is how many keys one transaction wraps again: about a millisecond of the one writer's time, which is what a message waits at most.
const batchMost = 25

// rewrapColumns is how many arguments one key of the batch takes.
const rewrapColumns = 9

// rewrapSubjectKeys is the multi-row statement that writes n keys of the batch back.
func rewrapSubjectKeys(n int) string {
	var b strings.Builder
	b.WriteString(sqlRewrapHead)
	arg := 2
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("($1")
		for range rewrapColumns {
			fmt.Fprintf(&b, ", $%d", arg)
			arg++
		}
		b.WriteByte(')')
	}
	b.WriteString(sqlRewrapTail)
	return b.String()
}

const (
	sqlRewrapHead = `INSERT INTO subject_keys (workspace, kind, subject, version, id, parent, wrapped, seals, serves_at, created_at) VALUES `
	sqlRewrapTail = ` ON CONFLICT (workspace, kind, subject, version) DO UPDATE SET parent = excluded.parent, wrapped = excluded.wrapped`
)
