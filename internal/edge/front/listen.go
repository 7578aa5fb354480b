package front

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

const (
	maxHeader     = 16 << 10
	headerTime    = 5 * time.Second
	idleTime      = 120 * time.Second
	bodyTime      = 30 * time.Second
	handshakeTime = 10 * time.Second
	graceTime     = 10 * time.Second
)

// Certificates finds the certificate for a handshake: from files, by ACME, or from the demo's authority. An error ends
// the handshake.
type Certificates interface {
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
}

// TLS is the configuration of every listener: 1.3 and nothing below, so that each suite is authenticated encryption
// with forward secrecy, and the first key exchange offered is the hybrid one.
func TLS(c Certificates) *tls.Config {
	protocols := []string{"h2", "http/1.1"}
	if a, ok := c.(interface{ Protocols() []string }); ok {
		protocols = append(protocols, a.Protocols()...)
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: c.GetCertificate, NextProtos: protocols}
}

// Serve answers on a listener until the context ends, then lets requests finish for ten seconds. It returns when all
// that it started has ended. Sockets are their surface's to end: hijacked connections are not waited for.
func (f *Front) Serve(ctx context.Context, plain net.Listener) error {
	if f.opt.Certificates == nil && !(plaintext && loopback(plain.Addr())) {
		return errors.New("front: no certificates, and this program speaks TLS only")
	}
	srv := newServer(f, f.opt.Log)
	if f.opt.Certificates != nil {
		srv.TLSConfig = TLS(f.opt.Certificates)
	}
	return f.serveGated(ctx, srv, plain)
}

// serveGated serves behind a gate, with TLS if the server has a configuration of it.
func (f *Front) serveGated(ctx context.Context, srv *http.Server, plain net.Listener) error {
	g := &gate{Listener: plain, front: f, tls: srv.TLSConfig, ready: make(chan net.Conn), over: make(chan struct{})}
	g.wait.Go(g.accept)
	err := serveUntil(ctx, srv, g)
	_ = g.Close()
	g.wait.Wait()
	return err
}

func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, WriteTimeout: deadline, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: 100, MaxReadFrameSize: 1 << 16, PermitProhibitedCipherSuites: false},
		ErrorLog: slog.NewLogLogger(quiet{log.Handler()}, slog.LevelDebug),
	}
}

