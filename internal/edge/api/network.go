package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/security"
	"parlatory/internal/guard/policy"
)

// NetworkEntry is a line of a list of addresses.
type NetworkEntry struct {
	ID        string     `json:"id"`
	Network   string     `json:"network" doc:"An address, a block (CIDR) or a range first-last"`
	Role      string     `json:"role,omitempty" doc:"Of the staff list: the role that it lets in; without it all"`
	Remark    string     `json:"remark"`
	CreatedAt time.Time  `json:"created_at"`
	EndsAt    *time.Time `json:"ends_at,omitempty" doc:"Of the visitor lists"`
}

// StaffListPage is a part of the list of addresses from which staff may work.
type StaffListPage struct {
	Mode        string         `json:"mode" enum:"off,watch,on"`
	YourAddress string         `json:"your_address"`
	Items       []NetworkEntry `json:"items"`
	Next        string         `json:"next,omitempty"`
}

// VisitorListPage is a part of the blocklist or of the allowlist of visitors.
type VisitorListPage struct {
	Mode         string         `json:"mode" enum:"off,block,allow"`
	YourAddress  string         `json:"your_address"`
	RefusedToday int            `json:"refused_today"`
	RefusedWeek  int            `json:"refused_week"`
	Items        []NetworkEntry `json:"items"`
	Next         string         `json:"next,omitempty"`
}

// NewStaffEntry puts an address on the staff list.
type NewStaffEntry struct {
	Network string `json:"network" minLength:"1" maxLength:"100"`
	Remark  string `json:"remark,omitempty" maxLength:"800"`
	Role    string `json:"role,omitempty" maxLength:"80"`
}

// NewVisitorEntry puts an address on a visitors' list.
type NewVisitorEntry struct {
	List    string    `json:"list" enum:"block,allow"`
	Network string    `json:"network" minLength:"1" maxLength:"100"`
	Remark  string    `json:"remark,omitempty" maxLength:"800"`
	EndsAt  time.Time `json:"ends_at,omitzero"`
}

// StaffListMode switches the staff list.
type StaffListMode struct {
	Mode string `json:"mode" enum:"off,watch,on"`
	Was  string `json:"was" enum:"off,watch,on" doc:"The mode that the page showed: 409 where it is another one by now"`
}

// VisitorListMode switches the visitors' lists: one is in force, or none.
type VisitorListMode struct {
	Mode string `json:"mode" enum:"off,block,allow"`
	Was  string `json:"was" enum:"off,block,allow" doc:"The mode that the page showed: 409 where it is another one by now"`
}

// StaffSighting is somebody whom the staff list refused, or would have refused.
type StaffSighting struct {
	At      time.Time `json:"at" doc:"The hour"`
	Staff   string    `json:"staff"`
	Name    string    `json:"name"`
	Address string    `json:"address"`
	Count   int       `json:"count"`
	Refused bool      `json:"refused" doc:"False: the list was only watching"`
}

// StaffSightings are the newest of them.
type StaffSightings struct {
	Items []StaffSighting `json:"items"`
}

