package front

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// The published rules of Mozilla's HTTP Observatory, as far as they apply to what a server answers: each header gives the
// name of an outcome, each outcome a change of the score that begins at 100. Changes above zero count only if the score
// without them is 90 or more.

type outcome struct {
	name   string
	change int
}

func TestObservatoryScore(t *testing.T) {
	h := start(t, nil)
	pages := map[string]answer{
		"sign-up page":    h.ask(t, "GET", bare, "/", ""),
		"sign-in page":    h.ask(t, "GET", acmeHost, "/signin", ""),
		"console page":    h.ask(t, "GET", acmeHost, "/inbox", ""),
		"unknown host":    h.ask(t, "GET", "none.parlatory.localhost", "/", "", "Accept", "text/html"),
		"missing page":    h.ask(t, "GET", acmeHost, "/none.php", "", "Accept", "text/html"),
		"API":             h.ask(t, "GET", acmeHost, "/api/v1/me", ""),
		"security.txt":    h.ask(t, "GET", bare, "/.well-known/security.txt", ""),
		"widget's script": h.ask(t, "GET", acmeHost, "/widget/v1.js", ""),
	}
	for name, a := range pages {
		score, told := grade(a.Header)
		if score < 100 {
			t.Errorf("%s: %d: %v", name, score, told)
		}
		if name == "console page" {
			t.Logf("%s: %d %v", name, score, told)
		}
	}
}

// The table must be able to say no.
func TestObservatoryTableTellsBadHeaders(t *testing.T) {
	good := http.Header{}
	baseHeaders(good)
	all, _ := grade(good)
	for _, c := range []struct{ name, value string }{
		{"Content-Security-Policy", ""},
		{"Content-Security-Policy", "default-src 'self'; script-src 'self' 'unsafe-inline'"},
		{"Content-Security-Policy", "default-src 'none'; script-src https:; form-action 'none'; frame-ancestors 'none'"},
		{"Strict-Transport-Security", ""},
		{"Strict-Transport-Security", "max-age=3600"},
		{"X-Content-Type-Options", ""},
		{"Referrer-Policy", "unsafe-url"},
		{"Set-Cookie", "sid=1"},
		{"Access-Control-Allow-Credentials", "true"},
	} {
		h := good.Clone()
		h.Set(c.name, c.value)
		if c.name == "Access-Control-Allow-Credentials" {
			h.Set("Access-Control-Allow-Origin", "*")
		}
		if got, told := grade(h); got >= all {
			t.Errorf("%s: %q scores %d of %d: %v", c.name, c.value, got, all, told)
		}
	}
	if score, told := grade(http.Header{}); score > 30 {
		t.Errorf("no headers at all score %d: %v", score, told)
	}
}

func grade(h http.Header) (int, []outcome) {
	told := []outcome{
		csp(h), cookies(h), cors(h), hsts(h), referrer(h), nosniff(h), frames(h),
		resource(h), opener(h), {"redirection-to-https", 0}, {"sri-all-scripts-same-origin", 0},
	}
	score, extra := 100, 0
	for _, o := range told {
		if o.change > 0 {
			extra += o.change
		} else {
			score += o.change
		}
	}
	if score >= 90 {
		score += extra
	}
	return max(score, 0), told
}

// directives of a policy; a doubled one counts the first time, as in browsers.
func directives(policy string) map[string][]string {
	out := map[string][]string{}
	for part := range strings.SplitSeq(policy, ";") {
		words := strings.Fields(part)
		if len(words) > 0 {
			if _, doubled := out[strings.ToLower(words[0])]; !doubled {
				out[strings.ToLower(words[0])] = words[1:]
			}
		}
	}
	return out
}

