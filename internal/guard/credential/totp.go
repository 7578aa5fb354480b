package credential

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238 as authenticator apps speak it: HMAC-SHA-1, in which collisions don't matter
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"net/url"
	"time"

	"parlatory"
)

// TOTP as every authenticator app speaks it (RFC 6238): SHA-1, six digits, 30 seconds.
const (
	totpDigits = 6
	totpStep   = 30
	totpDrift  = 1  // steps that a clock may be off either way
	totpBytes  = 20 // of a secret (RFC 4226 §4, R6)
)

var totpText = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewTOTP makes a secret, in the base32 that people type and apps scan.
func NewTOTP() (parlatory.Secret, error) {
	var raw [totpBytes]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return parlatory.Secret{}, parlatory.Internal("TOTP secret", err)
	}
	return parlatory.NewSecret(totpText.EncodeToString(raw[:])), nil
}

// TOTPLink is what the QR code holds.
func TOTPLink(secret parlatory.Secret, issuer, account string) parlatory.Secret {
	q := url.Values{"secret": {secret.Reveal()}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + account, RawQuery: q.Encode()}
	return parlatory.NewSecret(u.String())
}

// CheckTOTP compares a code with those of the step before, of this one and of the next, as far as they come after the
// last one that counted, and gives the step that it is of. Whoever calls stores that step by compare-and-set, so that a
// code counts once (RFC 6238 §5.2). All steps are computed in every case.
func CheckTOTP(secret, code parlatory.Secret, now time.Time, last int64) (step int64, ok bool) {
	key, err := totpText.DecodeString(secret.Reveal())
	if err != nil || len(key) != totpBytes {
		return 0, false
	}
	given := []byte(code.Reveal())
	at := now.Unix() / totpStep
	for s := at - totpDrift; s <= at+totpDrift; s++ {
		want := totpCode(key, s)
		if subtle.ConstantTimeCompare(want[:], given) == 1 && s > last && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}

// totpCode is HOTP of the step (RFC 4226 §5.3).
func totpCode(key []byte, step int64) (code [totpDigits]byte) {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step)) //nolint:gosec // a step since 1970
	mac := hmac.New(sha1.New, key)
	_, _ = mac.Write(counter[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	for i := len(code) - 1; i >= 0; i-- {
		code[i] = byte('0' + n%10)
		n /= 10
	}
	return code
}
