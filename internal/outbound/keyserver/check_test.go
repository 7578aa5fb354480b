package keyserver

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parlatory"
	"parlatory/test/keyserver"
)

// says is the sentence of Check for the administrator's page.
func says(t *testing.T, l *Line) (parlatory.Kind, string) {
	t.Helper()
	err := l.Check(t.Context())
	if err == nil {
		return 0, ""
	}
	var e *parlatory.Error
	if !errors.As(err, &e) {
		t.Fatal("no sentence:", err)
	}
	return e.Kind, e.Public
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	s := keyserver.Shared(t)
	k := s.Transit(t, "", "root")
	role := s.AppRole(t, "", []string{k.Policy(t)}, nil)
	good := leading(t, s, "", k, role)
	if kind, sentence := says(t, line(t, good)); sentence != "" {
		t.Fatal("a good key:", kind, sentence)
	}
	with := func(change func(*Options)) Options {
		o := good
		a := *good.Auth.AppRole
		o.Auth.AppRole = &a
		change(&o)
		return o
	}
	of := func(settings keyserver.Fields) Options {
		k := s.TransitOf(t, "", "root", settings)
		return leading(t, s, "", k, s.AppRole(t, "", []string{k.Policy(t)}, nil))
	}
	reader := s.AppRole(t, "", []string{s.Policy(t, "", k.Mount+"/keys/root read", k.Mount+"/encrypt/root update")}, nil)
	all := s.AppRole(t, "", []string{s.Policy(t, "", k.Mount+"/* read update")}, nil)
	maker := s.AppRole(t, "", []string{s.Policy(t, "", k.Mount+"/* create read update")}, nil)
	mute := s.AppRole(t, "", []string{k.Policy(t)}, keyserver.Fields{"token_no_default_policy": true})
	if kind, sentence := says(t, line(t, leading(t, s, "", k, mute))); sentence != "" {
		t.Error("a token that may not ask for its rights:", kind, sentence)
	}
	for _, c := range []struct {
		o    Options
		kind parlatory.Kind
		want string
	}{
		{of(keyserver.Fields{"type": "chacha20-poly1305"}), parlatory.KindConflict, "of type chacha20-poly1305; aes256-gcm96 is needed"},
		{of(keyserver.Fields{"type": "rsa-2048"}), parlatory.KindConflict, "of type rsa-2048"},
		{of(keyserver.Fields{"type": "aes256-gcm96", "derived": true}), parlatory.KindConflict, "derives another key"},
		{of(keyserver.Fields{"type": "aes256-gcm96", "exportable": true}), parlatory.KindConflict, "may be exported"},
		{of(keyserver.Fields{"type": "aes256-gcm96", "allow_plaintext_backup": true}), parlatory.KindConflict, "may be exported or backed up"},
		{leading(t, s, "", k, maker), parlatory.KindConflict, "allows to create"},
		{leading(t, s, "", k, reader), parlatory.KindConflict, "does not allow to decrypt with the key"},
		{with(func(o *Options) { o.Key = "other" }), parlatory.KindConflict, "does not allow to read the key"},
		{func() Options { o := leading(t, s, "", k, all); o.Key = "other"; return o }(), parlatory.KindConflict, "no key of this name"},
		{with(func(o *Options) { o.Auth.AppRole.SecretID = parlatory.NewSecret("wrong") }), parlatory.KindConflict, "refuses the sign-in"},
		{with(func(o *Options) { o.CAFile = ""; o.CA, _ = pair(t, "other") }), parlatory.KindUnavailable, "not signed by the configured authority"},
		{with(func(o *Options) { o.ServerName = "keys.example.com" }), parlatory.KindUnavailable, "carries another name"},
		{with(func(o *Options) { o.Address, o.Timeout = "https://127.0.0.1:1", time.Second }), parlatory.KindUnavailable, "out of reach: no connection"},
		{with(func(o *Options) { o.Key = "" }), parlatory.KindConflict, "No transit key"},
	} {
		kind, sentence := says(t, line(t, c.o))
		if kind != c.kind || !strings.Contains(sentence, c.want) {
			t.Errorf("%v %q, not %v %q", kind, sentence, c.kind, c.want)
		}
	}
}
