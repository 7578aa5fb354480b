package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"parlatory"
)

// Known is what an auditor kept elsewhere. Without it, an export proves only that it agrees with itself.
type Known struct {
	Verifier   string // the log's verifier key, as the export's header shows it
	Checkpoint string // a head that was noted down earlier
}

// Report says what a sound export holds.
type Report struct {
	Origin   string
	Verifier string
	Entries  int64
	Heads    int
	Erased   int64 // entries about contacts or persons whose values were erased or left out: their clear columns are proved, their values are not shown
	From, To time.Time
	Head     string // the newest checkpoint; empty if there is none
	Pinned   bool   // the verifier key was known beforehand
	Earlier  bool   // an earlier checkpoint was compared
}

// Broken says where an export stops being what was signed. Number is the entry, 0 for the header.
type Broken struct {
	Number int64
	Reason string
}

func (b *Broken) Error() string {
	if b.Number == 0 {
		return "header: " + b.Reason
	}
	return fmt.Sprintf("entry %d: %s", b.Number, b.Reason)
}

const maxLine = 1 << 20

// Verify checks an export without the server: each entry's values against its commitment, its clear columns against
// its leaf, the leaves against the root of every head, the heads' signatures, and that every head grew out of the one
// before. Any change is a *Broken.
func Verify(r io.Reader, known ...Known) (Report, error) {
	v := &verifier{in: bufio.NewReaderSize(r, 64<<10)}
	if err := v.header(known); err != nil {
		return v.report, err
	}
	for {
		line, err := v.line()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = v.take(line)
		}
		if err != nil {
			return v.report, err
		}
	}
	return v.report, v.end()
}

type verifier struct {
	in        *bufio.Reader
	workspace parlatory.WorkspaceID
	size      int64
	count     int64
	covered   int64 // by the last head
	tree      frontier
	earlier   map[int64][]tlog.Hash // from known checkpoints, by size
	report    Report
}

func (v *verifier) broken(number int64, format string, args ...any) error {
	return &Broken{number, fmt.Sprintf(format, args...)}
}

// line reads one whole line; a last one without its end was cut.
func (v *verifier) line() ([]byte, error) {
	var line []byte
	for {
		part, err := v.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case errors.Is(err, bufio.ErrBufferFull) && len(line) <= maxLine:
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, v.broken(v.count+1, "its line is longer than an entry can be")
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return nil, v.broken(v.count+1, "the file is cut off here")
		default:
			return nil, fmt.Errorf("read export: %w", err)
		}
	}
}

func (v *verifier) header(known []Known) error {
	line, err := v.line()
	if errors.Is(err, io.EOF) {
		return v.broken(0, "the file is empty")
	}
	var b *Broken
	if errors.As(err, &b) {
		return v.broken(0, "%s", b.Reason)
	}
	if err != nil {
		return err
	}
	var h headerLine
	if err := strictly(line, &h); err != nil {
		return v.broken(0, "this is no ledger export of version 1")
	}
	if v.workspace, err = h.check(); err != nil {
		return v.broken(0, "format, origin, key or size is not sound")
	}
	v.size = h.Size
	v.report.Origin, v.report.Verifier = h.Origin, h.Verifier
	return v.compare(known)
}

// compare takes what the auditor knows.
func (v *verifier) compare(known []Known) error {
	v.earlier = map[int64][]tlog.Hash{}
	for _, k := range known {
		if k.Verifier != "" {
			if k.Verifier != v.report.Verifier {
				return v.broken(0, "the log's key is not the known one")
			}
			v.report.Pinned = true
		}
		if k.Checkpoint == "" {
			continue
		}
		origin, size, root, err := openCheckpoint(k.Checkpoint, v.report.Verifier)
		if err != nil || origin != v.report.Origin {
			return v.broken(0, "the known checkpoint is not signed by this log's key")
		}
		if size > v.size {
			return v.broken(v.size+1, "the known checkpoint covers %d entries, the file only %d: entries were dropped at its end", size, v.size)
		}
		v.earlier[size] = append(v.earlier[size], root)
		v.report.Earlier = true
	}
	return nil
}

