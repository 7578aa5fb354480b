package vault_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"filippo.io/age"

	"parlatory/internal/guard/vault"
)

// Both kinds of recipient are taken; what was encrypted to one opens with its identity alone, and whole.
func TestRecipients(t *testing.T) {
	file, recipient, err := vault.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for recipient, file := range map[string]string{recipient: "# a comment\n" + file, hybrid.Recipient().String(): hybrid.String() + "\n"} {
		to, err := vault.ParseRecipient(recipient)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w, err := to.Seal(&out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, strings.Repeat("wrapped ", 20_000)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		id, err := vault.ParseIdentity([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		read := func(b []byte) error {
			r, err := id.Open(bytes.NewReader(b))
			if err == nil {
				_, err = io.Copy(io.Discard, r)
			}
			return err
		}
		if err := read(out.Bytes()); err != nil {
			t.Error(err)
		}
		for _, cut := range []int{0, 10, out.Len() / 2, out.Len() - 1} {
			if err := read(out.Bytes()[:cut]); !errors.Is(err, vault.ErrOpen) {
				t.Errorf("cut at %d: %v", cut, err)
			}
		}
		if s := strings.TrimSpace(file); strings.Contains(strings.Join([]string{id.String(), id.GoString()}, ""), s[len(s)-20:]) {
			t.Error("an identity prints")
		}
	}
	for _, s := range []string{"", "age1", "ssh-ed25519 AAAA", recipient + "x", "age1pq1x"} {
		if _, err := vault.ParseRecipient(s); !errors.Is(err, vault.ErrRecipient) {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := vault.ParseIdentity([]byte("AGE-SECRET-KEY-1SECRET")); !errors.Is(err, vault.ErrRecipient) || strings.Contains(err.Error(), "SECRET-") {
		t.Errorf("%v", err)
	}
}
