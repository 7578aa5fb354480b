package file_test

import (
	"bytes"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/file"
)

func TestBounds(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, room := v.visit(t)
		try := func(who parlatory.Actor, size int64) error {
			_, err := v.files.Begin(t.Context(), who, file.Beginning{Room: room, Client: client(), Name: "a.txt", Size: size})
			return err
		}
		is(t, try(visitor, 0), parlatory.KindInvalid)
		is(t, try(v.dana, limits.File+1), parlatory.KindTooLarge)       // the operator's bound
		is(t, try(visitor, limits.VisitorDay+1), parlatory.KindTooMany) // a day's
		is(t, v.files.Limit(t.Context(), v.dana, file.Settings{File: 2 << 20}), parlatory.KindForbidden)
		is(t, v.files.Limit(t.Context(), v.admin, file.Settings{File: limits.File + 1}), parlatory.KindInvalid)
		must(t, v.files.Limit(t.Context(), v.admin, file.Settings{File: 8 << 20, Total: 9 << 20}))
		is(t, try(v.dana, 8<<20+1), parlatory.KindTooLarge)
		must(t, try(v.dana, 5<<20))
		is(t, try(v.dana, 5<<20), parlatory.KindTooLarge) // of all files
		if n := v.Count(v.ws, "ledger_entries", "element = 'Storage setting'"); n != 1 {
			t.Errorf("%d entries of the limit", n)
		}
		// What is sent counts, again where a part is sent again.
		must(t, v.files.Limit(t.Context(), v.admin, file.Settings{File: 8 << 20}))
		f := v.begin(t, visitor, room, "a.txt", file.PartSize)
		body := long(file.PartSize)
		sent := 0
		for ; sent < 20; sent++ {
			if err := v.files.PutPart(t.Context(), visitor, f.ID, 1, bytes.NewReader(body), file.PartSize); err != nil {
				is(t, err, parlatory.KindTooMany)
				break
			}
		}
		if sent != int(limits.VisitorDay/file.PartSize) {
			t.Errorf("%d parts were taken", sent)
		}
		w.Clock.Advance(25 * time.Hour)
		must(t, try(visitor, 1<<20))
	})
}

// held is a body that stands still once its reader has come.
type held struct {
	came chan<- struct{}
	end  <-chan struct{}
	once sync.Once
}

func (h *held) Read([]byte) (int, error) {
	h.once.Do(func() { h.came <- struct{}{} })
	<-h.end
	return 0, io.ErrUnexpectedEOF
}

// One person sends some parts at a time; when they end, however they do, others may come.
func TestPartsAtATime(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	visitor, room := v.visit(t)
	f := v.begin(t, visitor, room, "a.txt", 6*file.PartSize)
	came, end := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	for n := 1; n <= 4; n++ {
		wg.Go(func() {
			_ = v.files.PutPart(t.Context(), visitor, f.ID, n, &held{came: came, end: end}, file.PartSize)
		})
		<-came
	}
	put := func() error {
		return v.files.PutPart(t.Context(), visitor, f.ID, 5, bytes.NewReader(make([]byte, file.PartSize)), file.PartSize)
	}
	is(t, put(), parlatory.KindTooMany)
	other, elsewhere := v.visit(t)
	v.upload(t, other, elsewhere, "b.txt", []byte("hello")) // is not held up
	close(end)
	wg.Wait()
	must(t, put())
}

// Announcing one file over several connections at once makes one.
func TestAnnouncedAtOnce(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, room := v.visit(t)
		b := file.Beginning{Room: room, Client: client(), Name: "a.txt", Size: 5}
		ids := make([]parlatory.FileID, 8)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				f, err := v.files.Begin(t.Context(), visitor, b)
				if err != nil {
					t.Error(err)
				}
				ids[i] = f.ID
			})
		}
		wg.Wait()
		if n := len(slices.Compact(ids)); n != 1 || w.Count(v.ws, "files", "") != 1 {
			t.Errorf("%v", ids)
		}
		b.Size = 6
		_, err := v.files.Begin(t.Context(), visitor, b)
		is(t, err, parlatory.KindConflict)
	})
}

// A full store says so, keeps what it has, and leaves nothing half: neither a part, nor one picture of two.
func TestAFullStore(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	visitor, room := v.visit(t)
	picture := photo(t)
	f := v.begin(t, visitor, room, "a.png", len(picture))
	v.room.set(true, 0)
	err := v.files.PutPart(t.Context(), visitor, f.ID, 1, bytes.NewReader(picture), int64(len(picture)))
	is(t, err, parlatory.KindUnavailable)
	if f, err = v.files.Stand(t.Context(), visitor, f.ID); err != nil || len(f.Have) != 0 {
		t.Errorf("%+v, %v", f, err)
	}
	v.room.set(true, 2) // the part and the first picture
	v.send(t, visitor, f, picture)
	if f, err = v.files.Complete(t.Context(), visitor, f.ID); err != nil || f.State != file.Checking || len(v.names(t)) != 1 {
		t.Errorf("%+v, %v, %v", f, err, v.names(t))
	}
	v.room.set(false, 0)
	v.Clock.Advance(time.Minute)
	must(t, v.files.CheckDue(t.Context()))
	if f, err = v.files.Stand(t.Context(), visitor, f.ID); err != nil || f.State != file.Ready || f.W != 640 || len(v.names(t)) != 3 {
		t.Errorf("%+v, %v", f, err)
	}
}

// A visitor announces no more than may be sent in a day, also where not a byte of it comes; and what is only announced takes no room from
// others in the workspace.
func TestAnnouncementsAreCounted(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, room := v.visit(t)
		admin := v.admin
		admin.Proved = w.Clock.Now()
		must(t, v.files.Limit(t.Context(), admin, file.Settings{File: 20 << 20, Total: 30 << 20}))
		v.begin(t, visitor, room, "a.txt", 20<<20)
		_, err := v.files.Begin(t.Context(), visitor, file.Beginning{Room: room, Client: client(), Name: "b.txt", Size: 11 << 20})
		is(t, err, parlatory.KindTooMany)
		v.begin(t, v.dana, room, "c.txt", 20<<20) // nothing of the visitor's is stored
	})
}
