package front

import (
	"net/http"

	"parlatory"
)

// The prefix makes browsers refuse the cookie from a sibling host, from plain HTTP and with a Domain (ASVS 3.3.3).
const (
	sessionCookie = "__Host-session"
	attemptCookie = "__Host-attempt"
	deviceCookie  = "__Host-device"

	sessionSeconds = 7 * 24 * 3600 // as long as a session can live; the server judges its own idle and absolute limits
	attemptSeconds = 15 * 60
	deviceSeconds  = 400 * 24 * 3600 // the browsers' maximum
)

func cookie(name, value string, seconds int) http.Cookie {
	return http.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode}
}

// SessionCookie is the cookie of a staff session, for answers that are built from values.
func SessionCookie(token parlatory.Secret) http.Cookie {
	return cookie(sessionCookie, token.Reveal(), sessionSeconds)
}

// NoSessionCookie removes it.
func NoSessionCookie() http.Cookie { return cookie(sessionCookie, "", -1) }

// AttemptCookie is the cookie of a sign-in that still owes a step.
func AttemptCookie(token parlatory.Secret) http.Cookie {
	return cookie(attemptCookie, token.Reveal(), attemptSeconds)
}

// NoAttemptCookie removes it.
func NoAttemptCookie() http.Cookie { return cookie(attemptCookie, "", -1) }

// DeviceCookie marks a browser that an account has signed in on; it outlives the session, and opens nothing by itself.
func DeviceCookie(token parlatory.Secret) http.Cookie {
	return cookie(deviceCookie, token.Reveal(), deviceSeconds)
}

// NoDeviceCookie removes it.
func NoDeviceCookie() http.Cookie { return cookie(deviceCookie, "", -1) }

// oneCookie is the value of the only cookie of that name; two of them mean that somebody planted one, so neither counts.
func oneCookie(r *http.Request, name string) string {
	found := r.CookiesNamed(name)
	if len(found) != 1 || len(found[0].Value) > 128 || found[0].Quoted { // one token, one spelling (AC-010)
		return ""
	}
	return found[0].Value
}
