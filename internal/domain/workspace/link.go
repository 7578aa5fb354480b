package workspace

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// unlinked are what people write without the blank that belongs there. The last part of each is a top-level domain by chance.
var unlinked = map[string]bool{"co.kg": true, "co.ltd": true, "pty.ltd": true, "dr.med": true, "dipl.ing": true, "b.sc": true, "m.sc": true}

// Linklike reports whether a text holds what a mail program would turn into a link: a scheme, or a name under a top-level domain that
// exists, as in "evil.example.com/login" or "me@evil.com". "Acme Inc.", "St. Gallen", "e.g." and "Node.js" are none.
func Linklike(text string) bool {
	lower := strings.ToLower(dots.Replace(text))
	if strings.Contains(lower, "//") || strings.Contains(lower, "www.") || strings.Contains(lower, "mailto:") {
		return true
	}
	for host := range strings.FieldsFuncSeq(lower, func(r rune) bool {
		return r != '.' && r != '-' && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
	}) {
		host = strings.Trim(host, ".-")
		i := strings.LastIndexByte(host, '.')
		if i <= 0 || host[i-1] == '.' || unlinked[host] {
			continue
		}
		if under(host[i+1:]) {
			return true
		}
	}
	return false
}

// dots are what browsers and mail programs take for a dot in a name (UTS 46 §2.3).
var dots = strings.NewReplacer("\u3002", ".", "\uff0e", ".", "\uff61", ".")

// under reports whether a label is a top-level domain.
func under(label string) bool {
	ascii, err := idna.Lookup.ToASCII(label)
	if err != nil {
		return false
	}
	_, icann := publicsuffix.PublicSuffix("x." + ascii)
	return icann
}
