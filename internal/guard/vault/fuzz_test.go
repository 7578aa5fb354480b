package vault

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"io"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// Fuzzing runs in several processes: all of them compare with the golden values, not with fresh ones.

func FuzzSealed(f *testing.F) {
	g := readGolden(f)
	h, b := goldenHeld(f, g.raw)
	f.Add(g.sealed)
	f.Add(g.sealed[:Overhead])
	f.Add([]byte{sealVersion})
	f.Fuzz(func(t *testing.T, in []byte) {
		var got Sealed
		if err := got.Scan(in); err != nil {
			if !errors.Is(err, ErrOpen) {
				t.Fatal(err)
			}
			return
		}
		if plain, err := h.Open(b, got); (err == nil) != bytes.Equal(in, g.sealed) {
			t.Fatalf("%x: %q, %v", in, plain, err)
		}
	})
}

func FuzzStream(f *testing.F) {
	h, b := goldenHeld(f, bytes.Repeat([]byte{0x42}, 32))
	var vectors []streamVector
	readVectors(f, "testdata/stream.json", &vectors)
	for _, v := range vectors {
		f.Add(unhex(f, v.Sealed), uint16(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, at uint16) {
		golden := false
		for _, v := range vectors[:2] {
			golden = golden || bytes.Equal(in, unhex(t, v.Sealed))
		}
		r, err := h.OpenStream(b, bytes.NewReader(in), int64(len(in)))
		if err != nil && !errors.Is(err, ErrOpen) {
			t.Fatal(err)
		}
		if (err == nil) != golden {
			t.Fatalf("%x: %v", in, err)
		}
		if err == nil {
			var p [8]byte
			if n, err := r.ReadAt(p[:], int64(at)); err != nil && !errors.Is(err, io.EOF) || int64(n) > r.Size() {
				t.Fatal(n, err)
			}
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
	g := readGolden(f)
	w, err := newWrapper("workspace", g.raw)
	if err != nil {
		f.Fatal(err)
	}
	ad := goldenWrapped().ad()
	f.Add(g.wrapped, ad)
	f.Fuzz(func(t *testing.T, in, inAD []byte) {
		_, err := w.unwrap(in, inAD)
		if same := bytes.Equal(in, g.wrapped) && bytes.Equal(inAD, ad); (err == nil) != same {
			t.Fatalf("%x: %v", in, err)
		}
	})
}

func FuzzNote(f *testing.F) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	public := ed25519.PublicKey(key[ed25519.SeedSize:])
	s := &Signer{name: "x/y", key: key, hash: keyHash("x/y", public)}
	verifier, err := note.NewEd25519VerifierKey("x/y", public)
	if err != nil {
		f.Fatal(err)
	}
	signed, err := s.Sign("x/y\n1\nAA==\n")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Add(verifier)
	f.Fuzz(func(t *testing.T, in string) {
		if _, err := OpenNote(in, verifier); (err == nil) != (in == signed) {
			t.Fatalf("%q: %v", in, err)
		}
		if name, err := VerifierName(in); err == nil && !strings.HasPrefix(in, name+"+") {
			t.Fatalf("%q is the key of %q", in, name)
		}
	})
}
