package vault

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"parlatory"
)

func TestKeyFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "root.key")
	if err := CreateKeyFile(path, nil); err != nil {
		t.Fatal(err)
	}
	if err := CreateKeyFile(path, nil); err == nil {
		t.Error("a key file was replaced")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := OpenKeyFile(t.Context(), KeyFile{Path: path}); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o602} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenKeyFile(t.Context(), KeyFile{Path: path}); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %v: %v", mode, err)
		}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(folder, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for what, bad := range map[string]string{"link": link, "folder": folder, "absent": filepath.Join(folder, "none")} {
		if _, err := OpenKeyFile(t.Context(), KeyFile{Path: bad}); err == nil {
			t.Errorf("%s was opened", what)
		}
	}
	good := readFile(t, path)
	for i := range good {
		for bit := range 8 {
			b := bytes.Clone(good)
			b[i] ^= 1 << bit
			if _, err := parseKeyFile(b); err == nil || strings.Contains(err.Error(), string(good[len(keyFileHead):len(keyFileHead)+10])) {
				t.Fatalf("bit %d of byte %d: %v", bit, i, err)
			}
		}
		if _, err := parseKeyFile(good[:i]); err == nil {
			t.Fatalf("cut at %d", i)
		}
	}
	if _, err := parseKeyFile(append(good, '\n')); err == nil {
		t.Error("more behind the end")
	}
}

// golden holds one value of each format: a change of testdata/golden.json is a change of a format, made on purpose.
type golden struct {
	raw, sealed, wrapped, keyFile []byte
	text, index                   string
}

