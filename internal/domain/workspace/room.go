package workspace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Mail is one message to one address. HTML may be empty.
type Mail struct{ To, Subject, Text, HTML string }

// Mailer sends a mail or says why not; outbound/mail fills it.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}

// Options are what the room needs.
type Options struct {
	DB        *db.DB
	Law       *access.Law
	Ring      *vault.Ring
	Ledger    *ledger.Ledger
	Clock     parlatory.Clock
	Domain    string                        // the bare domain, without port
	PublicURL func(subdomain string) string // "" is the bare domain; no slash at the end
	Mailer    Mailer
	Log       *slog.Logger
	// Steady refuses an actor who is no active member any more, or has another role by now; the staff room, to the right of
	// this one, has it. Without it nobody of the staff changes anything.
	Steady func(tx *db.Tx, actor parlatory.Actor) error
}

// Room holds the workspaces.
type Room struct {
	o      Options
	known  cache[string, found]
	listed cache[parlatory.WorkspaceID, map[string]bool]
	names  cache[parlatory.WorkspaceID, View]
	outbox *Outbox
}

// New opens the room and lets it hear of changes on other nodes.
func New(o Options) *Room {
	if o.Steady == nil {
		o.Steady = func(*db.Tx, parlatory.Actor) error { return errors.New("workspace room without the staff room") }
	}
	w := &Room{o: o, outbox: &Outbox{o: o}}
	w.known.open(o.Clock)
	w.listed.open(o.Clock)
	w.names.open(o.Clock)
	o.DB.Listen(w)
	return w
}

// Outbox is where the rooms put their mails.
func (w *Room) Outbox() *Outbox { return w.outbox }

// Told forgets what an event makes stale.
func (w *Room) Told(events []parlatory.Event) {
	for _, e := range events {
		switch e.Kind {
		case parlatory.WorkspaceChanged:
			w.known.clear()
			w.names.forget(e.Workspace)
		case parlatory.SitesChanged:
			w.listed.forget(e.Workspace)
		}
	}
}

// URL is where a subdomain answers; the empty one is the bare domain.
func (w *Room) URL(subdomain string) string { return w.o.PublicURL(subdomain) }

// View is a workspace opened.
type View struct {
	ID        parlatory.WorkspaceID
	Company   string
	Subdomain string
	Domain    string
	URL       string
	CreatedAt time.Time
}

const stateActive = "active"

type record struct {
	subdomain, state string
	created          time.Time
	revision         uint32
	sealed           vault.Sealed
}

type private struct {
	Company string `json:"company"`
}

func (r record) binding(id parlatory.WorkspaceID) vault.Binding {
	return vault.Binding{Table: "workspaces", Row: id.Raw(), Revision: r.revision, Clear: []any{r.subdomain, r.state, r.created}}
}

func readRecord(tx *db.Tx) (record, error) {
	var r record
	err := tx.Row(sqlWorkspace).Scan(&r.subdomain, &r.state, &r.created, &r.revision, &r.sealed)
	if errors.Is(err, db.ErrNone) {
		return r, parlatory.NotFound()
	}
	if err != nil {
		return r, fmt.Errorf("read workspace: %w", err)
	}
	return r, nil
}

func (w *Room) open(held *vault.Held, id parlatory.WorkspaceID, r record) (View, error) {
	var p private
	if err := vault.OpenJSON(held, r.binding(id), r.sealed, &p); err != nil {
		return View{}, fmt.Errorf("open workspace: %w", err)
	}
	return View{ID: id, Company: p.Company, Subdomain: r.subdomain, Domain: w.o.Domain, URL: w.o.PublicURL(r.subdomain), CreatedAt: r.created}, nil
}

func (w *Room) read(ctx context.Context, permit access.Permit) (View, error) {
	id := permit.Workspace()
	held, err := w.o.Ring.Hold(ctx, id, vault.Settings)
	if err != nil {
		return View{}, fmt.Errorf("hold settings key: %w", err)
	}
	var r record
	err = w.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		r, err = readRecord(tx)
		return err
	})
	if err != nil {
		return View{}, err
	}
	return w.open(held, id, r)
}

// View shows the workspace to its staff.
func (w *Room) View(ctx context.Context, actor parlatory.Actor) (View, error) {
	permit, err := w.o.Law.Permit(ctx, actor, ActView)
	if err != nil {
		return View{}, err
	}
	return w.read(ctx, permit)
}

