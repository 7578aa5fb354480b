package vault

import (
	"bytes"
	"errors"
	"testing"
)

func FuzzSealed(f *testing.F) {
	h, b := goldenHeld(f, bytes.Repeat([]byte{0x42}, 32))
	s, err := h.Seal(b, []byte("hello"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.b)
	f.Add(s.b[:Overhead])
	f.Add([]byte{sealVersion})
	f.Fuzz(func(t *testing.T, in []byte) {
		var got Sealed
		if err := got.Scan(in); err != nil {
			if !errors.Is(err, ErrOpen) {
				t.Fatal(err)
			}
			return
		}
		if plain, err := h.Open(b, got); err == nil && !bytes.Equal(in, s.b) {
			t.Fatalf("%x opened as %q", in, plain)
		}
	})
}

func FuzzKeyFile(f *testing.F) {
	f.Add(encodeKeyFile(make([]byte, 32)))
	f.Add([]byte(keyFileHead))
	f.Fuzz(func(t *testing.T, in []byte) {
		if raw, err := parseKeyFile(in); err == nil && !bytes.Equal(encodeKeyFile(raw), in) {
			t.Fatalf("%q has another spelling", in)
		}
	})
}

func FuzzWrapped(f *testing.F) {
	w, err := newWrapper("workspace", make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	ad := goldenWrapped().ad()
	blob, err := w.wrap(make([]byte, 32), ad)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(blob, ad)
	f.Fuzz(func(t *testing.T, in, inAD []byte) {
		_, err := w.unwrap(in, inAD)
		if same := bytes.Equal(in, blob) && bytes.Equal(inAD, ad); (err == nil) != same {
			t.Fatalf("%x: %v", in, err)
		}
	})
}

func FuzzNote(f *testing.F) {
	h, b := goldenHeld(f, bytes.Repeat([]byte{0x42}, 32))
	seed, verifier, err := MintSigner(h, b, "x/y")
	if err != nil {
		f.Fatal(err)
	}
	s, err := OpenSigner(h, b, seed, "x/y")
	if err != nil {
		f.Fatal(err)
	}
	signed, err := s.Sign("x/y\n1\nAA==\n")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Fuzz(func(t *testing.T, in string) {
		if _, err := OpenNote(in, verifier); err == nil && in != signed {
			t.Fatalf("%q verifies", in)
		}
		_, _ = VerifierName(in)
	})
}
