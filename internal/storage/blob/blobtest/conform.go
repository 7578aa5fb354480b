package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"parlatory/internal/storage/blob"
)

// Conform runs the suite; open gives an empty store each time.
func Conform(t *testing.T, open func(t *testing.T) blob.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, blob.Store){
		"put and open": putAndOpen, "sizes": sizes, "names": names, "taken": taken, "once": once, "wrong sizes": wrongSizes,
		"delete": remove, "list": list, "canceled": canceled, "broken reader": broken,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func body(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8*13 + i>>16)
	}
	return b
}

// Put stores a body or ends the test.
func Put(t *testing.T, s blob.Store, name string, b []byte) {
	t.Helper()
	if err := s.Put(t.Context(), name, bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
}

// Get reads a body whole.
func Get(t *testing.T, s blob.Store, name string) ([]byte, error) {
	t.Helper()
	b, err := s.Open(t.Context(), name)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
}

func putAndOpen(t *testing.T, s blob.Store) {
	want := body(3<<20 + 17)
	Put(t, s, "a/0123456789ab-cd/1", want)
	b, err := s.Open(t.Context(), "a/0123456789ab-cd/1")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if b.Size() != int64(len(want)) {
		t.Fatalf("size %d", b.Size())
	}
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			for i := range 25 {
				off := (i*131_071 + g*7) % len(want)
				p := make([]byte, 65_536+g)
				n, err := b.ReadAt(p, int64(off))
				if rest := want[off:min(len(want), off+len(p))]; !bytes.Equal(p[:n], rest) || (n < len(p)) != errors.Is(err, io.EOF) {
					t.Errorf("%d at %d: %v", n, off, err)
				}
			}
		})
	}
	wait.Wait()
	if n, err := b.ReadAt(make([]byte, 1), b.Size()); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("past the end: %d, %v", n, err)
	}
	if _, err := b.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("before the start")
	}
}

func sizes(t *testing.T, s blob.Store) {
	for i, n := range []int{0, 1, 65_535, 65_536, 65_537, 1<<20 - 1, 1 << 20, 1<<20 + 1} {
		name := "sizes/" + string(rune('a'+i))
		Put(t, s, name, body(n))
		if got, err := Get(t, s, name); err != nil || !bytes.Equal(got, body(n)) {
			t.Errorf("%d bytes: %d, %v", n, len(got), err)
		}
	}
}

// Names that lead elsewhere, or are two spellings of one file somewhere, are no names.
func names(t *testing.T, s blob.Store) {
	for _, name := range []string{"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "A", "a b", "a\\b", "a\x00", "a.blob", ".tmp/x", "+a", "é", "a\n",
		strings.Repeat("a", blob.MaxName+1)} {
		if err := s.Put(t.Context(), name, strings.NewReader("x"), 1); err == nil {
			t.Errorf("put %q", name)
		}
		if b, err := s.Open(t.Context(), name); err == nil || b != nil {
			t.Errorf("open %q", name)
		}
		if err := s.Delete(t.Context(), name); err == nil {
			t.Errorf("delete %q", name)
		}
	}
	for _, name := range []string{"a", "b/b", "b/c/d", "abcdef", "abcdefg", "abcdefgh/i", strings.Repeat("ab/", blob.MaxName/3)[:blob.MaxName-1]} {
		Put(t, s, name, []byte(name))
		if got, err := Get(t, s, name); err != nil || string(got) != name {
			t.Errorf("%q holds %q, %v", name, got, err)
		}
	}
}

func taken(t *testing.T, s blob.Store) {
	Put(t, s, "a/b", []byte("first"))
	for _, text := range []string{"second", "first", ""} {
		if err := s.Put(t.Context(), "a/b", strings.NewReader(text), int64(len(text))); !errors.Is(err, blob.ErrTaken) {
			t.Errorf("second body: %v", err)
		}
	}
	if got, err := Get(t, s, "a/b"); err != nil || string(got) != "first" {
		t.Errorf("%q, %v", got, err)
	}
}

