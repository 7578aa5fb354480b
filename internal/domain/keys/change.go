package keys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// tries are a workspace's ways to a key server that its own settings name: each goes to an address that somebody typed in.
var tries = workspace.Budget{Name: "keys.tries", Window: time.Minute, Limit: 10}

// Test goes the whole way to a server once, and changes nothing. parlatory.KindTooMany beyond ten a minute and workspace, with Change.
func (r *Room) Test(ctx context.Context, actor parlatory.Actor, s Settings) error {
	permit, err := r.o.Law.Permit(ctx, actor, ActServer)
	if err != nil {
		return err
	}
	if _, err = r.prepare(ctx, permit, func(Settings) Settings { return s }); err != nil {
		return err
	}
	return r.try(ctx, permit.Workspace(), s.Server)
}

// try checks a server, within the budget.
func (r *Room) try(ctx context.Context, ws parlatory.WorkspaceID, s *Server) error {
	if s == nil {
		return parlatory.Invalid("server", "is missing")
	}
	permit, err := r.o.Law.System(actTest, ws)
	if err != nil {
		return err
	}
	ix, err := r.o.Ring.Index(ctx, parlatory.House) // the workspace's own may be closed
	if err != nil {
		return fmt.Errorf("count tries of key servers: %w", err)
	}
	var spent workspace.Spent
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) (err error) {
		spent, err = tries.Spend(tx.House(), tries.Key(ix, ws.String()))
		return err
	})
	if err != nil {
		return err
	}
	if spent.Over {
		return spent.Refusal(r.o.Clock.Now())
	}
	return r.o.Roots.lines.Check(ctx, *s)
}

// change is what an act on settings goes by.
type change struct {
	old, to Settings
	before  stand
	house   *vault.Held
}

// prepare reads the old settings, completes the new ones and checks their form.
func (r *Room) prepare(ctx context.Context, permit access.Permit, edit func(old Settings) Settings) (c change, err error) {
	if c.house, err = r.o.Ring.Hold(ctx, parlatory.House, vault.Settings); err != nil {
		return c, fmt.Errorf("hold house settings key: %w", err)
	}
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) (err error) {
		if c.old, _, err = readSettings(tx, c.house); err != nil {
			return err
		}
		c.before, err = readStand(tx)
		return err
	})
	if err != nil {
		return c, err
	}
	c.to = edit(c.old)
	c.to.keepSecrets(c.old)
	if err = c.to.check(); err == nil && c.to.Server != nil && r.o.Roots.lines == nil {
		err = parlatory.Conflict("This server does not let workspaces have a key server of their own.")
	}
	return c, err
}

// Change saves the settings. Where the key server that they name opens the workspace's key as it is, they alone are stored: its address or the
// sign-in are others, and what the old ones led to may be gone. Else the key is wrapped by the new root before anything is stored, for which
// the old root is asked a last time; and a next version of it is made under a server that is the workspace's own, since what the old root
// wrapped stands in backups.
func (r *Room) Change(ctx context.Context, actor parlatory.Actor, s Settings, reason string) error {
	permit, err := r.o.Law.Permit(ctx, actor, ActServer)
	if err != nil {
		return err
	}
	c, err := r.prepare(ctx, permit, func(Settings) Settings { return s })
	if err != nil {
		return err
	}
	if c.to.Server != nil {
		if err := r.try(ctx, permit.Workspace(), c.to.Server); err != nil {
			return err
		}
	}
	m, err := r.rewrapped(ctx, permit.Workspace(), c)
	if err != nil {
		return err
	}
	return r.save(ctx, permit, c, m, func(tx *db.Tx) error { return r.o.Steady(tx, actor) }, reason)
}

// Reconnection is the way to a workspace's own key server, as the operator sets it for a customer who can't sign in. What is nil stays.
type Reconnection struct {
	Server                   Server
	GraceSeconds, RotateDays *int
}

// Reconnect is Change by the operator. It only takes a server that opens the workspace's key as it is: no operator moves a key away from the
// customer's.
func (r *Room) Reconnect(ctx context.Context, operator parlatory.Actor, ws parlatory.WorkspaceID, n Reconnection, reason string) error {
	operator.Workspace = ws
	permit, err := r.o.Law.Permit(ctx, operator, ActOperate)
	if err != nil {
		return err
	}
	if ws == parlatory.House {
		return parlatory.Conflict("The server's own key is below the operator's root.")
	}
	c, err := r.prepare(ctx, permit, func(old Settings) Settings {
		s := Settings{Server: &n.Server, GraceSeconds: old.GraceSeconds, RotateDays: old.RotateDays}
		if n.GraceSeconds != nil {
			s.GraceSeconds = *n.GraceSeconds
		}
		if n.RotateDays != nil {
			s.RotateDays = *n.RotateDays
		}
		return s
	})
	if err != nil {
		return err
	}
	if err := r.o.Roots.lines.Check(ctx, *c.to.Server); err != nil {
		return err
	}
	root, err := r.o.Roots.lines.Root(*c.to.Server)
	if err != nil {
		return err
	}
	if !opensAll(ctx, c.before, root) {
		return parlatory.Conflict("This key server does not open the workspace's key. Only its administrators move the key to another one.")
	}
	if err := r.o.Ring.Readmit(ctx, ws, root); err != nil {
		return err
	}
	return r.save(ctx, permit, c, moves{}, func(*db.Tx) error { return nil }, reason)
}

