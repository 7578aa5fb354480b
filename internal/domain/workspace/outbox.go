package workspace

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// How the outbox works: a claim is longer than any try, so that two nodes send a mail twice only where one died
// between sending and deleting it.
const (
	outboxPoll    = 500 * time.Millisecond
	outboxClaim   = 2 * time.Minute
	outboxTry     = time.Minute
	outboxBatch   = 32
	outboxSenders = 4
)

// outboxWaits are the pauses after each failed try; after the last one the mail is given up, since its links are dead.
var outboxWaits = [...]time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour, 24 * time.Hour}

// Outbox is the durable line of mails: put in the transaction of an act, sent after it.
type Outbox struct{ o Options }

type waiting struct {
	workspace    parlatory.WorkspaceID
	id           parlatory.RowID
	created, due time.Time
	tries        int
	sealed       vault.Sealed
}

func (m waiting) binding() vault.Binding {
	return vault.Binding{Table: "outbox", Row: m.id.Raw(), Revision: 1, Clear: []any{m.created}}
}

// Put stores a mail; held is the settings key of tx's workspace. A mail to nobody is taken and never sent: it stands
// where an unknown address must cost what a known one costs (AC-019).
func (b *Outbox) Put(tx *db.Tx, held *vault.Held, m Mail) error {
	w := waiting{id: parlatory.NewID[parlatory.RowKind](b.o.Clock), created: tx.Now()}
	sealed, err := vault.SealJSON(held, w.binding(), m)
	if err != nil {
		return fmt.Errorf("seal mail: %w", err)
	}
	if _, err := tx.Exec(sqlPutMail, w.id, w.created, w.created, sealed); err != nil {
		return fmt.Errorf("store mail: %w", err)
	}
	return nil
}

// Run delivers until ctx ends, and waits for the tries under way.
func (b *Outbox) Run(ctx context.Context) error {
	tick := time.NewTicker(outboxPoll)
	defer tick.Stop()
	for {
		for {
			n, err := b.Deliver(ctx)
			if err != nil && ctx.Err() == nil {
				b.o.Log.LogAttrs(ctx, slog.LevelError, "outbox", slog.String("cause", err.Error()))
			}
			if n < outboxBatch || err != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Deliver tries the mails that are due, once each, and counts them.
func (b *Outbox) Deliver(ctx context.Context) (int, error) {
	due, err := b.due(ctx)
	if err != nil {
		return 0, err
	}
	line := make(chan waiting)
	var senders sync.WaitGroup
	for range min(outboxSenders, len(due)) {
		senders.Go(func() {
			for m := range line {
				if err := b.try(ctx, m); err != nil && ctx.Err() == nil {
					b.o.Log.LogAttrs(ctx, slog.LevelWarn, "mail not sent", slog.String("mail", m.id.String()), slog.Int("tries", m.tries+1), slog.String("cause", err.Error()))
				}
			}
		})
	}
	for _, m := range due {
		line <- m
	}
	close(line)
	senders.Wait()
	return len(due), nil
}

func (b *Outbox) due(ctx context.Context) ([]waiting, error) {
	permit, err := b.o.Law.System(actDue, parlatory.House)
	if err != nil {
		return nil, err
	}
	var due []waiting
	err = b.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		rows, err := tx.Across().Query(sqlDueMailAcross, b.o.Clock.Now(), outboxBatch)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var m waiting
			if err := rows.Scan(&m.workspace, &m.id, &m.created, &m.due, &m.tries, &m.sealed); err != nil {
				return err
			}
			due = append(due, m)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	return due, nil
}

// try claims a mail, sends it outside any transaction, and deletes it or sets its next time.
func (b *Outbox) try(ctx context.Context, m waiting) error {
	claimed, err := b.move(ctx, m, b.o.Clock.Now().Add(outboxClaim), m.due)
	if err != nil || !claimed {
		return err
	}
	sendErr := b.send(ctx, m)
	if ctx.Err() != nil {
		return ctx.Err() // the claim runs out, and the next start tries again
	}
	if sendErr == nil || m.tries >= len(outboxWaits)-1 {
		if err := b.drop(ctx, m); err != nil {
			return err
		}
		return sendErr
	}
	_, err = b.move(ctx, m, b.o.Clock.Now().Add(outboxWaits[m.tries]), time.Time{})
	if err != nil {
		return err
	}
	return sendErr
}

func (b *Outbox) send(ctx context.Context, m waiting) error {
	held, err := b.o.Ring.Hold(ctx, m.workspace, vault.Settings)
	if err != nil {
		return fmt.Errorf("hold settings key: %w", err)
	}
	var mail Mail
	if err := vault.OpenJSON(held, m.binding(), m.sealed, &mail); err != nil {
		return fmt.Errorf("open mail: %w", err)
	}
	if mail.To == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, outboxTry)
	defer cancel()
	return b.o.Mailer.Send(ctx, mail)
}

// move sets the time of the next try: from the one seen (a claim), or from the own claim.
func (b *Outbox) move(ctx context.Context, m waiting, to, from time.Time) (bool, error) {
	permit, err := b.o.Law.System(actDeliver, m.workspace)
	if err != nil {
		return false, err
	}
	var n int64
	err = b.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if from.IsZero() {
			n, err = tx.Exec(sqlPostponeMail, m.id, to)
		} else {
			n, err = tx.Exec(sqlClaimMail, m.id, to, from)
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("claim mail: %w", err)
	}
	return n == 1, nil
}

func (b *Outbox) drop(ctx context.Context, m waiting) error {
	permit, err := b.o.Law.System(actDeliver, m.workspace)
	if err != nil {
		return err
	}
	err = b.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		_, err := tx.Exec(sqlDeleteMail, m.id)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete mail: %w", err)
	}
	return nil
}
