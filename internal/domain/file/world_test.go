package file_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/contact"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/file"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/staff"
	"parlatory/internal/guard/access"
	"parlatory/internal/storage/blob"
	"parlatory/internal/storage/db"
)

const site = "https://shop.example"

// guardian is a scanner that knows one kind of malware, and can be away.
type guardian struct {
	mu    sync.Mutex
	away  error
	asked int
}

func (g *guardian) set(away error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.away = away
}

func (g *guardian) Scan(_ context.Context, r io.Reader) (file.Verdict, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	if g.away != nil {
		return file.Verdict{}, g.away
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return file.Verdict{}, err
	}
	if bytes.Contains(b, []byte("EICAR-STANDARD-"+"ANTIVIRUS-TEST-FILE")) {
		return file.Verdict{Name: "Eicar-Test-Signature"}, nil
	}
	return file.Verdict{Clean: true}, nil
}

// room is how much of it a store has: where it is bound, left counts down the bodies that it takes.
type room struct {
	mu    sync.Mutex
	bound bool
	left  int

	denied error
}

func (r *room) set(bound bool, left int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bound, r.left = bound, left
}

// deny has the store refuse deletions with err.
func (r *room) deny(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.denied = err
}

func (r *room) denies() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.denied
}

func (r *room) take() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left--; r.bound && r.left < 0 {
		return false
	}
	return true
}

type store struct {
	*blob.Disk
	room *room
}

func (s store) Put(ctx context.Context, name string, r io.Reader, size int64) error {
	if !s.room.take() {
		return blob.Full(io.ErrShortWrite)
	}
	return s.Disk.Put(ctx, name, r, size)
}

func (s store) Delete(ctx context.Context, name string) error {
	if err := s.room.denies(); err != nil {
		return err
	}
	return s.Disk.Delete(ctx, name)
}

// lines keeps what is logged.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

type world struct {
	*domaintest.World
	contacts *contact.Room
	chat     *chat.Room
	files    *file.Room
	blobs    *blob.Disk
	room     *room // what the store says before it takes something
	scanner  *guardian
	log      *lines
	ws       parlatory.WorkspaceID
	admin    parlatory.Actor
	dana     parlatory.Actor // an agent
}

var setup = domaintest.Setup{Acts: [][]access.Act{contact.Acts(), file.Acts(), chat.Acts()}}

// small bounds, so that tests reach them.
var limits = file.Limits{File: 40 << 20, VisitorDay: 30 << 20, SourceDay: 60 << 20}

func newWorld(t *testing.T, w *domaintest.World) *world {
	t.Helper()
	v := &world{World: w, scanner: &guardian{}, log: &lines{}, room: &room{}}
	var err error
	if v.blobs, err = blob.OpenDisk(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.blobs.Close() })
	v.contacts = contact.New(contact.Options{DB: w.DB, Law: w.Law, Ring: w.Ring, Sites: w.Workspace, Clock: w.Clock, Log: w.Log})
	v.files, v.chat = v.node(w.DB)
	v.ws, v.admin = w.Founded(t, "acme")
	if _, err := w.Workspace.AddSite(t.Context(), v.admin, site); err != nil {
		t.Fatal(err)
	}
	v.dana = w.Hire(t, v.ws, role.Agent)
	return v
}

// node is the rooms as another process has them.
func (v *world) node(database *db.DB) (*file.Room, *chat.Room) {
	f := file.New(file.Options{
		DB: database, Law: v.Law, Ring: v.Ring, Ledger: v.Ledger, Blobs: store{v.blobs, v.room}, Scanner: v.scanner, Contacts: v.contacts, Staff: v.Staff, Clock: v.Clock,
		Log: slog.New(slog.NewTextHandler(v.log, nil)), Limits: limits, Steady: staff.Steady,
	})
	c := chat.New(chat.Options{
		DB: database, Law: v.Law, Ring: v.Ring, Ledger: v.Ledger, Contacts: v.contacts, Staff: v.Staff, Clock: v.Clock, Log: slog.New(slog.DiscardHandler),
		Limits: chat.Limits{VisitorPerMinute: 1e6, StaffPerMinute: 1e6, BeginPerHour: 1e6},
	})
	f.Meet(c)
	database.Listen(c)
	v.T.Cleanup(c.Close)
	return f, c
}

