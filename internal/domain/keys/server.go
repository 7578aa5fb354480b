package keys

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
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

// keepSecrets fills in what the page did not send again. A secret goes to the server that it was given for, as it proves itself and takes the
// sign-in, and to no other.
func (s *Settings) keepSecrets(old Settings) {
	if s.Server == nil || old.Server == nil || s.Server.Address != old.Server.Address || s.Server.Namespace != old.Server.Namespace ||
		s.Server.CA != old.Server.CA || s.Server.AuthMount != old.Server.AuthMount {
		return
	}
	if s.Server.RoleID == old.Server.RoleID && s.Server.SecretID.Empty() {
		s.Server.SecretID = old.Server.SecretID
	}
	if s.Server.Certificate != "" && s.Server.CertificateKey.Empty() {
		s.Server.CertificateKey = old.Server.CertificateKey
	}
}

// told is what the ledger says of settings: no secret is in it. Of certificates it says which, as 16 hexadecimal digits of their SHA-256.
func (s Settings) told() map[string]string {
	m := map[string]string{"rotate after days": fmt.Sprint(s.RotateDays)}
	if s.Server == nil {
		m["key server"] = "the operator's"
		return m
	}
	m["key server"], m["mount"], m["key"] = s.Server.Address, s.Server.Mount, s.Server.Key
	m["namespace"], m["grace in seconds"] = s.Server.Namespace, fmt.Sprint(s.GraceSeconds)
	m["sign-in"], m["sign-in mount"] = "AppRole "+s.Server.RoleID, s.Server.AuthMount
	m["authorities"] = "the system's"
	if s.Server.CA != "" {
		m["authorities"] = fingerprint(s.Server.CA)
	}
	if s.Server.Certificate != "" {
		m["sign-in"], m["certificate"] = "certificate", fingerprint(s.Server.Certificate)
	}
	return m
}

// toldAfter is told of the settings that follow old ones, with what became of the secret.
func (s Settings) toldAfter(old Settings) map[string]string {
	m := s.told()
	if s.Server == nil {
		return m
	}
	m["secret"] = "kept"
	if old.Server == nil || s.Server.SecretID != old.Server.SecretID || s.Server.CertificateKey != old.Server.CertificateKey {
		m["secret"] = "replaced"
	}
	return m
}

// fingerprint names certificates: of one alone, it is the beginning of what every tool shows as its SHA-256.
func fingerprint(text string) string {
	sum := sha256.New()
	blocks := 0
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		sum.Write(block.Bytes)
		blocks++
	}
	if blocks == 0 {
		sum.Write([]byte(text))
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