func readGolden(t testing.TB) golden {
	t.Helper()
	var in struct{ Raw, Sealed, Text, KeyFile, Wrapped, Index string }
	if err := json.Unmarshal(readFile(t, "testdata/golden.json"), &in); err != nil {
		t.Fatal(err)
	}
	g := golden{keyFile: []byte(in.KeyFile), text: in.Text, index: in.Index}
	var errs [3]error
	g.raw, errs[0] = hex.DecodeString(in.Raw)
	g.sealed, errs[1] = hex.DecodeString(in.Sealed)
	g.wrapped, errs[2] = hex.DecodeString(in.Wrapped)
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestGoldenForms(t *testing.T) {
	g := readGolden(t)
	h, b := goldenHeld(t, g.raw)
	if plain, err := h.Open(b, Sealed{g.sealed}); err != nil || string(plain) != g.text {
		t.Errorf("golden value: %q, %v", plain, err)
	}
	if got, err := parseKeyFile(g.keyFile); err != nil || !bytes.Equal(got, g.raw) {
		t.Errorf("golden key file: %v", err)
	}
	w, err := newWrapper("workspace", g.raw)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := w.unwrap(g.wrapped, goldenWrapped().ad()); err != nil || !bytes.Equal(got, g.raw) {
		t.Errorf("golden wrapped key: %v", err)
	}
	index := newIndexer(parlatory.House, g.raw).Blind("accounts.address", "ada@acme.example")
	if hex.EncodeToString(index[:]) != g.index {
		t.Errorf("golden index: %x", index)
	}
}

func goldenWrapped() Wrapped {
	return Wrapped{Workspace: parlatory.WorkspaceID{1}, Subject: ContactKey(parlatory.ContactID{2}), Version: 3, Parent: 4, ID: parlatory.KeyID{5}}
}

func goldenHeld(t testing.TB, raw []byte) (*Held, Binding) {
	h, err := newHeld(goldenWrapped(), raw)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	return h, Binding{Table: "messages", Row: [16]byte{6}, Revision: 7, Clear: []any{parlatory.RoomID{8}, int64(9), "staff", at, true}}
}

// The negative vectors: each is the golden value with one thing wrong.
func TestNegativeVectors(t *testing.T) {
	var vectors []struct{ What, Sealed string }
	if err := json.Unmarshal(readFile(t, "testdata/negative.json"), &vectors); err != nil {
		t.Fatal(err)
	}
	raw := bytes.Repeat([]byte{0x42}, 32)
	h, b := goldenHeld(t, raw)
	if len(vectors) < 20 {
		t.Fatalf("%d vectors", len(vectors))
	}
	for _, v := range vectors {
		sealed, err := hex.DecodeString(v.Sealed)
		if err != nil {
			t.Fatal(err)
		}
		refuses(t, v.What, h, b, Sealed{sealed})
	}
}

func TestRingSharesFetches(t *testing.T) {
	r, m := house(t)
	contact := ContactKey(newID[parlatory.ContactKind]())
	ws := space(t, r, m, contact)
	m.fetches = 0
	var wait sync.WaitGroup
	first := make([]*Held, 50)
	for i := range first {
		wait.Go(func() { first[i] = hold(t, r, ws, contact) })
	}
	wait.Wait()
	if m.fetches != 2 { // the workspace's key and the contact's
		t.Errorf("%d fetches", m.fetches)
	}
	for _, h := range first {
		if h != first[0] {
			t.Fatal("two handles of one key")
		}
	}
	r.Forget(ws, contact)
	hold(t, r, ws, contact)
	if m.fetches != 3 {
		t.Errorf("%d fetches after forgetting", m.fetches)
	}
	r.ForgetWorkspace(ws)
	hold(t, r, ws, contact)
	if m.fetches != 5 {
		t.Errorf("%d fetches after forgetting all", m.fetches)
	}
	delete(m.keys, slot{ws, contact, 0})
	r.Forget(ws, contact)
	if _, err := r.Hold(t.Context(), ws, contact); !errors.Is(err, ErrNoKey) {
		t.Errorf("a destroyed key: %v", err)
	}
}

// Many keys are fetched at once, those that are known not again, and what was forgotten meanwhile does not come to stay.
func TestRingHoldsMany(t *testing.T) {
	r, m := house(t)
	all := make([]Subject, 5)
	for i := range all {
		all[i] = StaffKey(newID[parlatory.StaffKind]())
	}
	ws := space(t, r, m, all...)
	first := hold(t, r, ws, all[0])
	m.fetches = 0
	held, err := r.HoldAll(t.Context(), ws, all)
	if err != nil || len(held) != len(all) || held[all[0]] != first || m.fetches != 4 {
		t.Fatalf("%d keys, %d fetches, %v", len(held), m.fetches, err)
	}
	for _, s := range all {
		if hold(t, r, ws, s) != held[s] {
			t.Error("two handles of one key")
		}
	}
	r.Forget(ws, all[1])
	m.change = func(*Wrapped) { r.Forget(ws, all[1]) }
	if held, err = r.HoldAll(t.Context(), ws, all); err != nil || held[all[1]] == nil {
		t.Fatal(err)
	}
	m.change, m.fetches = nil, 0
	if hold(t, r, ws, all[1]); m.fetches != 1 {
		t.Error("a key that was forgotten while it was fetched is still known")
	}
	r.ForgetWorkspace(ws)
	m.change = func(w *Wrapped) {
		if w.Subject == all[2] {
			w.Subject = all[3]
		}
	}
	if _, err := r.HoldAll(t.Context(), ws, all); !errors.Is(err, ErrOpen) {
		t.Errorf("another's key: %v", err)
	}
	m.change = nil
	delete(m.keys, slot{ws, all[4], 0})
	if _, err := r.HoldAll(t.Context(), ws, all); !errors.Is(err, ErrNoKey) {
		t.Errorf("a destroyed key: %v", err)
	}
	if _, err := r.HoldAll(t.Context(), ws, []Subject{all[0], ContactKey(newID[parlatory.ContactKind]())}); err == nil {
		t.Error("two kinds at once")
	}
}

type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *handClock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *handClock) add(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
}

