package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/signin"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/edge/front"
)

// Door is what the sign-in page needs to know.
type Door struct {
	Company   string `json:"company"`
	Subdomain string `json:"subdomain"`
	Domain    string `json:"domain"`
	SignedIn  bool   `json:"signed_in"`
	Owed      string `json:"owed,omitempty" doc:"The step that a begun sign-in owes" enum:"agreement"`
}

// SigninRequest is a try to sign in.
type SigninRequest struct {
	Email      string `json:"email" minLength:"1" maxLength:"254"`
	Password   string `json:"password" minLength:"1" maxLength:"1024" format:"password"`
	Invitation string `json:"invitation,omitempty" maxLength:"128" doc:"The key from an invitation's link, where the address has an account already"`
}

// SigninState is how far a sign-in has come.
type SigninState struct {
	State           string `json:"state" enum:"signed_in,owed"`
	Owed            string `json:"owed,omitempty" enum:"agreement"`
	SecurityVersion string `json:"security_version,omitempty"`
	PrivacyVersion  string `json:"privacy_version,omitempty"`
}

// Agreement names the versions that somebody agrees to.
type Agreement struct {
	SecurityVersion string `json:"security_version" maxLength:"40"`
	PrivacyVersion  string `json:"privacy_version" maxLength:"40"`
}

// ForgotRequest asks for a link to set a new password.
type ForgotRequest struct {
	Email string `json:"email" minLength:"1" maxLength:"254"`
}

// ResetRequest sets a new password by a mailed link.
type ResetRequest struct {
	Token    string `json:"token" maxLength:"128"`
	Password string `json:"password" minLength:"1" maxLength:"1024" format:"password"`
}

// InvitationOpened is an invitation whose mailed link was opened.
type InvitationOpened struct {
	Company string `json:"company"`
	Email   string `json:"email"`
	Name    string `json:"name,omitempty"`
	Known   bool   `json:"known" doc:"The address has an account: sign in with its password to accept"`
}

// InvitationAccept makes an account for an invited address that has none.
type InvitationAccept struct {
	Token    string `json:"token" maxLength:"128"`
	Name     string `json:"name" minLength:"1" maxLength:"80"`
	Password string `json:"password" minLength:"1" maxLength:"1024" format:"password"`
}

// stepAnswer carries the cookie of the step.
type stepAnswer struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      SigninState
}

// stepOf hands out the token of a step, and takes back what it replaces (AC-055).
func stepOf(r signin.Result) *stepAnswer {
	if r.Owed != "" {
		return &stepAnswer{
			SetCookie: []http.Cookie{front.NoSessionCookie(), front.AttemptCookie(r.Token)},
			Body:      SigninState{State: "owed", Owed: r.Owed, SecurityVersion: workspace.Version, PrivacyVersion: workspace.Version},
		}
	}
	cookies := []http.Cookie{front.NoAttemptCookie(), front.SessionCookie(r.Token)}
	if !r.Device.Empty() {
		cookies = append(cookies, front.DeviceCookie(r.Device))
	}
	return &stepAnswer{SetCookie: cookies, Body: SigninState{State: "signed_in"}}
}

type nothing struct{}

func (a *API) signinRoutes() {
	register(a, huma.Operation{OperationID: "get-door", Method: http.MethodGet, Path: "/api/v1/door", Tags: []string{surfaceAny}, Summary: "Whose host this is, and how far the sign-in has come; the bare domain is nobody's"}, workspace.ActDoor, a.door)
	register(a, huma.Operation{OperationID: "sign-in", Method: http.MethodPost, Path: "/api/v1/signin", Summary: "Sign in"}, signin.ActEnter,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body SigninRequest }) (*stepAnswer, error) {
			try := signin.Try{Email: in.Body.Email, Password: parlatory.NewSecret(in.Body.Password), Invitation: parlatory.NewSecret(in.Body.Invitation), Device: front.DeviceOf(ctx)}
			r, err := a.Signin.Enter(ctx, actor, try)
			if err != nil {
				return nil, err
			}
			return stepOf(r), nil
		})
	register(a, huma.Operation{OperationID: "agree", Method: http.MethodPost, Path: "/api/v1/signin/agreement", Summary: "Agree to the policies in force, where a sign-in owes it"}, signin.ActAgree,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body Agreement }) (*stepAnswer, error) {
			r, err := a.Signin.Agree(ctx, actor, in.Body.SecurityVersion, in.Body.PrivacyVersion)
			if err != nil {
				return nil, err
			}
			return stepOf(r), nil
		})
	register(a, huma.Operation{OperationID: "sign-out", Method: http.MethodPost, Path: "/api/v1/signout", Summary: "Sign out", DefaultStatus: http.StatusNoContent}, signin.ActLeave,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*cookieAnswer, error) {
			if err := a.Signin.Leave(ctx, actor); err != nil {
				return nil, err
			}
			return &cookieAnswer{[]http.Cookie{front.NoSessionCookie(), front.NoAttemptCookie()}}, nil
		})
	a.passwordRoutes()
	a.invitationRoutes()
}

