package vault

import (
	"bytes"
	"crypto/sha3"
	"encoding/hex"
	"testing"
)

// The vectors of https://c2sp.org/XAES-256-GCM: one for each value of the bit that CMAC's subkey depends on.
func TestXAESVectors(t *testing.T) {
	for _, v := range []struct {
		key        byte
		ad, sealed string
	}{
		{0x01, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{0x03, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		x, err := newXAES(bytes.Repeat([]byte{v.key}, 32))
		if err != nil {
			t.Fatal(err)
		}
		nonce := []byte("ABCDEFGHIJKLMNOPQRSTUVWX")
		got, err := x.seal(nil, nonce, []byte("XAES-256-GCM"), []byte(v.ad))
		if err != nil || hex.EncodeToString(got) != v.sealed {
			t.Errorf("key %x: %x, %v", v.key, got, err)
		}
		if plain, err := x.open(nil, nonce, got, []byte(v.ad)); err != nil || string(plain) != "XAES-256-GCM" {
			t.Errorf("key %x opened: %q, %v", v.key, plain, err)
		}
	}
}

// The accumulated vector of the same page: 10,000 random inputs.
func TestXAESAccumulated(t *testing.T) {
	in, out := sha3.NewSHAKE128(), sha3.NewSHAKE128()
	read := func(n int) []byte {
		b := make([]byte, n)
		_, _ = in.Read(b)
		return b
	}
	for range 10_000 {
		key, nonce := read(32), read(24)
		plain := read(int(read(1)[0]))
		ad := read(int(read(1)[0]))
		x, err := newXAES(key)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := x.seal(nil, nonce, plain, ad)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = out.Write(sealed)
		if back, err := x.open(nil, nonce, sealed, ad); err != nil || !bytes.Equal(back, plain) {
			t.Fatalf("opened: %v", err)
		}
	}
	sum := make([]byte, 32)
	_, _ = out.Read(sum)
	if got := hex.EncodeToString(sum); got != "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939" {
		t.Errorf("hash of all: %s", got)
	}
}
