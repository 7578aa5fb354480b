package credential

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"
)

var (
	acme  = Party{ID: "parlatory.example", Name: "Harbour & Pine", Origin: "https://acme.parlatory.example:8443"}
	acmeV = virtualwebauthn.RelyingParty{ID: acme.ID, Name: acme.Name, Origin: acme.Origin}
)

// register makes a passkey with an authenticator at a page.
func register(t *testing.T, rp virtualwebauthn.RelyingParty, a virtualwebauthn.Authenticator, cred virtualwebauthn.Credential) (Passkey, error) {
	t.Helper()
	c, err := NewChallenge()
	if err != nil {
		t.Fatal(err)
	}
	o, err := acme.CreationOptions(c, []byte("handle"), "ann@acme.example", "Ann", nil)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := virtualwebauthn.ParseAttestationOptions(`{"publicKey":` + string(o) + `}`)
	if err != nil {
		t.Fatal(err)
	}
	return acme.Registered(c, json.RawMessage(virtualwebauthn.CreateAttestationResponse(rp, a, cred, *parsed)))
}

func prove(t *testing.T, c Challenge, rp virtualwebauthn.RelyingParty, a virtualwebauthn.Authenticator, cred virtualwebauthn.Credential, k Passkey) json.RawMessage {
	t.Helper()
	o, err := acme.RequestOptions(c, []Passkey{k}, true)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := virtualwebauthn.ParseAssertionOptions(`{"publicKey":` + string(o) + `}`)
	if err != nil {
		t.Fatal(err)
	}
	return json.RawMessage(virtualwebauthn.CreateAssertionResponse(rp, a, cred, *parsed))
}

// TestAC_034_Passkeys: what is right is taken; another challenge, origin, party, key, an unverified user, an absent one, a
// count that goes back, and anything cut or changed are refused. Each was seen taken with its check left out.
//
// ASVS V6.7.2
func TestAC_034_Passkeys(t *testing.T) {
	for name, kind := range map[string]virtualwebauthn.KeyType{"ES256": virtualwebauthn.KeyTypeEC2, "RS256": virtualwebauthn.KeyTypeRSA} {
		t.Run(name, func(t *testing.T) { passkeys(t, virtualwebauthn.NewCredential(kind)) })
	}
}

func passkeys(t *testing.T, cred virtualwebauthn.Credential) {
	a := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte("handle")})
	sibling := virtualwebauthn.RelyingParty{ID: acme.ID, Origin: "https://other.parlatory.example:8443"}
	elsewhere := virtualwebauthn.RelyingParty{ID: "evil.example", Origin: acme.Origin}
	noPort := virtualwebauthn.RelyingParty{ID: acme.ID, Origin: "https://acme.parlatory.example"}
	capitals := virtualwebauthn.RelyingParty{ID: acme.ID, Origin: "HTTPS://ACME.parlatory.example:8443"}
	for _, rp := range []virtualwebauthn.RelyingParty{sibling, elsewhere, noPort, capitals} {
		if _, err := register(t, rp, a, cred); err == nil {
			t.Errorf("registered at %+v", rp)
		}
	}
	k, err := register(t, acmeV, a, cred)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := NewChallenge()
	cred.Counter = 5
	good := prove(t, c, acmeV, a, cred, k)
	if id, handle, err := Named(good); err != nil || string(id) != string(cred.ID) || string(handle) != "handle" {
		t.Fatal(id, handle, err)
	}
	count, verified, err := acme.Proved(c, good, k, true)
	if err != nil || count != 5 || !verified {
		t.Fatal(count, verified, err)
	}
	other, _ := NewChallenge()
	if _, _, err := acme.Proved(other, good, k, true); err == nil {
		t.Error("for another challenge")
	}
	for _, rp := range []virtualwebauthn.RelyingParty{sibling, elsewhere, noPort, capitals} {
		if _, _, err := acme.Proved(c, prove(t, c, rp, a, cred, k), k, false); err == nil {
			t.Errorf("proved at %+v", rp)
		}
	}
	copied := k
	copied.Count = 5
	if _, _, err := acme.Proved(c, good, copied, true); err == nil {
		t.Error("the count does not go on")
	}
	foreign := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	foreign.ID = cred.ID
	if _, _, err := acme.Proved(c, prove(t, c, acmeV, a, foreign, k), k, true); err == nil {
		t.Error("signed by another key")
	}
	named := k
	named.ID = []byte("another")
	if _, _, err := acme.Proved(c, good, named, true); err == nil {
		t.Error("of another passkey")
	}
	lazy := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte("handle"), UserNotVerified: true})
	if _, _, err := acme.Proved(c, prove(t, c, acmeV, lazy, cred, k), k, true); err == nil {
		t.Error("alone, without its user verified")
	}
	if _, verified, err := acme.Proved(c, prove(t, c, acmeV, lazy, cred, k), k, false); err != nil || verified {
		t.Error("as second factor, without its user verified:", err)
	}
	absent := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserNotPresent: true, UserHandle: []byte("handle")})
	if _, _, err := acme.Proved(c, prove(t, c, acmeV, absent, cred, k), k, false); err == nil {
		t.Error("nobody touched it")
	}
	for i := 1; i < len(good); i += len(good)/40 + 1 {
		if _, _, err := acme.Proved(c, good[:i], k, true); err == nil {
			t.Errorf("cut at %d", i)
		}
	}
	if _, _, err := acme.Proved(c, json.RawMessage(`{"id":"`+strings.Repeat("A", maxPasskey)+`"}`), k, true); err == nil {
		t.Error("too large")
	}
}

// FuzzPasskeyAnswers: nothing that a browser sends breaks the reading.
func FuzzPasskeyAnswers(f *testing.F) {
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA","attestationObject":"oA"}}`))
	f.Fuzz(func(_ *testing.T, answer []byte) {
		_, _, _ = Named(answer)
		_, _, _ = acme.Proved(Challenge{}, answer, Passkey{}, true)
		_, _ = acme.Registered(Challenge{}, answer)
	})
}
