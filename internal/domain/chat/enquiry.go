package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/domain/contact"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Enquiry is one matter of a visitor, opened.
type Enquiry struct {
	ID        parlatory.EnquiryID
	Room      parlatory.RoomID
	Contact   contact.Contact
	Site      string
	State     string
	Staff     parlatory.StaffID
	StaffName string
	Question  string
	Page      string
	Language  string
	OpenedAt  time.Time
	PickedAt  time.Time
	ClosedAt  time.Time
	Revision  int64
	Head      int64
	Last      *Message
	Read      int64 // my mark
	OtherRead int64 // for staff the visitor's mark; for a visitor the furthest of the staff

	department parlatory.DepartmentID
	sealed     vault.Sealed
	last       *stored
	person     contact.Row
}

// asked is what an enquiry's sealed column holds.
type asked struct {
	Question string `json:"question"`
	Page     string `json:"page,omitempty"`
	Language string `json:"language,omitempty"`
}

func (e *Enquiry) binding() vault.Binding {
	return vault.Binding{Table: "enquiries", Row: e.ID.Raw(), Revision: uint32(e.Revision), Clear: []any{e.Room, e.Contact.ID, e.Site, e.OpenedAt}}
}

func (e *Enquiry) asked() asked { return asked{e.Question, e.Page, e.Language} }

type scanner interface{ Scan(dest ...any) error }

func scanEnquiry(row scanner) (Enquiry, error) {
	var e Enquiry
	err := row.Scan(&e.ID, &e.Room, &e.Contact.ID, &e.Site, &e.department, &e.Staff, &e.State, &e.OpenedAt, &e.PickedAt, &e.ClosedAt, &e.Revision, &e.sealed)
	return e, err
}

func scanEnquiries(rows *db.Rows, err error) ([]Enquiry, error) {
	if err != nil {
		return nil, fmt.Errorf("read enquiries: %w", err)
	}
	defer rows.Close()
	var found []Enquiry
	for rows.Next() {
		e, err := scanEnquiry(rows)
		if err != nil {
			return nil, fmt.Errorf("read enquiries: %w", err)
		}
		found = append(found, e)
	}
	return found, rows.Err()
}

// View is a folder of the inbox.
type View string

// The views.
const (
	ViewWaiting View = "waiting"
	ViewMine    View = "mine"
	ViewClosed  View = "closed"
	ViewAll     View = "all"
)

// Page is a page of enquiries; Next is zero at the end.
type Page struct {
	Enquiries     []Enquiry
	Next          parlatory.EnquiryID
	Waiting, Mine int64
}

var views = map[View]string{ViewWaiting: sqlWaiting, ViewMine: sqlMine, ViewClosed: sqlClosed, ViewAll: sqlAll}

// List reads a page of a view, as far as the actor's data level shows it. Waiting is oldest first, the others newest
// first.
func (r *Room) List(ctx context.Context, actor parlatory.Actor, view View, cursor parlatory.EnquiryID, limit int) (Page, error) {
	permit, err := r.Law.Permit(ctx, actor, ActList)
	if err != nil {
		return Page{}, err
	}
	query, ok := views[view]
	if !ok {
		return Page{}, parlatory.Invalid("view", "must be waiting, mine, closed or all")
	}
	if limit <= 0 || limit > MaxPage {
		limit = 50
	}
	from := cursor[:]
	if cursor.Zero() && view != ViewWaiting {
		from = last[:]
	}
	var page Page
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		page.Enquiries, err = scanEnquiries(tx.Query(query, int64(permit.Level()), actor.Staff, actor.Department, from, limit+1))
		if err != nil {
			return err
		}
		if len(page.Enquiries) > limit {
			page.Enquiries = page.Enquiries[:limit]
			page.Next = page.Enquiries[limit-1].ID
		}
		if err := tx.Row(sqlCountWaiting).Scan(&page.Waiting); err != nil {
			return fmt.Errorf("count waiting: %w", err)
		}
		if err := tx.Row(sqlCountMine, actor.Staff).Scan(&page.Mine); err != nil {
			return fmt.Errorf("count mine: %w", err)
		}
		return r.surround(tx, actor, page.Enquiries)
	})
	if err != nil {
		return Page{}, err
	}
	if err := r.reveal(ctx, actor.Workspace, page.Enquiries); err != nil {
		return Page{}, err
	}
	for i := range page.Enquiries {
		page.Enquiries[i].Question = Preview(page.Enquiries[i].Question)
	}
	return page, nil
}

