package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"parlatory"
	"parlatory/internal/domain/keys"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/credential"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Sessions is what the room needs of the sign-in room, in the same transaction.
type Sessions interface {
	// EndAccount ends all sessions and half sessions of an account but one (zero: all).
	EndAccount(tx *db.Tx, account parlatory.AccountID, but parlatory.SessionID) error
	// EndFactorless ends those sessions but one that were begun without a second factor, at one door or (zero) at all.
	EndFactorless(tx *db.Tx, account parlatory.AccountID, door parlatory.WorkspaceID, but parlatory.SessionID) error
	// Stands refuses an actor whose session has ended since it was looked up, and keeps it as it is until tx ends.
	Stands(tx *db.Tx, actor parlatory.Actor) error
	// EndTokens ends the API tokens of an account, wherever they are.
	EndTokens(tx *db.Tx, account parlatory.AccountID) error
	// Renew gives a session a new token; the old one is dead with the commit. What was proved in it, and when, stays.
	Renew(tx *db.Tx, held *vault.Held, session parlatory.SessionID) (parlatory.Secret, error)
}

// Options are what the room needs.
type Options struct {
	DB        *db.DB
	Law       *access.Law
	Ring      *vault.Ring
	Ledger    *ledger.Ledger
	Workspace *workspace.Room
	Security  *security.Room
	Sessions  Sessions
	Refused   *policy.List // what nobody may choose as a password; nil: the embedded list
	Clock     parlatory.Clock
	Log       *slog.Logger
	Limits    Limits
}

// Room holds the accounts.
type Room struct {
	o        Options
	members  Memberships
	asking   *credential.Gate // of the Verifier
	choosing *credential.Gate // of new passwords
}

// asked is how many passwords are looked at for each core at once: enough that the next one's counting is done when a hash is, and few
// enough that a flood puts no more than these before the writes of a conversation.
const asked = 4

// New opens the room.
func New(o Options) *Room {
	o.Limits = o.Limits.orDefault()
	return &Room{o: o, asking: credential.NewGate(asked), choosing: credential.NewGate(1)}
}

// Meet gives the room what stands to its right, once, before anything is served.
func (a *Room) Meet(m Memberships) { a.members = m }

const stateActive = "active"

// Row is an account as it is stored; Open needs the account's key.
type Row struct {
	ID         parlatory.AccountID
	CreatedAt  time.Time
	PasswordAt time.Time
	index      vault.Index
	state      string
	revision   uint32
	sealed     vault.Sealed
}

type private struct {
	Email    string `json:"email"`
	Name     string `json:"name"`
	Password string `json:"password"`
	Language string `json:"language,omitempty"`
	Quiet    bool   `json:"quiet,omitempty"` // no letter about a new device
}

// Account is an opened row.
type Account struct {
	Row
	Email, Name string
	Language    string // empty: the first of Languages
	phc         string
	quiet       bool
}

// Tells says whether the person wants a letter about a sign-in on a new device.
func (acc Account) Tells() bool { return !acc.quiet }

func (r Row) binding() vault.Binding {
	return vault.Binding{Table: "accounts", Row: r.ID.Raw(), Revision: r.revision, Clear: []any{r.index[:], r.state, r.CreatedAt, r.PasswordAt}}
}

func scan(row *db.Row) (Row, bool, error) {
	var r Row
	err := row.Scan(&r.ID, &r.index, &r.state, &r.CreatedAt, &r.PasswordAt, &r.revision, &r.sealed)
	if errors.Is(err, db.ErrNone) {
		return Row{}, false, nil
	}
	if err != nil {
		return Row{}, false, fmt.Errorf("read account: %w", err)
	}
	return r, true, nil
}

// Index is the blind index of a canonical address among the accounts.
func (a *Room) Index(ctx context.Context, email string) (vault.Index, error) {
	ix, err := a.o.Ring.Index(ctx, parlatory.House)
	if err != nil {
		return vault.Index{}, fmt.Errorf("hold house index key: %w", err)
	}
	return ix.Blind("accounts.email", email), nil
}

// ByEmail finds a row by its blind index; tx reaches the house.
func ByEmail(tx *db.Tx, index vault.Index) (Row, bool, error) {
	return scan(tx.House().Row(sqlByEmail, index))
}

// ByID finds a row by id; tx reaches the house.
func ByID(tx *db.Tx, id parlatory.AccountID) (Row, bool, error) {
	return scan(tx.House().Row(sqlByID, id))
}

// Lock gives a row as it stays until tx ends, and makes whoever makes sessions of the account, changes its password or its factors or counts its
// memberships wait for one another. It comes before all else of the account that tx locks, so that none waits for one who waits for it.
func Lock(tx *db.Tx, id parlatory.AccountID) (Row, bool, error) {
	if tx.Postgres() {
		return scan(tx.House().Row(sqlByIDLocked, id))
	}
	return ByID(tx, id) // one writer
}

