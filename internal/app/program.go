package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/archive"
	"parlatory/internal/domain/audit"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/contact"
	"parlatory/internal/domain/file"
	"parlatory/internal/domain/keys"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/signin"
	"parlatory/internal/domain/staff"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/edge/api"
	"parlatory/internal/edge/front"
	"parlatory/internal/edge/live"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/policy"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/backup"
	"parlatory/internal/storage/blob"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
	"parlatory/web"
)

// Plan is what serve and demo hand to Open.
type Plan struct {
	Domain   string
	Port     int // as browsers see it
	Database db.Options
	Roots    vault.Fixed    // the operator's root keys by name, vault.RootFile or vault.RootServer
	NewRoot  string         // under which of them new workspaces' keys are
	OwnRoots keys.Lines     // workspaces' own key servers; nil: there are none
	Confirm  time.Duration  // how long an answer of a key server holds
	Parts    *backup.Folder // where wrapped keys are backed up; nil: nowhere
	Mailer   workspace.Mailer
	Contact  string       // of security.txt
	Blobs    blob.Store   // of what people send each other; closed at the end if it can be; nil: no files are taken
	Scanner  file.Scanner // of files; nil: none is scanned
	Refused  *policy.List // passwords that nobody may choose; nil: the built-in list

	TrustedProxies, ProxyProtocol []netip.Prefix

	Certificates func(known func(context.Context, string) bool) (front.Certificates, error) // nil: plaintext, in bench builds alone
	Hosts        map[string]http.Handler

	Limits struct {
		Front   front.Limits
		Live    live.Limits
		Chat    chat.Limits
		File    file.Limits
		Account account.Limits
		Signin  signin.Limits
	}
	Jobs  []func(context.Context) error // beside those of the rooms
	Clock parlatory.Clock
	Log   *slog.Logger
}

// Program is an opened system: rooms and doors, not listening yet.
type Program struct {
	Plan
	DB       *db.DB
	Law      *access.Law
	Ledger   *ledger.Ledger
	Rooms    api.Rooms
	API      *api.API
	Live     *live.Live
	Front    *front.Front
	Registry *prometheus.Registry
	store    *signin.Sessions

	generation *security.Generation

	certificates front.Certificates
	jobs         []func(context.Context) error
}

// Catalogue gathers the acts of all rooms.
func Catalogue() (*access.Catalogue, error) {
	return access.NewCatalogue(
		ledger.Acts(), workspace.Acts(), security.Acts(), role.Acts(), keys.Acts(), account.Acts(), staff.Acts(), signin.Acts(), contact.Acts(), file.Acts(), chat.Acts(), archive.Acts(), audit.Acts(),
	)
}

// Open opens the database, founds the house at the first start, and wires rooms and doors.
func Open(ctx context.Context, plan Plan) (p *Program, err error) {
	if plan.Clock == nil {
		plan.Clock = parlatory.SystemClock{}
	}
	p = &Program{Plan: plan, Registry: prometheus.NewRegistry()}
	p.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	p.Registry.MustRegister(passwordChecks()...)
	catalogue, err := Catalogue()
	if err != nil {
		return nil, err
	}
	refusals := ledger.NewRefusals(plan.Clock)
	roles := role.BuiltIn(catalogue)
	p.Law = access.NewLaw(catalogue, roles, refusals)
	plan.Database.Clock, plan.Database.Log = plan.Clock, plan.Log
	if p.DB, err = db.Open(ctx, plan.Database); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	opened := p
	defer func() {
		if err != nil {
			_ = opened.closeStores() // the first error tells more
		}
	}()
	shelf := keys.New(p.DB, p.Law)
	roots := keys.NewRoots(plan.Roots, plan.NewRoot, plan.OwnRoots, shelf)
	ring := vault.NewRing(vault.Options{Anchors: roots, New: plan.NewRoot, Confirm: plan.Confirm, Shelf: shelf, Clock: plan.Clock, Log: plan.Log,
		Shut: func(ws parlatory.WorkspaceID) { p.DB.Hear(parlatory.Event{Kind: parlatory.KeysShut, Workspace: ws}) }})
	roots.Serve(ring, plan.Log)
	p.Ledger = ledger.New(ledger.Options{DB: p.DB, Ring: ring, Law: p.Law, Clock: plan.Clock, Domain: plan.Domain, Log: plan.Log, Refusals: refusals})
	if err = shelf.FoundHouse(ctx, ring, p.Ledger); err != nil {
		return nil, err
	}
	if p.generation, err = security.NewGeneration(ctx, p.DB, p.Law, plan.Log); err != nil {
		return nil, err
	}
	p.rooms(ring, roots, roles)
	return p, p.doors(catalogue)
}

