package keys

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Server is a workspace's own key server: OpenBao or HashiCorp Vault with its transit engine. Exactly one way of signing in is set.
type Server struct {
	Address   string `json:"address"` // https://host[:port]
	Namespace string `json:"namespace,omitempty"`
	Mount     string `json:"mount"` // of the transit engine
	Key       string `json:"key"`
	CA        string `json:"ca,omitempty"` // PEM roots of its certificate; empty: the system's

	AuthMount string           `json:"auth_mount,omitempty"` // of the AppRole or certificate sign-in
	RoleID    string           `json:"role_id,omitempty"`
	SecretID  parlatory.Secret `json:"-"`

	Certificate    string           `json:"certificate,omitempty"` // PEM
	CertificateKey parlatory.Secret `json:"-"`
}

// Settings are what a workspace asks of its keys.
type Settings struct {
	Server       *Server
	GraceSeconds int // for how long keys in memory serve while the own server is away
	RotateDays   int // 0: by hand alone
}

const (
	// GraceMost is the longest grace: a day and a night.
	GraceMost = 24 * time.Hour
	// RotateMost is the longest schedule, in days.
	RotateMost = 3650
)

// sealedSettings is the form in key_settings. Secrets are spelled out here and nowhere else.
type sealedSettings struct {
	Server         *Server `json:"server,omitempty"`
	SecretID       string  `json:"secret_id,omitempty"`
	CertificateKey string  `json:"certificate_key,omitempty"`
	GraceSeconds   int     `json:"grace_seconds,omitempty"`
	RotateDays     int     `json:"rotate_days,omitempty"`
}

func settingsBinding(ws parlatory.WorkspaceID, revision int64) vault.Binding {
	return vault.Binding{Table: "key_settings", Row: ws.Raw(), Revision: uint32(revision), Clear: []any{ws}}
}

// readSettings opens the settings of the transaction's workspace with the house's key.
func readSettings(tx *db.Tx, house *vault.Held) (s Settings, revision int64, err error) {
	var sealed vault.Sealed
	err = tx.Row(sqlSettings).Scan(&revision, &sealed)
	if errors.Is(err, db.ErrNone) {
		return Settings{}, 0, nil
	}
	if err != nil {
		return s, 0, fmt.Errorf("key settings: %w", err)
	}
	var in sealedSettings
	if err := vault.OpenJSON(house, settingsBinding(tx.Workspace(), revision), sealed, &in); err != nil {
		return s, 0, fmt.Errorf("key settings: %w", err)
	}
	s = Settings{Server: in.Server, GraceSeconds: in.GraceSeconds, RotateDays: in.RotateDays}
	if s.Server != nil {
		s.Server.SecretID, s.Server.CertificateKey = parlatory.NewSecret(in.SecretID), parlatory.NewSecret(in.CertificateKey)
	}
	return s, revision, nil
}

func writeSettings(tx *db.Tx, house *vault.Held, s Settings, before int64) error {
	out := sealedSettings{GraceSeconds: s.GraceSeconds, RotateDays: s.RotateDays}
	if s.Server != nil {
		out.Server, out.SecretID, out.CertificateKey = s.Server, s.Server.SecretID.Reveal(), s.Server.CertificateKey.Reveal()
	}
	sealed, err := vault.SealJSON(house, settingsBinding(tx.Workspace(), before+1), out)
	if err != nil {
		return err
	}
	n, err := tx.Exec(sqlPutSettings, before+1, sealed, before)
	if err != nil {
		return fmt.Errorf("key settings: %w", err)
	}
	if n == 0 {
		return parlatory.Conflict("Somebody else has just changed these settings. Load them again.")
	}
	return nil
}

// check refuses what can't be.
func (s Settings) check() error {
	var fields []parlatory.Field
	wrong := func(name, reason string) { fields = append(fields, parlatory.Field{Name: name, Reason: reason}) }
	if s.GraceSeconds < 0 || time.Duration(s.GraceSeconds)*time.Second > GraceMost {
		wrong("grace_seconds", "must be between 0 and 86400 (a day)")
	}
	if s.RotateDays < 0 || s.RotateDays > RotateMost {
		wrong("rotate_days", "must be between 0 (by hand alone) and 3650")
	}
	if v := s.Server; v != nil {
		if u, err := url.Parse(v.Address); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(v.Address) > 500 {
			wrong("server.address", "must be an address like https://vault.example.com:8200")
		}
		for name, text := range map[string]string{"server.mount": v.Mount, "server.key": v.Key} {
			if text == "" || !plainPath(text) {
				wrong(name, "must be a name of letters, digits, - _ . and /")
			}
		}
		for name, text := range map[string]string{"server.namespace": v.Namespace, "server.auth_mount": v.AuthMount} {
			if !plainPath(text) {
				wrong(name, "must be a name of letters, digits, - _ . and /")
			}
		}
		role, cert := v.RoleID != "", v.Certificate != ""
		switch {
		case role == cert:
			wrong("server.role_id", "needs a role, or a certificate: one of the two")
		case role && v.SecretID.Empty():
			wrong("server.secret_id", "is needed to sign in with a role")
		case cert && v.CertificateKey.Empty():
			wrong("server.certificate_key", "is needed to sign in with a certificate")
		}
		for name, n := range map[string]int{"server.ca": len(v.CA), "server.certificate": len(v.Certificate), "server.certificate_key": len(v.CertificateKey.Reveal()), "server.role_id": len(v.RoleID), "server.secret_id": len(v.SecretID.Reveal())} {
			if n > 32<<10 {
				wrong(name, "is too long")
			}
		}
	}
	if len(fields) > 0 {
		return &parlatory.Error{Kind: parlatory.KindInvalid, Public: "Please check what you entered.", Fields: fields}
	}
	return nil
}

