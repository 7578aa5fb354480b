package chat

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"parlatory"
	"parlatory/internal/domain/contact"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Beginning is the first message of a matter. Name and Email count only from somebody new.
type Beginning struct {
	Client   parlatory.ClientID
	Name     string
	Email    string
	Question string
	Page     string // the page of the site, without query and fragment
	Language string // BCP 47 tag as the browser says it
	Privacy  string // version of the privacy notice that was shown
}

// Begun is the answer: the token is there only for somebody new.
type Begun struct {
	Token   parlatory.Secret
	Contact parlatory.ContactID
	Enquiry parlatory.EnquiryID
	Room    parlatory.RoomID
	State   string
	Message Message
}

// Begin opens an enquiry: contact (where the visitor is new), room, enquiry and first message are one transaction.
func (r *Room) Begin(ctx context.Context, actor parlatory.Actor, b Beginning) (Begun, error) {
	permit, err := r.Law.Permit(ctx, actor, ActBegin)
	if err != nil {
		return Begun{}, err
	}
	if b, err = b.judged(); err != nil {
		return Begun{}, err
	}
	if err := r.rates.begin(r.Clock.Now(), actor, r.Limits); err != nil {
		return Begun{}, err
	}
	who, err := r.beginner(ctx, actor, b)
	if err != nil {
		return Begun{}, err
	}
	// The entry is about the visitor, with the visitor's address: it is sealed under the contact's key and goes with it.
	index, err := r.Ring.Index(ctx, actor.Workspace)
	if err != nil {
		return Begun{}, fmt.Errorf("hold index key: %w", err)
	}
	pen := r.Ledger.PenWith(who.held, index)
	e := Enquiry{
		ID: parlatory.NewID[parlatory.EnquiryKind](r.Clock), Room: parlatory.NewID[parlatory.RoomKind](r.Clock), Contact: who.contact,
		Site: actor.Site, State: Open, Question: b.Question, Page: b.Page, Language: b.Language, Revision: 1,
	}
	var message Message
	err = r.DB.Write(ctx, permit, func(tx *db.Tx) error {
		message, err = r.beginIn(tx, &e, who, b)
		if err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Created, Element: "Enquiry", ID: e.ID.Raw(), New: map[string]string{
			"contact": who.contact.ID.String(), "site": e.Site, "privacy_version": b.Privacy,
		}})
	})
	if err != nil {
		return Begun{}, err
	}
	r.mintInbox(ctx, actor.Workspace)
	return Begun{Token: who.token, Contact: who.contact.ID, Enquiry: e.ID, Room: e.Room, State: e.State, Message: message}, nil
}

// judged checks each field and cuts the page down to its path: queries carry other people's secrets.
func (b Beginning) judged() (Beginning, error) {
	var err error
	if b.Question, err = Body(b.Question); err != nil {
		return b, parlatory.Invalid("question", fmt.Sprintf("must have 1 to %d characters and no control characters", MaxBody))
	}
	if b.Client.Zero() {
		return b, parlatory.Invalid("id", "must be a UUID that you choose")
	}
	if b.Privacy == "" {
		return b, parlatory.Invalid("privacy_version", "must name the privacy notice that was shown")
	}
	if b.Page != "" {
		u, err := url.Parse(b.Page)
		if err != nil || len(b.Page) > 2000 || u.Scheme != "https" && u.Scheme != "" {
			return b, parlatory.Invalid("page", "must be the address of an https page")
		}
		if b.Page, err = policy.Name(u.EscapedPath(), 0, 500); err != nil {
			return b, parlatory.Invalid("page", "must be shorter")
		}
	}
	if b.Language, err = policy.Name(b.Language, 0, 35); err != nil {
		return b, parlatory.Invalid("language", "must be a language tag")
	}
	return b, nil
}

// beginner is who begins: a known contact, or a draft of a new one.
type beginner struct {
	contact contact.Contact
	draft   *contact.Draft
	held    *vault.Held
	token   parlatory.Secret
}

func (r *Room) beginner(ctx context.Context, actor parlatory.Actor, b Beginning) (beginner, error) {
	if actor.Kind == parlatory.Visitor {
		c, err := r.Contacts.Find(ctx, actor.Workspace, actor.Contact)
		if err != nil {
			return beginner{}, err
		}
		held, err := r.hold(ctx, actor.Workspace, c.ID)
		return beginner{contact: c, held: held}, err
	}
	draft, err := r.Contacts.Draft(ctx, actor.Workspace, actor.Site, b.Name, b.Email, actor.Address)
	if err != nil {
		return beginner{}, err
	}
	return beginner{contact: draft.Contact(), draft: draft, held: draft.Held(), token: draft.Token()}, nil
}

func (r *Room) beginIn(tx *db.Tx, e *Enquiry, who beginner, b Beginning) (Message, error) {
	if who.draft != nil {
		if err := who.draft.Store(tx); err != nil {
			return Message{}, err
		}
	} else {
		if err := contact.Stands(tx, who.contact.ID); err != nil {
			return Message{}, err
		}
		var open int64
		if err := tx.Row(sqlOpenOfPerson, who.contact.ID).Scan(&open); err != nil {
			return Message{}, fmt.Errorf("count open enquiries: %w", err)
		}
		if open >= openMost {
			return Message{}, parlatory.Conflict("You have several conversations open. Please continue one of them.")
		}
	}
	e.OpenedAt = tx.Now()
	sealed, err := vault.SealJSON(who.held, e.binding(), e.asked())
	if err != nil {
		return Message{}, fmt.Errorf("seal enquiry: %w", err)
	}
	if _, err := tx.Exec(sqlInsertRoom, e.Room, e.Contact.ID, e.OpenedAt); err != nil {
		return Message{}, fmt.Errorf("store room: %w", err)
	}
	none := time.Time{}
	if _, err := tx.Exec(sqlInsertEnquiry, e.ID, e.Room, e.Contact.ID, e.Site, parlatory.DepartmentID{}, parlatory.StaffID{}, e.State, e.OpenedAt, none, none, e.Revision, sealed); err != nil {
		return Message{}, fmt.Errorf("store enquiry: %w", err)
	}
	st := e.state()
	d := draft{room: e.Room, client: b.Client, kind: parlatory.Visitor, author: e.Contact.ID.Raw(), name: who.contact.Name, body: b.Question, held: who.held}
	args, m, err := d.row(&st, tx.Now(), nil)
	if err != nil {
		return Message{}, err
	}
	tx.Tell(parlatory.Event{Kind: parlatory.EnquiryOpened, Workspace: tx.Workspace(), Enquiry: e.ID, Room: e.Room, Contact: e.Contact.ID})
	return m, r.insert(tx, args, []Message{m})
}
