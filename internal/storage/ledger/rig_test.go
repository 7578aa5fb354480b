package ledger

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/test/postgres"
)

var (
	actFound   = access.Act{Name: "test.found", Feature: "Test", Verb: access.Edit, By: access.ByKind(parlatory.System)}
	actSuspend = access.Act{Name: "staff.suspend", Feature: "Staff", Verb: access.Edit, By: access.ByKind(parlatory.Staff), Audited: true, ByToken: true}
	actDenied  = access.Act{Name: "role.edit", Feature: "Roles", Verb: access.Edit, By: access.ByKind(parlatory.Staff), Granted: true}
	actAccount = access.Act{Name: "account.test", Feature: "Account", Verb: access.Edit, By: access.ByKind(parlatory.Staff), Audited: true, Scope: access.HouseAndWorkspace}
	actView    = access.Act{Name: "audit.view", Feature: "Audit log", Verb: access.View, By: access.ByKind(parlatory.Staff)}
	// What a thief with the database's password could do.
	actTamper = access.Act{Name: "test.tamper", Feature: "Test", Verb: access.Edit, By: access.ByKind(parlatory.System)}
)

type anyRole struct{}

func (anyRole) Role(context.Context, parlatory.WorkspaceID, string) (access.Role, error) {
	return access.Role{Name: "Agent", Level: access.Full}, nil
}

type shelf struct {
	mu   sync.Mutex
	keys map[string]vault.Wrapped
}

func (s *shelf) name(ws parlatory.WorkspaceID, sub vault.Subject) string {
	return ws.String() + sub.Kind + string(sub.ID[:])
}

func (s *shelf) put(keys ...vault.Wrapped) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range keys {
		s.keys[s.name(w.Workspace, w.Subject)] = w
	}
}

func (s *shelf) erase(ws parlatory.WorkspaceID, sub vault.Subject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, s.name(ws, sub))
}

func (*shelf) Spend(context.Context, parlatory.WorkspaceID, vault.Subject, uint32, int64) (int64, error) {
	return 0, nil
}

func (s *shelf) key(ws parlatory.WorkspaceID, sub vault.Subject) (vault.Wrapped, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.keys[s.name(ws, sub)]
	if !ok {
		return w, vault.ErrNoKey
	}
	return w, nil
}

func (s *shelf) SubjectKeys(_ context.Context, ws parlatory.WorkspaceID, kind string, ids [][16]byte) (all []vault.Wrapped, err error) {
	for _, id := range ids {
		if w, err := s.key(ws, vault.Subject{Kind: kind, ID: id}); err == nil {
			all = append(all, w)
		}
	}
	return all, nil
}

func (s *shelf) WorkspaceKey(_ context.Context, ws parlatory.WorkspaceID, _ uint32) (vault.Wrapped, error) {
	return s.key(ws, vault.Subject{Kind: vault.KindWorkspace})
}

// rig is a ledger on a real database with the house and one workspace founded.
type rig struct {
	t     testing.TB
	db    *db.DB
	path  string
	ring  *vault.Ring
	shelf *shelf
	law   *access.Law
	*Ledger
	ws parlatory.WorkspaceID
}

func onBoth(t *testing.T, test func(t *testing.T, o db.Options)) {
	t.Run("sqlite", func(t *testing.T) {
		test(t, db.Options{SQLite: filepath.Join(t.TempDir(), "test.db")})
	})
	t.Run("postgres", func(t *testing.T) {
		if testing.Short() {
			t.Skip("needs a server")
		}
		serving, owner := postgres.Start(t)
		test(t, db.Options{Postgres: serving, PostgresOwner: owner})
	})
}

func ownMigration(t testing.TB) fstest.MapFS {
	t.Helper()
	text, err := os.ReadFile("../db/migrations/0001_ledger.sql")
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{"0001_ledger.sql": {Data: text}}
}

func newRig(t testing.TB, o db.Options) *rig {
	t.Helper()
	o.Migrations, o.Log = ownMigration(t), slog.New(slog.DiscardHandler)
	d, err := db.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	refusals := NewRefusals(parlatory.SystemClock{})
	catalogue, err := access.NewCatalogue(Acts(), []access.Act{actFound, actSuspend, actDenied, actAccount, actView, actTamper})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, db: d, path: o.SQLite, shelf: &shelf{keys: map[string]vault.Wrapped{}}}
	r.law = access.NewLaw(catalogue, anyRole{}, refusals)
	key := filepath.Join(t.TempDir(), "root.key")
	if err := vault.CreateKeyFile(key, nil); err != nil {
		t.Fatal(err)
	}
	root, err := vault.OpenKeyFile(t.Context(), vault.KeyFile{Path: key})
	if err != nil {
		t.Fatal(err)
	}
	r.ring = vault.NewRing(vault.Options{Root: root, Shelf: r.shelf})
	r.Ledger = r.node(refusals)
	r.found(parlatory.House)
	r.ws = newID[parlatory.WorkspaceKind]()
	r.found(r.ws)
	return r
}

