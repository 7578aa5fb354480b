package vault

import (
	"encoding/binary"
	"fmt"
)

// The form of a sealed value:
//
//	0x01 | key version, 4 | key commitment, 32 | nonce, 12 | ciphertext | tag, 16
const (
	sealVersion = 0x01
	sealHeader  = 1 + 4 + commitSize + gcmNonce
	// Overhead is how much longer a sealed value is than its text.
	Overhead = sealHeader + tagSize
	// MaxPlain bounds what is sealed as one value; files are sealed as streams.
	MaxPlain = 1 << 20
)

// Sealed is the only type that sensitive columns accept. Its zero value is a column that is NULL.
type Sealed struct{ b []byte }

// SQL is the column value.
func (s Sealed) SQL() any {
	if len(s.b) == 0 {
		return nil
	}
	return s.b
}

// Scan reads a column value and refuses what can't be a sealed value.
func (s *Sealed) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		s.b = nil
		return nil
	case []byte:
		if err := checkForm(v); err != nil {
			return err
		}
		s.b = append([]byte(nil), v...)
		return nil
	}
	return fmt.Errorf("scan sealed value: %T: %w", src, ErrOpen)
}

func checkForm(b []byte) error {
	if len(b) < Overhead || len(b) > Overhead+MaxPlain || b[0] != sealVersion || binary.BigEndian.Uint32(b[1:5]) == 0 {
		return fmt.Errorf("sealed value's form: %w", ErrOpen)
	}
	return nil
}

// Bytes is the value as it is stored; the caller does not change it.
func (s Sealed) Bytes() []byte { return s.b }

// Empty reports a NULL column.
func (s Sealed) Empty() bool { return len(s.b) == 0 }

// Version is the key version that the value says it was sealed under; 0 if empty. It is only a hint for
// the program, since the true one is bound.
func (s Sealed) Version() uint32 {
	if len(s.b) < 5 {
		return 0
	}
	return binary.BigEndian.Uint32(s.b[1:5])
}

// ParseSealed makes a Sealed of AppendSeal's output, or of bytes from elsewhere.
func ParseSealed(b []byte) (Sealed, error) {
	if err := checkForm(b); err != nil {
		return Sealed{}, err
	}
	return Sealed{b}, nil
}

// String does not show the bytes: they are of no use in a log.
func (s Sealed) String() string { return "[sealed]" }

// GoString is String.
func (s Sealed) GoString() string { return "[sealed]" }
