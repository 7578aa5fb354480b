package parlatory

import "fmt"

// Secret is a text that must not be printed: a password, a token, a link's key. Every form of printing and
// encoding shows [secret]; Reveal is the one way to the text, so that a search for it finds all uses.
type Secret struct{ text string }

const hidden = "[secret]"

// NewSecret wraps a text.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal gives the text.
func (s Secret) Reveal() string { return s.text }

// Empty reports whether there is no text.
func (s Secret) Empty() bool { return s.text == "" }

func (s Secret) String() string                { return hidden }
func (s Secret) GoString() string              { return hidden }
func (s Secret) Format(f fmt.State, _ rune)    { _, _ = f.Write([]byte(hidden)) }
func (s Secret) MarshalText() ([]byte, error)  { return []byte(hidden), nil }
func (s *Secret) UnmarshalText(b []byte) error { s.text = string(b); return nil }
