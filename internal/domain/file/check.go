package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

const (
	checkNow  = 20 * time.Second // for how long a sender waits for the check
	checkMost = 5 * time.Minute  // how long a check may take
	checkDue  = 6 * time.Minute  // after which another node takes a check for dead
)

// Complete ends an upload: all parts must be there. Then the content is looked at, and the answer says how the file stands: ready, refused,
// quarantined, or checking where the scanner did not answer in time; that goes on by itself. A repeat gives the answer as it is by then.
func (r *Room) Complete(ctx context.Context, actor parlatory.Actor, id parlatory.FileID) (File, error) {
	permit, err := r.o.Law.Permit(ctx, actor, acts(actor, ActUpload, ActVisitorUpload))
	if err != nil {
		return File{}, err
	}
	rec, held, err := r.own(ctx, permit, id)
	if err != nil || rec.state != Uploading {
		if err != nil {
			return File{}, err
		}
		return rec.file(), nil
	}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := r.steady(tx, actor); err != nil {
			return err
		}
		return rec.complete(tx, held)
	})
	if err != nil {
		return File{}, err
	}
	soon, cancel := context.WithTimeout(ctx, checkNow)
	defer cancel()
	r.check(soon, rec, held)
	again, _, err := r.own(context.WithoutCancel(ctx), permit, id)
	if err != nil {
		return File{}, err
	}
	return again.file(), nil
}

// complete turns parts into a manifest. The row is locked first, so that no part changes meanwhile.
func (r *record) complete(tx *db.Tx, held *vault.Held) error {
	now, err := locked(tx, r.id)
	if err != nil {
		return err
	}
	if now.state != Uploading || now.revision != r.revision {
		return parlatory.Conflict("This file has just changed. Please look again.")
	}
	parts, err := readParts(tx, r.id)
	if err != nil {
		return err
	}
	r.Parts = make([]part, partsOf(r.size))
	for i := range r.Parts {
		p, ok := parts[i+1]
		if !ok || p.Size != partSize(r.size, i+1) {
			return parlatory.Conflict("Parts of this file are missing. Send them first.")
		}
		r.Parts[i] = p
	}
	if _, err := tx.Exec(sqlDropParts, r.id); err != nil {
		return fmt.Errorf("delete parts: %w", err)
	}
	r.state, r.due = Checking, tx.Now().Add(checkDue)
	return r.store(tx, held)
}

// verdict is what a look at the content found.
type verdict struct {
	state State
	made  []string // blobs of pictures
}

// check looks at a file's content and settles how it stands. What can't be found out now leaves it as it is, to be tried again.
func (r *Room) check(ctx context.Context, rec *record, held *vault.Held) {
	select {
	case r.checks <- struct{}{}:
		defer func() { <-r.checks }()
	case <-ctx.Done():
		r.postpone(ctx, held.Workspace(), rec.id, ctx.Err())
		return
	}
	v, err := r.judge(ctx, rec, held)
	if err == nil {
		err = r.settle(ctx, rec, held, v)
	}
	if err != nil {
		for _, name := range v.made {
			r.unless(ctx, err, name)
		}
		r.postpone(ctx, held.Workspace(), rec.id, err)
	}
}

// judge decides the type by content, asks the scanner, and makes the pictures, in this order. Its error means that it is not known yet.
func (r *Room) judge(ctx context.Context, rec *record, held *vault.Held) (v verdict, err error) {
	c, err := r.read(ctx, rec, held, content)
	if err != nil {
		return rec.damaged(v, err)
	}
	defer func() { _ = c.Close() }()
	head := make([]byte, min(rec.size, HeadSize))
	if _, err := io.ReadFull(c, head); err != nil {
		return rec.damaged(v, err)
	}
	if rec.Type, err = Inspect(head, rec.Name, rec.Claimed); err != nil {
		return rec.refuse(v, err), nil
	}
	rec.kind = kindOf(rec.Type)
	if r.o.Scanner != nil {
		_, _ = c.Seek(0, io.SeekStart)
		found, err := r.o.Scanner.Scan(ctx, c)
		switch {
		case c.Fault() != nil:
			return rec.damaged(v, c.Fault())
		case parlatory.KindOf(err) == parlatory.KindTooLarge: // it will be no smaller tomorrow
			return rec.refuse(v, err), nil
		case err != nil:
			return v, fmt.Errorf("scanner: %w", err)
		case !found.Clean:
			v.state, rec.Found = Quarantined, plainName(found.Name)
			return v, nil
		}
	}
	v.state = Ready
	if !rec.Type.Picture() {
		return v, nil
	}
	return r.paint(ctx, rec, held, c, v)
}

// plainName keeps the scanner's words harmless.
func plainName(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return -1
		}
		return c
	}, s)
	return s[:min(len(s), 128)]
}

// refuse settles a file that can't be taken; the sentence is for its sender.
func (r *record) refuse(v verdict, why error) verdict {
	v.state, r.Reason, r.kind, r.View, r.Thumb = Refused, "This file can't be taken.", KindOther, nil, nil
	var known *parlatory.Error
	if errors.As(why, &known) {
		r.Reason = known.Public
	}
	return v
}

