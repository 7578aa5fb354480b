package file

import (
	"bytes"
	"slices"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Attached is what a message says of a file that it brings.
type Attached struct {
	ID   parlatory.FileID `json:"id"`
	Name string           `json:"name"`
	Type Type             `json:"type"`
	Kind Kind             `json:"kind"`
	Size int64            `json:"size"`
	W    int              `json:"w,omitempty"` // of the view, where there is one
	H    int              `json:"h,omitempty"`
}

// Files judges the list of a message's files: at most MessageMax, none twice.
func Files(ids []parlatory.FileID) error {
	if len(ids) > MessageMax {
		return parlatory.Invalid("files", "may be at most 10")
	}
	for i, id := range ids {
		if id.Zero() || slices.Contains(ids[:i], id) {
			return parlatory.Invalid("files", "must each be named once")
		}
	}
	return nil
}

// Claim gives files to the message that its author posts as number seq of a room, inside the posting transaction. held is the room's
// contact's key. A refusal (KindConflict or KindNotFound) has changed nothing, so that a post that is refused fails alone: of two messages that
// name one file, the second one is.
func Claim(tx *db.Tx, held *vault.Held, by Author, room parlatory.RoomID, seq int64, ids []parlatory.FileID) ([]Attached, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	records := make(map[parlatory.FileID]*record, len(ids))
	// In one order, so that two transactions do not wait for each other.
	for _, id := range slices.SortedFunc(slices.Values(ids), func(a, b parlatory.FileID) int { return bytes.Compare(a[:], b[:]) }) {
		rec, err := locked(tx, id)
		if err != nil {
			return nil, err
		}
		if err := rec.claimable(by, room, held); err != nil {
			return nil, err
		}
		if err := rec.open(held); err != nil {
			return nil, parlatory.Conflict("This file is damaged. Please send it again.").Because(err)
		}
		records[id] = rec
	}
	all := make([]Attached, 0, len(ids))
	for _, id := range ids {
		rec := records[id]
		rec.seq, rec.expires = seq, time.Time{}
		if err := rec.store(tx, held); err != nil {
			return nil, parlatory.Internal("claim file", err) // it was locked: not a refusal
		}
		f := rec.file()
		all = append(all, Attached{ID: id, Name: f.Name, Type: f.Type, Kind: f.Kind, Size: f.Size, W: f.W, H: f.H})
	}
	return all, nil
}

// claimable: another's file, or one of another room, does not exist.
func (r *record) claimable(by Author, room parlatory.RoomID, held *vault.Held) error {
	switch {
	case r.by != by || r.room != room || held.Subject() != vault.ContactKey(r.contact):
		return parlatory.NotFound()
	case r.seq != 0:
		return parlatory.Conflict("This file was sent already.")
	case r.state == Checking:
		return parlatory.Conflict("This file is being checked. It can be sent when that is done.")
	case r.state != Ready:
		return parlatory.Conflict("This file can't be sent.")
	}
	return nil
}
