package vault

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"

	"parlatory"
)

// content is long enough text of no pattern, the same each time.
func content(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return b
}

func sealStream(t testing.TB, h *Held, b Binding, plain []byte) (sealed []byte, digest [32]byte) {
	t.Helper()
	var out bytes.Buffer
	w, err := h.SealStream(b, &out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if w.Sealed() != int64(out.Len()) {
		t.Fatalf("counted %d of %d", w.Sealed(), out.Len())
	}
	return out.Bytes(), w.Digest()
}

// openStream reads all in the way that a download does.
func openStream(h *Held, b Binding, sealed []byte) ([]byte, error) {
	r, err := h.OpenStream(b, bytes.NewReader(sealed), int64(len(sealed)))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// Lengths around every border of a segment.
func streamLengths() []int {
	first := segmentPlain - tinkHeader
	return []int{0, 1, 15, 16, 17, first - 1, first, first + 1, first + segmentPlain - 1, first + segmentPlain, first + segmentPlain + 1, first + 3*segmentPlain + 100}
}

func TestStreamRoundTrip(t *testing.T) {
	h, b := goldenHeld(t, bytes.Repeat([]byte{0x42}, 32))
	for _, n := range streamLengths() {
		plain := content(n)
		sealed, digest := sealStream(t, h, b, plain)
		if StreamSealed(int64(n)) != int64(len(sealed)) {
			t.Fatalf("%d bytes: sealed %d, computed %d", n, len(sealed), StreamSealed(int64(n)))
		}
		if size, err := StreamPlain(int64(len(sealed))); err != nil || size != int64(n) {
			t.Fatalf("%d bytes: computed %d, %v", n, size, err)
		}
		r, err := h.OpenStream(b, bytes.NewReader(sealed), int64(len(sealed)))
		if err != nil {
			t.Fatal(err)
		}
		if r.Size() != int64(n) || r.Digest() != digest {
			t.Fatalf("%d bytes: size %d, or another digest", n, r.Size())
		}
		// The checks of the standard library: Read, Seek and ReadAt at many places.
		if err := iotest.TestReader(r, plain); err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
}

// Written in small pieces, read at random places by many at once.
func TestStreamRandomAccess(t *testing.T) {
	h, b := goldenHeld(t, bytes.Repeat([]byte{0x42}, 32))
	plain := content(5*segmentPlain + 77)
	var out bytes.Buffer
	w, err := h.SealStream(b, &out)
	if err != nil {
		t.Fatal(err)
	}
	for rest := plain; len(rest) > 0; {
		n := min(len(rest), 7919)
		if _, err := w.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := h.OpenStream(b, bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 100 {
				off := rand.IntN(len(plain))
				p := make([]byte, rand.IntN(150_000))
				n, err := r.ReadAt(p, int64(off))
				want := plain[off:min(len(plain), off+len(p))]
				if !bytes.Equal(p[:n], want) || (n < len(p)) != errors.Is(err, io.EOF) {
					t.Errorf("%d bytes at %d: %d, %v", len(p), off, n, err)
				}
			}
		})
	}
	wait.Wait()
}

// Tink opens what is sealed here, and the other way round.
func TestStreamIsTinks(t *testing.T) {
	h, b := goldenHeld(t, bytes.Repeat([]byte{0x42}, 32))
	tink, err := subtle.NewAESGCMHKDF(h.sealing.more.stream, "SHA256", keySize, segmentSize, 0)
	if err != nil {
		t.Fatal(err)
	}
	ad, err := h.sealing.streamAD(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range streamLengths() {
		plain := content(n)
		sealed, _ := sealStream(t, h, b, plain)
		r, err := tink.NewDecryptingReader(bytes.NewReader(sealed[streamFront:]), ad)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d bytes: tink reads %d, %v", n, len(got), err)
		}
		theirs := bytes.NewBuffer(bytes.Clone(sealed[:streamFront]))
		w, err := tink.NewEncryptingWriter(theirs, ad)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := openStream(h, b, theirs.Bytes()); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d bytes of tink: %d, %v", n, len(got), err)
		}
	}
}

func refusesStream(t *testing.T, what string, h *Held, b Binding, sealed, plain []byte) {
	t.Helper()
	got, err := openStream(h, b, sealed)
	if !errors.Is(err, ErrOpen) {
		t.Errorf("%s: %v", what, err)
	}
	if !bytes.HasPrefix(plain, got) {
		t.Errorf("%s: bytes that are not authentic were handed out", what)
	}
}

func TestStreamRefusesEveryBit(t *testing.T) {
	h, b := goldenHeld(t, bytes.Repeat([]byte{0x42}, 32))
	plain := content(2*segmentPlain + 300)
	sealed, _ := sealStream(t, h, b, plain)
	flip := func(i, bit int) {
		c := bytes.Clone(sealed)
		c[i] ^= 1 << bit
		refusesStream(t, fmt.Sprintf("bit %d of byte %d", bit, i), h, b, c, plain)
	}
	for i := range streamHeader {
		for bit := range 8 {
			flip(i, bit)
		}
	}
	for from := 0; from < len(sealed); from += segmentSize {
		start, end := max(streamHeader, streamFront+from), min(len(sealed), streamFront+from+segmentSize)
		for _, i := range []int{start, start + 1, (start + end) / 2, end - tagSize - 1, end - tagSize, end - 1} {
			flip(i, i%8)
		}
	}
}

func TestStreamRefusesCutsAndMoves(t *testing.T) {
	h, b := goldenHeld(t, bytes.Repeat([]byte{0x42}, 32))
	plain := content(3*segmentPlain + 300)
	sealed, _ := sealStream(t, h, b, plain)
	border := func(i int) int { return streamFront + i*segmentSize }
	cuts := []int{border(1), border(2), border(3)}
	for n := range streamHeader + tagSize + 2 {
		cuts = append(cuts, n)
	}
	for i := 1; i <= 3; i++ {
		for d := -tagSize - 1; d <= tagSize+1; d++ {
			cuts = append(cuts, border(i)+d)
		}
	}
	for n := len(sealed) - 350; n < len(sealed); n++ {
		cuts = append(cuts, n)
	}
	for _, n := range cuts {
		refusesStream(t, fmt.Sprintf("cut to %d", n), h, b, sealed[:n], plain)
		// Who lies about the length as well gets no further.
		if r, err := h.OpenStream(b, bytes.NewReader(sealed[:n]), int64(len(sealed))); !errors.Is(err, ErrOpen) || r != nil {
			t.Errorf("cut to %d with the old length: %v", n, err)
		}
	}
	seg := func(i int) []byte {
		from := border(i)
		if i == 0 {
			from = streamHeader
		}
		return sealed[from:min(len(sealed), border(i+1))]
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	head := sealed[:streamHeader]
	other, _ := sealStream(t, h, b, plain)
	for what, c := range map[string][]byte{
		"one byte more":             join(sealed, []byte{0}),
		"a segment of zeros more":   join(sealed, make([]byte, segmentSize)),
		"last segment twice":        join(sealed, seg(3)),
		"swapped":                   join(head, seg(0), seg(2), seg(1), seg(3)),
		"repeated":                  join(head, seg(0), seg(1), seg(1), seg(3)),
		"inserted":                  join(head, seg(0), seg(1), seg(1), seg(2), seg(3)),
		"dropped":                   join(head, seg(0), seg(2), seg(3)),
		"first dropped":             join(head, seg(1), seg(2), seg(3)),
		"last dropped":              join(head, seg(0), seg(1), seg(2)),
		"segment of another stream": join(head, seg(0), other[border(1):border(2)], seg(2), seg(3)),
		"head of another stream":    join(other[:streamHeader], sealed[streamHeader:]),
		"end of another stream":     join(sealed[:border(2)], other[border(2):]),
	} {
		refusesStream(t, what, h, b, c, plain)
	}
}

// A stream opens in its own place and under its own key only.
func TestStreamRefusesOtherPlaces(t *testing.T) {
	raw := bytes.Repeat([]byte{0x42}, 32)
	h, b := goldenHeld(t, raw)
	plain := content(100)
	sealed, _ := sealStream(t, h, b, plain)
	for what, change := range otherPlaces() {
		key, place := goldenWrapped(), b
		place.Clear = append([]any(nil), b.Clear...)
		change(&key, &place)
		other, err := newHeld(key, raw)
		if err != nil {
			t.Fatal(err)
		}
		refusesStream(t, what, other, place, sealed, nil)
	}
	key, err := newHeld(goldenWrapped(), bytes.Repeat([]byte{0x43}, 32))
	if err != nil {
		t.Fatal(err)
	}
	refusesStream(t, "other key", key, b, sealed, nil)
	// One that carries the right commitment is still no stream of this key.
	forged, _ := sealStream(t, key, b, plain)
	copy(forged[5:streamFront], h.sealing.commit[:])
	refusesStream(t, "forged commitment", h, b, forged, nil)
	var none *Held
	if _, err := none.SealStream(b, io.Discard); !errors.Is(err, ErrNoKey) {
		t.Error(err)
	}
	if _, err := none.OpenStream(b, bytes.NewReader(sealed), int64(len(sealed))); !errors.Is(err, ErrNoKey) {
		t.Error(err)
	}
}

// A part that is sent again is a stream of its own, and the digest tells the two apart when one is opened.
func TestStreamSealedTwice(t *testing.T) {
	h, b := goldenHeld(t, bytes.Repeat([]byte{0x42}, 32))
	plain := content(200_000)
	one, first := sealStream(t, h, b, plain)
	two, second := sealStream(t, h, b, plain)
	if first == second || bytes.Equal(one[streamFront+1:streamHeader], two[streamFront+1:streamHeader]) {
		t.Error("two streams with one salt")
	}
	r, err := h.OpenStream(b, bytes.NewReader(one), int64(len(one)))
	if err != nil || r.Digest() != first {
		t.Error("the first stream opens under another digest", err)
	}
}

type failing struct{ after int }

func (f *failing) Write(p []byte) (int, error) {
	if f.after -= len(p); f.after < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

type failingAt struct{ err error }

func (f failingAt) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestStreamFaults(t *testing.T) {
	h, b := goldenHeld(t, bytes.Repeat([]byte{0x42}, 32))
	if _, err := h.SealStream(b, &failing{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	w, err := h.SealStream(b, &failing{after: streamHeader + 100})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content(200_000)); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	if err := w.Close(); !errors.Is(err, io.ErrClosedPipe) {
		t.Error("a stream that could not be written was closed:", err)
	}
	// Not closed is not sealed.
	var out bytes.Buffer
	if w, err = h.SealStream(b, &out); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content(segmentPlain * 2)); err != nil {
		t.Fatal(err)
	}
	w.Discard()
	if w.Digest() != [32]byte{} || w.Close() == nil {
		t.Error("a discarded stream has an end")
	}
	refusesStream(t, "never closed", h, b, out.Bytes(), content(segmentPlain*2))
	// The disk's own error is not taken for a change.
	if _, err := h.OpenStream(b, failingAt{io.ErrNoProgress}, 1000); errors.Is(err, ErrOpen) || !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
	s := &StreamWriter{w: io.Discard, door: h.door, segment: maxSegments}
	if err := s.flush(true); parlatory.KindOf(err) != parlatory.KindTooLarge {
		t.Error(err)
	}
	for _, n := range []int64{-1, 0, streamHeader + tagSize - 1, streamFront + segmentSize + tagSize, maxStream + 1, 1 << 62} {
		if _, err := StreamPlain(n); !errors.Is(err, ErrOpen) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

type streamVector struct {
	What   string `json:"what"`
	Sealed string `json:"sealed"`
	Text   string `json:"text,omitempty"`
	Digest string `json:"digest,omitempty"`
}

func readVectors(t testing.TB, path string, into any) {
	t.Helper()
	if err := json.Unmarshal(readFile(t, path), into); err != nil {
		t.Fatal(err)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What was sealed by the first version of the format still opens, and what is wrong with one of its bytes does not.
func TestStreamVectors(t *testing.T) {
	h, b := goldenHeld(t, bytes.Repeat([]byte{0x42}, 32))
	var vectors []streamVector
	readVectors(t, "testdata/stream.json", &vectors)
	if len(vectors) < 100 {
		t.Fatalf("%d vectors", len(vectors))
	}
	good := 0
	for _, v := range vectors {
		sealed := unhex(t, v.Sealed)
		if v.Digest == "" {
			refusesStream(t, v.What, h, b, sealed, nil)
			continue
		}
		good++
		r, err := h.OpenStream(b, bytes.NewReader(sealed), int64(len(sealed)))
		if err != nil {
			t.Fatalf("%s: %v", v.What, err)
		}
		digest := r.Digest()
		if got, err := io.ReadAll(r); err != nil || string(got) != v.Text || hex.EncodeToString(digest[:]) != v.Digest {
			t.Errorf("%s: %q, %v, digest %x", v.What, got, err, digest)
		}
	}
	if good != 2 {
		t.Errorf("%d golden streams", good)
	}
}

func TestMAC(t *testing.T) {
	raw := bytes.Repeat([]byte{0x42}, 32)
	h, _ := goldenHeld(t, raw)
	part := func(s ...string) (out [][]byte) {
		for _, p := range s {
			out = append(out, []byte(p))
		}
		return out
	}
	mac := h.MAC("link", part("ab", "c")...)
	if got := hex.EncodeToString(mac[:]); got != "713ff6a53f329eb217803633be15a095dab8b9f8e3394ea3b567391881cc1f44" {
		t.Errorf("golden MAC: %s", got)
	}
	if !h.CheckMAC(mac[:], "link", part("ab", "c")...) {
		t.Error("its own MAC is refused")
	}
	for what, ok := range map[string]bool{
		"other split":   h.CheckMAC(mac[:], "link", part("a", "bc")...),
		"one part":      h.CheckMAC(mac[:], "link", part("abc")...),
		"empty part":    h.CheckMAC(mac[:], "link", part("ab", "c", "")...),
		"other purpose": h.CheckMAC(mac[:], "lin", part("kab", "c")...),
		"cut":           h.CheckMAC(mac[:31], "link", part("ab", "c")...),
		"empty":         h.CheckMAC(nil, "link", part("ab", "c")...),
	} {
		if ok {
			t.Errorf("%s: taken", what)
		}
	}
	for what, change := range otherPlaces() {
		key, b := goldenWrapped(), Binding{Clear: make([]any, 2)}
		change(&key, &b)
		if key.equal(goldenWrapped()) {
			continue // a change of the binding, which a MAC has none of
		}
		other, err := newHeld(key, raw)
		if err != nil {
			t.Fatal(err)
		}
		if other.CheckMAC(mac[:], "link", part("ab", "c")...) {
			t.Errorf("%s: taken", what)
		}
	}
}
