package chat

import (
	"context"
	"errors"
	"fmt"

	"parlatory"
	"parlatory/internal/domain/contact"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// hold gives a contact's key. One who was erased has none, and that is for the caller to hear, not for the log.
func (r *Room) hold(ctx context.Context, ws parlatory.WorkspaceID, who parlatory.ContactID) (*vault.Held, error) {
	held, err := r.Ring.Hold(ctx, ws, vault.ContactKey(who))
	if errors.Is(err, vault.ErrNoKey) {
		return nil, contact.ErrErased()
	}
	if err != nil {
		return nil, fmt.Errorf("hold contact key: %w", err)
	}
	return held, nil
}

// Gone counts the conversations whose content went with a contact's key.
type Gone struct {
	Enquiries, Messages int64
}

// Erase prepares a contact's conversations for the end of the contact's key, in the transaction that destroys it and after contact.Erase. It
// refuses while one of them is not closed: into a closed one nothing is posted, and who held an older state of it collides with the line that
// closed it. Rows stay, as ciphertext that nothing opens: who wrote when, and the running digests that stand in the ledger. Every node
// forgets what it remembers of these rooms.
func (r *Room) Erase(tx *db.Tx, who parlatory.ContactID) (gone Gone, err error) {
	query := sqlRoomsOfPerson
	if tx.Postgres() {
		query = sqlRoomsOfPersonLocked
	}
	rooms, open, err := roomsOf(tx, query, who)
	if err != nil {
		return gone, err
	}
	if len(open) > 0 {
		return gone, parlatory.Conflict(fmt.Sprintf("Conversations of this contact are not closed yet: %d. Close them first.", len(open)))
	}
	gone.Enquiries = int64(len(rooms))
	if err := tx.Row(sqlMessagesOfPerson, who).Scan(&gone.Messages); err != nil {
		return gone, fmt.Errorf("count messages: %w", err)
	}
	if err := EraseKept(tx, who); err != nil {
		return gone, err
	}
	if len(rooms) == 0 {
		rooms = []place{{}}
	}
	for _, p := range rooms {
		tx.Tell(parlatory.Event{Kind: parlatory.ContactErased, Workspace: tx.Workspace(), Contact: who, Room: p.room, Enquiry: p.enquiry})
	}
	return gone, nil
}

// Counted counts a contact's conversations in a neighbour's transaction, as Erase would, and names those that are not closed.
func Counted(tx *db.Tx, who parlatory.ContactID) (kept Gone, open []parlatory.EnquiryID, err error) {
	rooms, open, err := roomsOf(tx, sqlRoomsOfPerson, who)
	if err != nil {
		return kept, nil, err
	}
	kept.Enquiries = int64(len(rooms))
	if err := tx.Row(sqlMessagesOfPerson, who).Scan(&kept.Messages); err != nil {
		return kept, nil, fmt.Errorf("count messages: %w", err)
	}
	return kept, open, nil
}

// EraseKept deletes the messages of a contact that were kept while the workspace's keys were away: they are sealed to the workspace's inbox,
// not under the contact's key.
func EraseKept(tx *db.Tx, who parlatory.ContactID) error {
	if _, err := tx.Exec(sqlEraseKept, who); err != nil {
		return fmt.Errorf("erase kept messages: %w", err)
	}
	return nil
}

type place struct {
	enquiry parlatory.EnquiryID
	room    parlatory.RoomID
}

func roomsOf(tx *db.Tx, query string, who parlatory.ContactID) (rooms []place, open []parlatory.EnquiryID, err error) {
	q, err := tx.Query(query, who)
	if err != nil {
		return nil, nil, fmt.Errorf("read conversations: %w", err)
	}
	defer q.Close()
	for q.Next() {
		var p place
		var state string
		if err := q.Scan(&p.enquiry, &p.room, &state); err != nil {
			return nil, nil, fmt.Errorf("read conversations: %w", err)
		}
		if rooms = append(rooms, p); state != Closed {
			open = append(open, p.enquiry)
		}
	}
	return rooms, open, q.Err()
}

// Of lists a page of a contact's enquiries for another room of the server, oldest first and after a known one; who may see them is that
// room's question.
func (r *Room) Of(ctx context.Context, ws parlatory.WorkspaceID, who parlatory.ContactID, after parlatory.EnquiryID) ([]Enquiry, error) {
	permit, err := r.Law.System(actFrames, ws)
	if err != nil {
		return nil, err
	}
	var found []Enquiry
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if found, err = scanEnquiries(tx.Query(sqlEnquiriesAfter, who, after[:], MaxPage)); err != nil {
			return err
		}
		return r.surround(tx, permit.Actor(), found)
	})
	if err != nil {
		return nil, err
	}
	return found, r.reveal(ctx, ws, found)
}

// After reads up to MaxPage messages of a room after a sequence, likewise.
func (r *Room) After(ctx context.Context, ws parlatory.WorkspaceID, room parlatory.RoomID, seq int64) ([]Message, error) {
	return r.messages(ctx, ws, room, sqlAfter, seq, MaxPage)
}
