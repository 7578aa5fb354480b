package keyserver

import (
	"bytes"
	"errors"
	"testing"

	"parlatory/internal/guard/vault"
)

// Whatever stands in a database row opens as one spelling or not at all, and its version is what the transit engine's text says.
func FuzzWrapped(f *testing.F) {
	for _, s := range []string{"", "\x02", "\x02vault:v1:AAAAAAAAAAAAAAAAAAAAAAAA", "\x01vault:v1:AAAAAAAAAAAAAAAAAAAAAAAA", "\x02vault:v01:AAAAAAAAAAAAAAAAAAAAAA==", "\x02vault:v3:\"},\"x\":\"AAAAAAAAAAAAAAAA"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text, version, err := unpack(b)
		if err != nil {
			if !errors.Is(err, vault.ErrOpen) || text != "" || version != "" {
				t.Fatal("a refusal gives something:", err)
			}
			return
		}
		again, err := pack(text)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatal("another spelling")
		}
		if bytes.ContainsAny([]byte(text), "\"\\\r\n \x00") || (&Line{}).VersionOf(b) != version || len(b) > formMost {
			t.Fatalf("text that could break out of a request: %q", text)
		}
	})
}

// Whatever a server answers is an answer or one of the vault's errors, and the error repeats nothing of it.
func FuzzAnswer(f *testing.F) {
	f.Add(200, []byte(`{"data":{"ciphertext":"vault:v1:x"}}`))
	f.Add(400, []byte(`{"errors":["cipher: message authentication failed"]}`))
	f.Add(403, []byte(`{"errors":["permission denied"]}`))
	f.Add(503, []byte(`<html>`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		_, err := parse(reply{status, body})
		if err == nil {
			if status != 200 && status != 204 {
				t.Fatal("taken:", status)
			}
			return
		}
		known := errors.Is(err, vault.ErrAway) || errors.Is(err, vault.ErrWithdrawn) || errors.Is(err, vault.ErrOpen) || errors.Is(err, errForbidden)
		if !known || len(err.Error()) > 120 {
			t.Fatal("unsorted:", err)
		}
		if status >= 500 && !errors.Is(err, vault.ErrAway) {
			t.Fatal("a server in trouble counts as a refusal")
		}
	})
}