// node is one more server on the same database.
func (r *rig) node(refusals *Refusals) *Ledger {
	return New(Options{DB: r.db, Ring: r.ring, Law: r.law, Domain: "parlatory.example", Log: slog.New(slog.DiscardHandler), Refusals: refusals, Pace: 10 * time.Millisecond})
}

func newID[K any]() parlatory.ID[K] { return parlatory.NewID[K](parlatory.SystemClock{}) }

func (r *rig) found(ws parlatory.WorkspaceID) {
	r.t.Helper()
	f, err := r.ring.Found(r.t.Context(), ws)
	if err != nil {
		r.t.Fatal(err)
	}
	r.system(actFound, ws, func(tx *db.Tx) error { return r.Found(tx, f) })
	r.shelf.put(f.Wrapped()...)
}

func (r *rig) system(act access.Act, ws parlatory.WorkspaceID, fn func(*db.Tx) error) {
	r.t.Helper()
	permit, err := r.law.System(act, ws)
	if err == nil {
		err = r.db.Write(r.t.Context(), permit, fn)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) actor() parlatory.Actor {
	return parlatory.Actor{Kind: parlatory.Staff, Workspace: r.ws, Staff: newID[parlatory.StaffKind](), Account: newID[parlatory.AccountKind](),
		Address: netip.MustParseAddr("192.0.2.77"), Device: "Firefox <on> \"Linux\" & more"}
}

func (r *rig) permit(act access.Act, actor parlatory.Actor) access.Permit {
	r.t.Helper()
	p, err := r.law.Permit(r.t.Context(), actor, act)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// witness writes one entry under staff.suspend.
func (r *rig) witness(actor parlatory.Actor, e Entry, about ...vault.Subject) {
	r.t.Helper()
	if err := r.tryWitness(actor, e, about...); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) tryWitness(actor parlatory.Actor, e Entry, about ...vault.Subject) error {
	pen, err := r.Pen(r.t.Context(), r.ws, about...)
	if err != nil {
		return err
	}
	permit, err := r.law.Permit(r.t.Context(), actor, actSuspend)
	if err != nil {
		return err
	}
	return r.db.Write(r.t.Context(), permit, func(tx *db.Tx) error { return pen.Witness(tx, e) })
}

func sample(n int) Entry {
	return Entry{Action: Updated, Element: "Staff", ID: newID[parlatory.StaffKind]().Raw(),
		Old: map[string]string{"state": "active", "note": "canary-old <&>\u2028"}, New: map[string]string{"state": "suspended"}, Remark: "number " + string(rune('a'+n))}
}

// fill writes n entries in several heads: after each third.
func (r *rig) fill(n int) {
	r.t.Helper()
	for i := range n {
		r.witness(r.actor(), sample(i))
		if i%3 == 2 {
			r.settle()
		}
	}
	r.settle()
}

func (r *rig) settle() {
	r.t.Helper()
	if err := r.Settle(r.t.Context(), r.ws); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) export() []byte {
	r.t.Helper()
	var b bytes.Buffer
	if err := r.Export(r.t.Context(), r.permit(actView, r.actor()), &b); err != nil {
		r.t.Fatal(err)
	}
	return b.Bytes()
}

func (r *rig) list(f Filter) []Record {
	r.t.Helper()
	records, err := r.List(r.t.Context(), r.permit(actView, r.actor()), f)
	if err != nil {
		r.t.Fatal(err)
	}
	return records
}

func (r *rig) head() string {
	r.t.Helper()
	note, err := r.Head(r.t.Context(), r.permit(actView, r.actor()))
	if err != nil {
		r.t.Fatal(err)
	}
	return note
}

// tamper changes rows as somebody with the database's password could.
func (r *rig) tamper(query string, args ...any) {
	r.t.Helper()
	r.system(actTamper, r.ws, func(tx *db.Tx) error {
		n, err := tx.Exec(query, args...)
		if err == nil && n == 0 {
			err = errors.New("nothing was tampered with")
		}
		return err
	})
}

// verifies wants a sound export.
func verifies(t testing.TB, export []byte, known ...Known) Report {
	t.Helper()
	report, err := Verify(bytes.NewReader(export), known...)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// breaks wants an export that stops being sound at an entry.
func breaks(t testing.TB, what string, export []byte, number int64, known ...Known) {
	t.Helper()
	_, err := Verify(bytes.NewReader(export), known...)
	var b *Broken
	if !errors.As(err, &b) {
		t.Errorf("%s: %v, want a broken export", what, err)
		return
	}
	if b.Number != number {
		t.Errorf("%s: %v, want entry %d", what, err, number)
	}
}
