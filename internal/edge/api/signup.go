package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/signin"
	"parlatory/internal/domain/workspace"
)

// Document is a policy in force.
type Document struct {
	Version string `json:"version"`
	Title   string `json:"title"`
	Text    string `json:"text_md" doc:"Markdown"`
}

// Documents are the policies that everybody agrees to.
type Documents struct {
	Security Document `json:"security"`
	Privacy  Document `json:"privacy"`
}

func documentOf(p workspace.Policy) Document { return Document(p) }

// Sent says that a mail is on its way, if there is somebody to get it: the answer is the same in every case.
type Sent struct {
	Sent bool `json:"sent"`
}

// SignupRequest asks for a workspace.
type SignupRequest struct {
	Company         string `json:"company" minLength:"1" maxLength:"80"`
	Subdomain       string `json:"subdomain" minLength:"1" maxLength:"63"`
	Email           string `json:"email" minLength:"1" maxLength:"254"`
	SecurityVersion string `json:"security_version" maxLength:"40"`
	PrivacyVersion  string `json:"privacy_version" maxLength:"40"`
}

// SignupOpened is a sign-up whose mailed link was opened.
type SignupOpened struct {
	Company   string `json:"company"`
	Subdomain string `json:"subdomain"`
	Email     string `json:"email"`
	Known     bool   `json:"known" doc:"The address has an account; it keeps its password"`
}

// SignupFinish ends a sign-up. For a known address the password is the account's own.
type SignupFinish struct {
	Token    string `json:"token" maxLength:"128"`
	Name     string `json:"name" minLength:"1" maxLength:"80"`
	Password string `json:"password" minLength:"1" maxLength:"1024" format:"password"`
}

// SignupDone says where the new workspace answers.
type SignupDone struct {
	URL string `json:"workspace_url"`
}

// LinkToken is the key from a mailed link.
type LinkToken struct {
	Token string `json:"token" maxLength:"128"`
}

func (a *API) signupRoutes() {
	house := []string{surfaceHouse}
	register(a, huma.Operation{OperationID: "get-policies", Method: http.MethodGet, Path: "/api/v1/policies", Tags: []string{surfaceAny}, Summary: "The security and privacy policies in force"}, workspace.ActPolicies,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body Documents }, error) {
			p, err := a.Workspace.Policies(ctx, actor)
			if err != nil {
				return nil, err
			}
			return &struct{ Body Documents }{Documents{documentOf(p.Security), documentOf(p.Privacy)}}, nil
		})
	register(a, huma.Operation{OperationID: "request-signup", Method: http.MethodPost, Path: "/api/v1/signups", Tags: house, Summary: "Ask for a workspace; a link is mailed", DefaultStatus: http.StatusAccepted}, signin.ActSignup,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body SignupRequest }) (*struct{ Body Sent }, error) {
			if err := a.Signin.RequestSignup(ctx, actor, signin.Signup(in.Body)); err != nil {
				return nil, err
			}
			return &struct{ Body Sent }{Sent{true}}, nil
		})
	register(a, huma.Operation{OperationID: "open-signup", Method: http.MethodPost, Path: "/api/v1/signups/open", Tags: house, Summary: "Show a sign-up by its mailed link"}, signin.ActSignupOpen,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body LinkToken }) (*struct{ Body SignupOpened }, error) {
			o, err := a.Signin.OpenSignup(ctx, actor, parlatory.NewSecret(in.Body.Token))
			if err != nil {
				return nil, err
			}
			return &struct{ Body SignupOpened }{SignupOpened(o)}, nil
		})
	register(a, huma.Operation{OperationID: "complete-signup", Method: http.MethodPost, Path: "/api/v1/signups/complete", Tags: house, Summary: "Make the workspace", DefaultStatus: http.StatusCreated}, signin.ActSignupComplete,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body SignupFinish }) (*struct{ Body SignupDone }, error) {
			f, err := a.Signin.CompleteSignup(ctx, actor, parlatory.NewSecret(in.Body.Token), in.Body.Name, parlatory.NewSecret(in.Body.Password))
			if err != nil {
				return nil, err
			}
			return &struct{ Body SignupDone }{SignupDone{f.URL}}, nil
		})
}
