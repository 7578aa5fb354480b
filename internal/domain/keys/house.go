package keys

import (
	"context"
	"errors"
	"fmt"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// FoundHouse makes the house's first keys and its ledger at the first start; at later ones it finds them. Two nodes
// that start at once on an empty database found it once.
func (s *Shelf) FoundHouse(ctx context.Context, ring *vault.Ring, log *ledger.Ledger) error {
	_, err := s.WorkspaceKey(ctx, parlatory.House, 0)
	if !errors.Is(err, vault.ErrNoKey) {
		return err
	}
	f, err := ring.Found(ctx, parlatory.House)
	if err != nil {
		return fmt.Errorf("mint house keys: %w", err)
	}
	permit, err := s.law.System(actFound, parlatory.House)
	if err != nil {
		return err
	}
	err = s.db.Write(ctx, permit, func(tx *db.Tx) error {
		if err := Put(tx, f.Wrapped()...); err != nil {
			return err
		}
		return log.Found(tx, f)
	})
	if db.IsTaken(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("found house: %w", err)
	}
	ring.Adopt(f.Wrapped()...)
	return nil
}
