package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"parlatory"
	"parlatory/internal/domain/archive"
	"parlatory/internal/domain/audit"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/contact"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/keys"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/staff"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/backup"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

const site = "https://shop.example"

var setup = domaintest.Setup{Acts: [][]access.Act{contact.Acts(), chat.Acts(), archive.Acts(), audit.Acts()}}

// shelf is a room of files with one file a contact.
type shelf struct {
	mu      sync.Mutex
	dropped []string
	fail    error
}

const fileName = "../../etc/passwd"

func (*shelf) Export(_ context.Context, _ parlatory.WorkspaceID, _ parlatory.ContactID, fn func(string, string, int64, io.Reader) error) error {
	return fn(fileName, "text/plain", 5, strings.NewReader("plans"))
}

func (*shelf) Count(*db.Tx, parlatory.ContactID) (int64, error) { return 2, nil }

func (*shelf) Erase(_ *db.Tx, who parlatory.ContactID) ([]string, error) {
	return []string{"f/" + who.String(), "f/" + who.String() + "-small"}, nil
}

func (s *shelf) Drop(_ context.Context, blobs []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.dropped = append(s.dropped, blobs...)
	return nil
}

type world struct {
	*domaintest.World
	contacts  *contact.Room
	chat      *chat.Room
	archive   *archive.Room
	audit     *audit.Room
	files     *shelf
	folder    string
	identity  *vault.Identity
	recipient *vault.Recipient
	parts     *backup.Folder
	ws        parlatory.WorkspaceID
	admin     parlatory.Actor
	dana      parlatory.Actor // an agent
}

func newWorld(t *testing.T, w *domaintest.World) *world {
	t.Helper()
	v := &world{World: w, files: &shelf{}, folder: filepath.Join(t.TempDir(), "backup")}
	v.contacts = contact.New(contact.Options{DB: w.DB, Law: w.Law, Ring: w.Ring, Sites: w.Workspace, Clock: w.Clock, Log: w.Log})
	v.chat = v.node(w.DB, w.Ring)
	v.audit = audit.New(audit.Options{DB: w.DB, Law: w.Law, Ledger: w.Ledger})
	file, recipient, err := vault.NewIdentity()
	v.must(t, err)
	to, err := vault.ParseRecipient(recipient)
	v.must(t, err)
	v.recipient = to
	v.identity, err = vault.ParseIdentity([]byte(file))
	v.must(t, err)
	v.parts, err = backup.OpenFolder(backup.Options{Path: v.folder, KeepDays: 30, Seal: to.Seal, Clock: w.Clock})
	v.must(t, err)
	v.archive = v.room(w.DB, w.Ring, v.chat)
	v.ws, v.admin = w.Founded(t, "acme")
	_, err = w.Workspace.AddSite(t.Context(), v.admin, site)
	v.must(t, err)
	v.dana = w.Hire(t, v.ws, role.Agent)
	return v
}

// node is a chat room as another process has it: with a memory of its own.
func (v *world) node(database *db.DB, ring *vault.Ring) *chat.Room {
	r := chat.New(chat.Options{
		DB: database, Law: v.Law, Ring: ring, Ledger: v.Ledger, Contacts: v.contacts, Staff: v.Staff, Security: v.Security, Clock: v.Clock, Log: slog.New(slog.DiscardHandler),
		Limits: chat.Limits{VisitorPerMinute: 1e6, StaffPerMinute: 1e6, BeginPerHour: 1e6},
	})
	database.Listen(r)
	v.T.Cleanup(r.Close)
	return r
}

func (v *world) room(database *db.DB, ring *vault.Ring, ch *chat.Room) *archive.Room {
	return archive.New(archive.Options{
		DB: database, Law: v.Law, Ring: ring, Ledger: v.Ledger, Contacts: v.contacts, Chat: ch, Keys: v.Keys, Staff: v.Staff, Files: v.files, Parts: v.parts,
		Domain: domaintest.Domain, Clock: v.Clock, Log: v.Log, Steady: staff.Steady,
	})
}

func (v *world) must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t testing.TB, err error, kind parlatory.Kind) {
	t.Helper()
	if err == nil || parlatory.KindOf(err) != kind {
		t.Errorf("want %s, got %v", kind, err)
	}
}