// Preview is as much of a text as a list shows; who wants the rest opens the conversation, which is an entry in the ledger.
func Preview(s string) string {
	const most = 140
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

var last = [16]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// Get reads one enquiry with its whole question, which is a reading of the conversation like any other.
func (r *Room) Get(ctx context.Context, actor parlatory.Actor, id parlatory.EnquiryID) (Enquiry, error) {
	e, err := r.get(ctx, actor, id)
	if err != nil {
		return Enquiry{}, err
	}
	return e, r.witnessReading(ctx, actor, e.Room, e.state())
}

func (r *Room) get(ctx context.Context, actor parlatory.Actor, id parlatory.EnquiryID) (Enquiry, error) {
	permit, err := r.Law.Permit(ctx, actor, ActList)
	if err != nil {
		return Enquiry{}, err
	}
	found := make([]Enquiry, 1)
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if found[0], err = seen(tx, actor, permit.Level(), sqlEnquiry, id); err != nil {
			return err
		}
		return r.surround(tx, actor, found)
	})
	if err != nil {
		return Enquiry{}, err
	}
	return found[0], r.reveal(ctx, actor.Workspace, found)
}

// seen reads an enquiry that the actor may see; any other does not exist.
func seen(tx *db.Tx, actor parlatory.Actor, level access.Level, query string, id parlatory.EnquiryID) (Enquiry, error) {
	e, err := scanEnquiry(tx.Row(query, id))
	if errors.Is(err, db.ErrNone) {
		return e, parlatory.NotFound()
	}
	if err != nil {
		return e, fmt.Errorf("read enquiry: %w", err)
	}
	if !sees(actor, level, e.state()) {
		return e, parlatory.NotFound()
	}
	return e, nil
}

func (e *Enquiry) state() state {
	return state{enquiry: e.ID, contact: e.Contact.ID, staff: e.Staff, department: e.department, status: e.State}
}

// Own lists a visitor's enquiries, newest first.
func (r *Room) Own(ctx context.Context, actor parlatory.Actor) ([]Enquiry, error) {
	permit, err := r.Law.Permit(ctx, actor, ActVisitorList)
	if err != nil {
		return nil, err
	}
	var found []Enquiry
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if found, err = scanEnquiries(tx.Query(sqlEnquiriesOfPerson, actor.Contact, 50)); err != nil {
			return err
		}
		return r.surround(tx, actor, found)
	})
	if err != nil {
		return nil, err
	}
	return found, r.reveal(ctx, actor.Workspace, found)
}

// surround reads what stands around each enquiry: its person, its last message, its marks.
func (r *Room) surround(tx *db.Tx, actor parlatory.Actor, found []Enquiry) error {
	for i := range found {
		e := &found[i]
		people, err := contact.Rows(tx, []parlatory.ContactID{e.Contact.ID})
		if err != nil {
			return err
		}
		if len(people) == 1 {
			e.person = people[0]
		}
		var s stored
		err = tx.Row(sqlLast, e.Room).Scan(s.into()...)
		if err == nil {
			e.last, e.Head = &s, s.seq
		} else if !errors.Is(err, db.ErrNone) {
			return fmt.Errorf("read last message: %w", err)
		}
		if err := e.readMarks(tx, actor); err != nil {
			return err
		}
	}
	return nil
}

func (e *Enquiry) readMarks(tx *db.Tx, actor parlatory.Actor) error {
	rows, err := tx.Query(sqlMarks, e.Room)
	if err != nil {
		return fmt.Errorf("read marks: %w", err)
	}
	defer rows.Close()
	myKind, me := authorOf(actor)
	for rows.Next() {
		var kind, seq int64
		var reader parlatory.RowID
		if err := rows.Scan(&kind, &reader, &seq); err != nil {
			return fmt.Errorf("read marks: %w", err)
		}
		if parlatory.ActorKind(kind) == myKind && reader.Raw() == me {
			e.Read = seq
		} else if parlatory.ActorKind(kind) != myKind {
			e.OtherRead = max(e.OtherRead, seq)
		}
	}
	return rows.Err()
}

// reveal opens what surround read, after the transaction.
func (r *Room) reveal(ctx context.Context, ws parlatory.WorkspaceID, found []Enquiry) error {
	for i := range found {
		e := &found[i]
		var err error
		if e.Contact, err = r.Contacts.Open(ctx, ws, e.person); err != nil {
			return err
		}
		var held *vault.Held
		if !e.Contact.Erased {
			if held, err = r.hold(ctx, ws, e.Contact.ID); err != nil {
				return err
			}
			var a asked
			if err := vault.OpenJSON(held, e.binding(), e.sealed, &a); err != nil {
				return fmt.Errorf("open enquiry: %w", err)
			}
			e.Question, e.Page, e.Language = a.Question, a.Page, a.Language
		}
		if e.StaffName, err = r.nameOf(ctx, ws, parlatory.Staff, e.Staff.Raw()); err != nil {
			return err
		}
		if e.last != nil {
			m, err := r.open(ctx, ws, e.Room, *e.last, held)
			if err != nil {
				return err
			}
			e.Last = &m
		}
	}
	return nil
}
