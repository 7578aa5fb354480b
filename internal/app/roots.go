package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"parlatory"
	"parlatory/internal/config"
	"parlatory/internal/domain/keys"
	"parlatory/internal/guard/vault"
	"parlatory/internal/outbound/dial"
	"parlatory/internal/outbound/keycommand"
	"parlatory/internal/outbound/keyserver"
)

// newRoot is the name of the root that wraps the keys of new workspaces.
func newRoot(c *config.Config) string {
	if c.RootKey == "key_server" {
		return vault.RootServer
	}
	return vault.RootFile
}

// rootKeys opens all roots that are configured: both, while keys move from one to the other.
func rootKeys(ctx context.Context, c *config.Config, line *keyserver.Line) (vault.Fixed, error) {
	roots := vault.Fixed{}
	if c.KeyFile != "" {
		root, err := fileRoot(ctx, c)
		if err != nil {
			return nil, err
		}
		roots[vault.RootFile] = vault.Anchor{Root: root}
	}
	if line != nil && c.KeyServer.Key != "" {
		roots[vault.RootServer] = vault.Anchor{Root: line, Grace: time.Duration(c.KeyServer.GraceSeconds) * time.Second}
	}
	return roots, nil
}

// ownServersOf lets workspaces name key servers of their own, at addresses that are public or that the operator lists.
func ownServersOf(c *config.Config, log *slog.Logger) keys.Lines {
	d := dial.New(dial.Options{Listed: config.Networks(c.ReachableNetworks), Connect: ownTimeout, Whole: 3 * ownTimeout, MaxBytes: 1 << 20})
	return ownServers{dial: d.Dial, clock: parlatory.SystemClock{}, log: log}
}

// keyFile says how the root key file is opened.
func keyFile(c *config.Config) vault.KeyFile {
	k := vault.KeyFile{Path: c.KeyFile}
	if c.KeyPassphraseFile != "" {
		k.Passphrase = func() ([]byte, error) {
			b, err := os.ReadFile(c.KeyPassphraseFile)
			return bytes.TrimRight(b, "\r\n"), err
		}
	}
	if len(c.KeyCommand) > 0 {
		k.Command = keycommand.Open(c.KeyCommand)
	}
	return k
}

// fileRoot opens the key file. It makes one only where there is no database either: a missing key beside a database is a
// mistake that a new key would make worse.
func fileRoot(ctx context.Context, c *config.Config) (vault.Root, error) {
	_, err := os.Stat(c.KeyFile)
	if errors.Is(err, os.ErrNotExist) {
		_, db := os.Stat(c.Database.SQLite)
		if c.Database.Postgres != "" || !errors.Is(db, os.ErrNotExist) {
			return nil, fmt.Errorf("key file %s is missing, and there may be data that only it opens: put it back, or make one with `parlatory keys create`", filepath.Base(c.KeyFile))
		}
		if len(c.KeyCommand) > 0 {
			return nil, fmt.Errorf("key file %s is missing: make it with the tool that key_command names, from what `parlatory keys create` writes", filepath.Base(c.KeyFile))
		}
		if err := makeKeyFile(c); err != nil {
			return nil, fmt.Errorf("make key file: %w", err)
		}
	}
	return vault.OpenKeyFile(ctx, keyFile(c))
}

// makeKeyFile makes it as keyFile opens it.
func makeKeyFile(c *config.Config) error {
	var phrase []byte
	if k := keyFile(c); k.Passphrase != nil {
		var err error
		if phrase, err = k.Passphrase(); err != nil {
			return err
		}
	}
	return vault.CreateKeyFile(c.KeyFile, phrase)
}
