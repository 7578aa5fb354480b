package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/contact"
	"parlatory/internal/storage/ledger"
)

// spool gathers short lines of JSON: one a conversation or file.
type spool struct {
	b   bytes.Buffer
	enc *json.Encoder
}

func newSpool() *spool {
	s := &spool{}
	s.enc = json.NewEncoder(&s.b)
	return s
}

func (s *spool) put(v any) error {
	if err := s.enc.Encode(v); err != nil {
		return fmt.Errorf("encode line: %w", err)
	}
	return nil
}

type saidEnquiry struct {
	ID       parlatory.EnquiryID `json:"id"`
	State    string              `json:"state"`
	Site     string              `json:"site"`
	Page     string              `json:"page,omitempty"`
	Language string              `json:"language,omitempty"`
	Question string              `json:"question"`
	Staff    string              `json:"staff,omitempty"`
	Opened   time.Time           `json:"opened_at"`
	Picked   time.Time           `json:"picked_at,omitzero"`
	Closed   time.Time           `json:"closed_at,omitzero"`
	Messages string              `json:"messages"` // the member that has them
}

type saidMessage struct {
	Seq   int64     `json:"seq"`
	At    time.Time `json:"at"`
	Kind  string    `json:"kind"` // visitor, staff, system
	By    string    `json:"by,omitempty"`
	Event string    `json:"event,omitempty"`
	Body  string    `json:"body,omitempty"`
}

// enquiries walks the conversations twice: a member is written at a time.
func (x *export) enquiries() error {
	n := 0
	err := x.member("enquiries.json", func(w io.Writer) error {
		first := true
		if _, err := io.WriteString(w, "["); err != nil {
			return err
		}
		if err := x.each(func(e chat.Enquiry) error {
			n++
			b, err := json.Marshal(saidEnquiry{e.ID, e.State, e.Site, e.Page, e.Language, e.Question, e.StaffName, e.OpenedAt, e.PickedAt, e.ClosedAt, messagesOf(n)})
			if err != nil {
				return fmt.Errorf("encode enquiry: %w", err)
			}
			if !first {
				b = append([]byte(","), b...)
			}
			first = false
			_, err = w.Write(append(b, '\n'))
			return err
		}); err != nil {
			return err
		}
		_, err := io.WriteString(w, "]\n")
		return err
	})
	if err != nil {
		return err
	}
	listed := n
	n = 0
	return x.each(func(e chat.Enquiry) error {
		if n++; n > listed { // begun since
			return nil
		}
		return x.member(messagesOf(n), func(w io.Writer) error { return x.messages(w, e.Room) })
	})
}

func messagesOf(n int) string { return fmt.Sprintf("messages/%06d.jsonl", n) }

// each walks the contact's enquiries, oldest first.
func (x *export) each(fn func(chat.Enquiry) error) error {
	var after parlatory.EnquiryID
	for {
		page, err := x.room.o.Chat.Of(x.ctx, x.ws, x.contact.ID, after)
		if err != nil {
			return err
		}
		for _, e := range page {
			if e.Contact.Erased { // meanwhile: the archive is cut rather than empty
				return contact.ErrErased()
			}
			if err := fn(e); err != nil {
				return err
			}
			after = e.ID
		}
		if len(page) < chat.MaxPage {
			return nil
		}
	}
}

func (x *export) messages(w io.Writer, room parlatory.RoomID) error {
	enc := json.NewEncoder(w)
	for seq := int64(0); ; {
		page, err := x.room.o.Chat.After(x.ctx, x.ws, room, seq)
		if err != nil {
			return err
		}
		for _, m := range page {
			if err := enc.Encode(saidMessage{m.Seq, m.At, m.Kind.String(), m.Name, m.Event, m.Body}); err != nil {
				return err
			}
			seq = m.Seq
		}
		if len(page) < chat.MaxPage {
			return nil
		}
	}
}

type saidEntry struct {
	Number  int64             `json:"number,omitempty"`
	ID      parlatory.EntryID `json:"id"`
	At      time.Time         `json:"at"`
	Kind    string            `json:"actor_kind"`
	Actor   string            `json:"actor,omitempty"`
	Address string            `json:"address,omitempty"`
	Device  string            `json:"device,omitempty"`
	Action  string            `json:"action"`
	Element string            `json:"element"`
	About   string            `json:"element_id,omitempty"`
	Act     string            `json:"act"`
	Old     map[string]string `json:"old,omitempty"`
	New     map[string]string `json:"new,omitempty"`
	Remark  string            `json:"remark,omitempty"`
	Damaged bool              `json:"damaged,omitempty"`
}

// entries writes what the ledger says about the contact: what was done to it or its conversations, and what it did itself. An entry that is
// both is written once, as the contact's own.
func (x *export) entries() error {
	return x.member("ledger.jsonl", func(w io.Writer) error {
		enc := json.NewEncoder(w)
		self := x.contact.ID.Raw()
		if err := x.list(enc, ledger.Filter{Staff: parlatory.StaffID(self)}, func(ledger.Record) bool { return true }); err != nil {
			return err
		}
		others := func(r ledger.Record) bool { return r.Actor != self }
		if err := x.list(enc, ledger.Filter{ElementID: self}, others); err != nil {
			return err
		}
		return x.each(func(e chat.Enquiry) error {
			for _, about := range [][16]byte{e.ID.Raw(), e.Room.Raw()} {
				if err := x.list(enc, ledger.Filter{ElementID: about}, others); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

const entriesPage = 200

func (x *export) list(enc *json.Encoder, f ledger.Filter, want func(ledger.Record) bool) error {
	permit, err := x.room.o.Law.System(actRead, x.ws)
	if err != nil {
		return err
	}
	for f.Limit = entriesPage; ; {
		page, err := x.room.o.Ledger.List(x.ctx, permit, f)
		if err != nil {
			return err
		}
		for _, r := range page {
			f.Before = r.ID
			if !want(r) {
				continue
			}
			if err := x.entry(enc, r); err != nil {
				return err
			}
		}
		if len(page) < entriesPage {
			return nil
		}
	}
}

func (x *export) entry(enc *json.Encoder, r ledger.Record) error {
	e := saidEntry{
		Number: r.Number, ID: r.ID, At: r.At, Kind: r.ActorKind, Action: string(r.Action), Element: r.Element, Act: r.Act, Old: r.Old, New: r.New,
		Remark: r.Remark, Damaged: r.Damaged,
	}
	if r.ElementID != ([16]byte{}) {
		e.About = parlatory.RowID(r.ElementID).String()
	}
	switch {
	case r.ActorKind == parlatory.Staff.String():
		names, err := x.room.o.Staff.Names(x.ctx, x.ws, []parlatory.StaffID{r.Actor})
		if err != nil {
			return err
		}
		e.Actor = names[r.Actor]
	case r.ActorKind == parlatory.Visitor.String(), r.ActorKind == parlatory.Anonymous.String():
		e.Actor, e.Address, e.Device = x.contact.Name, r.Address, r.Device
	}
	if err := enc.Encode(e); err != nil {
		return fmt.Errorf("encode entry: %w", err)
	}
	return nil
}
