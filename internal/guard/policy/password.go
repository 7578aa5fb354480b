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
	PasswordLeast = 8  // that a workspace may ask for, beside a second factor
	PasswordMin   = 12 // the default
	PasswordMost  = 64 // that a workspace may ask for
	PasswordMax   = 128
)

// Rules are what a new password of one account is held to: the strictest of those who may ask. The zero value is the default.
type Rules struct {
	MinLength int   // characters; zero: PasswordMin
	History   int   // earlier passwords that are refused; the room that keeps them compares
	Refused   *List // nil: the embedded list
}

// Password judges a new password by the default rules.
func Password(password parlatory.Secret, own ...string) error {
	return Rules{}.Password(password, own...)
}

// Length is how many characters a password has in its canonical form.
func Length(password parlatory.Secret) int {
	prepared, err := precis.OpaqueString.String(password.Reveal())
	if err != nil {
		return 0
	}
	return utf8.RuneCountInString(prepared)
}

// Password judges a new password, normalised once (RFC 8265). own are the words that belong to its owner: name, address,
// company, subdomain. It asks for no mixture of characters (ASVS 6.2.5) and refuses what is guessed first: common words with
// their usual endings, what was published in a breach, the own words, repeats and runs (ASVS 6.2.4, 6.2.11, 6.2.12).
func (r Rules) Password(password parlatory.Secret, own ...string) error {
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
	case n < r.length():
		return refuse(fmt.Sprintf("needs at least %d characters", r.length()))
	case n > PasswordMax:
		return refuse(fmt.Sprintf("may have at most %d characters", PasswordMax))
	}
	plain := letters(strings.ToLower(prepared))
	flat := flatten(prepared)
	if repeats(plain) || runs(plain) {
		return refuse("is a repeat or a run of neighbouring characters; please choose another")
	}
	core := flatten(trimmed(prepared))
	if r.list().holds(prepared) || common(flat) || common(core) || common(letters(trimmed(strings.ToLower(prepared)))) {
		return refuse("is among the passwords that are guessed first; please choose another")
	}
	for _, w := range ownWords(own) {
		if builtOn(plain, w.plain) || builtOn(flat, w.flat) {
			return refuse("is built on your own name, address or company; please choose another")
		}
	}
	return nil
}

// length is within the server's own bounds, whatever was set.
func (r Rules) length() int {
	if r.MinLength == 0 {
		return PasswordMin
	}
	return min(max(r.MinLength, PasswordLeast), PasswordMost)
}

func (r Rules) list() *List {
	if r.Refused != nil {
		return r.Refused
	}
	return Breached()
}

// builtOn says that little is left of a text without a word: the own words may occur in a password, but may not be
// all that there is.
func builtOn(text, word string) bool {
	rest := strings.ReplaceAll(text, word, "")
	return len(rest) != len(text) && utf8.RuneCountInString(trimmed(rest)) < 6
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

// trimmed takes off what people hang on to reach a length: digits and signs at both ends.
func trimmed(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
}

// letters drops what is neither a letter nor a digit.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

type ownWord struct{ plain, flat string }

// ownWords are the parts of names and addresses that are long enough to matter.
func ownWords(own []string) []ownWord {
	var words []ownWord
	for _, o := range own {
		parts := strings.FieldsFunc(o, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		for _, p := range append(parts, o) {
			w := ownWord{letters(strings.ToLower(p)), flatten(p)}
			if utf8.RuneCountInString(w.plain) >= 4 {
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
