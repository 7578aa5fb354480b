package keys_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/keys"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// farm is several key servers, by address; two addresses may lead to one.
type farm struct {
	t       testing.TB
	mu      sync.Mutex
	servers map[string]*server
	lost    error // if set, no line is opened any more after the next
	checks  atomic.Int64
	said    lockedBuffer // the log of the world that onBoth made
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}
func (b *lockedBuffer) String() string { b.mu.Lock(); defer b.mu.Unlock(); return b.b.String() }

// onBoth is domaintest.OnBoth with a farm for each world.
func onBoth(t *testing.T, test func(*testing.T, *domaintest.World, *farm)) {
	t.Helper()
	for name, postgres := range map[string]bool{"sqlite": false, "postgres": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFarm(t)
			test(t, domaintest.Make(t, domaintest.Setup{Lines: f, Postgres: postgres, Log: slog.New(slog.NewTextHandler(&f.said, nil))}), f)
		})
	}
}

// server is one of them: a key file that a test cuts, and that calls back.
type server struct {
	vault.Root
	mu     sync.Mutex
	fault  error
	onWrap func()
}

func newFarm(t testing.TB) *farm { return &farm{t: t, servers: map[string]*server{}} }

func (f *farm) server(address string) *server {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.servers[address]; s != nil {
		return s
	}
	path := filepath.Join(f.t.TempDir(), "root.key")
	if err := vault.CreateKeyFile(path, nil); err != nil {
		f.t.Fatal(err)
	}
	root, err := vault.OpenKeyFile(context.Background(), vault.KeyFile{Path: path})
	if err != nil {
		f.t.Fatal(err)
	}
	f.servers[address] = &server{Root: remote{root}}
	return f.servers[address]
}

// move has an address lead to the key of another, which then refuses.
func (f *farm) move(from, to string) {
	old := f.server(from)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.servers[to] = &server{Root: old.Root}
	old.cut(vault.ErrWithdrawn)
}

// remote hides that a key file is on this machine.
type remote struct{ vault.Root }

func (s *server) cut(err error) { s.mu.Lock(); defer s.mu.Unlock(); s.fault = err }

// once has fn run within the next wrapping.
func (s *server) once(fn func()) { s.mu.Lock(); defer s.mu.Unlock(); s.onWrap = fn }

func (s *server) Wrap(ctx context.Context, key, ad []byte) ([]byte, error) {
	s.mu.Lock()
	fn, fault := s.onWrap, s.fault
	s.onWrap = nil
	s.mu.Unlock()
	if fn != nil {
		fn()
	}
	if fault != nil {
		return nil, fault
	}
	return s.Root.Wrap(ctx, key, ad)
}

func (s *server) Unwrap(ctx context.Context, wrapped, ad []byte) ([]byte, error) {
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	if fault != nil {
		return nil, fault
	}
	return s.Root.Unwrap(ctx, wrapped, ad)
}

func (f *farm) Root(s keys.Server) (vault.Root, error) {
	f.mu.Lock()
	lost := f.lost
	if lost != nil {
		f.lost = errors.Join(lost, errLost)
	}
	f.mu.Unlock()
	if errors.Is(lost, errLost) {
		return nil, lost
	}
	return f.server(s.Address), nil
}

var errLost = errors.New("no line")

func (f *farm) Check(context.Context, keys.Server) error { f.checks.Add(1); return nil }

const addressA, addressB = "https://a.acme.example:8200", "https://b.acme.example:8200"

