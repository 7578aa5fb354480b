package file

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/blob"
	"parlatory/internal/storage/db"
)

// put seals length bytes of body as one stream of a file and stores it under a fresh name.
func (r *Room) put(ctx context.Context, rec *record, held *vault.Held, what string, n int, body io.Reader, length int64) (part, error) {
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return part{}, fmt.Errorf("mark of a blob: %w", err)
	}
	p := part{Size: length, Mark: hex.EncodeToString(random[:])}
	s := &sealing{body: io.LimitReader(body, length), left: length}
	w, err := held.SealStream(rec.place(what, n), &s.ready)
	if err != nil {
		return part{}, err
	}
	defer w.Discard()
	s.w = w
	if err := r.o.Blobs.Put(ctx, blobName(held.Workspace(), rec.id, what, n, p.Mark), s, vault.StreamSealed(length)); err != nil {
		return part{}, s.blame(err)
	}
	p.Digest = digestOf(w.Digest())
	return p, nil
}

// sealing reads as the sealed form of a body: some 64 KiB of either are in memory, and no goroutine is needed.
type sealing struct {
	body  io.Reader
	left  int64
	w     *vault.StreamWriter
	ready bytes.Buffer
	done  bool
	fault error // of the body
	chunk [32 << 10]byte
}

func (s *sealing) Read(p []byte) (int, error) {
	for s.ready.Len() == 0 {
		if s.done {
			return 0, io.EOF
		}
		if err := s.more(); err != nil {
			return 0, err
		}
	}
	return s.ready.Read(p)
}

func (s *sealing) more() error {
	n, err := s.body.Read(s.chunk[:])
	s.left -= int64(n)
	if _, err := s.w.Write(s.chunk[:n]); err != nil {
		return err
	}
	switch {
	case s.left == 0:
		s.done = true
		return s.w.Close()
	case errors.Is(err, io.EOF):
		s.fault = io.ErrUnexpectedEOF
	case err != nil:
		s.fault = err
	}
	return s.fault
}

// blame tells a body that ended early, or came too slowly, from a fault of the store.
func (s *sealing) blame(err error) error {
	if s.fault == nil {
		return err
	}
	return parlatory.Invalid("body", "ended early; send this part again").Because(s.fault)
}

// unless drops a blob whose entry failed with err, unless nobody knows whether it is entered after all: then the sweep finds out.
func (r *Room) unless(ctx context.Context, err error, name string) {
	if !db.IsUncertain(err) {
		r.drop(ctx, name)
	}
}

// drop deletes a blob that nobody knows of any more. What fails here is swept later.
func (r *Room) drop(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := r.o.Blobs.Delete(ctx, name); err != nil {
		r.o.Log.LogAttrs(ctx, slog.LevelWarn, "a blob could not be deleted, and is swept later", slog.String("cause", err.Error()))
	}
}

// Content reads a file's content, or a picture made of it, from any place. It serves one goroutine; the caller closes it.
type Content struct {
	File
	Shown Type // what the bytes are: of a view and thumbnail the picture's own, else the file's
	ctx   context.Context
	store blob.Store
	held  *vault.Held
	rec   *record
	what  string
	parts []part
	size  int64
	pos   int64
	at    int // the part that is open, from 0; -1 for none
	blob  blob.Blob
	one   *vault.StreamReader
	fault error
}

// errDamaged is what a reader says who finds that a part is gone, or is not the one that was stored.
var errDamaged = errors.New("a part of the file is missing or was changed")

// read opens a stream of a file; its first part is checked at once.
func (r *Room) read(ctx context.Context, rec *record, held *vault.Held, what string) (*Content, error) {
	c := &Content{File: rec.file(), Shown: rec.Type, ctx: ctx, store: r.o.Blobs, held: held, rec: rec, what: what, size: rec.size, at: -1, parts: rec.Parts}
	if what != content {
		p := map[string]*picture{viewName: rec.View, thumbName: rec.Thumb}[what]
		if p == nil {
			return nil, parlatory.NotFound()
		}
		c.parts, c.size, c.Shown = []part{p.part}, p.Size, p.Type
	}
	var sum int64
	for _, p := range c.parts {
		sum += p.Size
	}
	if sum != c.size || len(c.parts) == 0 {
		return nil, c.failed(errDamaged)
	}
	if err := c.turn(0); err != nil {
		return nil, c.failed(err)
	}
	return c, nil
}

// failed remembers why the content can't be read on.
func (c *Content) failed(err error) error {
	if errors.Is(err, vault.ErrOpen) || errors.Is(err, blob.ErrNone) {
		err = errors.Join(errDamaged, err)
	}
	if errors.Is(err, errDamaged) {
		err = parlatory.Fail(parlatory.KindInternal, "This file is damaged and can't be shown.").Because(err)
	}
	c.fault = err
	return err
}

// turn opens part i, and checks that it is the very stream that was stored.
func (c *Content) turn(i int) error {
	if c.at == i {
		return nil
	}
	c.release()
	p, n := c.parts[i], i+1
	if c.what != content {
		n = 0
	}
	b, err := c.store.Open(c.ctx, blobName(c.held.Workspace(), c.rec.id, c.what, n, p.Mark))
	if err != nil {
		return fmt.Errorf("open part: %w", err)
	}
	s, err := c.held.OpenStream(c.rec.place(c.what, n), b, b.Size())
	if err != nil {
		_ = b.Close()
		return fmt.Errorf("open part: %w", err)
	}
	c.blob, c.one, c.at = b, s, i
	if s.Size() != p.Size || !bytes.Equal(digestOf(s.Digest()), p.Digest) {
		c.release()
		return errDamaged
	}
	return nil
}

func (c *Content) release() {
	if c.one != nil {
		_ = c.one.Close()
		_ = c.blob.Close()
	}
	c.one, c.blob, c.at = nil, nil, -1
}

// Read is io.Reader's.
func (c *Content) Read(p []byte) (int, error) {
	switch {
	case c.fault != nil:
		return 0, c.fault
	case c.pos >= c.size:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	i, start := c.find(c.pos)
	if err := c.turn(i); err != nil {
		return 0, c.failed(err)
	}
	p = p[:min(int64(len(p)), start+c.parts[i].Size-c.pos)]
	n, err := c.one.ReadAt(p, c.pos-start)
	c.pos += int64(n)
	if n < len(p) && err != nil {
		return n, c.failed(err)
	}
	return n, nil
}

// find gives the part in which a place lies, and where that begins.
func (c *Content) find(pos int64) (i int, start int64) {
	for start+c.parts[i].Size <= pos {
		start += c.parts[i].Size
		i++
	}
	return i, start
}

// Seek is io.Seeker's.
func (c *Content) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.pos
	case io.SeekEnd:
		offset += c.size
	}
	if offset < 0 {
		return 0, errors.New("file content: seek before the start")
	}
	c.pos = offset
	return offset, nil
}

// Fault is what ended the reading early; nil if nothing did. Who has promised a length to somebody looks at it.
func (c *Content) Fault() error { return c.fault }

// Close ends the reading.
func (c *Content) Close() error {
	c.release()
	return nil
}
