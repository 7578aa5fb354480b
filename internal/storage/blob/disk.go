package blob

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
)

// Disk keeps bodies in a folder, which is its own.
//
// A part of a name that is not the last is a folder, the last one a file that ends in .blob. Each part of six
// characters or more stands in a folder more, "+" and its first six: names are ids that begin with their time, so a
// folder of files is some hours' (UUIDv7: 2^24 ms), and the order of the names is that of the folders. Bodies are
// written in ".tmp" under a lock and get their name by a hard link, which replaces nothing.
type Disk struct {
	root *os.Root
	// mu is held while a folder is made and its parent written to disk, so that who finds a folder finds a durable one.
	mu sync.Mutex
}

const (
	tmpFolder = ".tmp"
	suffix    = ".blob"
	fan       = 6
)

// OpenDisk opens a store in a folder, making it (mode 0700) if it is not there, and removes what writers that are gone
// have left half-written.
func OpenDisk(folder string) (*Disk, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("blob folder: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("blob folder: %w", err)
	}
	d := &Disk{root: root}
	if err := d.prepare(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return d, nil
}

func (d *Disk) prepare() error {
	if err := d.folder(tmpFolder); err != nil {
		return err
	}
	left, err := d.entries(tmpFolder)
	if err != nil {
		return err
	}
	for _, e := range left {
		if err := d.sweep(path.Join(tmpFolder, e.Name())); err != nil {
			return fmt.Errorf("sweep blob folder: %w", err)
		}
	}
	return nil
}

// sweep removes a file of a writer that is gone: nobody holds its lock.
func (d *Disk) sweep(name string) error {
	f, err := d.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if !lock(f) {
		return nil
	}
	return d.remove(name)
}

func (d *Disk) remove(name string) error {
	if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Close lets go of the folder; no other method is called afterwards.
func (d *Disk) Close() error { return d.root.Close() }

// file is where a name stands.
func file(name string) string {
	parts := strings.Split(name, "/")
	out := make([]string, 0, 2*len(parts))
	for i, part := range parts {
		if len(part) >= fan {
			out = append(out, "+"+part[:fan])
		}
		if i == len(parts)-1 {
			part += suffix
		}
		out = append(out, part)
	}
	return path.Join(out...)
}

// Put is Store's.
func (d *Disk) Put(ctx context.Context, name string, r io.Reader, size int64) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if size < 0 {
		return fmt.Errorf("put blob: %w", ErrSize)
	}
	to := file(name)
	if _, err := d.root.Lstat(to); err == nil {
		return fmt.Errorf("put blob: %w", ErrTaken)
	}
	tmp, err := d.write(ctx, r, size)
	if err != nil {
		return diskError("put blob", err)
	}
	if err = d.link(tmp, to); err == nil {
		err = d.sync(path.Dir(to))
		if err != nil { // perhaps not durable: then it must not be there either
			err = errors.Join(err, d.remove(to))
		}
	}
	if gone := d.remove(tmp); err == nil && gone != nil {
		return fmt.Errorf("put blob: %w", gone)
	}
	return diskError("put blob", err)
}

// write makes a durable file without a name in the store.
func (d *Disk) write(ctx context.Context, r io.Reader, size int64) (tmp string, err error) {
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", err
	}
	tmp = path.Join(tmpFolder, hex.EncodeToString(random[:]))
	f, err := d.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	lock(f)
	n, err := io.Copy(f, Exactly(ctx, r, size))
	if err == nil && n != size {
		err = ErrSize
	}
	if err == nil {
		err = f.Sync()
	}
	if end := f.Close(); err == nil {
		err = end
	}
	if err != nil {
		return "", errors.Join(err, d.remove(tmp))
	}
	return tmp, nil
}

// link gives a file its name. A folder may go, with the last file in it, between its making and the link: then again.
func (d *Disk) link(tmp, to string) (err error) {
	for range 10 {
		if err = d.folder(path.Dir(to)); err != nil {
			return err
		}
		if err = d.root.Link(tmp, to); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return ErrTaken
	}
	return err
}

// folder makes a folder with its parents, each durable.
func (d *Disk) folder(name string) error {
	if name == "." {
		return nil
	}
	if info, err := d.root.Lstat(name); err == nil && info.IsDir() {
		// It may have been made a moment ago by another goroutine, which holds mu until it is durable.
		d.mu.Lock()
		defer d.mu.Unlock()
		return nil
	}
	if err := d.folder(path.Dir(name)); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.root.Mkdir(name, 0o700); errors.Is(err, fs.ErrExist) {
		return nil
	} else if errors.Is(err, fs.ErrNotExist) {
		return nil // its parent went meanwhile: link tries again
	} else if err != nil {
		return err
	}
	return d.sync(path.Dir(name))
}

// sync writes a folder's names to the disk.
func (d *Disk) sync(name string) error {
	f, err := d.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // gone with the last file in it
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

type diskBlob struct {
	*os.File
	ctx  context.Context
	size int64
}

func (b diskBlob) Size() int64 { return b.size }

func (b diskBlob) ReadAt(p []byte, off int64) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.File.ReadAt(p, off)
}

// Open is Store's.
func (d *Disk) Open(ctx context.Context, name string) (Blob, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := d.root.Open(file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open blob: %w", ErrNone)
	}
	if err != nil {
		return nil, diskError("open blob", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("blob is no file")
	}
	if err != nil {
		return nil, errors.Join(diskError("open blob", err), f.Close())
	}
	return diskBlob{f, ctx, info.Size()}, nil
}

// Delete is Store's. Folders that are empty afterwards go too.
func (d *Disk) Delete(ctx context.Context, name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	at := file(name)
	if err := d.remove(at); err != nil {
		return diskError("delete blob", err)
	}
	if err := d.sync(path.Dir(at)); err != nil {
		return diskError("delete blob", err)
	}
	for at = path.Dir(at); at != "." && d.root.Remove(at) == nil; at = path.Dir(at) { // one that is not empty stays
	}
	return nil
}

// diskError leaves out paths, and says what a full disk is.
func diskError(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return Full(errors.New(what))
	case errors.Is(err, ErrTaken):
		return fmt.Errorf("%s: %w", what, ErrTaken)
	}
	var at *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &at):
		err = at.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return fmt.Errorf("%s: %w", what, err)
}
