package rig

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// configure writes the configuration file: the same as an operator's, with budgets that a load test does not exhaust.
func (s *Server) configure() error {
	_, port, _ := net.SplitHostPort(s.Address)
	text := fmt.Sprintf("domain = %q\nlisten = %q\npublic_url = %q\n", Domain, s.Address, "https://"+Domain+":"+port)
	text += fmt.Sprintf("data = %q\n", filepath.Join(s.Dir, "data"))
	if err := os.WriteFile(s.ConfigFile(), []byte(text+s.Extra), 0o600); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	return nil
}
