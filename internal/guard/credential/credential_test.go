package credential

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"parlatory"
)

func secret(s string) parlatory.Secret { return parlatory.NewSecret(s) }

func TestHashAndVerify(t *testing.T) {
	ctx := context.Background()
	phc, err := Hash(ctx, secret("plum wagon 83 tarmac"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("form %q", phc)
	}
	if ok, rehash, err := Verify(ctx, phc, secret("plum wagon 83 tarmac")); !ok || rehash || err != nil {
		t.Fatalf("own password: %v %v %v", ok, rehash, err)
	}
	// RFC 8265 §4.2: other spaces become the ASCII one, so that a phone's keyboard gives the same password.
	if ok, _, err := Verify(ctx, phc, secret("plum\u00a0wagon\u300083 tarmac")); !ok || err != nil {
		t.Fatalf("same password with other spaces: %v %v", ok, err)
	}
	for _, wrong := range []string{"plum wagon 83 tarma", "plum wagon 83 tarmac ", "Plum wagon 83 tarmac", ""} {
		if ok, _, err := Verify(ctx, phc, secret(wrong)); ok || err != nil {
			t.Errorf("%q: %v %v", wrong, ok, err)
		}
	}
	other, err := Hash(ctx, secret("plum wagon 83 tarmac"))
	if err != nil || other == phc {
		t.Fatalf("two hashes of one password are equal (%v)", err)
	}
}

// ASVS V6.2.5, V6.2.8, V6.2.9
func TestAC_008_LongAndOddPasswords(t *testing.T) {
	ctx := context.Background()
	base := strings.Repeat("x", 72)
	phc, err := Hash(ctx, secret(base+"tail one"))
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{base, base + "tail two", base + "tail one\x00", base + "tail one\x00more"} {
		if ok, _, err := Verify(ctx, phc, secret(wrong)); ok || err != nil {
			t.Errorf("a password of %d bytes with the same beginning: %v %v", len(wrong), ok, err)
		}
	}
	start := time.Now()
	huge := secret(strings.Repeat("x", 1<<20))
	if _, err := Hash(ctx, huge); parlatory.KindOf(err) != parlatory.KindInvalid {
		t.Errorf("a megabyte was hashed: %v", err)
	}
	for range 1000 {
		if ok, _, _ := Verify(ctx, phc, huge); ok {
			t.Fatal("a megabyte was accepted")
		}
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("a thousand huge passwords took %v: they were hashed", took)
	}
	for _, odd := range []string{"a\x00bcdefghijklmno", "abc\xed\xa0\x80defghijkl", "abc\xffdefghijkl"} {
		if _, err := Hash(ctx, secret(odd)); parlatory.KindOf(err) != parlatory.KindInvalid {
			t.Errorf("%q: %v", odd, err)
		}
	}
}

// ASVS V6.3.8
func TestAC_007_DummyWorks(t *testing.T) {
	ctx := context.Background()
	phc, err := Hash(ctx, secret("plum wagon 83 tarmac"))
	if err != nil {
		t.Fatal(err)
	}
	known, strangers := time.Duration(1<<62), time.Duration(1<<62)
	for range 12 { // the least of several, taken in turn, is free of what else runs on the machine
		a := time.Now()
		_, _, _ = Verify(ctx, phc, secret("wrong wagon 83 tarmac"))
		b := time.Now()
		if err := Dummy(ctx, secret("wrong wagon 83 tarmac")); err != nil {
			t.Fatal(err)
		}
		known, strangers = min(known, b.Sub(a)), min(strangers, time.Since(b))
	}
	if d := (known - strangers).Abs(); d > known/4 {
		t.Errorf("known %v, unknown %v", known, strangers)
	}
}

// ASVS V6.3.1
func TestHashingIsBounded(t *testing.T) {
	g := newGate(1, 2)
	hold, started := make(chan struct{}), make(chan struct{}, 3)
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			_ = g.pass(context.Background(), func() { started <- struct{}{}; <-hold })
		})
	}
	<-started
	for len(g.waiting) < 3 {
		time.Sleep(time.Millisecond)
	}
	err := g.pass(context.Background(), func() { t.Error("ran over the limit") })
	var e *parlatory.Error
	if !errors.As(err, &e) || e.Kind != parlatory.KindTooMany || e.RetryAfter != 2*time.Second {
		t.Errorf("over the limit: %v", err)
	}
	if len(started) != 0 {
		t.Error("two ran at once")
	}
	close(hold)
	wait.Wait()
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	g.running <- struct{}{}
	if err := g.pass(gone, func() {}); parlatory.KindOf(err) != parlatory.KindUnavailable {
		t.Errorf("who left while waiting: %v", err)
	}
}

