package chat

import (
	"errors"
	"fmt"
	"sync"

	"parlatory"
	"parlatory/internal/storage/db"
)

// States of an enquiry.
const (
	Open    = "Open"
	Ongoing = "Ongoing"
	Closed  = "Closed"
)

type roomKey struct {
	workspace parlatory.WorkspaceID
	room      parlatory.RoomID
}

// state is what a post needs to know of a room. It may be remembered between posts: each change of it also takes a
// sequence number, so an old state names a taken number and the insert collides.
type state struct {
	enquiry    parlatory.EnquiryID
	contact    parlatory.ContactID
	staff      parlatory.StaffID
	department parlatory.DepartmentID
	status     string
	head       int64
	digest     [32]byte
}

type states struct {
	mu    sync.RWMutex
	known map[roomKey]state
}

func (s *states) get(k roomKey) (state, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	st, ok := s.known[k]
	return st, ok
}

func (s *states) put(k roomKey, st state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= stateRooms {
		for old := range s.known { // any one: what is dropped is read again
			delete(s.known, old)
			break
		}
	}
	s.known[k] = st
}

func (s *states) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.known)
}

func (s *states) drop(k roomKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, k)
}

// readState reads a room's state, its head before its enquiry: so where another node changes the room between the two
// reads, the head is the older of them and the insert collides.
func readState(tx *db.Tx, room parlatory.RoomID) (state, error) {
	var st state
	var digest []byte
	err := tx.Row(sqlHead, room).Scan(&st.head, &digest)
	if err != nil && !errors.Is(err, db.ErrNone) {
		return st, fmt.Errorf("read head: %w", err)
	}
	copy(st.digest[:], digest)
	e, err := scanEnquiry(tx.Row(sqlEnquiryOfRoom, room))
	if errors.Is(err, db.ErrNone) {
		return st, parlatory.NotFound()
	}
	if err != nil {
		return st, fmt.Errorf("read enquiry: %w", err)
	}
	st.enquiry, st.contact, st.staff, st.department, st.status = e.ID, e.Contact.ID, e.Staff, e.department, e.State
	return st, nil
}
