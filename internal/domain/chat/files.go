package chat

import (
	"context"
	"encoding/json"
	"fmt"

	"parlatory"
	"parlatory/internal/domain/file"
	"parlatory/internal/storage/db"
)

var _ file.Rooms = (*Room)(nil)

// Poster judges whether the actor may post into a room now, and says whose enquiry it is; for file.Rooms.
func (r *Room) Poster(ctx context.Context, actor parlatory.Actor, room parlatory.RoomID) (parlatory.ContactID, error) {
	act := ActPost
	if actor.Kind == parlatory.Visitor {
		act = ActVisitorPost
	}
	permit, err := r.Law.Permit(ctx, actor, act)
	if err != nil {
		return parlatory.ContactID{}, err
	}
	st, err := r.judge(ctx, actor, act, room)
	if err != nil {
		return parlatory.ContactID{}, err
	}
	return st.contact, mayPost(actor, permit.Level(), st)
}

// Reader judges whether the actor may read a room. A staff member's reading is in the ledger before it returns; for file.Rooms.
func (r *Room) Reader(ctx context.Context, actor parlatory.Actor, room parlatory.RoomID) error {
	st, err := r.reader(ctx, actor, room)
	if err != nil || actor.Kind != parlatory.Staff {
		return err
	}
	return r.witnessReading(ctx, actor, room, st)
}

// filed begins the sealed form of a message with files: no text can hold a NUL, so a plain one never looks like it.
const filed = 0

type withFiles struct {
	Body  string          `json:"body"`
	Files []file.Attached `json:"files"`
}

// content is what is sealed of a message: its text, or text and files.
func content(body string, files []file.Attached) ([]byte, error) {
	if len(files) == 0 {
		return []byte(body), nil
	}
	b, err := json.Marshal(withFiles{body, files})
	return append([]byte{filed}, b...), err
}

// contentOf reads it back.
func contentOf(b []byte) (body string, files []file.Attached, err error) {
	if len(b) == 0 || b[0] != filed {
		return string(b), nil, nil
	}
	var m withFiles
	if json.Unmarshal(b[1:], &m) != nil { // the error would quote content
		return "", nil, fmt.Errorf("open message: files are not of the expected form")
	}
	return m.Body, m.Files, nil
}

// claim gives a post's files to it as the next message of its room. A refusal is the post's own answer; any other error is the transaction's.
func (w *waiting) claim(tx *db.Tx, head int64) (refused bool, err error) {
	d := &w.draft
	d.attached, err = file.Claim(tx, d.held, file.Author{Kind: d.kind, ID: d.author}, d.room, head+1, d.files)
	if err != nil && parlatory.KindOf(err) != parlatory.KindInternal {
		w.err = err
		return true, nil
	}
	return false, err
}
