package policy

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed" // the list below
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// breached are 49,233 passwords from published breaches, the most common first as zxcvbn-ts 4.1.3 ships them
// (@zxcvbn-ts/language-common, src/passwords.json; MIT, © the zxcvbn-ts authors and Dropbox, Inc.): of each the first 40
// bits of SHA-256 over its folded form, sorted. One password in 22 million is refused for nothing. An operator's own list
// takes its place. TestMakeBreached makes the file.
//
//go:embed breached.bin
var breached []byte

const listSum = 5 // bytes

// List is a set of passwords that are refused (ASVS 6.2.4, 6.2.12).
type List struct{ sums []uint64 }

// Breached is the embedded list.
var Breached = sync.OnceValue(func() *List {
	l := &List{sums: make([]uint64, 0, len(breached)/listSum)}
	for at := 0; at+listSum <= len(breached); at += listSum {
		var b [8]byte
		copy(b[8-listSum:], breached[at:at+listSum])
		l.sums = append(l.sums, binary.BigEndian.Uint64(b[:]))
	}
	return l
})

// maxLines bounds an operator's file: what it takes of memory is eight bytes a line.
const maxLines = 20_000_000

// ReadList reads an operator's list: a password a line, in UTF-8.
func ReadList(r io.Reader) (*List, error) {
	l := &List{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		text := strings.TrimRight(lines.Text(), "\r")
		if text == "" {
			continue
		}
		if !utf8.ValidString(text) {
			return nil, fmt.Errorf("line %d is no UTF-8", len(l.sums)+1)
		}
		if len(l.sums) == maxLines {
			return nil, fmt.Errorf("more than %d lines", maxLines)
		}
		l.sums = append(l.sums, sum(fold(text)))
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("list of passwords: %w", err)
	}
	slices.Sort(l.sums)
	l.sums = slices.Compact(l.sums)
	return l, nil
}

// Len is how many there are.
func (l *List) Len() int { return len(l.sums) }

// bytes is the form that is embedded.
func (l *List) bytes() []byte {
	var b bytes.Buffer
	for _, s := range l.sums {
		var raw [8]byte
		binary.BigEndian.PutUint64(raw[:], s)
		b.Write(raw[8-listSum:])
	}
	return b.Bytes()
}

// holds looks for a text as it is, with what people vary folded, and without what they hang on to reach a length.
func (l *List) holds(text string) bool {
	if l.has(fold(text)) || l.has(flatten(text)) {
		return true
	}
	for _, core := range []string{fold(trimmed(text)), flatten(trimmed(text))} {
		if utf8.RuneCountInString(core) >= 6 && l.has(core) {
			return true
		}
	}
	return false
}

func (l *List) has(folded string) bool {
	_, found := slices.BinarySearch(l.sums, sum(folded))
	return found
}

// fold is the form in which passwords are listed.
func fold(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

func sum(folded string) uint64 {
	raw := sha256.Sum256([]byte(folded))
	return binary.BigEndian.Uint64(raw[:8]) >> (64 - 8*listSum)
}
