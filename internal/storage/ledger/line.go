package ledger

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"parlatory"
	"parlatory/internal/guard/vault"
)

// An export is JSON Lines: a header, then the entries in order, each head right behind the last entry that it covers.
// Each line has one spelling, so that no byte can change without notice.
const exportFormat = "parlatory ledger export 1"

type headerLine struct {
	Format   string `json:"format"`
	Origin   string `json:"origin"`
	Verifier string `json:"verifier"`
	Size     int64  `json:"size"`
	Previous string `json:"previous,omitempty"`
}

type headLine struct {
	Head string `json:"head"`
}

type entryLine struct {
	Number     int64             `json:"number"`
	ID         parlatory.EntryID `json:"id"`
	At         string            `json:"at"`
	ActorKind  string            `json:"actor_kind"`
	Actor      plainID           `json:"actor"`
	Action     string            `json:"action"`
	Element    string            `json:"element"`
	ElementID  plainID           `json:"element_id"`
	Act        string            `json:"act"`
	Key        string            `json:"key"`
	Commitment string            `json:"commitment"`
	Leaf       string            `json:"leaf"`
	Salt       string            `json:"salt,omitempty"`
	Values     json.RawMessage   `json:"values,omitempty"`
	State      state             `json:"state,omitempty"`
}

const lineTime = "2006-01-02T15:04:05.000000Z"

func (r row) line(leaf tlog.Hash) entryLine {
	return entryLine{
		Number: r.number, ID: r.id, At: r.at.UTC().Format(lineTime), ActorKind: r.actorKind, Actor: r.actor,
		Action: r.action, Element: r.element, ElementID: r.elementID, Act: r.act, Key: r.key(),
		Commitment: hex.EncodeToString(r.commitment[:]), Leaf: hex.EncodeToString(leaf[:]),
	}
}

var errLine = errors.New("line is not of the expected form")

// row reads the clear columns back.
func (e entryLine) row() (r row, err error) {
	r = row{number: e.Number, id: e.ID, actorKind: e.ActorKind, actor: e.Actor, action: e.Action, element: e.Element,
		elementID: e.ElementID, act: e.Act}
	if r.at, err = time.Parse(lineTime, e.At); err != nil {
		return r, errLine
	}
	kind, id, has := strings.Cut(e.Key, ":")
	r.subject.Kind = kind
	if has {
		parsed, err := parlatory.ParseID[parlatory.RowKind](id)
		if err != nil {
			return r, errLine
		}
		r.subject.ID = parsed
	}
	if err := unhex(r.commitment[:], e.Commitment); err != nil {
		return r, err
	}
	if !word(kind) || r.key() != e.Key {
		return r, errLine
	}
	return r, r.sound()
}

func unhex(dst []byte, s string) error {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(dst) || hex.EncodeToString(b) != s {
		return errLine
	}
	copy(dst, b)
	return nil
}

// disclosed checks the values against the commitment.
func (e entryLine) disclosed(r row) error {
	switch e.State {
	case erased:
		if e.Salt != "" || e.Values != nil {
			return errLine
		}
		if !erasable(r.subject.Kind) {
			return errors.New("its values are gone, and those under key " + e.Key + " are never erased: they were taken from outside")
		}
		return nil
	case damaged:
		return errors.New("its values do not open: the row was changed from outside")
	case whole:
	default:
		return errLine
	}
	var salt [saltSize]byte
	if err := unhex(salt[:], e.Salt); err != nil {
		return errors.New("its values are missing")
	}
	if commitment(salt[:], e.Values) != r.commitment {
		return errors.New("its values are not those that were committed to")
	}
	return nil
}

// strictly reads a line that has exactly one spelling.
func strictly(line []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return errLine
	}
	again, err := encodeJSON(v)
	if err != nil || !bytes.Equal(again, line) {
		return errLine
	}
	return nil
}

// workspaceOf is the id in an origin <domain>/<workspace id>.
func workspaceOf(origin string) (parlatory.WorkspaceID, error) {
	parts := strings.Split(origin, "/")
	if len(parts) < 2 {
		return parlatory.WorkspaceID{}, fmt.Errorf("origin %q: %w", origin, errLine)
	}
	ws, err := parlatory.ParseID[parlatory.WorkspaceKind](parts[1])
	if err != nil || ws.Zero() {
		return ws, fmt.Errorf("origin %q: %w", origin, errLine)
	}
	return ws, nil
}

// check reads the header.
func (h headerLine) check() (parlatory.WorkspaceID, error) {
	name, err := vault.VerifierName(h.Verifier)
	if err != nil || h.Format != exportFormat || name != h.Origin || h.Size < 0 {
		return parlatory.WorkspaceID{}, errLine
	}
	return workspaceOf(h.Origin)
}
