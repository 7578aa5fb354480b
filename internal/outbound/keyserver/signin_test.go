package keyserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/test/keyserver"
)

func TestSignsInByAppRoleFileInANamespace(t *testing.T) {
	s := keyserver.Shared(t)
	ns := s.Namespace(t)
	k := s.Transit(t, ns+"/", "root")
	a := s.AppRole(t, ns+"/", []string{k.Policy(t)}, nil)
	o := leading(t, s, ns, k, a)
	o.Auth.AppRole.SecretFile, o.Auth.AppRole.SecretID = keyserver.SecretFile(t, a.SecretID+"\n"), parlatory.Secret{}
	l := line(t, o)
	if err := opens(t, l, wrap(t, l, "x"), "x"); err != nil {
		t.Error(err)
	}
	o.Namespace = ""
	_, err := line(t, o).Wrap(t.Context(), fresh(t), nil)
	wantErr(t, "outside of its namespace", err, vault.ErrWithdrawn)
}

func TestSignsInByTokenFile(t *testing.T) {
	s := keyserver.Shared(t)
	k := s.Transit(t, "", "root")
	token := func() string {
		return s.Write(t, "auth/token/create-orphan", keyserver.Fields{"policies": []string{k.Policy(t)}, "ttl": "1h"}).Auth["client_token"].(string)
	}
	first := token()
	file := keyserver.SecretFile(t, first)
	l := line(t, Options{Address: s.Address(), Mount: k.Mount, Key: k.Name, CAFile: s.CAFile(), Auth: Auth{TokenFile: file}})
	w := wrap(t, l, "")
	s.Write(t, "auth/token/revoke", keyserver.Fields{"token": first})
	wantErr(t, "revoked", opens(t, l, w, ""), vault.ErrWithdrawn)
	if err := os.WriteFile(file, []byte(token()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := opens(t, l, w, ""); err != nil {
		t.Error("with the agent's new token:", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	cold := line(t, l.o)
	wantErr(t, "no file", opens(t, cold, w, ""), vault.ErrAway)
}

// pair makes a certificate that signs itself, as PEM.
func pair(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

func TestSignsInByCertificate(t *testing.T) {
	s := keyserver.Shared(t)
	k := s.Transit(t, "", "root")
	cert, key := pair(t, "parlatory.test")
	mount := s.SignIn(t, "", "cert")
	s.Write(t, "auth/"+mount+"/certs/parlatory", keyserver.Fields{"certificate": string(cert), "token_policies": []string{k.Policy(t)}, "token_ttl": "1h"})
	o := Options{Address: s.Address(), Mount: k.Mount, Key: k.Name, CAFile: s.CAFile()}
	o.Auth.Certificate = &Certificate{Mount: mount, Name: "parlatory", CertFile: keyserver.SecretFile(t, string(cert)), KeyFile: keyserver.SecretFile(t, string(key))}
	at := newClock()
	o.Clock = at
	l := line(t, o)
	w := wrap(t, l, "")
	token := l.session.get().text
	at.pass(45 * time.Minute)
	if err := opens(t, l, w, ""); err != nil || l.session.get().text != token {
		t.Error("renewed by the same certificate:", err)
	}
	cert, key = pair(t, "parlatory.test")
	o.Auth.Certificate = &Certificate{Mount: mount, Cert: cert, Key: parlatory.NewSecret(string(key))}
	wantErr(t, "a stranger's certificate", opens(t, line(t, o), w, ""), vault.ErrWithdrawn)
}

// reviewer stands in for Kubernetes: it knows one token.
func reviewer(t *testing.T, jwt string) *httptest.Server {
	t.Helper()
	r := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Spec struct{ Token string } `json:"spec"`
		}
		_ = json.NewDecoder(r.Body).Decode(&in)
		known := in.Spec.Token == jwt
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1",
			"status": map[string]any{"authenticated": known, "user": map[string]any{"username": "system:serviceaccount:chat:parlatory", "uid": "u-1"}},
		})
	}))
	t.Cleanup(r.Close)
	return r
}

// podJWT is a service account's token; its signature is the reviewer's business.
func podJWT(t *testing.T) string {
	t.Helper()
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	account := map[string]any{"name": "parlatory", "uid": "u-1"}
	return part(map[string]any{"alg": "RS256", "typ": "JWT"}) + "." + part(map[string]any{
		"iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:chat:parlatory", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(),
		"kubernetes.io": map[string]any{"namespace": "chat", "serviceaccount": account},
	}) + "." + base64.RawURLEncoding.EncodeToString([]byte("signature"))
}

func TestSignsInByKubernetes(t *testing.T) {
	s := keyserver.Shared(t)
	k := s.Transit(t, "", "root")
	jwt := podJWT(t)
	pods := reviewer(t, jwt)
	mount := s.SignIn(t, "", "kubernetes")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pods.Certificate().Raw})
	s.Write(t, "auth/"+mount+"/config", keyserver.Fields{"kubernetes_host": pods.URL, "kubernetes_ca_cert": string(ca), "disable_local_ca_jwt": true})
	s.Write(t, "auth/"+mount+"/role/chat", keyserver.Fields{
		"bound_service_account_names": "parlatory", "bound_service_account_namespaces": "chat", "token_policies": []string{k.Policy(t)}, "token_ttl": "1h",
	})
	o := Options{Address: s.Address(), Mount: k.Mount, Key: k.Name, CAFile: s.CAFile()}
	o.Auth.Kubernetes = &Kubernetes{Mount: mount, Role: "chat", TokenFile: keyserver.SecretFile(t, jwt)}
	l := line(t, o)
	w := wrap(t, l, "")
	if err := opens(t, l, w, ""); err != nil {
		t.Error(err)
	}
	o.Auth.Kubernetes = &Kubernetes{Mount: mount, Role: "chat", TokenFile: keyserver.SecretFile(t, jwt+"x")}
	// The server answers the same to a wrong token and when it cannot ask Kubernetes, so that neither may count as a refusal.
	wantErr(t, "another pod's token", opens(t, line(t, o), w, ""), vault.ErrAway)
	o.Auth.Kubernetes = &Kubernetes{Mount: mount, Role: "gone", TokenFile: keyserver.SecretFile(t, jwt)}
	wantErr(t, "a role that is gone", opens(t, line(t, o), w, ""), vault.ErrWithdrawn)
	pods.Close()
	o.Auth.Kubernetes = &Kubernetes{Mount: mount, Role: "chat", TokenFile: keyserver.SecretFile(t, jwt)}
	wantErr(t, "Kubernetes away", opens(t, line(t, o), w, ""), vault.ErrAway)
}
