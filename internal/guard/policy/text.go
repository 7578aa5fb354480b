package policy

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"parlatory"
)

// Text gives the canonical form of a text of several lines with min to max characters: NFC, lines ended by \n.
// Control characters but tab and newline are refused, and so are the invisible ones that reorder what stands beside
// them, since they make a text look like another (Unicode TR 36 §2.10). Spaces at its ends go.
func Text(s string, min, max int) (string, error) { return clean("text", s, min, max, true) }

// Name gives the canonical form of a text of one line: Text without tabs and newlines, with single spaces.
func Name(s string, min, max int) (string, error) { return clean("name", s, min, max, false) }

func clean(field, s string, min, max int, lines bool) (string, error) {
	// A character has at most four bytes and NFC at most triples it: more can't come down to max.
	if len(s) > 16*max+64 {
		return "", tooLong(field, max)
	}
	if !utf8.ValidString(s) {
		return "", parlatory.Invalid(field, "is not valid UTF-8")
	}
	if lines {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	} else {
		s = strings.Join(strings.Fields(s), " ")
	}
	for _, r := range s {
		if lines && (r == '\n' || r == '\t') {
			continue
		}
		if forbidden(r) {
			return "", parlatory.Invalid(field, fmt.Sprintf("holds the invisible character U+%04X; please remove it", r))
		}
	}
	s = norm.NFC.String(strings.TrimSpace(s))
	switch n := utf8.RuneCountInString(s); {
	case n > max:
		return "", tooLong(field, max)
	case n < min && n == 0:
		return "", parlatory.Invalid(field, "is missing")
	case n < min:
		return "", parlatory.Invalid(field, fmt.Sprintf("needs at least %d characters", min))
	}
	return s, nil
}

func tooLong(field string, max int) error {
	return parlatory.Invalid(field, fmt.Sprintf("may have at most %d characters", max))
}

// forbidden are controls, line and paragraph separators, and the embeddings, overrides and isolates of bidirectional
// text. The marks U+200E and U+200F, and the joiners, stay: Arabic, Hebrew and emoji need them.
func forbidden(r rune) bool {
	switch {
	case unicode.IsControl(r), r == 0x2028, r == 0x2029, r == 0xfeff:
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r >= 0xfff9 && r <= 0xfffb:
		return true
	case r >= 0xe0000 && r <= 0xe001f: // language tags; the rest of the block is part of flag emoji
		return true
	case r&0xfffe == 0xfffe, r >= 0xfdd0 && r <= 0xfdef: // noncharacters
		return true
	}
	return false
}
