package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/archive"
)

// Hold keeps a contact from being erased.
type Hold struct {
	ID           string     `json:"id"`
	Contact      string     `json:"contact"`
	Reason       string     `json:"reason"`
	PlacedAt     time.Time  `json:"placed_at"`
	PlacedBy     Person     `json:"placed_by"`
	LiftedAt     *time.Time `json:"lifted_at,omitempty" doc:"Absent while it stands"`
	LiftedBy     *Person    `json:"lifted_by,omitempty"`
	LiftedReason string     `json:"lifted_reason,omitempty"`
}

// HoldList are the holds of a contact, newest first.
type HoldList struct {
	Items []Hold `json:"items"`
}

// HoldReason says why a hold is placed or lifted.
type HoldReason struct {
	Reason string `json:"reason" minLength:"1" maxLength:"2000"`
}

// EraseContact asks for the erasure of a contact for good.
type EraseContact struct {
	Confirm string `json:"confirm" maxLength:"36" doc:"The contact's id, typed again"`
	Reason  string `json:"reason" minLength:"1" maxLength:"2000" doc:"For the audit log"`
}

// Erasure is one contact who was erased.
type Erasure struct {
	ID        string    `json:"id"`
	Contact   string    `json:"contact"`
	At        time.Time `json:"at" doc:"Since then it is complete in the live system"`
	By        Person    `json:"by"`
	Enquiries int64     `json:"enquiries"`
	Messages  int64     `json:"messages"`
	Files     int64     `json:"files"`
	// KeysUntil is the end of the last backup of keys that can hold the destroyed key.
	KeysUntil *time.Time `json:"keys_until,omitempty" doc:"Since then it is complete in backups; absent: no backup of keys was ever written"`
	Certified bool       `json:"certified" doc:"False for some seconds, until the ledger has numbered the entry"`
}

// ErasureList is a page of erasures, newest first.
type ErasureList struct {
	Items    []Erasure `json:"items"`
	Next     string    `json:"next,omitempty"`
	Verifier string    `json:"verifier" doc:"The key for parlatory audit verify-certificate"`
}

// ContactPath names a contact in the path.
type ContactPath struct {
	ID string `path:"id" format:"uuid"`
}

func (p ContactPath) contact() (parlatory.ContactID, error) {
	return parlatory.ParseID[parlatory.ContactKind](p.ID)
}

// RowPath names something else in the path.
type RowPath struct {
	ID string `path:"id" format:"uuid"`
}

func (p RowPath) row() (parlatory.RowID, error) { return parlatory.ParseID[parlatory.RowKind](p.ID) }

type holdAnswer struct{ Body Hold }

func (a *API) erasureRoutes() {
	register(a, huma.Operation{OperationID: "list-holds", Method: http.MethodGet, Path: "/api/v1/contacts/{id}/holds", Summary: "List the holds of a contact"}, archive.ActView, a.listHolds)
	register(a, huma.Operation{OperationID: "place-hold", Method: http.MethodPost, Path: "/api/v1/contacts/{id}/holds", Summary: "Keep a contact from being erased"}, archive.ActHold,
		func(ctx context.Context, actor parlatory.Actor, in *struct {
			ContactPath
			Body HoldReason
		}) (*holdAnswer, error) {
			who, err := in.contact()
			if err != nil {
				return nil, err
			}
			h, err := a.Archive.Place(ctx, actor, who, in.Body.Reason)
			return a.holdAnswer(ctx, actor, h, err)
		})
	register(a, huma.Operation{OperationID: "lift-hold", Method: http.MethodPost, Path: "/api/v1/holds/{id}/lift", Summary: "Lift a hold"}, archive.ActHold,
		func(ctx context.Context, actor parlatory.Actor, in *struct {
			RowPath
			Body HoldReason
		}) (*holdAnswer, error) {
			id, err := in.row()
			if err != nil {
				return nil, err
			}
			h, err := a.Archive.Lift(ctx, actor, id, in.Body.Reason)
			return a.holdAnswer(ctx, actor, h, err)
		})
	register(a, huma.Operation{
		OperationID: "export-contact", Method: http.MethodPost, Path: "/api/v1/contacts/{id}/export", Summary: "Download all that is kept on a contact",
		Responses: map[string]*huma.Response{"200": {Description: "One zip archive", Content: map[string]*huma.MediaType{"application/zip": {}}}},
	}, archive.ActExport,
		func(_ context.Context, actor parlatory.Actor, in *ContactPath) (*huma.StreamResponse, error) {
			who, err := in.contact()
			if err != nil {
				return nil, err
			}
			return &huma.StreamResponse{Body: func(h huma.Context) {
				file := &lazy{ctx: h, kind: "application/zip", file: "contact-" + who.String() + ".zip"}
				a.download(h, file, func(w io.Writer) error { return a.Archive.Export(h.Context(), actor, who, w) })
			}}, nil
		})
	register(a, huma.Operation{OperationID: "erase-contact", Method: http.MethodPost, Path: "/api/v1/contacts/{id}/erase", Summary: "Erase a contact for good"}, archive.ActErase, a.eraseContact)
	register(a, huma.Operation{OperationID: "list-erasures", Method: http.MethodGet, Path: "/api/v1/erasures", Summary: "List erasures"}, archive.ActView, a.listErasures)
	register(a, huma.Operation{
		OperationID: "get-certificate", Method: http.MethodGet, Path: "/api/v1/erasures/{id}/certificate", Summary: "Download the certificate of an erasure",
		Responses: map[string]*huma.Response{"200": {Description: "A signed note (C2SP)", Content: map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}}}},
	}, archive.ActView, a.certificate)
}

