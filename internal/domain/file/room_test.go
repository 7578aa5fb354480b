package file_test

import (
	"bytes"
	"errors"
	"image"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/file"
	"parlatory/internal/storage/db"
)

func TestFilesGoBothWays(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, room := v.visit(t)
		report := long(file.PartSize + 12345)
		f := v.upload(t, visitor, room, "report.txt", report)
		if f.State != file.Ready || f.Kind != file.KindDocument || f.Type != file.Text || f.Parts != 2 {
			t.Fatalf("uploaded: %+v", f)
		}
		_, err := v.files.Stand(t.Context(), v.dana, f.ID)
		is(t, err, parlatory.KindNotFound) // not sent yet
		picture := v.upload(t, visitor, room, "IMG 1.png", photo(t))
		must(t, v.post(t, visitor, room, f.ID, picture.ID))
		m := v.last(t, v.dana, room)
		if len(m.Files) != 2 || m.Body != "" || m.Files[0].Name != "report.txt" || m.Files[0].Size != int64(len(report)) || m.Files[1].Type != file.PNG || m.Files[1].W != 640 || m.Files[1].H != 400 {
			t.Fatalf("message: %+v", m)
		}
		if frame := string(m.Encode()); !strings.Contains(frame, `"files":[{"id":"`+f.ID.String()+`","name":"report.txt","type":"text/plain","kind":"document","size":`) {
			t.Errorf("frame %s", frame)
		}
		if got, err := v.download(t, v.dana, f.ID); err != nil || !bytes.Equal(got, report) {
			t.Errorf("staff download %d bytes, %v", len(got), err)
		}
		reply := v.upload(t, v.dana, room, "offer.pdf", []byte("%PDF-1.7 an offer"))
		must(t, v.post(t, v.dana, room, reply.ID))
		if got, err := v.download(t, visitor, reply.ID); err != nil || string(got) != "%PDF-1.7 an offer" {
			t.Errorf("the visitor downloads %q, %v", got, err)
		}
		thumb, err := v.files.Thumb(t.Context(), v.dana, picture.ID)
		must(t, err)
		defer func() { _ = thumb.Close() }()
		if c, _, err := image.DecodeConfig(thumb); err != nil || c.Width != 480 || c.Height != 300 || !thumb.Shown.Picture() {
			t.Errorf("thumbnail %+v %s, %v", c, thumb.Shown, err)
		}
		_, err = v.files.View(t.Context(), v.dana, f.ID)
		is(t, err, parlatory.KindNotFound) // no picture
	})
}

func TestContentReadsFromAnyPlace(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	visitor, room := v.visit(t)
	report := long(2*file.PartSize + 99)
	f := v.upload(t, visitor, room, "report.txt", report)
	c, err := v.files.Download(t.Context(), visitor, f.ID)
	must(t, err)
	defer func() { _ = c.Close() }()
	for _, at := range []int{0, 1, file.PartSize - 3, file.PartSize, 2*file.PartSize + 98, 7, 2*file.PartSize - 1} {
		_, err := c.Seek(int64(at), io.SeekStart)
		must(t, err)
		got, err := io.ReadAll(io.LimitReader(c, 1000))
		if want := report[at:min(at+1000, len(report))]; err != nil || !bytes.Equal(got, want) {
			t.Errorf("from %d: %d bytes, want %d, %v", at, len(got), len(want), err)
		}
	}
}

