package vault

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"parlatory"
)

func TestAC_121_ValuesStayInTheirPlace(t *testing.T) {
	r, m := house(t)
	contact, other := ContactKey(newID[parlatory.ContactKind]()), ContactKey(newID[parlatory.ContactKind]())
	ws := space(t, r, m, contact, other)
	ws2 := space(t, r, m, contact) // the same subject id in another workspace
	h := hold(t, r, ws, contact)
	at := time.Date(2026, 11, 23, 12, 0, 0, 1000, time.UTC)
	author := newID[parlatory.StaffKind]()
	place := func(change func(*Binding)) Binding {
		b := Binding{Table: "messages", Row: [16]byte{1}, Revision: 3, Clear: []any{author, at, int64(7), "staff", true}}
		if change != nil {
			b.Clear = append([]any(nil), b.Clear...)
			change(&b)
		}
		return b
	}
	s := seal(t, h, place(nil), "hello")
	if plain, err := h.Open(place(nil), s); err != nil || string(plain) != "hello" {
		t.Fatalf("in its place: %q, %v", plain, err)
	}
	for what, change := range map[string]func(*Binding){
		"row":                    func(b *Binding) { b.Row[15]++ },
		"table":                  func(b *Binding) { b.Table = "notes" },
		"older revision":         func(b *Binding) { b.Revision-- },
		"author":                 func(b *Binding) { b.Clear[0] = newID[parlatory.StaffKind]() },
		"time":                   func(b *Binding) { b.Clear[1] = at.Add(time.Microsecond) },
		"no time":                func(b *Binding) { b.Clear[1] = time.Time{} },
		"sequence":               func(b *Binding) { b.Clear[2] = int64(8) },
		"text":                   func(b *Binding) { b.Clear[3] = "stafF" },
		"type":                   func(b *Binding) { b.Clear[4] = int64(1) },
		"one column fewer":       func(b *Binding) { b.Clear = b.Clear[:4] },
		"one more":               func(b *Binding) { b.Clear = append(b.Clear, "") },
		"two columns exchanged":  func(b *Binding) { b.Clear[2], b.Clear[3] = b.Clear[3], b.Clear[2] },
		"a boundary moved":       func(b *Binding) { b.Table, b.Clear[3] = "message", "sstaff" },
		"an id as its own bytes": func(b *Binding) { b.Clear[0] = author[:] },
	} {
		refuses(t, "other "+what, h, place(change), s)
	}
	refuses(t, "another contact", hold(t, r, ws, other), place(nil), s)
	refuses(t, "another workspace", hold(t, r, ws2, contact), place(nil), s)
	refuses(t, "the settings' key", hold(t, r, ws, Settings), place(nil), s)
}

func TestAC_121_EveryBitAndEveryCut(t *testing.T) {
	r, m := house(t)
	ws := space(t, r, m)
	h := hold(t, r, ws, Settings)
	b := Binding{Table: "workspaces", Row: [16]byte{1}, Revision: 1, Clear: []any{netip.MustParseAddr("192.0.2.1")}}
	s := seal(t, h, b, "a company's name")
	for i := range s.b {
		for bit := range 8 {
			c := append([]byte(nil), s.b...)
			c[i] ^= 1 << bit
			refuses(t, fmt.Sprintf("bit %d of byte %d", bit, i), h, b, Sealed{c})
		}
		refuses(t, "a value cut", h, b, Sealed{s.b[:i]})
		var back Sealed
		if i < Overhead && back.Scan(s.b[:i]) == nil {
			t.Errorf("%d bytes were read as a sealed value", i)
		}
	}
	refuses(t, "a value with more behind it", h, b, Sealed{append(append([]byte(nil), s.b...), 0)})
	refuses(t, "nothing", h, b, Sealed{})
	second := seal(t, h, b, "a company's name")
	mixed := append(append([]byte(nil), s.b[:sealHeader]...), second.b[sealHeader:]...)
	refuses(t, "one value's head on another's body", h, b, Sealed{mixed})
}

// Two keys with the same place: the row is opened only by the key version that made it, even when an attacker writes
// the other version's number into it.
func TestAC_121_OtherKeyVersion(t *testing.T) {
	raw1, raw2 := make([]byte, 32), make([]byte, 32)
	raw2[0] = 1
	w := Wrapped{Workspace: newID[parlatory.WorkspaceKind](), Subject: Settings, Version: 1, Parent: 1, ID: newID[parlatory.KeyKind]()}
	one, err1 := newHeld(w, raw1)
	w.Version = 2
	two, err2 := newHeld(w, raw2)
	same, err3 := newHeld(w, raw1) // the same bytes under another version
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	b := Binding{Table: "sites", Row: [16]byte{1}}
	s := seal(t, one, b, "x")
	refuses(t, "newer version", two, b, s)
	forged := Sealed{append([]byte(nil), s.b...)}
	forged.b[4] = 2
	refuses(t, "version rewritten", two, b, forged)
	refuses(t, "version rewritten, same key bytes", same, b, forged)
	if s.Version() != 1 || forged.Version() != 2 {
		t.Error("version hint")
	}
}

