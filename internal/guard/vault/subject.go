package vault

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"time"

	"parlatory"
)

// Subject is whom or what a key is for. Destroying a contact's key erases the contact.
type Subject struct {
	Kind string
	ID   [16]byte
}

// The kinds of subject.
const (
	KindWorkspace = "workspace"
	KindContact   = "contact"
	KindRoom      = "room"
	KindStaff     = "staff"
	KindAccount   = "account"
	KindSettings  = "settings"
	KindLedger    = "ledger"
	KindIndex     = "index"
	KindPolicy    = "policy"
)

// Subjects that a workspace (and the house) has once.
var (
	Settings      = Subject{Kind: KindSettings}
	LedgerSubject = Subject{Kind: KindLedger}
	IndexSubject  = Subject{Kind: KindIndex}
	spaceSubject  = Subject{Kind: KindWorkspace}
)

// ContactKey is the subject of everything said in a contact's enquiries.
func ContactKey(id parlatory.ContactID) Subject { return Subject{KindContact, id} }

// StaffKey is the subject of a staff member's profile.
func StaffKey(id parlatory.StaffID) Subject { return Subject{KindStaff, id} }

// AccountKey is the subject of an account; its keys are the house's.
func AccountKey(id parlatory.AccountID) Subject { return Subject{KindAccount, id} }

// PolicyKey is the subject of what a workspace asks of those who come in. It is a key of the house's: lists and required factors hold
// while the workspace's own keys are out of reach.
func PolicyKey(id parlatory.WorkspaceID) Subject { return Subject{KindPolicy, id} }

// valid knows the kinds, and that exactly the singular ones have no id.
func (s Subject) valid() bool {
	switch s.Kind {
	case KindContact, KindRoom, KindStaff, KindAccount, KindPolicy:
		return s.ID != [16]byte{}
	case KindSettings, KindLedger, KindIndex, KindWorkspace:
		return s.ID == [16]byte{}
	}
	return false
}

// Wrapped is a key as the database keeps it. Everything but Blob is bound to it as associated data.
type Wrapped struct {
	Workspace parlatory.WorkspaceID
	Subject   Subject
	Version   uint32
	Parent    uint32 // version of the workspace key that wraps it; 0 for a workspace key, which the root wraps
	ID        parlatory.KeyID
	Blob      []byte

	// What follows is not bound: it says which root to ask, from when the version seals, and how much it has sealed. Who changes
	// it makes a key unreadable or old, never another.
	Root  string    // of a workspace key: RootFile, RootServer, RootOwn
	From  time.Time // of a later version: when it begins to seal, after every node has seen it
	Seals uint64    // noted so far
}

// ad is the associated data of a wrapped key.
func (w Wrapped) ad() []byte {
	b := make([]byte, 0, 128)
	b = appendPart(b, []byte("parlatory/v1 wrapped key"))
	b = appendPart(b, w.Workspace[:])
	b = appendPart(b, []byte(w.Subject.Kind))
	b = appendPart(b, w.Subject.ID[:])
	b = appendPart(b, binary.BigEndian.AppendUint32(nil, w.Version))
	b = appendPart(b, binary.BigEndian.AppendUint32(nil, w.Parent))
	return appendPart(b, w.ID[:])
}

// is checks that a shelf handed out what was asked for: version 0 asks for the newest.
func (w Wrapped) is(ws parlatory.WorkspaceID, s Subject, version uint32) error {
	if w.Workspace != ws || w.Subject != s || w.Version == 0 || version != 0 && w.Version != version || w.ID.Zero() {
		return fmt.Errorf("shelf's key of %s is not the one asked for: %w", s.Kind, ErrOpen)
	}
	return nil
}

func (w Wrapped) equal(o Wrapped) bool {
	return w.Workspace == o.Workspace && w.Subject == o.Subject && w.Version == o.Version &&
		w.Parent == o.Parent && w.ID == o.ID && bytes.Equal(w.Blob, o.Blob)
}

// appendPart appends a part with its length in front, so that no two lists of parts have one encoding.
func appendPart(dst, part []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(part)))
	return append(dst, part...)
}

// mute is embedded by whatever holds a clear key: every form of printing shows [key].
type mute struct{}

const muted = "[key]"

func (mute) String() string               { return muted }
func (mute) GoString() string             { return muted }
func (mute) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(muted)) }
func (mute) MarshalText() ([]byte, error) { return []byte(muted), nil }
func (mute) LogValue() slog.Value         { return slog.StringValue(muted) }
