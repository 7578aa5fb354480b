package domaintest

import (
	"context"
	"log/slog"
	"net/netip"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/keys"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/signin"
	"parlatory/internal/domain/staff"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
	"parlatory/test/postgres"
)

// Domain is the world's bare domain.
const Domain = "parlatory.test"

// Password is what everybody in the world uses, unless a test says otherwise.
const Password = "violet harbour 17 lanterns"

// Raw lets a test look at rows, and change them past the program.
var Raw = access.Act{Name: "test.raw", Feature: "Tests", Verb: access.Use, By: access.ByKind(parlatory.System), Scope: access.HouseAndWorkspace}

// Clock is a clock that a test moves.
type Clock struct {
	mu  sync.Mutex
	off time.Duration
}

// Now is the machine's time, moved.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return parlatory.SystemClock{}.Now().Add(c.off)
}

// Advance moves the time on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off += d
}

// Post keeps the mails that went out.
type Post struct {
	mu    sync.Mutex
	mails []workspace.Mail
	Fail  error // if set, sending fails with it
}

// Send keeps a mail.
func (p *Post) Send(_ context.Context, m workspace.Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Fail != nil {
		return p.Fail
	}
	p.mails = append(p.mails, m)
	return nil
}

// All gives the mails in the order in which they went out.
func (p *Post) All() []workspace.Mail {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]workspace.Mail(nil), p.mails...)
}

// To gives the mails to one address.
func (p *Post) To(address string) (to []workspace.Mail) {
	for _, m := range p.All() {
		if m.To == address {
			to = append(to, m)
		}
	}
	return to
}

// Count counts the mails to one address with a subject. Mails that went out together have no order.
func (p *Post) Count(address, subject string) (n int) {
	for _, m := range p.To(address) {
		if m.Subject == subject {
			n++
		}
	}
	return n
}

// World is a small system without doors.
type World struct {
	T         testing.TB
	Database  db.Options // to open it a second time, as another node does
	DB        *db.DB
	Law       *access.Law
	Catalogue *access.Catalogue
	Roles     *role.Roles
	Roots     *keys.Roots // a key file, and another behind Line in the place of a key server
	Line      *Line
	Keys      *keys.Room
	Ring      *vault.Ring
	Ledger    *ledger.Ledger
	Clock     *Clock
	Mail      *Post
	Log       *slog.Logger
	Workspace *workspace.Room
	Security  *security.Room
	Account   *account.Room
	Staff     *staff.Room
	Signin    *signin.Room
	Sessions  *signin.Sessions
	Tokens    map[parlatory.SessionID]parlatory.Secret // of the actors that the world made

	admins map[parlatory.WorkspaceID]parlatory.Actor
	people int
	mu     sync.Mutex
}

// Setup changes what a world is made with.
type Setup struct {
	Postgres bool
	Alone    bool           // OnBoth takes one engine after the other: for what counts all that the process does
	Lines    keys.Lines     // workspaces' own key servers
	Acts     [][]access.Act // of rooms to the right of signin
	Account  account.Limits
	Signin   signin.Limits
	Log      *slog.Logger
}

// New makes a world on SQLite; acts are those of the rooms that the test adds.
func New(t testing.TB, acts ...[]access.Act) *World {
	t.Helper()
	return Make(t, Setup{Acts: acts})
}

// OnBoth runs a test on SQLite, and on PostgreSQL where it is installed, side by side unless setup says otherwise.
func OnBoth(t *testing.T, setup Setup, test func(*testing.T, *World)) {
	t.Helper()
	for name, postgres := range map[string]bool{"sqlite": false, "postgres": true} {
		t.Run(name, func(t *testing.T) {
			if !setup.Alone {
				t.Parallel()
			}
			s := setup
			s.Postgres = postgres
			test(t, Make(t, s))
		})
	}
}

