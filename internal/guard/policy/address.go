package policy

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"

	"parlatory"
)

const notAddress = "is not an e-mail address like name@example.com"

// Email gives the canonical form of one address (addr-spec of RFC 5321 §4.1.2 without quoting, comments and
// literals): the local part in lower case after PRECIS, ASCII only, so that look-alikes of other scripts are refused;
// the domain as IDNA A-labels.
func Email(s string) (string, error) {
	if len(s) > 1000 || !utf8.ValidString(s) {
		return "", parlatory.Invalid("email", notAddress)
	}
	s = strings.Trim(s, " \t")
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return "", parlatory.Invalid("email", notAddress)
	}
	local, err := precis.UsernameCaseMapped.String(s[:at])
	if err != nil || !dotAtom(local) || len(local) > 64 {
		return "", parlatory.Invalid("email", notAddress)
	}
	domain, ok := host(s[at+1:])
	if !ok || !strings.Contains(domain, ".") || len(local)+1+len(domain) > 254 {
		return "", parlatory.Invalid("email", notAddress)
	}
	return local + "@" + domain, nil
}

// dotAtom is RFC 5322 §3.2.3, lower case.
func dotAtom(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte(".!#$%&'*+-/=?^_`{|}~", c) >= 0 {
			continue
		}
		return false
	}
	return true
}

// host gives a host name as lower-case A-labels; numbers that a resolver may take for an address are refused.
func host(s string) (string, bool) {
	if s == "" || len(s) > 1000 {
		return "", false
	}
	h, err := idna.Lookup.ToASCII(s)
	if err != nil || h == "" || len(h) > 253 {
		return "", false
	}
	labels := strings.Split(h, ".")
	for _, l := range labels {
		if !label(l) {
			return "", false
		}
	}
	last := labels[len(labels)-1]
	if last[0] >= '0' && last[0] <= '9' {
		return "", false
	}
	if again, err := idna.Lookup.ToASCII(h); err != nil || again != h { // A-labels that stand for no name: one spelling or none
		return "", false
	}
	return h, true
}

// label is a host name's part: RFC 1123 §2.1.
func label(l string) bool {
	if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	for i := range len(l) {
		if c := l[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// Subdomain gives the canonical form of a workspace's subdomain: 3 to 40 of a-z, 0-9 and single hyphens inside,
// no xn--, none of the reserved names.
func Subdomain(s string) (string, error) {
	const field = "subdomain"
	for i := range len(s) {
		if s[i] >= 0x80 {
			return "", parlatory.Invalid(field, "may hold only the letters a to z, digits and hyphens")
		}
	}
	s = strings.ToLower(strings.Trim(s, " \t"))
	switch {
	case len(s) < 3 || len(s) > 40:
		return "", parlatory.Invalid(field, "needs 3 to 40 characters")
	case !label(s):
		return "", parlatory.Invalid(field, "may hold only the letters a to z, digits and hyphens, and no hyphen at its ends")
	case strings.Contains(s, "--"):
		return "", parlatory.Invalid(field, "may not hold two hyphens in a row")
	case strings.Trim(s, "0123456789") == "":
		return "", parlatory.Invalid(field, "needs at least one letter")
	case reservedName(s):
		return "", parlatory.Invalid(field, "is reserved; please choose another")
	}
	return s, nil
}

// Origin gives the canonical form of a site's origin (RFC 6454 §6.1): https, host, and the port if it is not 443.
func Origin(s string) (string, error) {
	const field = "origin"
	const shape = "must be like https://www.example.com, without a path"
	if len(s) > 1000 || !utf8.ValidString(s) {
		return "", parlatory.Invalid(field, shape)
	}
	s = strings.Trim(s, " \t")
	u, err := url.Parse(s)
	if err != nil || strings.Contains(s, "%") || u.User != nil || u.Opaque != "" || u.RawQuery != "" || u.ForceQuery || strings.Contains(s, "#") ||
		u.Path != "" && u.Path != "/" {
		return "", parlatory.Invalid(field, shape)
	}
	if u.Scheme != "https" {
		return "", parlatory.Invalid(field, "must begin with https://")
	}
	name, port, hasPort := strings.Cut(u.Host, ":")
	h, ok := host(name)
	if !ok {
		return "", parlatory.Invalid(field, shape)
	}
	if !hasPort || port == "443" {
		return "https://" + h, nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return "", parlatory.Invalid(field, "has a port that is no number from 1 to 65535")
	}
	return "https://" + h + ":" + port, nil
}
