package chat

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parlatory"
	"parlatory/internal/domain/contact"
	"parlatory/internal/domain/file"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Range says which messages: those after a sequence, oldest first, or the last ones before it; Limit at most MaxPage.
// The zero Range is the newest page.
type Range struct {
	After  int64
	Before int64
	Limit  int
}

// History is a stretch of a room in order, and the room's head.
type History struct {
	Messages []Message
	Head     int64
}

// Messages reads a stretch of a room. A staff member's reading is an entry of the ledger once a person, room and hour,
// committed before the first message is given.
func (r *Room) Messages(ctx context.Context, actor parlatory.Actor, room parlatory.RoomID, in Range) (History, error) {
	st, err := r.reader(ctx, actor, room)
	if err != nil {
		return History{}, err
	}
	if actor.Kind == parlatory.Staff {
		if err := r.witnessReading(ctx, actor, room, st); err != nil {
			return History{}, err
		}
	}
	if in.Limit <= 0 || in.Limit > MaxPage {
		in.Limit = MaxPage
	}
	query, from := sqlAfter, in.After
	if in.After == 0 {
		query, from = sqlBefore, in.Before
		if from == 0 {
			from = 1 << 62
		}
	}
	messages, err := r.messages(ctx, actor.Workspace, room, query, from, in.Limit)
	if err != nil {
		return History{}, err
	}
	if query == sqlBefore {
		slices.Reverse(messages)
	}
	return History{Messages: messages, Head: st.head}, nil
}

// MayRead judges the right to read a room, with a fresh state: at each reading, at subscription, and again when a
// change is told. It gives the room's head.
func (r *Room) MayRead(ctx context.Context, actor parlatory.Actor, room parlatory.RoomID) (head int64, err error) {
	st, err := r.reader(ctx, actor, room)
	return st.head, err
}

func (r *Room) reader(ctx context.Context, actor parlatory.Actor, room parlatory.RoomID) (state, error) {
	act := ActRead
	if actor.Kind == parlatory.Visitor {
		act = ActVisitorRead
	}
	return r.judge(ctx, actor, act, room)
}

// Typing judges whether the actor may show the room that it is typing, and gives its display name.
func (r *Room) Typing(ctx context.Context, actor parlatory.Actor, room parlatory.RoomID) (string, error) {
	act := ActTyping
	if actor.Kind == parlatory.Visitor {
		act = ActVisitorTyping
	}
	if _, err := r.judge(ctx, actor, act, room); err != nil {
		return "", err
	}
	kind, author := authorOf(actor)
	return r.nameOf(ctx, actor.Workspace, kind, author)
}

// Leave is the act of no longer listening; it is always allowed to whom a socket belongs.
func (r *Room) Leave(ctx context.Context, actor parlatory.Actor) error {
	_, err := r.Law.Permit(ctx, actor, ActLeave)
	return err
}

func (r *Room) judge(ctx context.Context, actor parlatory.Actor, act access.Act, room parlatory.RoomID) (state, error) {
	permit, err := r.Law.Permit(ctx, actor, act)
	if err != nil {
		return state{}, err
	}
	var st state
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		st, err = readState(tx, room)
		return err
	})
	if err != nil {
		return state{}, err
	}
	if !sees(actor, permit.Level(), st) {
		return state{}, parlatory.NotFound()
	}
	return st, nil
}

func (r *Room) witnessReading(ctx context.Context, actor parlatory.Actor, room parlatory.RoomID, st state) error {
	hour := r.Clock.Now().Truncate(time.Hour)
	permit, err := r.Law.Permit(ctx, actor, actReading)
	if err != nil {
		return err
	}
	var known int64
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		return tx.Row(sqlReading, room, actor.Staff, hour).Scan(&known)
	})
	if err == nil || !errors.Is(err, db.ErrNone) {
		return err
	}
	pen, err := r.Ledger.Pen(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	return r.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if _, err := tx.Exec(sqlPutReading, room, actor.Staff, hour); err != nil {
			return fmt.Errorf("note reading: %w", err)
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Viewed, Element: "Conversation", ID: st.enquiry.Raw()})
	})
}

