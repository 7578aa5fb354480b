package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"parlatory/internal/guard/vault"
)

type keysCommand struct {
	Create createCommand `cmd:"" help:"Make a new root key file, never over one that exists."`
	Status statusCommand `cmd:"" help:"Show what wraps the key of each workspace, and what is left to wrap again."`
	Rotate rotateCommand `cmd:"" help:"Begin a new version of a root key, or of the key of a workspace."`
	Rewrap rewrapCommand `cmd:"" help:"Wrap the keys of workspaces again under the newest version of their root."`
	Move   moveCommand   `cmd:"" help:"Move the keys of workspaces to another root: from the key file to the key server, or back."`
	Server serverCommand `cmd:"" help:"Set the way to a workspace's own key server that has moved or takes another sign-in, when nobody of the workspace can sign in."`
}

type createCommand struct {
	File           string `arg:"" help:"File to make; its folder must exist."`
	PassphraseFile string `placeholder:"FILE" help:"File with a passphrase that opens the key file; the server needs it at each start."`
}

// Run makes a root key.
func (c *createCommand) Run(s *surroundings) error {
	var phrase []byte
	if c.PassphraseFile != "" {
		var err error
		if phrase, err = os.ReadFile(c.PassphraseFile); err != nil {
			return fmt.Errorf("read passphrase: %w", err)
		}
		if phrase = bytes.TrimRight(phrase, "\r\n"); len(phrase) == 0 {
			return errors.New("the passphrase's file is empty")
		}
	}
	if err := vault.CreateKeyFile(c.File, phrase); err != nil {
		return fmt.Errorf("make key file: %w", err)
	}
	_, err := fmt.Fprintf(s.out, "%s holds a new root key. Everything is sealed under it: keep a copy apart from the data.\n", c.File)
	return err
}

type statusCommand struct{ operation }

// Run shows how keys stand.
func (c *statusCommand) Run(s *surroundings) error {
	o, err := c.open(s)
	if err != nil {
		return err
	}
	return o.KeysStatus(s.ctx, s.out)
}

type rotateCommand struct {
	operation
	Root      string `placeholder:"file|server" help:"Root to rotate."`
	Workspace string `placeholder:"NAME" help:"Or: the workspace whose key to rotate, by its subdomain; 'house' for the server's own."`
}

// Run rotates.
func (c *rotateCommand) Run(s *surroundings) error {
	if (c.Root == "") == (c.Workspace == "") {
		return errors.New("name a root, or a workspace: one of the two")
	}
	o, err := c.open(s)
	if err != nil {
		return err
	}
	if c.Root != "" {
		return tell(s)(o.RotateRoot(s.ctx, c.Root))
	}
	return tell(s)(o.RotateWorkspace(s.ctx, c.Workspace, s.err))
}

type rewrapCommand struct {
	operation
	Workspace string `placeholder:"NAME" help:"This workspace alone; 'house' for the server's own key."`
}

// Run wraps again.
func (c *rewrapCommand) Run(s *surroundings) error {
	o, err := c.open(s)
	if err != nil {
		return err
	}
	return tell(s)(o.MoveKeys(s.ctx, c.Workspace, ""))
}

type moveCommand struct {
	operation
	To        string `required:"" placeholder:"file|server" help:"Root that wraps them from now on."`
	Workspace string `placeholder:"NAME" help:"This workspace alone; 'house' for the server's own key."`
}

// Run moves.
func (c *moveCommand) Run(s *surroundings) error {
	o, err := c.open(s)
	if err != nil {
		return err
	}
	return tell(s)(o.MoveKeys(s.ctx, c.Workspace, c.To))
}

type serverCommand struct {
	operation
	Workspace string `required:"" placeholder:"NAME" help:"Workspace, by its subdomain."`
	File      string `required:"" placeholder:"FILE" help:"TOML or JSON with the fields of the page on encryption: [server] with address, namespace, mount, key, ca, auth_mount, role_id and secret_id_file, or certificate and certificate_key_file; grace_seconds, rotate_days."`
}

// Run sets it.
func (c *serverCommand) Run(s *surroundings) error {
	o, err := c.open(s)
	if err != nil {
		return err
	}
	return tell(s)(o.ReconnectKeys(s.ctx, c.Workspace, c.File))
}
