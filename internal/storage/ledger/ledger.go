package ledger

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Options of the ledger.
type Options struct {
	DB       *db.DB
	Ring     *vault.Ring
	Law      *access.Law
	Clock    parlatory.Clock
	Domain   string // first part of each log's origin
	Log      *slog.Logger
	Refusals *Refusals     // the one that the law was made with; may be nil
	Pace     time.Duration // how long entries gather before they are numbered; default 200 ms
}

// Ledger is the audit log of all workspaces.
type Ledger struct {
	db       *db.DB
	ring     *vault.Ring
	law      *access.Law
	clock    parlatory.Clock
	domain   string
	log      *slog.Logger
	refusals *Refusals
	pace     time.Duration
	wake     chan struct{}

	mu   sync.Mutex
	logs map[parlatory.WorkspaceID]openLog
}

// openLog is a log that the sequencer can write to.
type openLog struct {
	number int64
	signer *vault.Signer
}

// New makes the ledger and listens for entries that wait; call it before the first Write.
func New(o Options) *Ledger {
	if o.Pace <= 0 {
		o.Pace = 200 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = parlatory.SystemClock{}
	}
	if o.Refusals == nil {
		o.Refusals = NewRefusals(o.Clock)
	}
	l := &Ledger{
		db: o.DB, ring: o.Ring, law: o.Law, clock: o.Clock, domain: o.Domain, log: o.Log, refusals: o.Refusals,
		pace: o.Pace, wake: make(chan struct{}, 1), logs: map[parlatory.WorkspaceID]openLog{},
	}
	o.DB.Listen(l)
	return l
}

// Told wakes the sequencer. It is db.Teller and does not block.
func (l *Ledger) Told(events []parlatory.Event) {
	for _, e := range events {
		if e.Kind == parlatory.LedgerGrown {
			select {
			case l.wake <- struct{}{}:
			default:
			}
			return
		}
	}
}

// Refused witnesses a refusal; it is access.Refusals, does not block, and its memory is bounded.
func (l *Ledger) Refused(ctx context.Context, actor parlatory.Actor, act access.Act) {
	l.refusals.Refused(ctx, actor, act)
}

// Found opens the log of a new workspace, or of the house, in the transaction that makes it.
func (l *Ledger) Found(tx *db.Tx, f *vault.Founding) error {
	ws := f.Workspace()
	if ws == parlatory.House && tx.Workspace() != ws {
		tx = tx.House()
	}
	if tx.Workspace() != ws {
		return parlatory.Internal("found ledger", fmt.Errorf("transaction of another workspace"))
	}
	id := parlatory.NewID[parlatory.RowKind](l.clock)
	origin := l.domain + "/" + ws.String()
	const first = int64(1)
	seed, verifier, err := vault.MintSigner(f.House(), logBinding(ws, id, first, origin), origin)
	if err != nil {
		return parlatory.Internal("found ledger", err)
	}
	if _, err := tx.Exec(insertLog, first, id, origin, verifier, seed, "", tx.Now()); err != nil {
		return fmt.Errorf("found ledger: %w", err)
	}
	return nil
}

// logBinding is where a signing key is sealed for; the key is the house's, so that the workspace is a clear column.
func logBinding(ws parlatory.WorkspaceID, id parlatory.RowID, number int64, origin string) vault.Binding {
	return vault.Binding{Table: "ledger_logs", Row: id, Revision: 1, Clear: []any{ws, number, origin}}
}

// open gets the log of a workspace with its signer, before a transaction.
func (l *Ledger) open(ctx context.Context, ws parlatory.WorkspaceID) (openLog, error) {
	l.mu.Lock()
	o, ok := l.logs[ws]
	l.mu.Unlock()
	if ok {
		return o, nil
	}
	permit, err := l.law.System(actSequence, ws)
	if err != nil {
		return o, err
	}
	var h logRow
	if err := l.db.Read(ctx, permit, h.read); err != nil {
		return o, fmt.Errorf("ledger log: %w", err)
	}
	house, err := l.ring.Hold(ctx, parlatory.House, vault.LedgerSubject)
	if err != nil {
		return o, fmt.Errorf("ledger signing key: %w", err)
	}
	signer, err := vault.OpenSigner(house, logBinding(ws, h.id, h.number, h.origin), h.seed, h.origin)
	if err != nil {
		return o, fmt.Errorf("ledger signing key: %w", err)
	}
	o = openLog{number: h.number, signer: signer}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.logs) >= 1024 {
		clear(l.logs)
	}
	l.logs[ws] = o
	return o, nil
}

// logRow is a row of ledger_logs.
type logRow struct {
	number   int64
	id       parlatory.RowID
	origin   string
	verifier string
	seed     vault.Sealed
	size     int64
	previous string
}

func (h *logRow) read(tx *db.Tx) error {
	return tx.Row(selectLog).Scan(&h.number, &h.id, &h.origin, &h.verifier, &h.seed, &h.size, &h.previous)
}