// damaged refuses a file whose parts are not what was stored, and passes on every other error.
func (r *record) damaged(v verdict, err error) (verdict, error) {
	if !errors.Is(err, errDamaged) {
		return v, err
	}
	v = r.refuse(v, err)
	r.Reason = "This file was damaged on its way. Please send it again."
	return v, nil
}

// paint encodes a picture anew and stores it sealed like the rest. A picture that is beyond the bounds is a file without a view; a broken one is
// refused.
func (r *Room) paint(ctx context.Context, rec *record, held *vault.Held, c *Content, v verdict) (verdict, error) {
	select {
	case r.pictures <- struct{}{}:
		defer func() { <-r.pictures }()
	case <-ctx.Done():
		return v, ctx.Err()
	}
	_, _ = c.Seek(0, io.SeekStart)
	view, thumb, err := Reencode(c, r.o.Limits.Picture)
	switch {
	case c.Fault() != nil:
		return rec.damaged(v, c.Fault())
	case errors.Is(err, ErrPictureSize):
		return v, nil
	case errors.Is(err, ErrPicture):
		return rec.refuse(v, err), nil
	case err != nil:
		return v, err
	}
	if rec.View, err = r.hang(ctx, rec, held, viewName, view, &v); err != nil {
		return v, err
	}
	rec.Thumb, err = r.hang(ctx, rec, held, thumbName, thumb, &v)
	return v, err
}

func (r *Room) hang(ctx context.Context, rec *record, held *vault.Held, what string, i Image, v *verdict) (*picture, error) {
	p, err := r.put(ctx, rec, held, what, 0, bytes.NewReader(i.Bytes), int64(len(i.Bytes)))
	if err != nil {
		return nil, fmt.Errorf("store picture: %w", err)
	}
	v.made = append(v.made, blobName(held.Workspace(), rec.id, what, 0, p.Mark))
	return &picture{part: p, Type: i.Type, W: i.W, H: i.H}, nil
}

// settle writes what was found. A find of malware is an entry in the ledger, a line at ERROR and a number in the metrics.
func (r *Room) settle(ctx context.Context, rec *record, held *vault.Held, v verdict) error {
	ctx = context.WithoutCancel(ctx) // it is known by now
	ws, act := held.Workspace(), actCheck
	var pen *ledger.Pen
	var err error
	if v.state == Quarantined {
		act = actQuarantine
		if pen, err = r.o.Ledger.Pen(ctx, ws, vault.ContactKey(rec.contact)); err != nil {
			return err
		}
	}
	permit, err := r.o.Law.System(act, ws)
	if err != nil {
		return err
	}
	rec.state, rec.due = v.state, time.Time{}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if rec.expires = tx.Now().Add(unsentFor); v.state == Quarantined {
			rec.expires = time.Time{}
		}
		once := *rec // a transaction may run twice
		if err := once.store(tx, held); err != nil {
			return err
		}
		e := parlatory.Event{Kind: parlatory.FileChanged, Workspace: ws, Room: rec.room, File: rec.id}
		if rec.by.Kind == parlatory.Visitor {
			e.Contact = parlatory.ContactID(rec.by.ID)
		} else {
			e.Staff = parlatory.StaffID(rec.by.ID)
		}
		tx.Tell(e)
		if pen == nil {
			return nil
		}
		entry := once.entry(ledger.Refused)
		entry.New["found"], entry.New["by"], entry.Remark = once.Found, parlatory.RowID(once.by.ID).String(), "quarantined: malware was found"
		return pen.Witness(tx, entry)
	})
	if err != nil {
		return err
	}
	r.alarm(ctx, rec, held)
	return nil
}

// alarm tells the operator, without anything of the content; and removes the content of what was refused.
func (r *Room) alarm(ctx context.Context, rec *record, held *vault.Held) {
	switch rec.state {
	case Quarantined:
		r.quarantined.Add(1)
		r.o.Log.LogAttrs(ctx, slog.LevelError, "malware was found in a file, which is quarantined", slog.String("workspace", held.Workspace().String()), slog.String("file", rec.id.String()))
	case Refused:
		r.refused.Add(1)
		r.discard(ctx, folder(held.Workspace(), rec.id))
	}
}

// postpone has the check tried again, later each time.
func (r *Room) postpone(ctx context.Context, ws parlatory.WorkspaceID, id parlatory.FileID, why error) {
	ctx = context.WithoutCancel(ctx)
	r.unanswered.Add(1)
	if !errors.Is(why, context.DeadlineExceeded) && !errors.Is(why, context.Canceled) {
		r.o.Log.LogAttrs(ctx, slog.LevelWarn, "a file could not be checked, and waits", slog.String("cause", why.Error()))
	}
	permit, err := r.o.Law.System(actCheck, ws)
	if err == nil {
		err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
			var tries int
			if err := tx.Row(sqlTries, id).Scan(&tries); err != nil {
				return err
			}
			_, err := tx.Exec(sqlPostpone, id, tx.Now().Add(backoff(tries)))
			return err
		})
	}
	if err != nil && !errors.Is(err, db.ErrNone) {
		r.o.Log.LogAttrs(ctx, slog.LevelError, "a check could not be put off", slog.String("cause", err.Error()))
	}
}

// backoff is 5 seconds, twice that each time, at most 10 minutes.
func backoff(tries int) time.Duration {
	return min(5*time.Second<<min(tries, 10), 10*time.Minute)
}
