package file

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/domain/contact"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Beginning is a file as its sender announces it. A repeat with the same Client returns the first answer.
type Beginning struct {
	Room   parlatory.RoomID
	Client parlatory.ClientID // chosen by the sender's device, unique among the sender's files
	Name   string
	Claim  string // the media type as the device tells it; may be empty
	Size   int64  // bytes
}

// File is a file as those see it who may.
type File struct {
	ID      parlatory.FileID
	Room    parlatory.RoomID
	State   State
	Kind    Kind
	Name    string
	Type    Type // Octets until the content was looked at
	Size    int64
	W, H    int    // of the view of a picture; 0: there is none
	Reason  string // of a refused or quarantined file, for its sender
	Parts   int    // how many there are to send, each PartSize long but the last
	Have    []int  // of these, the ones that are there, from 1; while it is uploading
	Seq     int64  // of the message that it was sent with
	Created time.Time
}

func (r *record) file() File {
	f := File{ID: r.id, Room: r.room, State: r.state, Kind: r.kind, Name: r.Name, Type: r.Type, Size: r.size, Reason: r.Reason, Parts: partsOf(r.size), Seq: r.seq, Created: r.created}
	if f.Type == "" {
		f.Type = Octets
	}
	if r.View != nil {
		f.W, f.H = r.View.W, r.View.H
	}
	if r.state == Quarantined {
		f.Reason = "Malware was found in this file. Nobody can open it."
	}
	return f
}

// Begin announces a file. Nothing of it is taken yet.
func (r *Room) Begin(ctx context.Context, actor parlatory.Actor, b Beginning) (File, error) {
	permit, err := r.o.Law.Permit(ctx, actor, acts(actor, ActUpload, ActVisitorUpload))
	if err != nil {
		return File{}, err
	}
	if err := r.ready(ctx); err != nil {
		return File{}, err
	}
	settings, _, err := r.settings(ctx, permit)
	if err != nil {
		return File{}, err
	}
	if b, err = b.judged(settings.File); err != nil {
		return File{}, err
	}
	of, err := r.rooms.Poster(ctx, actor, b.Room)
	if err != nil {
		return File{}, err
	}
	held, err := r.hold(ctx, actor.Workspace, of)
	if err != nil {
		return File{}, err
	}
	purse, err := r.purse(ctx, actor)
	if err != nil {
		return File{}, err
	}
	rec := r.announced(actor, b, of)
	var parts map[int]part
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := r.steady(tx, actor); err != nil {
			return err
		}
		if err := contact.Stands(tx, of); err != nil { // an erasure at the same time waits, or was first
			return err
		}
		rec, err = r.begin(tx, rec, held, purse, settings)
		if err != nil {
			return err
		}
		parts, err = readParts(tx, rec.id)
		return err
	})
	if err != nil {
		return File{}, err
	}
	return rec.with(parts), nil
}

func (r *Room) announced(actor parlatory.Actor, b Beginning, of parlatory.ContactID) *record {
	now := r.o.Clock.Now()
	return &record{
		id: parlatory.NewID[parlatory.FileKind](r.o.Clock), room: b.Room, contact: of, by: authorOf(actor), client: b.Client, state: Uploading, kind: KindOther,
		size: b.Size, created: now, changed: now, expires: now.Add(unsentFor), revision: 1, private: private{Name: b.Name, Claimed: b.Claim},
	}
}

