package main

import (
	"fmt"

	"parlatory/internal/config"
)

type configCommand struct {
	Describe describeCommand `cmd:"" help:"Print a configuration file with every setting explained."`
	Check    checkCommand    `cmd:"" help:"Check a configuration file."`
}

type describeCommand struct{}

// Run prints the annotated file.
func (describeCommand) Run(s *surroundings) error { return config.Describe(s.out) }

type checkCommand struct {
	Config string `required:"" placeholder:"FILE" help:"Configuration file."`
}

// Run says that the file is sound, or what is wrong with it, a line each.
func (c *checkCommand) Run(s *surroundings) error {
	conf, err := config.Load(c.Config)
	if err != nil {
		return several{err}
	}
	_, err = fmt.Fprintf(s.out, "%s is sound: %s\n", c.Config, conf.LogLine())
	return err
}
