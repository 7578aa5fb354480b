package keyserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"parlatory/internal/guard/vault"
)

// session is the token in use. Whoever needs a new one fetches it while the others wait their turn.
type session struct {
	turn  chan struct{} // of one place: a lock that can be waited for no longer than one's patience
	token string
	began time.Time
	lease time.Duration // 0: it does not end
	renew bool
}

// reread is after how long a token's file is looked at again.
const reread = time.Minute

// token gives a token that is good as far as known, and is not the refused one.
func (l *Line) token(ctx context.Context, refused string) (string, error) {
	s := &l.session
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", l.away(ctx, "no answer in time")
	}
	now := l.o.Clock.Now()
	usable := s.token != "" && s.token != refused && (s.lease == 0 || now.Before(s.began.Add(s.lease)))
	if usable && (s.lease == 0 || now.Before(s.began.Add(s.lease*2/3))) {
		return s.token, nil
	}
	if usable && s.renew && l.extend(ctx, now) {
		return s.token, nil
	}
	err := l.signIn(ctx, now)
	if err != nil && usable && errors.Is(err, vault.ErrAway) {
		return s.token, nil // it has a third of its lease left
	}
	return s.token, err
}

// extend renews the token. One whose renewal gives less than half of what it had is near its last day: better a new sign-in now.
func (l *Line) extend(ctx context.Context, now time.Time) bool {
	s := &l.session
	var got answer
	r := request{method: http.MethodPut, path: "auth/token/renew-self", body: func(b []byte) []byte { return append(b, "{}"...) }}
	err := l.exchange(ctx, s.token, r, parsed(func(a answer) error { got = a; return nil }))
	lease := seconds(got.Auth.LeaseDuration)
	if err != nil || lease < s.lease/2 {
		return false
	}
	s.began, s.lease, s.renew = now, lease, got.Auth.Renewable
	return true
}

func seconds(n int64) time.Duration { return time.Duration(min(max(n, 0), 1<<31)) * time.Second }

// signIn replaces the token. A refusal is vault.ErrWithdrawn.
func (l *Line) signIn(ctx context.Context, now time.Time) error {
	s := &l.session
	if l.o.Auth.TokenFile != "" {
		token, err := readSecret(l.o.Auth.TokenFile)
		if err != nil {
			return &fault{vault.ErrAway, "the token " + err.Error()}
		}
		s.token, s.began, s.lease, s.renew = token, now, reread, false
		return nil
	}
	path, fields, err := l.credentials()
	if err != nil {
		return &fault{vault.ErrAway, "the sign-in's " + err.Error()}
	}
	r := request{method: http.MethodPost, path: path, size: 256, body: func(b []byte) []byte { return appendJSON(b, fields) }}
	err = l.exchange(ctx, "", r, parsed(func(a answer) error {
		if !tokenForm.MatchString(a.Auth.Token) || len(a.Auth.Token) > secretMost {
			return &fault{vault.ErrAway, "the sign-in gave no token"}
		}
		s.token, s.began, s.lease, s.renew = a.Auth.Token, now, seconds(a.Auth.LeaseDuration), a.Auth.Renewable
		return nil
	}))
	if errors.Is(err, errForbidden) && l.o.Auth.Kubernetes != nil {
		// The server says the same when it could not ask Kubernetes: no refusal that keys are wiped for.
		return &fault{vault.ErrAway, "the sign-in is refused, or Kubernetes is out of the key server's reach"}
	}
	if errors.Is(err, errForbidden) || errors.Is(err, vault.ErrWithdrawn) || errors.Is(err, vault.ErrOpen) {
		return &fault{vault.ErrWithdrawn, signInRefused}
	}
	return err
}

// credentials say where to sign in and with what; files are read anew, so that they may be replaced.
func (l *Line) credentials() (path string, fields map[string]string, err error) {
	a := l.o.Auth
	switch {
	case a.AppRole != nil:
		secret := a.AppRole.SecretID.Reveal()
		if a.AppRole.SecretFile != "" {
			if secret, err = readSecret(a.AppRole.SecretFile); err != nil {
				return "", nil, err
			}
		}
		return "auth/" + a.AppRole.Mount + "/login", map[string]string{"role_id": a.AppRole.RoleID, "secret_id": secret}, nil
	case a.Kubernetes != nil:
		jwt, err := readSecret(a.Kubernetes.TokenFile)
		return "auth/" + a.Kubernetes.Mount + "/login", map[string]string{"role": a.Kubernetes.Role, "jwt": jwt}, err
	}
	fields = map[string]string{}
	if a.Certificate.Name != "" {
		fields["name"] = a.Certificate.Name
	}
	return "auth/" + a.Certificate.Mount + "/login", fields, nil
}

func appendJSON(b []byte, fields map[string]string) []byte {
	text, err := json.Marshal(fields)
	if err != nil {
		return append(b, "{}"...) // texts are always written
	}
	return append(b, text...)
}
