package api_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/edge/front"
	"parlatory/internal/storage/db"
)

// slow is a connection whose reader takes 25 seconds for each piece; the server gave the whole answer 60 at its start.
type slow struct {
	*httptest.ResponseRecorder
	left   time.Duration
	pieces int
	cut    bool
}

func (s *slow) SetWriteDeadline(t time.Time) error {
	s.left = time.Until(t)
	return nil
}

func (s *slow) Write(b []byte) (int, error) {
	s.pieces++
	if s.left -= 25 * time.Second; s.left < 0 {
		s.cut = true
		return 0, os.ErrDeadlineExceeded
	}
	return s.ResponseRecorder.Write(b)
}

// noise is a room of files in which each contact has one of 256 KiB that no archive makes smaller.
type noise struct{}

func (noise) Export(_ context.Context, _ parlatory.WorkspaceID, _ parlatory.ContactID, fn func(string, string, int64, io.Reader) error) error {
	return fn("noise", "application/octet-stream", 256<<10, io.LimitReader(rand.Reader, 256<<10))
}

func (noise) Erase(*db.Tx, parlatory.ContactID) ([]string, error) { return nil, nil }

func (noise) Count(*db.Tx, parlatory.ContactID) (int64, error) { return 1, nil }

func (noise) Drop(context.Context, []string) error { return nil }

// An export goes on for as long as its reader takes pieces of it.
func TestASlowReaderGetsTheWholeExport(t *testing.T) {
	w := newWorld(t)
	visitor, _, admin, _ := w.talk(t)
	admin.Proved = w.Clock.Now()
	r := httptest.NewRequest(http.MethodPost, "/api/v1/contacts/"+visitor.Contact.String()+"/export", nil).WithContext(front.WithActor(t.Context(), admin))
	s := &slow{ResponseRecorder: httptest.NewRecorder(), left: time.Minute}
	func() {
		defer func() { _ = recover() }() // a cut download aborts its connection
		w.api.ServeHTTP(s, r)
	}()
	if s.cut || s.pieces < 4 || s.Code != 200 {
		t.Fatalf("%d, cut: %v, %d pieces: %.200q", s.Code, s.cut, s.pieces, s.Body)
	}
	z, err := zip.NewReader(bytes.NewReader(s.Body.Bytes()), int64(s.Body.Len()))
	if err != nil || len(z.File) < 7 {
		t.Errorf("%+v, %v", z, err)
	}
}