// at is settings that name a server.
func at(address string) keys.Settings {
	return keys.Settings{Server: &keys.Server{Address: address, Mount: "transit", Key: "parlatory", RoleID: "role", SecretID: parlatory.NewSecret("hush")}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// row is a workspace's key as it is stored.
type row struct {
	version uint32
	root    string
	blob    []byte
}

func rows(t testing.TB, w *domaintest.World, ws parlatory.WorkspaceID) (all []row) {
	t.Helper()
	raw(t, w, ws, func(tx *db.Tx) error {
		all = nil
		found, err := tx.Query(`SELECT version, root, wrapped FROM workspace_keys WHERE workspace = $1 ORDER BY version`)
		if err != nil {
			return err
		}
		defer func() { _ = found.Close() }()
		for found.Next() {
			var r row
			if err := found.Scan(&r.version, &r.root, &r.blob); err != nil {
				return err
			}
			all = append(all, r)
		}
		return found.Err()
	})
	return all
}

// A rotation that has asked the old server for its new key is refused when the settings have changed meanwhile, and the other way round. Else the
// newest key would be lost with the server that wrapped it.
func TestNoKeyIsLeftUnderTheServerBefore(t *testing.T) {
	onBoth(t, func(t *testing.T, w *domaintest.World, farm *farm) {
		ws, admin := w.Founded(t, "acme")
		values := contacts(t, w, ws, 5)
		must(t, w.Keys.Change(t.Context(), admin, at(addressA), ""))
		must(t, w.Keys.Rewrap(t.Context(), ws, func(int64) {}))

		var within error
		farm.server(addressA).once(func() { within = w.Keys.Change(t.Context(), admin, at(addressB), "") })
		if err := w.Keys.Rotate(t.Context(), admin, ""); within != nil || parlatory.KindOf(err) != parlatory.KindConflict {
			t.Errorf("the settings changed within a rotation: %v, %v", within, err)
		}
		farm.server(addressA).cut(vault.ErrWithdrawn)
		if n := opens(t, w, ws, values); n != 5 {
			t.Errorf("%d open below the second server", n)
		}
		farm.server(addressA).cut(nil)

		farm.server(addressA).once(func() { within = w.Keys.Rotate(t.Context(), admin, "") })
		if err := w.Keys.Change(t.Context(), admin, at(addressA), ""); within != nil || parlatory.KindOf(err) != parlatory.KindConflict {
			t.Errorf("a rotation within a change of settings: %v, %v", within, err)
		}
		farm.server(addressA).cut(vault.ErrWithdrawn)
		must(t, w.Keys.Rewrap(t.Context(), ws, func(int64) {}))
		if n := opens(t, w, ws, values); n != 5 {
			t.Errorf("%d open below the second server after the rotation", n)
		}
	})
}

// Whoever wins: rotations, changes of settings and moves at once leave every key where the settings lead to.
func TestKeysChangeAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *domaintest.World, farm *farm) {
		ws, admin := w.Founded(t, "acme")
		values := contacts(t, w, ws, 5)
		for round := range 4 {
			want := []string{addressA, addressB, "", addressB}[round]
			var acting sync.WaitGroup
			for _, act := range []func() error{
				func() error { return w.Keys.Rotate(t.Context(), admin, "") },
				func() error { return w.Keys.RotateFor(t.Context(), operator, ws, "") },
				func() error {
					s := keys.Settings{}
					if want != "" {
						s = at(want)
					}
					return w.Keys.Change(t.Context(), admin, s, "")
				},
				func() error {
					_, err := w.Keys.Move(t.Context(), operator, ws, vault.RootServer, "")
					return err
				},
			} {
				acting.Go(func() {
					for parlatory.KindOf(act()) == parlatory.KindConflict {
						if o, err := w.Keys.Overview(t.Context(), admin); err != nil || o.Root == vault.RootOwn {
							return // the operator's move stays refused there
						}
					}
				})
			}
			acting.Wait()
			o := overview(t, w, admin)
			for _, r := range rows(t, w, ws) {
				if (r.root == vault.RootOwn) != (o.Settings.Server != nil) {
					t.Errorf("round %d: version %d is under %s, the settings name %+v", round, r.version, r.root, o.Settings.Server)
				}
			}
			if o.Settings.Server != nil { // the other one is given up
				other := map[string]string{addressA: addressB, addressB: addressA}[o.Settings.Server.Address]
				farm.server(other).cut(vault.ErrWithdrawn)
				if n := opens(t, w, ws, values); n != 5 {
					t.Errorf("round %d: %d open", round, n)
				}
				farm.server(other).cut(nil)
			} else if n := opens(t, w, ws, values); n != 5 {
				t.Errorf("round %d: %d open", round, n)
			}
			must(t, w.Keys.Rewrap(t.Context(), ws, func(int64) {}))
			w.Clock.Advance(time.Minute) // the budget of tries
		}
	})
}

// A workspace whose server has moved, or whose sign-in there is void, is closed; settings that lead to the same key open it again, at the hand
// of its administrator or of the operator, and nobody is asked who is gone.
func TestTheServerHasMoved(t *testing.T) {
	const addressC = "https://c.acme.example:8200"
	farm := newFarm(t)
	w := domaintest.Make(t, domaintest.Setup{Lines: farm})
	ws, admin := w.Founded(t, "acme")
	values := contacts(t, w, ws, 3)
	must(t, w.Keys.Change(t.Context(), admin, at(addressA), ""))
	must(t, w.Keys.Rotate(t.Context(), admin, ""))
	stored := rows(t, w, ws)
	closed := func(from, to string) {
		t.Helper()
		farm.move(from, to)
		if err := w.Ring.Confirm(t.Context(), ws); !errors.Is(err, vault.ErrWithdrawn) {
			t.Fatal("open although its server refuses:", err)
		}
	}
	closed(addressA, addressB)
	if err := w.Keys.Change(t.Context(), admin, at("https://strange.example"), ""); err == nil {
		t.Error("a server that does not open the key was taken")
	}
	before := ""
	if err := w.Keys.Change(t.Context(), admin, at(addressB), "it has moved"); err != nil {
		t.Fatal("the administrator:", err)
	}
	if n := opens(t, w, ws, values); n != 3 {
		t.Errorf("%d open at the new address", n)
	}
	entries := told(t, w, ws)
	closed(addressB, addressC)
	n := keys.Reconnection{Server: *at("https://strange.example").Server}
	if err := w.Keys.Reconnect(t.Context(), operator, ws, n, ""); parlatory.KindOf(err) != parlatory.KindConflict {
		t.Error("the operator took a server that does not open the key:", err)
	}
	if err := w.Keys.Reconnect(t.Context(), admin, ws, n, ""); err == nil {
		t.Error("an administrator is no operator")
	}
	n.Server.Address = addressC
	must(t, w.Keys.Reconnect(t.Context(), operator, ws, n, before))
	if n := opens(t, w, ws, values); n != 3 || told(t, w, ws) != entries+1 {
		t.Errorf("%d open, %d entries", n, told(t, w, ws)-entries)
	}
	for i, r := range rows(t, w, ws) {
		if !bytes.Equal(r.blob, stored[i].blob) || r.root != vault.RootOwn {
			t.Errorf("version %d was wrapped again", r.version)
		}
	}
}