// Without the commitment GCM would open a crafted value under a second key: with it, a value carries one key's mark.
func TestAC_122_OneKeyOnly(t *testing.T) {
	w := Wrapped{Workspace: newID[parlatory.WorkspaceKind](), Subject: Settings, Version: 1, Parent: 1, ID: newID[parlatory.KeyKind]()}
	raw := make([]byte, 32)
	mine, err := newHeld(w, raw)
	if err != nil {
		t.Fatal(err)
	}
	raw[31] = 1
	theirs, err := newHeld(w, raw)
	if err != nil {
		t.Fatal(err)
	}
	if mine.sealing.commit == theirs.sealing.commit {
		t.Fatal("two keys have one commitment")
	}
	b := Binding{Table: "sites", Row: [16]byte{1}}
	// The attacker knows both keys: the ciphertext is sound under theirs, the mark is ours. What would otherwise open
	// must not, and the other way round.
	s := seal(t, theirs, b, "salamander")
	copy(s.b[5:], mine.sealing.commit[:])
	refuses(t, "sound ciphertext, other key's mark", theirs, b, s)
	refuses(t, "own mark, other key's ciphertext", mine, b, s)
	// Red check of the defence: with the right mark the very same bytes open.
	copy(s.b[5:], theirs.sealing.commit[:])
	if plain, err := theirs.Open(b, s); err != nil || string(plain) != "salamander" {
		t.Errorf("with its own mark: %q, %v", plain, err)
	}
	one, err := newWrapper("workspace", raw)
	if err != nil {
		t.Fatal(err)
	}
	blob, err := one.wrap(make([]byte, 32), []byte("ad"))
	if err != nil {
		t.Fatal(err)
	}
	blob[1] ^= 1
	if _, err := one.unwrap(blob, []byte("ad")); !errors.Is(err, ErrOpen) {
		t.Errorf("wrapped key with another mark: %v", err)
	}
}

func TestAC_121_WrappedKeysStayInTheirPlace(t *testing.T) {
	r, m := house(t)
	contact := ContactKey(newID[parlatory.ContactKind]())
	ws := space(t, r, m, contact)
	fresh := func() *Ring { return NewRing(Options{Anchors: r.anchors, Shelf: m}) }
	for what, change := range map[string]func(*Wrapped){
		"another version":   func(w *Wrapped) { w.Version++ },
		"version 0":         func(w *Wrapped) { w.Version = 0 },
		"another subject":   func(w *Wrapped) { w.Subject = Settings },
		"another workspace": func(w *Wrapped) { w.Workspace = newID[parlatory.WorkspaceKind]() },
		"another id":        func(w *Wrapped) { w.ID = newID[parlatory.KeyKind]() },
		"no id":             func(w *Wrapped) { w.ID = parlatory.KeyID{} },
		"a byte less":       func(w *Wrapped) { w.Blob = w.Blob[:len(w.Blob)-1] },
		"nothing":           func(w *Wrapped) { w.Blob = nil },
	} {
		m.change = change
		if h, err := fresh().Hold(t.Context(), ws, contact); !errors.Is(err, ErrOpen) || h != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i := range wrappedSize {
		for bit := range 8 {
			m.change = func(w *Wrapped) {
				if w.Subject == contact {
					w.Blob[i] ^= 1 << bit
				}
			}
			if _, err := fresh().Hold(t.Context(), ws, contact); !errors.Is(err, ErrOpen) {
				t.Fatalf("bit %d of byte %d: %v", bit, i, err)
			}
		}
	}
	m.change = nil
	// A contact's wrapped key put in another's place, columns and all but the subject's.
	moved := m.keys[slot{ws, contact, 0}]
	moved.Subject = ContactKey(newID[parlatory.ContactKind]())
	m.put(moved)
	if _, err := fresh().Hold(t.Context(), ws, moved.Subject); !errors.Is(err, ErrOpen) {
		t.Errorf("moved key: %v", err)
	}
	other := NewRing(Options{Root: newRoot(t), Shelf: m})
	if _, err := other.Hold(t.Context(), ws, contact); !errors.Is(err, ErrOpen) {
		t.Errorf("another root: %v", err)
	}
}