func (a *API) holdAnswer(ctx context.Context, actor parlatory.Actor, h archive.Hold, err error) (*holdAnswer, error) {
	if err != nil {
		return nil, err
	}
	all, err := a.holdsOf(ctx, actor.Workspace, []archive.Hold{h})
	if err != nil {
		return nil, err
	}
	return &holdAnswer{all[0]}, nil
}

func (a *API) listHolds(ctx context.Context, actor parlatory.Actor, in *ContactPath) (*struct{ Body HoldList }, error) {
	who, err := in.contact()
	if err != nil {
		return nil, err
	}
	found, err := a.Archive.Holds(ctx, actor, who)
	if err != nil {
		return nil, err
	}
	items, err := a.holdsOf(ctx, actor.Workspace, found)
	return &struct{ Body HoldList }{HoldList{items}}, err
}

// holdsOf adds names.
func (a *API) holdsOf(ctx context.Context, ws parlatory.WorkspaceID, found []archive.Hold) ([]Hold, error) {
	var ids []parlatory.StaffID
	for _, h := range found {
		ids = append(ids, h.PlacedBy, h.LiftedBy)
	}
	names, err := a.Staff.Names(ctx, ws, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Hold, 0, len(found))
	for _, h := range found {
		one := Hold{
			ID: h.ID.String(), Contact: h.Contact.String(), Reason: h.Reason, PlacedAt: h.PlacedAt, PlacedBy: Person{h.PlacedBy.String(), names[h.PlacedBy]},
			LiftedAt: optional(h.LiftedAt), LiftedReason: h.Lifted,
		}
		if !h.LiftedBy.Zero() {
			one.LiftedBy = &Person{h.LiftedBy.String(), names[h.LiftedBy]}
		}
		out = append(out, one)
	}
	return out, nil
}

func (a *API) eraseContact(ctx context.Context, actor parlatory.Actor, in *struct {
	ContactPath
	Body EraseContact
}) (*struct{ Body Erasure }, error) {
	who, err := in.contact()
	if err != nil {
		return nil, err
	}
	e, err := a.Archive.Erase(ctx, actor, who, in.Body.Confirm, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Erasure }{erasureOf(e)}, nil
}

func erasureOf(e archive.Erasure) Erasure {
	return Erasure{
		ID: e.ID.String(), Contact: e.Contact.String(), At: e.At, By: Person{e.By.String(), e.ByName}, Enquiries: e.Enquiries, Messages: e.Messages, Files: e.Files,
		KeysUntil: optional(e.KeysUntil), Certified: e.Certificate != "",
	}
}

func (a *API) listErasures(ctx context.Context, actor parlatory.Actor, in *struct {
	Cursor string `query:"cursor" maxLength:"36"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}) (*struct{ Body ErasureList }, error) {
	var before parlatory.RowID
	if before.UnmarshalText([]byte(in.Cursor)) != nil {
		return nil, parlatory.Invalid("cursor", "is not one that a list gave")
	}
	all, verifier, err := a.Archive.Erasures(ctx, actor, before, in.Limit)
	if err != nil {
		return nil, err
	}
	out := ErasureList{Items: make([]Erasure, 0, len(all)), Verifier: verifier}
	for _, e := range all {
		out.Items = append(out.Items, erasureOf(e))
	}
	if len(all) == in.Limit {
		out.Next = all[len(all)-1].ID.String()
	}
	return &struct{ Body ErasureList }{out}, nil
}

// certificateAnswer is a text that a browser keeps.
type certificateAnswer struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (a *API) certificate(ctx context.Context, actor parlatory.Actor, in *RowPath) (*certificateAnswer, error) {
	id, err := in.row()
	if err != nil {
		return nil, err
	}
	note, err := a.Archive.CertificateOf(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &certificateAnswer{"text/plain; charset=utf-8", `attachment; filename="erasure-` + id.String() + `.txt"`, []byte(note)}, nil
}
