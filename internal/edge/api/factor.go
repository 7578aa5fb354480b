package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/account"
)

// Factor is one second factor of the person who is signed in.
type Factor struct {
	ID                string     `json:"id"`
	Kind              string     `json:"kind" enum:"totp,passkey"`
	Name              string     `json:"name"`
	CreatedAt         time.Time  `json:"created_at"`
	UsedAt            *time.Time `json:"used_at,omitempty"`
	HereOnly          bool       `json:"here_only" doc:"It counts at this workspace alone"`
	PhishingResistant bool       `json:"phishing_resistant"`
	RemovalAt         *time.Time `json:"removal_at,omitempty" doc:"It is removed then; until then it counts, and can be kept"`
	RemovalWaits      bool       `json:"removal_waits" doc:"Its removal would leave the account weaker, and takes effect a day after it is asked for"`
}

// FactorRemoved says whether a factor is gone.
type FactorRemoved struct {
	RemovalAt *time.Time `json:"removal_at,omitempty" doc:"It is removed then, and counts until then; absent where it is gone"`
}

// Factors are what counts at this workspace.
type Factors struct {
	Items             []Factor   `json:"items"`
	RecoveryLeft      int        `json:"recovery_left"`
	RecoveryMadeAt    *time.Time `json:"recovery_made_at,omitempty"`
	Required          bool       `json:"required"`
	PhishingResistant bool       `json:"phishing_resistant"`
	MailCode          bool       `json:"mail_code" doc:"The next factor asks for a code that is mailed"`
	Elsewhere         bool       `json:"elsewhere" doc:"There are factors that do not count at this workspace"`
}

// TOTPBegun is shown once.
type TOTPBegun struct {
	Ceremony string `json:"ceremony"`
	Secret   string `json:"secret"`
	URI      string `json:"uri"`
}

// PasskeyBegun goes to the browser.
type PasskeyBegun struct {
	Ceremony string `json:"ceremony"`
	Options  any    `json:"options" doc:"PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON"`
}

// TOTPConfirm sets an authenticator app up.
type TOTPConfirm struct {
	Ceremony string `json:"ceremony" maxLength:"128"`
	Code     string `json:"code" minLength:"6" maxLength:"6" pattern:"^[0-9]+$"`
	Name     string `json:"name" minLength:"1" maxLength:"60"`
	MailCode string `json:"mail_code,omitempty" maxLength:"16"`
}

// PasskeyConfirm sets a passkey up.
type PasskeyConfirm struct {
	Ceremony   string         `json:"ceremony" maxLength:"128"`
	Credential map[string]any `json:"credential" doc:"RegistrationResponseJSON"`
	Name       string         `json:"name" minLength:"1" maxLength:"60"`
	MailCode   string         `json:"mail_code,omitempty" maxLength:"16"`
}

// FactorName is another name.
type FactorName struct {
	Name string `json:"name" minLength:"1" maxLength:"60"`
}

// FactorMade is a new factor, and with the first the recovery codes, which are shown once.
type FactorMade struct {
	Item          Factor   `json:"item"`
	RecoveryCodes []string `json:"recovery_codes,omitempty"`
}

// RecoveryCodes are shown once.
type RecoveryCodes struct {
	Codes []string `json:"codes"`
}

