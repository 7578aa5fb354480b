package ledger

const (
	insertLog = `INSERT INTO ledger_logs (workspace, log, id, origin, verifier, signer, size, previous, created)
VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)`

	// The newest log is the one that is written to.
	selectLog = `SELECT log, id, origin, verifier, signer, size, previous FROM ledger_logs WHERE workspace = $1 ORDER BY log DESC LIMIT 1`

	// The row lock is the sequencer's lease: who does not get it leaves the work to the node that has it. SQLite has
	// one writer and needs none.
	lockLogSQLite   = `SELECT size FROM ledger_logs WHERE workspace = $1 AND log = $2`
	lockLogPostgres = `SELECT size FROM ledger_logs WHERE workspace = $1 AND log = $2 FOR UPDATE SKIP LOCKED`

	growLog = `UPDATE ledger_logs SET size = $3 WHERE workspace = $1 AND log = $2 AND size = $4`

	insertEntry = `INSERT INTO ledger_entries (workspace, id, at, actor_kind, actor, action, element, element_id, act,
subject_kind, subject, address_index, commitment, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`

	// What of a person's entries could find them: no leaf and no seal covers the index.
	forgetSubject = `UPDATE ledger_entries SET address_index = NULL WHERE workspace = $1 AND subject = $2 AND address_index IS NOT NULL`
	forgetActor   = `UPDATE ledger_entries SET address_index = NULL WHERE workspace = $1 AND actor = $2 AND address_index IS NOT NULL`

	selectWaiting = `SELECT id, at, actor_kind, actor, action, element, element_id, act, subject_kind, subject, commitment
FROM ledger_entries WHERE workspace = $1 AND number IS NULL ORDER BY id LIMIT $2`

	numberEntry = `UPDATE ledger_entries SET log = $3, number = $4 WHERE workspace = $1 AND id = $2 AND number IS NULL`

	waitingAcross = `SELECT DISTINCT workspace FROM ledger_entries WHERE number IS NULL LIMIT 1000`

	selectBlocks = `SELECT block, hashes FROM ledger_hashes WHERE workspace = $1 AND log = $2
AND block IN ($3, $4, $5, $6, $7, $8, $9, $10)`

	putBlock = `INSERT INTO ledger_hashes (workspace, log, block, hashes) VALUES ($1, $2, $3, $4)
ON CONFLICT (workspace, log, block) DO UPDATE SET hashes = excluded.hashes`

	insertHead = `INSERT INTO ledger_heads (workspace, log, size, root, note, at) VALUES ($1, $2, $3, $4, $5, $6)`

	selectHead = `SELECT root FROM ledger_heads WHERE workspace = $1 AND log = $2 AND size = $3`

	latestHead = `SELECT note, size FROM ledger_heads WHERE workspace = $1 AND log = $2 ORDER BY size DESC LIMIT 1`

	headsAfter = `SELECT size, note FROM ledger_heads WHERE workspace = $1 AND log = $2 AND size > $3 AND size <= $4 ORDER BY size LIMIT $5`

	entryColumns = `SELECT number, id, at, actor_kind, actor, action, element, element_id, act, subject_kind, subject, commitment, sealed
FROM ledger_entries WHERE workspace = $1`

	selectNumbered = entryColumns + ` AND log = $2 AND number > $3 AND number <= $4 ORDER BY number LIMIT $5`

	// The pages: newest first, older than a known entry. The first column that is asked for decides by which index.
	commonFilter = ` AND id < $2 AND at >= $3 AND at < $4 AND (action = $5 OR $6 = 1) AND (element = $7 OR $8 = 1)`
	newestFirst  = ` ORDER BY id DESC LIMIT $9`

	listAll       = entryColumns + commonFilter + newestFirst
	listByActor   = entryColumns + commonFilter + ` AND actor = $10` + newestFirst
	listByElement = entryColumns + commonFilter + ` AND element_id = $10` + newestFirst
	listByBoth    = entryColumns + commonFilter + ` AND element_id = $10 AND actor = $11` + newestFirst
)
