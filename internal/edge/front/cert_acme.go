package front

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/mholt/acmez/v3"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// ACMEOptions say where certificates are ordered.
type ACMEOptions struct {
	Directory string // of the authority
	Email     string // for its account
	CAFile    string // PEM roots of an authority of the company's own; empty: the system's
	Folder    string // where account and certificates are kept
	Listen    string // address of the TLS listener, where the challenge arrives
	Known     func(ctx context.Context, host string) bool
	Log       *slog.Logger
}

// ACME orders a certificate when a known name is first asked for, and renews it in time. A stranger's server name costs
// a lookup in the directory of workspaces, paid from the budget of its address, and no order, so nobody can spend our allowance at the authority (RFC 8555).
// Its challenge is TLS-ALPN-01 (RFC 8737), so nothing else needs to listen.
type ACME struct {
	config *certmagic.Config
	cache  *certmagic.Cache
}

// NewACME prepares; nothing is ordered yet. Close ends its upkeep.
func NewACME(o ACMEOptions) (*ACME, error) {
	if o.Known == nil {
		return nil, errors.New("acme: the names must be judged")
	}
	roots, err := rootsOf(o.CAFile)
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("acme: listener address: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("acme: listener port: %w", err)
	}
	log := zap.New(&bridge{log: o.Log})
	a := &ACME{}
	a.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return a.config, nil },
		Capacity:         10_000, Logger: log,
	})
	a.config = certmagic.New(a.cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: o.Folder}, Logger: log,
		OnDemand: &certmagic.OnDemandConfig{DecisionFunc: func(ctx context.Context, name string) error {
			if !o.Known(ctx, name) {
				return errors.New("no host of this server")
			}
			return nil
		}},
	})
	a.config.Issuers = []certmagic.Issuer{certmagic.NewACMEIssuer(a.config, certmagic.ACMEIssuer{
		CA: o.Directory, TestCA: o.Directory, Email: o.Email, Agreed: true, TrustedRoots: roots, DisableHTTPChallenge: true,
		ListenHost: host, AltTLSALPNPort: number, Logger: log,
	})}
	return a, nil
}

func rootsOf(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("acme: roots: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("acme: roots: %s holds no certificate", file)
	}
	return pool, nil
}

// GetCertificate gives the certificate of a known name, ordering it if need be, or that of a challenge.
func (a *ACME) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if hello.ServerName == "" {
		return nil, errors.New("no server name")
	}
	return a.config.GetCertificate(hello)
}

// peerOf is the client of the handshake that a decision is made for; invalid outside of one.
func peerOf(ctx context.Context) netip.Addr {
	hello, ok := ctx.Value(certmagic.ClientHelloInfoCtxKey).(*tls.ClientHelloInfo)
	if !ok || hello == nil || hello.Conn == nil {
		return netip.Addr{}
	}
	return remoteAddress(hello.Conn)
}

// Protocols are what the listener offers besides HTTP.
func (a *ACME) Protocols() []string { return []string{acmez.ACMETLS1Protocol} }

// Patience is how long a handshake may take: the first one for a name waits for its certificate.
func (a *ACME) Patience() time.Duration { return time.Minute }

// Close ends the upkeep of certificates.
func (a *ACME) Close() { a.cache.Stop() }

// bridge carries the library's warnings into our log: its message and its error, no other field.
type bridge struct{ log *slog.Logger }

func (b *bridge) Enabled(l zapcore.Level) bool      { return l >= zapcore.WarnLevel }
func (b *bridge) With([]zapcore.Field) zapcore.Core { return b }
func (b *bridge) Sync() error                       { return nil }
func (b *bridge) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if b.Enabled(e.Level) {
		return c.AddCore(e, b)
	}
	return c
}

func (b *bridge) Write(e zapcore.Entry, fields []zapcore.Field) error {
	attrs := []slog.Attr{slog.String("what", e.Message)}
	for _, f := range fields {
		if err, ok := f.Interface.(error); ok && f.Type == zapcore.ErrorType {
			attrs = append(attrs, slog.String("cause", err.Error()))
		}
	}
	b.log.LogAttrs(context.Background(), slog.LevelWarn, "certificate upkeep", attrs...)
	return nil
}
