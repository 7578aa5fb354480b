//go:build goexperiment.runtimesecret && linux && (amd64 || arm64)

package vault

import (
	"bufio"
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"parlatory"
)

const mask = 0xa5

// masked keeps bytes in a form that a search for them does not find.
type masked [keySize]byte

func (m *masked) set(b []byte) {
	for i := range m {
		m[i] = b[i] ^ mask
	}
}

// copies counts where the bytes stand in the process's writable memory.
func copies(t *testing.T, wanted ...*masked) []int {
	t.Helper()
	mem, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Skip(err)
	}
	defer mem.Close()
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		t.Skip(err)
	}
	defer maps.Close()
	const window = 1 << 20
	buf, err := syscall.Mmap(-1, 0, window, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Munmap(buf) }()
	own := uint64(uintptr(unsafe.Pointer(&buf[0])))
	found := make([]int, len(wanted))
	for s := bufio.NewScanner(maps); s.Scan(); {
		var from, to uint64
		var perm string
		if _, err := fmt.Sscanf(s.Text(), "%x-%x %s", &from, &to, &perm); err != nil || !strings.HasPrefix(perm, "rw") {
			continue
		}
		for at := from; at < to; at += window - keySize {
			n := min(window, to-at)
			if at < own+window && own < at+n {
				continue // the window itself
			}
			if _, err := mem.ReadAt(buf[:n], int64(at)); err != nil {
				continue
			}
			for i, w := range wanted {
				found[i] += count(buf[:n], w)
			}
		}
	}
	return found
}

func count(b []byte, w *masked) int {
	n := 0
	for i := 0; i+keySize <= len(b); i++ {
		j := 0
		for j < keySize && b[i+j] == w[j]^mask {
			j++
		}
		if j == keySize {
			n++
		}
	}
	return n
}

// After a key is forgotten and its memory collected, no copy of it is left in the process: neither of the raw key nor
// of the one derived from it.
func TestAC_125_ForgottenKeysLeaveNoCopy(t *testing.T) {
	if underRace {
		t.Skip("the race detector keeps shadows of memory")
	}
	r, m := house(t)
	contact := ContactKey(newID[parlatory.ContactKind]())
	ws := space(t, r, m, contact)
	raw, derived := new(masked), new(masked)
	b := Binding{Table: "messages", Row: [16]byte{1}}
	s := func() Sealed {
		r.minted.forget(func(slot) bool { return true })
		h := hold(t, r, ws, contact)
		w := m.keys[slot{ws, contact, 0}]
		erase(func() {
			parent, err := r.space(t.Context(), ws, w.Parent)
			if err != nil {
				panic(err)
			}
			key, err := parent.wrapper.unwrap(w.Blob, w.ad())
			if err != nil {
				panic(err)
			}
			raw.set(key)
			used, _, err := split("seal", key)
			if err != nil {
				panic(err)
			}
			derived.set(used)
			clear(key)
			clear(used)
		})
		s := seal(t, h, b, "x")
		if n := copies(t, derived)[0]; n == 0 {
			t.Error("a key in use is not found: the search would not find a forgotten one either")
		}
		runtime.KeepAlive(h)
		return s
	}()
	r.ForgetWorkspace(ws)
	runtime.GC()
	runtime.GC()
	if n := copies(t, raw, derived); n[0] != 0 || n[1] != 0 {
		t.Errorf("%d copies of the raw key, %d of the derived key are left", n[0], n[1])
	}
	if _, err := hold(t, r, ws, contact).Open(b, s); err != nil {
		t.Error(err)
	}
}

// The keys of streams and MACs go with the Held, and the key of one stream goes with its reader and writer. Of the content nothing stays in
// the buffers.
func TestAC_125_ForgottenStreamKeysLeaveNoCopy(t *testing.T) {
	if underRace {
		t.Skip("the race detector keeps shadows of memory")
	}
	r, m := house(t)
	contact := ContactKey(newID[parlatory.ContactKind]())
	ws := space(t, r, m, contact)
	r.minted.forget(func(slot) bool { return true })
	stream, mac, one, text := new(masked), new(masked), new(masked), new(masked)
	b := Binding{Table: "parts", Row: [16]byte{1}}
	func() {
		h := hold(t, r, ws, contact)
		h.MAC("x", []byte("y"))
		secret := make([]byte, keySize) // of nobody else: what other tests sealed may still lie about
		if _, err := rand.Read(secret); err != nil {
			t.Fatal(err)
		}
		text.set(secret)
		var out bytes.Buffer
		w, err := h.SealStream(b, &out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(secret); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		in, err := h.OpenStream(b, bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			t.Fatal(err)
		}
		clear(secret)
		if _, err := io.ReadFull(in, secret); err != nil {
			t.Fatal(err)
		}
		clear(secret)
		ad, err := h.sealing.streamAD(b)
		if err != nil {
			t.Fatal(err)
		}
		erase(func() {
			stream.set(h.sealing.more.stream)
			mac.set(h.sealing.more.mac)
			key, err := hkdf.Key(sha256.New, h.sealing.more.stream, out.Bytes()[streamFront+1:][:saltSize], string(ad), keySize)
			if err != nil {
				panic(err)
			}
			one.set(key)
			clear(key)
		})
		for i, n := range copies(t, stream, mac, one, text) {
			if n == 0 {
				t.Errorf("key %d is not found in use: the search would not find a forgotten one either", i)
			}
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		runtime.KeepAlive(h)
	}()
	r.ForgetWorkspace(ws)
	runtime.GC()
	runtime.GC()
	for i, n := range copies(t, stream, mac, one, text) {
		if n != 0 {
			t.Errorf("%d copies of key %d are left", n, i)
		}
	}
}