// save stores settings, and keys as they are wrapped now.
func (r *Room) save(ctx context.Context, permit access.Permit, c change, m moves, check func(*db.Tx) error, reason string) error {
	ws := permit.Workspace()
	pen, err := r.o.Ledger.Pen(ctx, ws)
	if err != nil {
		return err
	}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := check(tx); err != nil {
			return err
		}
		if err := c.before.still(tx); err != nil {
			return err
		}
		if err := writeSettings(tx, c.house, c.to, c.before.revision); err != nil {
			return err
		}
		if err := m.store(tx); err != nil {
			return err
		}
		told := c.to.toldAfter(c.old)
		if m.next != nil {
			told["version"] = version(m.next.Version)
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Updated, Element: Element, ID: ws.Raw(), Old: c.old.told(), New: told, Remark: reason})
	})
	r.o.Roots.forget(ws)
	if err != nil {
		return err
	}
	// What is in memory is confirmed by the new root at once. The settings stand, whatever it says.
	if err := r.o.Ring.Confirm(ctx, ws); err != nil {
		r.o.Log.LogAttrs(ctx, slog.LevelError, "keys could not be confirmed after a change of their settings", slog.String("workspace", ws.String()), slog.String("cause", err.Error()))
	}
	return nil
}

// rewrapped has all versions of a workspace's key wrapped by the root that new settings name.
func (r *Room) rewrapped(ctx context.Context, ws parlatory.WorkspaceID, c change) (m moves, err error) {
	if c.to.Server == nil {
		return r.handedBack(ctx, c)
	}
	to, err := r.o.Roots.lines.Root(*c.to.Server)
	if err != nil {
		return m, err
	}
	if opensAll(ctx, c.before, to) {
		return m, r.o.Ring.Readmit(ctx, ws, to)
	}
	for _, w := range c.before.all {
		if err := r.wrapAnew(ctx, &m, w, to, vault.RootOwn); err != nil {
			return m, err
		}
	}
	next, err := r.o.Ring.MintUnder(ctx, ws, c.before.newest().Version+1, to, vault.RootOwn)
	m.next = &next
	return m, err
}

// handedBack are the keys below the operator's root again. What is there already stays, under whichever root of the operator's that is.
func (r *Room) handedBack(ctx context.Context, c change) (m moves, err error) {
	name := r.o.Roots.Default()
	for _, w := range c.before.all {
		if w.Root != vault.RootOwn {
			continue
		}
		to, err := r.o.Roots.fixed.Anchor(ctx, w.Workspace, name) // by the settings as they are none of the operator's roots serves it
		if err != nil {
			return m, err
		}
		if err := r.wrapAnew(ctx, &m, w, to.Root, name); err != nil {
			return m, err
		}
	}
	return m, nil
}

func (r *Room) wrapAnew(ctx context.Context, m *moves, w vault.Wrapped, to vault.Root, name string) error {
	from, err := r.o.Roots.Anchor(ctx, w.Workspace, w.Root)
	if err != nil {
		return err
	}
	next, err := vault.MoveBetween(ctx, w, from.Root, to, name)
	if err != nil {
		return sayWhy(err)
	}
	m.from, m.to = append(m.from, w), append(m.to, next)
	return nil
}

// sayWhy gives a person the reason for which a key can't be moved.
func sayWhy(err error) error {
	switch {
	case errors.Is(err, vault.ErrAway):
		return parlatory.Fail(parlatory.KindUnavailable, "A key server that must hand the workspace's key over can't be reached. Nothing was changed.").Because(err)
	case errors.Is(err, vault.ErrWithdrawn):
		return parlatory.Conflict("A key server that must hand the workspace's key over refuses it. Nothing was changed.").Because(err)
	}
	return err
}

// opensAll reports whether all versions of a key are under the workspace's own server, and this is that one.
func opensAll(ctx context.Context, s stand, root vault.Root) bool {
	for _, w := range s.all {
		if w.Root != vault.RootOwn || vault.Opens(ctx, w, root) != nil {
			return false
		}
	}
	return true
}
