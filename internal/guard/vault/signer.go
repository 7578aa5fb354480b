package vault

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// algEd25519 is the key type of Ed25519 in signed notes (https://c2sp.org/signed-note).
const algEd25519 = 1

// ErrNote is a note whose form or signature is not what it should be.
var ErrNote = errors.New("signed note does not verify")

// Signer signs the heads of one ledger with Ed25519. The private key never leaves the package.
type Signer struct {
	mute
	name string
	hash uint32
	key  ed25519.PrivateKey // inside memory that erase made
}

// MintSigner makes a signing key and seals its seed for the given place. verifier is the public key in the form of a
// signed note's verifier key, which is safe to hand out.
func MintSigner(h *Held, b Binding, name string) (seed Sealed, verifier string, err error) {
	if name == "" || strings.ContainsAny(name, "+ \n\t") {
		return Sealed{}, "", fmt.Errorf("mint signing key: name %q can't stand in a note", name)
	}
	var public ed25519.PublicKey
	erase(func() {
		var raw []byte
		if raw, err = fresh(); err != nil {
			return
		}
		defer clear(raw)
		private := ed25519.NewKeyFromSeed(raw)
		public = append(make([]byte, 0, ed25519.PublicKeySize), private[ed25519.SeedSize:]...)
		clear(private)
		seed, err = h.Seal(b, raw)
	})
	if err != nil {
		return Sealed{}, "", fmt.Errorf("mint signing key: %w", err)
	}
	verifier, err = note.NewEd25519VerifierKey(name, public)
	if err != nil {
		return Sealed{}, "", fmt.Errorf("mint signing key: %w", err)
	}
	return seed, verifier, nil
}

// OpenSigner opens a sealed seed.
func OpenSigner(h *Held, b Binding, seed Sealed, name string) (s *Signer, err error) {
	erase(func() {
		var raw []byte
		if raw, err = h.Open(b, seed); err != nil {
			return
		}
		defer clear(raw)
		if len(raw) != ed25519.SeedSize {
			err = ErrOpen
			return
		}
		key := ed25519.NewKeyFromSeed(raw)
		s = &Signer{name: name, key: key, hash: keyHash(name, key[ed25519.SeedSize:])}
	})
	if err != nil {
		return nil, fmt.Errorf("open signing key: %w", err)
	}
	return s, nil
}

// keyHash is the short key id of a signed note.
func keyHash(name string, public []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name))
	h.Write([]byte{'\n', algEd25519})
	h.Write(public)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// note.Signer.
type noteSigner struct{ *Signer }

func (n noteSigner) Name() string    { return n.name }
func (n noteSigner) KeyHash() uint32 { return n.hash }
func (n noteSigner) Sign(msg []byte) ([]byte, error) {
	out := make([]byte, ed25519.SignatureSize)
	erase(func() { copy(out, ed25519.Sign(n.key, msg)) })
	return out, nil
}

// Name is the key's name in notes: the ledger's origin.
func (s *Signer) Name() string { return s.name }

// Sign makes a signed note of a text, which ends in a newline.
func (s *Signer) Sign(text string) (string, error) {
	signed, err := note.Sign(&note.Note{Text: text}, noteSigner{s})
	if err != nil {
		return "", fmt.Errorf("sign note: %w", err)
	}
	return string(signed), nil
}

// OpenNote checks a note that carries exactly one signature, by the given verifier key, and gives its text. A note
// has one spelling: a changed byte is refused even where base64 would not notice it.
func OpenNote(signed, verifier string) (string, error) {
	v, err := note.NewVerifier(verifier)
	if err != nil {
		return "", fmt.Errorf("verifier key: %w", ErrNote)
	}
	n, err := note.Open([]byte(signed), note.VerifierList(v))
	if err != nil || len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 {
		return "", ErrNote
	}
	if subtle.ConstantTimeCompare([]byte(formatNote(n)), []byte(signed)) != 1 {
		return "", ErrNote
	}
	return n.Text, nil
}

func formatNote(n *note.Note) string {
	sig, err := base64.StdEncoding.Strict().DecodeString(n.Sigs[0].Base64)
	if err != nil {
		return ""
	}
	return n.Text + "\n— " + n.Sigs[0].Name + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
}

// VerifierName is the name in a verifier key, if the key is sound and has one spelling.
func VerifierName(verifier string) (string, error) {
	v, err := note.NewVerifier(verifier)
	if err != nil {
		return "", fmt.Errorf("verifier key: %w", ErrNote)
	}
	// A name holds no plus sign, base64 may.
	parts := strings.SplitN(verifier, "+", 3)
	encoded := parts[len(parts)-1]
	raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || verifier != fmt.Sprintf("%s+%08x+%s", v.Name(), v.KeyHash(), encoded) {
		return "", fmt.Errorf("verifier key: %w", ErrNote)
	}
	return v.Name(), nil
}
