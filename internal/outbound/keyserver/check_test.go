package keyserver

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
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

// Whoever may name a server learns nothing of what else there is: a closed port, one that speaks no TLS, one that is silent and another's certificate
// answer the same. What the server itself says is told.
func TestCheckIsNoScanner(t *testing.T) {
	s := keyserver.Shared(t)
	k := s.Transit(t, "", "root")
	good := leading(t, s, "", k, s.AppRole(t, "", []string{k.Policy(t)}, nil))
	good.Discreet = true
	if kind, sentence := says(t, line(t, good)); sentence != "" {
		t.Fatal("a good key:", kind, sentence)
	}
	port := func(serve func(net.Conn)) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var serving sync.WaitGroup
		t.Cleanup(func() { _ = l.Close(); serving.Wait() })
		serving.Go(func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				serve(conn)
				_ = conn.Close()
			}
		})
		return "https://" + l.Addr().String()
	}
	for name, change := range map[string]func(*Options){
		"closed":   func(o *Options) { o.Address = "https://127.0.0.1:1" },
		"hangs up": func(o *Options) { o.Address = port(func(net.Conn) {}) },
		"no TLS": func(o *Options) {
			o.Address = port(func(c net.Conn) { _, _ = c.Write([]byte("220 mail.example ESMTP\r\n")) })
		},
		"silent": func(o *Options) { o.Address = port(func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }) },
		"no route": func(o *Options) {
			o.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") }
		},
		"no authority":   func(o *Options) { o.CAFile = ""; o.CA, _ = pair(t, "other") },
		"another's name": func(o *Options) { o.ServerName = "keys.example.com" },
	} {
		o := good
		o.Timeout = 500 * time.Millisecond
		change(&o)
		if kind, sentence := says(t, line(t, o)); kind != parlatory.KindUnavailable || sentence != unreachable {
			t.Errorf("%s: %v %q", name, kind, sentence)
		}
	}
	role := *good.Auth.AppRole
	role.SecretID = parlatory.NewSecret("wrong")
	good.Auth.AppRole = &role
	if _, sentence := says(t, line(t, good)); sentence != "The key server refuses the sign-in." {
		t.Errorf("the server's own answer: %q", sentence)
	}
}
