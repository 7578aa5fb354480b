package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sort"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/edge/front"
	"parlatory/internal/guard/access"
)

// The surfaces of the API: the first tag of an operation says at which hosts it answers.
const (
	surfaceHouse     = "house"     // the bare domain
	surfaceWorkspace = "workspace" // a workspace's host, for staff and its sign-in
	surfaceWidget    = "widget"    // a workspace's host, for visitors
	surfaceAny       = "any"       // both kinds of host
)

// Operation is one line of the list that tests and the permission matrix read.
type Operation struct {
	ID, Method, Path, Surface string
	Act                       access.Act
}

// API holds the routes.
type API struct {
	Rooms
	mux        *http.ServeMux
	huma       huma.API
	catalogue  *access.Catalogue
	log        *slog.Logger
	operations []Operation
	heavy      map[string]front.Heavy
	document   []byte
	faults     []error
}

var errorsOnce sync.Once

// New makes the API over the rooms. It fails when an operation names no catalogued act.
func New(rooms Rooms, catalogue *access.Catalogue, log *slog.Logger) (*API, error) {
	errorsOnce.Do(func() { huma.NewError = newProblem })
	mux := http.NewServeMux()
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "Parlatory", Version: "1", Description: "The HTTP API of a Parlatory server. Each operation names its act in x-act; " +
				"its first tag says which host answers it. Errors are application/problem+json."},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"session": {Type: "apiKey", In: "cookie", Name: "__Host-session"},
					"visitor": {Type: "http", Scheme: "bearer"},
					"token":   {Type: "http", Scheme: "bearer", Description: "An API token, parl_pat_…, that names the operation's x-act in its scopes"},
				},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	}
	a := &API{Rooms: rooms, mux: mux, huma: humago.New(mux, config), catalogue: catalogue, log: log, heavy: map[string]front.Heavy{}}
	a.routes()
	if len(a.faults) > 0 {
		return nil, a.faults[0]
	}
	var err error
	if a.document, err = a.describe(); err != nil {
		return nil, err
	}
	a.operations = append(a.operations, Operation{ID: "describe", Method: http.MethodGet, Path: "/api/v1/openapi.json", Surface: surfaceAny, Act: workspace.ActPolicies})
	mux.HandleFunc("GET /api/v1/openapi.json", a.openapi)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { front.WriteProblem(w, parlatory.NotFound()) })
	return a, nil
}

// ServeHTTP answers a request whose Actor front has put into the context.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !a.repeats(w, r) {
		a.mux.ServeHTTP(w, r)
	}
}

// Operations lists every operation with its act, by path and method.
func (a *API) Operations() []Operation {
	ops := append([]Operation(nil), a.operations...)
	sort.Slice(ops, func(i, j int) bool {
		return ops[i].Path+ops[i].Method < ops[j].Path+ops[j].Method
	})
	return ops
}

// Heavy are the operations that declare how large their body may be, where that is more than front lets through otherwise. Who may not do
// the act sends no such body.
func (a *API) Heavy() map[string]front.Heavy { return a.heavy }

// Document is openapi.json, indented, so that it can stand in the repository.
func (a *API) Document() []byte { return a.document }

func (a *API) describe() ([]byte, error) {
	b, err := json.MarshalIndent(a.huma.OpenAPI(), "", "  ")
	return append(b, '\n'), err
}

// openapi shows the description of the API to whoever may read the public documents.
func (a *API) openapi(w http.ResponseWriter, r *http.Request) {
	if _, err := a.Law.Permit(r.Context(), front.ActorOf(r.Context()), workspace.ActPolicies); err != nil {
		front.WriteProblem(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(a.document)
}

// register adds an operation: its act, the host that answers it, and the room's method behind it. The first tag of
// op is the surface; without tags it is a workspace operation.
func register[I, O any](a *API, op huma.Operation, act access.Act, fn func(context.Context, parlatory.Actor, *I) (*O, error)) {
	if !a.catalogue.Known(act) {
		a.faults = append(a.faults, fmt.Errorf("api: operation %s names no catalogued act (%q)", op.OperationID, act.Name))
		return
	}
	if len(op.Tags) == 0 {
		op.Tags = []string{surfaceWorkspace}
	}
	surface := op.Tags[0]
	op.Extensions = map[string]any{"x-act": act.Name}
	op.SkipValidateParams = false
	op.MaxBodyBytes = -1 // front has read it whole, and no more than the sender may send: a second bound would make limits.body_bytes a lie
	if op.Security == nil && act.By.Has(parlatory.Staff) && !act.By.Has(parlatory.Anonymous) {
		op.Security = []map[string][]string{{"session": {}}}
		if act.ByToken && !act.StepUp { // the law lets no token do what asks for the password again
			op.Security = append(op.Security, map[string][]string{"token": {}})
		}
	}
	if op.Security == nil && surface == surfaceWidget && !act.By.Has(parlatory.Anonymous) {
		op.Security = []map[string][]string{{"visitor": {}}}
	}
	if op.MaxBodyBytes > 0 {
		a.heavy[op.Method+" "+op.Path] = front.Heavy{Body: op.MaxBodyBytes, May: func(ctx context.Context, actor parlatory.Actor) error {
			_, err := a.Law.Permit(ctx, actor, act)
			return err
		}}
	}
	a.operations = append(a.operations, Operation{ID: op.OperationID, Method: op.Method, Path: op.Path, Surface: surface, Act: act})
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		actor := front.ActorOf(ctx)
		if !answers(surface, actor) {
			return nil, a.problem(ctx, op.OperationID, parlatory.NotFound())
		}
		out, err := fn(ctx, actor, in)
		if err != nil {
			return nil, a.problem(ctx, op.OperationID, err)
		}
		return out, nil
	})
}

// answers keeps each surface to its hosts: a route of the bare domain does not exist at a workspace, and a staff
// cookie means nothing to the widget's routes.
func answers(surface string, actor parlatory.Actor) bool {
	house := actor.Workspace == parlatory.House
	switch surface {
	case surfaceAny:
		return true
	case surfaceHouse:
		return house
	case surfaceWidget:
		return !house && (actor.Kind == parlatory.Visitor || actor.Kind == parlatory.Anonymous)
	}
	return !house && actor.Kind != parlatory.Visitor
}