type listQuery struct {
	After string `query:"after" maxLength:"36"`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type visitorQuery struct {
	List  string `query:"list" enum:"block,allow" default:"block"`
	After string `query:"after" maxLength:"36"`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

func networkOf(e security.Entry) NetworkEntry {
	n := NetworkEntry{ID: e.ID.String(), Network: e.Network.String(), Role: e.Role, Remark: e.Remark, CreatedAt: e.CreatedAt}
	if !e.EndsAt.IsZero() {
		n.EndsAt = &e.EndsAt
	}
	return n
}

func (a *API) networkPage(ctx context.Context, actor parlatory.Actor, list security.List, after string, limit int) (items []NetworkEntry, mode, next string, err error) {
	var from parlatory.RowID
	if after != "" {
		if from, err = parlatory.ParseID[parlatory.RowKind](after); err != nil {
			return nil, "", "", err
		}
	}
	p, err := a.Security.List(ctx, actor, list, from, limit)
	if err != nil {
		return nil, "", "", err
	}
	items = make([]NetworkEntry, 0, len(p.Entries))
	for _, e := range p.Entries {
		items = append(items, networkOf(e))
	}
	if !p.Next.Zero() {
		next = p.Next.String()
	}
	return items, string(p.Mode), next, nil
}

func yours(actor parlatory.Actor) string {
	if !actor.Address.IsValid() {
		return ""
	}
	return actor.Address.Unmap().WithZone("").String()
}

type entryAnswer struct{ Body NetworkEntry }

func (a *API) addEntry(ctx context.Context, actor parlatory.Actor, network string, e security.Entry) (*entryAnswer, error) {
	n, err := policy.ParseNetwork(network)
	if err != nil {
		return nil, err
	}
	e.Network = n
	if e, err = a.Security.Add(ctx, actor, e); err != nil {
		return nil, err
	}
	return &entryAnswer{networkOf(e)}, nil
}

type entryID struct {
	ID string `path:"id" format:"uuid"`
}

func (a *API) removeEntry(ctx context.Context, actor parlatory.Actor, list security.List, text string) (*nothing, error) {
	id, err := parlatory.ParseID[parlatory.RowKind](text)
	if err != nil {
		return nil, err
	}
	return &nothing{}, a.Security.Remove(ctx, actor, list, id)
}

func (a *API) networkRoutes() {
	register(a, huma.Operation{OperationID: "list-staff-addresses", Method: http.MethodGet, Path: "/api/v1/security/staff-list", Summary: "The addresses from which staff may work"}, security.ActView,
		func(ctx context.Context, actor parlatory.Actor, in *listQuery) (*struct{ Body StaffListPage }, error) {
			items, mode, next, err := a.networkPage(ctx, actor, security.StaffList, in.After, in.Limit)
			return &struct{ Body StaffListPage }{StaffListPage{mode, yours(actor), items, next}}, err
		})
	register(a, huma.Operation{OperationID: "add-staff-address", Method: http.MethodPost, Path: "/api/v1/security/staff-list/entries", Summary: "Let staff work from an address", DefaultStatus: http.StatusCreated}, security.ActEditStaffList,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body NewStaffEntry }) (*entryAnswer, error) {
			return a.addEntry(ctx, actor, in.Body.Network, security.Entry{List: security.StaffList, Remark: in.Body.Remark, Role: in.Body.Role})
		})
	register(a, huma.Operation{OperationID: "remove-staff-address", Method: http.MethodDelete, Path: "/api/v1/security/staff-list/entries/{id}", Summary: "Take an address off the staff list", DefaultStatus: http.StatusNoContent}, security.ActEditStaffList,
		func(ctx context.Context, actor parlatory.Actor, in *entryID) (*nothing, error) {
			return a.removeEntry(ctx, actor, security.StaffList, in.ID)
		})
	register(a, huma.Operation{OperationID: "switch-staff-list", Method: http.MethodPut, Path: "/api/v1/security/staff-list/mode", Summary: "Switch the staff list: off, watching, on", DefaultStatus: http.StatusNoContent}, security.ActEditStaffList,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body StaffListMode }) (*nothing, error) {
			return &nothing{}, a.Security.SetStaffMode(ctx, actor, security.Mode(in.Body.Was), security.Mode(in.Body.Mode))
		})
	register(a, huma.Operation{OperationID: "list-staff-sightings", Method: http.MethodGet, Path: "/api/v1/security/staff-list/refusals", Summary: "Whom the staff list refused, or would have refused"}, security.ActView, a.sightings)
	a.visitorListRoutes()
	a.checklistRoutes()
	a.networkCSVRoutes()
}

func (a *API) visitorListRoutes() {
	register(a, huma.Operation{OperationID: "list-visitor-addresses", Method: http.MethodGet, Path: "/api/v1/security/visitor-list", Summary: "The blocklist or the allowlist of visitors"}, security.ActView,
		func(ctx context.Context, actor parlatory.Actor, in *visitorQuery) (*struct{ Body VisitorListPage }, error) {
			items, mode, next, err := a.networkPage(ctx, actor, security.List(in.List), in.After, in.Limit)
			if err != nil {
				return nil, err
			}
			t, err := a.Security.Tally(ctx, actor)
			return &struct{ Body VisitorListPage }{VisitorListPage{mode, yours(actor), t.RefusedToday, t.RefusedWeek, items, next}}, err
		})
	register(a, huma.Operation{OperationID: "add-visitor-address", Method: http.MethodPost, Path: "/api/v1/security/visitor-list/entries", Summary: "Put an address on a visitors' list", DefaultStatus: http.StatusCreated}, security.ActEditVisitorList,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body NewVisitorEntry }) (*entryAnswer, error) {
			return a.addEntry(ctx, actor, in.Body.Network, security.Entry{List: security.List(in.Body.List), Remark: in.Body.Remark, EndsAt: in.Body.EndsAt})
		})
	register(a, huma.Operation{OperationID: "remove-visitor-address", Method: http.MethodDelete, Path: "/api/v1/security/visitor-list/entries/{id}", Summary: "Take an address off a visitors' list", DefaultStatus: http.StatusNoContent}, security.ActEditVisitorList,
		func(ctx context.Context, actor parlatory.Actor, in *entryID) (*nothing, error) {
			return a.removeEntry(ctx, actor, security.BlockList, in.ID)
		})
	register(a, huma.Operation{OperationID: "switch-visitor-list", Method: http.MethodPut, Path: "/api/v1/security/visitor-list/mode", Summary: "Switch the visitors' lists: off, blocklist, allowlist", DefaultStatus: http.StatusNoContent}, security.ActEditVisitorList,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body VisitorListMode }) (*nothing, error) {
			return &nothing{}, a.Security.SetVisitorMode(ctx, actor, security.Mode(in.Body.Was), security.Mode(in.Body.Mode))
		})
}

func (a *API) sightings(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body StaffSightings }, error) {
	all, err := a.Security.Sightings(ctx, actor)
	if err != nil {
		return nil, err
	}
	ids := make([]parlatory.StaffID, 0, len(all))
	for _, s := range all {
		ids = append(ids, s.Staff)
	}
	names, err := a.Staff.Names(ctx, actor.Workspace, ids)
	if err != nil {
		return nil, err
	}
	body := StaffSightings{Items: make([]StaffSighting, 0, len(all))}
	for _, s := range all {
		body.Items = append(body.Items, StaffSighting{s.At, s.Staff.String(), names[s.Staff], s.Address, s.Times, s.Refused})
	}
	return &struct{ Body StaffSightings }{body}, nil
}