// serveUntil runs a server until the context ends, and waits for its requests.
func serveUntil(ctx context.Context, srv *http.Server, l net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }() // ends with Shutdown or Close below
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTime)
	defer cancel()
	if srv.Shutdown(grace) != nil {
		_ = srv.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func loopback(a net.Addr) bool {
	ap, err := netip.ParseAddrPort(a.String())
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

// gate accepts connections within bounds, does the handshake of each apart from the others, and hands on those of
// HTTP/2 as they are (net/http needs the tls.Conn) and those of HTTP/1.1 behind the scan.
type gate struct {
	net.Listener
	front *Front
	tls   *tls.Config
	ready chan net.Conn
	over  chan struct{}
	close sync.Once
	wait  sync.WaitGroup
}

// places counts the open connections of all listeners together.
type places struct {
	mu     sync.Mutex
	total  int
	counts map[netip.Prefix]int
}

// Accept gives the next connection that has shaken hands.
func (g *gate) Accept() (net.Conn, error) {
	select {
	case c := <-g.ready:
		return c, nil
	case <-g.over:
		return nil, net.ErrClosed
	}
}

// Close ends accepting; open connections stay.
func (g *gate) Close() error {
	g.close.Do(func() { close(g.over) })
	return g.Listener.Close()
}

func (g *gate) accept() {
	pause := time.Millisecond
	for {
		c, err := g.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			g.close.Do(func() { close(g.over) })
			return
		}
		if err != nil { // out of descriptors, or a peer that left: wait a little and go on
			g.front.metrics.refuse("accept")
			select {
			case <-time.After(pause):
				pause = min(2*pause, time.Second)
				continue
			case <-g.over:
				return
			}
		}
		pause = time.Millisecond
		k, ok := g.admit(c)
		if !ok {
			_ = c.Close()
			continue
		}
		g.wait.Go(func() {
			if !k.known && !g.introduced(k) {
				_ = k.Close()
				return
			}
			g.shake(k)
		})
	}
}

// admit counts a connection, or refuses it. One of a listed balancer is counted for its address once that is known.
func (g *gate) admit(c net.Conn) (*counted, bool) {
	g.front.places.mu.Lock()
	if g.front.places.total >= g.front.opt.Limits.Connections {
		g.front.places.mu.Unlock()
		g.front.metrics.refuse("full")
		return nil, false
	}
	g.front.places.total++
	g.front.metrics.connections.Inc()
	g.front.places.mu.Unlock()
	k := &counted{Conn: c, front: g.front}
	from := remoteAddress(c)
	if within(g.front.opt.ProxyProtocol, from) {
		return k, true
	}
	if !k.seat(from) {
		k.leave()
		return nil, false
	}
	return k, true
}

// introduced reads whom a listed balancer speaks for, in a time of its own, and counts the connection for that address. The
// header is demanded of listed peers on every listener, and means nothing from others: in front of a handshake or a
// request it is no TLS and no HTTP.
func (g *gate) introduced(k *counted) bool {
	_ = k.SetReadDeadline(time.Now().Add(headerTime))
	client, err := readProxyHeader(k.Conn)
	_ = k.SetReadDeadline(time.Time{})
	if err != nil {
		g.front.metrics.refuse("proxy header")
		return false
	}
	if client.IsValid() {
		k.client = net.TCPAddrFromAddrPort(client)
	}
	return k.seat(remoteAddress(k))
}

func (g *gate) shake(c net.Conn) {
	if g.tls == nil {
		g.hand(&scanned{Conn: c})
		return
	}
	patience := handshakeTime
	if p, ok := g.front.opt.Certificates.(interface{ Patience() time.Duration }); ok {
		patience = p.Patience()
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	t := tls.Server(c, g.tls)
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	err := t.HandshakeContext(ctx)
	if !stop() || err != nil {
		g.front.metrics.refuse("handshake")
		_ = c.Close()
		return
	}
	switch t.ConnectionState().NegotiatedProtocol {
	case "h2":
		g.hand(t)
	case "", "http/1.1":
		g.hand(&scanned{Conn: t})
	default: // the challenge of ACME ends with its handshake (RFC 8737 §3)
		_ = t.Close()
	}
}

func (g *gate) hand(c net.Conn) {
	select {
	case g.ready <- c:
	case <-g.over:
		_ = c.Close()
	}
}

// counted holds a place among all connections and one among those of its address, and gives them back when it closes.
type counted struct {
	net.Conn
	front  *Front
	client net.Addr // whom a balancer speaks for; nil: the peer itself

	// Under the lock of places:
	known bool // has a place of its address
	gone  bool
	key   netip.Prefix
}

// RemoteAddr is the client's.
func (k *counted) RemoteAddr() net.Addr {
	if k.client != nil {
		return k.client
	}
	return k.Conn.RemoteAddr()
}

// seat takes a place of an address. Loopback is the operator's own machine, and a trusted proxy holds the connections of
// everybody: they count in the total only.
func (k *counted) seat(a netip.Addr) bool {
	p, free := k.front.places, a.IsLoopback() || within(k.front.opt.TrustedProxies, a)
	p.mu.Lock()
	defer p.mu.Unlock()
	k.key = source(a)
	switch {
	case k.gone:
		return false
	case !free && p.counts[k.key] >= k.front.opt.Limits.ConnectionsPerAddress:
		k.front.metrics.refuse("address")
		return false
	}
	k.known = true
	p.counts[k.key]++
	return true
}

func (k *counted) leave() {
	p := k.front.places
	p.mu.Lock()
	defer p.mu.Unlock()
	if k.gone {
		return
	}
	k.gone = true
	p.total--
	k.front.metrics.connections.Dec()
	if !k.known {
		return
	}
	if p.counts[k.key]--; p.counts[k.key] <= 0 {
		delete(p.counts, k.key)
	}
}

// Close gives the places back.
func (k *counted) Close() error {
	k.leave()
	return k.Conn.Close()
}

// quiet keeps the lines that net/http writes about bad connections out of the log: they name addresses. Their number is
// in the metrics.
type quiet struct{ slog.Handler }

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	return q.Handler.Handle(ctx, slog.NewRecord(r.Time, slog.LevelDebug, "connection ended early", 0))
}
