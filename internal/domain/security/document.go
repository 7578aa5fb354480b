package security

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Mode is whether a list is in force, and how.
type Mode string

// The modes. Watch, On are the staff list's; Block and Allow the visitor lists'.
const (
	Off   Mode = "off"
	Watch Mode = "watch"
	On    Mode = "on"
	Block Mode = "block"
	Allow Mode = "allow"
)

// document is the one sealed row of a workspace's settings.
type document struct {
	Settings
	StaffMode   Mode
	VisitorMode Mode
}

func defaults() document { return document{Settings: Default(), StaffMode: Off, VisitorMode: Off} }

// stored is the document's sealed form; a field that is missing in an older one keeps its default.
type stored struct {
	Password PasswordPolicy `json:"password"`
	Lockout  LockoutPolicy  `json:"lockout"`
	Factor   FactorPolicy   `json:"factor"`
	Sessions SessionPolicy  `json:"sessions"`
	Staff    Mode           `json:"staff_list"`
	Visitor  Mode           `json:"visitor_list"`
}

// row is the document as it stands in the database.
type row struct {
	document
	revision uint32 // 0: nothing was ever set
	changed  time.Time
}

func binding(ws parlatory.WorkspaceID, revision uint32, changed time.Time) vault.Binding {
	return vault.Binding{Table: "security_settings", Row: ws.Raw(), Revision: revision, Clear: []any{changed}}
}

func (d document) stored() stored {
	return stored{d.Password, d.Lockout, d.Factor, d.Sessions, d.StaffMode, d.VisitorMode}
}

// read opens the document in a transaction. One that was changed past the program is an error, so that a door stays shut.
func read(tx *db.Tx, held *vault.Held) (row, error) { return readBy(tx, held, sqlSettings) }

func readBy(tx *db.Tx, held *vault.Held, query string) (row, error) {
	r := row{document: defaults()}
	var sealed vault.Sealed
	err := tx.Row(query).Scan(&r.revision, &r.changed, &sealed)
	if errors.Is(err, db.ErrNone) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("read security settings: %w", err)
	}
	s := r.stored()
	if err := vault.OpenJSON(held, binding(tx.Workspace(), r.revision, r.changed), sealed, &s); err != nil {
		return r, fmt.Errorf("open security settings: %w", err)
	}
	r.document = document{Settings{s.Password, s.Lockout, s.Factor, s.Sessions}, s.Staff, s.Visitor}
	return r, nil
}

// Steady gives what a workspace asks of its staff in the transaction that makes a session by it: a change that was committed before is
// seen, and one at the same time waits until tx ends, so that it ends what was made (AC-032). held is the key of the settings.
func Steady(tx *db.Tx, held *vault.Held) (Settings, error) {
	query := sqlSettings
	if tx.Postgres() {
		query = sqlSettingsShared
	}
	r, err := readBy(tx, held, query)
	return r.Settings, err
}

// own reads the document for a change: sessions that are being made by it stand before the change goes on, or see it.
func own(tx *db.Tx, held *vault.Held) (row, error) {
	if tx.Postgres() {
		return readBy(tx, held, sqlSettingsOwn)
	}
	return read(tx, held)
}

// write stores the document as the next revision of the one that was read.
func (r *row) write(tx *db.Tx, held *vault.Held) error {
	before := r.revision
	r.revision, r.changed = before+1, tx.Now()
	sealed, err := vault.SealJSON(held, binding(tx.Workspace(), r.revision, r.changed), r.stored())
	if err != nil {
		return fmt.Errorf("seal security settings: %w", err)
	}
	var n int64
	if before == 0 {
		n, err = tx.Exec(sqlInsertSettings, r.revision, r.changed, sealed)
	} else {
		n, err = tx.Exec(sqlUpdateSettings, r.revision, r.changed, sealed, before)
	}
	if err != nil {
		return fmt.Errorf("store security settings: %w", err)
	}
	if n != 1 {
		return moved()
	}
	tx.Tell(parlatory.Event{Kind: parlatory.SecurityChanged, Workspace: tx.Workspace()})
	return nil
}

