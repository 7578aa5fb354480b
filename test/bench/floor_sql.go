package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver that the product uses too
)

// floorStore is one table and one connection: WAL, synchronous=FULL, rows inserted many at a time.
type floorStore struct {
	conn    *sql.Conn
	inserts map[int]*sql.Stmt // by rows
	begin   *sql.Stmt
	commit  *sql.Stmt
	args    []any
}

var rowSteps = []int{64, 32, 16, 8, 4, 2, 1}

func openFloorStore(dir string) (*floorStore, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "floor.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, fmt.Errorf("floor database: %w", err)
	}
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("floor connection: %w", err)
	}
	s := &floorStore{conn: conn, inserts: map[int]*sql.Stmt{}}
	const table = `CREATE TABLE message (room BLOB NOT NULL, seq INTEGER NOT NULL, id BLOB NOT NULL, at INTEGER NOT NULL, sealed BLOB NOT NULL)`
	if _, err = conn.ExecContext(ctx, table); err != nil {
		return nil, fmt.Errorf("floor table: %w", err)
	}
	for _, n := range rowSteps {
		query := "INSERT INTO message VALUES " + strings.TrimSuffix(strings.Repeat("(?,?,?,?,?),", n), ",")
		if s.inserts[n], err = conn.PrepareContext(ctx, query); err != nil {
			return nil, fmt.Errorf("floor insert: %w", err)
		}
	}
	if s.begin, err = conn.PrepareContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return nil, fmt.Errorf("floor begin: %w", err)
	}
	if s.commit, err = conn.PrepareContext(ctx, "COMMIT"); err != nil {
		return nil, fmt.Errorf("floor commit: %w", err)
	}
	return s, nil
}

func (s *floorStore) insert(batch []*post) error {
	if _, err := s.begin.Exec(); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	for len(batch) > 0 {
		for _, n := range rowSteps {
			if n > len(batch) {
				continue
			}
			s.args = s.args[:0]
			for _, p := range batch[:n] {
				s.args = append(s.args, sqlID(p.room.id), p.seq, sqlID(p.msg.RPC.Data.ID), p.at.UnixMicro(), p.sealed)
			}
			if _, err := s.inserts[n].Exec(s.args...); err != nil {
				return fmt.Errorf("insert: %w", err)
			}
			batch = batch[n:]
			break
		}
	}
	if _, err := s.commit.Exec(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
