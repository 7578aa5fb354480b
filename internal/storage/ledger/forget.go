package ledger

import (
	"fmt"

	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Forget clears the blind indexes of addresses of entries that are sealed under a person's key, or whose actor the person is, in the
// transaction that destroys the key, and says how many there were. Nothing else of an entry changes: its leaf stays proved, and its values
// are gone with the key.
func Forget(tx *db.Tx, s vault.Subject) (indexes int64, err error) {
	for _, query := range []string{forgetSubject, forgetActor} {
		n, err := tx.Exec(query, s.ID[:])
		if err != nil {
			return 0, fmt.Errorf("forget addresses in the ledger: %w", err)
		}
		indexes += n
	}
	return indexes, nil
}