func TestRingIsBounded(t *testing.T) {
	clock := &handClock{now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
	m := newMemory()
	r := NewRing(Options{Root: newRoot(t), Shelf: m, Clock: clock, Max: 4, Keep: time.Hour})
	f, err := r.Found(t.Context(), parlatory.House)
	if err != nil {
		t.Fatal(err)
	}
	m.put(f.Wrapped()...)
	var accounts []Subject
	for range 10 {
		s := AccountKey(newID[parlatory.AccountKind]())
		_, w, err := r.Mint(t.Context(), parlatory.House, s)
		if err != nil {
			t.Fatal(err)
		}
		m.put(w)
		accounts = append(accounts, s)
		hold(t, r, parlatory.House, s)
	}
	if n := len(r.subjects.items); n != 4 || r.subjects.order.Len() != 4 {
		t.Errorf("%d keys are kept", n)
	}
	m.fetches = 0
	hold(t, r, parlatory.House, accounts[9])
	if m.fetches != 0 {
		t.Error("the newest key was not kept")
	}
	clock.add(5*time.Minute + time.Second) // the limit holds although an hour was asked for
	hold(t, r, parlatory.House, accounts[9])
	if m.fetches == 0 {
		t.Error("a key was used for more than five minutes")
	}
}

// Every node confirms its keys each minute: a key that was destroyed elsewhere serves no longer than that.
func TestKeysAreConfirmedEveryMinute(t *testing.T) {
	clock := &handClock{now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
	m := newMemory()
	r := NewRing(Options{Root: newRoot(t), Shelf: m, Clock: clock})
	f, err := r.Found(t.Context(), parlatory.House)
	if err != nil {
		t.Fatal(err)
	}
	m.put(f.Wrapped()...)
	hold(t, r, parlatory.House, Settings)
	m.fetches = 0
	for range 1000 {
		hold(t, r, parlatory.House, Settings)
	}
	clock.add(59 * time.Second)
	hold(t, r, parlatory.House, Settings)
	if m.fetches != 0 {
		t.Errorf("%d fetches within a minute", m.fetches)
	}
	clock.add(2 * time.Second)
	for range 1000 {
		hold(t, r, parlatory.House, Settings)
	}
	if m.fetches != 2 { // the key and its parent
		t.Errorf("%d fetches after a minute", m.fetches)
	}
	delete(m.keys, slot{parlatory.House, Settings, 0})
	clock.add(61 * time.Second)
	if _, err := r.Hold(t.Context(), parlatory.House, Settings); !errors.Is(err, ErrNoKey) {
		t.Errorf("a key that was destroyed elsewhere: %v", err)
	}
}

func TestWhoLeavesDoesNotSpoilTheOthers(t *testing.T) {
	c := newCache[int](parlatory.SystemClock{}, 10, time.Minute)
	gone, cancel := context.WithCancel(t.Context())
	started := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		_, err := c.get(gone, slot{}, func(ctx context.Context) (int, error) { close(started); <-ctx.Done(); return 0, ctx.Err() })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("who left: %v", err)
		}
	})
	<-started
	wait.Go(func() {
		if v, err := c.get(t.Context(), slot{}, func(context.Context) (int, error) { return 7, nil }); v != 7 || err != nil {
			t.Errorf("who stayed: %d, %v", v, err)
		}
	})
	time.Sleep(5 * time.Millisecond)
	cancel()
	wait.Wait()
	func() {
		defer func() { _ = recover() }()
		_, _ = c.get(t.Context(), slot{version: 2}, func(context.Context) (int, error) { panic("x") })
	}()
	if v, err := c.get(t.Context(), slot{version: 2}, func(context.Context) (int, error) { return 8, nil }); v != 8 || err != nil {
		t.Errorf("after a panic: %d, %v", v, err)
	}
}

