package chat

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/file"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// errStale says that a remembered state collided with a newer one: read again and repeat.
var errStale = errors.New("room has moved on")

// draft is a message before it has a sequence number.
type draft struct {
	room     parlatory.RoomID
	client   parlatory.ClientID
	kind     parlatory.ActorKind
	author   [16]byte
	name     string
	event    string // of system lines: opened, picked_up, closed, reopened, refused
	body     string
	files    []parlatory.FileID // to claim, and what they are once they were
	attached []file.Attached
	held     *vault.Held
	at       time.Time // of a message that was kept in the inbox: when it arrived
}

// binding ties a sealed body to its place: nothing of it can be moved, reordered or put under another name.
func binding(room parlatory.RoomID, seq int64, client parlatory.ClientID, kind parlatory.ActorKind, author [16]byte, event string, at time.Time) vault.Binding {
	return vault.Binding{Table: "messages", Row: client.Raw(), Clear: []any{room, seq, int64(kind), parlatory.RowID(author), event, at}}
}

// row seals one draft as the next message of its room, moves the state on, and gives the arguments of its insert.
func (d *draft) row(st *state, at time.Time, args []any) ([]any, Message, error) {
	if !d.at.IsZero() {
		at = d.at
	}
	st.head++
	plain, err := content(d.body, d.attached)
	if err != nil {
		return nil, Message{}, fmt.Errorf("encode message: %w", err)
	}
	sealed, err := d.held.Seal(binding(d.room, st.head, d.client, d.kind, d.author, d.event, at), plain)
	if err != nil {
		return nil, Message{}, fmt.Errorf("seal message: %w", err)
	}
	st.digest = nextDigest(st.digest, st.head, sealed)
	digest := st.digest
	args = append(args, d.room, st.head, d.client, int64(d.kind), parlatory.RowID(d.author), d.event, at, digest[:], sealed)
	m := Message{Room: d.room, Seq: st.head, Client: d.client, Kind: d.kind, Author: d.author, Name: d.name, Event: d.event, At: at, Body: d.body, Files: d.attached}
	return args, m, nil
}

// nextDigest is the running digest of a room: SHA-256 over the digest before, the sequence and the sealed body.
func nextDigest(before [32]byte, seq int64, sealed vault.Sealed) [32]byte {
	h := sha256.New()
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(seq))
	h.Write(before[:])
	h.Write(n[:])
	h.Write(sealed.Bytes())
	var out [32]byte
	h.Sum(out[:0])
	return out
}

// insert writes rows of messages; a collision with a newer state or a repeated client id is errStale.
func (r *Room) insert(tx *db.Tx, args []any, messages []Message) error {
	if len(messages) == 0 {
		return nil
	}
	if _, err := tx.Exec(r.inserts[len(messages)], args...); err != nil {
		if db.IsTaken(err) {
			return errStale
		}
		return fmt.Errorf("insert messages: %w", err)
	}
	ws := tx.Workspace()
	tx.After(func() { r.frames.put(ws, messages) })
	for _, m := range messages {
		tx.Tell(parlatory.Event{Kind: parlatory.MessagePosted, Workspace: ws, Room: m.Room, Seq: m.Seq})
	}
	return nil
}

// say appends one message in the transaction of an act, such as the line that says who picked up.
func (r *Room) say(tx *db.Tx, st *state, d draft) error {
	args, m, err := d.row(st, tx.Now(), make([]any, 0, insertColumns))
	if err != nil {
		return err
	}
	return r.insert(tx, args, []Message{m})
}
