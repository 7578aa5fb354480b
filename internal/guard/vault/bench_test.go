package vault

import (
	"bytes"
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
