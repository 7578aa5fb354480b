package contact

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"parlatory"
	"parlatory/internal/domain/keys"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// TokenIdle is how long a visitor's token lives without use.
const TokenIdle = 30 * 24 * time.Hour

// Contact is a person outside, opened.
type Contact struct {
	ID        parlatory.ContactID
	Name      string
	Email     string
	CreatedAt time.Time
	Erased    bool // nothing but the id is known any more; Name is ErasedName
}

// ErasedName stands where the name of somebody stood who was erased.
const ErasedName = "Erased contact"

// Row is a contact as it is stored; Open needs the contact's key.
type Row struct {
	ID        parlatory.ContactID
	CreatedAt time.Time
	ErasedAt  time.Time // zero: never
	revision  uint32
	sealed    vault.Sealed
}

// private is what a contact's sealed column holds.
type private struct {
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
}

// Sites answers whether a workspace lists an origin; domain/workspace fills it.
type Sites interface {
	Listed(ctx context.Context, workspace parlatory.WorkspaceID, origin string) (bool, error)
}

// Options are what the room needs.
type Options struct {
	DB    *db.DB
	Law   *access.Law
	Ring  *vault.Ring
	Sites Sites
	Clock parlatory.Clock
	Log   *slog.Logger
}

// Room holds contacts and their tokens.
type Room struct{ Options }

// New opens the room.
func New(o Options) *Room { return &Room{o} }

// Draft is a new contact, with its key and token, before the transaction that stores it.
type Draft struct {
	contact Contact
	site    string
	from    netip.Addr
	token   parlatory.Secret
	hash    credential.TokenHash
	held    *vault.Held
	wrapped vault.Wrapped
	sealed  vault.Sealed
	index   vault.Index
}

// Draft prepares a contact of a site: it judges name and address, mints the contact's key and a token. email may
// be empty; from is where the visitor is now.
func (r *Room) Draft(ctx context.Context, ws parlatory.WorkspaceID, site, name, email string, from netip.Addr) (*Draft, error) {
	name, err := policy.Name(name, 1, 80)
	if err != nil {
		return nil, parlatory.Invalid("name", "must have 1 to 80 characters, on one line").Because(err)
	}
	if email != "" {
		if email, err = policy.Email(email); err != nil {
			return nil, parlatory.Invalid("email", "is not an e-mail address").Because(err)
		}
	}
	d := &Draft{contact: Contact{ID: parlatory.NewID[parlatory.ContactKind](r.Clock), Name: name, Email: email, CreatedAt: r.Clock.Now()}, site: site, from: from}
	if d.held, d.wrapped, err = r.Ring.Mint(ctx, ws, vault.ContactKey(d.contact.ID)); err != nil {
		return nil, fmt.Errorf("mint contact key: %w", err)
	}
	if d.sealed, err = vault.SealJSON(d.held, binding(d.contact.ID, 1, d.contact.CreatedAt), private{name, email}); err != nil {
		return nil, fmt.Errorf("seal contact: %w", err)
	}
	if email != "" {
		index, err := r.Ring.Index(ctx, ws)
		if err != nil {
			return nil, fmt.Errorf("index contact: %w", err)
		}
		d.index = index.Blind("contacts.email", email)
	}
	if d.token, d.hash, err = credential.NewToken(); err != nil {
		return nil, fmt.Errorf("make visitor token: %w", err)
	}
	return d, nil
}

// Contact is who the draft makes.
func (d *Draft) Contact() Contact { return d.contact }

// Token is the visitor's bearer token; it is shown once.
func (d *Draft) Token() parlatory.Secret { return d.token }

// Held is the contact's key.
func (d *Draft) Held() *vault.Held { return d.held }

// Store writes key, contact and token in the act's transaction.
func (d *Draft) Store(tx *db.Tx) error {
	if err := keys.Put(tx, d.wrapped); err != nil {
		return err
	}
	c := d.contact
	if _, err := tx.Exec(sqlInsert, c.ID, c.CreatedAt, 1, d.index, d.sealed); err != nil {
		return fmt.Errorf("store contact: %w", err)
	}
	token := parlatory.NewID[parlatory.RowKind](fixed{c.CreatedAt})
	sealed, err := d.held.Seal(tokenBinding(token, d.hash, c.ID, d.site, c.CreatedAt), addressText(d.from))
	if err != nil {
		return fmt.Errorf("seal visitor token: %w", err)
	}
	_, err = tx.Exec(sqlInsertToken, token, d.hash, c.ID, d.site, c.CreatedAt, c.CreatedAt, c.CreatedAt.Add(TokenIdle), sealed)
	if err != nil {
		return fmt.Errorf("store visitor token: %w", err)
	}
	return nil
}

// fixed is a clock that stands still, for ids of one moment.
type fixed struct{ at time.Time }

func (f fixed) Now() time.Time { return f.at }

func binding(id parlatory.ContactID, revision uint32, created time.Time) vault.Binding {
	return vault.Binding{Table: "contacts", Row: id.Raw(), Revision: revision, Clear: []any{created}}
}

// Rows reads contacts by id in a neighbour's transaction; absent ones are left out.
func Rows(tx *db.Tx, ids []parlatory.ContactID) ([]Row, error) {
	var rows []Row
	for _, id := range ids {
		var row Row
		err := tx.Row(sqlByID, id).Scan(&row.ID, &row.CreatedAt, &row.ErasedAt, &row.revision, &row.sealed)
		if errors.Is(err, db.ErrNone) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read contact: %w", err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Open opens a stored contact with its key. Of one who was erased there is the id alone, and that is no error.
func (r *Room) Open(ctx context.Context, ws parlatory.WorkspaceID, row Row) (Contact, error) {
	erased := Contact{ID: row.ID, Name: ErasedName, CreatedAt: row.CreatedAt, Erased: true}
	if !row.ErasedAt.IsZero() {
		return erased, nil
	}
	held, err := r.Ring.Hold(ctx, ws, vault.ContactKey(row.ID))
	if errors.Is(err, vault.ErrNoKey) { // by a restore that knew of the erasure where the row did not
		return erased, nil
	}
	if err != nil {
		return Contact{}, fmt.Errorf("hold contact key: %w", err)
	}
	var p private
	if err := vault.OpenJSON(held, binding(row.ID, row.revision, row.CreatedAt), row.sealed, &p); err != nil {
		return Contact{}, fmt.Errorf("open contact: %w", err)
	}
	return Contact{ID: row.ID, Name: p.Name, Email: p.Email, CreatedAt: row.CreatedAt}, nil
}

// Find reads and opens one contact for another room of the server; who may see it is that room's question.
func (r *Room) Find(ctx context.Context, ws parlatory.WorkspaceID, id parlatory.ContactID) (Contact, error) {
	permit, err := r.Law.System(actName, ws)
	if err != nil {
		return Contact{}, err
	}
	var rows []Row
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		rows, err = Rows(tx, []parlatory.ContactID{id})
		return err
	})
	if err != nil {
		return Contact{}, err
	}
	if len(rows) == 0 {
		return Contact{}, parlatory.NotFound()
	}
	return r.Open(ctx, ws, rows[0])
}
