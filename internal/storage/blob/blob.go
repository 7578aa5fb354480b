package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"parlatory"
)

var (
	// ErrNone is asking for a name that has no body.
	ErrNone = errors.New("no such blob")
	// ErrTaken is a Put of a name that has a body, whatever is in it.
	ErrTaken = errors.New("blob's name is taken")
	// ErrFull is the cause where the store has no room; the error around it is of KindUnavailable.
	ErrFull = errors.New("blob store is full")
	// ErrSize is a body that is shorter or longer than was said.
	ErrSize = errors.New("blob is not of the size that was said")
)

// MaxName is the length of the longest name, MaxList the most that one List gives.
const (
	MaxName = 240
	MaxList = 1000
)

// Store keeps bodies by name. No name is another's folder: where there is a/b there is no a/b/c, since some stores keep names
// as paths. Its methods may be called by many goroutines.
type Store interface {
	// Put stores exactly size bytes of r under a new name. When it returns nil the body is durable: on the disk with its
	// name, or accepted as a whole by the remote store. When it fails there is no body of that name, unless it is ErrTaken.
	Put(ctx context.Context, name string, r io.Reader, size int64) error
	// Open gives a body, or ErrNone. Reading ends when ctx does. The caller closes it.
	Open(ctx context.Context, name string) (Blob, error)
	// Delete removes a body; one that is not there is removed already.
	Delete(ctx context.Context, name string) error
	// List gives the bodies whose names begin with prefix and stand after another name in byte order, in that order, at most
	// limit (0: MaxList) of them. A body that comes or goes meanwhile may be in it or not.
	List(ctx context.Context, prefix, after string, limit int) ([]Item, error)
}

// Blob is an opened body. ReadAt may be called by many goroutines.
type Blob interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Item is one body of a list.
type Item struct {
	Name string
	Size int64     // bytes
	At   time.Time // when it was stored, by the store's clock
}

// CheckName refuses what can't be a name: parts of [0-9a-z-] with a slash between them.
func CheckName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("blob's name of %d bytes", len(name))
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.Trim(part, nameBytes) != "" {
			return errors.New("blob's name is no plain path of 0-9, a-z and -")
		}
	}
	return nil
}

const nameBytes = "0123456789abcdefghijklmnopqrstuvwxyz-"

// Full is the error of a store without room.
func Full(cause error) error {
	return parlatory.Fail(parlatory.KindUnavailable, "The server has no room left for files. Nothing was saved.").Because(errors.Join(ErrFull, cause))
}

// Exactly reads r as a body of size bytes: one that ends early or goes on is ErrSize, and ctx ends it.
func Exactly(ctx context.Context, r io.Reader, size int64) io.Reader {
	return &exact{ctx: ctx, r: r, left: size}
}

type exact struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

// Read looks for what follows as soon as the last byte is read, so that also a reader of exactly size bytes learns of it.
func (e *exact) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if e.left == 0 {
		return 0, e.end()
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if errors.Is(err, io.EOF) && e.left > 0 {
		return n, ErrSize
	}
	if e.left == 0 && (err == nil || errors.Is(err, io.EOF)) {
		if err = e.end(); !errors.Is(err, io.EOF) {
			return 0, err // without the last bytes no body is whole, whatever its reader makes of the error
		}
		err = nil // with the next call
	}
	return n, err
}

// end is io.EOF if nothing follows.
func (e *exact) end() error {
	var more [1]byte
	_, err := io.ReadFull(e.r, more[:])
	if err == nil {
		return ErrSize
	}
	return err
}
