package front

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parlatory"
)

// Directory finds workspaces by subdomain; domain/workspace fills it and caches.
type Directory interface {
	Workspace(ctx context.Context, subdomain string) (parlatory.WorkspaceID, bool, error)
}

// Sessions turns a cookie or bearer token into who holds it; domain/signin and domain/contact fill it. A cookie's token that is
// unknown, ended or of another door is a *parlatory.Error of KindUnauthenticated or KindExpired: the request goes on as
// nobody. Every other error ends the request, and so does each one of a bearer token.
type Sessions interface {
	Session(ctx context.Context, door parlatory.WorkspaceID, token string, from parlatory.Actor) (parlatory.Actor, error)
	// Unattended is Session for what nobody did: it does not count as use of the session.
	Unattended(ctx context.Context, door parlatory.WorkspaceID, token string, from parlatory.Actor) (parlatory.Actor, error)
	Attempt(ctx context.Context, door parlatory.WorkspaceID, token string, from parlatory.Actor) (parlatory.Actor, error)
	Visitor(ctx context.Context, door parlatory.WorkspaceID, token, site string, from parlatory.Actor) (parlatory.Actor, error)
	// Token judges an API token. The actor that it gives is the member of staff, with the token's id and scopes.
	Token(ctx context.Context, door parlatory.WorkspaceID, bearer string, from parlatory.Actor) (parlatory.Actor, error)
}

// Sites says whether a workspace lists an origin, such as https://shop.example, as a place for its widget.
type Sites interface {
	Listed(ctx context.Context, workspace parlatory.WorkspaceID, origin string) (bool, error)
}

// Limits bound what one request and one address may cost. A zero means the default that New documents.
type Limits struct {
	Body                  int64   // bytes of a request's body from staff; 1 MiB. Everybody else's: 64 KiB at most
	Depth                 int     // nesting of a JSON body; 32
	RequestsPerSecond     float64 // of one address (IPv6: one /64); 100
	Burst                 int     // what an address may save up; 400
	Addresses             int     // addresses remembered at once; 65,536
	Connections           int     // open connections; 20,000
	ConnectionsPerAddress int     // of one address that is not loopback; 1,000
}

// Options is what app hands to New.
type Options struct {
	Domain    string // bare domain, such as chat.example.com
	Port      int    // as clients see it: 443 is left out of addresses
	Directory Directory
	Sessions  Sessions
	Sites     Sites

	API         http.Handler     // /api/v1/… and /widget/v1/…
	StaffLive   http.Handler     // /api/v1/live
	VisitorLive http.Handler     // /widget/v1/live
	Heavy       map[string]Heavy // operations of the API that take a large body, by method and path
	Stream      Stream           // requests whose body is bytes that the API takes as they come; nil: none
	Web         fs.FS            // built web part: console.html, door.html, assets/, widget/

	TrustedProxies []netip.Prefix // peers whose X-Forwarded-For counts
	ProxyProtocol  []netip.Prefix // peers that begin each connection with a header of the PROXY protocol, version 2

	Hosts        map[string]http.Handler // further hosts by name without port (the demo's shop and mail page)
	Certificates Certificates
	Limits       Limits
	Contact      string // of security.txt: a mailto: or https: address; empty leaves the file out

	Clock    parlatory.Clock
	Log      *slog.Logger
	Registry prometheus.Registerer // nil: nothing is measured
}

// Front is the outer wall of one process.
type Front struct {
	opt     Options
	pages   *pages
	buckets *buckets

	tokenFaults *buckets // API tokens that were no good, by address
	heavies     heavies
	names       *names
	places      *places
	metrics     *metrics
}

// New checks the options and reads the web part.
func New(o Options) (*Front, error) {
	if o.Domain == "" || o.Directory == nil || o.Sessions == nil || o.Sites == nil {
		return nil, errors.New("front: domain, directory, sessions and sites are needed")
	}
	if o.Port == 0 {
		o.Port = 443
	}
	if o.Clock == nil {
		o.Clock = parlatory.SystemClock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Limits = o.Limits.withDefaults()
	missing := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { WriteProblem(w, parlatory.NotFound()) })
	for _, h := range []*http.Handler{&o.API, &o.StaffLive, &o.VisitorLive} {
		if *h == nil {
			*h = missing
		}
	}
	p, err := newPages(o.Web)
	if err != nil {
		return nil, fmt.Errorf("front: web part: %w", err)
	}
	return &Front{
		opt:     o,
		pages:   p,
		buckets: newBuckets(o.Limits, o.Clock),

		tokenFaults: newBuckets(Limits{RequestsPerSecond: 1.0 / 6, Burst: 20, Addresses: o.Limits.Addresses}, o.Clock),
		heavies:     heavies{busy: map[parlatory.WorkspaceID]bool{}},
		names:       newNames(o.Clock),
		places:      &places{counts: map[netip.Prefix]int{}},
		metrics:     newMetrics(o.Registry),
	}, nil
}

func (l Limits) withDefaults() Limits {
	def := Limits{Body: 1 << 20, Depth: 32, RequestsPerSecond: 100, Burst: 400, Addresses: 65_536, Connections: 20_000, ConnectionsPerAddress: 1_000}
	if l.Body > 0 {
		def.Body = l.Body
	}
	if l.Depth > 0 {
		def.Depth = l.Depth
	}
	if l.RequestsPerSecond > 0 {
		def.RequestsPerSecond = l.RequestsPerSecond
	}
	if l.Burst > 0 {
		def.Burst = l.Burst
	}
	if l.Addresses > 0 {
		def.Addresses = l.Addresses
	}
	if l.Connections > 0 {
		def.Connections = l.Connections
	}
	if l.ConnectionsPerAddress > 0 {
		def.ConnectionsPerAddress = l.ConnectionsPerAddress
	}
	return def
}

// door is where a request arrived.
type door struct {
	workspace parlatory.WorkspaceID // House at the bare domain; zero at an extra host
	extra     http.Handler
	host      string // canonical, without port
	origin    string // the only Origin that may send unsafe requests here
}

func (f *Front) originOf(host string) string { return scheme + "://" + f.hostPort(host) }

func (f *Front) hostPort(host string) string {
	if f.opt.Port == standardPort {
		return host
	}
	return host + ":" + strconv.Itoa(f.opt.Port)
}

// label is one subdomain as sign-up makes them; anything else needs no lookup.
var label = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)

// deadline is how long an ordinary answer may take. Downloads extend theirs.
const deadline = 60 * time.Second
