package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// Recipient is whom backups are encrypted to (age, https://age-encryption.org/v1): the server can write for it and read nothing back.
type Recipient struct{ to age.Recipient }

// ErrRecipient is a recipient or an identity that is none.
var ErrRecipient = errors.New("age key is not of the expected form")

// ParseRecipient reads age1… (X25519) or age1pq1… (ML-KEM-768 with X25519).
func ParseRecipient(s string) (*Recipient, error) {
	var to age.Recipient
	var err error
	if strings.HasPrefix(s, "age1pq1") {
		to, err = age.ParseHybridRecipient(s)
	} else {
		to, err = age.ParseX25519Recipient(s)
	}
	if err != nil { // its words may quote what was typed
		return nil, fmt.Errorf("recipient: %w", ErrRecipient)
	}
	return &Recipient{to}, nil
}

// Seal begins an encrypted stream into w; it is whole once it was closed.
func (r *Recipient) Seal(w io.Writer) (io.WriteCloser, error) {
	s, err := age.Encrypt(w, r.to)
	if err != nil {
		return nil, fmt.Errorf("begin encrypted stream: %w", err)
	}
	return s, nil
}

// Identity opens what was encrypted to its recipient. The server never has one; the operator's command is handed it.
type Identity struct {
	mute
	all []age.Identity
}

// ParseIdentity reads an identity file: lines of AGE-SECRET-KEY-1… or AGE-SECRET-KEY-PQ-1…, and comments.
func ParseIdentity(file []byte) (*Identity, error) {
	all, err := age.ParseIdentities(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("identity: %w", ErrRecipient)
	}
	return &Identity{all: all}, nil
}

// Open begins to read an encrypted stream. A stream that was changed or cut is ErrOpen where the reader comes to it, so that nothing of it
// counts before the end was reached.
func (i *Identity) Open(r io.Reader) (io.Reader, error) {
	plain, err := age.Decrypt(r, i.all...)
	if err != nil {
		return nil, fmt.Errorf("begin to open stream: %w", ErrOpen)
	}
	return opened{plain}, nil
}

type opened struct{ r io.Reader }

func (o opened) Read(b []byte) (int, error) {
	n, err := o.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("open stream: %w", ErrOpen)
	}
	return n, err
}

// NewIdentity makes an identity and its recipient, X25519: for tests, and for whoever has no age tool at hand. file is what ParseIdentity reads.
func NewIdentity() (file, recipient string, err error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return "", "", fmt.Errorf("make identity: %w", err)
	}
	return id.String() + "\n", id.Recipient().String(), nil
}