func TestMintAndAdopt(t *testing.T) {
	r, m := house(t)
	ws := space(t, r, m)
	contact := ContactKey(newID[parlatory.ContactKind]())
	h, w, err := r.Mint(t.Context(), ws, contact)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Hold(t.Context(), ws, contact); !errors.Is(err, ErrNoKey) {
		t.Errorf("a key that was never committed is in use: %v", err)
	}
	m.put(w)
	m.fetches = 0
	r.Adopt(w)
	if got := hold(t, r, ws, contact); got != h || m.fetches != 0 {
		t.Errorf("adopted key was fetched %d times", m.fetches)
	}
	forged := w
	forged.Blob = bytes.Clone(w.Blob)
	forged.Blob[40] ^= 1
	r.Adopt(forged, Wrapped{})
	b := Binding{Table: "contacts", Row: [16]byte{1}}
	s := seal(t, h, b, "Ada")
	r.ForgetWorkspace(ws)
	if plain, err := hold(t, r, ws, contact).Open(b, s); err != nil || string(plain) != "Ada" {
		t.Errorf("after a fetch: %q, %v", plain, err)
	}
	for _, bad := range []Subject{{}, {Kind: "x"}, {Kind: KindContact}, {Kind: KindSettings, ID: [16]byte{1}}, spaceSubject} {
		if _, _, err := r.Mint(t.Context(), ws, bad); err == nil {
			t.Errorf("minted %v", bad)
		}
		if _, err := r.Hold(t.Context(), ws, bad); err == nil {
			t.Errorf("held %v", bad)
		}
	}
	if _, err := (*Held)(nil).Seal(b, nil); !errors.Is(err, ErrNoKey) {
		t.Errorf("no key seals: %v", err)
	}
}

func TestIndexesDoNotMeet(t *testing.T) {
	r, m := house(t)
	one, two := space(t, r, m), space(t, r, m)
	ix, err := r.Index(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	other, err := r.Index(t.Context(), two)
	if err != nil {
		t.Fatal(err)
	}
	a := ix.Blind("accounts.address", "ada@acme.example")
	if a != ix.Blind("accounts.address", "ada@acme.example") {
		t.Error("one text, two indexes")
	}
	for what, b := range map[string]Index{
		"another text": ix.Blind("accounts.address", "ada@acme.exampl"), "another column": ix.Blind("invitations.address", "ada@acme.example"),
		"another workspace": other.Blind("accounts.address", "ada@acme.example"), "nothing": ix.Blind("accounts.address", ""),
	} {
		if a == b {
			t.Errorf("%s has the same index", what)
		}
	}
	r.ForgetWorkspace(one)
	again, err := r.Index(t.Context(), one)
	if err != nil || again == ix || again.Blind("accounts.address", "ada@acme.example") != a {
		t.Errorf("index after a fetch: %v", err)
	}
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			for range 100 {
				column := fmt.Sprint("t.c", i%5)
				if first := ix.Blind(column, "x"); first != ix.Blind(column, "x") {
					t.Error("unstable")
				}
			}
		})
	}
	wait.Wait()
}

func TestNothingHereIsPrinted(t *testing.T) {
	r, m := house(t)
	ws := space(t, r, m)
	raw := bytes.Repeat([]byte{0x5a}, 32)
	h, _ := goldenHeld(t, raw)
	ix := newIndexer(ws, raw)
	sk, err := openSpace(Wrapped{Version: 1}, bytes.Clone(raw))
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.Found(t.Context(), newID[parlatory.WorkspaceKind]())
	if err != nil {
		t.Fatal(err)
	}
	b := Binding{Table: "ledger_logs", Row: [16]byte{1}}
	seed, _, err := MintSigner(h, b, "x/y")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := OpenSigner(h, b, seed, "x/y")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{h, *h, ix, sk, f, signer, r, newRoot(t), hold(t, r, ws, Settings)} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		asJSON, _ := json.Marshal(map[string]any{"v": v})
		for _, shown := range []string{fmt.Sprintf("%v|%+v|%#v|%s|%x|%q|%d", v, v, v, v, v, v, v), fmt.Sprint([]any{v}), log.String(), string(asJSON)} {
			if !strings.Contains(shown, muted) || strings.Contains(shown, "5a5a") || strings.Contains(shown, "90 90") || strings.Contains(shown, "ZZZZ") || strings.Contains(shown, "Wlpa") {
				t.Errorf("%T is shown as %.200s", v, shown)
			}
		}
	}
	if shown := fmt.Sprintf("%v %+v %#v", seed, seed, seed); strings.Contains(shown, hex.EncodeToString(seed.b[:8])) {
		t.Errorf("sealed value shown as %.100s", shown)
	}
}

