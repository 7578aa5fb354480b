package credential

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"

	"parlatory"
)

// params of argon2id.
type params struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

// current are the parameters of new hashes.
var current = params{memory: 19 * 1024, passes: 2, lanes: 1}

const (
	saltSize = 16
	hashSize = 32
	// MaxInput is how many bytes of a password are looked at at all.
	MaxInput = 1024
)

// ErrForm is a stored hash that is no PHC string of ours, or one with parameters out of bounds.
var ErrForm = errors.New("password hash is not of the expected form")

// stranger is a hash that no password has: its work is what an unknown address costs.
const stranger = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// prepare applies OpaqueString, so that one password has one form whatever the keyboard sent. The length rule is
// policy's; here only what would cost too much or has no form is refused.
func prepare(password parlatory.Secret) ([]byte, bool) {
	text := password.Reveal()
	if text == "" || len(text) > MaxInput || !utf8.ValidString(text) {
		return nil, false
	}
	b, err := precis.OpaqueString.Bytes([]byte(text))
	if err != nil || len(b) == 0 || len(b) > 4*MaxInput {
		return nil, false
	}
	return b, true
}

// Hash makes the PHC string of a new password.
func Hash(ctx context.Context, password parlatory.Secret) (string, error) {
	text, ok := prepare(password)
	if !ok {
		return "", parlatory.Invalid("password", "has characters that can't be used")
	}
	defer clear(text)
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return "", parlatory.Internal("password salt", err)
	}
	var sum []byte
	err := hashing.pass(ctx, func() {
		sum = derive(current, salt, text)
	})
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", current.memory, current.passes, current.lanes,
		b64.EncodeToString(salt), b64.EncodeToString(sum)), nil
}

// Verify compares the password that somebody signs in with and a stored hash. rehash says that the hash was made with older parameters, and
// that the caller, who has the password now, should store a new one.
func Verify(ctx context.Context, phc string, password parlatory.Secret) (ok, rehash bool, err error) {
	ok, p, err := compare(phc, password, func(same func() bool) error { return guesses.judge(ctx, same) })
	return ok, ok && p != current, err
}

// Reused compares a new password with an old hash: it is no try of anybody's.
func Reused(ctx context.Context, phc string, password parlatory.Secret) (bool, error) {
	is, _, err := compare(phc, password, func(same func() bool) error { return hashing.pass(ctx, func() { same() }) })
	return is, err
}

// compare lets turn run the comparison when it is its turn.
func compare(phc string, password parlatory.Secret, turn func(same func() bool) error) (is bool, p params, err error) {
	p, salt, want, err := parse(phc)
	if err != nil {
		return false, p, parlatory.Internal("compare passwords", err)
	}
	text, usable := prepare(password)
	if !usable {
		return false, p, nil
	}
	defer clear(text)
	counter := &checks.real
	if phc == stranger {
		counter = &checks.dummy
	}
	err = turn(func() bool {
		counter.Add(1)
		is = subtle.ConstantTimeCompare(derive(p, salt, text), want) == 1
		return is
	})
	return is && err == nil, p, err
}

// Dummy does the work of Verify for an address that has no password, so that time tells nothing (AC-007). Its error
// is Verify's: too many at once.
func Dummy(ctx context.Context, password parlatory.Secret) error {
	_, _, err := Verify(ctx, stranger, password)
	return err
}

// parse reads $argon2id$v=19$m=…,t=…,p=…$salt$hash and nothing else.
func parse(phc string) (p params, salt, sum []byte, err error) {
	parts := strings.Split(phc, "$")
	if len(phc) > 200 || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		return p, nil, nil, ErrForm
	}
	fields := strings.Split(parts[3], ",")
	if len(fields) != 3 {
		return p, nil, nil, ErrForm
	}
	m, okM := number(fields[0], "m=", 8*1024, 256*1024)
	t, okT := number(fields[1], "t=", 1, 10)
	l, okL := number(fields[2], "p=", 1, 4)
	if !okM || !okT || !okL {
		return p, nil, nil, ErrForm
	}
	b64 := base64.RawStdEncoding.Strict()
	salt, errSalt := b64.DecodeString(parts[4])
	sum, errSum := b64.DecodeString(parts[5])
	if errSalt != nil || errSum != nil || len(salt) < saltSize || len(salt) > 32 || len(sum) != hashSize ||
		strings.ContainsAny(phc, "\r\n") {
		return p, nil, nil, ErrForm
	}
	return params{memory: m, passes: t, lanes: uint8(l)}, salt, sum, nil
}

// number reads a decimal number in its one spelling, within bounds.
func number(field, name string, low, high uint64) (uint32, bool) {
	digits, ok := strings.CutPrefix(field, name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n < low || n > high || strconv.FormatUint(n, 10) != digits {
		return 0, false
	}
	return uint32(n), true
}