func plainPath(s string) bool {
	return len(s) <= 200 && !strings.Contains(s, "..") && !strings.HasPrefix(s, "/") &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./") == ""
}

// keepSecrets fills in what the page did not send again.
func (s *Settings) keepSecrets(old Settings) {
	if s.Server == nil || old.Server == nil || s.Server.Address != old.Server.Address {
		return // a secret goes to the server that it was given for, and to no other
	}
	if s.Server.RoleID == old.Server.RoleID && s.Server.SecretID.Empty() {
		s.Server.SecretID = old.Server.SecretID
	}
	if s.Server.Certificate != "" && s.Server.CertificateKey.Empty() {
		s.Server.CertificateKey = old.Server.CertificateKey
	}
}

// Test goes the whole way to a server once, and changes nothing.
func (r *Room) Test(ctx context.Context, actor parlatory.Actor, s Settings) error {
	permit, err := r.o.Law.Permit(ctx, actor, ActServer)
	if err != nil {
		return err
	}
	if _, _, _, err = r.prepare(ctx, permit, &s); err != nil {
		return err
	}
	if s.Server == nil {
		return parlatory.Invalid("server", "is missing")
	}
	return r.o.Roots.lines.Check(ctx, *s.Server)
}

// prepare reads the old settings, completes the new ones and checks their form.
func (r *Room) prepare(ctx context.Context, permit access.Permit, s *Settings) (old Settings, revision int64, house *vault.Held, err error) {
	if house, err = r.o.Ring.Hold(ctx, parlatory.House, vault.Settings); err != nil {
		return old, 0, nil, fmt.Errorf("hold house settings key: %w", err)
	}
	if err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) (err error) { old, revision, err = readSettings(tx, house); return err }); err != nil {
		return old, 0, nil, err
	}
	s.keepSecrets(old)
	if err = s.check(); err == nil && s.Server != nil && r.o.Roots.lines == nil {
		err = parlatory.Conflict("This server does not let workspaces have a key server of their own.")
	}
	return old, revision, house, err
}

// Change saves the settings. Where the key server is another than before, or the first, or none any more, the workspace's key is wrapped
// by the new root before anything is stored; the old root is asked for it a last time.
func (r *Room) Change(ctx context.Context, actor parlatory.Actor, s Settings, reason string) error {
	permit, err := r.o.Law.Permit(ctx, actor, ActServer)
	if err != nil {
		return err
	}
	old, revision, house, err := r.prepare(ctx, permit, &s)
	if err != nil {
		return err
	}
	if s.Server != nil {
		if err := r.o.Roots.lines.Check(ctx, *s.Server); err != nil {
			return err
		}
	}
	moved, err := r.rewrapped(ctx, permit, s)
	if err != nil {
		return err
	}
	pen, err := r.o.Ledger.Pen(ctx, permit.Workspace())
	if err != nil {
		return err
	}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := r.o.Steady(tx, actor); err != nil {
			return err
		}
		if err := writeSettings(tx, house, s, revision); err != nil {
			return err
		}
		if err := moved.store(tx); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Updated, Element: Element, ID: permit.Workspace().Raw(), Old: old.told(), New: s.told(), Remark: reason})
	})
	if err != nil {
		return err
	}
	// What is in memory is confirmed by the new root at once.
	return r.o.Ring.Confirm(ctx, permit.Workspace())
}

// told is what the ledger says of settings: no secret is in it.
func (s Settings) told() map[string]string {
	m := map[string]string{"rotate after days": fmt.Sprint(s.RotateDays)}
	if s.Server == nil {
		m["key server"] = "the operator's"
		return m
	}
	m["key server"], m["mount"], m["key"] = s.Server.Address, s.Server.Mount, s.Server.Key
	m["namespace"], m["grace in seconds"] = s.Server.Namespace, fmt.Sprint(s.GraceSeconds)
	m["sign-in"] = "AppRole " + s.Server.RoleID
	if s.Server.Certificate != "" {
		m["sign-in"] = "certificate"
	}
	return m
}
