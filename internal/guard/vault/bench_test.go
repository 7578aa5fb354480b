package vault

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"io"
	"testing"

	"parlatory"
)

func BenchmarkSeal200(b *testing.B) {
	h, bind := goldenHeld(b, bytes.Repeat([]byte{1}, 32))
	plain, dst := make([]byte, 200), make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = h.AppendSeal(dst[:0], bind, plain)
	}
}

func BenchmarkOpen200(b *testing.B) {
	h, bind := goldenHeld(b, bytes.Repeat([]byte{1}, 32))
	s, _ := h.Seal(bind, make([]byte, 200))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = h.Open(bind, s)
	}
}

func BenchmarkHold(b *testing.B) {
	r, m := house(b)
	ws := space(b, r, m)
	for b.Loop() {
		_, _ = r.Hold(b.Context(), ws, Settings)
	}
}

// What confirming a key costs each minute, besides the two reads of its rows.
func BenchmarkHoldAnew(b *testing.B) {
	r, m := house(b)
	ws := space(b, r, m)
	for b.Loop() {
		r.ForgetWorkspace(ws)
		_, _ = r.Hold(b.Context(), ws, Settings)
	}
}

func BenchmarkBlind(b *testing.B) {
	ix := newIndexer(parlatory.House, make([]byte, 32))
	for b.Loop() {
		ix.Blind("accounts.address", "ada@acme.example")
	}
}

const benchStream = 4 << 20

func BenchmarkSealStream(b *testing.B) {
	h, bind := goldenHeld(b, bytes.Repeat([]byte{1}, 32))
	plain := make([]byte, benchStream)
	b.SetBytes(benchStream)
	b.ReportAllocs()
	for b.Loop() {
		w, _ := h.SealStream(bind, io.Discard)
		_, _ = w.Write(plain)
		_ = w.Close()
	}
}

func BenchmarkOpenStream(b *testing.B) {
	h, bind := goldenHeld(b, bytes.Repeat([]byte{1}, 32))
	sealed, _ := sealStream(b, h, bind, make([]byte, benchStream))
	plain := make([]byte, segmentSize)
	b.SetBytes(benchStream)
	b.ReportAllocs()
	for b.Loop() {
		r, _ := h.OpenStream(bind, bytes.NewReader(sealed), int64(len(sealed)))
		for {
			if _, err := r.Read(plain); err != nil {
				break
			}
		}
		_ = r.Close()
	}
}

// What the two above are measured against: the cipher alone.
func BenchmarkBareGCM(b *testing.B) {
	block, _ := aes.NewCipher(make([]byte, 32))
	aead, _ := cipher.NewGCM(block)
	plain, dst, nonce := make([]byte, segmentSize), make([]byte, 0, segmentSize+tagSize), make([]byte, gcmNonce)
	b.SetBytes(segmentSize)
	for b.Loop() {
		dst = aead.Seal(dst[:0], nonce, plain, nil)
	}
}
