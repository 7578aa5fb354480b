package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/signin"
	"parlatory/internal/edge/front"
)

// PasskeyAnswer is what a browser gives for the request of a ceremony.
type PasskeyAnswer struct {
	Ceremony   string         `json:"ceremony" maxLength:"128"`
	Credential map[string]any `json:"credential" doc:"AuthenticationResponseJSON"`
	Invitation string         `json:"invitation,omitempty" maxLength:"128"`
}

// FactorAnswer pays the second factor: one of a code, a recovery code and a passkey.
type FactorAnswer struct {
	Code         string         `json:"code,omitempty" maxLength:"16"`
	RecoveryCode string         `json:"recovery_code,omitempty" maxLength:"64"`
	Ceremony     string         `json:"ceremony,omitempty" maxLength:"128"`
	Credential   map[string]any `json:"credential,omitempty" doc:"AuthenticationResponseJSON"`
	Trust        bool           `json:"trust,omitempty" doc:"Ask no second factor on this device for a while, where the workspace allows it"`
}

// NewPasswordRequest sets the password that a sign-in owes.
type NewPasswordRequest struct {
	Password string `json:"password" minLength:"1" maxLength:"1024" format:"password"`
}

// Enrolled is the step after an enrolment, with the recovery codes that come with a first factor.
type Enrolled struct {
	Step          SigninState `json:"step"`
	RecoveryCodes []string    `json:"recovery_codes,omitempty"`
}

type enrolAnswer struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      Enrolled
}

// StepUpRequest proves again who sits before the session: by one of the second factors where the account has one that counts here, or by
// a recovery code; else by the password.
type StepUpRequest struct {
	Password   string         `json:"password,omitempty" maxLength:"1024" format:"password" doc:"Not enough where the account has a second factor"`
	Code       string         `json:"code,omitempty" maxLength:"16"`
	Recovery   string         `json:"recovery_code,omitempty" maxLength:"64"`
	Ceremony   string         `json:"ceremony,omitempty" maxLength:"128"`
	Credential map[string]any `json:"credential,omitempty" doc:"AuthenticationResponseJSON"`
}

func begun(token parlatory.Secret, options json.RawMessage, err error) (*struct{ Body PasskeyBegun }, error) {
	if err != nil {
		return nil, err
	}
	return &struct{ Body PasskeyBegun }{PasskeyBegun{token.Reveal(), options}}, nil
}

// tryOf reads what was given as a factor.
func tryOf(code, recovery, ceremony string, credential map[string]any) (t account.FactorTry, err error) {
	t = account.FactorTry{Code: parlatory.NewSecret(code), RecoveryCode: parlatory.NewSecret(recovery), Ceremony: parlatory.NewSecret(ceremony)}
	if ceremony != "" {
		t.Credential, err = browserAnswer(credential)
	}
	return t, err
}

func (a *API) stepRoutes() {
	register(a, huma.Operation{OperationID: "begin-passkey-signin", Method: http.MethodPost, Path: "/api/v1/signin/passkey/begin", Summary: "Ask the browser for any passkey that it has for this server"}, signin.ActPasskey,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body PasskeyBegun }, error) {
			return begun(a.Signin.BeginAlone(ctx, actor))
		})
	register(a, huma.Operation{OperationID: "passkey-signin", Method: http.MethodPost, Path: "/api/v1/signin/passkey", Summary: "Sign in with a passkey alone"}, signin.ActEnter,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body PasskeyAnswer }) (*stepAnswer, error) {
			raw, err := browserAnswer(in.Body.Credential)
			if err != nil {
				return nil, err
			}
			return stepOf(a.Signin.EnterByPasskey(ctx, actor, signin.AloneTry{Ceremony: parlatory.NewSecret(in.Body.Ceremony), Credential: raw,
				Invitation: parlatory.NewSecret(in.Body.Invitation), Device: front.DeviceOf(ctx)}))
		})
	register(a, huma.Operation{OperationID: "begin-signin-factor", Method: http.MethodPost, Path: "/api/v1/signin/factor/begin", Summary: "Ask the browser for a passkey, where a second factor is owed"}, signin.ActFactor,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body PasskeyBegun }, error) {
			return begun(a.Signin.BeginFactor(ctx, actor))
		})
	register(a, huma.Operation{OperationID: "signin-factor", Method: http.MethodPost, Path: "/api/v1/signin/factor", Summary: "Give the second factor that a sign-in owes"}, signin.ActFactor,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body FactorAnswer }) (*stepAnswer, error) {
			b := in.Body
			t, err := tryOf(b.Code, b.RecoveryCode, b.Ceremony, b.Credential)
			if err != nil {
				return nil, err
			}
			return stepOf(a.Signin.PayFactor(ctx, actor, signin.FactorTry{FactorTry: t, Trust: b.Trust}))
		})
	register(a, huma.Operation{OperationID: "signin-password", Method: http.MethodPost, Path: "/api/v1/signin/password", Summary: "Set the new password that a sign-in owes"}, signin.ActNewPassword,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body NewPasswordRequest }) (*stepAnswer, error) {
			return stepOf(a.Signin.NewPassword(ctx, actor, parlatory.NewSecret(in.Body.Password)))
		})
	a.enrolRoutes()
	a.stepUpRoutes()
}

