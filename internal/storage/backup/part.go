package backup

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"parlatory"
)

// Why a part is refused.
var (
	ErrPart = errors.New("key part is not what was written")
	ErrOld  = errors.New("key part is older than it may be kept")
)

// Key is one wrapped key, as its row has it.
type Key struct {
	Workspace parlatory.WorkspaceID `json:"workspace"`
	Kind      string                `json:"kind"`
	Subject   parlatory.RowID       `json:"subject,omitzero"`
	Version   uint32                `json:"version"`
	ID        parlatory.KeyID       `json:"id"`
	Parent    uint32                `json:"parent,omitempty"`
	Root      string                `json:"root,omitempty"`
	Wrapped   []byte                `json:"wrapped"`
	Seals     uint64                `json:"seals,omitempty"`
	ServesAt  time.Time             `json:"serves_at,omitzero"`
	CreatedAt time.Time             `json:"created_at"`
}

// Destroyed is a subject whose keys must not come back.
type Destroyed struct {
	Workspace parlatory.WorkspaceID `json:"workspace"`
	Kind      string                `json:"kind"`
	Subject   parlatory.RowID       `json:"subject"`
	At        time.Time             `json:"at"`
}

// Header is the first line of a part.
type Header struct {
	Format  string    `json:"format"`
	Written time.Time `json:"written"`
	Until   time.Time `json:"until"` // after it the part is refused, and deleted
}

const partFormat = "parlatory key part 1"

// line is one of the others; exactly one field is set.
type line struct {
	Key       *Key       `json:"key,omitempty"`
	Destroyed *Destroyed `json:"destroyed,omitempty"`
	Signed    string     `json:"signed,omitempty"` // the last line: a signed note over those before
}

// lineMost bounds a line: a wrapped key has some hundred bytes.
const lineMost = 64 << 10

// Sign makes a signed note of a text that ends in a newline; Verify gives the text of a note that verifies.
type (
	Sign   func(text string) (string, error)
	Verify func(note string) (string, error)
)

// seal is the text that the last line signs.
func seal(h Header, lines int64, sum []byte) string {
	return strings.Join([]string{
		partFormat, "written: " + h.Written.UTC().Format(time.RFC3339Nano), "until: " + h.Until.UTC().Format(time.RFC3339Nano),
		fmt.Sprintf("lines: %d", lines), "sha-256: " + hex.EncodeToString(sum), "",
	}, "\n")
}

// writer writes the lines of a part and sums them up.
type writer struct {
	out   *bufio.Writer
	sum   hash.Hash
	lines int64
}

func newWriter(w io.Writer) *writer {
	sum := sha256.New()
	return &writer{out: bufio.NewWriterSize(io.MultiWriter(w, sum), 64<<10), sum: sum}
}

func (w *writer) put(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode line: %w", err)
	}
	w.lines++
	if _, err := w.out.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("write line: %w", err)
	}
	return nil
}

// end signs what was written and closes.
func (w *writer) end(h Header, sign Sign) error {
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("write line: %w", err)
	}
	note, err := sign(seal(h, w.lines, w.sum.Sum(nil)))
	if err != nil {
		return err
	}
	if err := w.put(line{Signed: note}); err != nil {
		return err
	}
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("write line: %w", err)
	}
	return nil
}

// ReadKeys reads the opened stream of a part to its end and hands out its lines as they come. Nothing of them counts before it has returned
// without an error: read a part once to verify it, then again. now is judged against the part's end.
func ReadKeys(r io.Reader, now time.Time, verify Verify, key func(Key) error, destroyed func(Destroyed) error) (h Header, err error) {
	in := bufio.NewReaderSize(r, lineMost)
	sum := sha256.New()
	first, err := readLine(in)
	if err != nil {
		return h, err
	}
	if err := strictly(first, &h); err != nil || h.Format != partFormat {
		return h, fmt.Errorf("first line: %w", ErrPart)
	}
	sum.Write(first)
	for lines := int64(1); ; lines++ {
		text, err := readLine(in)
		if err != nil {
			return h, err
		}
		var l line
		if err := strictly(text, &l); err != nil {
			return h, fmt.Errorf("line %d: %w", lines+1, ErrPart)
		}
		switch {
		case l.Key != nil && l.Destroyed == nil && l.Signed == "":
			err = key(*l.Key)
		case l.Destroyed != nil && l.Key == nil && l.Signed == "":
			err = destroyed(*l.Destroyed)
		case l.Signed != "" && l.Key == nil && l.Destroyed == nil:
			return h, finish(in, h, now, verify, l.Signed, seal(h, lines, sum.Sum(nil)))
		default:
			return h, fmt.Errorf("line %d: %w", lines+1, ErrPart)
		}
		if err != nil {
			return h, err
		}
		sum.Write(text)
	}
}

// finish judges the last line, and that it is the last.
func finish(in *bufio.Reader, h Header, now time.Time, verify Verify, note, want string) error {
	if got, err := verify(note); err != nil || got != want {
		return fmt.Errorf("signature: %w", ErrPart)
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) { // an error here is a stream that was cut or changed
		return fmt.Errorf("end: %w", errors.Join(ErrPart, err))
	}
	if now.After(h.Until) {
		return ErrOld
	}
	return nil
}

func readLine(in *bufio.Reader) ([]byte, error) {
	text, err := in.ReadSlice('\n')
	switch {
	case err == nil:
		return text, nil
	case errors.Is(err, io.EOF), errors.Is(err, bufio.ErrBufferFull):
		return nil, fmt.Errorf("line without an end: %w", ErrPart)
	}
	return nil, err
}

func strictly(text []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return ErrPart
	}
	return nil
}
