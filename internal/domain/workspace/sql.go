package workspace

const (
	sqlInsertWorkspace = `INSERT INTO workspaces (workspace, subdomain, state, created_at, revision, sealed) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlExists          = `SELECT COUNT(*) FROM workspaces WHERE workspace = $1`
	sqlWorkspace       = `SELECT subdomain, state, created_at, revision, sealed FROM workspaces WHERE workspace = $1`
	sqlUpdateWorkspace = `UPDATE workspaces SET revision = $2, sealed = $3 WHERE workspace = $1 AND revision = $4`
	sqlSubdomainAcross = `SELECT workspace, state FROM workspaces WHERE subdomain = $1`

	sqlInsertSite = `INSERT INTO sites (workspace, id, origin, created_at, sealed) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (workspace, origin) DO NOTHING`
	sqlSites      = `SELECT id, origin, created_at, sealed FROM sites WHERE workspace = $1 ORDER BY id`
	sqlSite       = `SELECT id, origin, created_at, sealed FROM sites WHERE workspace = $1 AND id = $2`
	sqlDeleteSite = `DELETE FROM sites WHERE workspace = $1 AND id = $2`
	sqlCountSites = `SELECT COUNT(*) FROM sites WHERE workspace = $1`

	sqlPutMail       = `INSERT INTO outbox (workspace, id, created_at, due_at, tries, sealed) VALUES ($1, $2, $3, $4, 0, $5)`
	sqlDueMailAcross = `SELECT workspace, id, created_at, due_at, tries, sealed FROM outbox WHERE due_at <= $1 ORDER BY due_at LIMIT $2`
	sqlClaimMail     = `UPDATE outbox SET due_at = $3, tries = tries + 1 WHERE workspace = $1 AND id = $2 AND due_at = $4`
	sqlDeleteMail    = `DELETE FROM outbox WHERE workspace = $1 AND id = $2`
	sqlPostponeMail  = `UPDATE outbox SET due_at = $3 WHERE workspace = $1 AND id = $2`

	// $2 the key, $3 the end of a window that starts now, $4 now.
	raise = ` ON CONFLICT (workspace, key) DO UPDATE SET
			spent = CASE WHEN budgets.until <= $4 THEN 1 ELSE budgets.spent + 1 END,
			until = CASE WHEN budgets.until <= $4 THEN excluded.until ELSE budgets.until END`
	sqlSpend     = `INSERT INTO budgets (workspace, key, until, spent) VALUES ($1, $2, $3, 1)` + raise + ` RETURNING spent, until`
	sqlSpendBoth = `INSERT INTO budgets (workspace, key, until, spent) VALUES ($1, $2, $3, 1), ($1, $5, $6, 1)` + raise + ` RETURNING key, spent, until`
	// An upsert takes its rows in the order in which they are named, which an UPDATE does not. A row that is swept already is empty.
	sqlRefundAll = `INSERT INTO budgets (workspace, key, until, spent) VALUES ($1, $2, $5, 0), ($1, $3, $5, 0), ($1, $4, $5, 0)
		ON CONFLICT (workspace, key) DO UPDATE SET spent = CASE WHEN budgets.spent > 0 THEN budgets.spent - 1 ELSE 0 END`
	sqlRefund  = `UPDATE budgets SET spent = spent - 1 WHERE workspace = $1 AND key = $2 AND spent > 0`
	sqlForgive = `DELETE FROM budgets WHERE workspace = $1 AND key = $2`

	sqlForgetAnswers = `DELETE FROM answers WHERE workspace = $1`

	sqlBeginAnswer = `INSERT INTO answers (workspace, key, body, status, created_at, expires_at) VALUES ($1, $2, $3, 0, $4, $5) ON CONFLICT (workspace, key) DO NOTHING`
	sqlAnswer      = `SELECT body, status, created_at, sealed FROM answers WHERE workspace = $1 AND key = $2`
	sqlTakeAnswer  = `UPDATE answers SET created_at = $3, expires_at = $4, body = $5, status = 0, sealed = NULL WHERE workspace = $1 AND key = $2 AND created_at = $6`
	sqlKeepAnswer  = `UPDATE answers SET status = $3, sealed = $4 WHERE workspace = $1 AND key = $2 AND created_at = $5 AND status = 0`
	sqlDropAnswer  = `DELETE FROM answers WHERE workspace = $1 AND key = $2 AND status = 0`

	sqlStaleBudgetsAcross = `SELECT DISTINCT workspace FROM budgets WHERE until < $1`
	sqlStaleAnswersAcross = `SELECT DISTINCT workspace FROM answers WHERE expires_at < $1`
	sqlSweepBudgets       = `DELETE FROM budgets WHERE workspace = $1 AND until < $2`
	sqlSweepAnswers       = `DELETE FROM answers WHERE workspace = $1 AND expires_at < $2`
)
