package db

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/test/postgres"
)

// openTestPostgres opens a fresh database of the test process's cluster.
func openTestPostgres(tb testing.TB) *DB {
	tb.Helper()
	serving, owner := postgres.Start(tb)
	d, err := Open(context.Background(), Options{Postgres: serving, PostgresOwner: owner, Migrations: testFS()})
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

// onBoth runs a case on SQLite always and on PostgreSQL where it is installed.
func onBoth(t *testing.T, run func(t *testing.T, d *DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, openTestLite(t)) })
	t.Run("postgres", func(t *testing.T) { run(t, openTestPostgres(t)) })
}

func count(t *testing.T, d *DB, ws parlatory.WorkspaceID) (n int) {
	t.Helper()
	if err := d.Read(context.Background(), permit(t, noteRead, ws), func(tx *Tx) error {
		return tx.Row(countNotes).Scan(&n)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func write(d *DB, p access.Permit, fn func(*Tx) error) error {
	return d.Write(context.Background(), p, fn)
}

func TestWriteIsReadBack(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		ws, r, c := workspace(), room(), client()
		type word string
		at := time.Date(2026, 11, 1, 12, 0, 0, 123000, time.UTC)
		if err := write(d, permit(t, noteWrite, ws), func(tx *Tx) error {
			if n, err := tx.Exec(insertNote, r, 1, c, at, word("message"), []byte{0, 1, 2}); err != nil || n != 1 {
				t.Error("insert changed", n, err)
			}
			_, err := tx.Exec(insertNote, r, uint32(2), client(), time.Time{}, "message", [3]byte{9})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := d.Read(context.Background(), permit(t, noteRead, ws), func(tx *Tx) error {
			var got parlatory.ClientID
			var when, never time.Time
			var kind word
			var body, seq = []byte(nil), 0
			rows, err := tx.Query(selectNotes, r)
			if err != nil || !rows.Next() {
				t.Fatal("no rows:", err)
			}
			if err := rows.Scan(&seq, &got, &when, &kind, &body); err != nil {
				return err
			}
			if seq != 1 || got != c || !when.Equal(at) || kind != "message" || string(body) != "\x00\x01\x02" {
				t.Error("read back:", seq, got, when, kind, body)
			}
			if !rows.Next() || rows.Scan(&seq, &got, &never, &kind, &body) != nil || !never.IsZero() || body[0] != 9 {
				t.Error("zero time or array did not come back")
			}
			if rows.Next() || rows.Err() != nil {
				t.Error("a third row:", rows.Err())
			}
			return rows.Close()
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRowWithoutRowIsNone(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		err := d.Read(context.Background(), permit(t, noteRead, workspace()), func(tx *Tx) error {
			var head int64
			return tx.Row(selectHead, room()).Scan(&head)
		})
		if !errors.Is(err, ErrNone) {
			t.Fatal(err)
		}
	})
}

func TestErrorUndoesItsOwnWriteAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		ws := workspace()
		p, r := permit(t, noteWrite, ws), room()
		no := errors.New("no")
		var good, bad atomic.Int64
		var all sync.WaitGroup
		for i := range 60 {
			all.Go(func() {
				err := write(d, p, func(tx *Tx) error {
					if err := post(tx, r, int64(i)); err != nil {
						return err
					}
					switch i % 3 {
					case 1:
						return no
					case 2:
						panic("content that must not be shown")
					}
					return nil
				})
				switch {
				case i%3 == 0 && err == nil:
					good.Add(1)
				case i%3 == 1 && errors.Is(err, no):
					bad.Add(1)
				case i%3 == 2 && parlatory.KindOf(err) == parlatory.KindInternal && !strings.Contains(err.Error(), "content"):
					bad.Add(1)
				default:
					t.Error("write", i, "answered", err)
				}
			})
		}
		all.Wait()
		if n := count(t, d, ws); n != 20 || good.Load() != 20 || bad.Load() != 40 {
			t.Fatal("notes:", n, "good:", good.Load(), "bad:", bad.Load())
		}
	})
}

func TestSwallowedStatementErrorStillUndoes(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		ws, r := workspace(), room()
		p := permit(t, noteWrite, ws)
		err := write(d, p, func(tx *Tx) error {
			if err := post(tx, r, 1); err != nil {
				return err
			}
			if err := post(tx, r, 1); !IsTaken(err) {
				t.Error("a second row of the same key answered", err)
			}
			return nil
		})
		if !IsTaken(err) {
			t.Fatal("the write answered", err)
		}
		if n := count(t, d, ws); n != 0 {
			t.Fatal("notes:", n)
		}
	})
}

func TestNestedTransactionFailsAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		p := permit(t, noteWrite, workspace())
		err := write(d, p, func(tx *Tx) error {
			return d.Write(tx.Context(), p, func(*Tx) error { return nil })
		})
		if !errors.Is(err, errNested) {
			t.Fatal(err)
		}
		err = write(d, p, func(tx *Tx) error {
			return d.Read(tx.Context(), p, func(*Tx) error { return nil })
		})
		if !errors.Is(err, errNested) {
			t.Fatal(err)
		}
	})
}

