package main

import (
	"fmt"

	"parlatory/internal/guard/vault"
)

type keysCommand struct {
	Create createCommand `cmd:"" help:"Make a new root key file, never over one that exists."`
}

type createCommand struct {
	File string `arg:"" help:"File to make; its folder must exist."`
}

// Run makes a root key.
func (c *createCommand) Run(s *surroundings) error {
	if err := vault.CreateKeyFile(c.File); err != nil {
		return fmt.Errorf("make key file: %w", err)
	}
	_, err := fmt.Fprintf(s.out, "%s holds a new root key. Everything is sealed under it: keep a copy apart from the data.\n", c.File)
	return err
}
