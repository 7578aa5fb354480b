package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/guard/access"
)

// Person is somebody's id and display name.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// ContactPerson is a contact as the inbox shows it.
type ContactPerson struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
	// Erased contacts have no content any more.
	Erased bool `json:"erased,omitempty" doc:"Nothing but the id is known any more, and nothing that was said"`
}

// LastMessage is the preview line of an enquiry.
type LastMessage struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	By      string    `json:"by" enum:"visitor,staff,system"`
	Event   string    `json:"event,omitempty"`
	Preview string    `json:"preview" doc:"The first 140 characters; the name of the first file where there is no text"`
	Files   int       `json:"files,omitempty" doc:"How many files it brings"`
}

// Enquiry is one matter of a visitor.
type Enquiry struct {
	ID          string        `json:"id"`
	Room        string        `json:"room"`
	State       string        `json:"state" enum:"Open,Ongoing,Closed"`
	Contact     ContactPerson `json:"contact"`
	Question    string        `json:"question"`
	Site        string        `json:"site"`
	Page        string        `json:"page,omitempty"`
	Language    string        `json:"language,omitempty"`
	Staff       *Person       `json:"staff,omitempty"`
	OpenedAt    time.Time     `json:"opened_at"`
	PickedAt    *time.Time    `json:"picked_at,omitempty"`
	ClosedAt    *time.Time    `json:"closed_at,omitempty"`
	Last        *LastMessage  `json:"last,omitempty"`
	Head        int64         `json:"head" doc:"Sequence of the newest message"`
	Read        int64         `json:"read" doc:"My read mark"`
	VisitorRead int64         `json:"visitor_read" doc:"The visitor's read mark"`
	Revision    int64         `json:"revision"`
}

// EnquiryList is a page of a view.
type EnquiryList struct {
	Items  []Enquiry     `json:"items"`
	Next   string        `json:"next,omitempty"`
	Counts EnquiryCounts `json:"counts"`
}

// EnquiryCounts are counted up to 1,000.
type EnquiryCounts struct {
	Waiting int64 `json:"waiting"`
	Mine    int64 `json:"mine"`
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// previewOf is the line of a message in a list.
func previewOf(m *chat.Message) string {
	if m.Body == "" && len(m.Files) > 0 {
		return m.Files[0].Name
	}
	return m.Body
}

func enquiryOf(e chat.Enquiry) Enquiry {
	out := Enquiry{
		ID: e.ID.String(), Room: e.Room.String(), State: e.State, Question: e.Question, Site: e.Site, Page: e.Page, Language: e.Language,
		Contact:  ContactPerson{e.Contact.ID.String(), e.Contact.Name, e.Contact.Email, e.Contact.Erased},
		OpenedAt: e.OpenedAt, PickedAt: optional(e.PickedAt), ClosedAt: optional(e.ClosedAt),
		Head: e.Head, Read: e.Read, VisitorRead: e.OtherRead, Revision: e.Revision,
	}
	if !e.Staff.Zero() {
		out.Staff = &Person{e.Staff.String(), e.StaffName}
	}
	if m := e.Last; m != nil {
		out.Last = &LastMessage{Seq: m.Seq, At: m.At, By: m.Kind.String(), Event: m.Event, Preview: chat.Preview(previewOf(m)), Files: len(m.Files)}
	}
	return out
}

// BlockVisitor puts the address of an enquiry's visitor on the blocklist.
type BlockVisitor struct {
	Remark string `json:"remark,omitempty" maxLength:"800"`
	Days   int    `json:"days,omitempty" minimum:"0" maximum:"3650" doc:"0: without end"`
}

// EnquiryPath names an enquiry in the path.
type EnquiryPath struct {
	ID string `path:"id" format:"uuid"`
}

type enquiryAnswer struct{ Body Enquiry }

func (a *API) enquiryRoutes() {
	register(a, huma.Operation{OperationID: "list-enquiries", Method: http.MethodGet, Path: "/api/v1/enquiries", Summary: "List enquiries of a view"}, chat.ActList,
		func(ctx context.Context, actor parlatory.Actor, in *struct {
			View   string `query:"view" enum:"waiting,mine,closed,all" default:"waiting"`
			Cursor string `query:"cursor" maxLength:"36"`
			Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
		}) (*struct{ Body EnquiryList }, error) {
			var cursor parlatory.EnquiryID
			if err := cursor.UnmarshalText([]byte(in.Cursor)); err != nil {
				return nil, parlatory.Invalid("cursor", "is not one that a list gave")
			}
			page, err := a.Chat.List(ctx, actor, chat.View(in.View), cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			out := EnquiryList{Items: make([]Enquiry, 0, len(page.Enquiries)), Counts: EnquiryCounts{page.Waiting, page.Mine}}
			for _, e := range page.Enquiries {
				out.Items = append(out.Items, enquiryOf(e))
			}
			if !page.Next.Zero() {
				out.Next = page.Next.String()
			}
			return &struct{ Body EnquiryList }{out}, nil
		})
	a.enquiryAct("get-enquiry", http.MethodGet, "", "Read an enquiry", chat.ActList, a.Chat.Get)
	a.enquiryAct("pick-up-enquiry", http.MethodPost, "/pickup", "Take a waiting enquiry", chat.ActPickup, a.Chat.Pickup)
	a.enquiryAct("close-enquiry", http.MethodPost, "/close", "Close an enquiry", chat.ActClose, a.Chat.CloseEnquiry)
	a.enquiryAct("reopen-enquiry", http.MethodPost, "/reopen", "Make a closed enquiry ongoing again", chat.ActReopen, a.Chat.Reopen)
	register(a, huma.Operation{OperationID: "block-visitor", Method: http.MethodPost, Path: "/api/v1/enquiries/{id}/block", Summary: "Block the visitor's address and close the enquiry"}, chat.ActBlock,
		func(ctx context.Context, actor parlatory.Actor, in *struct {
			EnquiryPath
			Body BlockVisitor
		}) (*enquiryAnswer, error) {
			enquiry, err := parlatory.ParseID[parlatory.EnquiryKind](in.ID)
			if err != nil {
				return nil, err
			}
			e, err := a.Chat.Block(ctx, actor, enquiry, in.Body.Remark, in.Body.Days)
			return &enquiryAnswer{enquiryOf(e)}, err
		})
}

// enquiryAct registers one of the acts that take an enquiry and give it back.
func (a *API) enquiryAct(id, method, suffix, summary string, act access.Act, do func(context.Context, parlatory.Actor, parlatory.EnquiryID) (chat.Enquiry, error)) {
	register(a, huma.Operation{OperationID: id, Method: method, Path: "/api/v1/enquiries/{id}" + suffix, Summary: summary}, act,
		func(ctx context.Context, actor parlatory.Actor, in *EnquiryPath) (*enquiryAnswer, error) {
			enquiry, err := parlatory.ParseID[parlatory.EnquiryKind](in.ID)
			if err != nil {
				return nil, err
			}
			e, err := do(ctx, actor, enquiry)
			if err != nil {
				return nil, err
			}
			return &enquiryAnswer{enquiryOf(e)}, nil
		})
}