func moved() error {
	return parlatory.Conflict("Somebody changed the security settings at the same time. Please look again.")
}

// load reads settings and lists, or keeps what is known where the revision is still the same and no line has ended.
func (r *Room) load(ctx context.Context, ws parlatory.WorkspaceID, before *compiled) (*compiled, error) {
	permit, err := r.o.Law.System(actLoad, ws)
	if err != nil {
		return nil, err
	}
	if before != nil && before.holds(r.o.Clock.Now()) {
		var revision uint32
		err := r.o.DB.Read(ctx, permit, func(tx *db.Tx) error { return tx.Row(sqlRevision).Scan(&revision) })
		if err != nil {
			return nil, fmt.Errorf("read revision of security settings: %w", err)
		}
		if revision == before.revision {
			return before, nil
		}
	}
	held, err := r.o.Ring.Hold(ctx, ws, vault.Settings)
	if err != nil {
		return nil, fmt.Errorf("hold settings key: %w", err)
	}
	var doc row
	var lines []line
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		if doc, err = read(tx, held); err != nil {
			return err
		}
		lines, err = r.lines(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r.compile(doc, held, lines)
}

// compile opens the lines and makes the sets. A line that was changed past the program shuts the door: an allowlist without it
// would only be narrower, a blocklist without it wider, and nobody would know.
func (r *Room) compile(doc row, held *vault.Held, lines []line) (*compiled, error) {
	c := &compiled{document: doc.document, revision: doc.revision, changed: doc.changed, staff: map[string]*policy.Networks{}, sizes: map[List]int{}}
	now := r.o.Clock.Now()
	staff := map[string][]policy.Network{}
	visitors := map[List][]policy.Network{}
	for _, l := range lines {
		e, err := l.open(held)
		if err != nil {
			return nil, err
		}
		c.sizes[l.list]++
		if !l.ends.IsZero() {
			if !now.Before(l.ends) {
				continue
			}
			if c.until.IsZero() || l.ends.Before(c.until) {
				c.until = l.ends
			}
		}
		if l.list == StaffList {
			staff[e.Role] = append(staff[e.Role], e.Network)
		} else {
			visitors[l.list] = append(visitors[l.list], e.Network)
		}
	}
	for role, networks := range staff {
		c.staff[role] = policy.NewNetworks(networks...)
	}
	c.block, c.allow = policy.NewNetworks(visitors[BlockList]...), policy.NewNetworks(visitors[AllowList]...)
	return c, nil
}

// changed is what one act wants to be written: the values for the ledger, old and new.
type changed struct {
	element  string
	action   ledger.Action
	id       [16]byte
	old, new map[string]string
	remark   string
}

// change reads the document, lets fn change it, and writes it as the next revision with its entry in the ledger. fn may write rows of the
// lists in the same transaction.
func (r *Room) change(ctx context.Context, actor parlatory.Actor, act access.Act, revision uint32, fn func(*db.Tx, *vault.Held, *row) (changed, error)) error {
	permit, err := r.o.Law.Permit(ctx, actor, act)
	if err != nil {
		return err
	}
	held, err := r.o.Ring.Hold(ctx, actor.Workspace, vault.Settings)
	if err != nil {
		return fmt.Errorf("hold settings key: %w", err)
	}
	pen, err := r.o.Ledger.Pen(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := r.o.Steady(tx, actor); err != nil {
			return err
		}
		doc, err := own(tx, held)
		if err != nil {
			return err
		}
		if doc.revision != revision {
			return moved()
		}
		what, err := fn(tx, held, &doc)
		if err != nil {
			return err
		}
		if err := doc.write(tx, held); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{Action: what.action, Element: what.element, ID: what.id, Old: what.old, New: what.new, Remark: what.remark})
	})
	r.forget(actor.Workspace)
	return err
}