func (a *API) enrolRoutes() {
	register(a, huma.Operation{OperationID: "mail-enrol-code", Method: http.MethodPost, Path: "/api/v1/signin/enrol/mail-code", Summary: "Mail the code that a first factor asks for", DefaultStatus: http.StatusAccepted}, signin.ActEnrol,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body Sent }, error) {
			return &struct{ Body Sent }{Sent{true}}, a.Signin.MailCode(ctx, actor)
		})
	register(a, huma.Operation{OperationID: "begin-enrol-totp", Method: http.MethodPost, Path: "/api/v1/signin/enrol/totp", Summary: "Begin to set up an authenticator app, where a sign-in owes a factor"}, signin.ActEnrol,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body TOTPBegun }, error) {
			token, secret, uri, err := a.Signin.BeginTOTP(ctx, actor)
			if err != nil {
				return nil, err
			}
			return &struct{ Body TOTPBegun }{TOTPBegun{token.Reveal(), secret.Reveal(), uri.Reveal()}}, nil
		})
	register(a, huma.Operation{OperationID: "confirm-enrol-totp", Method: http.MethodPost, Path: "/api/v1/signin/enrol/totp/confirm", Summary: "Set up the authenticator app, and go on"}, signin.ActEnrol,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body TOTPConfirm }) (*enrolAnswer, error) {
			return enrolledOf(a.Signin.Enrol(ctx, actor, in.Body.confirm()))
		})
	register(a, huma.Operation{OperationID: "begin-enrol-passkey", Method: http.MethodPost, Path: "/api/v1/signin/enrol/passkey", Summary: "Begin to set up a passkey, where a sign-in owes a factor"}, signin.ActEnrol,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body PasskeyBegun }, error) {
			return begun(a.Signin.BeginPasskey(ctx, actor))
		})
	register(a, huma.Operation{OperationID: "confirm-enrol-passkey", Method: http.MethodPost, Path: "/api/v1/signin/enrol/passkey/confirm", Summary: "Set up the passkey, and go on"}, signin.ActEnrol,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body PasskeyConfirm }) (*enrolAnswer, error) {
			c, err := in.Body.confirm()
			if err != nil {
				return nil, err
			}
			return enrolledOf(a.Signin.Enrol(ctx, actor, c))
		})
}

func enrolledOf(r signin.Result, codes []parlatory.Secret, err error) (*enrolAnswer, error) {
	if err != nil {
		return nil, err
	}
	return &enrolAnswer{SetCookie: cookiesOf(r), Body: Enrolled{stateOf(r.Owed, r.Ask), revealed(codes)}}, nil
}

func (a *API) stepUpRoutes() {
	register(a, huma.Operation{OperationID: "begin-step-up", Method: http.MethodPost, Path: "/api/v1/me/step-up/begin", Summary: "Ask the browser for an own passkey; 404 where there is none"}, signin.ActStepUp,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body PasskeyBegun }, error) {
			return begun(a.Signin.BeginStepUp(ctx, actor))
		})
	register(a, huma.Operation{OperationID: "step-up", Method: http.MethodPost, Path: "/api/v1/me/step-up", Summary: "Prove again who you are; opens the sensitive acts for ten minutes", DefaultStatus: http.StatusNoContent}, signin.ActStepUp,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body StepUpRequest }) (*cookieAnswer, error) {
			b := in.Body
			t, err := tryOf(b.Code, b.Recovery, b.Ceremony, b.Credential)
			if err != nil {
				return nil, err
			}
			token, err := a.Signin.StepUp(ctx, actor, signin.StepUp{Password: parlatory.NewSecret(b.Password), Device: front.DeviceOf(ctx), FactorTry: t})
			if err != nil {
				return nil, err
			}
			return &cookieAnswer{[]http.Cookie{front.SessionCookie(token)}}, nil
		})
}
