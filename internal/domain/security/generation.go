package security

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/storage/db"
)

// generationEach is how often a node looks. A change made beside it is in force within a second.
const generationEach = 500 * time.Millisecond

var actGeneration = access.Act{Name: "security.generation", Feature: "Security", Verb: access.View, By: access.ByKind(parlatory.System), Scope: access.InHouse}

// Raise says that a command of the operator, a process of its own, changed who may come in: all nodes that serve from this
// database read again, whether or not an event reaches them. tx reaches the house.
func Raise(tx *db.Tx) error {
	if _, err := tx.House().Exec(sqlRaise); err != nil {
		return fmt.Errorf("raise security generation: %w", err)
	}
	tx.Tell(parlatory.Event{Kind: parlatory.SecurityChanged})
	return nil
}

// Generation watches the number that Raise raises.
type Generation struct {
	db    *db.DB
	law   *access.Law
	log   *slog.Logger
	seen  int64
	heard atomic.Int64 // when it was last read, Unix nanoseconds
}

// NewGeneration begins with the number of now: whoever starts remembers nothing older.
func NewGeneration(ctx context.Context, d *db.DB, law *access.Law, log *slog.Logger) (*Generation, error) {
	g := &Generation{db: d, law: law, log: log}
	var err error
	g.seen, err = g.read(ctx)
	return g, err
}

// Silent is for how long the number could not be read.
func (g *Generation) Silent() time.Duration { return time.Since(time.Unix(0, g.heard.Load())) }

func (g *Generation) read(ctx context.Context) (now int64, err error) {
	permit, err := g.law.System(actGeneration, parlatory.House)
	if err != nil {
		return 0, err
	}
	err = g.db.Read(ctx, permit, func(tx *db.Tx) error {
		err := tx.Row(sqlGeneration).Scan(&now)
		if errors.Is(err, db.ErrNone) {
			return nil
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read security generation: %w", err)
	}
	g.heard.Store(time.Now().UnixNano())
	return now, nil
}

// Run looks until ctx ends. A change is told to this node alone, as the loss of all events is: rooms forget what they
// remember, and sockets connect anew and are judged at the door.
func (g *Generation) Run(ctx context.Context) error {
	tick := time.NewTicker(generationEach)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now, err := g.read(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			g.log.LogAttrs(ctx, slog.LevelError, "watch security generation", slog.String("cause", err.Error()))
		case now != g.seen:
			g.seen = now
			g.db.Hear(parlatory.Event{Kind: parlatory.SecurityChanged}, parlatory.Event{Kind: parlatory.EventsMissed, Workspace: parlatory.House})
		}
	}
}
