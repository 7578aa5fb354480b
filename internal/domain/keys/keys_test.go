package keys_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/keys"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

var operator = parlatory.Actor{Kind: parlatory.Operator, Workspace: parlatory.House, Device: "a test"}

// raw runs fn in a transaction of a workspace, past the program.
func raw(t testing.TB, w *domaintest.World, ws parlatory.WorkspaceID, fn func(tx *db.Tx) error) {
	t.Helper()
	permit, err := w.Law.System(domaintest.Raw, ws)
	if err == nil {
		err = w.DB.Write(t.Context(), permit, fn)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// contacts mints keys of contacts and seals a value under each.
func contacts(t testing.TB, w *domaintest.World, ws parlatory.WorkspaceID, n int) map[vault.Subject]vault.Sealed {
	t.Helper()
	values := map[vault.Subject]vault.Sealed{}
	var wrapped []vault.Wrapped
	for range n {
		s := vault.ContactKey(parlatory.NewID[parlatory.ContactKind](w.Clock))
		h, k, err := w.Ring.Mint(t.Context(), ws, s)
		if err != nil {
			t.Fatal(err)
		}
		if values[s], err = h.Seal(place, []byte("said")); err != nil {
			t.Fatal(err)
		}
		wrapped = append(wrapped, k)
	}
	raw(t, w, ws, func(tx *db.Tx) error { return keys.Put(tx, wrapped...) })
	return values
}

var place = vault.Binding{Table: "contacts", Row: [16]byte{1}}

// opens counts the values that still open; those whose key is gone are not counted.
func opens(t testing.TB, w *domaintest.World, ws parlatory.WorkspaceID, values map[vault.Subject]vault.Sealed) (n int) {
	t.Helper()
	w.Ring.ForgetWorkspace(ws)
	for s, v := range values {
		h, err := w.Ring.Hold(t.Context(), ws, s)
		if errors.Is(err, vault.ErrNoKey) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := h.Open(place, v); err != nil || string(plain) != "said" {
			t.Fatalf("%q, %v", plain, err)
		}
		n++
	}
	return n
}

func overview(t testing.TB, w *domaintest.World, admin parlatory.Actor) keys.Overview {
	t.Helper()
	o, err := w.Keys.Overview(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// told counts the entries about keys in a workspace's ledger.
func told(t testing.TB, w *domaintest.World, ws parlatory.WorkspaceID) (n int) {
	t.Helper()
	raw(t, w, ws, func(tx *db.Tx) error {
		return tx.Row(`SELECT COUNT(*) FROM ledger_entries WHERE workspace = $1 AND element = $2`, keys.Element).Scan(&n)
	})
	return n
}

// A new workspace key wraps what is below it again, step by step; values stay as they are.
func TestRotateAWorkspace(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		values := contacts(t, w, ws, 250)
		before := told(t, w, ws)
		if err := w.Keys.Rotate(t.Context(), admin, "once a year"); err != nil {
			t.Fatal(err)
		}
		o := overview(t, w, admin)
		if o.Version != 2 || o.Behind < 250 || o.Behind != o.Subjects || len(o.Works) != 1 || o.Works[0].State != "running" || told(t, w, ws) != before+1 {
			t.Fatalf("after the rotation: %+v", o)
		}
		if n := opens(t, w, ws, values); n != 250 {
			t.Errorf("%d open before the rest", n)
		}
		cut, stop := context.WithCancel(t.Context())
		if err := w.Keys.Rewrap(cut, ws, func(int64) { stop() }); !errors.Is(err, context.Canceled) {
			t.Fatalf("cut: %v", err)
		}
		if o = overview(t, w, admin); o.Behind == 0 || o.Behind == o.Subjects || o.Works[0].Done == 0 {
			t.Fatalf("cut after a batch: %+v", o)
		}
		if n := opens(t, w, ws, values); n != 250 {
			t.Errorf("%d open in the middle", n)
		}
		if err := w.Keys.Rewrap(t.Context(), ws, func(int64) {}); err != nil {
			t.Fatal(err)
		}
		if o = overview(t, w, admin); o.Behind != 0 || o.Works[0].State != "done" || o.Works[0].Done != o.Subjects {
			t.Errorf("at the end: %+v", o)
		}
		if n := opens(t, w, ws, values); n != 250 {
			t.Errorf("%d open at the end", n)
		}
	})
}

// AC-131: a key that is destroyed while its neighbours are wrapped again does not come back.
func TestAC_131_WhatIsDestroyedDoesNotComeBack(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		values := contacts(t, w, ws, 600)
		if err := w.Keys.Rotate(t.Context(), admin, ""); err != nil {
			t.Fatal(err)
		}
		var running sync.WaitGroup
		running.Go(func() {
			if err := w.Keys.Rewrap(t.Context(), ws, func(int64) {}); err != nil {
				t.Error(err)
			}
		})
		gone := 0
		for s := range values {
			if gone++; gone > 200 {
				break
			}
			raw(t, w, ws, func(tx *db.Tx) error {
				n, err := tx.Exec(`DELETE FROM subject_keys WHERE workspace = $1 AND kind = $2 AND subject = $3`, s.Kind, s.ID[:])
				if n != 1 {
					t.Errorf("%d rows", n)
				}
				return err
			})
		}
		running.Wait()
		if n := opens(t, w, ws, values); n != 400 {
			t.Errorf("%d keys are there, 200 of 600 were destroyed", n)
		}
	})
}