// An upload that is cut in the middle of a part goes on at another node with the parts that are missing.
func TestACutUploadResumes(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, room := v.visit(t)
		report := long(3*file.PartSize - 5)
		announced := file.Beginning{Room: room, Client: client(), Name: "report.txt", Size: int64(len(report))}
		f, err := v.files.Begin(t.Context(), visitor, announced)
		must(t, err)
		must(t, v.files.PutPart(t.Context(), visitor, f.ID, 1, bytes.NewReader(partOf(report, 1)), file.PartSize))
		cut := io.MultiReader(bytes.NewReader(partOf(report, 2)[:1<<20]), errReader{})
		is(t, v.files.PutPart(t.Context(), visitor, f.ID, 2, cut, file.PartSize), parlatory.KindInvalid)
		short := bytes.NewReader(partOf(report, 2)[:1<<20])
		is(t, v.files.PutPart(t.Context(), visitor, f.ID, 2, short, file.PartSize), parlatory.KindInvalid)
		if n := len(v.names(t)); n != 1 {
			t.Errorf("%d blobs after a cut part, want 1", n)
		}
		_, err = v.files.Complete(t.Context(), visitor, f.ID)
		is(t, err, parlatory.KindConflict) // parts are missing

		v.files, _ = v.node(v.DB)
		f, err = v.files.Begin(t.Context(), visitor, announced) // said again
		if err != nil || !slices.Equal(f.Have, []int{1}) {
			t.Fatalf("said again: %+v, %v", f, err)
		}
		v.send(t, visitor, f, report)
		// A part that was sent already takes its own place; the blob before it goes.
		must(t, v.files.PutPart(t.Context(), visitor, f.ID, 3, bytes.NewReader(partOf(report, 3)), int64(len(partOf(report, 3)))))
		if n := len(v.names(t)); n != 3 {
			t.Errorf("%d blobs, want 3", n)
		}
		if f, err = v.files.Complete(t.Context(), visitor, f.ID); err != nil || f.State != file.Ready {
			t.Fatalf("complete: %+v, %v", f, err)
		}
		if got, err := v.download(t, visitor, f.ID); err != nil || !bytes.Equal(got, report) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		is(t, v.files.PutPart(t.Context(), visitor, f.ID, 1, bytes.NewReader(partOf(report, 1)), file.PartSize), parlatory.KindConflict)
		if f, err = v.files.Complete(t.Context(), visitor, f.ID); err != nil || f.State != file.Ready {
			t.Errorf("completed again: %+v, %v", f, err)
		}
	})
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestPartsHaveTheirLength(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	visitor, room := v.visit(t)
	f := v.begin(t, visitor, room, "a.txt", file.PartSize+10)
	for n, length := range map[int]int{0: file.PartSize, 1: file.PartSize - 1, 2: 11, 3: 10} {
		err := v.files.PutPart(t.Context(), visitor, f.ID, n, bytes.NewReader(make([]byte, length)), int64(length))
		is(t, err, parlatory.KindInvalid)
	}
	if n := len(v.names(t)); n != 0 {
		t.Errorf("%d blobs", n)
	}
}

// Of many messages that name one file at the same time, one has it; a repeat of that one gets its first answer.
func TestOneFileOneMessage(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, room := v.visit(t)
		f := v.upload(t, visitor, room, "a.txt", []byte("hello"))
		_, other := v.node(v.DB)
		posts := make([]chat.Post, 12)
		seqs := make([]int64, len(posts))
		var wg sync.WaitGroup
		for i := range posts {
			posts[i] = chat.Post{Room: room, Client: client(), Body: "look", Files: []parlatory.FileID{f.ID}}
			node := []*chat.Room{v.chat, other}[i%2]
			wg.Go(func() {
				p, err := node.Post(t.Context(), visitor, posts[i])
				if err != nil && parlatory.KindOf(err) != parlatory.KindConflict {
					t.Error(err)
				}
				seqs[i] = p.Seq
			})
		}
		wg.Wait()
		winner, won := 0, 0
		for i, seq := range seqs {
			if seq > 0 {
				winner, won = i, won+1
			}
		}
		if won != 1 {
			t.Fatalf("%d messages have the file", won)
		}
		if got, err := v.files.Stand(t.Context(), visitor, f.ID); err != nil || got.Seq != seqs[winner] {
			t.Errorf("the file is in message %d, want %d, %v", got.Seq, seqs[winner], err)
		}
		if p, err := v.chat.Post(t.Context(), visitor, posts[winner]); err != nil || p.Seq != seqs[winner] {
			t.Errorf("said again: %+v, %v", p, err)
		}
		is(t, v.files.Drop(t.Context(), visitor, f.ID), parlatory.KindConflict)
	})
}

func TestAPostWithABadFileFailsAlone(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	visitor, room := v.visit(t)
	good, raw := v.upload(t, visitor, room, "a.txt", []byte("hello")), v.begin(t, visitor, room, "b.txt", 5)
	is(t, v.post(t, visitor, room, good.ID, raw.ID), parlatory.KindConflict)
	is(t, v.post(t, visitor, room, good.ID, good.ID), parlatory.KindInvalid)
	is(t, v.post(t, visitor, room), parlatory.KindInvalid) // neither text nor file
	must(t, v.post(t, visitor, room, good.ID))             // the first try has not taken it
}

