package vault

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"parlatory"
)

// Binding is the place that a value is sealed for. Workspace, subject, key id and key version come from the Held key.
type Binding struct {
	Table    string
	Row      [16]byte
	Revision uint32
	// Clear are the row's immutable clear columns in a fixed order (all of them, in rows that decide on rights):
	// ids, strings, integers, booleans, times, addresses, bytes.
	Clear []any
}

// append encodes the binding after the key's own part of the associated data: every part has its length in front,
// every clear column its type as well, so that ("ab","c") and ("a","bc"), or 1 and "1", differ.
func (b Binding) append(dst []byte) ([]byte, error) {
	if b.Table == "" || b.Row == [16]byte{} {
		return nil, fmt.Errorf("binding without a table or row: %q", b.Table)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(b.Table)))
	dst = append(dst, b.Table...)
	dst = append(dst, 0, 0, 0, 16)
	dst = append(dst, b.Row[:]...)
	dst = append(dst, 0, 0, 0, 4)
	dst = binary.BigEndian.AppendUint32(dst, b.Revision)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(b.Clear)))
	var err error
	for _, c := range b.Clear {
		if dst, err = appendClear(dst, c); err != nil {
			return nil, fmt.Errorf("binding of %s: %w", b.Table, err)
		}
	}
	return dst, nil
}

func appendClear(dst []byte, c any) ([]byte, error) {
	switch v := c.(type) {
	case interface{ Raw() [16]byte }:
		id := v.Raw()
		dst = append(dst, 'u', 0, 0, 0, 16)
		return append(dst, id[:]...), nil
	case [16]byte:
		dst = append(dst, 'u', 0, 0, 0, 16)
		return append(dst, v[:]...), nil
	case string:
		return appendText(dst, 's', v), nil
	case int64:
		return appendInt(dst, 'i', v), nil
	case int:
		return appendInt(dst, 'i', int64(v)), nil
	case bool:
		n := int64(0)
		if v {
			n = 1
		}
		return appendInt(dst, 'b', n), nil
	case time.Time:
		// The zero time is a column that is not set; it is no time of any clock.
		if v.IsZero() {
			return append(dst, 't', 0, 0, 0, 0), nil
		}
		return appendInt(dst, 't', parlatory.Micros(v)), nil
	case netip.Addr:
		return appendText(dst, 'a', v.String()), nil
	case []byte:
		dst = append(dst, 'x')
		return appendPart(dst, v), nil
	}
	return appendNamed(dst, c)
}

// appendNamed takes a named string or integer type as what it is built on.
func appendNamed(dst []byte, c any) ([]byte, error) {
	v := reflect.ValueOf(c)
	switch v.Kind() {
	case reflect.String:
		return appendText(dst, 's', v.String()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return appendInt(dst, 'i', v.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return appendInt(dst, 'i', int64(v.Uint())), nil
	}
	return nil, fmt.Errorf("clear column of type %T can't be bound", c)
}

func appendText(dst []byte, tag byte, s string) []byte {
	dst = append(dst, tag)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s)))
	return append(dst, s...)
}

func appendInt(dst []byte, tag byte, n int64) []byte {
	dst = append(dst, tag, 0, 0, 0, 8)
	return binary.BigEndian.AppendUint64(dst, uint64(n))
}