// Workspaces move from one root to another and back while they work; each move is in the ledger.
func TestMoveBetweenRoots(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		values := contacts(t, w, ws, 10)
		if err := w.Keys.Rotate(t.Context(), admin, ""); err != nil { // both versions move
			t.Fatal(err)
		}
		before := told(t, w, ws)
		for _, root := range []string{vault.RootServer, vault.RootFile} {
			for _, place := range []parlatory.WorkspaceID{ws, parlatory.House} {
				n, err := w.Keys.Move(t.Context(), operator, place, root, "")
				if err != nil || place == ws && n != 2 || place == parlatory.House && n != 1 {
					t.Fatalf("%d keys, %v", n, err)
				}
				if n, err = w.Keys.Move(t.Context(), operator, place, root, ""); err != nil || n != 0 {
					t.Errorf("a second time: %d keys, %v", n, err)
				}
			}
			if n := opens(t, w, ws, values); n != 10 || overview(t, w, admin).Root != root {
				t.Errorf("%d open below %s", n, overview(t, w, admin).Root)
			}
			w.Ring.ForgetWorkspace(parlatory.House)
			if _, err := w.Ring.Hold(t.Context(), parlatory.House, vault.Settings); err != nil {
				t.Error(err)
			}
		}
		if told(t, w, ws) != before+2 {
			t.Errorf("%d entries of 2 moves", told(t, w, ws)-before)
		}
		version, err := w.Keys.RotateRoot(t.Context(), operator, vault.RootFile, "")
		if err != nil {
			t.Fatal(err)
		}
		all, err := w.Keys.Survey(t.Context(), operator)
		if err != nil || len(all) != 2 || all[0].Current || all[1].Current {
			t.Fatalf("%+v, %v", all, err)
		}
		for _, p := range all {
			if _, err := w.Keys.Move(t.Context(), operator, p.ID, "", ""); err != nil {
				t.Fatal(err)
			}
		}
		if all, err = w.Keys.Survey(t.Context(), operator); err != nil || !all[0].Current || !all[1].Current {
			t.Errorf("after wrapping again under %s: %+v, %v", version, all, err)
		}
		if n := opens(t, w, ws, values); n != 10 {
			t.Errorf("%d open", n)
		}
	})
}

