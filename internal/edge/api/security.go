package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/security"
)

// PasswordPolicy is what the workspace asks of passwords.
type PasswordPolicy struct {
	MinLength  int `json:"min_length" minimum:"8" maximum:"64"`
	History    int `json:"history" minimum:"0" maximum:"24" doc:"Earlier passwords that are refused"`
	MaxAgeDays int `json:"max_age_days" minimum:"0" maximum:"365" doc:"0: passwords do not expire"`
}

// LockoutPolicy counts failures in a row from devices that the person has not signed in on.
type LockoutPolicy struct {
	Threshold int    `json:"threshold" minimum:"0" maximum:"20" doc:"0: the server's own limit alone"`
	Ends      string `json:"ends" enum:"time,reset,administrator"`
	Minutes   int    `json:"minutes" minimum:"0" maximum:"1440"`
}

// FactorPolicy is what the workspace asks beside the password.
type FactorPolicy struct {
	Required          bool   `json:"required"`
	PhishingResistant bool   `json:"phishing_resistant" doc:"Passkeys alone count"`
	Message           string `json:"message" maxLength:"800"`
	TrustDays         int    `json:"trust_days" minimum:"0" maximum:"90"`
}

// SessionPolicy bounds sessions.
type SessionPolicy struct {
	IdleMinutes int `json:"idle_minutes" minimum:"15" maximum:"1440"`
	LifeHours   int `json:"life_hours" minimum:"1" maximum:"720"`
}

// SecurityView is all that is set, and how the lists stand.
type SecurityView struct {
	Revision  uint32         `json:"revision" doc:"Goes back with each change, so that nobody overwrites what they have not seen"`
	ChangedAt *time.Time     `json:"changed_at,omitempty"`
	Password  PasswordPolicy `json:"password"`
	Lockout   LockoutPolicy  `json:"lockout"`
	Factor    FactorPolicy   `json:"factor"`
	Sessions  SessionPolicy  `json:"sessions"`
	StaffList struct {
		Mode        string `json:"mode" enum:"off,watch,on"`
		Entries     int    `json:"entries"`
		WouldRefuse int    `json:"would_refuse" doc:"Refused, or would have been, in the last seven days"`
	} `json:"staff_list"`
	VisitorList struct {
		Mode         string `json:"mode" enum:"off,block,allow"`
		Block        int    `json:"block"`
		Allow        int    `json:"allow"`
		RefusedToday int    `json:"refused_today"`
	} `json:"visitor_list"`
}

// PasswordChangeRequest changes the first two cards.
type PasswordChangeRequest struct {
	Revision uint32         `json:"revision"`
	Password PasswordPolicy `json:"password"`
	Lockout  LockoutPolicy  `json:"lockout"`
}

// FactorChangeRequest changes the card of second factors.
type FactorChangeRequest struct {
	Revision          uint32 `json:"revision"`
	Required          bool   `json:"required"`
	PhishingResistant bool   `json:"phishing_resistant"`
	Message           string `json:"message" maxLength:"800"`
	TrustDays         int    `json:"trust_days" minimum:"0" maximum:"90"`
}

// SessionChangeRequest changes the card of sessions.
type SessionChangeRequest struct {
	Revision    uint32 `json:"revision"`
	IdleMinutes int    `json:"idle_minutes" minimum:"15" maximum:"1440"`
	LifeHours   int    `json:"life_hours" minimum:"1" maximum:"720"`
}

// FactorQuestion asks whom a policy would meet.
type FactorQuestion struct {
	Required          bool `json:"required"`
	PhishingResistant bool `json:"phishing_resistant"`
}

// FactorAffected is whom it would meet.
type FactorAffected struct {
	Staff   int  `json:"staff"`
	Lacking int  `json:"lacking" doc:"Who would be signed out, and enrol at the next sign-in"`
	Me      bool `json:"me" doc:"The session that asks would end too, so it can't be saved by it"`
}

