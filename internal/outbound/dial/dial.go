package dial

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"

	"parlatory"
)

// Options are the operator's.
type Options struct {
	Listed   []netip.Prefix                                               // reachable although refused by rule
	Resolve  func(ctx context.Context, host string) ([]netip.Addr, error) // nil: the system's
	Connect  time.Duration                                                // for name and connection; 10 s
	Whole    time.Duration                                                // life of a connection; 60 s
	MaxBytes int64                                                        // that a connection may bring in; 16 MiB
}

// Dialler connects within its options.
type Dialler struct{ o Options }

// New completes the options.
func New(o Options) *Dialler {
	if o.Resolve == nil {
		o.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if o.Connect <= 0 {
		o.Connect = 10 * time.Second
	}
	if o.Whole <= 0 {
		o.Whole = time.Minute
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 16 << 20
	}
	return &Dialler{o}
}

// failed is what everybody hears, whatever went wrong. The cause, for the operator's log, names no address either.
func failed(cause string) error {
	return parlatory.Fail(parlatory.KindUnavailable, "The server could not reach this address.").Because(errors.New("dial: " + cause))
}

// Dial connects to host:port over TCP.
func (d *Dialler) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return nil, failed("network is not TCP")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, failed("address is not host:port")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil, failed("port is no number")
	}
	ctx, cancel := context.WithTimeout(ctx, d.o.Connect)
	defer cancel()
	judged, err := d.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{KeepAlive: -1, Control: d.control}
	for _, a := range judged {
		conn, err := dialer.DialContext(ctx, network, netip.AddrPortFrom(a, portOf(port)).String())
		if err == nil {
			_ = conn.SetDeadline(time.Now().Add(d.o.Whole))
			return &bounded{Conn: conn, left: d.o.MaxBytes, until: time.Now().Add(d.o.Whole)}, nil
		}
	}
	return nil, failed("no connection")
}

func portOf(s string) uint16 { n, _ := strconv.ParseUint(s, 10, 16); return uint16(n) }

// addresses resolves once. One refused address refuses the name: a name with an address inside and one outside is not
// one that a company would use.
func (d *Dialler) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	found := []netip.Addr{}
	if a, err := netip.ParseAddr(host); err == nil {
		found = append(found, a)
	} else if found, err = d.o.Resolve(ctx, host); err != nil || len(found) == 0 {
		return nil, failed("name is not known")
	}
	for i, a := range found {
		if a.Zone() != "" || !d.allowed(a) {
			return nil, failed("address is refused by rule")
		}
		found[i] = a.Unmap()
	}
	return found[:min(len(found), 4)], nil
}

// control judges the socket's real address just before it connects.
func (d *Dialler) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !d.allowed(ap.Addr()) {
		return failed("address is refused by rule")
	}
	return nil
}

func (d *Dialler) allowed(a netip.Addr) bool {
	a = a.Unmap()
	for _, p := range d.o.Listed {
		if p.Contains(a) {
			return true
		}
	}
	return Public(a)
}

// Public holds for addresses of the open internet: IPv4 outside the special-purpose registry, and IPv6 global unicast
// without the blocks that carry or stand for something else (RFC 6890, IANA registries).
func Public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.Is6() && !globalUnicast.Contains(a) {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

var globalUnicast = netip.MustParsePrefix("2000::/3")

var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.31.196.0/24"),
	netip.MustParsePrefix("192.52.193.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("192.175.48.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("2620:4f:8000::/48"), netip.MustParsePrefix("3fff::/20"),
}

// bounded ends a connection that brings too much. Its deadline can be moved forward only, never past its life.
type bounded struct {
	net.Conn
	until time.Time
	mu    sync.Mutex
	left  int64
}

func (b *bounded) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left <= 0 {
		return 0, failed("too much was sent")
	}
	n, err := b.Conn.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = failed("connection ended")
	}
	return n, err
}

func (b *bounded) within(t time.Time) time.Time {
	if t.IsZero() || t.After(b.until) {
		return b.until
	}
	return t
}

func (b *bounded) SetDeadline(t time.Time) error      { return b.Conn.SetDeadline(b.within(t)) }
func (b *bounded) SetReadDeadline(t time.Time) error  { return b.Conn.SetReadDeadline(b.within(t)) }
func (b *bounded) SetWriteDeadline(t time.Time) error { return b.Conn.SetWriteDeadline(b.within(t)) }
