package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/domain/keys"
	"parlatory/internal/guard/vault"
)

// KeyServer is the workspace's own key server. Secrets are never sent out; one that is left empty keeps what is stored.
type KeyServer struct {
	Address        string           `json:"address" maxLength:"500" doc:"https://host[:port] of OpenBao or HashiCorp Vault"`
	Namespace      string           `json:"namespace,omitempty" maxLength:"200"`
	Mount          string           `json:"mount" maxLength:"200" doc:"Of the transit engine"`
	Key            string           `json:"key" maxLength:"200" doc:"Of type aes256-gcm96, not exportable"`
	CA             string           `json:"ca,omitempty" maxLength:"32768" doc:"PEM roots of its certificate; empty: the system's"`
	AuthMount      string           `json:"auth_mount,omitempty" maxLength:"200"`
	RoleID         string           `json:"role_id,omitempty" maxLength:"500" doc:"AppRole; or a certificate"`
	SecretID       parlatory.Secret `json:"secret_id,omitempty" maxLength:"500" writeOnly:"true"`
	Certificate    string           `json:"certificate,omitempty" maxLength:"32768" doc:"PEM"`
	CertificateKey parlatory.Secret `json:"certificate_key,omitempty" maxLength:"32768" writeOnly:"true"`
}

// KeySettings are what the workspace asks of its keys.
type KeySettings struct {
	Server       *KeyServer `json:"server,omitempty" doc:"None: the operator's root"`
	GraceSeconds int        `json:"grace_seconds" minimum:"0" maximum:"86400" doc:"For how long keys in memory serve while the own server is away"`
	RotateDays   int        `json:"rotate_days" minimum:"0" maximum:"3650" doc:"0: by hand alone"`
	Reason       string     `json:"reason,omitempty" maxLength:"500" writeOnly:"true" doc:"Why, for the audit log"`
}

// KeyServerView is a key server without its secrets.
type KeyServerView struct {
	Address     string `json:"address"`
	Namespace   string `json:"namespace,omitempty"`
	Mount       string `json:"mount"`
	Key         string `json:"key"`
	CA          string `json:"ca,omitempty"`
	AuthMount   string `json:"auth_mount,omitempty"`
	RoleID      string `json:"role_id,omitempty"`
	Certificate string `json:"certificate,omitempty"`
}

// KeyWork is work on keys that takes its time.
type KeyWork struct {
	Kind    string     `json:"kind" enum:"rewrap"`
	State   string     `json:"state" enum:"running,done"`
	Done    int64      `json:"done"`
	Total   int64      `json:"total"`
	BegunAt time.Time  `json:"begun_at"`
	EndedAt *time.Time `json:"ended_at,omitempty"`
}

// EncryptionView is how the workspace's keys stand.
type EncryptionView struct {
	Root         string         `json:"root" enum:"file,server,own" doc:"What wraps the workspace's key: the operator's key file or key server, or the workspace's own server"`
	Version      uint32         `json:"version"`
	Since        time.Time      `json:"since"`
	Keys         int64          `json:"keys" doc:"Keys of contacts, rooms and persons below it"`
	Behind       int64          `json:"behind" doc:"Of these, still under an older version"`
	State        string         `json:"state" enum:"confirmed,away,withdrawn" doc:"As this node sees the root"`
	ConfirmedAt  *time.Time     `json:"confirmed_at,omitempty"`
	ServesUntil  *time.Time     `json:"serves_until,omitempty" doc:"When the workspace closes unless the root answers"`
	Server       *KeyServerView `json:"server,omitempty"`
	GraceSeconds int            `json:"grace_seconds"`
	RotateDays   int            `json:"rotate_days"`
	Works        []KeyWork      `json:"works"`
}

// KeyRotation says why a key is rotated.
type KeyRotation struct {
	Reason string `json:"reason,omitempty" maxLength:"500"`
}

