package rig

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// budgets are limits that one machine's worth of test clients, all at the same address, does not exhaust.
const budgets = `
[limits]
requests_per_second = 100000
requests_burst = 1000000
visitor_messages_per_minute = 100000
staff_messages_per_minute = 1000000
new_enquiries_per_hour = 100000
sockets = 100000
sockets_per_person = 10000
connections = 200000
`

// configure writes the configuration file, the same as an operator's but for its budgets.
func (s *Server) configure() error {
	var b strings.Builder
	_, port, _ := net.SplitHostPort(s.Address)
	mailHost, mailPort, _ := net.SplitHostPort(s.Mail.Address())
	fmt.Fprintf(&b, "domain = %q\npublic_port = %s\nlisten = %q\nlisten_admin = %q\n", Domain, port, s.Address, s.Ops)
	// The key lies apart from the data, as the program demands.
	fmt.Fprintf(&b, "data = %q\nkey_file = %q\n", s.DataDir(), s.keyFile())
	b.WriteString(s.Top)
	if s.Postgres != nil {
		fmt.Fprintf(&b, "\n[database]\npostgres = %q\npostgres_owner = %q\n", s.Postgres.URL, s.Postgres.Owner)
	}
	if !s.Plain {
		fmt.Fprintf(&b, "\n[[tls.files]]\ncertificate = %q\nkey = %q\n", s.Authority.Cert, s.Authority.Key)
	}
	fmt.Fprintf(&b, "\n[smtp]\nhost = %q\nport = %s\nmode = \"plain\"\nfrom = \"Parlatory <no-reply@%s>\"\n", mailHost, mailPort, Domain)
	b.WriteString(budgets)
	b.WriteString(s.Extra)
	if err := os.WriteFile(s.ConfigFile(), []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	return nil
}

// DataDir holds the program's own files.
func (s *Server) DataDir() string { return filepath.Join(s.Dir, "data") }

func (s *Server) keyFile() string { return filepath.Join(s.Dir, "key", "root.key") }
