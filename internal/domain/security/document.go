package security

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
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
	Log      []logged       `json:"log,omitempty"`
}

// row is the document as it stands in the database.
type row struct {
	document
	revision uint32 // 0: nothing was ever set
	changed  time.Time
	log      []logged // of the last revisions, the newest last
	touched  span     // the lines that the next revision changes
}

func binding(ws parlatory.WorkspaceID, revision uint32, changed time.Time) vault.Binding {
	return vault.Binding{Table: "security_settings", Row: ws.Raw(), Revision: revision, Clear: []any{changed}}
}

func (r row) stored() stored {
	return stored{r.Password, r.Lockout, r.Factor, r.Sessions, r.StaffMode, r.VisitorMode, r.log}
}

// Key gives the key of a workspace's policies. It is the house's: they hold while the workspace's own keys are out of reach.
func Key(ctx context.Context, ring *vault.Ring, ws parlatory.WorkspaceID) (*vault.Held, error) {
	held, err := ring.Hold(ctx, parlatory.House, vault.PolicyKey(ws))
	if err != nil {
		return nil, fmt.Errorf("hold policy key: %w", err)
	}
	return held, nil
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
	r.document, r.log = document{Settings{s.Password, s.Lockout, s.Factor, s.Sessions}, s.Staff, s.Visitor}, s.Log
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
	r.note()
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

var errMoved = errors.New("security settings have another revision")

func moved() error {
	return parlatory.Conflict("Somebody changed the security settings at the same time. Please look again.").Because(errMoved)
}

// anyRevision changes the document whatever its revision is: a line for visitors does not hang on the other lines.
const anyRevision = math.MaxUint32

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
	held, err := Key(ctx, r.o.Ring, actor.Workspace)
	if err != nil {
		return err
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
		if revision != anyRevision && doc.revision != revision {
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