func TestTxEndsWithItsFunction(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		ws, r := workspace(), room()
		p := permit(t, noteWrite, ws)
		var kept *Tx
		var rows *Rows
		if err := write(d, p, func(tx *Tx) (err error) {
			kept = tx
			if err := errors.Join(post(tx, r, 1), post(tx, r, 2)); err != nil {
				return err
			}
			rows, err = tx.Query(selectNotes, r)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := post(kept, r, 3); !errors.Is(err, errOver) {
			t.Error("statement after the end answered", err)
		}
		if rows.Next() {
			t.Error("rows outlived their transaction")
		}
		if n := count(t, d, ws); n != 2 {
			t.Error("notes:", n)
		}
	})
}

func TestNoPermitNoData(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		ran := func(*Tx) error { t.Error("fn ran"); return nil }
		if err := write(d, access.Permit{}, ran); !errors.Is(err, errNoPermit) {
			t.Error(err)
		}
		if err := d.Read(context.Background(), access.Permit{}, ran); !errors.Is(err, errNoPermit) {
			t.Error(err)
		}
	})
}

func TestAuditedActNeedsItsWitness(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		ws, r := workspace(), room()
		p := permit(t, noteAudit, ws)
		err := write(d, p, func(tx *Tx) error { return post(tx, r, 1) })
		if !errors.Is(err, errUnseen) || parlatory.KindOf(err) != parlatory.KindInternal {
			t.Fatal("unwitnessed write answered", err)
		}
		if err := write(d, p, func(tx *Tx) error { tx.MarkWitnessed(); return post(tx, r, 2) }); err != nil {
			t.Fatal(err)
		}
		if n := count(t, d, ws); n != 1 {
			t.Fatal("notes:", n)
		}
	})
}

func TestReadCannotWrite(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		ws := workspace()
		if err := d.Read(context.Background(), permit(t, noteRead, ws), func(tx *Tx) error { return post(tx, room(), 1) }); err == nil {
			t.Fatal("a Read wrote")
		}
		if n := count(t, d, ws); n != 0 {
			t.Fatal("notes:", n)
		}
	})
}

