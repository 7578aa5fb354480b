package db

import (
	"context"
	"database/sql/driver"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/test/postgres"
)

// TestDeadlockedWritesBothEndWell has two Writes lock two rooms in opposite order.
func TestDeadlockedWritesBothEndWell(t *testing.T) {
	d := openTestPostgres(t)
	p, a, b := permit(t, noteWrite, workspace()), room(), room()
	var meet sync.WaitGroup
	meet.Add(2)
	runs := make(chan struct{}, 20)
	both := func(first, second parlatory.RoomID) error {
		tries := 0
		return write(d, p, func(tx *Tx) error {
			runs <- struct{}{}
			var head int64
			if err := tx.Row(advanceHead, first, 1).Scan(&head); err != nil {
				return err
			}
			if tries++; tries == 1 {
				meet.Done()
				meet.Wait()
			}
			return tx.Row(advanceHead, second, 1).Scan(&head)
		})
	}
	var all sync.WaitGroup
	for _, order := range [][2]parlatory.RoomID{{a, b}, {b, a}} {
		all.Go(func() {
			if err := both(order[0], order[1]); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(runs) < 3 {
		t.Error("runs:", len(runs), "but the victim should have run once more")
	}
	for _, r := range []parlatory.RoomID{a, b} {
		if err := d.Read(context.Background(), permit(t, noteRead, p.Workspace()), func(tx *Tx) error {
			var head int64
			if err := tx.Row(selectHead, r).Scan(&head); err != nil || head != 2 {
				t.Error("head:", head, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLostServerIsUnavailable(t *testing.T) {
	postgres.Start(t) // skips where there is none
	dir, err := os.MkdirTemp("", "parlatory-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	s, err := postgres.StartServer(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	serving, owner, err := s.Database()
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(context.Background(), Options{Postgres: serving, PostgresOwner: owner, Migrations: testFS(), Log: silent})
	if err != nil {
		t.Fatal(err)
	}
	p, r := permit(t, noteWrite, workspace()), room()
	err = write(d, p, func(tx *Tx) error {
		if err := s.Kill(); err != nil {
			t.Error(err)
		}
		time.Sleep(200 * time.Millisecond)
		return post(tx, r, 1)
	})
	if !unavailable(err) {
		t.Error("in the middle:", err)
	}
	if err := write(d, p, func(tx *Tx) error { return post(tx, r, 2) }); !unavailable(err) {
		t.Error("afterwards:", err)
	}
	if err := d.Read(context.Background(), p, func(*Tx) error { return nil }); !unavailable(err) {
		t.Error("reading:", err)
	}
	if err := d.Ping(context.Background()); !unavailable(err) {
		t.Error("ping:", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// TestPinnedStatementsUseTheirIndex: row security must not keep the planner from the primary key.
func TestPinnedStatementsUseTheirIndex(t *testing.T) {
	d := openTestPostgres(t)
	if err := write(d, permit(t, noteWrite, workspace()), func(tx *Tx) error {
		if _, err := tx.session.exec(tx.Context(), "SET LOCAL enable_seqscan = off", nil); err != nil {
			return err
		}
		var plan strings.Builder
		bound, err := tx.bind([]any{room()})
		if err != nil {
			return err
		}
		rows, err := tx.session.query(tx.Context(), "EXPLAIN "+selectNotes, bound)
		if err != nil {
			return err
		}
		r := &Rows{turn: tx.turn, rows: rows, row: make([]driver.Value, 1)}
		for r.Next() {
			var line string
			if err := r.Scan(&line); err != nil {
				return err
			}
			plan.WriteString(line + "\n")
		}
		if !strings.Contains(plan.String(), "Index Cond: ((workspace = ") || !strings.Contains(plan.String(), "room = ") {
			t.Error(plan.String())
		}
		return r.Close()
	}); err != nil {
		t.Fatal(err)
	}
}

func TestErrorsHoldNoValues(t *testing.T) {
	onBoth(t, func(t *testing.T, d *DB) {
		const content = "very-private-words"
		p := permit(t, noteWrite, workspace())
		for _, args := range [][]any{{content, 1}, {[]byte(content), content}, {[]byte(content), []byte(content)}, {[]byte(content), 1, content}} {
			err := write(d, p, func(tx *Tx) error {
				if _, err := tx.Exec("INSERT INTO heads (workspace, room, head) VALUES ($1, $2, $3)", args...); err != nil {
					return err
				}
				_, err := tx.Exec("INSERT INTO heads (workspace, room, head) VALUES ($1, $2, $3)", args...)
				return err
			})
			if err == nil || strings.Contains(err.Error(), content) {
				t.Error(err)
			}
		}
	})
}
