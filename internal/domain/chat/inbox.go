package chat

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// While the keys of a workspace are out of reach, a message of a visitor is kept: sealed to the workspace's inbox key, whose private half the
// workspace's own key seals, so that nobody can read it before that is back. The house vouches for the public half and for each item,
// with its place, so that a thief of the database can neither swap the key for one of his own nor add, move or reorder items.
const (
	keptMost        = 10_000 // of one workspace
	keptMostVisitor = 50
	inboxEach       = 5 * time.Second
	inboxBatch      = 32
)

// inboxKey is a row of inbox_keys.
type inboxKey struct {
	version uint32
	created time.Time
	public  []byte
	mac     []byte
	private vault.Sealed
}

func (k inboxKey) binding(ws parlatory.WorkspaceID) vault.Binding {
	return vault.Binding{Table: "inbox_keys", Row: ws.Raw(), Revision: k.version, Clear: []any{k.created}}
}

func (k inboxKey) vouched(ws parlatory.WorkspaceID) [][]byte {
	return [][]byte{ws[:], binary.BigEndian.AppendUint32(nil, k.version), k.public}
}

func readInboxKey(row *db.Row) (k inboxKey, err error) {
	err = row.Scan(&k.version, &k.created, &k.public, &k.mac, &k.private)
	return k, err
}

// kept is a row of inbox.
type kept struct {
	room    parlatory.RoomID
	client  parlatory.ClientID
	number  int64
	contact parlatory.ContactID
	token   parlatory.SessionID
	at      time.Time
	version uint32
	state   string
	mac     []byte
	sealed  []byte
}

func (k *kept) scan(scan func(...any) error) error {
	return scan(&k.room, &k.client, &k.number, &k.contact, &k.token, &k.at, &k.version, &k.state, &k.mac, &k.sealed)
}

