package keyserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"parlatory"
)

// Options describe the server, its key and the way to sign in.
type Options struct {
	Address    string // https://HOST[:PORT]; the port is 8200 if it says none
	Namespace  string // of OpenBao or Vault Enterprise; empty: the root
	Mount      string // of the transit engine; "transit"
	Key        string // name of the transit key; empty: the line serves database credentials only
	CAFile     string // PEM roots, or
	CA         []byte // the same, given; neither: the system's
	ServerName string // that the certificate must carry; empty: the address's host
	Auth       Auth
	Timeout    time.Duration                                                        // of one act with all its exchanges; 3 s
	Dial       func(ctx context.Context, network, address string) (net.Conn, error) // nil: a plain dialler, for the operator's own server
	// Discreet is for an address that somebody typed in who is not the operator: Check says that a server can't be reached, and not how, so
	// that nobody learns which machines and ports there are.
	Discreet bool
	Clock    parlatory.Clock
	Log      *slog.Logger
}

// Auth is exactly one way to sign in.
type Auth struct {
	AppRole     *AppRole
	Kubernetes  *Kubernetes
	Certificate *Certificate
	TokenFile   string // a token that an agent beside us keeps fresh; the file is read again when the token is refused
}

// AppRole signs in by a role and a secret.
type AppRole struct {
	Mount      string // "approle"
	RoleID     string
	SecretID   parlatory.Secret // or
	SecretFile string           // a file that holds it, read at each sign-in
}

// Kubernetes signs in by the token of the pod's service account.
type Kubernetes struct {
	Mount     string // "kubernetes"
	Role      string
	TokenFile string // "/var/run/secrets/kubernetes.io/serviceaccount/token", read at each sign-in
}

// Certificate signs in by a TLS client certificate.
type Certificate struct {
	Mount    string // "cert"
	Name     string // of the server's entry; empty: the server looks for one
	CertFile string // PEM files, read at each connection, so that they may be replaced; or
	KeyFile  string
	Cert     []byte // the same, given
	Key      parlatory.Secret
}

const (
	standardPort  = "8200"
	podToken      = "/var/run/secrets/kubernetes.io/serviceaccount/token"
	secretMost    = 16 << 10 // bytes of a token or secret, and of the file that holds it
	certificates  = 64 << 10
	standardPause = 3 * time.Second
)

var (
	pathForm  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`) // no "..", nothing to escape
	nameForm  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	tokenForm = regexp.MustCompile(`^[\x21-\x7e]+$`)
)

// complete fills in what was left out and refuses what cannot be right. Its errors repeat no value.
func (o *Options) complete() (host string, err error) {
	if host, err = hostOf(o.Address); err != nil {
		return "", err
	}
	if o.ServerName == "" {
		o.ServerName, _, _ = net.SplitHostPort(host)
	}
	o.Namespace = strings.Trim(o.Namespace, "/")
	o.Mount = orElse(strings.Trim(o.Mount, "/"), "transit")
	switch {
	case o.Namespace != "" && !pathForm.MatchString(o.Namespace):
		return "", errors.New("key server: the namespace is no path of plain names")
	case !pathForm.MatchString(o.Mount):
		return "", errors.New("key server: the mount is no path of plain names")
	case o.Key != "" && !nameForm.MatchString(o.Key):
		return "", errors.New("key server: the key's name may hold letters, digits, dots, dashes and underscores")
	}
	if o.Timeout <= 0 {
		o.Timeout = standardPause
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{KeepAlive: -1}).DialContext
	}
	if o.Clock == nil {
		o.Clock = parlatory.SystemClock{}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return host, o.Auth.complete()
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func hostOf(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("key server: the address must be https://HOST or https://HOST:PORT")
	}
	return net.JoinHostPort(u.Hostname(), orElse(u.Port(), standardPort)), nil
}

func (a *Auth) complete() error {
	ways := 0
	for _, set := range []bool{a.AppRole != nil, a.Kubernetes != nil, a.Certificate != nil, a.TokenFile != ""} {
		if set {
			ways++
		}
	}
	if ways != 1 {
		return errors.New("key server: exactly one way to sign in is needed")
	}
	var mount string
	switch {
	case a.AppRole != nil:
		r := *a.AppRole
		r.Mount = orElse(strings.Trim(r.Mount, "/"), "approle")
		if !tokenForm.MatchString(r.RoleID) || r.SecretID.Empty() == (r.SecretFile == "") {
			return errors.New("key server: AppRole needs a role id, and either a secret id or a file of it")
		}
		a.AppRole, mount = &r, r.Mount
	case a.Kubernetes != nil:
		k := *a.Kubernetes
		k.Mount, k.TokenFile = orElse(strings.Trim(k.Mount, "/"), "kubernetes"), orElse(k.TokenFile, podToken)
		if !nameForm.MatchString(k.Role) {
			return errors.New("key server: Kubernetes needs a role")
		}
		a.Kubernetes, mount = &k, k.Mount
	case a.Certificate != nil:
		c := *a.Certificate
		c.Mount = orElse(strings.Trim(c.Mount, "/"), "cert")
		if _, err := c.pair(); err != nil {
			return err
		}
		a.Certificate, mount = &c, c.Mount
	default:
		return nil
	}
	if !pathForm.MatchString(mount) {
		return errors.New("key server: the mount of the sign-in is no path of plain names")
	}
	return nil
}

// pair reads the client certificate.
func (c *Certificate) pair() (tls.Certificate, error) {
	cert, key := c.Cert, []byte(c.Key.Reveal())
	if c.CertFile != "" || c.KeyFile != "" {
		var err error
		if cert, err = readBounded(c.CertFile, certificates); err != nil {
			return tls.Certificate{}, fmt.Errorf("key server: client certificate: %w", err)
		}
		if key, err = readBounded(c.KeyFile, certificates); err != nil {
			return tls.Certificate{}, fmt.Errorf("key server: client key: %w", err)
		}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, errors.New("key server: client certificate and key cannot be read or do not belong together")
	}
	return pair, nil
}

// security is how the server must prove itself.
func (o *Options) security() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS13, ServerName: o.ServerName}
	roots := o.CA
	if o.CAFile != "" {
		var err error
		if roots, err = readBounded(o.CAFile, 1<<20); err != nil {
			return nil, fmt.Errorf("key server: roots: %w", err)
		}
	}
	if len(roots) > 0 {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(roots) {
			return nil, errors.New("key server: the roots hold no certificate")
		}
	}
	if own := o.Auth.Certificate; own != nil {
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := own.pair()
			return &pair, err
		}
	}
	return c, nil
}

// readSecret reads a file of one token or secret.
func readSecret(path string) (string, error) {
	b, err := readBounded(path, secretMost)
	if err != nil {
		return "", err
	}
	s := strings.TrimSpace(string(b))
	if !tokenForm.MatchString(s) {
		return "", errors.New("file holds no single token")
	}
	return s, nil
}

// readBounded reads a small file; the error does not repeat its path.
func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.New("file cannot be opened")
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil || int64(len(b)) > most {
		return nil, errors.New("file cannot be read or is too large")
	}
	return b, nil
}