func (v *verifier) take(line []byte) error {
	if bytes.HasPrefix(line, []byte(`{"head":`)) {
		return v.head(line)
	}
	return v.entry(line)
}

func (v *verifier) entry(line []byte) error {
	want := v.count + 1
	var e entryLine
	if err := strictly(line, &e); err != nil {
		return v.broken(want, "its line is not as it was written")
	}
	if e.Number != want {
		return v.broken(want, "number %d stands in its place: entries were dropped, inserted or reordered", e.Number)
	}
	if want > v.size {
		return v.broken(want, "the header promises only %d entries", v.size)
	}
	r, err := e.row()
	if err != nil {
		return v.broken(want, "its columns are not as they were written")
	}
	leaf := tlog.RecordHash(r.leaf(v.workspace))
	var shown tlog.Hash
	if err := unhex(shown[:], e.Leaf); err != nil || shown != leaf {
		return v.broken(want, "its clear columns are not those that were hashed")
	}
	if err := e.disclosed(r); err != nil {
		return v.broken(want, "%s", err)
	}
	if e.State == erased {
		v.report.Erased++
	}
	v.count = want
	v.tree.add(leaf)
	if v.report.From.IsZero() {
		v.report.From = r.at
	}
	v.report.To, v.report.Entries = r.at, want
	for _, root := range v.earlier[want] {
		if root != v.tree.root() {
			return v.broken(want, "the known checkpoint at %d has another root: something up to here was changed", want)
		}
	}
	return nil
}

func (v *verifier) head(line []byte) error {
	var h headLine
	if err := strictly(line, &h); err != nil {
		return v.broken(max(v.count, 1), "the head behind it is not as it was written")
	}
	origin, size, root, err := openCheckpoint(h.Head, v.report.Verifier)
	switch {
	case err != nil || origin != v.report.Origin:
		return v.broken(max(v.count, 1), "the head behind it is not signed by the log's key")
	case size > v.count:
		return v.broken(v.count+1, "a head of %d entries stands before it: entries were dropped, inserted or reordered", size)
	case size < v.count || size <= v.covered:
		return v.broken(max(v.count, 1), "the head behind it is one of %d entries: entries or heads were dropped, inserted or reordered", size)
	case root != v.tree.root():
		return v.broken(v.count, "entries %d to %d are not what the head at %d signs", v.covered+1, v.count, size)
	}
	v.covered = size
	v.report.Heads++
	v.report.Head = h.Head
	return nil
}

// end checks that nothing is missing behind the last line.
func (v *verifier) end() error {
	switch {
	case v.count < v.size:
		return v.broken(v.count+1, "the file ends after entry %d of %d", v.count, v.size)
	case v.covered < v.size:
		return v.broken(v.covered+1, "no head covers the entries from here on")
	}
	return nil
}

// frontier is the right edge of a growing Merkle tree: the roots of its full subtrees, largest first. It gives any
// head's root in logarithmic memory (RFC 6962 §2.1).
type frontier struct {
	roots []tlog.Hash
	sizes []int64
}

func (f *frontier) add(leaf tlog.Hash) {
	f.roots, f.sizes = append(f.roots, leaf), append(f.sizes, 1)
	for n := len(f.sizes); n > 1 && f.sizes[n-1] == f.sizes[n-2]; n-- {
		f.roots[n-2] = tlog.NodeHash(f.roots[n-2], f.roots[n-1])
		f.sizes[n-2] *= 2
		f.roots, f.sizes = f.roots[:n-1], f.sizes[:n-1]
	}
}

func (f *frontier) root() tlog.Hash {
	n := len(f.roots)
	if n == 0 {
		return tlog.Hash{}
	}
	h := f.roots[n-1]
	for i := n - 2; i >= 0; i-- {
		h = tlog.NodeHash(f.roots[i], h)
	}
	return h
}