// visit begins an enquiry, which dana picks up.
func (v *world) visit(t *testing.T) (parlatory.Actor, parlatory.RoomID) {
	t.Helper()
	guest := v.At(v.ws)
	guest.Site = site
	begun, err := v.chat.Begin(t.Context(), guest, chat.Beginning{Client: client(), Name: "Jonas", Question: "May I send you a picture?", Privacy: "2026-11"})
	must(t, err)
	visitor, err := v.contacts.Visitor(t.Context(), v.ws, begun.Token.Reveal(), site, guest)
	must(t, err)
	_, err = v.chat.Pickup(t.Context(), v.dana, begun.Enquiry)
	must(t, err)
	return visitor, begun.Room
}

func client() parlatory.ClientID {
	return parlatory.NewID[parlatory.ClientKind](parlatory.SystemClock{})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, err error, kind parlatory.Kind) {
	t.Helper()
	if err == nil || parlatory.KindOf(err) != kind {
		t.Errorf("want %s, got %v", kind, err)
	}
}

func (v *world) begin(t *testing.T, who parlatory.Actor, room parlatory.RoomID, name string, size int) file.File {
	t.Helper()
	f, err := v.files.Begin(t.Context(), who, file.Beginning{Room: room, Client: client(), Name: name, Size: int64(size)})
	must(t, err)
	return f
}

// send puts all parts that are missing.
func (v *world) send(t *testing.T, who parlatory.Actor, f file.File, body []byte) {
	t.Helper()
	have := map[int]bool{}
	for _, n := range f.Have {
		have[n] = true
	}
	for n := 1; n <= f.Parts; n++ {
		if !have[n] {
			p := partOf(body, n)
			must(t, v.files.PutPart(t.Context(), who, f.ID, n, bytes.NewReader(p), int64(len(p))))
		}
	}
}

func partOf(body []byte, n int) []byte {
	return body[(n-1)*file.PartSize : min(n*file.PartSize, len(body))]
}

// upload goes the whole way, up to the check.
func (v *world) upload(t *testing.T, who parlatory.Actor, room parlatory.RoomID, name string, body []byte) file.File {
	t.Helper()
	f := v.begin(t, who, room, name, len(body))
	v.send(t, who, f, body)
	f, err := v.files.Complete(t.Context(), who, f.ID)
	must(t, err)
	return f
}

func (v *world) post(t *testing.T, who parlatory.Actor, room parlatory.RoomID, files ...parlatory.FileID) error {
	t.Helper()
	_, err := v.chat.Post(t.Context(), who, chat.Post{Room: room, Client: client(), Files: files})
	return err
}

// last is the newest message of a room.
func (v *world) last(t *testing.T, who parlatory.Actor, room parlatory.RoomID) chat.Message {
	t.Helper()
	h, err := v.chat.Messages(t.Context(), who, room, chat.Range{})
	must(t, err)
	return h.Messages[len(h.Messages)-1]
}

func (v *world) download(t *testing.T, who parlatory.Actor, id parlatory.FileID) ([]byte, error) {
	t.Helper()
	c, err := v.files.Download(t.Context(), who, id)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	return io.ReadAll(c)
}

func (v *world) names(t *testing.T) (names []string) {
	t.Helper()
	all, err := v.blobs.List(t.Context(), "f/", "", 0)
	must(t, err)
	for _, i := range all {
		names = append(names, i.Name)
	}
	return names
}

// blob reads a stored body, swap puts another in its place.
func (v *world) blob(t *testing.T, name string) []byte {
	t.Helper()
	b, err := v.blobs.Open(t.Context(), name)
	must(t, err)
	defer func() { _ = b.Close() }()
	out := make([]byte, b.Size())
	_, err = b.ReadAt(out, 0)
	must(t, err)
	return out
}

func (v *world) swap(t *testing.T, name string, body []byte) {
	t.Helper()
	must(t, v.blobs.Delete(t.Context(), name))
	must(t, v.blobs.Put(t.Context(), name, bytes.NewReader(body), int64(len(body))))
}

func (v *world) entries(action string) int {
	return v.Count(v.ws, "ledger_entries", "element = 'File' AND action = $2", action)
}

// long is a text of several parts.
func long(n int) []byte { return []byte(strings.Repeat("A line of a long report.\n", n/25+1)[:n]) }

func photo(t *testing.T) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 640, 400))
	for y := range 400 {
		for x := range 640 {
			m.Set(x, y, color.NRGBA{uint8(x), uint8(y), uint8(x * y), 255})
		}
	}
	var b bytes.Buffer
	must(t, png.Encode(&b, m))
	return b.Bytes()
}
