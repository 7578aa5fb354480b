package keyserver

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/test/keyserver"
)

// posing is a server that answers as it likes; a line to it signs in by a token of a file.
func posing(t *testing.T, most uint16, answer http.HandlerFunc) *Line {
	t.Helper()
	s := httptest.NewUnstartedServer(answer)
	s.TLS = &tls.Config{MaxVersion: most}
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	return line(t, Options{
		Address: s.URL, Key: "root", ServerName: "example.com", Timeout: 2 * time.Second, Auth: Auth{TokenFile: keyserver.SecretFile(t, "t0ken")},
		CA: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}),
	})
}

const good = "\x02vault:v1:AAAAAAAAAAAAAAAAAAAAAAAA"

func TestAnswersThatAreNotTheKeyServersOwn(t *testing.T) {
	secret := "cGxhaW4gc2VjcmV0"
	for name, c := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"a proxy's 403":       {403, "<html>no</html>", vault.ErrAway},
		"a proxy's 404":       {404, "not found", vault.ErrAway},
		"a proxy's JSON":      {403, `{"message":"blocked"}`, vault.ErrAway},
		"its own 403":         {403, `{"errors":["permission denied"]}`, vault.ErrWithdrawn},
		"its own 404":         {404, `{"errors":[]}`, vault.ErrWithdrawn},
		"its own 500":         {500, `{"errors":["message authentication failed"]}`, vault.ErrAway},
		"too many":            {429, `{"errors":["rate"]}`, vault.ErrAway},
		"standby":             {473, `{"errors":["standby"]}`, vault.ErrAway},
		"a body without end":  {200, `{"data":{"plaintext":"` + strings.Repeat("A", answerMost) + `"}}`, vault.ErrAway},
		"half of JSON":        {200, `{"data":{"plaintext":"AAAA`, vault.ErrAway},
		"a key too short":     {200, `{"data":{"plaintext":"` + secret + `"}}`, vault.ErrOpen},
		"a text that repeats": {400, `{"errors":["` + secret + `"]}`, vault.ErrWithdrawn},
	} {
		l := posing(t, 0, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		err := opens(t, l, []byte(good), "")
		wantErr(t, name, err, c.want)
		if strings.Contains(fmt.Sprint(err, l.Check(t.Context())), secret) {
			t.Error(name, "is repeated:", err)
		}
	}
}

// The token goes to the configured server and nowhere else.
func TestRedirectionsAreNotFollowed(t *testing.T) {
	asked := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer elsewhere.Close()
	l := posing(t, 0, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Vault-Token") != "t0ken" || r.URL.Path != "/v1/transit/decrypt/root" {
			t.Error("not the request that is meant:", r.URL.Path)
		}
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	wantErr(t, "redirected", opens(t, l, []byte(good), ""), vault.ErrAway)
	if asked != 0 {
		t.Error("the redirection was followed")
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	l := posing(t, tls.VersionTLS12, func(http.ResponseWriter, *http.Request) { t.Error("asked over TLS 1.2") })
	wantErr(t, "TLS 1.2", opens(t, l, []byte(good), ""), vault.ErrAway)
}

func TestOptionsThatCannotBeRight(t *testing.T) {
	sound := func() Options {
		return Options{Address: "https://keys.example.com", Key: "root", Auth: Auth{AppRole: &AppRole{RoleID: "r", SecretID: parlatory.NewSecret("s3cret")}}}
	}
	if l := line(t, sound()); l.host != "keys.example.com:8200" || l.o.Mount != "transit" || l.o.Timeout != 3*time.Second || l.security.ServerName != "keys.example.com" {
		t.Error("defaults:", l.host, l.o.Mount, l.o.Timeout)
	}
	for name, change := range map[string]func(*Options){
		"plain HTTP":            func(o *Options) { o.Address = "http://127.0.0.1:8200" },
		"a password inside":     func(o *Options) { o.Address = "https://u:s3cret@keys.example.com" },
		"a path":                func(o *Options) { o.Address = "https://keys.example.com/v1" },
		"no address":            func(o *Options) { o.Address = "" },
		"a way out":             func(o *Options) { o.Mount = "transit/../sys" },
		"a header":              func(o *Options) { o.Namespace = "a\r\nX-Vault-Token: s3cret" },
		"a key with a slash":    func(o *Options) { o.Key = "root/rotate" },
		"no sign-in":            func(o *Options) { o.Auth = Auth{} },
		"two sign-ins":          func(o *Options) { o.Auth.TokenFile = "/token" },
		"no secret":             func(o *Options) { o.Auth.AppRole.SecretID = parlatory.Secret{} },
		"secret and file":       func(o *Options) { o.Auth.AppRole.SecretFile = "/secret" },
		"no role":               func(o *Options) { o.Auth = Auth{Kubernetes: &Kubernetes{}} },
		"a login's way out":     func(o *Options) { o.Auth.AppRole.Mount = "approle/../token" },
		"no certificate":        func(o *Options) { o.Auth = Auth{Certificate: &Certificate{CertFile: "/none", KeyFile: "/none"}} },
		"roots that are none":   func(o *Options) { o.CA = []byte("s3cret") },
		"roots that are away":   func(o *Options) { o.CAFile = "/none" },
		"halves of two pairs":   func(o *Options) { o.Auth = Auth{Certificate: halves(t)} },
		"a role with a break":   func(o *Options) { o.Auth.AppRole.RoleID = "r\nX: y" },
		"a namespace with dots": func(o *Options) { o.Namespace = "../other" },
	} {
		o := sound()
		change(&o)
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func halves(t *testing.T) *Certificate {
	t.Helper()
	cert, _ := pair(t, "a.test")
	_, key := pair(t, "b.test")
	return &Certificate{Cert: cert, Key: parlatory.NewSecret(string(key))}
}