// Ids of others' files mean nothing, in the same workspace and in another one.
func TestFilesOfOthers(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, room := v.visit(t)
		f := v.upload(t, visitor, room, "a.txt", []byte("hello"))
		open := v.begin(t, visitor, room, "b.txt", 5)
		stranger, elsewhere := v.visit(t)
		_, foreign := w.Founded(t, "globex")
		for name, who := range map[string]parlatory.Actor{"another visitor": stranger, "a colleague": v.dana, "another workspace": foreign} {
			at := elsewhere
			if who.Kind == parlatory.Staff {
				at = room
			}
			_, standErr := v.files.Stand(t.Context(), who, f.ID)
			_, downErr := v.files.Download(t.Context(), who, f.ID)
			_, doneErr := v.files.Complete(t.Context(), who, open.ID)
			_, viewErr := v.files.View(t.Context(), who, f.ID)
			for what, err := range map[string]error{
				"stand": standErr, "download": downErr, "complete": doneErr, "view": viewErr,
				"part": v.files.PutPart(t.Context(), who, open.ID, 1, strings.NewReader("later"), 5),
				"drop": v.files.Drop(t.Context(), who, f.ID), "claim": v.post(t, who, at, f.ID),
			} {
				if parlatory.KindOf(err) != parlatory.KindNotFound || err == nil {
					t.Errorf("%s: %s: %v", name, what, err)
				}
			}
		}
		// The own file, but for another room of the own.
		_, err := v.files.Begin(t.Context(), visitor, file.Beginning{Room: elsewhere, Client: client(), Name: "a.txt", Size: 1})
		is(t, err, parlatory.KindNotFound)
		must(t, v.post(t, visitor, room, f.ID))
		_, err = v.files.Download(t.Context(), stranger, f.ID)
		is(t, err, parlatory.KindNotFound)
	})
}

// What the store gives back is not trusted: a part that was changed, cut, exchanged for another, for an older one, or is gone, ends the reading
// with an error, and nothing of it is handed out.
func TestPartsThatWereTamperedWith(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	visitor, room := v.visit(t)
	report := long(2*file.PartSize + 1000)
	f := v.begin(t, visitor, room, "report.txt", len(report))
	v.send(t, visitor, f, bytes.Repeat([]byte("x"), len(report)))
	older := map[string][]byte{}
	for _, name := range v.names(t) {
		older[suffix(name)] = v.blob(t, name)
	}
	for n := 1; n <= 3; n++ {
		must(t, v.files.PutPart(t.Context(), visitor, f.ID, n, bytes.NewReader(partOf(report, n)), int64(len(partOf(report, n)))))
	}
	f, err := v.files.Complete(t.Context(), visitor, f.ID)
	if err != nil || f.State != file.Ready {
		t.Fatalf("%+v, %v", f, err)
	}
	names := v.names(t) // parts 1, 2, 3
	for what, change := range map[string]func(){
		"a bit": func() { b := v.blob(t, names[1]); b[len(b)/2] ^= 1; v.swap(t, names[1], b) },
		"cut":   func() { b := v.blob(t, names[1]); v.swap(t, names[1], b[:len(b)-1]) },
		"swapped": func() {
			v.swap(t, names[1], v.blob(t, names[0]))
		},
		"older": func() { v.swap(t, names[1], older["2"]) },
		"gone":  func() { must(t, v.blobs.Delete(t.Context(), names[1])) },
	} {
		sound := v.blob(t, names[1])
		change()
		got, err := v.download(t, visitor, f.ID)
		if err == nil || parlatory.KindOf(err) != parlatory.KindInternal || !bytes.HasPrefix(report, got) {
			t.Errorf("%s: %d bytes, %v", what, len(got), err)
		}
		if what == "gone" {
			must(t, v.blobs.Put(t.Context(), names[1], bytes.NewReader(sound), int64(len(sound))))
		}
		v.swap(t, names[1], sound)
		if got, err := v.download(t, visitor, f.ID); err != nil || !bytes.Equal(got, report) {
			t.Fatalf("%s: put right again: %d bytes, %v", what, len(got), err)
		}
	}
}

// suffix is the part's number in a blob's name.
func suffix(name string) string {
	n, _, _ := strings.Cut(name[strings.LastIndexByte(name, '/')+1:], "-")
	return n
}

// A row that was changed in the database opens for nobody: neither a quarantined file made ready, nor one moved to another room.
func TestRowsThatWereTamperedWith(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	visitor, room := v.visit(t)
	stranger, elsewhere := v.visit(t)
	f := v.upload(t, visitor, room, "virus.txt", []byte(eicar))
	v.Look(v.ws, func(tx *db.Tx) error {
		_, err := tx.Exec("UPDATE files SET state = 'ready' WHERE workspace = $1 AND id = $2", f.ID)
		return err
	})
	if got, err := v.download(t, visitor, f.ID); err == nil {
		t.Errorf("quarantined, then ready by hand: %d bytes", len(got))
	}
	g := v.upload(t, visitor, room, "a.txt", []byte("hello"))
	v.Look(v.ws, func(tx *db.Tx) error {
		_, err := tx.Exec("UPDATE files SET room = $3, author = $4 WHERE workspace = $1 AND id = $2", g.ID, elsewhere, parlatory.RowID(stranger.Contact))
		return err
	})
	if got, err := v.download(t, stranger, g.ID); err == nil {
		t.Errorf("moved to another room by hand: %d bytes", len(got))
	}
	if got, err := v.files.Stand(t.Context(), stranger, g.ID); err == nil {
		t.Errorf("moved to another room by hand: %+v", got)
	}
}