func (p *Program) rooms(ring *vault.Ring, roots *keys.Roots, roles access.Roles) {
	ws := workspace.New(workspace.Options{
		DB: p.DB, Law: p.Law, Ring: ring, Ledger: p.Ledger, Clock: p.Clock, Domain: p.Domain, PublicURL: p.URL, Mailer: p.Mailer, Log: p.Log,
		Steady: staff.Steady,
	})
	se := security.New(security.Options{
		DB: p.DB, Law: p.Law, Ring: ring, Ledger: p.Ledger, Workspace: ws, Roles: roles, Clock: p.Clock, Log: p.Log, Steady: staff.Steady,
	})
	p.Law.Guard(se, p.Clock)
	ke := keys.NewRoom(keys.Options{DB: p.DB, Law: p.Law, Ring: ring, Ledger: p.Ledger, Roots: roots, Clock: p.Clock, Log: p.Log, Steady: staff.Steady})
	store := signin.NewSessions(signin.SessionOptions{DB: p.DB, Law: p.Law, Ring: ring, Security: se, Clock: p.Clock, Log: p.Log})
	ac := account.New(account.Options{
		DB: p.DB, Law: p.Law, Ring: ring, Ledger: p.Ledger, Workspace: ws, Security: se, Sessions: store, Refused: p.Refused, Clock: p.Clock, Log: p.Log, Limits: p.Limits.Account,
	})
	st := staff.New(staff.Options{
		DB: p.DB, Law: p.Law, Roles: roles, Ring: ring, Ledger: p.Ledger, Workspace: ws, Account: ac, Sessions: store, Clock: p.Clock, Log: p.Log,
	})
	si := signin.New(signin.Options{
		DB: p.DB, Law: p.Law, Ring: ring, Ledger: p.Ledger, Workspace: ws, Security: se, Account: ac, Staff: st, Sessions: store, Clock: p.Clock, Log: p.Log,
		Limits: p.Limits.Signin,
	})
	se.Meet(store, si, si, operation{proxies: len(p.TrustedProxies), vouched: len(p.ProxyProtocol) > 0, refused: p.Refused != nil})
	co := contact.New(contact.Options{DB: p.DB, Law: p.Law, Ring: ring, Sites: ws, Clock: p.Clock, Log: p.Log})
	fi := file.New(file.Options{
		DB: p.DB, Law: p.Law, Ring: ring, Ledger: p.Ledger, Blobs: p.Blobs, Scanner: p.Scanner, Contacts: co, Staff: st, Clock: p.Clock, Log: p.Log, Limits: p.Limits.File, Steady: staff.Steady,
	})
	ch := chat.New(chat.Options{
		DB: p.DB, Law: p.Law, Ring: ring, Ledger: p.Ledger, Contacts: co, Staff: st, Security: se, Clock: p.Clock, Log: p.Log, Limits: p.Limits.Chat,
	})
	fi.Meet(ch)
	p.Registry.MustRegister(fileChecks(fi)...)
	p.store = store
	p.DB.Listen(ch)
	ar := archive.New(archive.Options{
		DB: p.DB, Law: p.Law, Ring: ring, Ledger: p.Ledger, Contacts: co, Chat: ch, Keys: ke, Staff: st, Files: contactFiles{fi}, Parts: p.Parts, Domain: p.Domain, Clock: p.Clock, Log: p.Log,
		Steady: staff.Steady,
	})
	au := audit.New(audit.Options{DB: p.DB, Law: p.Law, Ledger: p.Ledger})
	p.Rooms = api.Rooms{Law: p.Law, Roles: roles, Workspace: ws, Security: se, Keys: ke, Account: ac, Staff: st, Signin: si, Contact: co, File: fi, Chat: ch, Audit: au, Archive: ar, Clock: p.Clock}
	p.jobs = []func(context.Context) error{ring.Run, ke.Run, p.Ledger.Run, ws.Run, se.Run, st.Run, si.Run, fi.Run, ch.Run, ar.Run, p.generation.Run}
	p.jobs = append(p.jobs, p.Jobs...)
}

// sessions is what doors ask for who somebody is.
type sessions struct {
	*signin.Sessions
	contacts *contact.Room
}

