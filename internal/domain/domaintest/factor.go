package domaintest

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"regexp"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
)

// Code is an authenticator app's code at a moment (RFC 6238).
func Code(t testing.TB, secret parlatory.Secret, at time.Time) parlatory.Secret {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(at.Unix()/30))
	mac := hmac.New(sha1.New, key)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return parlatory.NewSecret(fmt.Sprintf("%06d", n%1_000_000))
}

var mailed = regexp.MustCompile(`Your code is (\d{4} \d{4})`)

// MailCode asks for the code of a first factor in My Account, and reads the letter.
func (w *World) MailCode(t testing.TB, actor parlatory.Actor, email string) parlatory.Secret {
	t.Helper()
	if err := w.Account.MailOwnCode(t.Context(), actor); err != nil {
		t.Fatal(err)
	}
	return w.MailedCode(t, email)
}

// MailedCode reads the newest code that was mailed to an address.
func (w *World) MailedCode(t testing.TB, email string) parlatory.Secret {
	t.Helper()
	w.Deliver()
	mails := w.Mail.To(email)
	for i := len(mails) - 1; i >= 0; i-- {
		if m := mailed.FindStringSubmatch(mails[i].Text); m != nil {
			return parlatory.NewSecret(m[1])
		}
	}
	t.Fatal("no code was mailed")
	return parlatory.Secret{}
}

// Phone sets an authenticator app up in My Account, and goes on a minute, so that its next code is another one.
func (w *World) Phone(t testing.TB, actor parlatory.Actor, mail parlatory.Secret) (secret parlatory.Secret, codes []parlatory.Secret, info account.FactorInfo) {
	t.Helper()
	token, secret, _, err := w.Account.BeginTOTP(t.Context(), account.EnrollerOf(actor))
	if err != nil {
		t.Fatal(err)
	}
	actor.Proved = w.Clock.Now()
	info, codes, err = w.Account.AddFactor(t.Context(), actor, account.Confirm{Ceremony: token, Code: Code(t, secret, w.Clock.Now()), MailCode: mail, Name: "Phone"})
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	return secret, codes, info
}
