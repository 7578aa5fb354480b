package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// List is Store's. It reads the folders that can hold what is asked for, each once.
func (d *Disk) List(ctx context.Context, prefix, after string, limit int) ([]Item, error) {
	if limit <= 0 || limit > MaxList {
		limit = MaxList
	}
	l := &lister{d: d, ctx: ctx, prefix: prefix, after: after, limit: limit}
	if err := l.folder(".", ""); err != nil {
		return nil, diskError("list blobs", err)
	}
	return l.items, nil
}

type lister struct {
	d             *Disk
	ctx           context.Context
	prefix, after string
	limit         int
	items         []Item
}

// child is an entry of a folder. key is what all names in it begin with, or the name itself, so that children sort as
// their names do: a folder's key ends in a slash, and no other key begins with that of a "+" folder.
type child struct {
	key, path string
	entry     fs.DirEntry
}

// folder lists what stands in a folder; front is what all its names begin with.
func (l *lister) folder(at, front string) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	entries, err := l.d.entries(at)
	if err != nil {
		return err
	}
	var all []child
	for _, e := range entries {
		if c, ok := childOf(at, front, e); ok && l.wanted(c) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b child) int { return strings.Compare(a.key, b.key) })
	for _, c := range all {
		if len(l.items) == l.limit {
			return nil
		}
		if c.entry.IsDir() {
			if err := l.folder(c.path, c.key); err != nil {
				return err
			}
			continue
		}
		info, err := c.entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		l.items = append(l.items, Item{Name: c.key, Size: info.Size(), At: info.ModTime().UTC()})
	}
	return nil
}

// childOf knows what an entry is; what the store did not make is passed over.
func childOf(at, front string, e fs.DirEntry) (child, bool) {
	c := child{path: path.Join(at, e.Name()), entry: e}
	// In a "+" folder its parent's names go on: the front has the six characters already.
	base := front[:strings.LastIndexByte(front, '/')+1]
	inFan := base != front
	name := e.Name()
	switch {
	case e.IsDir() && strings.HasPrefix(name, "+") && !inFan:
		c.key = front + name[1:]
		return c, len(name) == 1+fan && CheckName(name[1:]) == nil
	case e.IsDir():
		c.key = base + name + "/"
	case e.Type().IsRegular() && strings.HasSuffix(name, suffix):
		name = strings.TrimSuffix(name, suffix)
		c.key = base + name
	default:
		return c, false
	}
	return c, CheckName(name) == nil && !strings.Contains(name, "/") && (len(name) >= fan) == inFan && strings.HasPrefix(c.key, front)
}

func (l *lister) wanted(c child) bool {
	if !c.entry.IsDir() {
		return strings.HasPrefix(c.key, l.prefix) && c.key > l.after
	}
	within := strings.HasPrefix(c.key, l.prefix) || strings.HasPrefix(l.prefix, c.key)
	return within && (c.key > l.after || strings.HasPrefix(l.after, c.key))
}

// entries reads a folder; one that is gone is empty.
func (d *Disk) entries(at string) ([]fs.DirEntry, error) {
	f, err := d.root.Open(at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, fmt.Errorf("blob folder: %w", err)
	}
	return entries, nil
}
