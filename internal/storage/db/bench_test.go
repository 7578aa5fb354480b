package db

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"parlatory"
)

func BenchmarkWrite(b *testing.B) {
	for _, engine := range benchEngines(b) {
		b.Run(engine.name+"/single", func(b *testing.B) { benchSingle(b, engine.open(b)) })
		b.Run(engine.name+"/writers=50", func(b *testing.B) { benchMany(b, engine.open(b), 50) })
		for _, rows := range []int{1, 10, 50} {
			b.Run(fmt.Sprintf("%s/rows=%d", engine.name, rows), func(b *testing.B) { benchRows(b, engine.open(b), rows) })
		}
		b.Run(engine.name+"/read", func(b *testing.B) { benchRead(b, engine.open(b)) })
	}
}

type benchEngine struct {
	name string
	open func(testing.TB) *DB
}

func benchEngines(testing.TB) []benchEngine {
	return []benchEngine{{"sqlite", openTestLite}, {"postgres", openTestPostgres}}
}

var sealed = make([]byte, 300)

func benchSingle(b *testing.B, d *DB) {
	p, r := permit(b, noteWrite, workspace()), room()
	seq := int64(0)
	for b.Loop() {
		seq++
		if err := d.Write(context.Background(), p, func(tx *Tx) error {
			_, err := tx.Exec(insertNote, r, seq, client(), tx.Now(), "message", sealed)
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

func benchMany(b *testing.B, d *DB, writers int) {
	p := permit(b, noteWrite, workspace())
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ResetTimer()
	done := make(chan error, writers)
	for range writers {
		go func() {
			r := room()
			for seq := int64(1); left.Add(-1) >= 0; seq++ {
				if err := d.Write(context.Background(), p, func(tx *Tx) error {
					_, err := tx.Exec(insertNote, r, seq, client(), tx.Now(), "message", sealed)
					return err
				}); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

func benchRows(b *testing.B, d *DB, rows int) {
	p, r, text := permit(b, noteWrite, workspace()), room(), multiInsert(rows)
	seq := int64(0)
	args := make([]any, 0, rows*6)
	for b.Loop() {
		if err := d.Write(context.Background(), p, func(tx *Tx) error {
			args = args[:0]
			for range rows {
				seq++
				args = append(args, r, seq, client(), tx.Now(), "message", sealed)
			}
			var head int64
			if err := tx.Row(advanceHead, r, rows).Scan(&head); err != nil {
				return err
			}
			_, err := tx.Exec(text, args...)
			tx.Tell(parlatory.Event{Kind: parlatory.MessagePosted, Workspace: tx.Workspace(), Room: r, Seq: seq})
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
}

func benchRead(b *testing.B, d *DB) {
	ws, r := workspace(), room()
	p := permit(b, noteWrite, ws)
	if err := d.Write(context.Background(), p, func(tx *Tx) error {
		for i := range int64(50) {
			if _, err := tx.Exec(insertNote, r, i, client(), tx.Now(), "message", sealed); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	rp := permit(b, noteRead, ws)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := 0
			if err := d.Read(context.Background(), rp, func(tx *Tx) error {
				rows, err := tx.Query(selectNotes, r)
				if err != nil {
					return err
				}
				for rows.Next() {
					var seq int64
					var c parlatory.ClientID
					var at int64
					var kind string
					var body []byte
					if err := rows.Scan(&seq, &c, &at, &kind, &body); err != nil {
						return err
					}
					n++
				}
				return rows.Err()
			}); err != nil || n != 50 {
				b.Error(n, err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads50/s")
}