// messages reads and opens a stretch of a room, in the order of its query.
func (r *Room) messages(ctx context.Context, ws parlatory.WorkspaceID, room parlatory.RoomID, query string, from int64, limit int) ([]Message, error) {
	permit, err := r.Law.System(actFrames, ws)
	if err != nil {
		return nil, err
	}
	var found []stored
	var person []contact.Row
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		st, err := readState(tx, room)
		if err != nil {
			return err
		}
		if person, err = contact.Rows(tx, []parlatory.ContactID{st.contact}); err != nil {
			return err
		}
		found, err = scanMessages(tx.Query(query, room, from, limit))
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(person) == 0 {
		return nil, parlatory.NotFound()
	}
	who, err := r.Contacts.Open(ctx, ws, person[0])
	if err != nil {
		return nil, err
	}
	var held *vault.Held
	if !who.Erased {
		if held, err = r.hold(ctx, ws, who.ID); err != nil {
			return nil, err
		}
	}
	messages := make([]Message, 0, len(found))
	for _, s := range found {
		m, err := r.open(ctx, ws, room, s, held)
		if err != nil {
			return nil, err
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// stored is a message as it lies in the database.
type stored struct {
	seq    int64
	client parlatory.ClientID
	kind   int64
	author parlatory.RowID
	event  string
	at     time.Time
	sealed vault.Sealed
}

func (s *stored) into() []any {
	return []any{&s.seq, &s.client, &s.kind, &s.author, &s.event, &s.at, &s.sealed}
}

func scanMessages(rows *db.Rows, err error) ([]stored, error) {
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	defer rows.Close()
	var found []stored
	for rows.Next() {
		var s stored
		if err := rows.Scan(s.into()...); err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		found = append(found, s)
	}
	return found, rows.Err()
}

// open opens a message. Without a key, as of a contact who was erased, there is who wrote and when, and no body.
func (r *Room) open(ctx context.Context, ws parlatory.WorkspaceID, room parlatory.RoomID, s stored, held *vault.Held) (Message, error) {
	kind := parlatory.ActorKind(s.kind)
	var body string
	var files []file.Attached
	if held != nil {
		plain, err := held.Open(binding(room, s.seq, s.client, kind, s.author.Raw(), s.event, s.at), s.sealed)
		if err != nil {
			return Message{}, fmt.Errorf("open message: %w", err)
		}
		if body, files, err = contentOf(plain); err != nil {
			return Message{}, err
		}
	}
	name, err := r.nameOf(ctx, ws, kind, s.author.Raw())
	if err != nil {
		return Message{}, err
	}
	return Message{Room: room, Seq: s.seq, Client: s.client, Kind: kind, Author: s.author.Raw(), Name: name, Event: s.event, At: s.at, Body: body, Files: files}, nil
}

// Mark moves the actor's read mark of a room forward, never back and never past its head.
func (r *Room) Mark(ctx context.Context, actor parlatory.Actor, room parlatory.RoomID, seq int64) error {
	act := ActMark
	if actor.Kind == parlatory.Visitor {
		act = ActVisitorMark
	}
	permit, err := r.Law.Permit(ctx, actor, act)
	if err != nil {
		return err
	}
	kind, reader := authorOf(actor)
	var marked int64
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		return tx.Row(sqlMyMark, room, int64(kind), parlatory.RowID(reader)).Scan(&marked)
	})
	if err == nil && marked >= seq && seq > 0 { // said again, or late: nothing to write
		return nil
	}
	if err != nil && !errors.Is(err, db.ErrNone) {
		return fmt.Errorf("read mark: %w", err)
	}
	return r.DB.Write(ctx, permit, func(tx *db.Tx) error {
		st, err := readState(tx, room)
		if err != nil {
			return err
		}
		if !sees(actor, permit.Level(), st) {
			return parlatory.NotFound()
		}
		if seq < 1 || seq > st.head {
			return parlatory.Invalid("seq", "is not a message of this room")
		}
		moved, err := tx.Exec(sqlMark, room, int64(kind), parlatory.RowID(reader), seq, tx.Now())
		if err != nil {
			return fmt.Errorf("move mark: %w", err)
		}
		if moved > 0 {
			tx.Tell(parlatory.Event{Kind: parlatory.ReadMoved, Workspace: tx.Workspace(), Room: room, Seq: seq, Staff: actor.Staff, Contact: actor.Contact})
		}
		return nil
	})
}
