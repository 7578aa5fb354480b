package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"parlatory"
)

const (
	tokenBytes = 32
	// TokenLength is the length of every token in characters.
	TokenLength = 43
)

// TokenHash is what is stored of a token, and looked up by.
type TokenHash [sha256.Size]byte

// SQL is the column value.
func (h TokenHash) SQL() any {
	if h == (TokenHash{}) {
		return nil
	}
	return h[:]
}

// Scan reads a column value.
func (h *TokenHash) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*h = TokenHash{}
		return nil
	case []byte:
		if len(v) == len(h) {
			copy(h[:], v)
			return nil
		}
	}
	return fmt.Errorf("scan token hash: %T of unexpected form", src)
}

// NewToken makes a token and its hash: a session, an invitation, a link by mail.
func NewToken() (parlatory.Secret, TokenHash, error) {
	var raw [tokenBytes]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return parlatory.Secret{}, TokenHash{}, parlatory.Internal("token", err)
	}
	text := base64.RawURLEncoding.EncodeToString(raw[:])
	return parlatory.NewSecret(text), sha256.Sum256(raw[:]), nil
}

// HashToken hashes a token that somebody sent. A token has exactly one spelling: 43 characters of base64url whose
// last bits are zero. Everything else is refused before it is hashed (AC-010).
func HashToken(token string) (TokenHash, error) {
	if len(token) != TokenLength {
		return TokenHash{}, errToken()
	}
	var raw [33]byte
	n, err := base64.RawURLEncoding.Strict().Decode(raw[:], []byte(token))
	if err != nil || n != tokenBytes {
		return TokenHash{}, errToken()
	}
	return sha256.Sum256(raw[:tokenBytes]), nil
}

func errToken() error {
	return parlatory.Fail(parlatory.KindUnauthenticated, "Please sign in.")
}