// begin stores the announcement, or finds the one that was made before.
func (r *Room) begin(tx *db.Tx, rec *record, held *vault.Held, p purse, s Settings) (*record, error) {
	old, err := scan(tx.Row(sqlByClient, parlatory.RowID(rec.by.ID), rec.client))
	if err == nil {
		return old.again(rec, held)
	}
	if parlatory.KindOf(err) != parlatory.KindNotFound {
		return nil, err
	}
	var unsent int
	if err := tx.Row(sqlCountUnsent, parlatory.RowID(rec.by.ID)).Scan(&unsent); err != nil {
		return nil, fmt.Errorf("count unsent files: %w", err)
	}
	if unsent >= unsentMost {
		return nil, parlatory.Conflict("You have many files that were not sent. Send or remove some of them first.")
	}
	var open int64
	if err := tx.Row(sqlOpen, parlatory.RowID(rec.by.ID)).Scan(&open); err != nil {
		return nil, fmt.Errorf("sum of open uploads: %w", err)
	}
	if err := p.afford(tx, open+rec.size); err != nil {
		return nil, err
	}
	if s.Total > 0 {
		var total int64
		if err := tx.Row(sqlTotal).Scan(&total); err != nil {
			return nil, fmt.Errorf("sum of files: %w", err)
		}
		if total+open+rec.size > s.Total {
			return nil, parlatory.Fail(parlatory.KindTooLarge, "There is no room left for files in this workspace.")
		}
	}
	if fresh, err := rec.insert(tx, held); err != nil || fresh {
		return rec, err
	}
	// The same was announced at the same time, over another connection.
	if old, err = scan(tx.Row(sqlByClient, parlatory.RowID(rec.by.ID), rec.client)); err != nil {
		return nil, err
	}
	return old.again(rec, held)
}

// again answers a repeat; an id that announced something else is taken.
func (r *record) again(b *record, held *vault.Held) (*record, error) {
	if r.room != b.room || r.contact != b.contact || r.size != b.size {
		return nil, parlatory.Conflict("This file id is taken. Use a fresh one.")
	}
	if err := r.open(held); err != nil {
		return nil, err
	}
	if r.Name != b.Name {
		return nil, parlatory.Conflict("This file id is taken. Use a fresh one.")
	}
	return r, nil
}

// with adds which parts are there.
func (r *record) with(parts map[int]part) File {
	f := r.file()
	if r.state == Uploading {
		for n := 1; n <= f.Parts; n++ {
			if _, ok := parts[n]; ok {
				f.Have = append(f.Have, n)
			}
		}
	}
	return f
}

func (b Beginning) judged(most int64) (Beginning, error) {
	if b.Client.Zero() {
		return b, parlatory.Invalid("id", "must be a UUID that you choose")
	}
	if b.Size < 1 {
		return b, parlatory.Invalid("size", "must be at least 1 byte")
	}
	if b.Size > most {
		return b, parlatory.Fail(parlatory.KindTooLarge, "This file is too large. At most "+sizeText(most)+" may be sent.")
	}
	var err error
	if b.Name, err = Name(b.Name); err != nil {
		return b, err
	}
	if b.Claim, err = policy.Name(b.Claim, 0, 100); err != nil {
		return b, parlatory.Invalid("type", "must be a media type")
	}
	return b, nil
}

func sizeText(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d KB", n>>10)
}

