package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/domain/file"
	"parlatory/internal/storage/db"
)

// Message is one message, opened.
type Message struct {
	Room   parlatory.RoomID
	Seq    int64
	Client parlatory.ClientID
	Kind   parlatory.ActorKind // Visitor, Staff or System
	Author [16]byte
	Name   string
	Event  string
	At     time.Time
	Body   string
	Files  []file.Attached
}

// TimeForm is how times stand in the API and in frames: RFC 3339, UTC, microseconds.
const TimeForm = "2006-01-02T15:04:05.000000Z"

// Encode is the JSON of a message as it goes to listeners: encoded once, shared by all. Kind "message" marks it
// among the other publications of a room.
func (m Message) Encode() []byte {
	b := make([]byte, 0, 256+len(m.Body)+len(m.Name))
	b = append(b, `{"k":"message","room":"`...)
	b = m.Room.AppendTo(b)
	b = append(b, `","seq":`...)
	b = strconv.AppendInt(b, m.Seq, 10)
	b = append(b, `,"id":"`...)
	b = m.Client.AppendTo(b)
	b = append(b, `","by":{"kind":"`...)
	b = append(b, m.Kind.String()...)
	if m.Author != ([16]byte{}) {
		b = append(b, `","id":"`...)
		b = parlatory.RowID(m.Author).AppendTo(b)
	}
	b = append(b, `","name":`...)
	b = appendText(b, m.Name)
	b = append(b, `},"at":"`...)
	b = m.At.UTC().AppendFormat(b, TimeForm)
	b = append(b, '"')
	if m.Event != "" {
		b = append(b, `,"event":"`...)
		b = append(b, m.Event...)
		b = append(b, '"')
	}
	b = append(b, `,"body":`...)
	b = appendText(b, m.Body)
	if len(m.Files) > 0 {
		files, _ := json.Marshal(m.Files) // ids, texts and numbers always encode
		b = append(append(b, `,"files":`...), files...)
	}
	return append(b, '}')
}

// appendText quotes a text as JSON; plain ASCII, which is most of it, is copied as it is.
func appendText(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // a string always encodes
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

type frameKey struct {
	roomKey
	seq int64
}

// frames remembers the last frames that this node committed: put there after the commit and before it is told, so
// that who hears of a message finds its frame, and nobody finds one that was rolled back.
type frames struct {
	mu    sync.RWMutex
	known map[frameKey][]byte
	order []frameKey // oldest first
	bytes int
}

func (f *frames) start() { f.known = make(map[frameKey][]byte, frameCount) }

func (f *frames) put(ws parlatory.WorkspaceID, messages []Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range messages {
		k, data := frameKey{roomKey{ws, m.Room}, m.Seq}, m.Encode()
		f.known[k] = data
		f.order = append(f.order, k)
		f.bytes += len(data)
	}
	for len(f.order) > frameCount || f.bytes > frameBytes {
		f.bytes -= len(f.known[f.order[0]])
		delete(f.known, f.order[0])
		f.order = f.order[1:]
	}
}

// drop forgets the frames of the rooms that match.
func (f *frames) drop(match func(roomKey) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.order = slices.DeleteFunc(f.order, func(k frameKey) bool {
		if !match(k.roomKey) {
			return false
		}
		f.bytes -= len(f.known[k])
		delete(f.known, k)
		return true
	})
}

func (f *frames) get(k frameKey) ([]byte, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	data, ok := f.known[k]
	return data, ok
}

// Told drops what another node's act, or this one's, has made stale.
func (r *Room) Told(events []parlatory.Event) {
	for _, e := range events {
		switch e.Kind {
		case parlatory.KeysShut:
			r.frames.drop(func(k roomKey) bool { return k.workspace == e.Workspace })
			r.names.clear()
		case parlatory.EventsMissed:
			r.states.clear()
			r.names.clear()
			r.frames.drop(func(roomKey) bool { return true }) // somebody may have been erased
			r.standing.clear()
		case parlatory.RoomContended:
			r.contended.add(roomKey{e.Workspace, e.Room}, r.Clock.Now().Add(contendFor))
			r.states.drop(roomKey{e.Workspace, e.Room})
		case parlatory.SessionEnded, parlatory.AccountChanged:
			r.standing.clear()
		case parlatory.StaffChanged:
			r.standing.clear()
			r.names.forget(nameKey{e.Workspace, e.Staff.Raw()})
		case parlatory.ContactErased:
			gone := roomKey{e.Workspace, e.Room}
			r.frames.drop(func(k roomKey) bool { return k == gone })
			r.states.drop(gone)
			r.names.forget(nameKey{e.Workspace, e.Contact.Raw()})
		case parlatory.EnquiryChanged, parlatory.EnquiryOpened:
			r.states.drop(roomKey{e.Workspace, e.Room})
		}
	}
}

// Frame gives the frame of one told message: from memory, or opened from the database where another node committed
// it. Who may get it is judged by the subscription.
func (r *Room) Frame(ctx context.Context, ws parlatory.WorkspaceID, room parlatory.RoomID, seq int64) ([]byte, error) {
	if err := r.Ring.Enter(ctx, ws); err != nil {
		return nil, err
	}
	if data, ok := r.frames.get(frameKey{roomKey{ws, room}, seq}); ok {
		return data, nil
	}
	messages, err := r.messages(ctx, ws, room, sqlAfter, seq-1, 1)
	if err != nil {
		return nil, err
	}
	if len(messages) == 0 || messages[0].Seq != seq {
		return nil, parlatory.NotFound()
	}
	return messages[0].Encode(), nil
}

// Heads gives the heads of rooms that have listeners, for nodes that may have missed a telling.
func (r *Room) Heads(ctx context.Context, ws parlatory.WorkspaceID, rooms []parlatory.RoomID) (map[parlatory.RoomID]int64, error) {
	permit, err := r.Law.System(actFrames, ws)
	if err != nil {
		return nil, err
	}
	heads := make(map[parlatory.RoomID]int64, len(rooms))
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		for _, room := range rooms {
			var seq int64
			var digest []byte
			if err := tx.Row(sqlHead, room).Scan(&seq, &digest); errors.Is(err, db.ErrNone) {
				continue
			} else if err != nil {
				return fmt.Errorf("read head: %w", err)
			}
			heads[room] = seq
		}
		return nil
	})
	return heads, err
}

// Glance tells, from memory alone, whose list a room stands in: for hints, where a wrong answer costs nothing.
func (r *Room) Glance(ws parlatory.WorkspaceID, room parlatory.RoomID) (enquiry parlatory.EnquiryID, staff parlatory.StaffID, waiting, ok bool) {
	st, ok := r.states.get(roomKey{ws, room})
	return st.enquiry, st.staff, st.status == Open, ok
}
