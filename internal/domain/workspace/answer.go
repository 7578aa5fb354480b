package workspace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// How long an answer is kept for a repeat, and after what time an unfinished first request counts as dead.
const (
	answerKeep = 24 * time.Hour
	answerDead = 5 * time.Minute
)

// Answer is what a request was answered with.
type Answer struct {
	Status int    `json:"status"`
	Body   []byte `json:"body"`
}

// Request names one request that may be repeated: an Idempotency-Key counts for one actor and operation.
type Request struct {
	Operation string
	Key       string
	Body      []byte
	begun     time.Time
	index     vault.Index
	body      vault.Index
}

// who may read a kept answer. An API token reads its own alone, and none that its member's sessions were given.
func who(a parlatory.Actor) string {
	one := a.Kind.String() + "\x00" + a.Staff.String() + "\x00" + a.Contact.String() + "\x00" + a.Site
	if !a.Token.Zero() {
		one += "\x00" + a.Token.String()
	}
	return one
}

// Begin takes a request's place. It gives the kept answer of an earlier one with the same key and body; a conflict while
// that one is under way; and an invalid request where the key was used with another body.
func (w *Room) Begin(ctx context.Context, actor parlatory.Actor, r *Request) (*Answer, error) {
	permit, err := w.o.Law.Permit(ctx, actor, actAnswer)
	if err != nil {
		return nil, err
	}
	if len(r.Key) < 8 || len(r.Key) > 128 {
		return nil, parlatory.Invalid("Idempotency-Key", "must have 8 to 128 characters")
	}
	ix, err := w.o.Ring.Index(ctx, actor.Workspace)
	if err != nil {
		return nil, fmt.Errorf("hold index key: %w", err)
	}
	held, err := w.o.Ring.Hold(ctx, actor.Workspace, vault.Settings)
	if err != nil {
		return nil, fmt.Errorf("hold settings key: %w", err)
	}
	r.index = ix.Blind("answers.key", who(actor)+"\x00"+r.Operation+"\x00"+r.Key)
	r.body = ix.Blind("answers.body", "\x00"+string(r.Body))
	var kept *Answer
	err = w.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		kept, err = r.begin(tx, held)
		return err
	})
	return kept, err
}

func (r *Request) begin(tx *db.Tx, held *vault.Held) (*Answer, error) {
	now := tx.Now()
	r.begun = now
	n, err := tx.Exec(sqlBeginAnswer, r.index, r.body, now, now.Add(answerKeep))
	if err != nil || n == 1 {
		return nil, err
	}
	var status int
	var body vault.Index
	var begun time.Time
	var sealed vault.Sealed
	if err := tx.Row(sqlAnswer, r.index).Scan(&body, &status, &begun, &sealed); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	old := now.Sub(begun) >= answerKeep
	switch {
	case old, status == 0 && now.Sub(begun) >= answerDead:
		n, err := tx.Exec(sqlTakeAnswer, r.index, now, now.Add(answerKeep), r.body, begun)
		if err == nil && n == 0 {
			err = underWay()
		}
		return nil, err
	case body != r.body:
		return nil, parlatory.Invalid("Idempotency-Key", "was used with another request")
	case status == 0:
		return nil, underWay()
	}
	var a Answer
	if err := vault.OpenJSON(held, r.binding(begun), sealed, &a); err != nil {
		return nil, fmt.Errorf("open answer: %w", err)
	}
	return &a, nil
}

func underWay() error { return parlatory.Conflict("The same request is being worked on. Please wait.") }

// binding: the row has no id, the first half of its blind key stands for it and the whole is bound.
func (r *Request) binding(begun time.Time) vault.Binding {
	return vault.Binding{Table: "answers", Row: [16]byte(r.index[:16]), Revision: 1, Clear: []any{r.index[:], r.body[:], begun}}
}

// Finish keeps the answer of a request that Begin let through. Answers of our own faults are not kept: Drop those.
func (w *Room) Finish(ctx context.Context, actor parlatory.Actor, r *Request, a Answer) error {
	permit, err := w.o.Law.Permit(ctx, actor, actAnswer)
	if err != nil {
		return err
	}
	held, err := w.o.Ring.Hold(ctx, actor.Workspace, vault.Settings)
	if err != nil {
		return fmt.Errorf("hold settings key: %w", err)
	}
	sealed, err := vault.SealJSON(held, r.binding(r.begun), a)
	if err != nil {
		return fmt.Errorf("seal answer: %w", err)
	}
	return w.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		_, err := tx.Exec(sqlKeepAnswer, r.index, a.Status, sealed, r.begun)
		return err
	})
}

// Drop gives the place up, so that a repeat runs anew.
func (w *Room) Drop(ctx context.Context, actor parlatory.Actor, r *Request) error {
	permit, err := w.o.Law.Permit(ctx, actor, actAnswer)
	if err != nil {
		return err
	}
	return w.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		_, err := tx.Exec(sqlDropAnswer, r.index)
		return err
	})
}

// Run delivers mail and sweeps what has run out, until ctx ends.
func (w *Room) Run(ctx context.Context) error {
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		tick := time.NewTicker(time.Hour)
		defer tick.Stop()
		for {
			if err := w.sweep(ctx); err != nil && ctx.Err() == nil {
				w.o.Log.Error("sweep", "cause", err.Error())
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	err := w.outbox.Run(ctx)
	<-swept
	return err
}

// sweep deletes counters a day after their window and answers after their keep.
func (w *Room) sweep(ctx context.Context) error {
	now := w.o.Clock.Now()
	jobs := []struct {
		list, sweep string
		before      time.Time
	}{{sqlStaleBudgetsAcross, sqlSweepBudgets, now.Add(-24 * time.Hour)}, {sqlStaleAnswersAcross, sqlSweepAnswers, now}}
	var errs []error
	for _, job := range jobs {
		stale, err := w.stale(ctx, job.list, job.before)
		errs = append(errs, err)
		for _, id := range stale {
			permit, err := w.o.Law.System(actSweep, id)
			if err != nil {
				return err
			}
			errs = append(errs, w.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
				_, err := tx.Exec(job.sweep, job.before)
				return err
			}))
		}
	}
	return errors.Join(errs...)
}

func (w *Room) stale(ctx context.Context, query string, before time.Time) (ids []parlatory.WorkspaceID, err error) {
	permit, err := w.o.Law.System(actStale, parlatory.House)
	if err != nil {
		return nil, err
	}
	err = w.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		rows, err := tx.Across().Query(query, before)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var id parlatory.WorkspaceID
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return rows.Err()
	})
	return ids, err
}

// ForgetAnswers drops all answers that the transaction's workspace keeps for repeats. They may hold what somebody said who is erased now, and
// do not say whose they are. A request that is under way keeps none; a repeat of an older one is done anew.
func ForgetAnswers(tx *db.Tx) error {
	if _, err := tx.Exec(sqlForgetAnswers); err != nil {
		return fmt.Errorf("forget answers: %w", err)
	}
	return nil
}
