package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/security"
)

// ChecklistPoint is one thing that the workspace, or the operator of the server, is responsible for.
type ChecklistPoint struct {
	ID     string `json:"id"`
	Group  string `json:"group" enum:"Sign-in,Access,Visitors,People,Operation"`
	Title  string `json:"title"`
	State  string `json:"state" enum:"on,partly,off"`
	Detail string `json:"detail" doc:"What is set"`
	Risk   string `json:"risk" doc:"What may happen where it is not"`
	Card   string `json:"card,omitempty" doc:"Where to change it: a path of the console; empty: the operator's"`
}

// Checklist is all of them.
type Checklist struct {
	Items []ChecklistPoint `json:"items"`
}

func (a *API) checklistRoutes() {
	register(a, huma.Operation{OperationID: "get-security-checklist", Method: http.MethodGet, Path: "/api/v1/security/checklist", Summary: "What is on, what is not, and what that means"}, security.ActView,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body Checklist }, error) {
			points, err := a.Security.Checklist(ctx, actor)
			if err != nil {
				return nil, err
			}
			c := Checklist{Items: make([]ChecklistPoint, len(points))}
			for i, p := range points {
				c.Items[i] = ChecklistPoint{p.ID, p.Group, p.Title, string(p.State), p.Detail, p.Risk, p.Card}
			}
			return &struct{ Body Checklist }{c}, nil
		})
	register(a, asCSV(huma.Operation{OperationID: "export-security-checklist", Method: http.MethodGet, Path: "/api/v1/security/checklist/csv", Summary: "The checklist as a table"}), security.ActView,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*csvAnswer, error) {
			points, err := a.Security.Checklist(ctx, actor)
			if err != nil {
				return nil, err
			}
			rows := [][]string{{"group", "point", "state", "what is set", "if not"}}
			for _, p := range points {
				rows = append(rows, []string{p.Group, p.Title, string(p.State), p.Detail, p.Risk})
			}
			return csvOf("security-checklist", rows)
		})
}
