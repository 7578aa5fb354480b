//go:build goexperiment.runtimesecret && linux && (amd64 || arm64)

package keyserver

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"parlatory/internal/guard/vault"
	"parlatory/test/keyserver"
)

const mask = 0xa5

// masked keeps bytes in a form that a search for them does not find.
type masked []byte

// set must run inside vault.Erase, m's array being there already.
func (m masked) set(b []byte) {
	for i := range m {
		m[i] = b[i] ^ mask
	}
}

// copies counts where the bytes stand in the process's writable memory.
func copies(t *testing.T, wanted ...masked) []int {
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
	const window, overlap = 1 << 20, 64
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
		for at := from; at < to; at += window - overlap {
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

func count(b []byte, w masked) int {
	n := 0
	for i := 0; i+len(w) <= len(b); i++ {
		j := 0
		for j < len(w) && b[i+j] == w[j]^mask {
			j++
		}
		if j == len(w) {
			n++
		}
	}
	return n
}

// spied holds the forms in which a key of 32 bytes could be left: raw, the whole of its base64, and halves of both.
func spied() []masked {
	return []masked{make(masked, 32), make(masked, 16), make(masked, 16), make(masked, 40), make(masked, 20), make(masked, 20)}
}

func spy(all []masked, raw []byte) {
	text := base64.StdEncoding.AppendEncode(make([]byte, 0, 44), raw)
	for i, part := range [][]byte{raw, raw[:16], raw[16:], text, text[:20], text[20:]} {
		all[i].set(part)
	}
	clear(text)
}

// After a key has gone to the server and come back, and its memory was collected, no copy of it is left in this process: not in TLS's
// buffers, not in HTTP's, not in JSON's, neither raw nor in base64.
func TestWrappedAndUnwrappedKeysLeaveNoCopy(t *testing.T) {
	if underRace {
		t.Skip("the race detector keeps shadows of memory")
	}
	l, _, _ := simple(t, keyserver.Shared(t))
	forms := spied()
	var wrapped []byte
	var failed error
	controls := func() []int {
		var held []byte
		var text []byte
		vault.Erase(func() {
			held = fresh(t)
			spy(forms, held)
			text = base64.StdEncoding.AppendEncode(nil, held)
			wrapped, failed = l.Wrap(t.Context(), held, []byte("here"))
		})
		n := copies(t, forms...)
		runtime.KeepAlive(text)
		clear(held)
		clear(text)
		return n
	}()
	if failed != nil {
		t.Fatal(failed)
	}
	for i, n := range controls {
		if n == 0 {
			t.Error("a key in use is not found in form", i, ": the search would not find one that was left either")
		}
	}
	for round := range 3 {
		vault.Erase(func() {
			raw, err := l.Unwrap(t.Context(), wrapped, []byte("here"))
			if failed = err; err != nil {
				return
			}
			for i := range raw {
				if raw[i] != forms[0][i]^mask {
					failed = fmt.Errorf("another key came back")
				}
			}
			clear(raw)
		})
		if failed != nil {
			t.Fatal(failed)
		}
		runtime.GC()
		runtime.GC()
		for i, n := range copies(t, forms...) {
			if n != 0 {
				t.Errorf("round %d: %d copies are left in form %d", round, n, i)
			}
		}
	}
}

// Callers outside of vault.Erase are no worse off: what Unwrap hands out is theirs to clear, and nothing else is left.
func TestOrdinaryCallersLeaveNoCopyBesideTheirs(t *testing.T) {
	if underRace {
		t.Skip("the race detector keeps shadows of memory")
	}
	l, _, _ := simple(t, keyserver.Shared(t))
	forms := spied()
	var wrapped []byte
	var failed error
	vault.Erase(func() {
		raw := fresh(t)
		spy(forms, raw)
		wrapped, failed = l.Wrap(t.Context(), raw, nil)
		clear(raw)
	})
	if failed != nil {
		t.Fatal(failed)
	}
	raw, err := l.Unwrap(t.Context(), wrapped, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := copies(t, forms[0])[0]; n == 0 {
		t.Error("the key that is held is not found")
	}
	clear(raw)
	runtime.GC()
	runtime.GC()
	for i, n := range copies(t, forms...) {
		if n != 0 {
			t.Errorf("%d copies are left in form %d", n, i)
		}
	}
}
