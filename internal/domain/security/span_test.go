package security

import (
	"testing"
	"time"

	"parlatory"
)

func rowID(n byte) parlatory.RowID { return parlatory.RowID{15: n} }

// The document says what changed to whom it can say it whole, and to nobody else.
func TestSince(t *testing.T) {
	var doc row
	begun := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	known := []*compiled{{}}
	change := func(ids ...byte) {
		for _, id := range ids {
			doc.touch(rowID(id))
		}
		doc.revision, doc.changed = doc.revision+1, begun.Add(time.Duration(doc.revision)*time.Second)
		doc.note()
		known = append(known, &compiled{revision: doc.revision, changed: doc.changed})
	}
	change(7, 5, 6) // one act, three lines
	change()        // a setting
	change(20)
	change(6)
	change(7, 9)
	for after, want := range map[int][]span{0: {{rowID(5), rowID(9)}, {rowID(20), rowID(20)}}, 2: {{rowID(6), rowID(6)}, {rowID(7), rowID(9)}, {rowID(20), rowID(20)}}, 4: {{rowID(7), rowID(9)}}, 5: nil} {
		got, ok := doc.since(known[after])
		if !ok || len(got) != len(want) {
			t.Fatalf("after %d: %v %v", after, got, ok)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("after %d: %v, want %v", after, got, want)
			}
		}
	}
	if _, ok := doc.since(&compiled{revision: 4, changed: begun}); ok {
		t.Error("another history's fourth revision is known")
	}
	if _, ok := doc.since(&compiled{revision: 6, changed: begun}); ok {
		t.Error("a revision of a database that was put back is known")
	}
	old := doc
	old.revision++ // by a version of the program that keeps no log, or passes an old one on
	if _, ok := old.since(known[5]); ok {
		t.Error("a change that the log does not have")
	}
	old.log = nil
	if _, ok := old.since(known[0]); ok {
		t.Error("no log")
	}
	for range logMost {
		change(30)
	}
	if len(doc.log) != logMost {
		t.Errorf("a log of %d", len(doc.log))
	}
	if _, ok := doc.since(known[5]); ok {
		t.Error("what is too long ago")
	}
	if _, ok := doc.since(known[6]); !ok {
		t.Error("the oldest in the log")
	}
}
