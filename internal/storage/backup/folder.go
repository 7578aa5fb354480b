package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"parlatory"
)

const (
	// KeepMost is how many days a key part is kept at most: what a certificate of erasure promises.
	KeepMost = 30
	day      = 24 * time.Hour
	// Slack is how long after the end of a part the daily job may take to delete it, and how long one may take to be written.
	Slack = day
)

// Options of a folder.
type Options struct {
	Path     string // made with mode 0700 if it is missing
	KeepDays int    // 1 to KeepMost
	Seal     func(io.Writer) (io.WriteCloser, error)
	Clock    parlatory.Clock
}

// Folder holds the key parts that this server wrote.
type Folder struct {
	o    Options
	root *os.Root
}

// OpenFolder opens it.
func OpenFolder(o Options) (*Folder, error) {
	if o.KeepDays < 1 || o.KeepDays > KeepMost {
		return nil, fmt.Errorf("backup folder: key parts are kept 1 to %d days", KeepMost)
	}
	if err := os.MkdirAll(o.Path, 0o700); err != nil {
		return nil, fmt.Errorf("backup folder: %w", err)
	}
	root, err := os.OpenRoot(o.Path)
	if err != nil {
		return nil, fmt.Errorf("backup folder: %w", err)
	}
	return &Folder{o, root}, nil
}

// Close gives the folder back.
func (f *Folder) Close() error { return f.root.Close() }

// A part is named by when it was written and until when it is kept: keys-20261128T141704Z-20261228T141704Z.age
const (
	partPrefix = "keys-"
	partSuffix = ".age"
	tmpSuffix  = ".tmp"
	stamp      = "20060102T150405Z"
)

// Part is a file of the folder.
type Part struct {
	Name           string
	Written, Until time.Time
	Keys           int64 // of one that was just written
}

func nameOf(written, until time.Time) string {
	return partPrefix + written.UTC().Format(stamp) + "-" + until.UTC().Format(stamp) + partSuffix
}

func parseName(name string) (p Part, ok bool) {
	middle, ok := strings.CutPrefix(name, partPrefix)
	if !ok {
		return p, false
	}
	if middle, ok = strings.CutSuffix(middle, partSuffix); !ok {
		return p, false
	}
	from, to, ok := strings.Cut(middle, "-")
	if !ok {
		return p, false
	}
	written, err1 := time.Parse(stamp, from)
	until, err2 := time.Parse(stamp, to)
	p = Part{Name: name, Written: written, Until: until}
	return p, err1 == nil && err2 == nil && nameOf(written, until) == name
}

// Parts lists the folder, oldest first. What is none of ours is left out.
func (f *Folder) Parts() (all []Part, err error) {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list backup folder: %w", err)
	}
	for _, e := range entries { // in the order of their names, which is that of time
		if p, ok := parseName(e.Name()); ok && e.Type().IsRegular() {
			all = append(all, p)
		}
	}
	return all, nil
}

// Due reports whether the newest part is a day old, or there is none.
func (f *Folder) Due() (bool, error) {
	all, err := f.Parts()
	if err != nil || len(all) == 0 {
		return err == nil, err
	}
	age := f.o.Clock.Now().Sub(all[len(all)-1].Written)
	return age >= day || age < -day, nil
}

// Sweep deletes the parts whose end is past, or which would be kept longer than is set now, and what a write that was cut has left.
func (f *Folder) Sweep() (removed int, err error) {
	all, err := f.Parts()
	if err != nil {
		return 0, err
	}
	now, keep := f.o.Clock.Now(), time.Duration(f.o.KeepDays)*day
	for _, p := range all {
		if now.After(p.Until) || now.After(p.Written.Add(keep)) {
			if err := f.root.Remove(p.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return removed, fmt.Errorf("delete key part: %w", err)
			}
			removed++
		}
	}
	return removed, f.sweepUnfinished(now)
}

// sweepUnfinished leaves alone what somebody may be writing.
func (f *Folder) sweepUnfinished(now time.Time) error {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return fmt.Errorf("list backup folder: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), partPrefix) || !strings.HasSuffix(e.Name(), tmpSuffix) {
			continue
		}
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > Slack {
			_ = f.root.Remove(e.Name()) // another day, then
		}
	}
	return nil
}

// Until is the time after which no part can hold a key any more that is destroyed now: what is there has expired by then, and so has one
// that is being written.
func (f *Folder) Until() (time.Time, error) {
	last := f.o.Clock.Now().Add(time.Duration(f.o.KeepDays) * day)
	all, err := f.Parts()
	for _, p := range all {
		if p.Until.After(last) {
			last = p.Until
		}
	}
	return last.Add(Slack), err
}

// Source hands out the keys and then the list of those destroyed.
type Source func(ctx context.Context, key func(Key) error, destroyed func(Destroyed) error) error

// WriteKeys writes a part: under a temporary name, mode 0600, to disk, and then under its own. announce hears of its end before source is
// asked for a key; where it fails no part is written.
func (f *Folder) WriteKeys(ctx context.Context, sign Sign, announce func(Part) error, source Source) (p Part, err error) {
	now := f.o.Clock.Now().UTC().Truncate(time.Second)
	h := Header{Format: partFormat, Written: now, Until: now.Add(time.Duration(f.o.KeepDays) * day)}
	p = Part{Name: nameOf(h.Written, h.Until), Written: h.Written, Until: h.Until}
	if err := announce(p); err != nil {
		return p, err
	}
	file, err := f.root.OpenFile(p.Name+tmpSuffix, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return p, fmt.Errorf("make key part: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.root.Remove(p.Name + tmpSuffix) // the first error tells more
		}
	}()
	p.Keys, err = f.write(ctx, file, h, sign, source)
	if err = errors.Join(err, file.Close()); err != nil {
		return p, err
	}
	if err := f.root.Rename(p.Name+tmpSuffix, p.Name); err != nil {
		return p, fmt.Errorf("name key part: %w", err)
	}
	return p, f.sync()
}

func (f *Folder) write(ctx context.Context, file *os.File, h Header, sign Sign, source Source) (keys int64, err error) {
	sealed, err := f.o.Seal(file)
	if err != nil {
		return 0, err
	}
	w := newWriter(sealed)
	if err := w.put(h); err != nil {
		return 0, err
	}
	err = source(ctx, func(k Key) error { keys++; return w.put(line{Key: &k}) }, func(d Destroyed) error { return w.put(line{Destroyed: &d}) })
	if err != nil {
		return 0, fmt.Errorf("write keys: %w", err)
	}
	if err := w.end(h, sign); err != nil {
		return 0, err
	}
	if err := sealed.Close(); err != nil {
		return 0, fmt.Errorf("end encrypted stream: %w", err)
	}
	if err := file.Sync(); err != nil {
		return 0, fmt.Errorf("key part to disk: %w", err)
	}
	return keys, nil
}

// sync writes the folder itself to disk.
func (f *Folder) sync() error {
	d, err := f.root.Open(".")
	if err != nil {
		return fmt.Errorf("backup folder to disk: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("backup folder to disk: %w", err)
	}
	return nil
}
