package credential

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"parlatory"
)

// Party is whom passkeys are made for and whose page may use them: the bare domain, and the exact origin of one door
// (WebAuthn level 3 §5.1.3). A sibling workspace has the same id, and another origin.
type Party struct {
	ID     string // the bare domain
	Name   string // shown by the browser
	Origin string // https://acme.example.com, with the port where it is not 443
}

// Passkey is what is kept of one.
type Passkey struct {
	ID         []byte   `json:"id"`
	Key        []byte   `json:"key"` // COSE
	Count      uint32   `json:"count"`
	Transports []string `json:"transports,omitempty"`
	Backed     bool     `json:"backed,omitempty"` // may be copied to the person's other devices
}

// Challenge is 32 random bytes, good for one ceremony (ASVS 6.7.2).
type Challenge [32]byte

// NewChallenge makes one.
func NewChallenge() (c Challenge, err error) {
	if _, err = rand.Read(c[:]); err != nil {
		err = parlatory.Internal("challenge", err)
	}
	return c, err
}

func (c Challenge) text() string { return base64.RawURLEncoding.EncodeToString(c[:]) }

const (
	ceremonyMillis = 5 * 60 * 1000
	// maxPasskey bounds what a browser's answer may hold: attestations of the larger kinds stay below.
	maxPasskey = 32 << 10
	// maxCredentialID is the standard's own bound (§5.8.3).
	maxCredentialID = 1023
)

// algorithms that keys may have: Ed25519, ECDSA on P-256, RSA for the keys that Windows makes.
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// CreationOptions are what the browser is asked for a new passkey (PublicKeyCredentialCreationOptionsJSON). The handle
// names the account to the authenticator; it is no address and no name.
func (p Party) CreationOptions(c Challenge, handle []byte, address, name string, have []Passkey) (json.RawMessage, error) {
	verify := protocol.VerificationPreferred
	o := protocol.PublicKeyCredentialCreationOptions{
		RelyingParty: protocol.RelyingPartyEntity{CredentialEntity: protocol.CredentialEntity{Name: p.Name}, ID: p.ID},
		User:         protocol.UserEntity{CredentialEntity: protocol.CredentialEntity{Name: address}, DisplayName: name, ID: protocol.URLEncodedBase64(handle)},
		Challenge:    c[:], Parameters: algorithms, Timeout: ceremonyMillis, CredentialExcludeList: descriptors(have), Attestation: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: verify},
	}
	return options(o)
}

// RequestOptions ask for a proof by one of the passkeys, or by whichever the browser offers where there are none. Alone,
// a passkey must verify its user.
func (p Party) RequestOptions(c Challenge, have []Passkey, alone bool) (json.RawMessage, error) {
	verify := protocol.VerificationPreferred
	if alone {
		verify = protocol.VerificationRequired
	}
	return options(protocol.PublicKeyCredentialRequestOptions{Challenge: c[:], Timeout: ceremonyMillis, RelyingPartyID: p.ID, AllowedCredentials: descriptors(have), UserVerification: verify})
}

func options(o any) (json.RawMessage, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, parlatory.Internal("passkey options", err)
	}
	return raw, nil
}

func descriptors(have []Passkey) (all []protocol.CredentialDescriptor) {
	for _, k := range have {
		d := protocol.CredentialDescriptor{Type: protocol.PublicKeyCredentialType, CredentialID: k.ID}
		for _, t := range k.Transports {
			d.Transport = append(d.Transport, protocol.AuthenticatorTransport(t))
		}
		all = append(all, d)
	}
	return all
}

// Registered judges the browser's answer to CreationOptions (§7.1).
func (p Party) Registered(c Challenge, answer json.RawMessage) (Passkey, error) {
	if len(answer) > maxPasskey {
		return Passkey{}, errPasskey(errors.New("answer too large"))
	}
	got, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return Passkey{}, errPasskey(err)
	}
	if err := p.exact(got.Response.CollectedClientData); err != nil {
		return Passkey{}, err
	}
	_, err = got.Verify(c.text(), p.ID, []string{p.Origin}, nil, nil, protocol.TopOriginExplicitVerificationMode, false, false, true, nil, algorithms, protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	if err != nil {
		return Passkey{}, errPasskey(err)
	}
	data := got.Response.AttestationObject.AuthData
	id := data.AttData.CredentialID
	if len(id) == 0 || len(id) > maxCredentialID {
		return Passkey{}, errPasskey(errors.New("credential id of no good length"))
	}
	k := Passkey{ID: id, Key: data.AttData.CredentialPublicKey, Count: data.Counter, Backed: data.Flags.HasBackupEligible()}
	for _, t := range got.Response.Transports {
		if len(k.Transports) < 8 && len(t) <= 20 {
			k.Transports = append(k.Transports, string(t))
		}
	}
	return k, nil
}

// Named is which passkey an answer is of, and the handle of the account that it tells; before anything is judged.
func Named(answer json.RawMessage) (id, handle []byte, err error) {
	got, err := parseProof(answer)
	if err != nil {
		return nil, nil, err
	}
	return got.RawID, got.Response.UserHandle, nil
}

func parseProof(answer json.RawMessage) (*protocol.ParsedCredentialAssertionData, error) {
	if len(answer) > maxPasskey {
		return nil, errPasskey(errors.New("answer too large"))
	}
	got, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil || len(got.RawID) == 0 || len(got.RawID) > maxCredentialID {
		return nil, errPasskey(err)
	}
	return got, nil
}

// Proved judges the browser's answer to RequestOptions (§7.2) by the passkey that it names, and gives the new count and
// whether the user was verified. A count that does not go on is a copied key (AC-034).
func (p Party) Proved(c Challenge, answer json.RawMessage, k Passkey, alone bool) (count uint32, verified bool, err error) {
	got, err := parseProof(answer)
	if err != nil {
		return 0, false, err
	}
	if string(got.RawID) != string(k.ID) {
		return 0, false, errPasskey(errors.New("another passkey"))
	}
	if err := p.exact(got.Response.CollectedClientData); err != nil {
		return 0, false, err
	}
	err = got.Verify(c.text(), p.ID, "", []string{p.Origin}, nil, nil, protocol.TopOriginExplicitVerificationMode, false, alone, true, k.Key, protocol.SignaturePolicy{})
	if err != nil {
		return 0, false, errPasskey(err)
	}
	data := got.Response.AuthenticatorData
	if (data.Counter != 0 || k.Count != 0) && data.Counter <= k.Count {
		return 0, false, errPasskey(fmt.Errorf("count %d after %d", data.Counter, k.Count))
	}
	return data.Counter, data.Flags.HasUserVerified(), nil
}

// exact: the library compares origins as URLs do; here is one spelling.
func (p Party) exact(c protocol.CollectedClientData) error {
	if c.Origin != p.Origin || c.CrossOrigin || c.TopOrigin != "" {
		return errPasskey(errors.New("another origin"))
	}
	return nil
}

// errPasskey is the one refusal; the cause is for the log, and holds nothing of the key.
func errPasskey(cause error) error {
	return parlatory.Invalid("credential", "could not be checked; please try again").Because(cause)
}
