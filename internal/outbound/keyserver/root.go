package keyserver

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"parlatory/internal/guard/vault"
)

const rawSize = 32

var errNoKey = errors.New("key server: no transit key is configured")

func (l *Line) at(what string) string { return l.o.Mount + "/" + what + "/" + l.o.Key }

// Wrap encrypts a raw key of 32 bytes. The answer is one byte 2 and the transit engine's text; it says the key's version.
func (l *Line) Wrap(ctx context.Context, key, ad []byte) (wrapped []byte, err error) {
	if l.o.Key == "" {
		return nil, errNoKey
	}
	if len(key) != rawSize {
		return nil, fmt.Errorf("wrap key: %d bytes", len(key))
	}
	var text string
	err = l.call(ctx, l.transit("encrypt", "plaintext", key, ad), func(a answer) error { text = a.Data.Ciphertext; return nil })
	if err != nil {
		return nil, fmt.Errorf("wrap key: %w", err)
	}
	return pack(text)
}

// transit is a call that carries value and associated data. A raw key is read and encoded inside vault.Erase only.
func (l *Line) transit(what, name string, value, ad []byte) request {
	return request{
		method: http.MethodPost, path: l.at(what), size: 64 + 2*len(value) + 2*len(ad),
		body: func(b []byte) []byte {
			b = append(b, `{"`+name+`":"`...)
			if name == "plaintext" {
				b = base64.StdEncoding.AppendEncode(b, value)
			} else {
				b = append(b, value...) // of unpack's form: nothing in it needs escaping
			}
			b = append(b, `","associated_data":"`...)
			b = base64.StdEncoding.AppendEncode(b, ad)
			return append(b, `"}`...)
		},
	}
}

// Unwrap decrypts what Wrap gave, if ad is the same. The key it returns is the caller's to clear.
func (l *Line) Unwrap(ctx context.Context, wrapped, ad []byte) (raw []byte, err error) {
	if l.o.Key == "" {
		return nil, errNoKey
	}
	text, _, err := unpack(wrapped)
	if err != nil {
		return nil, err
	}
	err = l.call(ctx, l.transit("decrypt", "ciphertext", []byte(text), ad), func(a answer) error {
		raw = make([]byte, rawSize, base64.StdEncoding.DecodedLen(len(a.Data.Plaintext))+rawSize)
		n, err := base64.StdEncoding.Strict().Decode(raw[:cap(raw)], []byte(a.Data.Plaintext))
		if err != nil || n != rawSize {
			clear(raw[:cap(raw)])
			raw = nil
			return &fault{is: vault.ErrOpen, what: "it is no key of 32 bytes"}
		}
		raw = raw[:rawSize:rawSize]
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("unwrap key: %w", err)
	}
	return raw, nil
}

// Version is the transit key's newest, "v3": the one that Wrap uses.
func (l *Line) Version(ctx context.Context) (version string, err error) {
	if l.o.Key == "" {
		return "", errNoKey
	}
	err = l.get(ctx, l.at("keys"), func(a answer) error {
		if a.Data.Latest < 1 {
			return &fault{is: vault.ErrAway, what: "the answer cannot be read"}
		}
		version = "v" + strconv.Itoa(a.Data.Latest)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("version of the root key: %w", err)
	}
	return version, nil
}

// VersionOf is the version that a wrapped key says it is under, "" for what is none of a key server.
func (l *Line) VersionOf(wrapped []byte) string {
	_, version, err := unpack(wrapped)
	if err != nil {
		return ""
	}
	return version
}

// Rotate begins a new version of the transit key.
func (l *Line) Rotate(ctx context.Context) error {
	if l.o.Key == "" {
		return errNoKey
	}
	r := request{method: http.MethodPost, path: l.at("keys") + "/rotate", body: func(b []byte) []byte { return append(b, "{}"...) }}
	if err := l.call(ctx, r, func(answer) error { return nil }); err != nil {
		return fmt.Errorf("rotate root key: %w", err)
	}
	return nil
}
