package keyserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"parlatory/internal/guard/vault"
)

// session is the token in use. Whoever needs a new one fetches it while the others wait their turn.
type session struct {
	turn chan struct{} // of one place: a lock that can be waited for no longer than one's patience
	mu   sync.Mutex    // held for moments
	now  token
}

// token is the server's, with its lease.
type token struct {
	text  string
	began time.Time
	lease time.Duration // 0: it does not end
	renew bool
}

func (t token) usable(at time.Time, refused string) bool {
	return t.text != "" && t.text != refused && (t.lease == 0 || at.Before(t.began.Add(t.lease)))
}

func (t token) due(at time.Time) bool { return t.lease != 0 && !at.Before(t.began.Add(t.lease*2/3)) }

func (s *session) get() token { s.mu.Lock(); defer s.mu.Unlock(); return s.now }

func (s *session) put(t token) token { s.mu.Lock(); defer s.mu.Unlock(); s.now = t; return t }

// reread is after how long a token's file is looked at again.
const reread = time.Minute

// token gives a token that is good as far as known, and is not the refused one.
func (l *Line) token(ctx context.Context, refused string) (string, error) {
	s, now := &l.session, l.o.Clock.Now()
	t := s.get()
	usable := t.usable(now, refused)
	if usable && !t.due(now) {
		return t.text, nil
	}
	if usable {
		select {
		case s.turn <- struct{}{}:
		default:
			return t.text, nil // somebody sees to it
		}
	} else {
		select {
		case s.turn <- struct{}{}:
		case <-ctx.Done():
			return "", l.away(ctx, "no answer in time")
		}
	}
	defer func() { <-s.turn }()
	return l.freshen(ctx, refused, now)
}

// freshen renews or replaces the token, unless who had the turn before has done it.
func (l *Line) freshen(ctx context.Context, refused string, now time.Time) (string, error) {
	s := &l.session
	t := s.get()
	usable := t.usable(now, refused)
	if usable && !t.due(now) {
		return t.text, nil
	}
	if usable && t.renew {
		if longer, ok := l.extend(ctx, t, now); ok {
			return s.put(longer).text, nil
		}
	}
	signed, err := l.signIn(ctx, now)
	switch {
	case err == nil:
		return s.put(signed).text, nil
	case usable && errors.Is(err, vault.ErrAway):
		return t.text, nil // it has a third of its lease left
	}
	return "", err
}

// extend renews a token. One whose renewal gives less than half of what it had is near its last day: better a new sign-in now.
func (l *Line) extend(ctx context.Context, t token, now time.Time) (token, bool) {
	var got answer
	r := request{method: http.MethodPut, path: "auth/token/renew-self", body: func(b []byte) []byte { return append(b, "{}"...) }}
	err := l.exchange(ctx, t.text, r, parsed(func(a answer) error { got = a; return nil }))
	lease := seconds(got.Auth.LeaseDuration)
	if err != nil || lease < t.lease/2 {
		return token{}, false
	}
	return token{t.text, now, lease, got.Auth.Renewable}, true
}

func seconds(n int64) time.Duration { return time.Duration(min(max(n, 0), 1<<31)) * time.Second }

// signIn gets a new token. A refusal is vault.ErrWithdrawn.
func (l *Line) signIn(ctx context.Context, now time.Time) (t token, err error) {
	if l.o.Auth.TokenFile != "" {
		text, err := readSecret(l.o.Auth.TokenFile)
		if err != nil {
			return token{}, &fault{is: vault.ErrAway, what: "the token " + err.Error()}
		}
		return token{text, now, reread, false}, nil
	}
	path, fields, err := l.credentials()
	if err != nil {
		return token{}, &fault{is: vault.ErrAway, what: "the sign-in's " + err.Error()}
	}
	r := request{method: http.MethodPost, path: path, size: 256, body: func(b []byte) []byte { return appendJSON(b, fields) }}
	err = l.exchange(ctx, "", r, parsed(func(a answer) error {
		if !tokenForm.MatchString(a.Auth.Token) || len(a.Auth.Token) > secretMost {
			return &fault{is: vault.ErrAway, what: "the sign-in gave no token"}
		}
		t = token{a.Auth.Token, now, seconds(a.Auth.LeaseDuration), a.Auth.Renewable}
		return nil
	}))
	if errors.Is(err, errForbidden) && l.o.Auth.Kubernetes != nil {
		// The server says the same when it could not ask Kubernetes: no refusal that keys are wiped for.
		return token{}, &fault{is: vault.ErrAway, what: "the sign-in is refused, or Kubernetes is out of the key server's reach"}
	}
	if errors.Is(err, errForbidden) || errors.Is(err, vault.ErrWithdrawn) || errors.Is(err, vault.ErrOpen) {
		return token{}, &fault{is: vault.ErrWithdrawn, what: signInRefused}
	}
	return t, err
}

// credentials say where to sign in and with what; files are read anew, so that they may be replaced.
func (l *Line) credentials() (path string, fields map[string]any, err error) {
	a := l.o.Auth
	switch {
	case a.AppRole != nil:
		secret := a.AppRole.SecretID.Reveal()
		if a.AppRole.SecretFile != "" {
			if secret, err = readSecret(a.AppRole.SecretFile); err != nil {
				return "", nil, err
			}
		}
		return "auth/" + a.AppRole.Mount + "/login", map[string]any{"role_id": a.AppRole.RoleID, "secret_id": secret}, nil
	case a.Kubernetes != nil:
		jwt, err := readSecret(a.Kubernetes.TokenFile)
		return "auth/" + a.Kubernetes.Mount + "/login", map[string]any{"role": a.Kubernetes.Role, "jwt": jwt}, err
	}
	fields = map[string]any{}
	if a.Certificate.Name != "" {
		fields["name"] = a.Certificate.Name
	}
	return "auth/" + a.Certificate.Mount + "/login", fields, nil
}

func appendJSON(b []byte, fields map[string]any) []byte {
	text, err := json.Marshal(fields)
	if err != nil {
		return append(b, "{}"...) // texts and numbers are always written
	}
	return append(b, text...)
}
