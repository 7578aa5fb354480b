package account

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// placeFor is how long a network stays one of the person's after a sign-in from there.
const placeFor = 30 * 24 * time.Hour

// placeIndex is the blind name of one network of one account: the table holds no address, and the same network of two people
// has two names.
func placeIndex(ix *vault.Indexer, id parlatory.AccountID, from netip.Addr) vault.Index {
	return ix.Blind("account_places.place_index", id.String()+"\x00"+workspace.SourceOf(from))
}

func placeKey(l Limits, ix *vault.Indexer, of string, from netip.Addr) vault.Index {
	return l.byPlace().Key(ix, of+"\x00"+workspace.SourceOf(from))
}

// knownPlace costs an unknown account the same statement.
func knownPlace(tx *db.Tx, id parlatory.AccountID, place vault.Index) (bool, error) {
	var n int
	if err := tx.House().Row(sqlKnownPlace, id, place, tx.Now().Add(-placeFor)).Scan(&n); err != nil {
		return false, fmt.Errorf("read known network: %w", err)
	}
	return n > 0, nil
}

// Arrived keeps that somebody signed in from a network, in the transaction that begins the session.
func (a *Room) Arrived(tx *db.Tx, ix *vault.Indexer, id parlatory.AccountID, from netip.Addr) error {
	house := tx.House()
	if _, err := house.Exec(sqlPutPlace, id, placeIndex(ix, id, from), tx.Now()); err != nil {
		return fmt.Errorf("keep known network: %w", err)
	}
	if _, err := house.Exec(sqlTrimPlaces, id); err != nil {
		return fmt.Errorf("trim known networks: %w", err)
	}
	return nil
}

// sweepPlaces forgets networks that count no more.
func (a *Room) sweepPlaces(ctx context.Context) error {
	permit, err := a.o.Law.System(actSweep, parlatory.House)
	if err != nil {
		return err
	}
	return a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		_, err := tx.Exec(sqlSweepPlaces, tx.Now().Add(-placeFor))
		return err
	})
}
