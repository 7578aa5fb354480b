package keyserver

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"parlatory"
	"parlatory/internal/guard/vault"
)

const neededType = "aes256-gcm96"

// Check goes the whole way once: signs in, looks at the key, wraps and unwraps random bytes, and sees that other associated data are
// refused. The error's Public is a sentence for the administrator's page.
func (l *Line) Check(ctx context.Context) error {
	if l.o.Key == "" {
		return unfit("No transit key is configured.")
	}
	if err := l.checkKey(ctx); err != nil {
		return err
	}
	if err := l.checkPolicy(ctx); err != nil {
		return err
	}
	raw, ad := make([]byte, rawSize), make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		return parlatory.Internal("check of the key server", err)
	}
	if _, err := rand.Read(ad); err != nil {
		return parlatory.Internal("check of the key server", err)
	}
	wrapped, err := l.Wrap(ctx, raw, ad)
	if err != nil {
		return l.unfitFor("encrypt with", err)
	}
	back, err := l.Unwrap(ctx, wrapped, ad)
	if err != nil {
		return l.unfitFor("decrypt with", err)
	}
	if subtle.ConstantTimeCompare(raw, back) != 1 {
		return unfit("The key server gave back something else than what was encrypted.")
	}
	ad[0] ^= 1
	_, err = l.Unwrap(ctx, wrapped, ad)
	switch {
	case err == nil:
		return unfit("The key server ignores associated data: it is too old. OpenBao, or Vault 1.9 and later, is needed.")
	case !errors.Is(err, vault.ErrOpen):
		return l.unfitFor("decrypt with", err)
	}
	return nil
}

func (l *Line) checkKey(ctx context.Context) error {
	var key answer
	if err := l.get(ctx, l.at("keys"), func(a answer) error { key = a; return nil }); err != nil {
		var f *fault
		if errors.As(err, &f) && f.what == notThere {
			return unfit("There is no key of this name at this mount.").Because(err)
		}
		return l.unfitFor("read", err)
	}
	d := key.Data
	switch {
	case d.Type != neededType:
		// The type is a short word of the server's list, or no key at all.
		if !nameForm.MatchString(d.Type) || len(d.Type) > 32 {
			return unfit("The server's answer describes no transit key.")
		}
		return unfit(fmt.Sprintf("The key exists, but is of type %s; %s is needed.", d.Type, neededType))
	case d.Derived:
		return unfit("The key exists, but derives another key for each use; one without derivation is needed.")
	case d.Exportable, d.PlainBackup:
		return unfit("The key exists, but may be exported or backed up in clear; one that never leaves the server is needed.")
	case d.Latest < 1:
		return unfit("The key exists, but has no version.")
	}
	return nil
}

// checkPolicy looks for a right too many: with "create" the transit engine answers the encryption under a key that was deleted by making
// another of the same name, and what the old one wrapped is lost unseen. A server that tells nobody its rights is taken as it is.
func (l *Line) checkPolicy(ctx context.Context) error {
	path := l.at("encrypt")
	r := request{method: http.MethodPost, path: "sys/capabilities-self", size: 256, body: func(b []byte) []byte {
		return appendJSON(b, map[string]any{"paths": []string{path}})
	}}
	var may []string
	if err := l.call(ctx, r, func(a answer) error { may = a.Data.Capabilities; return nil }); err != nil {
		if errors.Is(err, vault.ErrAway) {
			return l.unfitFor("read", err)
		}
		return nil
	}
	if slices.Contains(may, "create") || slices.Contains(may, "root") {
		return unfit("The policy allows to create on the path of encryption, so that a deleted key would be replaced unseen; grant update alone.")
	}
	return nil
}

// unreachable is all that a stranger to this network hears of an address that is no key server of theirs.
const unreachable = "The key server can't be reached: nothing answers at this address with TLS 1.3 and a certificate of these authorities."

func unfit(public string) *parlatory.Error { return parlatory.Fail(parlatory.KindConflict, public) }

// unfitFor turns a failed step into a sentence.
func (l *Line) unfitFor(step string, err error) error {
	var f *fault
	switch {
	case !errors.As(err, &f):
		return parlatory.Fail(parlatory.KindUnavailable, "The check of the key server was broken off.").Because(err)
	case f.outside && l.o.Discreet:
		return parlatory.Fail(parlatory.KindUnavailable, unreachable).Because(err)
	case errors.Is(f, vault.ErrAway):
		return parlatory.Fail(parlatory.KindUnavailable, "The key server is out of reach: "+f.what+".").Because(err)
	case f.what == signInRefused:
		return unfit("The key server refuses the sign-in.").Because(err)
	case f.what == denied:
		return unfit("The sign-in works, but its policy does not allow to " + step + " the key.").Because(err)
	}
	return unfit("The key server refuses to " + step + " the key (" + f.what + ").").Because(err)
}
