package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"parlatory"
)

// listenQuiet is after how long a silent listening connection is asked whether it lives, and listenPatient how long it may take
// to answer: a slow answer makes the node deaf for a while, a break makes all who remember anything read again.
const (
	listenQuiet   = 500 * time.Millisecond
	listenPatient = 5 * time.Second
)

// A notification's payload must stay below 8000 bytes.
const payloadMost = 7800

// note is what one node tells the others.
type note struct {
	Node   string            `json:"n"`
	Events []json.RawMessage `json:"e"`
}

type heard struct {
	Node   string            `json:"n"`
	Events []parlatory.Event `json:"e"`
}

// nodes carries told events between the nodes that share a PostgreSQL server: one connection that speaks, one that
// listens, each connected again after a break. After a break of the listening one, and after events had to be dropped,
// EventsMissed is told: who remembers anything reads again.
type nodes struct {
	db    *DB
	door  door
	node  string
	out   chan []parlatory.Event
	held  []string     // payloads whose sending failed; the speaking goroutine's own
	again bool         // the listening connection is not the first; the listening goroutine's own
	lost  atomic.Bool  // events were dropped: the others must read again
	heard atomic.Int64 // when the listening connection last proved alive, Unix nanoseconds
	stop  context.CancelFunc
	ended sync.WaitGroup
}

func newNodes(d *DB, through door) *nodes {
	own := through.config.Copy()
	own.RuntimeParams["application_name"] = "parlatory nodes"
	ctx, stop := context.WithCancel(context.Background())
	n := &nodes{db: d, door: door{own, through.credentials}, node: parlatory.NewID[parlatory.RowKind](d.clock).String(), out: make(chan []parlatory.Event, 1024), stop: stop}
	n.heard.Store(time.Now().UnixNano())
	n.ended.Go(func() { n.keep(ctx, n.listen) })
	n.ended.Go(func() { n.keep(ctx, n.speak) })
	return n
}

// send hands events to the speaking goroutine; if that is far behind, they are dropped.
func (n *nodes) send(events []parlatory.Event) {
	select {
	case n.out <- events:
	default:
		n.lost.Store(true)
		n.db.log.Warn("events for other nodes dropped", "count", len(events))
	}
}

// silent is how long ago the listening connection last proved alive.
func (n *nodes) silent() time.Duration { return time.Since(time.Unix(0, n.heard.Load())) }

func (n *nodes) close() {
	n.stop()
	n.ended.Wait()
}

// keep runs work on a connection of its own, and again on a new one when that breaks.
func (n *nodes) keep(ctx context.Context, work func(context.Context, *pgx.Conn) error) {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		conn, err := n.door.open(ctx)
		if err == nil {
			pause = 50 * time.Millisecond
			err = work(ctx, conn)
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			_ = conn.Close(end) // it is broken, or the program ends
			cancel()
		}
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errMoved) {
			continue
		}
		n.db.log.Warn("connection to other nodes broke", "cause", statementFault(err).Error())
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

func (n *nodes) speak(ctx context.Context, conn *pgx.Conn) error {
	look := time.NewTicker(listenPatient)
	defer look.Stop()
	for {
		if len(n.held) > 0 {
			if _, err := conn.Exec(ctx, pgNotify, n.held); err != nil {
				return err
			}
			n.held = nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
			if err := n.moved(ctx, conn); err != nil {
				return err
			}
		case events := <-n.out:
			for len(n.out) > 0 && len(events) < 4096 {
				events = append(events, <-n.out...)
			}
			if n.lost.CompareAndSwap(true, false) {
				events = append(events, parlatory.Event{Kind: parlatory.EventsMissed, Workspace: parlatory.House})
			}
			var err error
			if n.held, err = n.pack(frequent(events)); err != nil {
				return err
			}
		}
	}
}

// frequent leaves out the events of rights: their transaction has sent them.
func frequent(events []parlatory.Event) []parlatory.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e parlatory.Event) bool { return e.Kind.Rights() })
}

// pack spreads events over payloads that PostgreSQL takes.
func (n *nodes) pack(events []parlatory.Event) ([]string, error) {
	var payloads []string
	batch, size := note{Node: n.node}, 0
	flush := func() error {
		if len(batch.Events) == 0 {
			return nil
		}
		text, err := json.Marshal(batch)
		if err != nil {
			return fmt.Errorf("payload: %w", err)
		}
		payloads = append(payloads, string(text))
		batch.Events, size = nil, 0
		return nil
	}
	for _, e := range events {
		one, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("event: %w", err)
		}
		if size+len(one)+80 > payloadMost {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		batch.Events, size = append(batch.Events, one), size+len(one)+1
	}
	return payloads, flush()
}

func (n *nodes) listen(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, pgListen); err != nil {
		return err
	}
	// Whatever was told since the last connection broke has not been heard; at the first one there is nobody to remember.
	if n.again {
		n.db.herald.hear([]parlatory.Event{{Kind: parlatory.EventsMissed, Workspace: parlatory.House}})
	}
	n.again = true
	for {
		n.heard.Store(time.Now().UnixNano())
		// A silent break shows when nothing came for a while and the server does not answer either.
		quiet, cancel := context.WithTimeout(ctx, listenQuiet)
		got, err := conn.WaitForNotification(quiet)
		late := quiet.Err() != nil && ctx.Err() == nil
		cancel()
		switch {
		case err == nil:
			n.take(got.Payload)
			err = n.moved(ctx, conn)
		case late && !conn.IsClosed():
			ping, cancel := context.WithTimeout(ctx, listenPatient)
			err = conn.Ping(ping)
			cancel()
			if err == nil {
				err = n.moved(ctx, conn)
			}
		}
		if err != nil {
			return err
		}
	}
}

// errMoved ends a sound connection whose credentials were replaced.
var errMoved = errors.New("credentials were replaced")

func (n *nodes) moved(ctx context.Context, conn *pgx.Conn) error {
	if n.door.credentials != nil && !n.door.current(ctx, conn.Config().User) {
		return errMoved
	}
	return nil
}

// take hears one payload. Anyone at the database could have sent it, so that a wrong one is dropped, not believed.
func (n *nodes) take(payload string) {
	var h heard
	if err := json.Unmarshal([]byte(payload), &h); err != nil {
		n.db.log.Warn("notification that is none of ours")
		return
	}
	if h.Node != n.node && len(h.Events) > 0 {
		n.db.herald.hear(h.Events)
	}
}
