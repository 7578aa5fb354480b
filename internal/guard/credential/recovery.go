package credential

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"math/big"
	"strings"

	"parlatory"
)

// RecoveryCodes is how many are made at once.
const RecoveryCodes = 10

// recoveryBytes are 120 bits: too many to guess, so that a keyed blind index suffices to find a code (ASVS 6.5.2).
const recoveryBytes = 15

// recoveryText has no letter that is taken for a digit (Crockford's base32).
var recoveryText = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// NewRecoveryCodes makes ten, as they are shown: six groups of four.
func NewRecoveryCodes() ([]parlatory.Secret, error) {
	codes := make([]parlatory.Secret, RecoveryCodes)
	for i := range codes {
		var raw [recoveryBytes]byte
		if _, err := rand.Read(raw[:]); err != nil {
			return nil, parlatory.Internal("recovery code", err)
		}
		text := recoveryText.EncodeToString(raw[:])
		var groups []string
		for at := 0; at < len(text); at += 4 {
			groups = append(groups, text[at:at+4])
		}
		codes[i] = parlatory.NewSecret(strings.Join(groups, "-"))
	}
	return codes, nil
}

// RecoveryForm is a code as it is indexed: capitals without separators, with what people misread put right. Another
// length or letter is none.
func RecoveryForm(code parlatory.Secret) (string, bool) {
	text := code.Reveal()
	if len(text) > 4*recoveryBytes {
		return "", false
	}
	form := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(text))
	if _, err := recoveryText.DecodeString(form); err != nil || len(form) != recoveryText.EncodedLen(recoveryBytes) {
		return "", false
	}
	return form, true
}

// NewMailCode makes the eight digits that prove a mailbox beside the first factor. The tries are counted (ASVS 6.6.3).
func NewMailCode() (parlatory.Secret, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		return parlatory.Secret{}, parlatory.Internal("mail code", err)
	}
	return parlatory.NewSecret(fmt.Sprintf("%08d", n)), nil
}

// Same compares what was given with what is right, in a time that tells nothing of either.
func Same(want, given parlatory.Secret) bool {
	return subtle.ConstantTimeCompare([]byte(want.Reveal()), []byte(given.Reveal())) == 1
}
