package chat

import (
	"fmt"
	"strings"
)

const (
	sqlInsertRoom = `INSERT INTO rooms (workspace, id, kind, contact, created_at, witnessed) VALUES ($1, $2, 'enquiry', $3, $4, 0)`

	sqlLockRoom = `SELECT id FROM rooms WHERE workspace = $1 AND id = $2 FOR UPDATE`

	enquiryColumns = `id, room, contact, site, department, staff, state, opened_at, picked_at, closed_at, revision, sealed`

	sqlInsertEnquiry = `INSERT INTO enquiries (workspace, ` + enquiryColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`

	sqlEnquiry           = `SELECT ` + enquiryColumns + ` FROM enquiries WHERE workspace = $1 AND id = $2`
	sqlEnquiryForUpdate  = sqlEnquiry + ` FOR UPDATE`
	sqlEnquiryOfRoom     = `SELECT ` + enquiryColumns + ` FROM enquiries WHERE workspace = $1 AND room = $2`
	sqlEnquiriesOfPerson = `SELECT ` + enquiryColumns + ` FROM enquiries WHERE workspace = $1 AND contact = $2 ORDER BY id DESC LIMIT $3`
	sqlOpenOfPerson      = `SELECT COUNT(*) FROM enquiries WHERE workspace = $1 AND contact = $2 AND state <> 'Closed'`

	sqlRoomsOfPerson       = `SELECT id, room, state FROM enquiries WHERE workspace = $1 AND contact = $2 ORDER BY id`
	sqlRoomsOfPersonLocked = sqlRoomsOfPerson + ` FOR UPDATE`
	sqlMessagesOfPerson    = `SELECT COUNT(*) FROM messages WHERE workspace = $1 AND room IN (SELECT room FROM enquiries WHERE workspace = $1 AND contact = $2)`
	sqlEnquiriesAfter      = `SELECT ` + enquiryColumns + ` FROM enquiries WHERE workspace = $1 AND contact = $2 AND id > $3 ORDER BY id LIMIT $4`

	sqlUpdateEnquiry = `UPDATE enquiries SET staff = $3, state = $4, picked_at = $5, closed_at = $6, revision = $7, sealed = $8 WHERE workspace = $1 AND id = $2 AND revision = $9`

	// $2 is the data level, $3 the staff member, $4 the department, $5 the cursor, $6 the limit.
	visible = ` AND ($2 = 3 OR staff = $3 OR state = 'Open' OR ($2 = 2 AND (department = $4 OR department IS NULL)))`

	sqlWaiting = `SELECT ` + enquiryColumns + ` FROM enquiries WHERE workspace = $1` + visible + ` AND id > $5 AND state = 'Open' ORDER BY id LIMIT $6`
	sqlMine    = `SELECT ` + enquiryColumns + ` FROM enquiries WHERE workspace = $1` + visible + ` AND id < $5 AND staff = $3 AND state = 'Ongoing' ORDER BY id DESC LIMIT $6`
	sqlClosed  = `SELECT ` + enquiryColumns + ` FROM enquiries WHERE workspace = $1` + visible + ` AND id < $5 AND state = 'Closed' ORDER BY id DESC LIMIT $6`
	sqlAll     = `SELECT ` + enquiryColumns + ` FROM enquiries WHERE workspace = $1` + visible + ` AND id < $5 ORDER BY id DESC LIMIT $6`

	sqlCountWaiting = `SELECT COUNT(*) FROM (SELECT 1 FROM enquiries WHERE workspace = $1 AND state = 'Open' LIMIT 1000) AS waiting`
	sqlCountMine    = `SELECT COUNT(*) FROM (SELECT 1 FROM enquiries WHERE workspace = $1 AND staff = $2 AND state = 'Ongoing' LIMIT 1000) AS mine`

	messageColumns = `seq, client, author_kind, author, event, at, sealed`

	sqlHead       = `SELECT seq, digest FROM messages WHERE workspace = $1 AND room = $2 ORDER BY seq DESC LIMIT 1`
	sqlLast       = `SELECT ` + messageColumns + ` FROM messages WHERE workspace = $1 AND room = $2 ORDER BY seq DESC LIMIT 1`
	sqlAfter      = `SELECT ` + messageColumns + ` FROM messages WHERE workspace = $1 AND room = $2 AND seq > $3 ORDER BY seq LIMIT $4`
	sqlBefore     = `SELECT ` + messageColumns + ` FROM messages WHERE workspace = $1 AND room = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4`
	sqlByClient   = `SELECT seq, at, author_kind, author FROM messages WHERE workspace = $1 AND room = $2 AND client = $3`
	sqlInsertHead = `INSERT INTO messages (workspace, room, seq, client, author_kind, author, event, at, digest, sealed) VALUES `

	sqlMark = `INSERT INTO marks (workspace, room, reader_kind, reader, seq, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (workspace, room, reader_kind, reader) DO UPDATE SET seq = excluded.seq, at = excluded.at WHERE marks.seq < excluded.seq`
	sqlMyMark = `SELECT seq FROM marks WHERE workspace = $1 AND room = $2 AND reader_kind = $3 AND reader = $4`
	sqlMarks  = `SELECT reader_kind, reader, seq FROM marks WHERE workspace = $1 AND room = $2`

	sqlReading    = `SELECT 1 FROM readings WHERE workspace = $1 AND room = $2 AND staff = $3 AND hour = $4`
	sqlPutReading = `INSERT INTO readings (workspace, room, staff, hour) VALUES ($1, $2, $3, $4) ON CONFLICT (workspace, room, staff, hour) DO NOTHING`

	sqlOpenWorkspacesAcross = `SELECT DISTINCT workspace FROM enquiries WHERE state <> 'Closed'`
	sqlOpenRooms            = `SELECT r.id, r.witnessed FROM rooms r JOIN enquiries e ON e.workspace = r.workspace AND e.room = r.id WHERE r.workspace = $1 AND e.workspace = $1 AND e.state <> 'Closed'`
	sqlWitnessed            = `UPDATE rooms SET witnessed = $3 WHERE workspace = $1 AND id = $2`
)

// insertColumns is how many arguments one message takes beside the workspace.
const insertColumns = 9

// insertMessages is the multi-row insert of n messages: VALUES ($1, $2, …), ($1, $11, …).
func insertMessages(n int) string {
	var b strings.Builder
	b.WriteString(sqlInsertHead)
	arg := 2
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("($1")
		for range insertColumns {
			fmt.Fprintf(&b, ", $%d", arg)
			arg++
		}
		b.WriteByte(')')
	}
	return b.String()
}