func (s KeySettings) settings() keys.Settings {
	out := keys.Settings{GraceSeconds: s.GraceSeconds, RotateDays: s.RotateDays}
	if v := s.Server; v != nil {
		out.Server = &keys.Server{
			Address: v.Address, Namespace: v.Namespace, Mount: v.Mount, Key: v.Key, CA: v.CA, AuthMount: v.AuthMount,
			RoleID: v.RoleID, SecretID: v.SecretID, Certificate: v.Certificate, CertificateKey: v.CertificateKey,
		}
	}
	return out
}

func encryptionOf(o keys.Overview) EncryptionView {
	v := EncryptionView{
		Root: o.Root, Version: o.Version, Since: o.Since, Keys: o.Subjects, Behind: o.Behind, State: "confirmed",
		GraceSeconds: o.Settings.GraceSeconds, RotateDays: o.Settings.RotateDays, Works: []KeyWork{},
	}
	switch {
	case errors.Is(o.Standing.Fault, vault.ErrAway):
		v.State = "away"
	case errors.Is(o.Standing.Fault, vault.ErrWithdrawn):
		v.State = "withdrawn"
	}
	if !o.Standing.Confirmed.IsZero() {
		v.ConfirmedAt = &o.Standing.Confirmed
	}
	if !o.Standing.Until.IsZero() {
		v.ServesUntil = &o.Standing.Until
	}
	if s := o.Settings.Server; s != nil {
		v.Server = &KeyServerView{Address: s.Address, Namespace: s.Namespace, Mount: s.Mount, Key: s.Key, CA: s.CA, AuthMount: s.AuthMount, RoleID: s.RoleID, Certificate: s.Certificate}
	}
	for _, w := range o.Works {
		work := KeyWork{Kind: w.Kind, State: w.State, Done: w.Done, Total: max(w.Total, w.Done), BegunAt: w.Begun}
		if !w.Ended.IsZero() {
			work.EndedAt = &w.Ended
		}
		v.Works = append(v.Works, work)
	}
	return v
}

func (a *API) encryption(ctx context.Context, actor parlatory.Actor, err error) (*struct{ Body EncryptionView }, error) {
	if err != nil {
		return nil, err
	}
	o, err := a.Keys.Overview(ctx, actor)
	if err != nil {
		return nil, err
	}
	return &struct{ Body EncryptionView }{encryptionOf(o)}, nil
}

func (a *API) encryptionRoutes() {
	register(a, huma.Operation{OperationID: "get-encryption", Method: http.MethodGet, Path: "/api/v1/encryption", Summary: "How the workspace's keys stand"}, keys.ActView,
		func(ctx context.Context, actor parlatory.Actor, _ *struct{}) (*struct{ Body EncryptionView }, error) {
			return a.encryption(ctx, actor, nil)
		})
	register(a, huma.Operation{OperationID: "set-encryption", Method: http.MethodPut, Path: "/api/v1/encryption", Summary: "Name the workspace's own key server, or take it away, and the schedule of rotation"}, keys.ActServer,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body KeySettings }) (*struct{ Body EncryptionView }, error) {
			return a.encryption(ctx, actor, a.Keys.Change(ctx, actor, in.Body.settings(), in.Body.Reason))
		})
	register(a, huma.Operation{OperationID: "test-key-server", Method: http.MethodPost, Path: "/api/v1/encryption/test", Summary: "Go the whole way to a key server once, and change nothing", DefaultStatus: http.StatusNoContent}, keys.ActServer,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body KeySettings }) (*struct{}, error) {
			return nil, a.Keys.Test(ctx, actor, in.Body.settings())
		})
	register(a, huma.Operation{OperationID: "rotate-key", Method: http.MethodPost, Path: "/api/v1/encryption/rotate", Summary: "Give the workspace a new key; what is below it is wrapped again in the background"}, keys.ActRotate,
		func(ctx context.Context, actor parlatory.Actor, in *struct{ Body KeyRotation }) (*struct{ Body EncryptionView }, error) {
			return a.encryption(ctx, actor, a.Keys.Rotate(ctx, actor, in.Body.Reason))
		})
}