type cookieAnswer struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
}

func (a *API) door(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body Door }, error) {
	v, err := a.Workspace.Door(ctx, actor)
	if err != nil {
		return nil, err
	}
	if actor.Workspace == parlatory.House {
		return &struct{ Body Door }{Door{Domain: v.Domain}}, nil
	}
	d := Door{Company: v.Company, Subdomain: v.Subdomain, Domain: v.Domain, SignedIn: actor.Kind == parlatory.Staff}
	if actor.Kind == parlatory.Half {
		if d.Owed, err = a.Signin.Owed(ctx, actor); err != nil {
			return nil, err
		}
	}
	return &struct{ Body Door }{d}, nil
}

func (a *API) passwordRoutes() {
	register(a, huma.Operation{OperationID: "forgot-password", Method: http.MethodPost, Path: "/api/v1/password/forgot", Summary: "Ask for a link to set a new password", DefaultStatus: http.StatusAccepted}, signin.ActForgot,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body ForgotRequest }) (*struct{ Body Sent }, error) {
			if err := a.Signin.Forgot(ctx, actor, in.Body.Email); err != nil {
				return nil, err
			}
			return &struct{ Body Sent }{Sent{true}}, nil
		})
	register(a, huma.Operation{OperationID: "open-reset", Method: http.MethodPost, Path: "/api/v1/password/open", Summary: "Whether a reset's link still works", DefaultStatus: http.StatusNoContent}, signin.ActResetOpen,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body LinkToken }) (*nothing, error) {
			return &nothing{}, a.Signin.OpenReset(ctx, actor, parlatory.NewSecret(in.Body.Token))
		})
	register(a, huma.Operation{OperationID: "reset-password", Method: http.MethodPost, Path: "/api/v1/password/reset", Summary: "Set a new password; no session begins", DefaultStatus: http.StatusNoContent}, signin.ActReset,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body ResetRequest }) (*nothing, error) {
			return &nothing{}, a.Signin.Reset(ctx, actor, parlatory.NewSecret(in.Body.Token), parlatory.NewSecret(in.Body.Password))
		})
}

func (a *API) invitationRoutes() {
	register(a, huma.Operation{OperationID: "open-invitation", Method: http.MethodPost, Path: "/api/v1/invitations/open", Summary: "Show an invitation by its mailed link"}, signin.ActInvitationOpen,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body LinkToken }) (*struct{ Body InvitationOpened }, error) {
			i, err := a.Signin.OpenInvitation(ctx, actor, parlatory.NewSecret(in.Body.Token))
			if err != nil {
				return nil, err
			}
			return &struct{ Body InvitationOpened }{InvitationOpened(i)}, nil
		})
	register(a, huma.Operation{OperationID: "accept-invitation", Method: http.MethodPost, Path: "/api/v1/invitations/accept", Summary: "Accept an invitation with a new account"}, signin.ActInvitationAccept,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body InvitationAccept }) (*stepAnswer, error) {
			r, err := a.Signin.AcceptInvitation(ctx, actor, parlatory.NewSecret(in.Body.Token), in.Body.Name, parlatory.NewSecret(in.Body.Password))
			if err != nil {
				return nil, err
			}
			return stepOf(r), nil
		})
}
