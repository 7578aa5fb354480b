package credential

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"testing"
	"time"

	"parlatory"
)

// rfcSecret is that of RFC 6238, appendix B.
var rfcSecret = parlatory.NewSecret(base32.StdEncoding.EncodeToString([]byte("12345678901234567890")))

// TestTOTPVectors are those of RFC 6238, appendix B, cut to six digits.
//
// ASVS V6.5.5, V6.5.8
func TestTOTPVectors(t *testing.T) {
	for at, code := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		step, ok := CheckTOTP(rfcSecret, parlatory.NewSecret(code), time.Unix(at, 0), 0)
		if !ok || step != at/30 {
			t.Errorf("%d: %v, step %d", at, ok, step)
		}
	}
}

// TestAC_023_CodesOfLaterStepsOnly: one step of drift either way, and none that is not after the last one that counted.
//
// ASVS V6.5.1, V6.5.5
func TestAC_023_CodesOfLaterStepsOnly(t *testing.T) {
	secret, err := NewTOTP()
	if err != nil {
		t.Fatal(err)
	}
	key, _ := totpText.DecodeString(secret.Reveal())
	now := time.Unix(1_800_000_015, 0)
	at := now.Unix() / 30
	code := func(step int64) parlatory.Secret { c := totpCode(key, step); return parlatory.NewSecret(string(c[:])) }
	for off, want := range map[int64]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		if step, ok := CheckTOTP(secret, code(at+off), now, 0); ok != want || ok && step != at+off {
			t.Errorf("%d steps off: %v", off, ok)
		}
		if _, ok := CheckTOTP(secret, code(at+off), now, at+off); ok {
			t.Errorf("the code of step %d counts again", off)
		}
		if _, ok := CheckTOTP(secret, code(at+off), now, at+1); ok {
			t.Errorf("the code of step %d counts after a later one", off)
		}
	}
	good := code(at).Reveal()
	for _, bad := range []string{"", good[:5], good + "0", " " + good, good[:3] + " " + good[3:], strings.Repeat("0", 1000), "٠٠٠٠٠٠"} {
		if _, ok := CheckTOTP(secret, parlatory.NewSecret(bad), now, 0); ok {
			t.Errorf("%q counts", bad)
		}
	}
	for _, broken := range []string{"", "A", "not base32!", rfcSecret.Reveal() + "AAAA"} {
		if _, ok := CheckTOTP(parlatory.NewSecret(broken), code(at), now, 0); ok {
			t.Errorf("with the secret %q", broken)
		}
	}
}

// TestSecretsOfFactors: as long as they must be, never twice, and with one form.
//
// ASVS V6.5.2, V6.5.3, V6.5.4
func TestSecretsOfFactors(t *testing.T) {
	seen := map[string]bool{}
	for range 50 {
		secret, _ := NewTOTP()
		codes, err := NewRecoveryCodes()
		if err != nil || len(codes) != RecoveryCodes || len(secret.Reveal()) != 32 {
			t.Fatal(err, len(codes), secret.Reveal())
		}
		for _, c := range append(codes, secret) {
			if seen[c.Reveal()] {
				t.Fatal("made twice")
			}
			seen[c.Reveal()] = true
		}
		form, ok := RecoveryForm(codes[0])
		if !ok || len(form) != 24 || len(form)*5 < 112 {
			t.Fatalf("%q", form)
		}
		shown := codes[0].Reveal()
		for _, typed := range []string{strings.ToLower(shown), strings.ReplaceAll(shown, "-", " "), strings.ReplaceAll(shown, "-", ""), strings.ReplaceAll(strings.ReplaceAll(shown, "0", "O"), "1", "l")} {
			if again, ok := RecoveryForm(parlatory.NewSecret(typed)); !ok || again != form {
				t.Errorf("%q: %q", typed, again)
			}
		}
		for _, bad := range []string{"", shown[1:], shown + "0", shown[:len(shown)-1] + "U", strings.Repeat("-", 100), "é" + shown[2:]} {
			if _, ok := RecoveryForm(parlatory.NewSecret(bad)); ok {
				t.Errorf("%q is taken", bad)
			}
		}
	}
	link := TOTPLink(rfcSecret, "Harbour & Pine", "ann+x@acme.example").Reveal()
	if link != "otpauth://totp/Harbour%20&%20Pine:ann+x@acme.example?algorithm=SHA1&digits=6&issuer=Harbour+%26+Pine&period=30&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" {
		t.Error(link)
	}
}

// TestAC_010_APITokens: one spelling; every changed byte is refused, most of them without asking the database.
func TestAC_010_APITokens(t *testing.T) {
	token, hash, err := NewAPIToken()
	if err != nil {
		t.Fatal(err)
	}
	text := token.Reveal()
	if got, err := HashAPIToken(text); err != nil || got != hash || len(text) != 58 {
		t.Fatal(err, text)
	}
	for i := range text {
		for _, c := range []byte("0aZ_-") {
			if text[i] == c {
				continue
			}
			if got, err := HashAPIToken(text[:i] + string(c) + text[i+1:]); err == nil && got == hash {
				t.Errorf("byte %d as %q", i, c)
			}
		}
	}
	high := APITokenPrefix + strings.Repeat("z", apiTokenBody) // more than 256 bits
	for _, bad := range []string{"", text[1:], text + "0", " " + text, strings.ToUpper(text), strings.TrimPrefix(text, APITokenPrefix), high + checkOf(high)} {
		if _, err := HashAPIToken(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	zero := APITokenPrefix + strings.Repeat("0", apiTokenBody)
	if got, err := HashAPIToken(zero + checkOf(zero)); err != nil || got != sha256.Sum256(make([]byte, 32)) {
		t.Error("the smallest token", err)
	}
}
