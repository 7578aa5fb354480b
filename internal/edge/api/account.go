package api

import (
	"context"
	"net/http"
	"time"

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

	PasswordChangedAt time.Time  `json:"password_changed_at"`
	PasswordExpiresAt *time.Time `json:"password_expires_at,omitempty" doc:"When this workspace asks for a new one"`
	ProvedUntil       time.Time  `json:"proved_until" doc:"Until then no password or factor is asked again"`
	Factor            string     `json:"factor" enum:",totp,passkey,recovery" doc:"What was proved beside the password"`
	NeedsFactor       string     `json:"needs_factor_message,omitempty" doc:"The workspace's words to those who have no second factor"`
	Language          string     `json:"language"`
	Languages         []string   `json:"languages"`
	NotifyNewDevice   bool       `json:"notify_new_device" doc:"A letter about each sign-in on a new device"`
	MaxFile           int64      `json:"max_file_bytes" doc:"Of one file that is sent; 0: this person or this server sends none"`
}

// MyWorkspace names the workspace of the session.
type MyWorkspace struct {
	ID        string `json:"id"`
	Company   string `json:"company"`
	Subdomain string `json:"subdomain"`
}

// MyChange is what one may change of oneself. Address and role are not in it (AC-020).
type MyChange struct {
	Name            *string `json:"name,omitempty" minLength:"1" maxLength:"80"`
	Language        *string `json:"language,omitempty" maxLength:"35"`
	NotifyNewDevice *bool   `json:"notify_new_device,omitempty"`
}

// PasswordRules are what a new password is held to: the strictest of the person's workspaces, without naming it.
type PasswordRules struct {
	MinLength  int `json:"min_length"`
	History    int `json:"history" doc:"So many earlier passwords are refused"`
	MaxAgeDays int `json:"max_age_days" doc:"0: never too old"`
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
	register(a, huma.Operation{OperationID: "edit-me", Method: http.MethodPatch, Path: "/api/v1/me", Summary: "Change the own name and preferences"}, account.ActEdit, a.editMe)
	register(a, huma.Operation{OperationID: "get-password-rules", Method: http.MethodGet, Path: "/api/v1/me/password/rules", Summary: "What a new password is held to"}, account.ActView,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body PasswordRules }, error) {
			r, err := a.Account.OwnRules(ctx, actor)
			if err != nil {
				return nil, err
			}
			return &struct{ Body PasswordRules }{PasswordRules(r)}, nil
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

func (a *API) editMe(ctx context.Context, actor parlatory.Actor, in *struct{ Body MyChange }) (*struct{ Body Me }, error) {
	if in.Body.Language != nil || in.Body.NotifyNewDevice != nil {
		if err := a.Account.Prefer(ctx, actor, account.Preferences{Language: in.Body.Language, NotifyNewDevice: in.Body.NotifyNewDevice}); err != nil {
			return nil, err
		}
	}
	if in.Body.Name != nil {
		if _, err := a.Staff.RenameMe(ctx, actor, *in.Body.Name); err != nil {
			return nil, err
		}
	}
	m, err := a.Staff.Me(ctx, actor)
	if err != nil {
		return nil, err
	}
	return a.me(ctx, actor, m)
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
	own, err := a.Account.Own(ctx, actor)
	if err != nil {
		return nil, err
	}
	most, err := a.maxFile(ctx, actor)
	if err != nil {
		return nil, err
	}
	me := Me{
		ID: m.ID.String(), Account: actor.Account.String(), Name: m.Name, Email: m.Email, Role: m.Role, Level: role.Level.String(), Acts: acts,
		Workspace: MyWorkspace{w.ID.String(), w.Company, w.Subdomain},

		PasswordChangedAt: own.PasswordAt, ProvedUntil: own.ProvedUntil, Factor: string(actor.Factor), NeedsFactor: own.Message,
		Language: own.Language, Languages: account.Languages(), NotifyNewDevice: own.NotifyNewDevice, MaxFile: most,
	}
	if !own.PasswordEnds.IsZero() {
		me.PasswordExpiresAt = &own.PasswordEnds
	}
	return &struct{ Body Me }{me}, nil
}

// maxFile is what one file of the actor's may have, so that a page says so before a byte is sent.
func (a *API) maxFile(ctx context.Context, actor parlatory.Actor) (int64, error) {
	most, err := a.File.Most(ctx, actor)
	if parlatory.KindOf(err) == parlatory.KindForbidden {
		return 0, nil
	}
	return most, err
}
