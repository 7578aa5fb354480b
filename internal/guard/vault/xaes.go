package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
)

const (
	keySize     = 32
	tagSize     = 16
	xaesNonce   = 24
	gcmNonce    = 12
	commitSize  = 32
	wrapVersion = 0x01
)

// xaes is XAES-256-GCM (https://c2sp.org/XAES-256-GCM): AES-256-GCM whose key is derived by CMAC from the first half
// of a 192-bit nonce, so that random nonces never meet.
type xaes struct {
	block cipher.Block
	k1    [aes.BlockSize]byte
}

// newXAES must run inside erase.
func newXAES(key []byte) (*xaes, error) {
	if len(key) != keySize {
		return nil, fmt.Errorf("xaes key of %d bytes", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("xaes cipher: %w", err)
	}
	x := &xaes{block: block}
	block.Encrypt(x.k1[:], x.k1[:])
	var carry byte
	for i := len(x.k1) - 1; i >= 0; i-- {
		next := x.k1[i] >> 7
		x.k1[i] = x.k1[i]<<1 | carry
		carry = next
	}
	// NIST SP 800-38B §6.1, without a branch on the secret bit.
	x.k1[15] ^= carry * 0b10000111
	return x, nil
}

// derive makes the GCM of one nonce; it must run inside erase.
func (x *xaes) derive(nonce []byte) (cipher.AEAD, error) {
	var key [keySize]byte
	for i := range 2 {
		half := key[i*16 : i*16+16]
		half[1], half[2] = byte(i+1), 'X'
		copy(half[4:], nonce[:12])
		subtle.XORBytes(half, half, x.k1[:])
		x.block.Encrypt(half, half)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("xaes derived cipher: %w", err)
	}
	return cipher.NewGCM(block)
}

func (x *xaes) seal(dst, nonce, plaintext, ad []byte) ([]byte, error) {
	aead, err := x.derive(nonce)
	if err != nil {
		return nil, err
	}
	return aead.Seal(dst, nonce[12:], plaintext, ad), nil
}

func (x *xaes) open(dst, nonce, ciphertext, ad []byte) ([]byte, error) {
	aead, err := x.derive(nonce)
	if err != nil {
		return nil, err
	}
	return aead.Open(dst, nonce[12:], ciphertext, ad)
}

// wrapper wraps keys under one root or workspace key:
//
//	0x01 | commitment of the wrapping key, 32 | nonce, 24 | wrapped key, 32 | tag, 16
type wrapper struct {
	cipher *xaes
	commit [commitSize]byte
}

const wrappedSize = 1 + commitSize + xaesNonce + keySize + tagSize

// newWrapper derives both parts from a raw key; it must run inside erase.
func newWrapper(purpose string, raw []byte) (*wrapper, error) {
	key, commit, err := split("wrap "+purpose, raw)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	x, err := newXAES(key)
	if err != nil {
		return nil, err
	}
	w := &wrapper{cipher: x}
	copy(w.commit[:], commit)
	return w, nil
}

func (w *wrapper) wrap(raw, ad []byte) (blob []byte, err error) {
	erase(func() { blob, err = w.cipherSeal(raw, ad) })
	return blob, err
}

// cipherSeal must run inside erase.
func (w *wrapper) cipherSeal(raw, ad []byte) (blob []byte, err error) {
	if len(raw) != keySize {
		return nil, fmt.Errorf("wrap key: %d bytes", len(raw))
	}
	blob = append(make([]byte, 0, wrappedSize), wrapVersion)
	blob = append(blob, w.commit[:]...)
	nonce := blob[len(blob) : len(blob)+xaesNonce]
	if _, err = rand.Read(nonce); err == nil {
		blob, err = w.cipher.seal(blob[:len(blob)+xaesNonce], nonce, raw, ad)
	}
	if err != nil {
		return nil, fmt.Errorf("wrap key: %w", err)
	}
	return blob, nil
}

// wrapped reports whether a blob says that it is this key's.
func (w *wrapper) wrapped(blob []byte) bool {
	return len(blob) == wrappedSize && blob[0] == wrapVersion && subtle.ConstantTimeCompare(blob[1:1+commitSize], w.commit[:]) == 1
}

// version names the key to people: the first bytes of its commitment.
func (w *wrapper) version() string { return hex.EncodeToString(w.commit[:4]) }

// unwrap gives the raw key in memory that erase wipes once it is dropped; the caller clears it as soon as the
// ciphers stand.
func (w *wrapper) unwrap(blob, ad []byte) (raw []byte, err error) {
	erase(func() { raw, err = w.cipherOpen(blob, ad) })
	return raw, err
}

// cipherOpen must run inside erase.
func (w *wrapper) cipherOpen(blob, ad []byte) ([]byte, error) {
	if len(blob) != wrappedSize || blob[0] != wrapVersion {
		return nil, fmt.Errorf("wrapped key's form: %w", ErrOpen)
	}
	rest := blob[1:]
	if subtle.ConstantTimeCompare(rest[:commitSize], w.commit[:]) != 1 {
		return nil, fmt.Errorf("wrapped key's commitment: %w", ErrOpen)
	}
	rest = rest[commitSize:]
	raw, err := w.cipher.open(nil, rest[:xaesNonce], rest[xaesNonce:], ad)
	if err != nil {
		return nil, fmt.Errorf("wrapped key: %w", ErrOpen)
	}
	return raw, nil
}

func equalKeys(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
