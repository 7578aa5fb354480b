package front

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
	"unicode/utf8"

	"parlatory"
)

type actorKey struct{}
type nonceKey struct{}
type againKey struct{}
type deviceKey struct{}

// ActorOf is who makes the request. Outside a request that front has let in it is the zero Actor, which no law permits.
func ActorOf(ctx context.Context) parlatory.Actor {
	a, _ := ctx.Value(actorKey{}).(parlatory.Actor)
	return a
}

// WithActor puts an actor into a context: for live sessions that outlive their request, and for tests.
func WithActor(ctx context.Context, a parlatory.Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// DeviceOf is the token of the device cookie that came with a request of the staff surface; empty where there is none. What
// it is worth, the account room says.
func DeviceOf(ctx context.Context) parlatory.Secret {
	s, _ := ctx.Value(deviceKey{}).(parlatory.Secret)
	return s
}

// WithDevice puts it into a context.
func WithDevice(ctx context.Context, token parlatory.Secret) context.Context {
	return context.WithValue(ctx, deviceKey{}, token)
}

// Again reads the session of a socket's request anew. A socket listens for the end of its session only from some moment
// after its request was judged, and a client may put that moment off; what ended in between is found by this.
func Again(ctx context.Context) (parlatory.Actor, error) {
	read, ok := ctx.Value(againKey{}).(func(context.Context) (parlatory.Actor, error))
	if !ok {
		return parlatory.Actor{}, parlatory.Fail(parlatory.KindUnauthenticated, "Please sign in.")
	}
	return read(ctx)
}

// WithAgain puts what Again calls into a context.
func WithAgain(ctx context.Context, read func(context.Context) (parlatory.Actor, error)) context.Context {
	return context.WithValue(ctx, againKey{}, read)
}

// Nonce is the style nonce of the page's answer, the one that its policy names; empty where there is none.
func Nonce(ctx context.Context) string {
	n, _ := ctx.Value(nonceKey{}).(string)
	return n
}

func withNonce(ctx context.Context) (context.Context, string) {
	var b [18]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	n := base64.StdEncoding.EncodeToString(b[:])
	return context.WithValue(ctx, nonceKey{}, n), n
}

// stranger is the request before any token is looked at.
func stranger(r *http.Request, d door) parlatory.Actor {
	return parlatory.Actor{Kind: parlatory.Anonymous, Workspace: d.workspace, Address: AddressOf(r), Device: device(r)}
}

// device is the user agent, cut to 200 bytes at a whole character and freed of control characters.
func device(r *http.Request) string {
	ua := strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == utf8.RuneError {
			return -1
		}
		return c
	}, r.UserAgent())
	for len(ua) > 200 {
		_, n := utf8.DecodeLastRuneInString(ua[:201])
		ua = ua[:201-n]
	}
	return ua
}

// backgroundHeader marks a request that a page made by itself, while nobody was at it. To send it falsely shortens the own
// session, and does nothing else.
const backgroundHeader = "Parlatory-Background"

// unattended holds for what does not show that somebody is there: a page left open would keep its session alive for ever, with
// each message of a visitor, and each time that its socket connects anew (ASVS 7.3.1).
func unattended(r *http.Request) bool {
	return r.URL.Path == staffSocket || len(r.Header.Values(backgroundHeader)) > 0
}

// staffActor reads the cookies of the workspace's console. At the bare domain there are no sessions.
func (f *Front) staffActor(r *http.Request, d door) (parlatory.Actor, error) {
	who := stranger(r, d)
	if d.workspace == parlatory.House {
		return who, nil
	}
	if token := oneCookie(r, sessionCookie); token != "" {
		read := f.opt.Sessions.Session
		if unattended(r) {
			read = f.opt.Sessions.Unattended
		}
		a, err := read(r.Context(), d.workspace, token, who)
		if err == nil || !nobody(err) {
			return a, err
		}
	}
	if token := oneCookie(r, attemptCookie); token != "" {
		a, err := f.opt.Sessions.Attempt(r.Context(), d.workspace, token, who)
		if err == nil || !nobody(err) {
			return a, err
		}
	}
	return who, nil
}

// visitorActor reads the bearer token of the widget, and no cookie. A token that is given but not good is refused, so
// that the widget learns that it must begin anew.
func (f *Front) visitorActor(r *http.Request, d door, site string) (parlatory.Actor, error) {
	who := stranger(r, d)
	who.Site = site
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return who, nil
	}
	token, ok := bearerToken(values[0], "")
	if len(values) != 1 || !ok || strings.HasPrefix(token, tokenPrefix) { // an API token is staff's, and nothing here
		return who, parlatory.Fail(parlatory.KindUnauthenticated, "This chat has ended. Please start again.")
	}
	return f.opt.Sessions.Visitor(r.Context(), d.workspace, token, site, who)
}

// nobody tells a token that opens nothing from a fault of the server.
func nobody(err error) bool {
	switch parlatory.KindOf(err) {
	case parlatory.KindUnauthenticated, parlatory.KindExpired, parlatory.KindNotFound, parlatory.KindForbidden:
		return true
	}
	return false
}