// Make makes a world.
func Make(t testing.TB, setup Setup) *World {
	t.Helper()
	w := &World{T: t, Clock: &Clock{}, Mail: &Post{}, Log: setup.Log, Tokens: map[parlatory.SessionID]parlatory.Secret{}, admins: map[parlatory.WorkspaceID]parlatory.Actor{}}
	if w.Log == nil {
		w.Log = slog.New(slog.DiscardHandler)
	}
	acts := append([][]access.Act{
		{Raw}, ledger.Acts(), workspace.Acts(), security.Acts(), role.Acts(), keys.Acts(), account.Acts(), staff.Acts(), signin.Acts(),
	}, setup.Acts...)
	var err error
	w.Catalogue, err = access.NewCatalogue(acts...)
	w.must(err)
	refusals := ledger.NewRefusals(w.Clock)
	w.Roles = role.BuiltIn(w.Catalogue)
	w.Law = access.NewLaw(w.Catalogue, w.Roles, refusals)
	dir := t.TempDir()
	options := db.Options{Clock: w.Clock, Log: w.Log, SQLite: filepath.Join(dir, "parlatory.db")}
	if setup.Postgres {
		options.SQLite = ""
		options.Postgres, options.PostgresOwner = postgres.Start(t)
	}
	w.Database = options
	w.DB, err = db.Open(t.Context(), options)
	w.must(err)
	t.Cleanup(func() { _ = w.DB.Close() })
	fixed := vault.Fixed{}
	for _, name := range []string{vault.RootFile, vault.RootServer} {
		path := filepath.Join(dir, name+".key")
		w.must(vault.CreateKeyFile(path, nil))
		root, err := vault.OpenKeyFile(t.Context(), vault.KeyFile{Path: path})
		w.must(err)
		fixed[name] = vault.Anchor{Root: root}
	}
	w.Line = &Line{Root: fixed[vault.RootServer].Root}
	fixed[vault.RootServer] = vault.Anchor{Root: w.Line}
	shelf := keys.New(w.DB, w.Law)
	w.Roots = keys.NewRoots(fixed, vault.RootFile, setup.Lines, shelf)
	w.Ring = vault.NewRing(vault.Options{Anchors: w.Roots, Shelf: shelf, Clock: w.Clock})
	w.Roots.Serve(w.Ring, w.Log)
	w.Ledger = ledger.New(ledger.Options{DB: w.DB, Ring: w.Ring, Law: w.Law, Clock: w.Clock, Domain: Domain, Log: w.Log, Refusals: refusals})
	w.must(shelf.FoundHouse(t.Context(), w.Ring, w.Ledger))
	w.rooms(setup)
	return w
}

func (w *World) rooms(setup Setup) {
	url := func(sub string) string {
		if sub == "" {
			return "https://" + Domain
		}
		return "https://" + sub + "." + Domain
	}
	w.Workspace = workspace.New(workspace.Options{DB: w.DB, Law: w.Law, Ring: w.Ring, Ledger: w.Ledger, Clock: w.Clock, Domain: Domain, PublicURL: url, Mailer: w.Mail, Log: w.Log, Steady: staff.Steady})
	w.Security = security.New(security.Options{DB: w.DB, Law: w.Law, Ring: w.Ring, Ledger: w.Ledger, Workspace: w.Workspace, Roles: w.Roles, Clock: w.Clock, Log: w.Log, Steady: staff.Steady})
	w.Law.Guard(w.Security, w.Clock)
	w.Keys = keys.NewRoom(keys.Options{DB: w.DB, Law: w.Law, Ring: w.Ring, Ledger: w.Ledger, Roots: w.Roots, Clock: w.Clock, Log: w.Log, Steady: staff.Steady})
	w.Sessions = signin.NewSessions(signin.SessionOptions{DB: w.DB, Law: w.Law, Ring: w.Ring, Security: w.Security, Clock: w.Clock, Log: w.Log})
	w.Account = account.New(account.Options{DB: w.DB, Law: w.Law, Ring: w.Ring, Ledger: w.Ledger, Workspace: w.Workspace, Security: w.Security, Sessions: w.Sessions, Clock: w.Clock, Log: w.Log, Limits: setup.Account})
	w.Staff = staff.New(staff.Options{DB: w.DB, Law: w.Law, Roles: w.Roles, Ring: w.Ring, Ledger: w.Ledger, Workspace: w.Workspace, Account: w.Account, Sessions: w.Sessions, Clock: w.Clock, Log: w.Log})
	w.Signin = signin.New(signin.Options{DB: w.DB, Law: w.Law, Ring: w.Ring, Ledger: w.Ledger, Workspace: w.Workspace, Security: w.Security, Account: w.Account, Staff: w.Staff, Sessions: w.Sessions, Clock: w.Clock, Log: w.Log, Limits: setup.Signin})
	w.Security.Meet(w.Sessions, w.Signin, w.Signin)
}

func (w *World) must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// At is a stranger at a door: of a workspace, or of the house. Each call comes from another address, unless from says.
func (w *World) At(door parlatory.WorkspaceID, from ...string) parlatory.Actor {
	w.mu.Lock()
	w.people++
	n := w.people
	w.mu.Unlock()
	addr := netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
	if len(from) > 0 {
		addr = netip.MustParseAddr(from[0])
	}
	return parlatory.Actor{Kind: parlatory.Anonymous, Workspace: door, Address: addr, Device: "Test browser"}
}

var linkToken = regexp.MustCompile(`#token=([A-Za-z0-9_-]{43})`)

// Link delivers what waits, and gives the token of the newest link that was mailed to an address.
func (w *World) Link(to string) parlatory.Secret {
	w.T.Helper()
	w.Deliver()
	mails := w.Mail.To(to)
	for i := len(mails) - 1; i >= 0; i-- {
		if m := linkToken.FindStringSubmatch(mails[i].Text); m != nil {
			return parlatory.NewSecret(m[1])
		}
	}
	w.T.Fatalf("no link was mailed")
	return parlatory.Secret{}
}

