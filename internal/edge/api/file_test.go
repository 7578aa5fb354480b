package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/file"
	"parlatory/internal/domain/role"
	"parlatory/internal/edge/api"
	"parlatory/internal/edge/front"
)

const shop = "https://shop.example"

func uuid() string { return parlatory.NewID[parlatory.ClientKind](parlatory.SystemClock{}).String() }

// talk is a workspace in which a visitor speaks with an agent.
func (w *world) talk(t *testing.T) (visitor, agent, admin parlatory.Actor, room string) {
	t.Helper()
	ws, admin := w.Founded(t, "acme")
	if _, err := w.Workspace.AddSite(t.Context(), admin, shop); err != nil {
		t.Fatal(err)
	}
	agent = w.Hire(t, ws, role.Agent)
	guest := w.At(ws)
	guest.Site = shop
	begun, err := w.chat.Begin(t.Context(), guest, chat.Beginning{Client: parlatory.NewID[parlatory.ClientKind](w.Clock), Name: "Jonas", Question: "Hello?", Privacy: "2026-11"})
	if err != nil {
		t.Fatal(err)
	}
	if visitor, err = w.contacts.Visitor(t.Context(), ws, begun.Token.Reveal(), shop, guest); err != nil {
		t.Fatal(err)
	}
	if _, err := w.chat.Pickup(t.Context(), agent, begun.Enquiry); err != nil {
		t.Fatal(err)
	}
	return visitor, agent, admin, begun.Room.String()
}

// send puts bytes, as front lets them through.
func (w *world) send(t *testing.T, actor parlatory.Actor, path string, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPut, path, bytes.NewReader(body)).WithContext(front.WithActor(t.Context(), actor))
	r.Header.Set("Content-Type", "application/octet-stream")
	r.Header.Set("Idempotency-Key", "a-key-that-is-not-for-parts")
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	return rec
}

func prefixOf(a parlatory.Actor) string {
	if a.Kind == parlatory.Visitor {
		return "/widget/v1"
	}
	return "/api/v1"
}

// upload goes the whole way over the API, and posts the file.
func (w *world) upload(t *testing.T, actor parlatory.Actor, room, name string, body []byte) api.File {
	t.Helper()
	prefix := prefixOf(actor)
	rec := w.call(t, actor, "POST", prefix+"/rooms/"+room+"/files", api.NewFile{ID: uuid(), Name: name, Size: int64(len(body))})
	want(t, rec, 201)
	f := read[api.File](t, rec)
	if f.State != "uploading" || f.PartSize != file.PartSize || f.Parts != (len(body)+file.PartSize-1)/file.PartSize {
		t.Fatalf("%+v", f)
	}
	for n := 1; n <= f.Parts; n++ {
		want(t, w.send(t, actor, fmt.Sprintf("%s/files/%s/parts/%d", prefix, f.ID, n), body[(n-1)*file.PartSize:min(n*file.PartSize, len(body))]), 204)
	}
	rec = w.call(t, actor, "POST", prefix+"/files/"+f.ID+"/complete", nil)
	want(t, rec, 200)
	if f = read[api.File](t, rec); f.State != "ready" {
		t.Fatalf("%+v", f)
	}
	want(t, w.call(t, actor, "POST", prefix+"/rooms/"+room+"/messages", api.NewMessage{ID: uuid(), Files: []string{f.ID}}), 201)
	return f
}

func read[T any](t *testing.T, rec *httptest.ResponseRecorder) (v T) {
	t.Helper()
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	return v
}

