package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/signin"
)

// Token is an API token, without the token.
type Token struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Scopes    []string   `json:"scopes"`
	Networks  []string   `json:"networks"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	UsedAt    *time.Time `json:"used_at,omitempty" doc:"To the minute"`
	UsedFrom  string     `json:"used_from,omitempty"`
}

// TokenAct is an act that a token may name in its scopes.
type TokenAct struct {
	Name    string `json:"name"`
	Feature string `json:"feature"`
	Verb    string `json:"verb"`
}

// TokenList is the own tokens at this workspace.
type TokenList struct {
	Items []Token    `json:"items"`
	Acts  []TokenAct `json:"acts"`
}

// NewToken asks for one.
type NewToken struct {
	Name     string   `json:"name" minLength:"1" maxLength:"60"`
	Scopes   []string `json:"scopes" minItems:"1" maxItems:"100" doc:"Names of acts"`
	Networks []string `json:"networks,omitempty" maxItems:"20" doc:"From where it works; none: anywhere"`
	Days     int      `json:"days" minimum:"1" maximum:"365"`
}

// TokenMade shows a new token, once.
type TokenMade struct {
	Token string `json:"token"`
	Item  Token  `json:"item"`
}

func tokenOf(t signin.Token) Token {
	out := Token{ID: t.ID.String(), Name: t.Name, Scopes: t.Scopes, Networks: t.Networks, CreatedAt: t.CreatedAt, ExpiresAt: t.Expires, UsedAt: optional(t.UsedAt), UsedFrom: t.UsedFrom}
	if out.Networks == nil {
		out.Networks = []string{}
	}
	return out
}

func (a *API) tokenRoutes() {
	register(a, huma.Operation{OperationID: "list-tokens", Method: http.MethodGet, Path: "/api/v1/me/tokens", Summary: "The own API tokens, and what one may do"}, signin.ActTokens,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body TokenList }, error) {
			all, acts, err := a.Signin.Tokens(ctx, actor)
			if err != nil {
				return nil, err
			}
			out := TokenList{Items: []Token{}, Acts: []TokenAct{}}
			for _, t := range all {
				out.Items = append(out.Items, tokenOf(t))
			}
			for _, act := range acts {
				out.Acts = append(out.Acts, TokenAct{act.Name, act.Feature, string(act.Verb)})
			}
			return &struct{ Body TokenList }{out}, nil
		})
	register(a, huma.Operation{OperationID: "make-token", Method: http.MethodPost, Path: "/api/v1/me/tokens", Summary: "Make an API token; it is shown once", DefaultStatus: http.StatusCreated}, signin.ActMakeToken,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body NewToken }) (*struct{ Body TokenMade }, error) {
			secret, t, err := a.Signin.MakeToken(ctx, actor, signin.NewToken{Name: in.Body.Name, Scopes: in.Body.Scopes, Networks: in.Body.Networks, Days: in.Body.Days})
			if err != nil {
				return nil, err
			}
			return &struct{ Body TokenMade }{TokenMade{secret.Reveal(), tokenOf(t)}}, nil
		})
	register(a, huma.Operation{OperationID: "revoke-token", Method: http.MethodDelete, Path: "/api/v1/me/tokens/{id}", Summary: "Revoke an API token", DefaultStatus: http.StatusNoContent}, signin.ActRevokeToken,
		func(ctx context.Context, actor parlatory.Actor, in *entryID) (*nothing, error) {
			id, err := parlatory.ParseID[parlatory.TokenKind](in.ID)
			if err != nil {
				return nil, err
			}
			return &nothing{}, a.Signin.RevokeToken(ctx, actor, id)
		})
}
