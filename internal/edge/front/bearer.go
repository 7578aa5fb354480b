package front

import (
	"errors"
	"net/http"
	"strings"

	"parlatory"
)

// tokenPrefix begins every API token, so that scanners of repositories and logs know one (and this wall does).
const tokenPrefix = "parl_pat_"

// maxToken is above the form's length; the form itself, with its check digits, is guard/credential's to judge.
const maxToken = 128

// ours are the cookies that speak for somebody. A request with an API token and one of them means two persons at once, and
// no order of the two is safe: the wall of origins falls away for tokens, the narrow rights of a token for sessions.
var ours = []string{sessionCookie, attemptCookie, deviceCookie}

// bears reports whether a request of the staff surface comes with an Authorization header, of whatever scheme.
func bears(r *http.Request) bool { return len(r.Header.Values("Authorization")) > 0 }

// bearer is who an API token speaks for; false has been answered. The rule of origins keeps other sites from using what a
// browser adds to their requests by itself: cookies. A browser adds no bearer token, and a page of another site that holds
// one may send no Authorization header here, since its preflight is refused; so such requests, which carry no cookie of
// ours, need no Origin. One that carries an Origin comes from a browser, and then it must be the own host's.
//
// A token that is not good ends the request, whatever else it carries, with one answer for unknown, ended, expired and
// not allowed from here, and is paid for from a budget of its own: guessing 256 bits is hopeless, asking the
// database for each guess is not.
func (f *Front) bearer(w *recorder, r *http.Request, d door) (parlatory.Actor, bool) {
	who, from := stranger(r, d), AddressOf(r)
	given := r.Header.Values("Authorization")
	switch {
	case r.URL.Path == staffSocket:
		return who, f.noToken(w, r, "API tokens open no live connection.")
	case len(given) != 1:
		return who, f.noToken(w, r, "Send one Authorization header.")
	case cookied(r):
		return who, f.noToken(w, r, "Send an API token or a session cookie, not both.")
	case len(r.Header.Values("Origin")) > 0 && !sameOrigin(r, d.origin, true):
		r.Pattern = "refused"
		WriteProblem(w, parlatory.Fail(parlatory.KindForbidden, "This request did not come from this site's own page."))
		return who, false
	}
	if wait := f.tokenFaults.wait(from); wait > 0 {
		r.Pattern = "over limit"
		f.metrics.limited()
		WriteProblem(w, &parlatory.Error{Kind: parlatory.KindTooMany, Public: "Too many API tokens that are not valid came from here. Please wait a moment.", RetryAfter: wait})
		return who, false
	}
	token, ok := bearerToken(given[0], tokenPrefix)
	err := error(parlatory.Fail(parlatory.KindUnauthenticated, "no API token"))
	if ok && d.workspace != parlatory.House {
		if who, err = f.opt.Sessions.Token(r.Context(), d.workspace, token, who); err == nil && (who.Kind != parlatory.Staff || who.Token.Zero()) {
			err = parlatory.Internal("API token", errors.New("an actor without its token would have a session's rights"))
		}
	}
	switch {
	case err == nil:
		return who, true
	case !nobody(err):
		WriteProblem(w, err)
		return who, false
	}
	f.tokenFaults.take(from)
	w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`) // RFC 6750 §3
	r.Pattern = "refused"
	WriteProblem(w, parlatory.Fail(parlatory.KindUnauthenticated, "This API token is not valid."))
	return who, false
}

func (f *Front) noToken(w *recorder, r *http.Request, public string) bool {
	r.Pattern = "refused"
	refuse(w, http.StatusBadRequest, public)
	return false
}

// cookied looks for the names of our cookies, also for those that would not count.
func cookied(r *http.Request) bool {
	for _, name := range ours {
		if len(r.CookiesNamed(name)) > 0 {
			return true
		}
	}
	return false
}

// bearerToken takes the token out of an Authorization header (RFC 6750 §2.1), if it begins as asked.
func bearerToken(header, prefix string) (string, bool) {
	scheme, token, ok := strings.Cut(header, " ")
	ok = ok && strings.EqualFold(scheme, "Bearer") && token != "" && len(token) <= maxToken && strings.HasPrefix(token, prefix)
	return token, ok
}
