package ledger

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
)

// Action is what was done.
type Action string

// The actions.
const (
	Created    Action = "Created"
	Updated    Action = "Updated"
	Deleted    Action = "Deleted"
	Enabled    Action = "Enabled"
	Disabled   Action = "Disabled"
	Viewed     Action = "Viewed"
	Downloaded Action = "Downloaded"
	SignedIn   Action = "Signed in"
	SignedOut  Action = "Signed out"
	Failed     Action = "Failed"
	Refused    Action = "Refused"
	Sent       Action = "Sent"
)

// Entry is what an act says about itself. Who, when, from where and under which act is known from its permit.
type Entry struct {
	Action  Action
	Element string   // kind of thing: "Staff", "Conversation"
	ID      [16]byte // which one; zero if it has no id
	Old     map[string]string
	New     map[string]string
	Remark  string
}

// maxValues bounds the values of one entry.
const maxValues = 64 << 10

// values are the part of an entry that is sealed. The fields stand in the order of their names, so that the encoding
// is canonical.
type values struct {
	Address string            `json:"address,omitempty"`
	Device  string            `json:"device,omitempty"`
	New     map[string]string `json:"new,omitempty"`
	Old     map[string]string `json:"old,omitempty"`
	Remark  string            `json:"remark,omitempty"`
	Token   parlatory.TokenID `json:"token,omitzero"` // the API token that a member's program came with
}

// encode gives the canonical JSON: sorted names, no blanks, no HTML escapes, valid UTF-8.
func (v values) encode() ([]byte, error) {
	v.Device = strings.ToValidUTF8(v.Device, "\uFFFD")
	b, err := encodeJSON(v)
	if err == nil && len(b) > maxValues {
		err = fmt.Errorf("values of %d bytes", len(b))
	}
	return b, err
}

func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Digest binds many sets of values that one entry does not hold one by one: the SHA-256, in hex, over the canonical JSON of each and a newline.
func Digest(all iter.Seq[map[string]string]) string {
	sum := sha256.New()
	for v := range all {
		line, _ := encodeJSON(v) // texts alone: it does not fail
		sum.Write(append(line, '\n'))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

const saltSize = 32

// commitment binds values without showing them: SHA-256 over 32 random bytes and the canonical values.
func commitment(salt, canonical []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(canonical)
	return [sha256.Size]byte(h.Sum(nil))
}

// row is an entry's clear columns.
type row struct {
	number     int64 // from 1; 0 while it waits
	id         parlatory.EntryID
	at         time.Time
	actorKind  string
	actor      plainID
	action     string
	element    string
	elementID  plainID
	act        string
	subject    vault.Subject
	commitment [sha256.Size]byte
}

// plainID is an id whose kind another column tells.
type plainID = parlatory.ID[parlatory.RowKind]

// binding is where the values are sealed for: all clear columns that are fixed when the entry is written.
func (r row) binding() vault.Binding {
	return vault.Binding{Table: "ledger_entries", Row: r.id, Revision: 1, Clear: []any{r.at, r.actorKind, r.actor,
		r.action, r.element, r.elementID, r.act, r.commitment[:]}}
}

// leaf is what the tree hashes (RFC 6962 §2.1): lines of text, none of which can hold a newline.
func (r row) leaf(workspace parlatory.WorkspaceID) []byte {
	return []byte(strings.Join([]string{
		"parlatory ledger leaf 1", workspace.String(), strconv.FormatInt(r.number, 10), r.id.String(),
		strconv.FormatInt(parlatory.Micros(r.at), 10), r.actorKind, shown(r.actor), r.action, r.element,
		shown(r.elementID), r.act, r.key(), hex.EncodeToString(r.commitment[:]), "",
	}, "\n"))
}

// key names the key that the values are sealed under.
func (r row) key() string {
	if r.subject.ID == [16]byte{} {
		return r.subject.Kind
	}
	return r.subject.Kind + ":" + plainID(r.subject.ID).String()
}

func shown(id plainID) string {
	if id.Zero() {
		return "-"
	}
	return id.String()
}

// sound refuses words that would make a leaf ambiguous. They come from the program, never from a request.
func (r row) sound() error {
	for _, w := range []string{r.actorKind, r.action, r.element, r.act} {
		if !word(w) {
			return fmt.Errorf("ledger entry: %q can't stand in a leaf", w)
		}
	}
	if r.id.Zero() || r.at.IsZero() {
		return fmt.Errorf("ledger entry without id or time")
	}
	return nil
}

func word(s string) bool {
	if s == "" || len(s) > 64 || strings.TrimSpace(s) != s {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == ' ' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// close makes the commitment and seals salt and values together.
func (r *row) close(held *vault.Held, v values) (vault.Sealed, error) {
	canonical, err := v.encode()
	if err != nil {
		return vault.Sealed{}, fmt.Errorf("ledger values: %w", err)
	}
	plain := make([]byte, saltSize, saltSize+len(canonical))
	if _, err := rand.Read(plain); err != nil {
		return vault.Sealed{}, fmt.Errorf("ledger salt: %w", err)
	}
	r.commitment = commitment(plain, canonical)
	sealed, err := held.Seal(r.binding(), append(plain, canonical...))
	if err != nil {
		return vault.Sealed{}, fmt.Errorf("ledger values: %w", err)
	}
	return sealed, nil
}

// open gives salt and canonical values back, and checks them against the commitment.
func (r row) open(held *vault.Held, sealed vault.Sealed) (salt, canonical []byte, err error) {
	plain, err := held.Open(r.binding(), sealed)
	if err != nil {
		return nil, nil, err
	}
	if len(plain) < saltSize || commitment(plain[:saltSize], plain[saltSize:]) != r.commitment {
		return nil, nil, vault.ErrOpen
	}
	return plain[:saltSize], plain[saltSize:], nil
}
