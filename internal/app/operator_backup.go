package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"parlatory/internal/guard/vault"
)

// BackUpKeys writes a backup of all wrapped keys now, and says where.
func (o Operation) BackUpKeys(ctx context.Context) (said string, err error) {
	err = o.beside(ctx, func(p *Program) error {
		part, err := p.Rooms.Archive.BackUpKeys(ctx, operator("backup keys"))
		if err != nil {
			return err
		}
		said = fmt.Sprintf("%s holds %d wrapped keys, until %s. It is of use to whoever has the identity and the root key alone.", part.Name, part.Keys, part.Until.Format(time.DateOnly))
		return nil
	})
	return said, err
}

// identityMost bounds an identity file.
const identityMost = 64 << 10

// RestoreKeys puts back the keys of a backup that the database lacks, but none that was destroyed, and says what it did.
func (o Operation) RestoreKeys(ctx context.Context, file, identity string) (said string, err error) {
	key, err := os.ReadFile(identity)
	if err != nil {
		return "", fmt.Errorf("identity: %w", err)
	}
	defer clear(key)
	if len(key) > identityMost {
		return "", fmt.Errorf("identity: %w", vault.ErrRecipient)
	}
	id, err := vault.ParseIdentity(key)
	if err != nil {
		return "", err
	}
	in, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("backup: %w", err)
	}
	defer in.Close()
	open := func() (io.Reader, error) {
		if _, err := in.Seek(0, io.SeekStart); err != nil {
			return nil, fmt.Errorf("backup: %w", err)
		}
		return id.Open(in)
	}
	err = o.beside(ctx, func(p *Program) error {
		if err := o.Ask("Put back the keys that the database lacks? Those which were destroyed stay destroyed, and what the backup knows to be destroyed is destroyed here."); err != nil {
			return err
		}
		done, err := p.Rooms.Archive.RestoreKeys(ctx, operator("backup restore-keys"), o.Reason, open)
		if err != nil {
			return err
		}
		said = fmt.Sprintf("%d keys of the backup of %s are back; %d erasures that it knew of were done again.", done.Keys, done.Written.Format(time.RFC3339), done.Destroyed)
		return nil
	})
	return said, err
}