func (a *API) factorRoutes() {
	register(a, huma.Operation{OperationID: "list-factors", Method: http.MethodGet, Path: "/api/v1/me/factors", Summary: "The own second factors that count here"}, account.ActFactors, a.factors)
	register(a, huma.Operation{OperationID: "mail-factor-code", Method: http.MethodPost, Path: "/api/v1/me/factors/mail-code", Summary: "Mail the code that a first factor asks for", DefaultStatus: http.StatusAccepted}, account.ActFactorMail,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body Sent }, error) {
			if err := a.Account.MailOwnCode(ctx, actor); err != nil {
				return nil, err
			}
			return &struct{ Body Sent }{Sent{true}}, nil
		})
	register(a, huma.Operation{OperationID: "begin-totp", Method: http.MethodPost, Path: "/api/v1/me/factors/totp", Summary: "Begin to set up an authenticator app"}, account.ActFactor,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body TOTPBegun }, error) {
			if err := a.Account.MayFactor(ctx, actor); err != nil {
				return nil, err
			}
			return a.beginTOTP(ctx, account.EnrollerOf(actor))
		})
	register(a, huma.Operation{OperationID: "confirm-totp", Method: http.MethodPost, Path: "/api/v1/me/factors/totp/confirm", Summary: "Set up the authenticator app"}, account.ActFactor,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body TOTPConfirm }) (*struct{ Body FactorMade }, error) {
			return a.addFactor(ctx, actor, in.Body.confirm())
		})
	register(a, huma.Operation{OperationID: "begin-passkey", Method: http.MethodPost, Path: "/api/v1/me/factors/passkey", Summary: "Begin to set up a passkey"}, account.ActFactor,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body PasskeyBegun }, error) {
			if err := a.Account.MayFactor(ctx, actor); err != nil {
				return nil, err
			}
			return a.beginEnrolPasskey(ctx, account.EnrollerOf(actor))
		})
	register(a, huma.Operation{OperationID: "confirm-passkey", Method: http.MethodPost, Path: "/api/v1/me/factors/passkey/confirm", Summary: "Set up the passkey"}, account.ActFactor,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body PasskeyConfirm }) (*struct{ Body FactorMade }, error) {
			c, err := in.Body.confirm()
			if err != nil {
				return nil, err
			}
			return a.addFactor(ctx, actor, c)
		})
	a.factorChanges()
}

func (a *API) factorChanges() {
	register(a, huma.Operation{OperationID: "rename-factor", Method: http.MethodPatch, Path: "/api/v1/me/factors/{id}", Summary: "Give a second factor another name", DefaultStatus: http.StatusNoContent}, account.ActFactor,
		func(ctx context.Context, actor parlatory.Actor, in *struct {
			ID   string `path:"id" format:"uuid"`
			Body FactorName
		}) (*nothing, error) {
			id, err := parlatory.ParseID[parlatory.FactorKind](in.ID)
			if err != nil {
				return nil, parlatory.NotFound()
			}
			return &nothing{}, a.Account.RenameFactor(ctx, actor, id, in.Body.Name)
		})
	register(a, huma.Operation{OperationID: "remove-factor", Method: http.MethodDelete, Path: "/api/v1/me/factors/{id}", Summary: "Remove a second factor, at once or a day later; other sessions end with it"}, account.ActFactor,
		func(ctx context.Context, actor parlatory.Actor, in *struct {
			ID string `path:"id" format:"uuid"`
		}) (*struct{ Body FactorRemoved }, error) {
			id, err := parlatory.ParseID[parlatory.FactorKind](in.ID)
			if err != nil {
				return nil, parlatory.NotFound()
			}
			goes, err := a.Account.RemoveFactor(ctx, actor, id)
			if err != nil {
				return nil, err
			}
			return &struct{ Body FactorRemoved }{FactorRemoved{optional(goes)}}, nil
		})
	register(a, huma.Operation{OperationID: "keep-factor", Method: http.MethodPost, Path: "/api/v1/me/factors/{id}/keep", Summary: "Keep a second factor whose removal waits", DefaultStatus: http.StatusNoContent}, account.ActFactorKeep,
		func(ctx context.Context, actor parlatory.Actor, in *struct {
			ID string `path:"id" format:"uuid"`
		}) (*nothing, error) {
			id, err := parlatory.ParseID[parlatory.FactorKind](in.ID)
			if err != nil {
				return nil, parlatory.NotFound()
			}
			return &nothing{}, a.Account.KeepFactor(ctx, actor, id)
		})
	register(a, huma.Operation{OperationID: "renew-recovery-codes", Method: http.MethodPost, Path: "/api/v1/me/recovery-codes", Summary: "Make ten new recovery codes; the old ones are dead"}, account.ActFactor,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body RecoveryCodes }, error) {
			codes, err := a.Account.RenewRecovery(ctx, actor)
			if err != nil {
				return nil, err
			}
			return &struct{ Body RecoveryCodes }{RecoveryCodes{revealed(codes)}}, nil
		})
}

