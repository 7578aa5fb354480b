package parlatory

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// ID is a UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, then 74 random bits. The type parameter keeps a room's
// id from being passed where a contact's is meant. Ids are made by the program, never by the database, so that the
// associated data of a sealed row is known before the row is written.
type ID[K any] [16]byte

// The kinds of thing that have an id. They exist only as type parameters.
type (
	WorkspaceKind  struct{}
	AccountKind    struct{}
	StaffKind      struct{}
	DepartmentKind struct{}
	SessionKind    struct{}
	ContactKind    struct{}
	EnquiryKind    struct{}
	RoomKind       struct{}
	MessageKind    struct{}
	ClientKind     struct{}
	EntryKind      struct{}
	KeyKind        struct{}
	RowKind        struct{}
	FactorKind     struct{}
	DeviceKind     struct{}
	TokenKind      struct{}
	FileKind       struct{}
)

// The typed ids.
type (
	WorkspaceID  = ID[WorkspaceKind]
	AccountID    = ID[AccountKind]
	StaffID      = ID[StaffKind]
	DepartmentID = ID[DepartmentKind]
	SessionID    = ID[SessionKind]
	ContactID    = ID[ContactKind]
	EnquiryID    = ID[EnquiryKind]
	RoomID       = ID[RoomKind]
	MessageID    = ID[MessageKind]
	ClientID     = ID[ClientKind] // chosen by a client: the idempotency id of a message
	EntryID      = ID[EntryKind]
	KeyID        = ID[KeyKind]
	RowID        = ID[RowKind] // a row that nothing else refers to
	FactorID     = ID[FactorKind]
	DeviceID     = ID[DeviceKind]
	TokenID      = ID[TokenKind] // an API token
	FileID       = ID[FileKind]
)

// House is the reserved workspace of what belongs to no workspace: accounts, sessions, sign-up.
var House = WorkspaceID{0: 0xff, 6: 0x70, 8: 0x80, 15: 0x01}

// NewID makes a fresh id at the clock's time. It panics if the system has no randomness, as crypto/rand does.
func NewID[K any](clock Clock) ID[K] {
	var id ID[K]
	ms := uint64(clock.Now().UnixMilli())
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], ms<<16)
	copy(id[:6], b[:6])
	if _, err := rand.Read(id[6:]); err != nil {
		panic(err)
	}
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// ParseID reads the canonical 36-character form, lower case only, so that one id has one spelling.
func ParseID[K any](s string) (ID[K], error) {
	var id ID[K]
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, Invalid("id", "is not a UUID")
	}
	at := 0
	for i := 0; i < len(s); {
		if s[i] == '-' {
			i++
			continue
		}
		hi, lo := nibble(s[i]), nibble(s[i+1])
		if hi > 15 || lo > 15 {
			return ID[K]{}, Invalid("id", "is not a UUID")
		}
		id[at] = hi<<4 | lo
		at++
		i += 2
	}
	return id, nil
}

func nibble(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}

// Zero reports whether the id was never set.
func (id ID[K]) Zero() bool { return id == ID[K]{} }

// Raw gives the 16 bytes without their kind, for places that hold ids of several kinds (an audited element).
func (id ID[K]) Raw() [16]byte { return id }

// SQL is the column value: 16 bytes, or NULL where the id is zero.
func (id ID[K]) SQL() any {
	if id.Zero() {
		return nil
	}
	return id[:]
}

// Scan reads a column value: 16 bytes or NULL.
func (id *ID[K]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*id = ID[K]{}
		return nil
	case []byte:
		if len(v) == 16 {
			copy(id[:], v)
			return nil
		}
	}
	return fmt.Errorf("scan id: %T of unexpected form", src)
}

// AppendTo appends the canonical form, for encoders on a hot path.
func (id ID[K]) AppendTo(dst []byte) []byte {
	var b [36]byte
	hex.Encode(b[:8], id[:4])
	b[8] = '-'
	hex.Encode(b[9:13], id[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], id[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], id[8:10])
	b[23] = '-'
	hex.Encode(b[24:], id[10:])
	return append(dst, b[:]...)
}

func (id ID[K]) String() string { return string(id.AppendTo(make([]byte, 0, 36))) }

// MarshalText gives the canonical form; a zero id is empty text.
func (id ID[K]) MarshalText() ([]byte, error) {
	if id.Zero() {
		return []byte{}, nil
	}
	return id.AppendTo(nil), nil
}

// UnmarshalText reads the canonical form; empty text is the zero id.
func (id *ID[K]) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = ID[K]{}
		return nil
	}
	v, err := ParseID[K](string(b))
	if err != nil {
		return err
	}
	*id = v
	return nil
}