// Of several at once one is stored.
func once(t *testing.T, s blob.Store) {
	var stored, refused atomic.Int32
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			b := bytes.Repeat([]byte{byte(i)}, 100_000)
			switch err := s.Put(t.Context(), "abcdefgh/ijklmnop", bytes.NewReader(b), int64(len(b))); {
			case err == nil:
				stored.Add(1)
			case errors.Is(err, blob.ErrTaken):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if stored.Load() != 1 || refused.Load() != 7 {
		t.Errorf("%d stored, %d refused", stored.Load(), refused.Load())
	}
	got, err := Get(t, s, "abcdefgh/ijklmnop")
	if err != nil || len(got) != 100_000 || !bytes.Equal(got, bytes.Repeat(got[:1], 100_000)) {
		t.Errorf("a mixture of bodies: %d, %v", len(got), err)
	}
}

func absent(t *testing.T, s blob.Store, name string) {
	t.Helper()
	if _, err := s.Open(context.WithoutCancel(t.Context()), name); !errors.Is(err, blob.ErrNone) {
		t.Errorf("%s is there: %v", name, err)
	}
	if items, err := s.List(context.WithoutCancel(t.Context()), "", "", 0); err != nil || slices.ContainsFunc(items, func(i blob.Item) bool { return i.Name == name }) {
		t.Errorf("%s is listed: %v", name, err)
	}
}

func wrongSizes(t *testing.T, s blob.Store) {
	for _, c := range []struct {
		has  int
		said int64
	}{{10, 11}, {10, 9}, {0, 1}, {1, 0}, {2_000_000, 1_999_999}, {2_000_000, 2_000_001}, {10, -1}} {
		if err := s.Put(t.Context(), "wrong", bytes.NewReader(body(c.has)), c.said); !errors.Is(err, blob.ErrSize) {
			t.Errorf("%d bytes said to be %d: %v", c.has, c.said, err)
		}
		absent(t, s, "wrong")
	}
	Put(t, s, "wrong", []byte("right"))
}

func remove(t *testing.T, s blob.Store) {
	Put(t, s, "abcdefg/1", []byte("x"))
	Put(t, s, "abcdefg/2", []byte("y"))
	for range 2 {
		if err := s.Delete(t.Context(), "abcdefg/1"); err != nil {
			t.Fatal(err)
		}
	}
	absent(t, s, "abcdefg/1")
	if got, err := Get(t, s, "abcdefg/2"); err != nil || string(got) != "y" {
		t.Errorf("its neighbour: %q, %v", got, err)
	}
	Put(t, s, "abcdefg/1", []byte("z")) // its name is free again
	if got, err := Get(t, s, "abcdefg/1"); err != nil || string(got) != "z" {
		t.Errorf("%q, %v", got, err)
	}
}

func list(t *testing.T, s blob.Store) {
	all := []string{"0", "a-b", "a/b/c", "a/c", "a0", "abcde", "abcdef-x", "abcdef/1", "abcdef0", "abcdefg/1", "abcdefg/2", "b/018f3a11-0/1", "b/018f3a11-0/2",
		"b/018f3a11-1/1", "b/018f3b00-0/1", "b/0", "c"}
	began := time.Now().Add(-2 * time.Second)
	for i, name := range all {
		Put(t, s, name, body(i))
	}
	sorted := slices.Sorted(slices.Values(all))
	for _, prefix := range []string{"", "a", "a/", "abcdef", "abcdefg", "abc", "b/", "b/018f3a", "b/018f3a11-0/", "zz", "A"} {
		for _, after := range append([]string{"", "0", "a/", "b/018f3a11-0/", "b/018f", "zzz"}, all...) {
			for _, limit := range []int{0, 1, 3} {
				var want []string
				for _, name := range sorted {
					if strings.HasPrefix(name, prefix) && name > after && (limit == 0 || len(want) < limit) {
						want = append(want, name)
					}
				}
				items, err := s.List(t.Context(), prefix, after, limit)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, i := range items {
					got = append(got, i.Name)
					if at := slices.Index(all, i.Name); i.Size != int64(at) || i.At.Before(began) || i.At.After(time.Now().Add(2*time.Second)) {
						t.Errorf("%+v", i)
					}
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%q after %q, %d: %q, want %q", prefix, after, limit, got, want)
				}
			}
		}
	}
}

func canceled(t *testing.T, s blob.Store) {
	Put(t, s, "there", body(100))
	ctx, cancel := context.WithCancel(t.Context())
	b, err := s.Open(ctx, "there")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	cut := readerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil })
	if err := s.Put(ctx, "gone", cut, 1<<30); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	absent(t, s, "gone")
	if _, err := s.Open(ctx, "there"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := b.ReadAt(make([]byte, 10), 0); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func broken(t *testing.T, s blob.Store) {
	cut := io.MultiReader(bytes.NewReader(body(1_000_000)), iotest.ErrReader(io.ErrNoProgress))
	if err := s.Put(t.Context(), "cut", cut, 2_000_000); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
	absent(t, s, "cut")
}
