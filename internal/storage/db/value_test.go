package db

import (
	"bytes"
	"database/sql/driver"
	"math"
	"testing"
	"time"

	"parlatory"
)

type tint uint16

type rowBytes []byte

type wrapped struct{ inner any }

func (w wrapped) SQL() any { return w.inner }

func TestArguments(t *testing.T) {
	id := client()
	at := time.Date(2026, 11, 1, 0, 0, 0, 5000, time.UTC)
	five := 5
	for _, c := range []struct{ in, want any }{
		{nil, nil}, {"a", "a"}, {5, int64(5)}, {int32(-5), int64(-5)}, {uint64(7), int64(7)}, {true, int64(1)}, {false, int64(0)}, {1.5, 1.5},
		{at, at.UnixMicro()}, {time.Time{}, nil}, {&five, int64(5)}, {(*int)(nil), nil}, {(*parlatory.ClientID)(nil), nil}, {parlatory.ClientID{}, nil},
		{parlatory.MessagePosted, "message.posted"}, {tint(3), int64(3)}, {wrapped{wrapped{"in"}}, "in"}, {(*wrapped)(nil), nil}, {[]byte(nil), nil},
	} {
		if got, err := argument(c.in); err != nil || got != c.want {
			t.Errorf("%T %v became %v, %v", c.in, c.in, got, err)
		}
	}
	for _, in := range []any{id, &id, id.Raw(), rowBytes(id[:]), wrapped{id}} {
		if got, err := argument(in); err != nil || !bytes.Equal(got.([]byte), id[:]) {
			t.Errorf("%T became %v, %v", in, got, err)
		}
	}
	for _, in := range []any{uint64(math.MaxUint64), struct{}{}, []int{1}, map[string]int{}, parlatory.NewSecret("x"), make(chan int), func() {}} {
		if got, err := argument(in); err == nil {
			t.Errorf("%T became %v", in, got)
		}
	}
}

func scanned[T any](t *testing.T, src driver.Value) T {
	t.Helper()
	var v T
	if err := assign(&v, src); err != nil {
		t.Errorf("%T %v: %v", src, src, err)
	}
	return v
}

func TestScans(t *testing.T) {
	id := client()
	if scanned[string](t, "a") != "a" || scanned[string](t, []byte("b")) != "b" || scanned[string](t, nil) != "" || scanned[parlatory.EventKind](t, "k") != "k" {
		t.Error("text")
	}
	if scanned[int](t, int64(5)) != 5 || scanned[uint32](t, int64(5)) != 5 || scanned[int64](t, "12") != 12 || scanned[tint](t, nil) != 0 || !scanned[bool](t, int64(1)) {
		t.Error("numbers")
	}
	if scanned[parlatory.ClientID](t, id[:]) != id || !scanned[parlatory.ClientID](t, nil).Zero() || scanned[[16]byte](t, id[:]) != id.Raw() || len(scanned[rowBytes](t, id[:])) != 16 {
		t.Error("bytes")
	}
	if !scanned[time.Time](t, int64(1_000_000)).Equal(time.Unix(1, 0)) || !scanned[time.Time](t, nil).IsZero() || !scanned[time.Time](t, int64(0)).IsZero() {
		t.Error("times")
	}
	if p := scanned[*int64](t, int64(4)); p == nil || *p != 4 || scanned[*int64](t, nil) != nil {
		t.Error("pointers")
	}
	var tiny int8
	var small uint8
	var pair [2]byte
	for _, c := range []struct {
		dest any
		src  driver.Value
	}{{&tiny, int64(200)}, {&small, int64(-1)}, {&small, int64(256)}, {&pair, []byte{1}}, {&tiny, "x"}, {new(string), int64(1)}, {tiny, int64(1)}, {new([]byte), 1.5}, {&id, []byte{1}}} {
		if err := assign(c.dest, c.src); err == nil {
			t.Errorf("%T took %T %v", c.dest, c.src, c.src)
		}
	}
}
