package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/workspace"
)

// Workspace is the company's record.
type Workspace struct {
	ID        string `json:"id"`
	Company   string `json:"company"`
	Subdomain string `json:"subdomain"`
	URL       string `json:"url"`
}

// WorkspaceEdit is what may be changed of it; the subdomain stays for good.
type WorkspaceEdit struct {
	Company string `json:"company" minLength:"1" maxLength:"80"`
}

// Site is an origin that may carry the widget.
type Site struct {
	ID        string    `json:"id"`
	Origin    string    `json:"origin"`
	CreatedAt time.Time `json:"created_at"`
}

// SiteList is all listed sites, and the line that goes into their pages.
type SiteList struct {
	Items   []Site `json:"items"`
	Snippet string `json:"snippet"`
}

// NewSite lists an origin.
type NewSite struct {
	Origin string `json:"origin" minLength:"1" maxLength:"300"`
}

func siteOf(s workspace.Site) Site { return Site{s.ID.String(), s.Origin, s.CreatedAt} }

func workspaceOf(v workspace.View) *struct{ Body Workspace } {
	return &struct{ Body Workspace }{Workspace{v.ID.String(), v.Company, v.Subdomain, v.URL}}
}

func (a *API) workspaceRoutes() {
	register(a, huma.Operation{OperationID: "get-workspace", Method: http.MethodGet, Path: "/api/v1/workspace", Summary: "The company's record"}, workspace.ActView,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body Workspace }, error) {
			v, err := a.Workspace.View(ctx, actor)
			if err != nil {
				return nil, err
			}
			return workspaceOf(v), nil
		})
	register(a, huma.Operation{OperationID: "edit-workspace", Method: http.MethodPatch, Path: "/api/v1/workspace", Summary: "Change the company's name"}, workspace.ActEdit,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body WorkspaceEdit }) (*struct{ Body Workspace }, error) {
			v, err := a.Workspace.Rename(ctx, actor, in.Body.Company)
			if err != nil {
				return nil, err
			}
			return workspaceOf(v), nil
		})
	register(a, huma.Operation{OperationID: "list-sites", Method: http.MethodGet, Path: "/api/v1/sites", Summary: "The sites that may carry the widget"}, workspace.ActSites, a.listSites)
	register(a, huma.Operation{OperationID: "add-site", Method: http.MethodPost, Path: "/api/v1/sites", Summary: "List a site", DefaultStatus: http.StatusCreated}, workspace.ActEditSite,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body NewSite }) (*struct{ Body Site }, error) {
			s, err := a.Workspace.AddSite(ctx, actor, in.Body.Origin)
			if err != nil {
				return nil, err
			}
			return &struct{ Body Site }{siteOf(s)}, nil
		})
	register(a, huma.Operation{OperationID: "remove-site", Method: http.MethodDelete, Path: "/api/v1/sites/{id}", Summary: "Take a site off the list", DefaultStatus: http.StatusNoContent}, workspace.ActEditSite,
		func(ctx context.Context, actor parlatory.Actor, in *struct {
			ID string `path:"id" format:"uuid"`
		}) (*nothing, error) {
			id, err := parlatory.ParseID[parlatory.RowKind](in.ID)
			if err != nil {
				return nil, err
			}
			return &nothing{}, a.Workspace.RemoveSite(ctx, actor, id)
		})
}

func (a *API) listSites(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body SiteList }, error) {
	sites, err := a.Workspace.Sites(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := SiteList{Items: make([]Site, 0, len(sites))}
	for _, s := range sites {
		out.Items = append(out.Items, siteOf(s))
	}
	if out.Snippet, err = a.Workspace.Snippet(ctx, actor); err != nil {
		return nil, err
	}
	return &struct{ Body SiteList }{out}, nil
}
