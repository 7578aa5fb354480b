package archive

const (
	holdColumns = `id, contact, placed_at, placed_by, lifted_at, lifted_by, revision, sealed`

	sqlPutHold  = `INSERT INTO holds (workspace, ` + holdColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlHold     = `SELECT ` + holdColumns + ` FROM holds WHERE workspace = $1 AND id = $2`
	sqlHoldsOf  = `SELECT ` + holdColumns + ` FROM holds WHERE workspace = $1 AND contact = $2 ORDER BY placed_at DESC, id DESC LIMIT $3`
	sqlStanding = `SELECT ` + holdColumns + ` FROM holds WHERE workspace = $1 AND lifted_at IS NULL AND id < $2 ORDER BY id DESC LIMIT $3`
	sqlCountOf  = `SELECT COUNT(*) FROM holds WHERE workspace = $1 AND contact = $2`
	sqlLift     = `UPDATE holds SET lifted_at = $3, lifted_by = $4, revision = $5, sealed = $6 WHERE workspace = $1 AND id = $2 AND revision = $7`

	erasureColumns = `id, contact, at, erased_by, sealed, certificate`

	sqlPutErasure = `INSERT INTO erasures (workspace, id, contact, at, erased_by, sealed) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlErasure    = `SELECT ` + erasureColumns + ` FROM erasures WHERE workspace = $1 AND id = $2`
	sqlErasures   = `SELECT ` + erasureColumns + ` FROM erasures WHERE workspace = $1 AND id < $2 ORDER BY id DESC LIMIT $3`
	sqlCertify    = `UPDATE erasures SET certificate = $3 WHERE workspace = $1 AND id = $2 AND certificate IS NULL`

	sqlUncertifiedAcross = `SELECT workspace, id FROM erasures WHERE certificate IS NULL ORDER BY workspace, id LIMIT 100`

	sqlSigner    = `SELECT id, name, verifier, sealed FROM archive_signers WHERE workspace = $1`
	sqlPutSigner = `INSERT INTO archive_signers (workspace, id, name, verifier, created_at, sealed) VALUES ($1, $2, $3, $4, $5, $6)`

	sqlPartEnd    = `SELECT until FROM part_ends WHERE workspace = $1`
	sqlPutPartEnd = `INSERT INTO part_ends (workspace, until) VALUES ($1, $2)
		ON CONFLICT (workspace) DO UPDATE SET until = excluded.until WHERE part_ends.until < excluded.until`

	sqlPutLeaving     = `INSERT INTO leavings (workspace, blob, at) VALUES ($1, $2, $3) ON CONFLICT (workspace, blob) DO NOTHING`
	sqlDropLeaving    = `DELETE FROM leavings WHERE workspace = $1 AND blob = $2`
	sqlLeavingsAcross = `SELECT workspace, blob FROM leavings WHERE at < $1 ORDER BY at LIMIT 500`
)
