package vault

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

var (
	// ErrOpen is the one answer to a value or key that does not open, whatever the reason: it tells a tamperer
	// nothing. It is never a user's fault.
	ErrOpen = errors.New("sealed value does not open")
	// ErrNoKey is a Shelf's answer for a key that is not there: never made, or destroyed by erasure.
	ErrNoKey = errors.New("no such key")
)

// split derives from one raw key the key that is used and the commitment that is shown (HKDF-Expand, RFC 5869 §2.3;
// the raw key is uniform, so Extract has nothing to do). Both come from HMAC-SHA-256 under the raw key: who finds two
// keys with one commitment has found a collision of SHA-256. It must run inside erase.
func split(purpose string, raw []byte) (key, commit []byte, err error) {
	if key, err = expand(raw, purpose+" key"); err != nil {
		return nil, nil, err
	}
	if commit, err = expand(raw, purpose+" commitment"); err != nil {
		return nil, nil, err
	}
	return key, commit, nil
}

func expand(raw []byte, purpose string) ([]byte, error) {
	if len(raw) != keySize {
		return nil, fmt.Errorf("derive key: %d bytes", len(raw))
	}
	return hkdf.Expand(sha256.New, raw, "parlatory/v1 "+purpose, keySize)
}

// fresh makes a raw key; it must run inside erase.
func fresh() ([]byte, error) {
	raw := make([]byte, keySize)
	if _, err := rand.Read(raw); err != nil {
		return nil, fmt.Errorf("fresh key: %w", err)
	}
	return raw, nil
}