// Hold fetches an account's key, before a transaction.
func (a *Room) Hold(ctx context.Context, id parlatory.AccountID) (*vault.Held, error) {
	held, err := a.o.Ring.Hold(ctx, parlatory.House, vault.AccountKey(id))
	if err != nil {
		return nil, fmt.Errorf("hold account key: %w", err)
	}
	return held, nil
}

// Open opens a row.
func (r Row) Open(held *vault.Held) (Account, error) {
	var p private
	if err := vault.OpenJSON(held, r.binding(), r.sealed, &p); err != nil {
		return Account{}, fmt.Errorf("open account: %w", err)
	}
	return Account{Row: r, Email: p.Email, Name: p.Name, Language: p.Language, phc: p.Password, quiet: p.Quiet}, nil
}

// Draft is a new account and its key, before the transaction that stores them.
type Draft struct {
	account Account
	Held    *vault.Held
	wrapped vault.Wrapped
}

// Draft prepares an account for an address that its owner has proved, with a password hash that they chose.
func (a *Room) Draft(ctx context.Context, email, name, phc string) (*Draft, error) {
	d := &Draft{account: Account{Email: email, Name: name, phc: phc}}
	d.account.ID = parlatory.NewID[parlatory.AccountKind](a.o.Clock)
	d.account.state, d.account.revision = stateActive, 1
	var err error
	if d.account.index, err = a.Index(ctx, email); err != nil {
		return nil, err
	}
	if d.Held, d.wrapped, err = a.o.Ring.Mint(ctx, parlatory.House, vault.AccountKey(d.account.ID)); err != nil {
		return nil, fmt.Errorf("mint account key: %w", err)
	}
	return d, nil
}

// ID is the new account's.
func (d *Draft) ID() parlatory.AccountID { return d.account.ID }

// Account is the new account; its times are set by Store.
func (d *Draft) Account() Account { return d.account }

// ErrKnown is what Store answers where the address got an account in the meantime.
var ErrKnown = errors.New("address has an account")

// Store writes the key and the row; tx reaches the house.
func (d *Draft) Store(tx *db.Tx) error {
	if err := keys.Put(tx, d.wrapped); err != nil {
		return err
	}
	r := &d.account
	r.CreatedAt, r.PasswordAt = tx.Now(), tx.Now()
	if err := r.seal(d.Held); err != nil {
		return err
	}
	_, err := tx.House().Exec(sqlInsert, r.ID, r.index, r.state, r.CreatedAt, r.PasswordAt, r.revision, r.sealed)
	if db.IsTaken(err) {
		return ErrKnown
	}
	if err != nil {
		return fmt.Errorf("store account: %w", err)
	}
	return nil
}

func (r *Account) seal(held *vault.Held) (err error) {
	r.sealed, err = vault.SealJSON(held, r.binding(), private{r.Email, r.Name, r.phc, r.Language, r.quiet})
	if err != nil {
		return fmt.Errorf("seal account: %w", err)
	}
	return nil
}

// store writes a changed account with its next revision.
func (r *Account) store(tx *db.Tx, held *vault.Held) error {
	r.revision++
	if err := r.seal(held); err != nil {
		return err
	}
	n, err := tx.House().Exec(sqlUpdate, r.ID, r.PasswordAt, r.revision, r.sealed, r.revision-1)
	if err != nil {
		return fmt.Errorf("store account: %w", err)
	}
	if n != 1 {
		return parlatory.Conflict("Your account was changed at the same time. Please try again.")
	}
	return nil
}

// Fresh reads and opens an account inside a transaction that may change it.
func Fresh(tx *db.Tx, held *vault.Held, id parlatory.AccountID) (Account, error) {
	row, ok, err := ByID(tx, id)
	if err != nil {
		return Account{}, err
	}
	if !ok || row.state != stateActive {
		return Account{}, parlatory.NotFound()
	}
	return row.Open(held)
}

// Name judges a person's name.
func Name(name string) (string, error) {
	name, err := policy.Name(name, 1, 80)
	if err != nil {
		return "", parlatory.Invalid("name", "must have 1 to 80 characters, on one line").Because(err)
	}
	if workspace.Linklike(name) {
		return "", parlatory.Invalid("name", "must not hold a web address")
	}
	return name, nil
}

// Rename changes the account's name in the transaction of the act, witnesses it in the house's ledger and queues the echo
// to the person's other workspaces. Which name it was stands in the ledger of the workspace where it shows.
func (a *Room) Rename(tx *db.Tx, held *vault.Held, acc *Account, name string, house *ledger.Pen) error {
	acc.Name = name
	if err := acc.store(tx, held); err != nil {
		return err
	}
	err := house.WitnessHouse(tx, ledger.Entry{Action: ledger.Updated, Element: "Account", ID: acc.ID.Raw(), New: map[string]string{"what": NameChanged}})
	if err != nil {
		return err
	}
	return a.echo(tx, acc.ID, NameChanged)
}