func viewOf(v security.View, t security.Tally) *struct{ Body SecurityView } {
	b := SecurityView{Revision: v.Revision, Password: PasswordPolicy(v.Password),
		Lockout: LockoutPolicy{v.Lockout.Threshold, string(v.Lockout.Ends), v.Lockout.Minutes},
		Factor:  FactorPolicy{v.Factor.Required, v.Factor.Resistant, v.Factor.Message, v.Factor.TrustDays}, Sessions: SessionPolicy(v.Sessions)}
	if !v.ChangedAt.IsZero() {
		b.ChangedAt = &v.ChangedAt
	}
	b.StaffList.Mode, b.StaffList.Entries, b.StaffList.WouldRefuse = string(v.StaffMode), v.Sizes[security.StaffList], t.WouldRefuse
	b.VisitorList.Mode, b.VisitorList.Block, b.VisitorList.Allow = string(v.VisitorMode), v.Sizes[security.BlockList], v.Sizes[security.AllowList]
	b.VisitorList.RefusedToday = t.RefusedToday
	return &struct{ Body SecurityView }{b}
}

func (a *API) securityRoutes() {
	register(a, huma.Operation{OperationID: "get-security", Method: http.MethodGet, Path: "/api/v1/security", Summary: "What the workspace asks of those who come in"}, security.ActView,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body SecurityView }, error) {
			v, err := a.Security.View(ctx, actor)
			return a.securityAnswer(ctx, actor, v, err)
		})
	register(a, huma.Operation{OperationID: "set-password-policy", Method: http.MethodPut, Path: "/api/v1/security/password", Summary: "Change the policies of passwords and lockout"}, security.ActEdit,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body PasswordChangeRequest }) (*struct{ Body SecurityView }, error) {
			b := in.Body
			v, err := a.Security.SetPassword(ctx, actor, b.Revision, security.PasswordPolicy(b.Password),
				security.LockoutPolicy{Threshold: b.Lockout.Threshold, Ends: security.LockoutEnd(b.Lockout.Ends), Minutes: b.Lockout.Minutes})
			return a.securityAnswer(ctx, actor, v, err)
		})
	register(a, huma.Operation{OperationID: "set-factor-policy", Method: http.MethodPut, Path: "/api/v1/security/factor", Summary: "Change the policy of second factors; sessions that do not meet it end"}, security.ActEdit,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body FactorChangeRequest }) (*struct{ Body SecurityView }, error) {
			b := in.Body
			v, err := a.Security.SetFactor(ctx, actor, b.Revision, security.FactorPolicy{Required: b.Required, Resistant: b.PhishingResistant, Message: b.Message, TrustDays: b.TrustDays})
			return a.securityAnswer(ctx, actor, v, err)
		})
	register(a, huma.Operation{OperationID: "ask-factor-policy", Method: http.MethodPost, Path: "/api/v1/security/factor/affected", Summary: "Whom a policy of second factors would meet"}, security.ActView,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body FactorQuestion }) (*struct{ Body FactorAffected }, error) {
			v, err := a.Security.Affected(ctx, actor, security.FactorPolicy{Required: in.Body.Required, Resistant: in.Body.PhishingResistant})
			if err != nil {
				return nil, err
			}
			return &struct{ Body FactorAffected }{FactorAffected(v)}, nil
		})
	register(a, huma.Operation{OperationID: "set-session-policy", Method: http.MethodPut, Path: "/api/v1/security/sessions", Summary: "Change how long sessions last; shorter limits hold at once"}, security.ActEdit,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body SessionChangeRequest }) (*struct{ Body SecurityView }, error) {
			v, err := a.Security.SetSessions(ctx, actor, in.Body.Revision, security.SessionPolicy{IdleMinutes: in.Body.IdleMinutes, LifeHours: in.Body.LifeHours})
			return a.securityAnswer(ctx, actor, v, err)
		})
	a.networkRoutes()
}

func (a *API) securityAnswer(ctx context.Context, actor parlatory.Actor, v security.View, err error) (*struct{ Body SecurityView }, error) {
	if err != nil {
		return nil, err
	}
	t, err := a.Security.Tally(ctx, actor)
	if err != nil {
		return nil, err
	}
	return viewOf(v, t), nil
}