func csp(h http.Header) outcome {
	policy := h.Get("Content-Security-Policy")
	if policy == "" {
		return outcome{"csp-not-implemented", -25}
	}
	d := directives(policy)
	sources := func(name string) []string {
		if s, ok := d[name]; ok {
			return s
		}
		return d["default-src"]
	}
	broad := func(list []string) bool {
		for _, s := range list {
			if strings.HasPrefix(s, "'unsafe-inline'") || s == "*" || s == "https:" || s == "http:" || s == "data:" || s == "https://*" {
				return true
			}
		}
		return len(list) == 0
	}
	has := func(list []string, word string) bool {
		return strings.Contains(" "+strings.Join(list, " ")+" ", " "+word+" ")
	}
	switch {
	case broad(sources("script-src")) || broad(sources("object-src")):
		return outcome{"csp-implemented-with-unsafe-inline", -20}
	case strings.Contains(policy, "http:"):
		return outcome{"csp-implemented-with-insecure-scheme", -20}
	case has(sources("script-src"), "'unsafe-eval'"):
		return outcome{"csp-implemented-with-unsafe-eval", -10}
	case broad(sources("style-src")):
		return outcome{"csp-implemented-with-unsafe-inline-in-style-src-only", 0}
	}
	form := d["form-action"]
	if has(d["default-src"], "'none'") && len(form) == 1 && (form[0] == "'none'" || form[0] == "'self'") {
		return outcome{"csp-implemented-with-no-unsafe-default-src-none", 10}
	}
	return outcome{"csp-implemented-with-no-unsafe", 5}
}

func cookies(h http.Header) outcome {
	all := (&http.Response{Header: h}).Cookies()
	if len(all) == 0 {
		return outcome{"cookies-not-found", 0}
	}
	for _, c := range all {
		switch {
		case !c.Secure:
			return outcome{"cookies-session-without-secure-flag", -40}
		case !c.HttpOnly:
			return outcome{"cookies-session-without-httponly-flag", -30}
		case c.SameSite != http.SameSiteStrictMode && c.SameSite != http.SameSiteLaxMode:
			return outcome{"cookies-secure-with-httponly-sessions", 0}
		}
	}
	return outcome{"cookies-secure-with-httponly-sessions-and-samesite", 5}
}

func cors(h http.Header) outcome {
	switch {
	case h.Get("Access-Control-Allow-Origin") == "":
		return outcome{"cross-origin-resource-sharing-not-implemented", 0}
	case h.Get("Access-Control-Allow-Credentials") == "true":
		return outcome{"cross-origin-resource-sharing-implemented-with-universal-access", -50}
	}
	return outcome{"cross-origin-resource-sharing-implemented-with-public-access", 0}
}

func hsts(h http.Header) outcome {
	value := strings.ToLower(h.Get("Strict-Transport-Security"))
	if value == "" {
		return outcome{"hsts-not-implemented", -20}
	}
	for part := range strings.SplitSeq(value, ";") {
		if age, ok := strings.CutPrefix(strings.TrimSpace(part), "max-age="); ok {
			n, err := strconv.Atoi(age)
			if err == nil && n >= 15768000 {
				return outcome{"hsts-implemented-max-age-at-least-six-months", 0}
			}
			return outcome{"hsts-implemented-max-age-less-than-six-months", -10}
		}
	}
	return outcome{"hsts-header-invalid", -20}
}

func referrer(h http.Header) outcome {
	switch h.Get("Referrer-Policy") {
	case "no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin":
		return outcome{"referrer-policy-private", 5}
	case "":
		return outcome{"referrer-policy-not-implemented", 0}
	}
	return outcome{"referrer-policy-unsafe", -5}
}

func nosniff(h http.Header) outcome {
	if h.Get("X-Content-Type-Options") == "nosniff" {
		return outcome{"x-content-type-options-nosniff", 0}
	}
	return outcome{"x-content-type-options-not-implemented", -5}
}

func frames(h http.Header) outcome {
	if len(directives(h.Get("Content-Security-Policy"))["frame-ancestors"]) > 0 {
		return outcome{"x-frame-options-implemented-via-csp", 5}
	}
	if v := strings.ToUpper(h.Get("X-Frame-Options")); v == "DENY" || v == "SAMEORIGIN" {
		return outcome{"x-frame-options-sameorigin-or-deny", 5}
	}
	return outcome{"x-frame-options-not-implemented", -20}
}

func resource(h http.Header) outcome {
	switch h.Get("Cross-Origin-Resource-Policy") {
	case "same-origin", "same-site":
		return outcome{"cross-origin-resource-policy-implemented-with-same-origin", 10}
	}
	return outcome{"cross-origin-resource-policy-other", 0}
}

func opener(h http.Header) outcome {
	if h.Get("Cross-Origin-Opener-Policy") == "same-origin" {
		return outcome{"coop-implemented-with-same-origin", 10}
	}
	return outcome{"coop-other", 0}
}
