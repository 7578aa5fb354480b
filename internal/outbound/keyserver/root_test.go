package keyserver

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"parlatory/internal/guard/vault"
	"parlatory/test/keyserver"
)

func TestWrapsUnderTheTransitKey(t *testing.T) {
	s := keyserver.Shared(t)
	l, k, _ := simple(t, s)
	raw := fresh(t)
	w, err := l.Wrap(t.Context(), raw, []byte("here"))
	if err != nil {
		t.Fatal(err)
	}
	back, err := l.Unwrap(t.Context(), w, []byte("here"))
	if err != nil || !bytes.Equal(raw, back) {
		t.Fatal("not what was wrapped:", err)
	}
	wantErr(t, "moved elsewhere", opens(t, l, w, "there"), vault.ErrOpen)
	wantErr(t, "without its place", opens(t, l, w, ""), vault.ErrOpen)
	other, _, _ := simple(t, s)
	wantErr(t, "under another key", opens(t, other, w, "here"), vault.ErrOpen)
	for i := range w {
		bad := slices.Clone(w)
		bad[i] ^= 1
		if i < 10 || i%17 == 0 || i == len(w)-1 {
			if opens(t, l, bad, "here") == nil {
				t.Error("opens with byte", i, "changed")
			}
		}
	}
	if _, err := l.Wrap(t.Context(), raw[:31], nil); err == nil {
		t.Error("31 bytes are taken for a key")
	}
	if err := l.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	newer := wrap(t, l, "here")
	if v, err := l.Version(t.Context()); err != nil || v != "v2" || l.VersionOf(newer) != "v2" || l.VersionOf(w) != "v1" || l.VersionOf([]byte{1, 2}) != "" {
		t.Error("versions:", v, l.VersionOf(newer), l.VersionOf(w), err)
	}
	if err := opens(t, l, w, "here"); err != nil {
		t.Error("what the older version wrapped:", err)
	}
	k.Configure(t, keyserver.Fields{"min_decryption_version": 2})
	wantErr(t, "an older version that was closed", opens(t, l, w, "here"), vault.ErrWithdrawn)
	if err := opens(t, l, newer, "here"); err != nil {
		t.Error("the version that is left:", err)
	}
}

func TestDestroyedKeyIsARefusal(t *testing.T) {
	s := keyserver.Shared(t)
	l, k, _ := simple(t, s)
	w := wrap(t, l, "")
	k.Destroy(t)
	wantErr(t, "unwrap", opens(t, l, w, ""), vault.ErrWithdrawn)
	_, err := l.Wrap(t.Context(), fresh(t), nil)
	wantErr(t, "wrap", err, vault.ErrWithdrawn)
	_, err = l.Version(t.Context())
	wantErr(t, "version", err, vault.ErrWithdrawn)
	k.Make(t, keyserver.Fields{"type": "aes256-gcm96"})
	wantErr(t, "another key of the same name", opens(t, l, w, ""), vault.ErrOpen)
}

func TestRevokedTokensAreReplacedAndWithdrawnRolesAreARefusal(t *testing.T) {
	s := keyserver.Shared(t)
	l, _, a := simple(t, s)
	w := wrap(t, l, "")
	first := l.session.get().text
	a.RevokeTokens(t)
	if err := opens(t, l, w, ""); err != nil || l.session.get().text == first {
		t.Fatal("after a revocation:", err)
	}
	a.Withdraw(t)
	if err := opens(t, l, w, ""); err != nil {
		t.Fatal("a token lives as long as it lives:", err)
	}
	a.RevokeTokens(t)
	wantErr(t, "role and tokens gone", opens(t, l, w, ""), vault.ErrWithdrawn)
}

func TestPolicyThatForbidsIsARefusal(t *testing.T) {
	s := keyserver.Shared(t)
	k := s.Transit(t, "", "root")
	w := wrap(t, line(t, leading(t, s, "", k, s.AppRole(t, "", []string{k.Policy(t)}, nil))), "")
	l := line(t, leading(t, s, "", k, s.AppRole(t, "", []string{s.Policy(t, "", k.Mount+"/encrypt/root update")}, nil)))
	wrap(t, l, "")
	wantErr(t, "decrypt", opens(t, l, w, ""), vault.ErrWithdrawn)
	wantErr(t, "rotate", l.Rotate(t.Context()), vault.ErrWithdrawn)
}

// Nothing that a network or an operator at work can do looks like a refusal: keys are wiped for that.
func TestTroubleIsNeverARefusal(t *testing.T) {
	s := keyserver.Start(t)
	l, _, _ := simple(t, s)
	w := wrap(t, l, "")
	cold := line(t, l.o) // has no token yet: its sign-in meets the trouble
	l.o.Timeout, cold.o.Timeout = time.Second, time.Second
	for _, trouble := range []struct {
		name       string
		begin, end func()
	}{
		{"cut", s.Cut, s.Mend},
		{"silent", s.Hang, s.Mend},
		{"slow", func() { s.Slow(5 * time.Second) }, s.Mend},
		{"sealed", func() { s.Seal(t) }, func() { s.Unseal(t) }},
		{"killed", func() { s.Kill(t) }, func() { s.AgainSealed(t) }},
		{"started again, sealed", func() {}, func() { s.Unseal(t) }},
	} {
		trouble.begin()
		wantErr(t, trouble.name, opens(t, l, w, ""), vault.ErrAway)
		wantErr(t, trouble.name+", wrap", func() error { _, err := l.Wrap(t.Context(), fresh(t), nil); return err }(), vault.ErrAway)
		wantErr(t, trouble.name+", first sign-in", opens(t, cold, w, ""), vault.ErrAway)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := l.Unwrap(ctx, w, nil); !errors.Is(err, context.Canceled) || errors.Is(err, vault.ErrAway) {
			t.Error(trouble.name, "and the caller leaves:", err)
		}
		trouble.end()
	}
	l.o.Timeout, cold.o.Timeout = 20*time.Second, 20*time.Second
	for _, l := range []*Line{l, cold} {
		if err := opens(t, l, w, ""); err != nil {
			t.Error("after all is well again:", err)
		}
	}
}

func TestTokenIsRenewedAndThenReplaced(t *testing.T) {
	s := keyserver.Shared(t)
	k := s.Transit(t, "", "root")
	a := s.AppRole(t, "", []string{k.Policy(t)}, keyserver.Fields{"token_ttl": "1h", "token_max_ttl": "2h"})
	o, at := leading(t, s, "", k, a), newClock()
	o.Clock = at
	l := line(t, o)
	w := wrap(t, l, "")
	first, began := l.session.get().text, l.session.get().began
	at.pass(30 * time.Minute)
	if err := opens(t, l, w, ""); err != nil || l.session.get().text != first || !l.session.get().began.Equal(began) {
		t.Fatal("at half of its lease the token was touched:", err)
	}
	at.pass(15 * time.Minute)
	if err := opens(t, l, w, ""); err != nil || l.session.get().text != first || l.session.get().began.Equal(began) {
		t.Fatal("past two thirds of its lease the token is not renewed:", err)
	}
	at.pass(2 * time.Hour)
	if err := opens(t, l, w, ""); err != nil || l.session.get().text == first {
		t.Fatal("past its lease the token is not replaced:", err)
	}
}
