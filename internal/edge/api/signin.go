package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/signin"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/edge/front"
)

// Door is what the sign-in page needs to know.
type Door struct {
	Company     string       `json:"company"`
	Subdomain   string       `json:"subdomain"`
	Domain      string       `json:"domain"`
	SignedIn    bool         `json:"signed_in"`
	Step        *SigninState `json:"step,omitempty" doc:"What a begun sign-in owes"`
	PasswordMin int          `json:"password_min" doc:"Characters that a new password needs here at least"`
	Passkeys    bool         `json:"passkeys" doc:"Whether one can sign in with a passkey alone"`
}

// SigninRequest is a try to sign in.
type SigninRequest struct {
	Email      string `json:"email" minLength:"1" maxLength:"254"`
	Password   string `json:"password" minLength:"1" maxLength:"1024" format:"password"`
	Invitation string `json:"invitation,omitempty" maxLength:"128" doc:"The key from an invitation's link, where the address has an account already"`
}

// SigninState is how far a sign-in has come, and what the page needs to know of the step that is owed.
type SigninState struct {
	State           string        `json:"state" enum:"signed_in,owed"`
	Owed            string        `json:"owed,omitempty" enum:"factor,enrol,password,agreement"`
	SecurityVersion string        `json:"security_version,omitempty"`
	PrivacyVersion  string        `json:"privacy_version,omitempty"`
	Factor          *FactorStep   `json:"factor,omitempty"`
	Enrol           *EnrolStep    `json:"enrol,omitempty"`
	Password        *PasswordStep `json:"password,omitempty"`
}

// FactorStep says which second factors may be given.
type FactorStep struct {
	TOTP      bool `json:"totp"`
	Passkey   bool `json:"passkey"`
	Recovery  bool `json:"recovery"`
	TrustDays int  `json:"trust_days" doc:"0: this device can't be trusted"`
}

// EnrolStep says what is to be set up.
type EnrolStep struct {
	PhishingResistant bool   `json:"phishing_resistant" doc:"Passkeys alone count"`
	Message           string `json:"message,omitempty" doc:"The workspace's own words"`
	MailCode          bool   `json:"mail_code" doc:"A code by mail is asked for too"`
}

// PasswordStep says why a new password is owed.
type PasswordStep struct {
	Reason    string `json:"reason" enum:"expired,short"`
	MinLength int    `json:"min_length"`
}

func stateOf(owed string, ask signin.Ask) SigninState {
	s := SigninState{State: "owed", Owed: owed}
	switch owed {
	case "":
		s.State = "signed_in"
	case signin.StepAgreement:
		s.SecurityVersion, s.PrivacyVersion = workspace.Version, workspace.Version
	case signin.StepFactor:
		s.Factor = &FactorStep{ask.Factors.TOTP, ask.Factors.Passkey, ask.Factors.Recovery > 0, ask.TrustDays}
	case signin.StepEnrol:
		s.Enrol = &EnrolStep{ask.Resistant, ask.Message, ask.MailCode}
	case signin.StepPassword:
		s.Password = &PasswordStep{ask.Password, ask.MinLength}
	}
	return s
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

// ResetOpened is a link that works.
type ResetOpened struct {
	MinLength int `json:"min_length" doc:"Characters that the new password needs at least: the strictest of the person's workspaces"`
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

// stepAnswer carries the cookies of the step.
type stepAnswer struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      SigninState
}

// stepOf hands out the token of a step, and takes back what it replaces (AC-055).
func stepOf(r signin.Result, err error) (*stepAnswer, error) {
	if err != nil {
		return nil, err
	}
	return &stepAnswer{SetCookie: cookiesOf(r), Body: stateOf(r.Owed, r.Ask)}, nil
}

func cookiesOf(r signin.Result) []http.Cookie {
	if r.Owed != "" {
		return []http.Cookie{front.NoSessionCookie(), front.AttemptCookie(r.Token)}
	}
	cookies := []http.Cookie{front.NoAttemptCookie(), front.SessionCookie(r.Token)}
	if !r.Device.Empty() {
		cookies = append(cookies, front.DeviceCookie(r.Device))
	}
	return cookies
}

type nothing struct{}

func (a *API) signinRoutes() {
	register(a, huma.Operation{OperationID: "get-door", Method: http.MethodGet, Path: "/api/v1/door", Tags: []string{surfaceAny}, Summary: "Whose host this is, and how far the sign-in has come; the bare domain is nobody's"}, workspace.ActDoor, a.door)
	register(a, huma.Operation{OperationID: "sign-in", Method: http.MethodPost, Path: "/api/v1/signin", Summary: "Sign in"}, signin.ActEnter,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body SigninRequest }) (*stepAnswer, error) {
			try := signin.Try{Email: in.Body.Email, Password: parlatory.NewSecret(in.Body.Password), Invitation: parlatory.NewSecret(in.Body.Invitation), Device: front.DeviceOf(ctx)}
			return stepOf(a.Signin.Enter(ctx, actor, try))
		})
	register(a, huma.Operation{OperationID: "agree", Method: http.MethodPost, Path: "/api/v1/signin/agreement", Summary: "Agree to the policies in force, where a sign-in owes it"}, signin.ActAgree,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body Agreement }) (*stepAnswer, error) {
			return stepOf(a.Signin.Agree(ctx, actor, in.Body.SecurityVersion, in.Body.PrivacyVersion))
		})
	register(a, huma.Operation{OperationID: "sign-out", Method: http.MethodPost, Path: "/api/v1/signout", Summary: "Sign out", DefaultStatus: http.StatusNoContent}, signin.ActLeave,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*cookieAnswer, error) {
			if err := a.Signin.Leave(ctx, actor); err != nil {
				return nil, err
			}
			return &cookieAnswer{[]http.Cookie{front.NoSessionCookie(), front.NoAttemptCookie()}}, nil
		})
	a.stepRoutes()
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
		return &struct{ Body Door }{Door{Domain: v.Domain, PasswordMin: security.Default().Password.MinLength}}, nil
	}
	settings, err := a.Security.Of(ctx, actor.Workspace)
	if err != nil {
		return nil, err
	}
	d := Door{Company: v.Company, Subdomain: v.Subdomain, Domain: v.Domain, SignedIn: actor.Kind == parlatory.Staff, PasswordMin: settings.Password.MinLength, Passkeys: true}
	if actor.Kind == parlatory.Half {
		owed, ask, err := a.Signin.Owed(ctx, actor)
		switch {
		case parlatory.KindOf(err) == parlatory.KindUnauthenticated: // it has just run out
		case err != nil:
			return nil, err
		default:
			step := stateOf(owed, ask)
			d.Step = &step
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
	register(a, huma.Operation{OperationID: "open-reset", Method: http.MethodPost, Path: "/api/v1/password/open", Summary: "Whether a reset's link still works"}, signin.ActResetOpen,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body LinkToken }) (*struct{ Body ResetOpened }, error) {
			least, err := a.Signin.OpenReset(ctx, actor, parlatory.NewSecret(in.Body.Token))
			return &struct{ Body ResetOpened }{ResetOpened{least}}, err
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
			return stepOf(a.Signin.AcceptInvitation(ctx, actor, parlatory.NewSecret(in.Body.Token), in.Body.Name, parlatory.NewSecret(in.Body.Password)))
		})
}
