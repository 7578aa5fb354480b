package db

import (
	"errors"
	"net/netip"
	"strings"

	"github.com/jackc/pgx/v5"
)

var errWire = errors.New("postgres URL: the server is on another machine, so say sslmode=verify-full (with sslrootcert), or sslmode=disable where the network itself is sealed")

// pgWire refuses a connection to another machine that could fall back to plain text or skip checking the server: the
// driver's default would (ASVS 12.3.1, 12.3.2). Turning TLS off outright stays possible, but only by saying so.
func pgWire(config *pgx.ConnConfig, url string, d *DB) error {
	if local(config.Host) {
		return nil
	}
	if strings.Contains(url, "sslmode=disable") {
		d.log.Warn("the connection to PostgreSQL is not encrypted, as its URL says")
		return nil
	}
	if config.TLSConfig == nil || config.TLSConfig.InsecureSkipVerify {
		return errWire
	}
	for _, f := range config.Fallbacks {
		if !local(f.Host) && (f.TLSConfig == nil || f.TLSConfig.InsecureSkipVerify) {
			return errWire
		}
	}
	return nil
}

func local(host string) bool {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
