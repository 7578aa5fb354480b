package signin

const (
	sessionColumns = `id, token, account, door, staff, department, role, factor, proved_at, created_at, expires_at, seen_at, revision, sealed`

	sqlInsertSession  = `INSERT INTO sessions (workspace, ` + sessionColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	sqlSessionByToken = `SELECT ` + sessionColumns + ` FROM sessions WHERE workspace = $1 AND token = $2 AND door = $3`
	sqlSessionByID    = `SELECT ` + sessionColumns + ` FROM sessions WHERE workspace = $1 AND id = $2`
	sqlSessionStands  = `SELECT account FROM sessions WHERE workspace = $1 AND id = $2 AND door = $3`
	// A share lock makes who ends the session wait, so that what is made in it is made before, or not at all (PostgreSQL only).
	sqlSessionStandsShared = sqlSessionStands + ` FOR SHARE`
	ended                  = ` RETURNING id, door, staff, account`
	newestAt               = `(SELECT id FROM sessions WHERE workspace = $1 AND account = $2 AND door = $3 ORDER BY seen_at DESC, id DESC LIMIT $4)`
	sqlEndBeyond           = `DELETE FROM sessions WHERE workspace = $1 AND account = $2 AND door = $3 AND id NOT IN ` + newestAt + ended
	sqlTouchSession        = `UPDATE sessions SET seen_at = $3 WHERE workspace = $1 AND id = $2 AND seen_at = $4`
	sqlRenewSession        = `UPDATE sessions SET token = $3, proved_at = $4, revision = $5, sealed = $6 WHERE workspace = $1 AND id = $2 AND revision = $7`
	sqlUseSession          = `UPDATE sessions SET seen_at = $3 WHERE workspace = $1 AND id = $2 AND seen_at <= $4`
	sqlSessionsOwn         = `SELECT ` + sessionColumns + ` FROM sessions WHERE workspace = $1 AND account = $2 ORDER BY seen_at DESC`
	sqlSessionsAtDoor      = `SELECT staff, COUNT(*), MAX(seen_at) FROM sessions WHERE workspace = $1 AND door = $2 GROUP BY staff`
	sqlDoors               = `SELECT DISTINCT door FROM sessions WHERE workspace = $1`
	sqlSessionsOver        = `SELECT id, door, staff, account FROM sessions WHERE workspace = $1 AND door = $2 AND (expires_at <= $3 OR created_at <= $4 OR seen_at <= $5)`
	sqlEndOver             = `DELETE FROM sessions WHERE workspace = $1 AND door = $2 AND (expires_at <= $3 OR created_at <= $4 OR seen_at <= $5)` + ended
	sqlEndUnproved         = `DELETE FROM sessions WHERE workspace = $1 AND door = $2 AND (factor = '' OR $3 = 1 AND factor <> 'passkey')` + ended

	tokenColumns    = `id, hash, account, door, staff, factor, scopes, created_at, expires_at, used_at, sealed, used`
	sqlPutToken     = `INSERT INTO api_tokens (workspace, ` + tokenColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`
	sqlToken        = `SELECT ` + tokenColumns + ` FROM api_tokens WHERE workspace = $1 AND hash = $2 AND door = $3`
	sqlTokensOf     = `SELECT ` + tokenColumns + ` FROM api_tokens WHERE workspace = $1 AND staff = $2 AND door = $3 ORDER BY id DESC`
	sqlCountTokens  = `SELECT COUNT(*) FROM api_tokens WHERE workspace = $1 AND staff = $2 AND door = $3`
	sqlTokensAt     = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN COALESCE(used_at, created_at) < $4 THEN 1 ELSE 0 END), 0) FROM api_tokens WHERE workspace = $1 AND door = $2 AND expires_at > $3`
	sqlUseToken     = `UPDATE api_tokens SET used_at = $3, used = $4 WHERE workspace = $1 AND id = $2 AND (used_at IS NULL OR used_at < $5)`
	sqlDropToken    = `DELETE FROM api_tokens WHERE workspace = $1 AND id = $2 AND staff = $3 AND door = $4`
	sqlDropTokens   = `DELETE FROM api_tokens WHERE workspace = $1 AND account = $2`
	sqlDropTokensAt = `DELETE FROM api_tokens WHERE workspace = $1 AND staff = $2 AND door = $3`
	sqlSweepTokens  = `DELETE FROM api_tokens WHERE workspace = $1 AND expires_at <= $2`

	trustColumns     = `id, account, device, door, factor, created_at, until, sealed`
	sqlPutTrust      = `INSERT INTO trusts (workspace, ` + trustColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlTrusts        = `SELECT ` + trustColumns + ` FROM trusts WHERE workspace = $1 AND account = $2 AND door = $3`
	sqlTrustsOwn     = `SELECT ` + trustColumns + ` FROM trusts WHERE workspace = $1 AND account = $2`
	sqlDropTrust     = `DELETE FROM trusts WHERE workspace = $1 AND account = $2 AND door = $3 AND device = $4`
	sqlDropTrusts    = `DELETE FROM trusts WHERE workspace = $1 AND account = $2`
	sqlDropTrustsAt  = `DELETE FROM trusts WHERE workspace = $1 AND account = $2 AND door = $3`
	sqlSweepTrusts   = `DELETE FROM trusts WHERE workspace = $1 AND until <= $2`
	sqlEndOfAccount  = `DELETE FROM sessions WHERE workspace = $1 AND account = $2 AND id <> $3` + ended
	sqlEndFactorless = `DELETE FROM sessions WHERE workspace = $1 AND account = $2 AND id <> $3 AND factor = '' AND (door = $4 OR $5 = 1)` + ended
	sqlEndOfStaff    = `DELETE FROM sessions WHERE workspace = $1 AND staff = $2 AND door = $3` + ended
	sqlEndSession    = `DELETE FROM sessions WHERE workspace = $1 AND id = $2 AND account = $3`

	attemptColumns = `id, token, account, door, staff, invitation, created_at, expires_at, revision, sealed`

	sqlInsertAttempt     = `INSERT INTO attempts (workspace, ` + attemptColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	sqlAttemptByToken    = `SELECT ` + attemptColumns + ` FROM attempts WHERE workspace = $1 AND token = $2 AND door = $3`
	sqlAttemptByID       = `SELECT ` + attemptColumns + ` FROM attempts WHERE workspace = $1 AND id = $2 AND door = $3`
	sqlAdvanceAttempt    = `UPDATE attempts SET token = $3, revision = $4, sealed = $5 WHERE workspace = $1 AND id = $2 AND revision = $6`
	sqlEndAttempt        = `DELETE FROM attempts WHERE workspace = $1 AND id = $2 AND account = $3`
	sqlAttemptsOfAccount = `DELETE FROM attempts WHERE workspace = $1 AND account = $2 AND id <> $3`
	sqlAttemptsOfStaff   = `DELETE FROM attempts WHERE workspace = $1 AND staff = $2 AND door = $3`

	sqlPutAgreement = `INSERT INTO agreements (workspace, id, account, security_version, privacy_version, at, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlAgreed       = `SELECT COUNT(*) FROM agreements WHERE workspace = $1 AND account = $2 AND security_version = $3 AND privacy_version = $4`

	sqlPutSignup = `INSERT INTO signups (workspace, id, token, created_at, expires_at, used_at, sealed) VALUES ($1, $2, $3, $4, $5, 0, $6)`
	sqlSignup    = `SELECT id, created_at, expires_at, used_at, sealed FROM signups WHERE workspace = $1 AND token = $2`
	sqlUseSignup = `UPDATE signups SET used_at = $3 WHERE workspace = $1 AND id = $2 AND used_at = 0 AND expires_at > $3`

	sqlPutReset    = `INSERT INTO resets (workspace, id, token, account, door, created_at, expires_at, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlReset       = `SELECT id, account, created_at, expires_at, sealed FROM resets WHERE workspace = $1 AND token = $2 AND door = $3`
	sqlUseReset    = `DELETE FROM resets WHERE workspace = $1 AND id = $2 AND expires_at > $3`
	sqlSpendResets = `DELETE FROM resets WHERE workspace = $1 AND account = $2`

	sqlSweepAttempts = `DELETE FROM attempts WHERE workspace = $1 AND expires_at <= $2`
	sqlSweepSignups  = `DELETE FROM signups WHERE workspace = $1 AND expires_at <= $2`
	sqlSweepResets   = `DELETE FROM resets WHERE workspace = $1 AND expires_at <= $2`
)
