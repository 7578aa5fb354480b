package vault

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"parlatory"
)

// TestMakeVectors writes testdata anew when PARLATORY_MAKE_VECTORS is set ("stream", "inbox" or "values"): only for a new version of a format.
func TestMakeVectors(t *testing.T) {
	if os.Getenv("PARLATORY_MAKE_VECTORS") == "" {
		t.Skip("only for a new format")
	}
	raw := bytes.Repeat([]byte{0x42}, 32)
	h, b := goldenHeld(t, raw)
	if os.Getenv("PARLATORY_MAKE_VECTORS") == "stream" {
		makeStreamVectors(t, h, b)
		return
	}
	s := seal(t, h, b, "All that is said here stays here.")
	w, err := newWrapper("workspace", raw)
	if err != nil {
		t.Fatal(err)
	}
	blob, err := w.wrap(raw, goldenWrapped().ad())
	if err != nil {
		t.Fatal(err)
	}
	index := newIndexer(parlatory.House, raw).Blind("accounts.address", "ada@acme.example")
	writeJSON(t, "testdata/golden.json", map[string]string{
		"raw": hex.EncodeToString(raw), "sealed": hex.EncodeToString(s.b), "text": "All that is said here stays here.",
		"keyFile": string(encodeKeyFile(raw)), "wrapped": hex.EncodeToString(blob), "index": hex.EncodeToString(index[:]),
	})
	type vector struct {
		What   string `json:"what"`
		Sealed string `json:"sealed"`
	}
	var bad []vector
	add := func(what string, b []byte) { bad = append(bad, vector{what, hex.EncodeToString(b)}) }
	for i := range s.b {
		c := bytes.Clone(s.b)
		c[i] ^= 1
		add("bit flipped in byte "+hex.EncodeToString([]byte{byte(i)}), c)
	}
	for _, n := range []int{0, 1, 5, 37, 48, 49, 64, len(s.b) - 1} {
		add("cut", s.b[:n])
	}
	add("longer by one byte", append(bytes.Clone(s.b), 0))
	for what, change := range otherPlaces() {
		_, place := goldenHeld(t, raw)
		key := goldenWrapped()
		change(&key, &place)
		other, err := newHeld(key, raw)
		if err != nil {
			t.Fatal(err)
		}
		add(what, seal(t, other, place, "moved").b)
	}
	other, err := newHeld(goldenWrapped(), bytes.Repeat([]byte{0x43}, 32))
	if err != nil {
		t.Fatal(err)
	}
	add("other key", seal(t, other, b, "other").b)
	writeJSON(t, "testdata/negative.json", bad)
}

// otherPlaces are what a sealed thing must not open in.
func otherPlaces() map[string]func(*Wrapped, *Binding) {
	return map[string]func(*Wrapped, *Binding){
		"other row":       func(_ *Wrapped, b *Binding) { b.Row[0]++ },
		"other table":     func(_ *Wrapped, b *Binding) { b.Table = "notes" },
		"other revision":  func(_ *Wrapped, b *Binding) { b.Revision++ },
		"other column":    func(_ *Wrapped, b *Binding) { b.Clear[1] = int64(10) },
		"other workspace": func(w *Wrapped, _ *Binding) { w.Workspace[0]++ },
		"other subject":   func(w *Wrapped, _ *Binding) { w.Subject.ID[0]++ },
		"other kind":      func(w *Wrapped, _ *Binding) { w.Subject.Kind = KindRoom },
		"other version":   func(w *Wrapped, _ *Binding) { w.Version++ },
		"other key id":    func(w *Wrapped, _ *Binding) { w.ID[0]++ },
	}
}

func makeStreamVectors(t *testing.T, h *Held, b Binding) {
	t.Helper()
	text := "All that is sent here stays here."
	sealed, digest := sealStream(t, h, b, []byte(text))
	empty, none := sealStream(t, h, b, nil)
	all := []streamVector{
		{"a text", hex.EncodeToString(sealed), text, hex.EncodeToString(digest[:])},
		{"nothing", hex.EncodeToString(empty), "", hex.EncodeToString(none[:])},
	}
	add := func(what string, b []byte) {
		all = append(all, streamVector{What: what, Sealed: hex.EncodeToString(b)})
	}
	for i := range sealed {
		c := bytes.Clone(sealed)
		c[i] ^= 1
		add("bit flipped in byte "+hex.EncodeToString([]byte{byte(i)}), c)
	}
	for _, n := range []int{0, 1, 5, streamFront, streamHeader, streamHeader + tagSize, len(sealed) - 1} {
		add("cut", sealed[:n])
	}
	add("longer by one byte", append(bytes.Clone(sealed), 0))
	for what, change := range otherPlaces() {
		key, place := goldenWrapped(), b
		place.Clear = append([]any(nil), b.Clear...)
		change(&key, &place)
		other, err := newHeld(key, bytes.Repeat([]byte{0x42}, 32))
		if err != nil {
			t.Fatal(err)
		}
		moved, _ := sealStream(t, other, place, []byte(text))
		add(what, moved)
	}
	writeJSON(t, "testdata/stream.json", all)
}

func writeJSON(t *testing.T, path string, v any) {
	t.Helper()
	out, err := json.MarshalIndent(v, "", " ")
	if err == nil {
		err = os.WriteFile(path, append(out, '\n'), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
