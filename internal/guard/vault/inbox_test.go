package vault

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"testing"

	"parlatory"
)

type inboxVector struct {
	Private, Public, Info, AD, Text, Sealed string
}

// goldenInbox is the first version of the form: it must open for ever.
func goldenInbox(t testing.TB) (h *Held, b Binding, private Sealed, v inboxVector) {
	t.Helper()
	h, b = goldenHeld(t, bytes.Repeat([]byte{0x42}, 32))
	readVectors(t, "testdata/inbox.json", &v)
	return h, b, Sealed{unhex(t, v.Private)}, v
}

func TestMakeInboxVector(t *testing.T) {
	if os.Getenv("PARLATORY_MAKE_VECTORS") != "inbox" {
		t.Skip("only for a new format")
	}
	h, b := goldenHeld(t, bytes.Repeat([]byte{0x42}, 32))
	private, public, err := MintInbox(h, b)
	if err != nil {
		t.Fatal(err)
	}
	v := inboxVector{Private: hex.EncodeToString(private.b), Public: hex.EncodeToString(public), Info: "visitors", AD: "room 1", Text: "Is anybody there?"}
	sealed, err := SealInbox(public, []byte(v.Info), []byte(v.AD), []byte(v.Text))
	if err != nil {
		t.Fatal(err)
	}
	v.Sealed = hex.EncodeToString(sealed)
	writeJSON(t, "testdata/inbox.json", v)
}

func TestInbox(t *testing.T) {
	h, b, private, v := goldenInbox(t)
	if got, err := OpenInbox(h, b, private, []byte(v.Info), []byte(v.AD), unhex(t, v.Sealed)); err != nil || string(got) != v.Text {
		t.Fatalf("golden message: %q, %v", got, err)
	}
	private, public, err := MintInbox(h, b)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 1000, MaxPlain} {
		sealed, err := SealInbox(public, nil, nil, content(n))
		if err != nil || len(sealed) != InboxOverhead+n {
			t.Fatal(len(sealed), err)
		}
		if got, err := OpenInbox(h, b, private, nil, nil, sealed); err != nil || !bytes.Equal(got, content(n)) {
			t.Errorf("%d bytes: %d, %v", n, len(got), err)
		}
	}
	if _, err := SealInbox(public, nil, nil, make([]byte, MaxPlain+1)); parlatory.KindOf(err) != parlatory.KindTooLarge {
		t.Error(err)
	}
	if one, err := SealInbox(public, nil, nil, nil); err != nil {
		t.Error(err)
	} else if two, err := SealInbox(public, nil, nil, nil); err != nil || bytes.Equal(one, two) {
		t.Error("two messages are one", err)
	}
	for _, bad := range [][]byte{nil, public[:len(public)-1], append(bytes.Clone(public), 0), bytes.Repeat([]byte{0xff}, len(public))} {
		if _, err := SealInbox(bad, nil, nil, nil); err == nil {
			t.Errorf("a public key of %d bytes is taken", len(bad))
		}
	}
}

func TestInboxRefusesEveryChange(t *testing.T) {
	h, b, private, v := goldenInbox(t)
	info, ad, sealed := []byte(v.Info), []byte(v.AD), unhex(t, v.Sealed)
	refuses := func(what string, h *Held, b Binding, private Sealed, info, ad, sealed []byte) {
		t.Helper()
		if got, err := OpenInbox(h, b, private, info, ad, sealed); !errors.Is(err, ErrOpen) || got != nil {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
	for i := range sealed {
		c := bytes.Clone(sealed)
		c[i] ^= 1 << (i % 8)
		refuses(fmt.Sprintf("byte %d", i), h, b, private, info, ad, c)
	}
	for _, n := range []int{0, 1, inboxEnc, InboxOverhead - 1, len(sealed) - 1} {
		refuses("cut", h, b, private, info, ad, sealed[:n])
	}
	refuses("longer", h, b, private, info, ad, append(bytes.Clone(sealed), 0))
	refuses("other info", h, b, private, []byte("visitor"), ad, sealed)
	refuses("part of the info moved", h, b, private, []byte("visitorsroom 1"), nil, sealed)
	refuses("other data", h, b, private, info, []byte("room 2"), sealed)
	other, public, err := MintInbox(h, b)
	if err != nil {
		t.Fatal(err)
	}
	refuses("other key", h, b, other, info, ad, sealed)
	theirs, err := SealInbox(public, info, ad, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	refuses("message to another", h, b, private, info, ad, theirs)
	moved := b
	moved.Revision++
	refuses("private key of another row", h, moved, private, info, ad, sealed)
	refuses("a value that is no key", h, b, seal(t, h, b, "short"), info, ad, sealed)
	for what, change := range otherPlaces() {
		key, place := goldenWrapped(), b
		place.Clear = append([]any(nil), b.Clear...)
		change(&key, &place)
		held, err := newHeld(key, bytes.Repeat([]byte{0x42}, 32))
		if err != nil {
			t.Fatal(err)
		}
		refuses(what, held, place, private, info, ad, sealed)
	}
}

func FuzzInbox(f *testing.F) {
	h, b, private, v := goldenInbox(f)
	golden := unhex(f, v.Sealed)
	f.Add(golden)
	f.Add(golden[:InboxOverhead])
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := OpenInbox(h, b, private, []byte(v.Info), []byte(v.AD), in)
		if (err == nil) != bytes.Equal(in, golden) || err != nil && !errors.Is(err, ErrOpen) {
			t.Fatalf("%x: %q, %v", in, got, err)
		}
	})
}
