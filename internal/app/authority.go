package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"parlatory"
)

// Authority is the demo's own certificate authority. Whoever trusts it trusts it for names under .localhost and for
// loopback addresses only: the constraint is critical and part of its certificate (RFC 5280 §4.2.1.10), so its key is
// worth nothing elsewhere. All leaves have one key, so that one pin covers them.
type Authority struct {
	file   string
	domain string
	hosts  map[string]bool // further exact names
	clock  parlatory.Clock
	root   *x509.Certificate
	key    *ecdsa.PrivateKey
	leaf   *ecdsa.PrivateKey

	mu     sync.Mutex
	leaves map[string]*tls.Certificate // by first name: the domain, and each of hosts
}

const (
	rootLife = 10 * 365 * 24 * time.Hour
	leafLife = 90 * 24 * time.Hour
	renewAt  = 30 * 24 * time.Hour // before the end
)

// OpenAuthority reads the demo's authority from a folder, or makes a new one there.
func OpenAuthority(folder string) (*Authority, error) {
	return openAuthority(folder, demoDomain, []string{demoShop, demoMail}, parlatory.SystemClock{})
}

// openAuthority signs for the domain, for every subdomain of it, for loopback addresses, and for the further hosts.
func openAuthority(folder, domain string, hosts []string, clock parlatory.Clock) (*Authority, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("authority folder: %w", err)
	}
	a := &Authority{file: filepath.Join(folder, "authority.pem"), domain: domain, hosts: map[string]bool{}, clock: clock, leaves: map[string]*tls.Certificate{}}
	for _, h := range append([]string{domain}, hosts...) {
		if !strings.HasSuffix(h, ".localhost") {
			return nil, fmt.Errorf("authority: %s is no name under .localhost", h)
		}
		a.hosts[h] = true
	}
	err := a.read(filepath.Join(folder, "authority.key"))
	if errors.Is(err, os.ErrNotExist) || err == nil && a.clock.Now().After(a.root.NotAfter.Add(-leafLife)) {
		err = a.create(filepath.Join(folder, "authority.key"))
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// PEMPath is the file of the authority's certificate, for trust stores and for curl --cacert.
func (a *Authority) PEMPath() string { return a.file }

// Pin is the base64 SHA-256 of the leaf key's SubjectPublicKeyInfo, as Chromium's
// --ignore-certificate-errors-spki-list takes it.
func (a *Authority) Pin() string {
	der, err := x509.MarshalPKIXPublicKey(a.leaf.Public())
	if err != nil { // a key on P-256 always has this form
		panic(err)
	}
	sum := sha256.Sum256(der)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// GetCertificate gives the leaf for a server name; without one (an IP address was typed), that of the domain.
func (a *Authority) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := strings.ToLower(hello.ServerName)
	label, under := strings.CutSuffix(name, "."+a.domain)
	switch {
	case name == "", under && label != "" && !strings.Contains(label, "."):
		name = a.domain
	case !a.hosts[name]:
		return nil, errors.New("no certificate for this name")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.leaves[name]; ok && a.clock.Now().Before(c.Leaf.NotAfter.Add(-renewAt)) {
		return c, nil
	}
	c, err := a.mint(name)
	if err == nil {
		a.leaves[name] = c
	}
	return c, err
}

func (a *Authority) mint(name string) (*tls.Certificate, error) {
	now := a.clock.Now()
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	if name == a.domain {
		t.DNSNames = append(t.DNSNames, "*."+name)
		t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.root, a.leaf.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("mint leaf: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("mint leaf: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.root.Raw}, PrivateKey: a.leaf, Leaf: leaf}, nil
}

// read opens both files. ErrNotExist means that the key file is missing, or was written without its certificate.
func (a *Authority) read(keyFile string) error {
	keys, err := os.ReadFile(keyFile)
	if err != nil {
		return fmt.Errorf("authority key: %w", err)
	}
	cert, err := os.ReadFile(a.file)
	if err != nil {
		return fmt.Errorf("authority certificate: %w", err)
	}
	var parsed []*ecdsa.PrivateKey
	for block, rest := pem.Decode(keys); block != nil; block, rest = pem.Decode(rest) {
		k, err := x509.ParseECPrivateKey(block.Bytes)
		if err != nil {
			return fmt.Errorf("authority key: %w", err)
		}
		parsed = append(parsed, k)
	}
	block, _ := pem.Decode(cert)
	if len(parsed) != 2 || block == nil {
		return fmt.Errorf("authority: %s and %s do not hold what belongs there; remove both for a new one", keyFile, a.file)
	}
	if a.root, err = x509.ParseCertificate(block.Bytes); err != nil {
		return fmt.Errorf("authority certificate: %w", err)
	}
	a.key, a.leaf = parsed[0], parsed[1]
	if !a.key.PublicKey.Equal(a.root.PublicKey) {
		return fmt.Errorf("authority: %s is not the key of %s; remove both for a new one", keyFile, a.file)
	}
	return nil
}

// create makes keys and certificate. The key file is written first: a stop in between leaves no certificate to trust.
func (a *Authority) create(keyFile string) error {
	var err error
	var text []byte
	for _, k := range []**ecdsa.PrivateKey{&a.key, &a.leaf} {
		if *k, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return fmt.Errorf("authority key: %w", err)
		}
		der, err := x509.MarshalECPrivateKey(*k)
		if err != nil {
			return fmt.Errorf("authority key: %w", err)
		}
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})...)
	}
	der, err := x509.CreateCertificate(rand.Reader, a.template(), a.template(), a.key.Public(), a.key)
	if err != nil {
		return fmt.Errorf("authority certificate: %w", err)
	}
	if a.root, err = x509.ParseCertificate(der); err != nil {
		return fmt.Errorf("authority certificate: %w", err)
	}
	_ = os.Remove(a.file)
	if err := writeOwn(keyFile, text); err != nil {
		return fmt.Errorf("authority key: %w", err)
	}
	if err := writeOwn(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})); err != nil {
		return fmt.Errorf("authority certificate: %w", err)
	}
	return nil
}

func (a *Authority) template() *x509.Certificate {
	now := a.clock.Now()
	_, four, _ := net.ParseCIDR("127.0.0.0/8")
	_, six, _ := net.ParseCIDR("::1/128")
	return &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: "Parlatory demo on this machine", Organization: []string{"Parlatory demo"}},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(rootLife),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{"localhost"}, PermittedIPRanges: []*net.IPNet{four, six},
		PermittedEmailAddresses: []string{"localhost"}, PermittedURIDomains: []string{"localhost"},
	}
}

func serial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[0] &= 0x7f           // positive (RFC 5280 §4.1.2.2)
	return new(big.Int).SetBytes(b[:])
}

// writeOwn writes a file for the owner alone, whole or not at all.
func writeOwn(path string, text []byte) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, text, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
