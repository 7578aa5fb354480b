package file_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/file"
)

// A wrong or empty database beside a store that is full: nothing of it is deleted, nothing served and nothing taken. Neither with the mark of
// the store's owner nor, where somebody removed it, without.
func TestTheStoreOfAnotherDatabase(t *testing.T) {
	domaintest.OnBoth(t, setup, func(t *testing.T, w *domaintest.World) {
		v := newWorld(t, w)
		visitor, room := v.visit(t)
		sent := v.upload(t, visitor, room, "a.txt", []byte("hello"))
		must(t, v.post(t, visitor, room, sent.ID))
		kept := v.names(t)
		marks, err := v.blobs.List(t.Context(), "owner/", "", 0)
		if err != nil || len(marks) != 1 {
			t.Fatalf("marks of an owner: %v, %v", marks, err)
		}
		other := newWorld(t, domaintest.New(t, setup.Acts...))
		guest, elsewhere := other.visit(t)
		other.blobs = v.blobs
		for _, marked := range []bool{true, false} {
			if !marked {
				must(t, v.blobs.Delete(t.Context(), marks[0].Name))
			}
			other.files, _ = other.node(other.DB)
			for range 3 {
				other.Clock.Advance(30 * time.Hour)
				is(t, other.files.SweepBlobs(t.Context()), parlatory.KindUnavailable)
			}
			_, err := other.files.Begin(t.Context(), guest, file.Beginning{Room: elsewhere, Client: client(), Name: "a.txt", Size: 5})
			is(t, err, parlatory.KindUnavailable)
			if now := v.names(t); !slices.Equal(now, kept) {
				t.Fatalf("marked %v: blobs %v, want %v", marked, now, kept)
			}
		}
		// The owner finds its store again, and marks it anew.
		v.files, _ = v.node(v.DB)
		if b, err := v.download(t, visitor, sent.ID); err != nil || string(b) != "hello" {
			t.Errorf("%q, %v", b, err)
		}
		if again, err := v.blobs.List(t.Context(), "owner/", "", 0); err != nil || len(again) != 1 || again[0].Name != marks[0].Name {
			t.Errorf("marks of an owner: %v, %v", again, err)
		}
	})
}

// What lies in the own store under a workspace that the database does not know is left alone.
func TestBlobsOfAnUnknownWorkspaceStay(t *testing.T) {
	v := newWorld(t, domaintest.New(t, setup.Acts...))
	visitor, room := v.visit(t)
	v.upload(t, visitor, room, "a.txt", []byte("hello"))
	name := "f/" + strings.Repeat("ab", 16) + "/" + strings.Repeat("cd", 16) + "/1-00"
	must(t, v.blobs.Put(t.Context(), name, strings.NewReader("x"), 1))
	for range 3 {
		v.Clock.Advance(30 * time.Hour)
		must(t, v.files.SweepBlobs(t.Context()))
	}
	if !slices.Contains(v.names(t), name) {
		t.Error("a blob of an unknown workspace was deleted")
	}
}
