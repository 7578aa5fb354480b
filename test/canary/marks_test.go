package canary

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"
)

// marks are the random texts of one run, by what they were put into.
type marks struct {
	mu  sync.Mutex
	all map[string]string // mark -> field
}

// mark makes a fresh one: 20 lower-case letters, so that canonical forms of names and addresses leave it as it is.
func (m *marks) mark(field string) string {
	var b [20]byte
	_, _ = rand.Read(b[:])
	for i := range b {
		b[i] = 'a' + b[i]%26
	}
	m.add(field, string(b[:]))
	return string(b[:])
}

func (m *marks) add(field, mark string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all[mark] = field
}

func (m *marks) holds(text string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for mark := range m.all {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return false
}

// forms are the ways in which a text may lie in a file.
func forms(mark string) map[string][]byte {
	raw := []byte(mark)
	le, be := []byte{}, []byte{}
	for _, u := range utf16.Encode([]rune(mark)) {
		le = append(le, byte(u), byte(u>>8))
		be = append(be, byte(u>>8), byte(u))
	}
	out := map[string][]byte{
		"raw": raw, "capitals": bytes.ToUpper(raw), "UTF-16LE": le, "UTF-16BE": be,
		"hexadecimal": []byte(hex.EncodeToString(raw)), "hexadecimal capitals": []byte(strings.ToUpper(hex.EncodeToString(raw))),
		"reversed": reversed(raw),
	}
	for shift := range 3 {
		for name, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			out[fmt.Sprintf("%s at %d", name, shift)] = aligned(encoding, raw, shift)
		}
	}
	return out
}

func reversed(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[len(b)-1-i] = b[i]
	}
	return out
}

// aligned is what base64 shows of a text that begins shift bytes into a group of three, whatever stands beside it.
func aligned(encoding *base64.Encoding, raw []byte, shift int) []byte {
	text := encoding.EncodeToString(append(make([]byte, shift), raw...))
	first := (shift*8 + 5) / 6         // first character that holds no bit of what stands before
	last := (shift + len(raw)) * 8 / 6 // and the end of those that hold no bit of what comes after
	return []byte(text[first:min(last, len(text))])
}

// finding is a mark that lies somewhere in the clear.
type finding struct {
	field, form, where string
}

// search looks for all marks in a text. Every form is looked for at once, by its first four bytes.
type search struct {
	needles map[[4]byte][]needle
}

type needle struct {
	bytes       []byte
	field, form string
}

func newSearch(m *marks) *search {
	s := &search{needles: map[[4]byte][]needle{}}
	for mark, field := range m.all {
		seen := map[string]bool{}
		for form, b := range forms(mark) {
			if !seen[string(b)] {
				seen[string(b)] = true
				s.needles[[4]byte(b)] = append(s.needles[[4]byte(b)], needle{b, field, form})
			}
		}
	}
	return s
}

func (s *search) in(where string, text []byte) (found []finding) {
	var filter [1 << 16]bool
	for first := range s.needles {
		filter[uint16(first[0])|uint16(first[1])<<8] = true
	}
	for i := 0; i+4 <= len(text); i++ {
		if !filter[uint16(text[i])|uint16(text[i+1])<<8] {
			continue
		}
		for _, n := range s.needles[[4]byte(text[i:])] {
			if bytes.HasPrefix(text[i:], n.bytes) {
				found = append(found, finding{n.field, n.form, fmt.Sprintf("%s at byte %d", where, i)})
			}
		}
	}
	return found
}

// tree searches all files below a folder, their names too.
func (s *search) tree(root string) (found []finding, files int, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // a file that goes away while we look is looked at after the server has stopped
		}
		found = append(found, s.in("the name "+d.Name(), []byte(path))...)
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil //nolint:nilerr // as above
		}
		files++
		found = append(found, s.in(path, text)...)
		return nil
	})
	return found, files, err
}

// TestSearchFinds is the control of the search itself: each form, at each alignment, inside other bytes.
func TestSearchFinds(t *testing.T) {
	m := &marks{all: map[string]string{}}
	mark := m.mark("control")
	s := newSearch(m)
	for before := range 7 {
		clear := []byte(strings.Repeat("x", before) + mark + "yz")
		hidden := map[string][]byte{
			"raw": clear, "base64": []byte(base64.StdEncoding.EncodeToString(clear)), "base64url": []byte(base64.URLEncoding.EncodeToString(clear)),
			"hex": []byte(hex.EncodeToString(clear)), "UTF-16LE": forms(string(clear))["UTF-16LE"], "UTF-16BE": forms(string(clear))["UTF-16BE"],
		}
		for form, text := range hidden {
			noise := make([]byte, 1000)
			_, _ = rand.Read(noise)
			if len(s.in("control", append(append(noise, text...), noise...))) == 0 {
				t.Errorf("%s is not found after %d bytes", form, before)
			}
		}
	}
	noise := make([]byte, 1<<20)
	_, _ = rand.Read(noise)
	if found := s.in("noise", noise); len(found) != 0 {
		t.Errorf("found in noise: %v", found)
	}
}