// What is not sent goes after a day, with its blobs; what was sent stays. Blobs that nobody names go as well.
func TestWhatNobodySends(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, room := v.visit(t)
		sent := v.upload(t, visitor, room, "a.png", photo(t))
		must(t, v.post(t, visitor, room, sent.ID))
		kept := v.names(t)
		v.upload(t, visitor, room, "b.txt", []byte("hello"))
		half := v.begin(t, visitor, room, "c.txt", file.PartSize+1)
		must(t, v.files.PutPart(t.Context(), visitor, half.ID, 2, strings.NewReader("!"), 1))
		dropped := v.upload(t, visitor, room, "d.txt", []byte("hello"))
		must(t, v.files.Drop(t.Context(), visitor, dropped.ID))
		must(t, v.files.Expire(t.Context()))
		if n := len(v.names(t)); n != len(kept)+2 {
			t.Errorf("%d blobs before the day is over, want %d", n, len(kept)+2)
		}
		w.Clock.Advance(25 * time.Hour)
		must(t, v.files.Expire(t.Context()))
		if now := v.names(t); !slices.Equal(now, kept) {
			t.Errorf("blobs %v, want %v", now, kept)
		}
		if n := w.Count(v.ws, "files", ""); n != 1 {
			t.Errorf("%d files", n)
		}
		// Orphans: of a file that is gone, and of a sent file beside its own blobs.
		folder := kept[0][:strings.LastIndexByte(kept[0], '/')+1]
		must(t, v.blobs.Put(t.Context(), folder+"1-00", strings.NewReader("x"), 1))
		must(t, v.blobs.Put(t.Context(), strings.Replace(folder, folder[len(folder)-9:], "00000000/", 1)+"1-00", strings.NewReader("x"), 1))
		must(t, v.files.SweepBlobs(t.Context()))
		if n := len(v.names(t)); n != len(kept)+2 {
			t.Errorf("%d blobs after the first sweep, want %d: it only takes note of orphans", n, len(kept)+2)
		}
		must(t, v.files.SweepBlobs(t.Context()))
		if now := v.names(t); !slices.Equal(now, kept) {
			t.Errorf("blobs %v, want %v", now, kept)
		}
	})
}

func TestEraseAndExport(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, room := v.visit(t)
		other, elsewhere := v.visit(t)
		mine, reply := v.upload(t, visitor, room, "a.txt", []byte("hello")), v.upload(t, v.dana, room, "b.txt", []byte("world"))
		must(t, v.post(t, visitor, room, mine.ID))
		must(t, v.post(t, v.dana, room, reply.ID))
		v.upload(t, visitor, room, "not sent.txt", []byte("hm"))
		theirs := v.upload(t, other, elsewhere, "c.txt", []byte("theirs"))
		must(t, v.post(t, other, elsewhere, theirs.ID))
		var got []string
		must(t, v.files.Export(t.Context(), v.ws, visitor.Contact, func(f file.File, r io.Reader) error {
			b, err := io.ReadAll(r)
			got = append(got, f.Name+" "+string(f.Type)+" "+string(b))
			return err
		}))
		if want := []string{"a.txt text/plain hello", "b.txt text/plain world"}; !slices.Equal(got, want) {
			t.Errorf("exported %q", got)
		}
		var folders []string
		v.Look(v.ws, func(tx *db.Tx) (err error) {
			folders, err = v.files.Erase(tx, visitor.Contact)
			return err
		})
		must(t, v.files.Remove(t.Context(), folders...))
		if n := len(v.names(t)); n != 1 {
			t.Errorf("%d blobs are left, want the other contact's one", n)
		}
		_, err := v.files.Download(t.Context(), visitor, mine.ID)
		is(t, err, parlatory.KindNotFound)
		if b, err := v.download(t, other, theirs.ID); err != nil || string(b) != "theirs" {
			t.Errorf("the other contact's: %q, %v", b, err)
		}
	})
}

// While the store does not delete, whoever asked for it hears of that, and asks again.
func TestRemoveSaysWhatIsLeft(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	visitor, room := v.visit(t)
	v.upload(t, visitor, room, "a.txt", []byte("hello"))
	v.upload(t, visitor, room, "b.txt", []byte("world"))
	var folders []string
	v.Look(v.ws, func(tx *db.Tx) (err error) {
		folders, err = v.files.Erase(tx, visitor.Contact)
		return err
	})
	away := errors.New("the store is away")
	v.room.deny(away)
	if err := v.files.Remove(t.Context(), folders...); !errors.Is(err, away) {
		t.Errorf("two files are left, and it says %v", err)
	}
	v.room.deny(nil)
	must(t, v.files.Remove(t.Context(), folders...))
	if n := len(v.names(t)); n != 0 {
		t.Errorf("%d blobs", n)
	}
}