func TestFilesOverTheAPI(t *testing.T) {
	w := newWorld(t)
	visitor, agent, _, room := w.talk(t)
	page := []byte("<!doctype html><script>alert(document.domain)</script>" + strings.Repeat(" ", file.PartSize))
	f := w.upload(t, visitor, room, `"quoted" påse;.html`, page)
	list := read[api.MessageList](t, w.call(t, agent, "GET", "/api/v1/rooms/"+room+"/messages", nil))
	last := list.Items[len(list.Items)-1]
	if len(last.Files) != 1 || last.Files[0].ID != f.ID || last.Files[0].Size != int64(len(page)) {
		t.Fatalf("%+v", last)
	}
	rec := w.call(t, agent, "GET", "/api/v1/files/"+f.ID+"/content", nil)
	want(t, rec, 200)
	if !bytes.Equal(rec.Body.Bytes(), page) {
		t.Errorf("%d bytes of %d", rec.Body.Len(), len(page))
	}
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
		"Content-Security-Policy": "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		"Content-Disposition":     `attachment; filename="_quoted_ p_se;.html"; filename*=UTF-8''_quoted_%20p%C3%A5se%3B.html`,
	} {
		if got := rec.Header().Get(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	want(t, w.call(t, agent, "GET", "/api/v1/files/"+f.ID+"/view", nil), 404)
	// A reply, the other way round.
	reply := w.upload(t, agent, room, "offer.pdf", []byte("%PDF-1.7 an offer"))
	rec = w.call(t, visitor, "GET", "/widget/v1/files/"+reply.ID+"/content", nil)
	if want(t, rec, 200); rec.Body.String() != "%PDF-1.7 an offer" || rec.Header().Get("Content-Type") != "application/octet-stream" {
		t.Errorf("%s %v", rec.Body, rec.Header())
	}
	// Each surface is its own.
	want(t, w.call(t, visitor, "GET", "/api/v1/files/"+reply.ID+"/content", nil), 404)
	want(t, w.call(t, agent, "GET", "/widget/v1/files/"+reply.ID+"/content", nil), 404)
}

func TestRangesOfFiles(t *testing.T) {
	w := newWorld(t)
	visitor, agent, _, room := w.talk(t)
	body := bytes.Repeat([]byte("0123456789abcdef"), (file.PartSize+1600)/16)
	f := w.upload(t, visitor, room, "voice.txt", body)
	for asked, want := range map[string]struct {
		from, to, status int
	}{
		"bytes=0-9": {0, 10, 206}, "bytes=4194300-4194309": {4194300, 4194310, 206}, "bytes=-5": {len(body) - 5, len(body), 206},
		"bytes=4195000-": {4195000, len(body), 206}, "bytes=99999999-": {0, 0, 416},
		"bytes=0-0,2-2": {0, len(body), 200}, // several at once are not offered: the whole
	} {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/files/"+f.ID+"/content", nil).WithContext(front.WithActor(t.Context(), agent))
		r.Header.Set("Range", asked)
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, r)
		if rec.Code != want.status || want.status != 416 && !bytes.Equal(rec.Body.Bytes(), body[want.from:want.to]) {
			t.Errorf("%s: %d, %d bytes", asked, rec.Code, rec.Body.Len())
		}
	}
}

// A picture is shown as what it was encoded to; what came with the original is not in it.
func TestPicturesAreEncodedAnew(t *testing.T) {
	w := newWorld(t)
	visitor, agent, _, room := w.talk(t)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 900, 600)), nil); err != nil {
		t.Fatal(err)
	}
	note := "GPS 57.6348 N 18.2948 E"
	raw := b.Bytes()
	raw = append(append(append([]byte{}, raw[:2]...), append([]byte{0xff, 0xfe, 0, byte(len(note) + 2)}, note...)...), raw[2:]...)
	f := w.upload(t, visitor, room, "photo.jpg", raw)
	for name, width := range map[string]int{"view": 900, "thumb": 480} {
		rec := w.call(t, agent, "GET", "/api/v1/files/"+f.ID+"/"+name, nil)
		want(t, rec, 200)
		kind := rec.Header().Get("Content-Type")
		c, format, err := image.DecodeConfig(bytes.NewReader(rec.Body.Bytes()))
		if err != nil || kind != "image/"+format || c.Width != width || bytes.Contains(rec.Body.Bytes(), []byte("GPS")) {
			t.Errorf("%s: %s %s %+v %v", name, kind, format, c, err)
		}
		if d := rec.Header().Get("Content-Disposition"); !strings.HasPrefix(d, "inline;") || rec.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", name, rec.Header())
		}
	}
}