// A key that has sealed 2^31 values gets a next version by itself, which seals once all nodes know it.
func TestSpentKeysTurn(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, _ := w.Founded(t, "acme")
		values := contacts(t, w, ws, 1)
		var s vault.Subject
		for s = range values {
		}
		shelf := keys.New(w.DB, w.Law)
		if n, err := shelf.Spend(t.Context(), ws, s, 1, vault.NextSeals-1); err != nil || n != vault.NextSeals-1 {
			t.Fatal(n, err)
		}
		if err := w.Keys.Turn(t.Context()); err != nil {
			t.Fatal(err)
		}
		versions := func() int {
			all, err := shelf.SubjectKeys(t.Context(), ws, s.Kind, [][16]byte{s.ID})
			if err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		if versions() != 1 {
			t.Fatal("turned before 2^31")
		}
		if _, err := shelf.Spend(t.Context(), ws, s, 1, 1); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := w.Keys.Turn(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if versions() != 2 {
			t.Fatalf("%d versions", versions())
		}
		w.Clock.Advance(vault.SettleAfter)
		h, err := w.Ring.Hold(t.Context(), ws, s)
		if err != nil || h.Version() != 2 {
			t.Fatalf("version %d, %v", h.Version(), err)
		}
		if plain, err := h.Open(place, values[s]); err != nil || string(plain) != "said" {
			t.Errorf("an older value: %q, %v", plain, err)
		}
		if _, err := shelf.Spend(t.Context(), ws, vault.ContactKey(parlatory.NewID[parlatory.ContactKind](w.Clock)), 1, 1); !errors.Is(err, vault.ErrNoKey) {
			t.Errorf("a key that is not there: %v", err)
		}
	})
}

// Who may: administrators of the workspace after a step-up, nobody else of the staff.
func TestWhoRotates(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	agent := w.Hire(t, ws, "Agent")
	if err := w.Keys.Rotate(t.Context(), agent, ""); parlatory.KindOf(err) != parlatory.KindForbidden && parlatory.KindOf(err) != parlatory.KindNotFound {
		t.Errorf("an agent: %v", err)
	}
	if _, err := w.Keys.Overview(t.Context(), agent); err == nil {
		t.Error("an agent looks at the keys")
	}
	w.Clock.Advance(11 * time.Minute)
	if err := w.Keys.Rotate(t.Context(), admin, ""); parlatory.KindOf(err) != parlatory.KindStepUp {
		t.Errorf("without a step-up: %v", err)
	}
}

// A schedule rotates a key once it is as old as that.
func TestASchedule(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		if err := w.Keys.Change(t.Context(), admin, keys.Settings{RotateDays: 30}, ""); err != nil {
			t.Fatal(err)
		}
		for days, want := range []uint32{29: 1, 30: 2, 31: 2, 61: 3} {
			if want == 0 {
				w.Clock.Advance(24 * time.Hour)
				continue
			}
			if err := w.Keys.Schedule(t.Context()); err != nil {
				t.Fatal(err)
			}
			raw(t, w, ws, func(tx *db.Tx) error {
				var newest uint32
				if err := tx.Row(`SELECT MAX(version) FROM workspace_keys WHERE workspace = $1`).Scan(&newest); err != nil {
					return err
				}
				if newest != want {
					t.Errorf("version %d after %d days", newest, days)
				}
				return nil
			})
			w.Clock.Advance(24 * time.Hour)
		}
	})
}

