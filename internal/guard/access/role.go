package access

import (
	"context"

	"parlatory"
)

// Role is a name, a data level and a set of granted acts.
type Role struct {
	Name   string
	Level  Level
	grants []uint64
}

// NewRole makes a role of the catalogue. It panics on the name of an unknown act, since roles are built at start from the
// program's own lists or from rows that were checked on writing.
func (c *Catalogue) NewRole(name string, level Level, acts ...string) Role {
	r := Role{Name: name, Level: level, grants: make([]uint64, (len(c.acts)+63)/64)}
	for _, a := range acts {
		i, ok := c.byName[a]
		if !ok {
			panic("access: role " + name + " grants unknown act " + a)
		}
		r.grants[i/64] |= 1 << (i % 64)
	}
	return r
}

// Grants reports whether the role grants the act.
func (c *Catalogue) Grants(r Role, act string) bool {
	i, ok := c.byName[act]
	return ok && i/64 < len(r.grants) && r.grants[i/64]&(1<<(i%64)) != 0
}

// Covers reports whether r grants everything that o grants, at no narrower a data level: nobody hands out what
// they lack.
func (r Role) Covers(o Role) bool {
	if o.Level > r.Level {
		return false
	}
	for i := range o.grants {
		if i >= len(r.grants) && o.grants[i] != 0 || i < len(r.grants) && o.grants[i]&^r.grants[i] != 0 {
			return false
		}
	}
	return true
}

// Roles finds a workspace's role by name. domain/role fills it; later a directory may.
type Roles interface {
	Role(ctx context.Context, workspace parlatory.WorkspaceID, name string) (Role, error)
}
