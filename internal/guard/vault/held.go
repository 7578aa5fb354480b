package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"parlatory"
)

// Held is a subject's key, ready to seal and open: processor time only, no look-up, so it may be used inside a transaction
// and by many goroutines. It seals with one version and opens what any of them sealed.
type Held struct {
	mute
	workspace parlatory.WorkspaceID
	subject   Subject
	sealing   *edition
	older     []*edition // and versions that begin later
	door      *door
	meters    *meters
}

// edition is one version of a key.
type edition struct {
	version uint32
	id      parlatory.KeyID
	aead    cipher.AEAD
	commit  [commitSize]byte
	ad      []byte // the key's part of the associated data
	more    more   // keys of streams and MACs
	meter   *meter
}

// newEdition makes the ciphers of a raw key; it must run inside erase.
func newEdition(w Wrapped, raw []byte) (*edition, error) {
	key, commit, err := split("seal", raw)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("seal cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("seal cipher: %w", err)
	}
	e := &edition{version: w.Version, id: w.ID, aead: aead}
	copy(e.commit[:], commit)
	e.ad = appendPart(e.ad, []byte("parlatory/v1 sealed value"))
	e.ad = appendPart(e.ad, w.Workspace[:])
	e.ad = appendPart(e.ad, []byte(w.Subject.Kind))
	e.ad = appendPart(e.ad, w.Subject.ID[:])
	e.ad = appendPart(e.ad, w.ID[:])
	e.ad = appendPart(e.ad, binary.BigEndian.AppendUint32(nil, w.Version))
	e.more, err = newMore(raw)
	return e, err
}

// edition finds the version that a sealed value names.
func (h *Held) edition(version uint32) *edition {
	if h.sealing.version == version {
		return h.sealing
	}
	for _, e := range h.older {
		if e.version == version {
			return e
		}
	}
	return nil
}

// Workspace is whose key it is.
func (h *Held) Workspace() parlatory.WorkspaceID { return h.workspace }

// Subject is what the key is for.
func (h *Held) Subject() Subject { return h.subject }

// Version is the version that it seals with.
func (h *Held) Version() uint32 { return h.sealing.version }

// Seal seals a value for one place.
func (h *Held) Seal(b Binding, plaintext []byte) (Sealed, error) {
	out, err := h.AppendSeal(nil, b, plaintext)
	return Sealed{out}, err
}

// scratch keeps buffers for associated data, so that a value costs no allocation but its output. Associated data is
// clear columns only.
var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

// AppendSeal appends the sealed value to dst.
func (h *Held) AppendSeal(dst []byte, b Binding, plaintext []byte) ([]byte, error) {
	if h == nil {
		return nil, fmt.Errorf("seal %s: %w", b.Table, ErrNoKey)
	}
	if len(plaintext) > MaxPlain {
		return nil, parlatory.Fail(parlatory.KindTooLarge, "This is too long.")
	}
	if err := h.door.open(); err != nil {
		return nil, fmt.Errorf("seal %s: %w", b.Table, err)
	}
	e := h.sealing
	note, err := e.meter.count()
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", b.Table, err)
	}
	if note {
		h.meters.tell(e.meter)
	}
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	ad, err := b.append(append((*buf)[:0], e.ad...))
	if err != nil {
		return nil, err
	}
	*buf = ad
	dst = slices.Grow(dst, Overhead+len(plaintext))
	dst = append(dst, sealVersion)
	dst = binary.BigEndian.AppendUint32(dst, e.version)
	dst = append(dst, e.commit[:]...)
	nonce := dst[len(dst) : len(dst)+gcmNonce]
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("seal nonce: %w", err)
	}
	return e.aead.Seal(dst[:len(dst)+gcmNonce], nonce, plaintext, ad), nil
}

// Open opens a value. Any change anywhere, in the value or in its place, is ErrOpen.
func (h *Held) Open(b Binding, s Sealed) ([]byte, error) {
	if h == nil {
		return nil, fmt.Errorf("open %s: %w", b.Table, ErrNoKey)
	}
	if err := checkForm(s.b); err != nil {
		return nil, fmt.Errorf("open %s: %w", b.Table, err)
	}
	if err := h.door.open(); err != nil {
		return nil, fmt.Errorf("open %s: %w", b.Table, err)
	}
	e := h.edition(s.Version())
	// The commitment first: what was not made by this very key is not decrypted at all (AC-122).
	if e == nil || subtle.ConstantTimeCompare(s.b[5:5+commitSize], e.commit[:]) != 1 {
		return nil, fmt.Errorf("open %s: %w", b.Table, ErrOpen)
	}
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	ad, err := b.append(append((*buf)[:0], e.ad...))
	if err != nil {
		return nil, err
	}
	*buf = ad
	plain, err := e.aead.Open(nil, s.b[5+commitSize:sealHeader], s.b[sealHeader:], ad)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", b.Table, ErrOpen)
	}
	return plain, nil
}

// SealJSON seals the JSON form of v.
func SealJSON(h *Held, b Binding, v any) (Sealed, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return Sealed{}, fmt.Errorf("seal %s: %w", b.Table, err)
	}
	return h.Seal(b, plain)
}

// OpenJSON opens what SealJSON sealed into v.
func OpenJSON(h *Held, b Binding, s Sealed, v any) error {
	plain, err := h.Open(b, s)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, v); err != nil {
		// The JSON error would quote content.
		return fmt.Errorf("open %s: content is not of the expected form", b.Table)
	}
	return nil
}
