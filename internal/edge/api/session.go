package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/signin"
)

// Session is one place where the person is signed in.
type Session struct {
	ID           string     `json:"id"`
	Current      bool       `json:"current"`
	Here         bool       `json:"here" doc:"At this workspace"`
	Workspace    string     `json:"workspace"`
	Device       string     `json:"device" doc:"User agent"`
	Address      string     `json:"address"`
	CreatedAt    time.Time  `json:"created_at"`
	SeenAt       time.Time  `json:"seen_at"`
	Factor       string     `json:"factor" enum:",totp,passkey,recovery"`
	TrustedUntil *time.Time `json:"trusted_until,omitempty"`
}

// SessionList is all of them, latest use first.
type SessionList struct {
	Items []Session `json:"items"`
}

func (a *API) sessionRoutes() {
	register(a, huma.Operation{OperationID: "list-sessions", Method: http.MethodGet, Path: "/api/v1/me/sessions", Summary: "Where one is signed in"}, signin.ActSessions,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body SessionList }, error) {
			all, err := a.Signin.Devices(ctx, actor)
			if err != nil {
				return nil, err
			}
			out := SessionList{Items: make([]Session, 0, len(all))}
			for _, d := range all {
				out.Items = append(out.Items, Session{d.ID.String(), d.Current, d.Here, d.Workspace, d.Device, d.Address, d.CreatedAt, d.Seen, string(d.Factor), optional(d.TrustedUntil)})
			}
			return &struct{ Body SessionList }{out}, nil
		})
	register(a, huma.Operation{OperationID: "end-session", Method: http.MethodDelete, Path: "/api/v1/me/sessions/{id}", Summary: "Sign one out", DefaultStatus: http.StatusNoContent}, signin.ActEndSession,
		func(ctx context.Context, actor parlatory.Actor, in *entryID) (*nothing, error) {
			id, err := parlatory.ParseID[parlatory.SessionKind](in.ID)
			if err != nil {
				return nil, err
			}
			return &nothing{}, a.Signin.EndDevice(ctx, actor, id)
		})
	register(a, huma.Operation{OperationID: "end-other-sessions", Method: http.MethodPost, Path: "/api/v1/me/sessions/end-others", Summary: "Sign all others out, everywhere", DefaultStatus: http.StatusNoContent}, signin.ActEndOthers,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*nothing, error) {
			return &nothing{}, a.Signin.EndOthers(ctx, actor)
		})
}
