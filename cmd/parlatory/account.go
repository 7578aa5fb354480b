package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"parlatory/internal/app"
	"parlatory/internal/config"
)

type accountCommand struct {
	Recover recoverCommand `cmd:"" help:"Give an account back to its mailbox after everything else was lost; all its audit logs say so."`
	Unlock  unlockCommand  `cmd:"" help:"End the locks of an account."`
}

// operation are the flags of each command of the operator.
type operation struct {
	Config string `required:"" placeholder:"FILE" help:"Configuration file of the server."`
	Reason string `placeholder:"TEXT" help:"Why, for the audit log."`
	Yes    bool   `help:"Do not ask on the terminal."`
}

func (o operation) open(s *surroundings) (app.Operation, error) {
	conf, err := config.Load(o.Config)
	if err != nil {
		return app.Operation{}, several{err}
	}
	return app.Operation{Config: conf, Reason: o.Reason, Ask: o.ask(s), Log: logTo(s.err, "error", "text")}, nil
}

// ask wants the word yes, from somebody who sits there.
func (o operation) ask(s *surroundings) func(string) error {
	return func(question string) error {
		if o.Yes {
			return nil
		}
		if in, ok := s.in.(*os.File); ok {
			if info, err := in.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
				return errors.New("nothing was changed: there is no terminal to ask on; --yes does it without asking")
			}
		}
		_, _ = fmt.Fprintf(s.out, "%s\nType yes to do it: ", question)
		if answer, _ := bufio.NewReader(s.in).ReadString('\n'); strings.TrimSpace(answer) != "yes" {
			return errors.New("nothing was changed")
		}
		return nil
	}
}

type recoverCommand struct {
	operation
	Email string `required:"" placeholder:"ADDRESS" help:"E-mail address of the account."`
}

// Run recovers an account.
func (c *recoverCommand) Run(s *surroundings) error {
	o, err := c.open(s)
	if err != nil {
		return err
	}
	return tell(s)(o.Recover(s.ctx, c.Email))
}

type unlockCommand struct {
	operation
	Email string `required:"" placeholder:"ADDRESS" help:"E-mail address of the account."`
}

// Run ends the locks of an account.
func (c *unlockCommand) Run(s *surroundings) error {
	o, err := c.open(s)
	if err != nil {
		return err
	}
	return tell(s)(o.Unlock(s.ctx, c.Email))
}

// tell prints the one line on what was done.
func tell(s *surroundings) func(string, error) error {
	return func(line string, err error) error {
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(s.out, line)
		return err
	}
}
