package file

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// State is how far a file has come.
type State string

// The states. A file that was sent with a message is ready and stays so.
const (
	Uploading   State = "uploading"
	Checking    State = "checking"    // complete; the scanner has not answered yet, so nobody gets it
	Ready       State = "ready"       // may be sent and shown
	Quarantined State = "quarantined" // malware was found: nobody gets it
	Refused     State = "refused"     // not what it claims to be, broken or damaged; its content is gone
)

// Kind is the coarse class of a file, which stands in clear.
type Kind string

// The kinds. A file is KindOther until its content was looked at.
const (
	KindImage    Kind = "image"
	KindDocument Kind = "document"
	KindAudio    Kind = "audio"
	KindVideo    Kind = "video"
	KindOther    Kind = "other"
)

func kindOf(t Type) Kind {
	switch {
	case t.Picture():
		return KindImage
	case t.Audio():
		return KindAudio
	case t.Video():
		return KindVideo
	case t == Octets || t == Zip:
		return KindOther
	}
	return KindDocument
}

// Author is who sent a file.
type Author struct {
	Kind parlatory.ActorKind // Visitor or Staff
	ID   [16]byte            // contact or staff member
}

func authorOf(a parlatory.Actor) Author {
	if a.Kind == parlatory.Visitor {
		return Author{parlatory.Visitor, a.Contact.Raw()}
	}
	return Author{parlatory.Staff, a.Staff.Raw()}
}

// record is a row of files. Everything that decides on who gets what is bound to the sealed column.
type record struct {
	id                        parlatory.FileID
	room                      parlatory.RoomID
	contact                   parlatory.ContactID
	by                        Author
	client                    parlatory.ClientID
	state                     State
	kind                      Kind
	size                      int64
	seq                       int64 // of the message; 0 until it was sent
	created, changed, expires time.Time
	due                       time.Time // written, never read into a record
	revision                  int64
	sealed                    vault.Sealed
	private
}

// private is what the sealed column holds.
type private struct {
	Name    string   `json:"name"`
	Claimed string   `json:"claimed,omitempty"` // the media type as its sender said it
	Type    Type     `json:"type,omitempty"`
	Reason  string   `json:"reason,omitempty"` // of a refused file, for its sender
	Found   string   `json:"found,omitempty"`  // of a quarantined one, in the scanner's words
	Parts   []part   `json:"parts,omitempty"`
	View    *picture `json:"view,omitempty"`
	Thumb   *picture `json:"thumb,omitempty"`
}

// part is one sealed stream. Mark makes its blob's name, Digest names the very stream: an older one that is put back is found.
type part struct {
	Size   int64  `json:"s"`
	Mark   string `json:"m"`
	Digest []byte `json:"d"`
}

type picture struct {
	part
	Type Type `json:"t"`
	W    int  `json:"w"`
	H    int  `json:"h"`
}

func (r *record) binding() vault.Binding {
	return vault.Binding{Table: "files", Row: r.id.Raw(), Revision: uint32(r.revision), Clear: []any{
		r.room, r.contact, int64(r.by.Kind), parlatory.RowID(r.by.ID), r.client, string(r.state), string(r.kind), r.size, r.seq, r.created,
	}}
}

// place is where one stream of a file is sealed for: part n of its content, or a picture.
func (r *record) place(what string, n int) vault.Binding {
	return vault.Binding{Table: "files.content", Row: r.id.Raw(), Clear: []any{r.room, r.contact, what, int64(n)}}
}

// The streams of a file.
const (
	content   = "part"
	viewName  = "view"
	thumbName = "thumb"
)

// folder is what the names of all blobs of a file begin with; the program makes it of ids, never of what a client says (AC-095).
func folder(ws parlatory.WorkspaceID, id parlatory.FileID) string {
	return "f/" + hex.EncodeToString(ws[:]) + "/" + hex.EncodeToString(id[:]) + "/"
}

func blobName(ws parlatory.WorkspaceID, id parlatory.FileID, what string, n int, mark string) string {
	if what == content {
		what = strconv.Itoa(n)
	}
	return folder(ws, id) + what + "-" + mark
}

// fileOf reads a blob's name back.
func fileOf(name string) (ws parlatory.WorkspaceID, id parlatory.FileID, ok bool) {
	p := strings.Split(name, "/")
	if len(p) != 4 || p[0] != "f" || len(p[1]) != 32 || len(p[2]) != 32 {
		return ws, id, false
	}
	_, bad1 := hex.Decode(ws[:], []byte(p[1]))
	_, bad2 := hex.Decode(id[:], []byte(p[2]))
	return ws, id, bad1 == nil && bad2 == nil
}

type scanner interface{ Scan(dest ...any) error }

func scan(row scanner) (*record, error) {
	var r record
	var kind int64
	var author parlatory.RowID
	err := row.Scan(&r.id, &r.room, &r.contact, &kind, &author, &r.client, &r.state, &r.kind, &r.size, &r.seq, &r.created, &r.changed, &r.expires, &r.revision, &r.sealed)
	r.by = Author{parlatory.ActorKind(kind), author.Raw()}
	if errors.Is(err, db.ErrNone) {
		return nil, parlatory.NotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	return &r, nil
}

func scanAll(rows *db.Rows, err error) (all []*record, _ error) {
	if err != nil {
		return nil, fmt.Errorf("read files: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// open opens the sealed column.
func (r *record) open(held *vault.Held) error {
	r.private = private{}
	if err := vault.OpenJSON(held, r.binding(), r.sealed, &r.private); err != nil {
		return fmt.Errorf("open file's row: %w", err)
	}
	return nil
}

func (r *record) insert(tx *db.Tx, held *vault.Held) (fresh bool, err error) {
	if r.sealed, err = vault.SealJSON(held, r.binding(), r.private); err != nil {
		return false, fmt.Errorf("seal file's row: %w", err)
	}
	n, err := tx.Exec(sqlInsert, r.id, r.room, r.contact, int64(r.by.Kind), parlatory.RowID(r.by.ID), r.client, string(r.state), string(r.kind), r.size, r.seq, r.created, r.changed, r.expires, r.revision, r.sealed)
	if err != nil {
		return false, fmt.Errorf("store file: %w", err)
	}
	return n == 1, nil
}

// store writes a changed record, if nobody else did since it was read.
func (r *record) store(tx *db.Tx, held *vault.Held) (err error) {
	old := r.revision
	r.revision++
	r.changed = tx.Now()
	if r.sealed, err = vault.SealJSON(held, r.binding(), r.private); err != nil {
		return fmt.Errorf("seal file's row: %w", err)
	}
	n, err := tx.Exec(sqlUpdate, r.id, string(r.state), string(r.kind), r.seq, r.changed, r.expires, r.due, r.revision, r.sealed, old)
	if err != nil {
		return fmt.Errorf("store file: %w", err)
	}
	if n != 1 {
		return parlatory.Conflict("This file has just changed. Please look again.")
	}
	return nil
}

// locked reads a row so that nobody else changes it until the transaction ends.
func locked(tx *db.Tx, id parlatory.FileID) (*record, error) {
	if tx.Postgres() {
		return scan(tx.Row(sqlByIDForUpdate, id))
	}
	return scan(tx.Row(sqlByID, id))
}

// partsOf is how many parts a content has, partSize how long part n (from 1) of them is.
func partsOf(size int64) int { return int((size + PartSize - 1) / PartSize) }

func partSize(size int64, n int) int64 { return min(PartSize, size-int64(n-1)*PartSize) }

func digestOf(sum [sha256.Size]byte) []byte { return sum[:] }