// Door shows whoever stands before a host whose it is.
func (w *Room) Door(ctx context.Context, actor parlatory.Actor) (View, error) {
	if _, err := w.o.Law.Permit(ctx, actor, ActDoor); err != nil {
		return View{}, err
	}
	return w.Named(ctx, actor.Workspace)
}

// Named is the workspace as other rooms name it, in letters for one. The house is named by the domain.
func (w *Room) Named(ctx context.Context, id parlatory.WorkspaceID) (View, error) {
	if id == parlatory.House {
		return View{ID: id, Company: w.o.Domain, Domain: w.o.Domain, URL: w.o.PublicURL("")}, nil
	}
	if v, ok := w.names.get(id); ok {
		return v, nil
	}
	permit, err := w.o.Law.System(actName, id)
	if err != nil {
		return View{}, err
	}
	turn := w.names.since()
	v, err := w.read(ctx, permit)
	if err == nil {
		w.names.putSince(turn, id, v)
	}
	return v, err
}

// Rename changes the company's name.
func (w *Room) Rename(ctx context.Context, actor parlatory.Actor, company string) (View, error) {
	permit, err := w.o.Law.Permit(ctx, actor, ActEdit)
	if err != nil {
		return View{}, err
	}
	if company, err = Company(company); err != nil {
		return View{}, err
	}
	held, err := w.o.Ring.Hold(ctx, actor.Workspace, vault.Settings)
	if err != nil {
		return View{}, fmt.Errorf("hold settings key: %w", err)
	}
	pen, err := w.o.Ledger.Pen(ctx, actor.Workspace)
	if err != nil {
		return View{}, err
	}
	var v View
	err = w.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := w.o.Steady(tx, actor); err != nil {
			return err
		}
		r, err := readRecord(tx)
		if err != nil {
			return err
		}
		if v, err = w.open(held, actor.Workspace, r); err != nil {
			return err
		}
		old := v.Company
		v.Company, r.revision = company, r.revision+1
		if r.sealed, err = vault.SealJSON(held, r.binding(v.ID), private{company}); err != nil {
			return fmt.Errorf("seal workspace: %w", err)
		}
		if n, err := tx.Exec(sqlUpdateWorkspace, r.revision, r.sealed, r.revision-1); err != nil || n != 1 {
			return moved("store workspace", err)
		}
		tx.Tell(parlatory.Event{Kind: parlatory.WorkspaceChanged, Workspace: v.ID})
		return pen.Witness(tx, ledger.Entry{Action: ledger.Updated, Element: "Workspace", ID: v.ID.Raw(),
			Old: map[string]string{"company": old}, New: map[string]string{"company": company}})
	})
	w.names.forget(actor.Workspace)
	return v, err
}

// moved is the answer where a row was not as it was read a moment ago.
func moved(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return parlatory.Conflict("Somebody changed this at the same time. Please look again.")
}

// Company judges a company's name. It stands in mails to people whom the company only knows by address, and mail programs
// make links of what looks like one: so nothing that looks like one is a name.
func Company(name string) (string, error) {
	name, err := policy.Name(name, 1, 80)
	if err != nil {
		return "", parlatory.Invalid("company", "must have 1 to 80 characters, on one line").Because(err)
	}
	if Linklike(name) {
		return "", parlatory.Invalid("company", "must not hold a web address")
	}
	return name, nil
}

// Found stores a new workspace's record in the transaction that founds it. A subdomain that was ever used is refused.
func (w *Room) Found(tx *db.Tx, f *vault.Founding, subdomain, company string) error {
	r := record{subdomain: subdomain, state: stateActive, created: tx.Now(), revision: 1}
	sealed, err := vault.SealJSON(f.Held(vault.Settings), r.binding(f.Workspace()), private{company})
	if err != nil {
		return fmt.Errorf("seal workspace: %w", err)
	}
	_, err = tx.Exec(sqlInsertWorkspace, r.subdomain, r.state, r.created, r.revision, sealed)
	if db.IsTaken(err) {
		return Taken()
	}
	if err != nil {
		return fmt.Errorf("store workspace: %w", err)
	}
	tx.Tell(parlatory.Event{Kind: parlatory.WorkspaceChanged, Workspace: f.Workspace()})
	return nil
}

// Exists reports whether the database has the transaction's workspace.
func Exists(tx *db.Tx) (bool, error) {
	var n int
	if err := tx.Row(sqlExists).Scan(&n); err != nil {
		return false, fmt.Errorf("look for workspace: %w", err)
	}
	return n > 0, nil
}

// Taken is the answer for a subdomain that has, or once had, an owner.
func Taken() error { return parlatory.Invalid("subdomain", "is taken, please choose another") }
