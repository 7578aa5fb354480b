package app

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlatory"
)

type stopped struct{ at time.Time }

func (s stopped) Now() time.Time { return s.at }

func authorityIn(t *testing.T, folder string, clock parlatory.Clock) *Authority {
	t.Helper()
	a, err := openAuthority(folder, "parlatory.localhost", []string{"shop.localhost", "mail.localhost"}, clock)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func roots(t *testing.T, a *Authority) *x509.CertPool {
	t.Helper()
	text, err := os.ReadFile(a.PEMPath())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatal("no certificate in the authority's file")
	}
	return pool
}

// shake does a real handshake for a name and gives the leaf.
func shake(a *Authority, pool *x509.CertPool, name, sni string, at time.Time) (*x509.Certificate, error) {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	go func() {
		s := tls.Server(there, &tls.Config{GetCertificate: a.GetCertificate, MinVersion: tls.VersionTLS13})
		_ = s.Handshake()
		_, _ = io.Copy(io.Discard, s)
	}()
	c := tls.Client(here, &tls.Config{RootCAs: pool, ServerName: sni, InsecureSkipVerify: true, VerifyConnection: func(s tls.ConnectionState) error { //nolint:gosec // verified here, by another name than the one sent
		inner := x509.NewCertPool()
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: pool, Intermediates: inner, DNSName: name, CurrentTime: at})
		return err
	}})
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if err := c.Handshake(); err != nil {
		return nil, err
	}
	return c.ConnectionState().PeerCertificates[0], nil
}

func TestAuthorityCoversTheDemosNamesWithOnePin(t *testing.T) {
	a := authorityIn(t, t.TempDir(), parlatory.SystemClock{})
	pool, now := roots(t, a), time.Now()
	for name, sni := range map[string]string{
		"parlatory.localhost": "parlatory.localhost", "acme.parlatory.localhost": "acme.parlatory.localhost",
		"shop.localhost": "shop.localhost", "mail.localhost": "mail.localhost", "127.0.0.1": "", "::1": "",
	} {
		leaf, err := shake(a, pool, name, sni, now)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
		if base64.StdEncoding.EncodeToString(sum[:]) != a.Pin() {
			t.Errorf("%s has another pin", name)
		}
	}
	for _, sni := range []string{"evil.localhost", "localhost", "a.b.parlatory.localhost", "example.com", ".parlatory.localhost", "parlatory.localhost.example.com"} {
		if _, err := a.GetCertificate(&tls.ClientHelloInfo{ServerName: sni}); err == nil {
			t.Errorf("a certificate for %s", sni)
		}
	}
}

// The constraint is in the root itself: a leaf for another name, signed with its key, is refused by everybody.
func TestAuthorityIsWorthNothingElsewhere(t *testing.T) {
	a := authorityIn(t, t.TempDir(), parlatory.SystemClock{})
	pool := roots(t, a)
	for _, name := range []string{"example.com", "localhost.example.com", "notlocalhost"} {
		c, err := a.mint(name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: name})
		if err == nil || !strings.Contains(err.Error(), "constraint") && !strings.Contains(err.Error(), "not permitted") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !a.root.PermittedDNSDomainsCritical || a.root.MaxPathLen != 0 || !a.root.MaxPathLenZero {
		t.Error("the constraint is not binding")
	}
	if _, err := openAuthority(t.TempDir(), "chat.example.com", nil, parlatory.SystemClock{}); err == nil {
		t.Error("an authority for a name of the internet")
	}
}

func TestAuthorityStays(t *testing.T) {
	folder := t.TempDir()
	a := authorityIn(t, folder, parlatory.SystemClock{})
	if b := authorityIn(t, folder, parlatory.SystemClock{}); a.Pin() != b.Pin() || !a.root.Equal(b.root) {
		t.Error("a second start made another authority")
	}
	for _, name := range []string{"authority.key", "authority.pem"} {
		s, err := os.Stat(filepath.Join(folder, name))
		if err != nil || s.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, s.Mode(), err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "authority.key"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openAuthority(folder, "parlatory.localhost", nil, parlatory.SystemClock{}); err == nil {
		t.Error("a broken key file was taken")
	}
}

func TestLeavesAreRenewed(t *testing.T) {
	folder := t.TempDir()
	now := time.Now()
	a := authorityIn(t, folder, stopped{now})
	pool := roots(t, a)
	first, err := shake(a, pool, "shop.localhost", "shop.localhost", now)
	if err != nil {
		t.Fatal(err)
	}
	a.clock = stopped{now.Add(leafLife - renewAt + time.Hour)}
	second, err := shake(a, pool, "shop.localhost", "shop.localhost", a.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if first.Equal(second) {
		t.Error("the leaf was not renewed in time")
	}
}