func (s sessions) Visitor(ctx context.Context, door parlatory.WorkspaceID, token, site string, from parlatory.Actor) (parlatory.Actor, error) {
	return s.contacts.Visitor(ctx, door, token, site, from)
}

func (p *Program) doors(catalogue *access.Catalogue) error {
	who := sessions{p.store, p.Rooms.Contact}
	var err error
	if p.Live, err = live.New(live.Options{
		Chat: p.Rooms.Chat, Sessions: who, Sites: p.Rooms.Workspace, Gate: p.Rooms.Security, Touch: p.store.Touch, Catalogue: catalogue, Shared: p.DB.Engine() == db.Postgres, Deaf: p.deaf, Clock: p.Clock, Log: p.Log,
		Registry: p.Registry, Limits: p.Limits.Live,
	}); err != nil {
		return err
	}
	p.DB.Listen(p.Live)
	p.Rooms.Online = p.Live.Online
	if p.API, err = api.New(p.Rooms, catalogue, p.Log); err != nil {
		return err
	}
	options := front.Options{
		Domain: p.Domain, Port: p.Port, Directory: p.Rooms.Workspace, Sessions: who, Sites: p.Rooms.Workspace,
		API: p.API, Heavy: p.API.Heavy(), Stream: api.Stream, StaffLive: p.Live.Handler(), VisitorLive: p.Live.Handler(), Web: web.FS(), Hosts: p.Hosts,
		TrustedProxies: p.TrustedProxies, ProxyProtocol: p.ProxyProtocol, Limits: p.Limits.Front, Contact: p.Contact, Clock: p.Clock, Log: p.Log, Registry: p.Registry,
	}
	if p.Certificates != nil {
		// The source of certificates asks front which hosts are ours, and front serves with it: the host check is bound late.
		if options.Certificates, err = p.Certificates(func(ctx context.Context, host string) bool { return p.Front.Known(ctx, host) }); err != nil {
			return err
		}
	}
	p.certificates = options.Certificates
	if p.Front, err = front.New(options); err != nil {
		return err
	}
	p.DB.Listen(p.Front)
	return nil
}

// closeStores ends the database, and the store of files where it holds something. Everything that uses them has ended.
func (p *Program) closeStores() error {
	err := p.DB.Close()
	if c, ok := p.Blobs.(io.Closer); ok {
		err = errors.Join(err, c.Close())
	}
	return err
}

// deaf is for how long this node may not know what others did: other nodes, or a command of the operator.
func (p *Program) deaf() time.Duration { return max(p.DB.Deaf(), p.generation.Silent()) }

// URL is the public address of a workspace's host, or of the bare domain for "".
func (p *Program) URL(subdomain string) string {
	host := p.Domain
	if subdomain != "" {
		host = subdomain + "." + host
	}
	if p.Port != 443 {
		host = net.JoinHostPort(host, strconv.Itoa(p.Port))
	}
	return "https://" + host
}

// Run works until ctx ends: jobs, the listener, and the operator's listener (nil: none). It returns when all that it
// started has ended; acts that were taken are finished first.
func (p *Program) Run(ctx context.Context, public, redirect, admin net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var working sync.WaitGroup
	faults := make(chan error, len(p.jobs)+3)
	start := func(what string, fn func(context.Context) error) {
		working.Go(func() {
			if err := fn(ctx); err != nil && ctx.Err() == nil {
				faults <- fmt.Errorf("%s: %w", what, err)
				stop()
			}
		})
	}
	for _, job := range p.jobs {
		start("job", job)
	}
	start("listener", func(ctx context.Context) error { return p.Front.Serve(ctx, public) })
	if redirect != nil {
		start("redirect", func(ctx context.Context) error { return p.Front.ServeRedirect(ctx, redirect) })
	}
	if admin != nil {
		a := front.Admin{Gatherer: p.Registry, Ready: p.DB.Ping, Log: p.Log}
		start("admin listener", func(ctx context.Context) error { return a.Serve(ctx, admin) })
	}
	<-ctx.Done()
	err := p.close()
	working.Wait()
	err = errors.Join(err, p.closeStores())
	select {
	case fault := <-faults:
		return fault
	default:
		return err
	}
}

// close ends the sockets and waits for the posts that were taken.
func (p *Program) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := p.Live.Close(ctx)
	p.Rooms.Chat.Close()
	if c, ok := p.certificates.(interface{ Close() }); ok { // ACME keeps certificates fresh in the background
		c.Close()
	}
	return err
}
