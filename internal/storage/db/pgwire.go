package db

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"strings"

	"github.com/jackc/pgx/v5"
)

var errWire = errors.New("postgres URL: the server is on another machine, so say sslmode=verify-full (with sslrootcert), or sslmode=disable where the network itself is sealed")

// pgWire refuses a connection to another machine that could fall back to plain text or skip checking the server: the
// driver's default would (ASVS 12.3.1, 12.3.2). Turning TLS off outright stays possible, but only by saying so.
func pgWire(config *pgx.ConnConfig, url string, d *DB) error {
	sealed := sealedWire(config.Host, config.TLSConfig)
	for _, f := range config.Fallbacks {
		sealed = sealed && sealedWire(f.Host, f.TLSConfig)
	}
	if sealed {
		return nil
	}
	if strings.Contains(url, "sslmode=disable") {
		d.log.Warn("the connection to PostgreSQL is not encrypted, as its URL says")
		return nil
	}
	return errWire
}

func sealedWire(host string, t *tls.Config) bool {
	return local(host) || t != nil && !t.InsecureSkipVerify
}

func local(host string) bool {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
