package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/staff"
	"parlatory/internal/edge/front"
)

// Me is the person who is signed in.
type Me struct {
	ID        string      `json:"id"`
	Account   string      `json:"account"`
	Name      string      `json:"name"`
	Email     string      `json:"email"`
	Role      string      `json:"role"`
	Level     string      `json:"level" enum:"Full,Department,Restricted,None"`
	Acts      []string    `json:"acts" doc:"The granted acts of the role, for showing or hiding; the server decides anew each time"`
	Workspace MyWorkspace `json:"workspace"`
}

// MyWorkspace names the workspace of the session.
type MyWorkspace struct {
	ID        string `json:"id"`
	Company   string `json:"company"`
	Subdomain string `json:"subdomain"`
}

// MyName is what one may change of oneself. Address and role are not in it (AC-020).
type MyName struct {
	Name string `json:"name" minLength:"1" maxLength:"80"`
}

// PasswordChange changes the own password.
type PasswordChange struct {
	Current  string `json:"current" minLength:"1" maxLength:"1024" format:"password"`
	Password string `json:"password" minLength:"1" maxLength:"1024" format:"password"`
}

func (a *API) meRoutes() {
	register(a, huma.Operation{OperationID: "get-me", Method: http.MethodGet, Path: "/api/v1/me", Summary: "Who is signed in"}, account.ActView,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body Me }, error) {
			m, err := a.Staff.Me(ctx, actor)
			if err != nil {
				return nil, err
			}
			return a.me(ctx, actor, m)
		})
	register(a, huma.Operation{OperationID: "edit-me", Method: http.MethodPatch, Path: "/api/v1/me", Summary: "Change the own name"}, account.ActEdit,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body MyName }) (*struct{ Body Me }, error) {
			m, err := a.Staff.RenameMe(ctx, actor, in.Body.Name)
			if err != nil {
				return nil, err
			}
			return a.me(ctx, actor, m)
		})
	register(a, huma.Operation{OperationID: "change-password", Method: http.MethodPost, Path: "/api/v1/me/password", Summary: "Change the own password; other sessions end", DefaultStatus: http.StatusNoContent}, account.ActPassword,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body PasswordChange }) (*cookieAnswer, error) {
			change := account.PasswordChange{Current: parlatory.NewSecret(in.Body.Current), New: parlatory.NewSecret(in.Body.Password), Device: front.DeviceOf(ctx)}
			token, err := a.Account.ChangePassword(ctx, actor, change)
			if err != nil {
				return nil, err
			}
			return &cookieAnswer{[]http.Cookie{front.SessionCookie(token)}}, nil
		})
}

func (a *API) me(ctx context.Context, actor parlatory.Actor, m staff.Member) (*struct{ Body Me }, error) {
	w, err := a.Workspace.Named(ctx, actor.Workspace)
	if err != nil {
		return nil, err
	}
	role, err := a.Roles.Role(ctx, actor.Workspace, actor.Role)
	if err != nil {
		return nil, err
	}
	acts, err := a.Law.Sees(ctx, actor)
	if err != nil {
		return nil, err
	}
	if acts == nil {
		acts = []string{}
	}
	return &struct{ Body Me }{Me{
		ID: m.ID.String(), Account: actor.Account.String(), Name: m.Name, Email: m.Email, Role: m.Role, Level: role.Level.String(), Acts: acts,
		Workspace: MyWorkspace{w.ID.String(), w.Company, w.Subdomain},
	}}, nil
}