// Who writes to the database and has what the operator's root opened once undoes no withdrawal: the row is refused, with an alarm; and without
// the settings too it leads to no key of today.
func TestAnOlderRowIsNoWayAround(t *testing.T) {
	onBoth(t, func(t *testing.T, w *domaintest.World, farm *farm) {
		ws, admin := w.Founded(t, "acme")
		values := contacts(t, w, ws, 3)
		old := rows(t, w, ws)[0]
		must(t, w.Keys.Change(t.Context(), admin, at(addressA), ""))
		if o := overview(t, w, admin); o.Version != 2 || o.Root != vault.RootOwn || len(o.Works) != 1 || o.Works[0].State != "running" {
			t.Fatalf("no key of its own under its own server: %+v", o)
		}
		must(t, w.Keys.Rewrap(t.Context(), ws, func(int64) {}))
		if o := overview(t, w, admin); o.Behind != 0 {
			t.Fatalf("%d keys are left under the one before", o.Behind)
		}
		if n := opens(t, w, ws, values); n != 3 {
			t.Fatalf("%d open", n)
		}
		farm.server(addressA).cut(vault.ErrWithdrawn)
		w.Ring.ForgetWorkspace(ws)
		raw(t, w, ws, func(tx *db.Tx) error {
			if _, err := tx.Exec(`DELETE FROM workspace_keys WHERE workspace = $1 AND version > 1`); err != nil {
				return err
			}
			_, err := tx.Exec(`UPDATE workspace_keys SET wrapped = $2, root = 'file' WHERE workspace = $1`, old.blob)
			return err
		})
		if err := w.Ring.Confirm(t.Context(), ws); !errors.Is(err, vault.ErrOpen) || !strings.Contains(farm.said.String(), "settings name a server of its own") {
			t.Errorf("an older row: %v; the log: %s", err, farm.said.String())
		}
		raw(t, w, ws, func(tx *db.Tx) error {
			_, err := tx.Exec(`DELETE FROM key_settings WHERE workspace = $1`)
			return err
		})
		w.Ring.ForgetWorkspace(ws)
		for s := range values {
			if _, err := w.Ring.Hold(t.Context(), ws, s); err == nil {
				t.Error("an older key of the workspace opens a key of today")
			}
		}
	})
}

// Ways to key servers are counted for each workspace, whether they are tested or saved.
func TestTriesAreCounted(t *testing.T) {
	farm := newFarm(t)
	w := domaintest.Make(t, domaintest.Setup{Lines: farm})
	_, admin := w.Founded(t, "acme")
	_, other := w.Founded(t, "other")
	for range 10 {
		must(t, w.Keys.Test(t.Context(), admin, at(addressA)))
	}
	if err := w.Keys.Test(t.Context(), admin, at(addressA)); parlatory.KindOf(err) != parlatory.KindTooMany {
		t.Error("an eleventh test:", err)
	}
	if err := w.Keys.Change(t.Context(), admin, at(addressA), ""); parlatory.KindOf(err) != parlatory.KindTooMany {
		t.Error("a change after ten tests:", err)
	}
	if n := farm.checks.Load(); n != 10 {
		t.Errorf("%d went out", n)
	}
	must(t, w.Keys.Test(t.Context(), other, at(addressA)))
	w.Clock.Advance(61 * time.Second)
	must(t, w.Keys.Test(t.Context(), admin, at(addressA)))
}

// What is stored is no failure, also if the server is away a moment later.
func TestAwayRightAfterTheChange(t *testing.T) {
	farm := newFarm(t)
	w := domaintest.Make(t, domaintest.Setup{Lines: farm})
	_, admin := w.Founded(t, "acme")
	farm.lost = vault.ErrAway
	if err := w.Keys.Change(t.Context(), admin, at(addressA), ""); err != nil {
		t.Error("the settings are stored, and the answer is", err)
	}
	if o := overview(t, w, admin); o.Root != vault.RootOwn {
		t.Error("not stored")
	}
}

// rotating has a function run after it was rotated.
type rotating struct {
	vault.Root
	then func()
}

func (r rotating) Rotate(ctx context.Context) error { defer r.then(); return r.Root.Rotate(ctx) }

// A root that was rotated, of which the audit log could not be told, is said to be rotated.
func TestARootIsRotatedUnseen(t *testing.T) {
	w := domaintest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.Line.Root = rotating{w.Line.Root, cancel}
	if _, err := w.Keys.RotateRoot(ctx, operator, vault.RootServer, ""); err == nil || !strings.Contains(err.Error(), "was rotated") {
		t.Error(err)
	}
}