// Deliver sends the mails that wait.
func (w *World) Deliver() {
	w.T.Helper()
	for {
		n, err := w.Workspace.Outbox().Deliver(w.T.Context())
		w.must(err)
		if n == 0 {
			return
		}
	}
}

// SignUp asks for a workspace and gives the mailed token.
func (w *World) SignUp(sub, email string) parlatory.Secret {
	w.T.Helper()
	w.must(w.Signin.RequestSignup(w.T.Context(), w.At(parlatory.House), signin.Signup{Company: "Company " + sub, Subdomain: sub, Email: email,
		SecurityVersion: workspace.Version, PrivacyVersion: workspace.Version}))
	return w.Link(email)
}

// Founded makes a workspace whose administrator is admin@<sub>.example.
func (w *World) Founded(t testing.TB, sub string) (parlatory.WorkspaceID, parlatory.Actor) {
	t.Helper()
	email := "admin@" + sub + ".example"
	f, err := w.Signin.CompleteSignup(t.Context(), w.At(parlatory.House), w.SignUp(sub, email), "Ada of "+sub, parlatory.NewSecret(Password))
	w.must(err)
	actor := w.SignIn(t, f.Workspace, email, Password)
	w.mu.Lock()
	w.admins[f.Workspace] = actor
	w.mu.Unlock()
	return f.Workspace, actor
}

// SignIn signs somebody in, agrees to what is owed, and gives the actor of the session.
func (w *World) SignIn(t testing.TB, ws parlatory.WorkspaceID, email, password string) parlatory.Actor {
	t.Helper()
	r, err := w.Signin.Enter(t.Context(), w.At(ws), signin.Try{Email: email, Password: parlatory.NewSecret(password)})
	w.must(err)
	return w.Resume(t, ws, w.Agreed(t, ws, r).Token)
}

// Agreed pays the agreement where it is owed.
func (w *World) Agreed(t testing.TB, ws parlatory.WorkspaceID, r signin.Result) signin.Result {
	t.Helper()
	if r.Owed == "" {
		return r
	}
	half, err := w.Sessions.Attempt(t.Context(), ws, r.Token.Reveal(), w.At(ws))
	w.must(err)
	r, err = w.Signin.Agree(t.Context(), half, workspace.Version, workspace.Version)
	w.must(err)
	return r
}

// Resume gives the actor of a session's token.
func (w *World) Resume(t testing.TB, ws parlatory.WorkspaceID, token parlatory.Secret) parlatory.Actor {
	t.Helper()
	actor, err := w.Sessions.Session(t.Context(), ws, token.Reveal(), w.At(ws))
	w.must(err)
	w.mu.Lock()
	w.Tokens[actor.Session] = token
	w.mu.Unlock()
	return actor
}

// Hire invites somebody new into a role, accepts for them, and gives the actor of their session.
func (w *World) Hire(t testing.TB, ws parlatory.WorkspaceID, roleName string) parlatory.Actor {
	t.Helper()
	actor, _ := w.HireAs(t, ws, roleName)
	return actor
}

// HireAs also gives the address.
func (w *World) HireAs(t testing.TB, ws parlatory.WorkspaceID, roleName string) (parlatory.Actor, string) {
	t.Helper()
	w.mu.Lock()
	w.people++
	email := "person" + string(rune('a'+w.people%26)) + string(rune('a'+w.people/26%26)) + "@hired.example"
	admin := w.admins[ws]
	w.mu.Unlock()
	admin.Proved = w.Clock.Now() // however long the test has run
	_, err := w.Staff.Invite(t.Context(), admin, email, "", roleName)
	w.must(err)
	r, err := w.Signin.AcceptInvitation(t.Context(), w.At(ws), w.Link(email), "Person "+email[6:8], parlatory.NewSecret(Password))
	w.must(err)
	return w.Resume(t, ws, w.Agreed(t, ws, r).Token), email
}

// Look runs fn in a transaction of a test, which may change rows past the program.
func (w *World) Look(ws parlatory.WorkspaceID, fn func(*db.Tx) error) {
	w.T.Helper()
	permit, err := w.Law.System(Raw, ws)
	w.must(err)
	w.must(w.DB.Write(w.T.Context(), permit, fn))
}

// Count counts rows of a workspace: a table and a condition whose arguments begin with $2.
func (w *World) Count(ws parlatory.WorkspaceID, table, where string, args ...any) int {
	w.T.Helper()
	if where == "" {
		where = "1 = 1"
	}
	var n int
	w.Look(ws, func(tx *db.Tx) error {
		return tx.Row("SELECT COUNT(*) FROM "+table+" WHERE workspace = $1 AND "+where, args...).Scan(&n)
	})
	return n
}
