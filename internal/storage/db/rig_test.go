package db

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"parlatory"
	"parlatory/internal/guard/access"
)

var (
	noteWrite  = access.Act{Name: "note.write", Feature: "Notes", Verb: access.Edit, By: access.ByKind(parlatory.System)}
	noteRead   = access.Act{Name: "note.read", Feature: "Notes", Verb: access.View, By: access.ByKind(parlatory.System)}
	noteAudit  = access.Act{Name: "note.audit", Feature: "Notes", Verb: access.Edit, By: access.ByKind(parlatory.System), Audited: true}
	noteHouse  = access.Act{Name: "note.house", Feature: "Notes", Verb: access.Edit, By: access.ByKind(parlatory.System), Scope: access.HouseAndWorkspace}
	noteAcross = access.Act{Name: "note.across", Feature: "Notes", Verb: access.Edit, By: access.ByKind(parlatory.System), Scope: access.Across}
)

const (
	insertNote    = "INSERT INTO notes (workspace, room, seq, client, at, kind, body) VALUES ($1, $2, $3, $4, $5, $6, $7)"
	countNotes    = "SELECT count(*) FROM notes WHERE workspace = $1"
	countAcross   = "SELECT count(*) FROM notes"
	selectHead    = "SELECT head FROM heads WHERE workspace = $1 AND room = $2"
	advanceHead   = "INSERT INTO heads (workspace, room, head) VALUES ($1, $2, $3) ON CONFLICT (workspace, room) DO UPDATE SET head = heads.head + $3 RETURNING head"
	selectNotes   = "SELECT seq, client, at, kind, body FROM notes WHERE workspace = $1 AND room = $2 ORDER BY seq"
	renameNote    = "UPDATE notes SET kind = $3 WHERE workspace = $1 AND room = $2"
	forgottenRead = "SELECT count(*) FROM notes"
)

func testFS() fs.FS { return os.DirFS("testdata/migrations") }

func newLaw(tb testing.TB) *access.Law {
	tb.Helper()
	c, err := access.NewCatalogue([]access.Act{noteWrite, noteRead, noteAudit, noteHouse, noteAcross})
	if err != nil {
		tb.Fatal(err)
	}
	return access.NewLaw(c, nil, nil)
}

func permit(tb testing.TB, act access.Act, ws parlatory.WorkspaceID) access.Permit {
	tb.Helper()
	p, err := newLaw(tb).System(act, ws)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func workspace() parlatory.WorkspaceID {
	return parlatory.NewID[parlatory.WorkspaceKind](parlatory.SystemClock{})
}

func room() parlatory.RoomID { return parlatory.NewID[parlatory.RoomKind](parlatory.SystemClock{}) }

func client() parlatory.ClientID {
	return parlatory.NewID[parlatory.ClientKind](parlatory.SystemClock{})
}

func openTestLite(tb testing.TB) *DB {
	tb.Helper()
	d, err := Open(context.Background(), Options{SQLite: filepath.Join(tb.TempDir(), "test.db"), Migrations: testFS()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Error(err)
		}
	})
	return d
}

func post(tx *Tx, r parlatory.RoomID, seq int64) error {
	_, err := tx.Exec(insertNote, r, seq, client(), tx.Now(), "message", []byte("sealed"))
	return err
}

// multiInsert is the text of an insert of n notes.
func multiInsert(n int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO notes (workspace, room, seq, client, at, kind, body) VALUES ")
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		k := 2 + i*6
		fmt.Fprintf(&b, "($1,$%d,$%d,$%d,$%d,$%d,$%d)", k, k+1, k+2, k+3, k+4, k+5)
	}
	return b.String()
}

var silent = slog.New(slog.DiscardHandler)

func exit() { runtime.Goexit() }
