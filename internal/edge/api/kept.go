package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/archive"
)

// Kept is what is kept on a contact, in numbers.
type Kept struct {
	Contact   ContactPerson `json:"contact"`
	Enquiries int64         `json:"enquiries"`
	Messages  int64         `json:"messages"`
	Files     int64         `json:"files"`
	Open      []string      `json:"open" doc:"Enquiries that are not closed: an erasure is refused while there are any"`
	Holds     []Hold        `json:"holds" doc:"Those that stand: an erasure is refused while there are any"`
}

// StandingHold is a hold that stands, with the name of its contact.
type StandingHold struct {
	Hold
	Name string `json:"name" doc:"Of the contact"`
}

// StandingHolds is a page of the holds that stand, newest first.
type StandingHolds struct {
	Items []StandingHold `json:"items"`
	Next  string         `json:"next,omitempty"`
}

func (a *API) keptRoutes() {
	register(a, huma.Operation{OperationID: "get-kept", Method: http.MethodGet, Path: "/api/v1/contacts/{id}/kept", Summary: "What is kept on a contact, in numbers"}, archive.ActView, a.kept)
	register(a, huma.Operation{OperationID: "list-standing-holds", Method: http.MethodGet, Path: "/api/v1/holds", Summary: "List the holds that stand"}, archive.ActView, a.standingHolds)
}

func (a *API) kept(ctx context.Context, actor parlatory.Actor, in *ContactPath) (*struct{ Body Kept }, error) {
	who, err := in.contact()
	if err != nil {
		return nil, err
	}
	k, err := a.Archive.Kept(ctx, actor, who)
	if err != nil {
		return nil, err
	}
	holds, err := a.holdsOf(ctx, actor.Workspace, k.Holds)
	if err != nil {
		return nil, err
	}
	out := Kept{
		Contact:   ContactPerson{k.Contact.ID.String(), k.Contact.Name, k.Contact.Email, k.Contact.Erased},
		Enquiries: k.Enquiries, Messages: k.Messages, Files: k.Files, Open: make([]string, 0, len(k.Open)), Holds: holds,
	}
	for _, id := range k.Open {
		out.Open = append(out.Open, id.String())
	}
	return &struct{ Body Kept }{out}, nil
}

func (a *API) standingHolds(ctx context.Context, actor parlatory.Actor, in *struct {
	Cursor string `query:"cursor" maxLength:"36"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}) (*struct{ Body StandingHolds }, error) {
	var before parlatory.RowID
	if before.UnmarshalText([]byte(in.Cursor)) != nil {
		return nil, parlatory.Invalid("cursor", "is not one that a list gave")
	}
	all, err := a.Archive.Standing(ctx, actor, before, in.Limit)
	if err != nil {
		return nil, err
	}
	plain := make([]archive.Hold, len(all))
	for i, h := range all {
		plain[i] = h.Hold
	}
	holds, err := a.holdsOf(ctx, actor.Workspace, plain)
	if err != nil {
		return nil, err
	}
	out := StandingHolds{Items: make([]StandingHold, len(all))}
	for i, h := range holds {
		out.Items[i] = StandingHold{h, all[i].Name}
	}
	if len(all) == in.Limit {
		out.Next = all[len(all)-1].ID.String()
	}
	return &struct{ Body StandingHolds }{out}, nil
}
