package keys

import "parlatory/internal/storage/db"

// The newest of a subject comes last.
var sqlSubjectKeys = `SELECT subject, version, id, parent, wrapped FROM subject_keys WHERE workspace = $1 AND kind = $2 AND subject IN ` + db.InMany(3) + ` ORDER BY subject, version`

const (
	sqlWorkspaceKey       = `SELECT version, id, parent, wrapped FROM workspace_keys WHERE workspace = $1 AND version = $2`
	sqlNewestWorkspaceKey = `SELECT version, id, parent, wrapped FROM workspace_keys WHERE workspace = $1 ORDER BY version DESC LIMIT 1`
	sqlSubjectKey         = `SELECT version, id, parent, wrapped FROM subject_keys WHERE workspace = $1 AND kind = $2 AND subject = $3 AND version = $4`
	sqlNewestSubjectKey   = `SELECT version, id, parent, wrapped FROM subject_keys WHERE workspace = $1 AND kind = $2 AND subject = $3 ORDER BY version DESC LIMIT 1`
	sqlPutWorkspaceKey    = `INSERT INTO workspace_keys (workspace, version, id, parent, created_at, wrapped) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlPutSubjectKey      = `INSERT INTO subject_keys (workspace, kind, subject, version, id, parent, created_at, wrapped) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
)
