package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
)

// more are the further keys of a Held, beside the one that seals values: each for one purpose, so that none does two
// things.
type more struct {
	mute
	stream, mac []byte // inside memory that erase made
}

// newMore derives them from the raw key; it must run inside erase.
func newMore(raw []byte) (m more, err error) {
	if m.stream, err = expand(raw, "stream key"); err != nil {
		return m, err
	}
	m.mac, err = expand(raw, "mac key")
	return m, err
}

// MAC is HMAC-SHA-256 over the purpose and the parts, each with its length in front, under a key of this subject and
// version that does nothing else. The purpose is named by the program, never by a request. A nil Held has no key: that
// is a mistake of the program, and panics rather than answer with a MAC that anybody could make.
func (h *Held) MAC(purpose string, parts ...[]byte) [sha256.Size]byte {
	return h.sealing.mac(purpose, parts)
}

func (e *edition) mac(purpose string, parts [][]byte) (sum [sha256.Size]byte) {
	erase(func() {
		d := hmac.New(sha256.New, e.more.mac)
		d.Write(e.ad)
		var length [4]byte
		put := func(part []byte) {
			binary.BigEndian.PutUint32(length[:], uint32(len(part)))
			d.Write(length[:])
			d.Write(part)
		}
		put([]byte(purpose))
		for _, p := range parts {
			put(p)
		}
		d.Sum(sum[:0])
	})
	return sum
}

// CheckMAC compares with the MACs of all versions, in constant time. What is too short or long is no MAC.
func (h *Held) CheckMAC(mac []byte, purpose string, parts ...[]byte) bool {
	same := 0
	for _, e := range append([]*edition{h.sealing}, h.older...) {
		want := e.mac(purpose, parts)
		same |= subtle.ConstantTimeCompare(mac, want[:])
	}
	return same == 1
}