// place is what an item is sealed for: all of its row.
func (k kept) place(ws parlatory.WorkspaceID) []byte {
	b := append([]byte(nil), ws[:]...)
	b = append(b, k.room[:]...)
	b = append(b, k.client[:]...)
	b = append(b, k.contact[:]...)
	b = append(b, k.token[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(k.number))
	b = binary.BigEndian.AppendUint64(b, uint64(parlatory.Micros(k.at)))
	return binary.BigEndian.AppendUint32(b, k.version)
}

const (
	inboxKeyPurpose  = "inbox key"
	inboxItemPurpose = "inbox item"
)

// keep takes a visitor's message into the inbox. A repeat gets the first answer.
func (r *Room) keep(ctx context.Context, actor parlatory.Actor, p Post) (Posted, error) {
	permit, err := r.Law.Permit(ctx, actor, ActVisitorPost)
	if err != nil {
		return Posted{}, err
	}
	st, err := r.visible(ctx, actor, permit.Level(), p.Room)
	if err != nil {
		return Posted{}, err
	}
	if len(p.Files) > 0 {
		return Posted{}, parlatory.Fail(parlatory.KindUnavailable, "Files can't be sent at the moment. A message without one can.")
	}
	body, err := Body(p.Body)
	if err != nil {
		return Posted{}, err
	}
	house, err := r.Ring.Hold(ctx, parlatory.House, vault.Settings)
	if err != nil {
		return Posted{}, fmt.Errorf("hold house settings key: %w", err)
	}
	k := kept{room: p.Room, client: p.Client, contact: actor.Contact, token: actor.Session, state: "waiting"}
	var posted Posted
	for range 4 { // another node may have taken the number
		err = r.DB.Write(ctx, permit, func(tx *db.Tx) error {
			posted, err = r.keepIn(tx, house, actor, permit.Level(), st, k, body)
			return err
		})
		if !db.IsTaken(err) {
			break
		}
	}
	return posted, err
}

func (r *Room) keepIn(tx *db.Tx, house *vault.Held, actor parlatory.Actor, level access.Level, st state, k kept, body string) (Posted, error) {
	first := map[repeatKey]*waiting{}
	w := &waiting{actor: actor, draft: draft{room: k.room, client: k.client, kind: parlatory.Visitor, author: actor.Contact.Raw()}}
	if done, err := w.repeated(tx, first); err != nil || done { // it was posted before the keys went
		return w.posted, errors.Join(err, w.err)
	}
	var before kept
	err := before.scan(tx.Row(sqlKept, k.room, k.client).Scan)
	switch {
	case err == nil && before.contact == actor.Contact:
		return Posted{At: before.at, Kept: true}, nil
	case err == nil:
		return Posted{}, parlatory.Conflict("This message id is taken. Use a fresh one.")
	case !errors.Is(err, db.ErrNone):
		return Posted{}, fmt.Errorf("look for kept message: %w", err)
	}
	now, err := readState(tx, k.room)
	if err != nil {
		return Posted{}, err
	}
	if err := mayPost(actor, level, now); err != nil {
		return Posted{}, err
	}
	if err := r.steady(tx, actor); err != nil {
		return Posted{}, err
	}
	return r.storeKept(tx, house, k, body)
}

// storeKept numbers, seals and writes an item within its bounds.
func (r *Room) storeKept(tx *db.Tx, house *vault.Held, k kept, body string) (Posted, error) {
	var all, own int64
	if err := tx.Row(sqlKeptCount, k.contact).Scan(&all, &own); err != nil {
		return Posted{}, fmt.Errorf("count kept messages: %w", err)
	}
	if all >= keptMost || own >= keptMostVisitor {
		return Posted{}, parlatory.Fail(parlatory.KindUnavailable, "Messages can't be taken at the moment. Please try again later.")
	}
	key, err := readInboxKey(tx.Row(sqlInboxKey))
	if errors.Is(err, db.ErrNone) {
		return Posted{}, parlatory.Fail(parlatory.KindUnavailable, "Messages can't be taken at the moment. Please try again later.")
	}
	if err != nil {
		return Posted{}, fmt.Errorf("read inbox key: %w", err)
	}
	ws := tx.Workspace()
	if !house.CheckMAC(key.mac, inboxKeyPurpose, key.vouched(ws)...) {
		r.Log.Error("the inbox key of a workspace was changed in the database", "workspace", ws.String())
		return Posted{}, parlatory.Internal("inbox key", vault.ErrOpen)
	}
	if err := tx.Row(sqlKeptLast, k.room).Scan(&k.number); err != nil {
		return Posted{}, fmt.Errorf("number kept message: %w", err)
	}
	k.number, k.at, k.version = k.number+1, tx.Now(), key.version
	place := k.place(ws)
	if k.sealed, err = vault.SealInbox(key.public, ws[:], place, []byte(body)); err != nil {
		return Posted{}, err
	}
	digest := sha256.Sum256(k.sealed)
	mac := house.MAC(inboxItemPurpose, place, digest[:])
	if _, err := tx.Exec(sqlKeep, k.room, k.client, k.number, k.contact, k.token, k.at, k.version, k.state, mac[:], k.sealed); err != nil {
		return Posted{}, fmt.Errorf("keep message: %w", err)
	}
	return Posted{At: k.at, Kept: true}, nil
}

// mintInbox makes the inbox key while the keys are there. Without it messages are refused when they are away, which is no reason to
// refuse one now.
func (r *Room) mintInbox(ctx context.Context, ws parlatory.WorkspaceID) {
	if err := r.mintInboxKey(ctx, ws); err != nil {
		r.Log.Error("inbox key could not be made", "cause", err.Error())
	}
}

// mintInboxKey makes the workspace's inbox key where it has none, and names it in the ledger.
func (r *Room) mintInboxKey(ctx context.Context, ws parlatory.WorkspaceID) error {
	if _, known := r.inboxes.Load(ws); known {
		return nil
	}
	permit, err := r.Law.System(actMinted, ws)
	if err != nil {
		return err
	}
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error { _, err := readInboxKey(tx.Row(sqlInboxKey)); return err })
	if err == nil {
		r.inboxes.Store(ws, true)
	}
	if !errors.Is(err, db.ErrNone) {
		return err
	}
	settings, err := r.Ring.Hold(ctx, ws, vault.Settings)
	if err != nil {
		return fmt.Errorf("hold settings key: %w", err)
	}
	house, err := r.Ring.Hold(ctx, parlatory.House, vault.Settings)
	if err != nil {
		return fmt.Errorf("hold house settings key: %w", err)
	}
	pen, err := r.Ledger.Pen(ctx, ws)
	if err != nil {
		return err
	}
	err = r.DB.Write(ctx, permit, func(tx *db.Tx) (err error) {
		k := inboxKey{version: 1, created: tx.Now()}
		if k.private, k.public, err = vault.MintInbox(settings, k.binding(ws)); err != nil {
			return err
		}
		mac := house.MAC(inboxKeyPurpose, k.vouched(ws)...)
		if _, err := tx.Exec(sqlPutInboxKey, k.version, k.created, k.public, mac[:], k.private); err != nil {
			return fmt.Errorf("store inbox key: %w", err)
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Created, Element: "Inbox key", ID: ws.Raw(), New: map[string]string{"sha256": fmt.Sprintf("%x", sha256.Sum256(k.public))}})
	})
	if db.IsTaken(err) { // another node was first
		return nil
	}
	return err
}