// Name is what is kept of a file's name: what stands behind its last slash or backslash, as one line of 1 to 200 characters. It is shown
// and offered, and never the name of anything on the server (AC-095).
func Name(s string) (string, error) {
	s, err := policy.Name(path.Base(strings.ReplaceAll(s, `\`, "/")), 1, nameMost)
	if err != nil || strings.Trim(s, ". /") == "" {
		return "", parlatory.Invalid("name", fmt.Sprintf("must have 1 to %d characters, on one line", nameMost)).Because(err)
	}
	return s, nil
}

// PutPart takes part n (from 1) of an upload: exactly as many bytes as that part has. A repeat takes the earlier one's place. A body that ends
// early leaves nothing.
func (r *Room) PutPart(ctx context.Context, actor parlatory.Actor, id parlatory.FileID, n int, body io.Reader, length int64) error {
	permit, err := r.o.Law.Permit(ctx, actor, acts(actor, ActUpload, ActVisitorUpload))
	if err != nil {
		return err
	}
	rec, held, err := r.own(ctx, permit, id)
	if err != nil {
		return err
	}
	if err := rec.takes(n, length); err != nil {
		return err
	}
	free, err := r.slots.take(actor)
	if err != nil {
		return err
	}
	defer free()
	purse, err := r.purse(ctx, actor)
	if err != nil {
		return err
	}
	if err := r.o.DB.Read(ctx, permit, func(tx *db.Tx) error { return purse.afford(tx, length) }); err != nil {
		return err
	}
	p, err := r.put(ctx, rec, held, content, n, body, length)
	if err != nil {
		return err
	}
	old, err := r.keepPart(ctx, permit, rec, n, p, purse)
	if err != nil { // nobody knows of the blob: it goes, here or with the sweep
		r.unless(ctx, err, blobName(actor.Workspace, id, content, n, p.Mark))
		return err
	}
	if old != "" {
		r.drop(ctx, blobName(actor.Workspace, id, content, n, old))
	}
	return nil
}

func (r *record) takes(n int, length int64) error {
	if r.state != Uploading {
		return parlatory.Conflict("This file is complete already.")
	}
	if n < 1 || n > partsOf(r.size) {
		return parlatory.Invalid("part", fmt.Sprintf("must be 1 to %d", partsOf(r.size)))
	}
	if want := partSize(r.size, n); length != want {
		return parlatory.Invalid("body", fmt.Sprintf("must have exactly %d bytes", want))
	}
	return nil
}

// keepPart enters a part that is stored, and gives the mark of the one whose place it took.
func (r *Room) keepPart(ctx context.Context, permit access.Permit, rec *record, n int, p part, spend purse) (old string, err error) {
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := r.steady(tx, permit.Actor()); err != nil {
			return err
		}
		if touched, err := tx.Exec(sqlTouch, rec.id, tx.Now(), tx.Now()); err != nil {
			return fmt.Errorf("touch file: %w", err)
		} else if touched != 1 {
			return parlatory.Conflict("This file is complete already, or was given up.")
		}
		parts, err := readParts(tx, rec.id)
		if err != nil {
			return err
		}
		old = parts[n].Mark
		if _, err := tx.Exec(sqlPutPart, rec.id, n, p.Size, p.Mark, p.Digest); err != nil {
			return fmt.Errorf("store part: %w", err)
		}
		return spend.spend(tx, p.Size)
	})
	return old, err
}

func readParts(tx *db.Tx, id parlatory.FileID) (map[int]part, error) {
	rows, err := tx.Query(sqlParts, id)
	if err != nil {
		return nil, fmt.Errorf("read parts: %w", err)
	}
	defer func() { _ = rows.Close() }()
	parts := map[int]part{}
	for rows.Next() {
		var n int
		var p part
		if err := rows.Scan(&n, &p.Size, &p.Mark, &p.Digest); err != nil {
			return nil, fmt.Errorf("read parts: %w", err)
		}
		parts[n] = p
	}
	return parts, rows.Err()
}

// Stand tells its sender how a file stands and which parts are there, so that a cut upload goes on where it was; and whoever may read the room, once
// it was sent.
func (r *Room) Stand(ctx context.Context, actor parlatory.Actor, id parlatory.FileID) (File, error) {
	permit, err := r.o.Law.Permit(ctx, actor, acts(actor, ActView, ActVisitorFile))
	if err != nil {
		return File{}, err
	}
	rec, _, err := r.readable(ctx, permit, id)
	if err != nil {
		return File{}, err
	}
	var parts map[int]part
	if rec.state == Uploading {
		err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
			parts, err = readParts(tx, id)
			return err
		})
	}
	return rec.with(parts), err
}

// Drop gives up a file of the actor's that was not sent. A quarantined one stays: its content is evidence.
func (r *Room) Drop(ctx context.Context, actor parlatory.Actor, id parlatory.FileID) error {
	permit, err := r.o.Law.Permit(ctx, actor, acts(actor, ActUpload, ActVisitorUpload))
	if err != nil {
		return err
	}
	rec, _, err := r.own(ctx, permit, id)
	if err != nil {
		return err
	}
	if rec.seq != 0 {
		return parlatory.Conflict("This file was sent already.")
	}
	if rec.state == Quarantined {
		return parlatory.Conflict("This file is kept for your administrator.")
	}
	if err := r.o.DB.Write(ctx, permit, func(tx *db.Tx) error { return rec.remove(tx) }); err != nil {
		return err
	}
	r.discard(ctx, folder(actor.Workspace, id))
	return nil
}

// remove deletes the row, if nobody changed it since it was read.
func (r *record) remove(tx *db.Tx) error {
	n, err := tx.Exec(sqlDelete, r.id, r.revision)
	if err != nil {
		return fmt.Errorf("delete file: %w", err)
	}
	if n != 1 {
		return parlatory.Conflict("This file has just changed. Please look again.")
	}
	if _, err := tx.Exec(sqlDropParts, r.id); err != nil {
		return fmt.Errorf("delete parts: %w", err)
	}
	return nil
}