// Settings that can't be are refused field by field, and a secret goes to no other server than the one it was given for.
func TestKeyServerSettings(t *testing.T) {
	lines := &lines{}
	w := domaintest.Make(t, domaintest.Setup{Lines: lines})
	ws, admin := w.Founded(t, "acme")
	sound := keys.Server{Address: "https://vault.acme.example:8200", Mount: "transit", Key: "parlatory", RoleID: "role", SecretID: parlatory.NewSecret("hush")}
	for field, change := range map[string]func(*keys.Settings){
		"server.address":   func(s *keys.Settings) { s.Server.Address = "http://vault.acme.example" },
		"server.mount":     func(s *keys.Settings) { s.Server.Mount = "../sys" },
		"server.key":       func(s *keys.Settings) { s.Server.Key = "a?b" },
		"server.role_id":   func(s *keys.Settings) { s.Server.Certificate = "x" },
		"server.secret_id": func(s *keys.Settings) { s.Server.SecretID = parlatory.Secret{} },
		"grace_seconds":    func(s *keys.Settings) { s.GraceSeconds = 86401 },
		"rotate_days":      func(s *keys.Settings) { s.RotateDays = -1 },
	} {
		server := sound
		s := keys.Settings{Server: &server}
		change(&s)
		var e *parlatory.Error
		if err := w.Keys.Change(t.Context(), admin, s, ""); !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Name != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	server := sound
	if err := w.Keys.Change(t.Context(), admin, keys.Settings{Server: &server, GraceSeconds: 60}, "ours now"); err != nil {
		t.Fatal(err)
	}
	o := overview(t, w, admin)
	if o.Root != vault.RootOwn || o.Settings.Server == nil || o.Settings.GraceSeconds != 60 {
		t.Fatalf("%+v", o)
	}
	values := contacts(t, w, ws, 3)
	if n := opens(t, w, ws, values); n != 3 {
		t.Errorf("%d open below the own server", n)
	}
	kept := sound
	kept.SecretID = parlatory.Secret{}
	if err := w.Keys.Change(t.Context(), admin, keys.Settings{Server: &kept}, ""); err != nil || lines.last.SecretID.Reveal() != "hush" {
		t.Errorf("the stored secret was not kept: %v", err)
	}
	evil := kept
	evil.Address, evil.SecretID = "https://evil.example", parlatory.Secret{}
	if err := w.Keys.Test(t.Context(), admin, keys.Settings{Server: &evil}); parlatory.KindOf(err) != parlatory.KindInvalid {
		t.Errorf("a stored secret went to another address: %v", err)
	}
	if _, err := w.Keys.Move(t.Context(), operator, ws, vault.RootFile, ""); parlatory.KindOf(err) != parlatory.KindConflict {
		t.Errorf("the operator took it away: %v", err)
	}
	if err := w.Keys.Change(t.Context(), admin, keys.Settings{}, "back"); err != nil {
		t.Fatal(err)
	}
	if n := opens(t, w, ws, values); n != 3 || overview(t, w, admin).Root != vault.RootFile {
		t.Errorf("%d open below %s", n, overview(t, w, admin).Root)
	}
}

// lines has one key file in the place of all servers.
type lines struct {
	root vault.Root
	last keys.Server
}

func (l *lines) Root(s keys.Server) (vault.Root, error) {
	l.last = s
	return l.open()
}

func (l *lines) Check(_ context.Context, s keys.Server) error {
	l.last = s
	_, err := l.open()
	return err
}

func (l *lines) open() (vault.Root, error) {
	if l.root != nil {
		return l.root, nil
	}
	dir, err := os.MkdirTemp("", "own-root-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "root.key")
	if err := vault.CreateKeyFile(path, nil); err != nil {
		return nil, err
	}
	l.root, err = vault.OpenKeyFile(context.Background(), vault.KeyFile{Path: path})
	return l.root, err
}

// A key that somebody changed in the database is left alone, and stops none of the others.
func TestADamagedKeyStopsNoRotation(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		values := contacts(t, w, ws, 150)
		var victim vault.Subject
		for victim = range values {
			break
		}
		raw(t, w, ws, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE subject_keys SET wrapped = id WHERE workspace = $1 AND kind = $2 AND subject = $3`, victim.Kind, victim.ID[:])
			return err
		})
		delete(values, victim)
		if err := w.Keys.Rotate(t.Context(), admin, ""); err != nil {
			t.Fatal(err)
		}
		if err := w.Keys.Rewrap(t.Context(), ws, func(int64) {}); err != nil {
			t.Fatal(err)
		}
		if o := overview(t, w, admin); o.Behind != 1 || opens(t, w, ws, values) != 149 {
			t.Errorf("%d keys are left", o.Behind)
		}
	})
}

// The house's keys turn as well.
func TestKeysOfTheHouseTurn(t *testing.T) {
	w := domaintest.New(t)
	shelf := keys.New(w.DB, w.Law)
	if _, err := shelf.Spend(t.Context(), parlatory.House, vault.Settings, 1, vault.NextSeals); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Keys.Turn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	all, err := shelf.SubjectKeys(t.Context(), parlatory.House, vault.KindSettings, [][16]byte{{}})
	if err != nil || len(all) != 2 {
		t.Errorf("%d versions, %v", len(all), err)
	}
}