func TestSigner(t *testing.T) {
	r, m := house(t)
	_ = m
	h := hold(t, r, parlatory.House, LedgerSubject)
	b := Binding{Table: "ledger_logs", Row: [16]byte{1}}
	seed, verifier, err := MintSigner(h, b, "parlatory.example/x")
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenSigner(h, b, seed, "parlatory.example/x")
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign("parlatory.example/x\n1\nAAAA\n")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := OpenNote(signed, verifier); err != nil || text != "parlatory.example/x\n1\nAAAA\n" {
		t.Fatalf("own note: %q, %v", text, err)
	}
	for i := range signed {
		for bit := range 8 {
			c := []byte(signed)
			c[i] ^= 1 << bit
			if _, err := OpenNote(string(c), verifier); !errors.Is(err, ErrNote) {
				t.Fatalf("bit %d of byte %d: %v", bit, i, err)
			}
		}
	}
	_, other, err := MintSigner(h, b, "parlatory.example/x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenNote(signed, other); !errors.Is(err, ErrNote) {
		t.Errorf("another key of the same name: %v", err)
	}
	if _, err := OpenSigner(h, Binding{Table: "ledger_logs", Row: [16]byte{2}}, seed, "x"); !errors.Is(err, ErrOpen) {
		t.Errorf("a moved seed: %v", err)
	}
	if name, err := VerifierName(verifier); err != nil || name != "parlatory.example/x" {
		t.Errorf("verifier's name: %q, %v", name, err)
	}
}

func TestSealedColumn(t *testing.T) {
	h, b := goldenHeld(t, bytes.Repeat([]byte{1}, 32))
	type profile struct{ Name, Email string }
	s, err := SealJSON(h, b, profile{"Ada", "ada@acme.example"})
	if err != nil {
		t.Fatal(err)
	}
	var column Sealed
	if err := column.Scan(s.SQL()); err != nil {
		t.Fatal(err)
	}
	var p profile
	if err := OpenJSON(h, b, column, &p); err != nil || p.Name != "Ada" {
		t.Errorf("%+v, %v", p, err)
	}
	if err := OpenJSON(h, b, seal(t, h, b, "Ada Lovelace"), &p); err == nil || strings.Contains(err.Error(), "Ada") {
		t.Errorf("content in an error: %v", err)
	}
	if (Sealed{}).SQL() != nil || column.Scan(nil) != nil || !column.Empty() {
		t.Error("NULL")
	}
	if column.Scan("text") == nil || column.Scan(make([]byte, Overhead+MaxPlain+1)) == nil || column.Scan(make([]byte, 100)) == nil {
		t.Error("a column that is no sealed value was read")
	}
	if _, err := h.Seal(b, make([]byte, MaxPlain+1)); parlatory.KindOf(err) != parlatory.KindTooLarge {
		t.Errorf("too long: %v", err)
	}
	for _, bad := range []Binding{{}, {Table: "x"}, {Row: [16]byte{1}}, {Table: "x", Row: [16]byte{1}, Clear: []any{1.5}}, {Table: "x", Row: [16]byte{1}, Clear: []any{nil}}} {
		if _, err := h.Seal(bad, nil); err == nil {
			t.Errorf("sealed for %v", bad)
		}
	}
}

func TestSealCostsOneAllocation(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	h, b := goldenHeld(t, bytes.Repeat([]byte{1}, 32))
	plain, dst := make([]byte, 200), make([]byte, 0, 512)
	if n := testing.AllocsPerRun(200, func() { dst, _ = h.AppendSeal(dst[:0], b, plain) }); n > 0.5 {
		t.Errorf("%v allocations into a buffer", n)
	}
	if n := testing.AllocsPerRun(200, func() { _, _ = h.Seal(b, plain) }); n > 1.5 {
		t.Errorf("%v allocations a value", n)
	}
}
