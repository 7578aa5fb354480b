package contact

import (
	"errors"
	"fmt"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// ErrErased is the answer to an act that needs a contact who was erased.
func ErrErased() error { return parlatory.Conflict("This contact was erased.") }

// Stands refuses a contact who is not there or was erased, inside a neighbour's transaction. An erasure waits for that transaction, or
// the transaction sees it: so nothing is begun under a key that is destroyed at the same time.
func Stands(tx *db.Tx, id parlatory.ContactID) error {
	query := sqlStanding
	if tx.Postgres() {
		query = sqlStandingShared
	}
	var erased time.Time
	err := tx.Row(query, id).Scan(&erased)
	switch {
	case errors.Is(err, db.ErrNone):
		return parlatory.NotFound()
	case err != nil:
		return fmt.Errorf("read contact: %w", err)
	case !erased.IsZero():
		return ErrErased()
	}
	return nil
}

// Gone counts what Erase took away.
type Gone struct {
	Tokens  int64 // of the visitor's browsers
	Indexes int64 // blind index entries by which the contact could be found
}

// Erase takes a contact out of all that finds it and ends the tokens of its browsers, in the transaction that destroys its key; the row
// stays as the mark of an erased contact. It must be the first of what that transaction does about the contact: it waits for those who
// rely on Stands. A contact who was erased before is a conflict.
func Erase(tx *db.Tx, id parlatory.ContactID) (gone Gone, err error) {
	query := sqlEmailIndex
	if tx.Postgres() {
		query = sqlEmailIndexLocked
	}
	var email vault.Index
	var erased time.Time
	err = tx.Row(query, id).Scan(&email, &erased)
	switch {
	case errors.Is(err, db.ErrNone):
		return gone, parlatory.NotFound()
	case err != nil:
		return gone, fmt.Errorf("read contact: %w", err)
	case !erased.IsZero():
		return gone, ErrErased()
	}
	if email != (vault.Index{}) {
		gone.Indexes = 1
	}
	if _, err := tx.Exec(sqlErase, id, tx.Now()); err != nil {
		return gone, fmt.Errorf("erase contact: %w", err)
	}
	if gone.Tokens, err = tx.Exec(sqlDropTokens, id); err != nil {
		return gone, fmt.Errorf("drop visitor tokens: %w", err)
	}
	return gone, nil
}

// TokenInfo is what is known of a browser's token beside the token itself.
type TokenInfo struct {
	Site                       string
	CreatedAt, SeenAt, Expires time.Time
}

// tokensMost bounds a list of one contact's tokens.
const tokensMost = 1000

// Tokens lists a contact's tokens in a neighbour's transaction, oldest first.
func Tokens(tx *db.Tx, id parlatory.ContactID) (all []TokenInfo, err error) {
	rows, err := tx.Query(sqlTokens, id, tokensMost)
	if err != nil {
		return nil, fmt.Errorf("list visitor tokens: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var t TokenInfo
		if err := rows.Scan(&t.Site, &t.CreatedAt, &t.SeenAt, &t.Expires); err != nil {
			return nil, fmt.Errorf("list visitor tokens: %w", err)
		}
		all = append(all, t)
	}
	return all, rows.Err()
}