func TestReadSeesOneState(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		ws, r := workspace(), room()
		p := permit(t, noteWrite, ws)
		if err := d.Read(context.Background(), permit(t, noteRead, ws), func(tx *Tx) error {
			var before, after int
			if err := tx.Row(countNotes).Scan(&before); err != nil {
				return err
			}
			if err := write(d, p, func(tx *Tx) error { return post(tx, r, 1) }); err != nil {
				return err
			}
			if err := tx.Row(countNotes).Scan(&after); err != nil || before != after {
				t.Error("saw", before, "then", after, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestCallerLeavesBeforeItsTurnNotAfter(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		ws, r := workspace(), room()
		p := permit(t, noteWrite, ws)
		gone, leave := context.WithCancel(context.Background())
		leave()
		if err := d.Write(gone, p, func(tx *Tx) error { return post(tx, r, 1) }); parlatory.KindOf(err) != parlatory.KindUnavailable || !errors.Is(err, context.Canceled) {
			t.Error("before its turn:", err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		if err := d.Write(ctx, p, func(tx *Tx) error { cancel(); return post(tx, r, 2) }); err != nil {
			t.Error("after its turn:", err)
		}
		if n := count(t, d, ws); n != 1 {
			t.Error("notes:", n)
		}
	})
}

func TestCallerLeavesTheQueue(t *testing.T) {
	d := openTestLite(t)
	ws, r := workspace(), room()
	p := permit(t, noteWrite, ws)
	started, release := make(chan struct{}), make(chan struct{})
	slow := make(chan error, 1)
	go func() {
		slow <- write(d, p, func(tx *Tx) error { close(started); <-release; return post(tx, r, 1) })
	}()
	<-started
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := d.Write(ctx, p, func(tx *Tx) error { t.Error("ran"); return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	close(release)
	if err := <-slow; err != nil {
		t.Error(err)
	}
	if n := count(t, d, ws); n != 1 {
		t.Error("notes:", n)
	}
}

func TestStatementsAreJudged(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		ws := workspace()
		for _, text := range []string{
			forgottenRead,
			"SELECT head FROM heads WHERE workspace = $2",
			"SELECT head FROM heads WHERE workspace = $10",
			"UPDATE heads SET head = 1 WHERE room = $2",
			"INSERT INTO heads (room, workspace, head) VALUES ($2, $1, 3)",
			"INSERT INTO heads (workspace, room, head) VALUES ($2, $3, 3)",
			"DELETE FROM heads WHERE workspace = $1; DELETE FROM heads",
			"SELECT set_config('parlatory.across', 'on', true) FROM heads WHERE workspace = $1",
			"DROP TABLE heads",
		} {
			err := write(d, permit(t, noteWrite, ws), func(tx *Tx) error {
				_, err := tx.Exec(text)
				return err
			})
			if parlatory.KindOf(err) != parlatory.KindInternal {
				t.Errorf("%s: %v", text, err)
			}
		}
	})
}

func TestScopesOpenTheHouseAndAcross(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		ws, other, r := workspace(), workspace(), room()
		if err := write(d, permit(t, noteHouse, ws), func(tx *Tx) error {
			if tx.House().Workspace() != parlatory.House || tx.Workspace() != ws {
				t.Error("the views are pinned wrongly")
			}
			return errors.Join(post(tx, r, 1), post(tx.House(), r, 1))
		}); err != nil {
			t.Fatal(err)
		}
		if err := write(d, permit(t, noteWrite, other), func(tx *Tx) error { return post(tx, r, 1) }); err != nil {
			t.Fatal(err)
		}
		if err := d.Read(context.Background(), permit(t, noteHouse, ws), func(tx *Tx) error {
			var own, house int
			if err := errors.Join(tx.Row(countNotes).Scan(&own), tx.House().Row(countNotes).Scan(&house)); err != nil || own != 1 || house != 1 {
				t.Error("own", own, "house", house, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := d.Read(context.Background(), permit(t, noteAcross, ws), func(tx *Tx) error {
			var n int
			if err := tx.Across().Row(countAcross).Scan(&n); err != nil || n != 3 {
				t.Error("across:", n, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for name, view := range map[string]func(*Tx) *Tx{"house": (*Tx).House, "across": (*Tx).Across} {
			err := write(d, permit(t, noteWrite, ws), func(tx *Tx) error {
				var n int
				return view(tx).Row(countAcross).Scan(&n)
			})
			if parlatory.KindOf(err) != parlatory.KindInternal {
				t.Error(name, "without its scope:", err)
			}
		}
		if err := write(d, permit(t, noteAcross, ws), func(tx *Tx) error {
			_, err := tx.Across().Exec("DELETE FROM notes WHERE seq = $1", 1)
			return err
		}); !errors.Is(err, errAcross) {
			t.Error("a DELETE across workspaces:", err)
		}
	})
}

func TestCloseRefusesAndWaits(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		ws, r := workspace(), room()
		p := permit(t, noteWrite, ws)
		started := make(chan struct{})
		answer := make(chan error, 1)
		go func() {
			answer <- write(d, p, func(tx *Tx) error {
				close(started)
				time.Sleep(30 * time.Millisecond)
				return post(tx, r, 1)
			})
		}()
		<-started
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if err := <-answer; err != nil {
			t.Error("the write that ran:", err)
		}
		if err := write(d, p, func(*Tx) error { return nil }); parlatory.KindOf(err) != parlatory.KindUnavailable {
			t.Error("a write after Close:", err)
		}
	})
}
