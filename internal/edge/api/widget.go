package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
)

// WidgetConfig is what the widget shows before the first message.
type WidgetConfig struct {
	Company      string   `json:"company"`
	Greeting     string   `json:"greeting"`
	Privacy      Document `json:"privacy"`
	WaitingStaff bool     `json:"waiting_staff" doc:"Whether somebody is there now"`
}

// NewEnquiry is a visitor's first message of a matter.
type NewEnquiry struct {
	ID             string `json:"id" format:"uuid" doc:"Chosen by you, the id of the first message"`
	Name           string `json:"name" maxLength:"80" doc:"Counts only without a token"`
	Email          string `json:"email,omitempty" maxLength:"254"`
	Question       string `json:"question" minLength:"1" maxLength:"4000"`
	Page           string `json:"page,omitempty" maxLength:"2000"`
	Language       string `json:"language,omitempty" maxLength:"35"`
	PrivacyVersion string `json:"privacy_version" maxLength:"40" doc:"The version of the privacy notice that was shown"`
}

// BegunEnquiry is the answer; the token comes once, to somebody new.
type BegunEnquiry struct {
	Token   string          `json:"token,omitempty"`
	Contact string          `json:"contact"`
	Enquiry BegunEnquiryRef `json:"enquiry"`
	Message Message         `json:"message"`
}

// BegunEnquiryRef names the new enquiry and its room.
type BegunEnquiryRef struct {
	ID    string `json:"id"`
	Room  string `json:"room"`
	State string `json:"state"`
}

// VisitorEnquiry is an enquiry as its visitor sees it.
type VisitorEnquiry struct {
	ID        string       `json:"id"`
	Room      string       `json:"room"`
	State     string       `json:"state" enum:"Open,Ongoing,Closed"`
	Question  string       `json:"question"`
	OpenedAt  time.Time    `json:"opened_at"`
	Head      int64        `json:"head"`
	Read      int64        `json:"read"`
	StaffRead int64        `json:"staff_read"`
	Staff     *VisitorHost `json:"staff,omitempty"`
}

// VisitorHost is the staff member whom the visitor speaks with: a name, and nothing else.
type VisitorHost struct {
	Name string `json:"name"`
}

const beginPath = "/widget/v1/enquiries"

func (a *API) widgetRoutes() {
	tags := []string{surfaceWidget}
	register(a, huma.Operation{OperationID: "get-widget-config", Method: http.MethodGet, Path: "/widget/v1/config", Tags: tags, Summary: "What the widget shows first"}, workspace.ActGreet, a.widgetConfig)
	register(a, huma.Operation{OperationID: "begin-enquiry", Method: http.MethodPost, Path: beginPath, Tags: tags, Summary: "Begin an enquiry", DefaultStatus: 201}, chat.ActBegin, a.begin)
	register(a, huma.Operation{OperationID: "list-own-enquiries", Method: http.MethodGet, Path: "/widget/v1/enquiries", Tags: tags, Summary: "The visitor's own enquiries"}, chat.ActVisitorList, a.ownEnquiries)
	a.roomRoutes("/widget/v1/rooms/{room}", surfaceWidget, "own-", [3]access.Act{chat.ActVisitorRead, chat.ActVisitorPost, chat.ActVisitorMark})
}

func (a *API) widgetConfig(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body WidgetConfig }, error) {
	c, err := a.Workspace.Greet(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := WidgetConfig{Company: c.Company, Greeting: c.Text, Privacy: documentOf(c.Privacy), WaitingStaff: a.Online(actor.Workspace)}
	return &struct{ Body WidgetConfig }{out}, nil
}

func (a *API) begin(ctx context.Context, actor parlatory.Actor, in *struct{ Body NewEnquiry }) (*struct{ Body BegunEnquiry }, error) {
	b := in.Body
	client, err := parlatory.ParseID[parlatory.ClientKind](b.ID)
	if err != nil {
		return nil, err
	}
	begun, err := a.Chat.Begin(ctx, actor, chat.Beginning{Client: client, Name: b.Name, Email: b.Email, Question: b.Question, Page: b.Page, Language: b.Language, Privacy: b.PrivacyVersion})
	if err != nil {
		return nil, err
	}
	out := BegunEnquiry{
		Token: begun.Token.Reveal(), Contact: begun.Contact.String(),
		Enquiry: BegunEnquiryRef{begun.Enquiry.String(), begun.Room.String(), begun.State}, Message: messageOf(begun.Message),
	}
	return &struct{ Body BegunEnquiry }{out}, nil
}

func (a *API) ownEnquiries(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct {
	Body struct {
		Items []VisitorEnquiry `json:"items"`
	}
}, error) {
	found, err := a.Chat.Own(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := &struct {
		Body struct {
			Items []VisitorEnquiry `json:"items"`
		}
	}{}
	out.Body.Items = make([]VisitorEnquiry, 0, len(found))
	for _, e := range found {
		v := VisitorEnquiry{ID: e.ID.String(), Room: e.Room.String(), State: e.State, Question: e.Question, OpenedAt: e.OpenedAt, Head: e.Head, Read: e.Read, StaffRead: e.OtherRead}
		if e.StaffName != "" {
			v.Staff = &VisitorHost{e.StaffName}
		}
		out.Body.Items = append(out.Body.Items, v)
	}
	return out, nil
}
