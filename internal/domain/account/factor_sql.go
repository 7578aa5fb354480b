package account

import "parlatory/internal/storage/db"

// Statements about many accounts at once.
var (
	sqlFactorVoidsOf = `SELECT account, at FROM factor_voids WHERE workspace = $1 AND door = $2 AND account IN ` + db.InMany(3)
	sqlFactorsOf     = `SELECT account, kind, scope, created_at FROM factors WHERE workspace = $1 AND account IN ` + db.InMany(2)
)

const (
	factorColumns = `id, account, kind, scope, created_at, used_at, goes_at, step, credential_index, revision, sealed`

	// One row at least: the reset at the door and the codes that count there, beside each factor.
	sqlFactorsAt = `SELECT v.at, (SELECT COUNT(*) FROM recovery_codes AS r WHERE r.workspace = $1 AND r.account = $2 AND r.created_at > COALESCE(v.at, 0)), f.kind, f.scope, f.created_at
		FROM (SELECT 1 AS one) AS o
		LEFT JOIN factor_voids AS v ON v.workspace = $1 AND v.account = $2 AND v.door = $3
		LEFT JOIN factors AS f ON f.workspace = $1 AND f.account = $2`
	sqlFactors       = `SELECT ` + factorColumns + ` FROM factors WHERE workspace = $1 AND account = $2 ORDER BY created_at, id`
	sqlFactorByIndex = `SELECT ` + factorColumns + ` FROM factors WHERE workspace = $1 AND credential_index = $2`
	sqlFactorAccount = `SELECT account FROM factors WHERE workspace = $1 AND credential_index = $2`
	// Two removals at once wait for each other, so that neither counts on what the other takes away (PostgreSQL only).
	sqlFactorsDue = `SELECT ` + factorColumns + ` FROM factors WHERE workspace = $1 AND goes_at <= $2 AND (goes_at, id) > ($3, $4) ORDER BY goes_at, id LIMIT 100`

	sqlInsertFactor   = `INSERT INTO factors (workspace, ` + factorColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`
	sqlUpdateFactor   = `UPDATE factors SET scope = $3, used_at = $4, goes_at = $5, step = $6, revision = $7, sealed = $8 WHERE workspace = $1 AND id = $2 AND revision = $9`
	sqlDeleteFactor   = `DELETE FROM factors WHERE workspace = $1 AND id = $2 AND account = $3 AND revision = $4`
	sqlDeleteScoped   = `DELETE FROM factors WHERE workspace = $1 AND account = $2 AND scope = $3`
	sqlDeleteFactors  = `DELETE FROM factors WHERE workspace = $1 AND account = $2`
	sqlFactorVoid     = `SELECT at FROM factor_voids WHERE workspace = $1 AND account = $2 AND door = $3`
	sqlPutVoid        = `INSERT INTO factor_voids (workspace, account, door, at) VALUES ($1, $2, $3, $4) ON CONFLICT (workspace, account, door) DO UPDATE SET at = excluded.at`
	sqlFactorVoids    = `SELECT door, at FROM factor_voids WHERE workspace = $1 AND account = $2`
	sqlDeleteVoids    = `DELETE FROM factor_voids WHERE workspace = $1 AND account = $2`
	sqlRecoveryCount  = `SELECT COUNT(*) FROM recovery_codes WHERE workspace = $1 AND account = $2`
	sqlRecoveryMade   = `SELECT created_at FROM recovery_codes WHERE workspace = $1 AND account = $2 ORDER BY created_at LIMIT 1`
	sqlRecovery       = `SELECT id, created_at, sealed FROM recovery_codes WHERE workspace = $1 AND account = $2 AND code_index = $3`
	sqlPutRecovery    = `INSERT INTO recovery_codes (workspace, account, code_index, id, created_at, sealed) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlUseRecovery    = `DELETE FROM recovery_codes WHERE workspace = $1 AND account = $2 AND code_index = $3`
	sqlDeleteRecovery = `DELETE FROM recovery_codes WHERE workspace = $1 AND account = $2`

	sqlPutCeremony     = `INSERT INTO ceremonies (workspace, id, token, account, door, bound, kind, expires_at, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlCeremony        = `SELECT id, token, account, door, bound, kind, expires_at, sealed FROM ceremonies WHERE workspace = $1 AND token = $2`
	sqlDeleteCeremony  = `DELETE FROM ceremonies WHERE workspace = $1 AND id = $2`
	sqlSweepCeremonies = `DELETE FROM ceremonies WHERE workspace = $1 AND expires_at <= $2`

	sqlPutFactorMail = `INSERT INTO factor_mails (workspace, account, bound, id, tries, expires_at, sealed) VALUES ($1, $2, $3, $4, 0, $5, $6)
		ON CONFLICT (workspace, account, bound) DO UPDATE SET id = excluded.id, tries = 0, expires_at = excluded.expires_at, sealed = excluded.sealed`
	// The try is counted with the reading.
	sqlTryFactorMail     = `UPDATE factor_mails SET tries = tries + 1 WHERE workspace = $1 AND account = $2 AND bound = $3 RETURNING id, tries, expires_at, sealed`
	sqlDeleteFactorMail  = `DELETE FROM factor_mails WHERE workspace = $1 AND account = $2 AND bound = $3 AND id = $4`
	sqlDeleteFactorMails = `DELETE FROM factor_mails WHERE workspace = $1 AND account = $2`
	sqlSweepFactorMails  = `DELETE FROM factor_mails WHERE workspace = $1 AND expires_at <= $2`

	sqlRaiseTries = `INSERT INTO factor_tries (workspace, account, device, failures) VALUES ($1, $2, $3, 1)
		ON CONFLICT (workspace, account, device) DO UPDATE SET failures = factor_tries.failures + 1 RETURNING failures`
	sqlTellTries = `INSERT INTO factor_tries (workspace, account, device, failures, told_at) VALUES ($1, $2, $3, 0, $4)
		ON CONFLICT (workspace, account, device) DO UPDATE SET told_at = excluded.told_at WHERE factor_tries.told_at IS NULL OR factor_tries.told_at <= $5`
	sqlClearTries  = `DELETE FROM factor_tries WHERE workspace = $1 AND account = $2 AND device = $3 AND failures <= $4`
	sqlLowerTries  = `UPDATE factor_tries SET failures = failures - 1 WHERE workspace = $1 AND account = $2 AND device = $3 AND failures > 0`
	sqlSweepTries  = `DELETE FROM factor_tries WHERE workspace = $1 AND device <> $2 AND device NOT IN (SELECT id FROM devices WHERE workspace = $1)`
	sqlForgetTries = `DELETE FROM factor_tries WHERE workspace = $1 AND account = $2`
)
