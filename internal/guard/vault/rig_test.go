package vault

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"parlatory"
)

// memory is a shelf in memory.
type memory struct {
	mu      sync.Mutex
	keys    map[slot]Wrapped
	fetches int
	change  func(*Wrapped)
}

func newMemory() *memory { return &memory{keys: map[slot]Wrapped{}} }

func (m *memory) put(keys ...Wrapped) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range keys {
		m.keys[slot{w.Workspace, w.Subject, w.Version}] = w
		m.keys[slot{w.Workspace, w.Subject, 0}] = w
	}
}

func (m *memory) get(s slot) (Wrapped, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fetches++
	w, ok := m.keys[s]
	if !ok {
		return w, ErrNoKey
	}
	w.Blob = append([]byte(nil), w.Blob...)
	if m.change != nil {
		m.change(&w)
	}
	return w, nil
}

func (m *memory) WorkspaceKey(_ context.Context, ws parlatory.WorkspaceID, v uint32) (Wrapped, error) {
	return m.get(slot{ws, spaceSubject, v})
}

func (m *memory) Spend(_ context.Context, ws parlatory.WorkspaceID, s Subject, v uint32, n int64) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w, ok := m.keys[slot{ws, s, v}]
	if !ok {
		return 0, ErrNoKey
	}
	w.Seals += uint64(n)
	m.keys[slot{ws, s, v}] = w
	return int64(w.Seals), nil
}

func (m *memory) SubjectKeys(_ context.Context, ws parlatory.WorkspaceID, kind string, ids [][16]byte) (all []Wrapped, err error) {
	for _, id := range ids {
		newest, err := m.get(slot{ws, Subject{kind, id}, 0})
		if errors.Is(err, ErrNoKey) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, newest)
		for v := range newest.Version - 1 {
			if w, ok := m.keys[slot{ws, Subject{kind, id}, v + 1}]; ok {
				all = append(all, w)
			}
		}
	}
	return all, nil
}

// newHeld is one version of a key, whose door stands open.
func newHeld(w Wrapped, raw []byte) (h *Held, err error) {
	erase(func() {
		var e *edition
		if e, err = newEdition(w, raw); err == nil {
			m := newMeters()
			e.meter = m.of(w)
			h = &Held{workspace: w.Workspace, subject: w.Subject, sealing: e, door: &door{clock: parlatory.SystemClock{}, pace: paceOf(0)}, meters: m}
			h.door.until.Store(forever)
		}
	})
	return h, err
}

func newRoot(t testing.TB) Root {
	t.Helper()
	path := filepath.Join(t.TempDir(), "root.key")
	if err := CreateKeyFile(path, nil); err != nil {
		t.Fatal(err)
	}
	root, err := OpenKeyFile(t.Context(), KeyFile{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// house is a ring whose house stands.
func house(t testing.TB) (*Ring, *memory) {
	t.Helper()
	m := newMemory()
	r := NewRing(Options{Root: newRoot(t), Shelf: m})
	f, err := r.Found(t.Context(), parlatory.House)
	if err != nil {
		t.Fatal(err)
	}
	m.put(f.Wrapped()...)
	return r, m
}

func newID[K any]() parlatory.ID[K] { return parlatory.NewID[K](parlatory.SystemClock{}) }

// space founds a workspace with some subjects.
func space(t testing.TB, r *Ring, m *memory, subjects ...Subject) parlatory.WorkspaceID {
	t.Helper()
	ws := newID[parlatory.WorkspaceKind]()
	f, err := r.Found(t.Context(), ws, subjects...)
	if err != nil {
		t.Fatal(err)
	}
	m.put(f.Wrapped()...)
	return ws
}

func hold(t testing.TB, r *Ring, ws parlatory.WorkspaceID, s Subject) *Held {
	t.Helper()
	h, err := r.Hold(t.Context(), ws, s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func seal(t testing.TB, h *Held, b Binding, text string) Sealed {
	t.Helper()
	s, err := h.Seal(b, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func refuses(t testing.TB, what string, h *Held, b Binding, s Sealed) {
	t.Helper()
	if plain, err := h.Open(b, s); !errors.Is(err, ErrOpen) || plain != nil {
		t.Errorf("%s: %q, %v", what, plain, err)
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