func client() parlatory.ClientID {
	return parlatory.NewID[parlatory.ClientKind](parlatory.SystemClock{})
}

// person is a visitor with a conversation.
type person struct {
	actor parlatory.Actor
	token string
	begun chat.Begun
}

func (p person) id() parlatory.ContactID { return p.begun.Contact }

const secret = "canary-7c1f"

func (v *world) visit(t testing.TB) person {
	t.Helper()
	guest := v.At(v.ws)
	guest.Site = site
	begun, err := v.chat.Begin(t.Context(), guest, chat.Beginning{Client: client(), Name: "Jonas " + secret, Email: "jonas@example.com", Question: "About " + secret, Page: site + "/cart", Privacy: "2026-11"})
	v.must(t, err)
	visitor, err := v.contacts.Visitor(t.Context(), v.ws, begun.Token.Reveal(), site, guest)
	v.must(t, err)
	return person{visitor, begun.Token.Reveal(), begun}
}

func (v *world) say(t testing.TB, who parlatory.Actor, room parlatory.RoomID, body string) {
	t.Helper()
	_, err := v.chat.Post(t.Context(), who, chat.Post{Room: room, Client: client(), Body: body})
	v.must(t, err)
}

// talked is a visitor whose conversation is over.
func (v *world) talked(t testing.TB) person {
	t.Helper()
	p := v.visit(t)
	_, err := v.chat.Pickup(t.Context(), v.dana, p.begun.Enquiry)
	v.must(t, err)
	v.say(t, v.dana, p.begun.Room, "Answer "+secret)
	v.say(t, p.actor, p.begun.Room, "Thanks "+secret)
	v.close(t, p)
	return p
}

func (v *world) close(t testing.TB, p person) {
	t.Helper()
	_, err := v.chat.CloseEnquiry(t.Context(), v.dana, p.begun.Enquiry)
	v.must(t, err)
}

func (v *world) erase(t testing.TB, p person) archive.Erasure {
	t.Helper()
	e, err := v.archive.Erase(t.Context(), v.now(v.admin), p.id(), p.id().String(), "asked for by letter")
	v.must(t, err)
	return e
}

// now is an actor who has just proved who they are.
func (v *world) now(a parlatory.Actor) parlatory.Actor {
	a.Proved = v.Clock.Now()
	return a
}

// verifies exports the ledger and checks it.
func (v *world) verifies(t testing.TB) ledger.Report {
	t.Helper()
	var b bytes.Buffer
	v.must(t, v.audit.Export(t.Context(), v.now(v.admin), &b))
	if strings.Contains(b.String(), secret) {
		t.Error("the ledger's export still holds what was erased")
	}
	r, err := ledger.Verify(&b)
	v.must(t, err)
	return r
}

// holds reports whether a fresh ring opens a contact's key.
func (v *world) holds(t testing.TB, who parlatory.ContactID) bool {
	t.Helper()
	v.Ring.ForgetWorkspace(v.ws)
	_, err := v.Ring.Hold(t.Context(), v.ws, vault.ContactKey(who))
	if err != nil && !errors.Is(err, vault.ErrNoKey) {
		t.Fatal(err)
	}
	return err == nil
}

var operator = parlatory.Actor{Kind: parlatory.Operator, Workspace: parlatory.House, Device: "a test"}

// part gives the bytes of the newest part.
func (v *world) part(t testing.TB) []byte {
	t.Helper()
	all, err := v.parts.Parts()
	v.must(t, err)
	if len(all) == 0 {
		t.Fatal("no part was written")
	}
	b, err := os.ReadFile(filepath.Join(v.folder, all[len(all)-1].Name))
	v.must(t, err)
	return b
}

func (v *world) restore(t testing.TB, part []byte, id *vault.Identity) (archive.Restored, error) {
	t.Helper()
	return v.archive.RestoreKeys(t.Context(), operator, "drill", func() (io.Reader, error) { return id.Open(bytes.NewReader(part)) })
}

func (v *world) back(t testing.TB) []byte {
	t.Helper()
	if _, err := v.archive.BackUpKeys(t.Context(), operator); err != nil {
		t.Fatal(fmt.Errorf("write a part: %w", err))
	}
	return v.part(t)
}

func (v *world) shelfOn(database *db.DB) *keys.Shelf { return keys.New(database, v.Law) }
