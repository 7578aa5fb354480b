package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Filter says which entries; zero fields ask for all.
type Filter struct {
	Staff     parlatory.StaffID // or, in the house, the account
	Action    Action
	Element   string
	ElementID [16]byte
	From      time.Time // inclusive
	To        time.Time // exclusive
	Before    parlatory.EntryID
	Limit     int // 1 to 200, default 50
}

// Record is an entry with its values opened.
type Record struct {
	Number    int64 // 0 until it is numbered, within a second
	ID        parlatory.EntryID
	At        time.Time
	ActorKind string
	Actor     [16]byte
	Address   string
	Device    string
	Action    Action
	Element   string
	ElementID [16]byte
	Act       string
	Old       map[string]string
	New       map[string]string
	Remark    string
	Token     parlatory.TokenID // with which the act was done, zero for a session
	Erased    bool              // the values went with the person whom they were about
	Damaged   bool              // the row was changed from outside: its values do not open, or were taken away
}

// List reads a page of entries, newest first: pass the last one's ID as Before for the next page.
func (l *Ledger) List(ctx context.Context, permit access.Permit, f Filter) ([]Record, error) {
	var rows []sealedRow
	err := l.db.Read(ctx, permit, func(tx *db.Tx) (err error) {
		query, args := f.query()
		rows, err = sealedRows(tx, query, args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list ledger: %w", err)
	}
	keys := l.keyRing(permit.Workspace())
	records := make([]Record, 0, len(rows))
	for _, r := range rows {
		rec, err := r.record(ctx, keys)
		if err != nil {
			return nil, fmt.Errorf("list ledger: %w", err)
		}
		records = append(records, rec)
	}
	return records, nil
}

func (f Filter) query() (string, []any) {
	before, to, limit := f.Before, f.To, f.Limit
	if before.Zero() {
		for i := range before {
			before[i] = 0xff
		}
	}
	if to.IsZero() {
		to = parlatory.FromMicros(math.MaxInt64)
	}
	from := int64(0)
	if !f.From.IsZero() {
		from = parlatory.Micros(f.From)
	}
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	args := []any{before, from, parlatory.Micros(to), string(f.Action), f.Action == "", f.Element, f.Element == "", limit}
	element, actor := plainID(f.ElementID), plainID(f.Staff)
	switch {
	case !element.Zero() && !actor.Zero():
		return listByBoth, append(args, element, actor)
	case !element.Zero():
		return listByElement, append(args, element)
	case !actor.Zero():
		return listByActor, append(args, actor)
	}
	return listAll, args
}

// sealedRow is a row with its values.
type sealedRow struct {
	row
	sealed  vault.Sealed
	garbled bool // the column does not even have the form of a sealed value
}

func sealedRows(tx *db.Tx, query string, args ...any) ([]sealedRow, error) {
	q, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	var rows []sealedRow
	for q.Next() {
		var r sealedRow
		var sealed []byte
		if err := r.scan(q, &sealed); err != nil {
			return nil, err
		}
		if len(sealed) > 0 {
			// One damaged row must not hide the others.
			r.garbled = r.sealed.Scan(sealed) != nil
		}
		rows = append(rows, r)
	}
	return rows, q.Err()
}

// keyRing keeps the keys of one page: most rows share one.
type keyRing struct {
	ledger *Ledger
	ws     parlatory.WorkspaceID
	held   map[vault.Subject]*vault.Held
}

func (l *Ledger) keyRing(ws parlatory.WorkspaceID) *keyRing {
	return &keyRing{ledger: l, ws: ws, held: map[vault.Subject]*vault.Held{}}
}

// hold gives nil for a key that is gone.
func (k *keyRing) hold(ctx context.Context, s vault.Subject) (*vault.Held, error) {
	if h, ok := k.held[s]; ok {
		return h, nil
	}
	h, err := k.ledger.ring.Hold(ctx, k.ws, s)
	if err != nil && !errors.Is(err, vault.ErrNoKey) {
		return nil, err
	}
	if len(k.held) >= 1000 {
		clear(k.held)
	}
	k.held[s] = h
	return h, nil
}

// state of an entry's values.
type state string

const (
	whole   state = ""
	erased  state = "erased"
	damaged state = "damaged"
)

// erasable holds for the kinds of subject whose keys may be destroyed: contacts and persons. What stands under the
// ledger's own key, or under any other, is never erased.
func erasable(kind string) bool {
	return kind == vault.KindContact || kind == vault.KindStaff || kind == vault.KindAccount
}

// keyed holds for a subject that can have sealed values; others were written from outside.
func keyed(s vault.Subject) bool {
	single := s.Kind == vault.KindLedger || s.Kind == vault.KindSettings
	return single && s.ID == [16]byte{} || (erasable(s.Kind) || s.Kind == vault.KindRoom) && s.ID != [16]byte{}
}

// values opens what can be opened; only a key ring out of reach is an error. One damaged row or key must not hide the
// others.
func (r sealedRow) values(ctx context.Context, keys *keyRing) (salt, canonical []byte, s state, err error) {
	if r.garbled || !keyed(r.subject) {
		return nil, nil, damaged, nil
	}
	salt, canonical, s, err = r.disclose(ctx, keys)
	if errors.Is(err, vault.ErrOpen) {
		return nil, nil, damaged, nil
	}
	return salt, canonical, s, err
}

// disclose gives the values of a row. Erasing destroys a subject's keys and touches no row: values that are missing under
// a key that stands, or under one that can't be destroyed, were taken.
func (r sealedRow) disclose(ctx context.Context, keys *keyRing) (salt, canonical []byte, s state, err error) {
	held, err := keys.hold(ctx, r.subject)
	switch {
	case err != nil:
		return nil, nil, whole, err
	case held != nil && !r.sealed.Empty():
		salt, canonical, err = r.open(held, r.sealed)
		return salt, canonical, whole, err
	case held != nil || !erasable(r.subject.Kind):
		return nil, nil, damaged, nil
	}
	return nil, nil, erased, nil
}

func (r sealedRow) record(ctx context.Context, keys *keyRing) (Record, error) {
	rec := Record{
		Number: r.number, ID: r.id, At: r.at, ActorKind: r.actorKind, Actor: r.actor, Action: Action(r.action),
		Element: r.element, ElementID: r.elementID, Act: r.act,
	}
	_, canonical, s, err := r.values(ctx, keys)
	if err != nil {
		return rec, err
	}
	rec.Erased, rec.Damaged = s == erased, s == damaged
	if s != whole {
		return rec, nil
	}
	var v values
	if err := json.Unmarshal(canonical, &v); err != nil {
		rec.Damaged = true
		return rec, nil //nolint:nilerr // what cannot be read is shown as damaged
	}
	rec.Address, rec.Device, rec.Old, rec.New, rec.Remark, rec.Token = v.Address, v.Device, v.Old, v.New, v.Remark, v.Token
	return rec, nil
}

// Head is the newest signed checkpoint; empty if nothing was numbered yet.
func (l *Ledger) Head(ctx context.Context, permit access.Permit) (string, error) {
	var note string
	err := l.db.Read(ctx, permit, func(tx *db.Tx) error {
		var h logRow
		if err := h.read(tx); err != nil {
			return err
		}
		var size int64
		return tx.Row(latestHead, h.number).Scan(&note, &size)
	})
	if errors.Is(err, db.ErrNone) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("ledger head: %w", err)
	}
	return note, nil
}
