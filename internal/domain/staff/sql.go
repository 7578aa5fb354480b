package staff

import "parlatory/internal/storage/db"

// Statements about many rows at once.
var (
	sqlByIDs      = `SELECT ` + columns + ` FROM staff WHERE workspace = $1 AND id IN ` + db.InMany(2)
	sqlPendingFor = `SELECT staff, expires_at FROM invitations WHERE workspace = $1 AND state = 'sent' AND staff IN ` + db.InMany(2) + ` ORDER BY id`
)

const (
	columns = `id, account, email_index, role, department, state, created_at, revision, sealed`

	sqlInsert     = `INSERT INTO staff (workspace, ` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	sqlUpdate     = `UPDATE staff SET account = $3, email_index = $4, role = $5, department = $6, state = $7, revision = $8, sealed = $9 WHERE workspace = $1 AND id = $2 AND revision = $10`
	sqlByID       = `SELECT ` + columns + ` FROM staff WHERE workspace = $1 AND id = $2`
	sqlByIDShared = sqlByID + ` FOR SHARE` // PostgreSQL only
	sqlByAccount  = `SELECT ` + columns + ` FROM staff WHERE workspace = $1 AND account = $2`
	sqlList       = `SELECT ` + columns + ` FROM staff WHERE workspace = $1 AND id > $2 AND state <> 'deleted' ORDER BY id LIMIT $3`
	sqlOthers     = `SELECT COUNT(*) FROM staff WHERE workspace = $1 AND role = $2 AND state = 'active' AND id <> $3`

	sqlStanding       = `SELECT account, role, state FROM staff WHERE workspace = $1 AND id = $2`
	sqlStandingShared = sqlStanding + ` FOR SHARE` // PostgreSQL only

	sqlActiveAcross = `SELECT workspace, id FROM staff WHERE account = $1 AND state = 'active'`
	sqlHeldAcross   = `SELECT COUNT(*) FROM staff WHERE account = $1 AND state <> 'deleted'`

	sqlTurn = `INSERT INTO staff_turns (workspace, turn) VALUES ($1, 1) ON CONFLICT (workspace) DO UPDATE SET turn = staff_turns.turn + 1`

	invitationColumns = `id, staff, token, role, state, created_at, expires_at, sealed`

	sqlInsertInvitation  = `INSERT INTO invitations (workspace, ` + invitationColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlInvitation        = `SELECT ` + invitationColumns + ` FROM invitations WHERE workspace = $1 AND token = $2`
	sqlInvitationByID    = `SELECT ` + invitationColumns + ` FROM invitations WHERE workspace = $1 AND id = $2`
	sqlRevokeInvitations = `UPDATE invitations SET state = 'revoked' WHERE workspace = $1 AND staff = $2 AND state = 'sent'`
	sqlUseInvitation     = `UPDATE invitations SET state = 'used' WHERE workspace = $1 AND id = $2 AND state = 'sent' AND expires_at > $3`
)
