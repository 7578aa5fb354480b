package policy

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"

	"parlatory"
)

// The length of a password in characters (NIST SP 800-63B-4 §3.1.1; ASVS 6.2.1, 6.2.9).
const (
	PasswordMin = 12
	PasswordMax = 128
)

// Password judges a new password. own are the words that belong to its owner: name, address, company, subdomain. It
// asks for no mixture of characters (ASVS 6.2.5) and refuses what is guessed first: common words with their usual
// endings, the own words, repeats and runs (ASVS 6.2.4, 6.2.11). A larger list can join without a change here.
func Password(password parlatory.Secret, own ...string) error {
	text := password.Reveal()
	if len(text) > 1024 {
		return refuse(fmt.Sprintf("may have at most %d characters", PasswordMax))
	}
	if !utf8.ValidString(text) {
		return refuse("has characters that can't be used")
	}
	prepared, err := precis.OpaqueString.String(text)
	if err != nil && text != "" {
		return refuse("has characters that can't be used")
	}
	switch n := utf8.RuneCountInString(prepared); {
	case n < PasswordMin:
		return refuse(fmt.Sprintf("needs at least %d characters", PasswordMin))
	case n > PasswordMax:
		return refuse(fmt.Sprintf("may have at most %d characters", PasswordMax))
	}
	flat := flatten(prepared)
	if repeats(flat) || runs(flat) {
		return refuse("is a repeat or a run of neighbouring characters; please choose another")
	}
	if common(flat) || common(stem(flat)) {
		return refuse("is among the passwords that are guessed first; please choose another")
	}
	for _, w := range ownWords(own) {
		rest := strings.ReplaceAll(flat, w, "")
		// The own words may occur in a password, but may not be all that there is.
		if len(rest) != len(flat) && utf8.RuneCountInString(stem(rest)) < 6 {
			return refuse("is built on your own name, address or company; please choose another")
		}
	}
	return nil
}

func refuse(reason string) error { return parlatory.Invalid("password", reason) }

// flatten makes what people vary look alike: case, the usual digits for letters, separators.
func flatten(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch r {
		case '@', '4':
			r = 'a'
		case '3':
			r = 'e'
		case '1', '!', '|':
			r = 'i'
		case '0':
			r = 'o'
		case '5', '$':
			r = 's'
		case '7':
			r = 't'
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// stem takes off what people hang on to reach a length: digits, as flatten leaves them, at both ends.
func stem(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsDigit(r) || strings.ContainsRune("oieast", r) })
}

// ownWords are the parts of names and addresses that are long enough to matter.
func ownWords(own []string) []string {
	var words []string
	for _, o := range own {
		whole := flatten(o)
		parts := strings.FieldsFunc(o, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		for _, p := range append(parts, whole) {
			if w := flatten(p); utf8.RuneCountInString(w) >= 4 {
				words = append(words, w)
			}
		}
	}
	return words
}

// repeats finds texts made of one short piece: aaaa…, abcabc….
func repeats(s string) bool {
	runes := []rune(s)
	for size := 1; size <= 4 && size*2 <= len(runes); size++ {
		same := true
		for i := size; i < len(runes) && same; i++ {
			same = runes[i] == runes[i-size]
		}
		if same {
			return true
		}
	}
	return len(runes) < 4
}

// runs finds texts whose characters mostly follow one another in the alphabet or on the keyboard.
func runs(s string) bool {
	runes := []rune(s)
	steps := 0
	for i := 1; i < len(runes); i++ {
		d := runes[i] - runes[i-1]
		if d == 1 || d == -1 || d == 0 || neighbours(runes[i-1], runes[i]) {
			steps++
		}
	}
	return len(runes) > 1 && steps*10 >= (len(runes)-1)*9
}

const keyboard = "qwertyuiop asdfghjkl zxcvbnm qwertzuiop yxcvbnm azertyuiop qsdfghjklm wxcvbn"

func neighbours(a, b rune) bool {
	return strings.Contains(keyboard, string([]rune{a, b})) || strings.Contains(keyboard, string([]rune{b, a}))
}