func (a *API) factors(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body Factors }, error) {
	f, err := a.Account.Factors(ctx, actor)
	if err != nil {
		return nil, err
	}
	settings, err := a.Security.Of(ctx, actor.Workspace)
	if err != nil {
		return nil, err
	}
	out := Factors{Items: []Factor{}, Required: settings.Factor.Required, PhishingResistant: settings.Factor.Required && settings.Factor.Resistant, RecoveryLeft: f.State.Recovery, RecoveryMadeAt: optional(f.RecoveryMade), MailCode: f.State.NeedsMail(), Elsewhere: f.State.Elsewhere}
	for _, i := range f.Items {
		out.Items = append(out.Items, factorOf(i))
	}
	return &struct{ Body Factors }{out}, nil
}

func factorOf(i account.FactorInfo) Factor {
	return Factor{ID: i.ID.String(), Kind: string(i.Kind), Name: i.Name, CreatedAt: i.Created, UsedAt: optional(i.Used), HereOnly: i.HereOnly, PhishingResistant: i.Kind == parlatory.Passkey,
		RemovalAt: optional(i.Goes), RemovalWaits: i.Waits}
}

func (a *API) beginTOTP(ctx context.Context, e account.Enroller) (*struct{ Body TOTPBegun }, error) {
	token, secret, uri, err := a.Account.BeginTOTP(ctx, e)
	if err != nil {
		return nil, err
	}
	return &struct{ Body TOTPBegun }{TOTPBegun{token.Reveal(), secret.Reveal(), uri.Reveal()}}, nil
}

func (a *API) beginEnrolPasskey(ctx context.Context, e account.Enroller) (*struct{ Body PasskeyBegun }, error) {
	token, options, err := a.Account.BeginEnrolPasskey(ctx, e)
	if err != nil {
		return nil, err
	}
	return &struct{ Body PasskeyBegun }{PasskeyBegun{token.Reveal(), options}}, nil
}

func (a *API) addFactor(ctx context.Context, actor parlatory.Actor, c account.Confirm) (*struct{ Body FactorMade }, error) {
	info, codes, err := a.Account.AddFactor(ctx, actor, c)
	if err != nil {
		return nil, err
	}
	return &struct{ Body FactorMade }{FactorMade{factorOf(info), revealed(codes)}}, nil
}

func revealed(codes []parlatory.Secret) (shown []string) {
	for _, c := range codes {
		shown = append(shown, c.Reveal())
	}
	return shown
}

func (c TOTPConfirm) confirm() account.Confirm {
	return account.Confirm{Ceremony: parlatory.NewSecret(c.Ceremony), Code: parlatory.NewSecret(c.Code), MailCode: parlatory.NewSecret(c.MailCode), Name: c.Name}
}

func (c PasskeyConfirm) confirm() (account.Confirm, error) {
	raw, err := browserAnswer(c.Credential)
	return account.Confirm{Ceremony: parlatory.NewSecret(c.Ceremony), Credential: raw, MailCode: parlatory.NewSecret(c.MailCode), Name: c.Name}, err
}

// browserAnswer is what the browser said, for the room to parse: its form is WebAuthn's, not ours.
func browserAnswer(answer map[string]any) (json.RawMessage, error) {
	raw, err := json.Marshal(answer)
	if err != nil || len(answer) == 0 {
		return nil, parlatory.Invalid("credential", "is missing")
	}
	return raw, nil
}