func TestStoredHashIsReadStrictly(t *testing.T) {
	ctx := context.Background()
	const salt, sum = "AAECAwQFBgcICQoLDA0ODw", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, phc := range []string{
		"", "$", "plain", "$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + sum, "$argon2id$v=16$m=19456,t=2,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=4194304,t=2,p=1$" + salt + "$" + sum, "$argon2id$v=19$m=19456,t=1000000,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=19456,t=2,p=0$" + salt + "$" + sum, "$argon2id$v=19$m=019456,t=2,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=+19456,t=2,p=1$" + salt + "$" + sum, "$argon2id$v=19$t=2,m=19456,p=1$" + salt + "$" + sum,
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "=$" + sum, "$argon2id$v=19$m=19456,t=2,p=1$" + salt[:21] + "x$" + sum,
		"$argon2id$v=19$m=19456,t=2,p=1$AAEC$" + sum, "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$AAAA",
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + sum + "$", "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "\n$" + sum,
		"$2a$10$abcdefghijklmnopqrstuv",
	} {
		start := time.Now()
		if ok, _, err := Verify(ctx, phc, secret("plum wagon 83 tarmac")); ok || !errors.Is(err, ErrForm) {
			t.Errorf("%q: %v %v", phc, ok, err)
		}
		if time.Since(start) > 5*time.Second {
			t.Errorf("%q cost work", phc)
		}
	}
	old := "$argon2id$v=19$m=8192,t=1,p=1$" + salt + "$" + base64.RawStdEncoding.EncodeToString(weak("plum wagon 83 tarmac"))
	if ok, rehash, err := Verify(ctx, old, secret("plum wagon 83 tarmac")); !ok || !rehash || err != nil {
		t.Errorf("older parameters: %v %v %v", ok, rehash, err)
	}
}

func FuzzPHC(f *testing.F) {
	f.Add(stranger)
	f.Add("$argon2id$v=19$m=8192,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$AAAA")
	f.Fuzz(func(t *testing.T, s string) {
		p, salt, sum, err := parse(s)
		if err != nil {
			return
		}
		b64 := base64.RawStdEncoding
		again := fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", p.memory, p.passes, p.lanes, b64.EncodeToString(salt), b64.EncodeToString(sum))
		if again != s || p.memory > 256*1024 || p.passes > 10 || p.lanes > 4 {
			t.Fatalf("%q was read as %q", s, again)
		}
	})
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// ASVS V7.2.1, V7.2.3
func TestAC_010_OnlyTheExactToken(t *testing.T) {
	token, hash, err := NewToken()
	if err != nil {
		t.Fatal(err)
	}
	text := token.Reveal()
	if got, err := HashToken(text); err != nil || got != hash || len(text) != TokenLength {
		t.Fatalf("own token: %v", err)
	}
	try := func(what, s string) {
		if got, err := HashToken(s); err == nil && got == hash {
			t.Errorf("%s was accepted", what)
		} else if err != nil && parlatory.KindOf(err) != parlatory.KindUnauthenticated {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i := range text { // every single-byte mutation
		for c := range 256 {
			if byte(c) != text[i] {
				try(fmt.Sprintf("byte %d as %#x", i, c), text[:i]+string([]byte{byte(c)})+text[i+1:])
			}
		}
		try("a token cut", text[:i])
		try("a token cut in front", text[i+1:])
		try("a token without one", text[:i]+text[i+1:])
	}
	// The last character carries four bits: the other spellings of the same 32 bytes are refused.
	last := strings.IndexByte(alphabet, text[42])
	for bits := range 4 {
		if c := last&^3 | bits; c != last {
			try("another spelling", text[:42]+alphabet[c:c+1])
		}
	}
	raw, _ := base64.RawURLEncoding.DecodeString(text)
	for what, s := range map[string]string{
		"padded": text + "=", "a space behind": text + " ", "a space in front": " " + text, "a newline": text + "\n",
		"a newline inside": text[:20] + "\n" + text[20:], "upper": strings.ToUpper(text), "lower": strings.ToLower(text),
		"hex": fmt.Sprintf("%x", raw), "standard base64": base64.StdEncoding.EncodeToString(raw), "quoted": `"` + text + `"`,
		"doubled": text + text, "escaped": "%" + text, "NUL": text + "\x00", "empty": "", "swapped alphabet": strings.NewReplacer("-", "+", "_", "/").Replace(text + "A"),
	} {
		try(what, s)
	}
}

func TestSecretNeverPrints(t *testing.T) {
	token, hash, err := NewToken()
	if err != nil {
		t.Fatal(err)
	}
	text := token.Reveal()
	asJSON, _ := json.Marshal(map[string]any{"t": token})
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s %q %x", token, token, token, token, token, token),
		fmt.Sprint(struct{ T parlatory.Secret }{token}), string(asJSON)} {
		if strings.Contains(shown, text) || strings.Contains(shown, fmt.Sprintf("%x", text)) {
			t.Errorf("printed as %s", shown)
		}
	}
	var back TokenHash
	if err := back.Scan(hash.SQL()); err != nil || back != hash {
		t.Errorf("column: %v", err)
	}
	if back.Scan([]byte("short")) == nil || back.Scan("text") == nil || (TokenHash{}).SQL() != nil {
		t.Error("a column that is no hash was read")
	}
}

func FuzzHashToken(f *testing.F) {
	f.Add(strings.Repeat("A", 43))
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := HashToken(s); err == nil {
			raw, err := base64.RawURLEncoding.DecodeString(s)
			if err != nil || base64.RawURLEncoding.EncodeToString(raw) != s {
				t.Fatalf("%q has another spelling", s)
			}
		}
	})
}