// A part that turns out damaged in the middle ends the answer: it is never taken for a whole file.
func TestADamagedFileIsCut(t *testing.T) {
	w := newWorld(t)
	visitor, agent, _, room := w.talk(t)
	f := w.upload(t, visitor, room, "a.txt", bytes.Repeat([]byte("a line\n"), 2*file.PartSize/7))
	all, err := w.blobs.List(t.Context(), "f/", "", 0)
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	if err := w.blobs.Delete(t.Context(), all[1].Name); err != nil {
		t.Fatal(err)
	}
	var cut any
	rec := func() (rec *httptest.ResponseRecorder) {
		defer func() { cut = recover() }()
		return w.call(t, agent, "GET", "/api/v1/files/"+f.ID+"/content", nil)
	}()
	if err, ok := cut.(error); !ok || !errors.Is(err, http.ErrAbortHandler) || rec != nil {
		t.Errorf("the answer ended with %v", cut)
	}
	if err := w.blobs.Delete(t.Context(), all[0].Name); err != nil {
		t.Fatal(err)
	}
	if rec := w.call(t, agent, "GET", "/api/v1/files/"+f.ID+"/content", nil); rec.Code != 500 || !strings.Contains(rec.Body.String(), "damaged") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestStorageOverTheAPI(t *testing.T) {
	w := newWorld(t)
	visitor, agent, admin, room := w.talk(t)
	for i := range 3 {
		w.upload(t, visitor, room, fmt.Sprintf("%d.txt", i), []byte("hello"))
	}
	w.upload(t, agent, room, "offer.bin", []byte{1, 2, 3})
	want(t, w.call(t, agent, "GET", "/api/v1/storage", nil), 403)
	want(t, w.call(t, agent, "GET", "/api/v1/storage/files", nil), 403)
	o := read[api.Storage](t, w.call(t, admin, "GET", "/api/v1/storage", nil))
	if o.MaxFile != file.Default || o.Bytes != 18 || len(o.Kinds) != 2 || o.Scanner {
		t.Errorf("%+v", o)
	}
	var names []string
	cursor := ""
	for range 4 {
		p := read[api.StoredFiles](t, w.call(t, admin, "GET", "/api/v1/storage/files?kind=document&limit=2&cursor="+cursor, nil))
		for _, i := range p.Items {
			names = append(names, i.Name+" "+i.Owner.Name)
		}
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	if got := strings.Join(names, ", "); got != "2.txt Jonas, 1.txt Jonas, 0.txt Jonas" {
		t.Error(got)
	}
	rec := w.call(t, admin, "PUT", "/api/v1/storage/limit", api.StorageLimit{MaxFile: 2 << 20})
	if want(t, rec, 200); read[api.Storage](t, rec).MaxFile != 2<<20 {
		t.Error(rec.Body)
	}
	want(t, w.call(t, agent, "POST", "/api/v1/rooms/"+room+"/files", api.NewFile{ID: uuid(), Name: "a.txt", Size: 2<<20 + 1}), 413)
	w.Clock.Advance(11 * 60e9)
	want(t, w.call(t, admin, "PUT", "/api/v1/storage/limit", api.StorageLimit{MaxFile: 4 << 20}), 403) // asks again who it is
}

func TestWhatIsAStream(t *testing.T) {
	id := uuid()
	for line, want := range map[string]bool{
		"PUT /api/v1/files/" + id + "/parts/1": true, "PUT /widget/v1/files/" + id + "/parts/12": true, "POST /api/v1/files/" + id + "/parts/1": false,
		"PUT /api/v1/files/" + id: false, "PUT /api/v1/files/" + id + "/parts/1/2": false, "PUT /api/v1/storage/limit": false, "PUT /api/v1/files/x/complete/1": false,
	} {
		method, path, _ := strings.Cut(line, " ")
		if _, got := api.Stream(httptest.NewRequest(method, path, io.NopCloser(nil))); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}
