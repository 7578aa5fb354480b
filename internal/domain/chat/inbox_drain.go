package chat

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"parlatory"
	"parlatory/internal/domain/keys"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// DrainInboxes posts what was kept, in the order of its arrival, for the workspaces whose keys are back.
func (r *Room) DrainInboxes(ctx context.Context) error {
	permit, err := r.Law.System(actInboxes, parlatory.House)
	if err != nil {
		return err
	}
	var waiting []parlatory.WorkspaceID
	err = r.DB.Read(ctx, permit, func(tx *db.Tx) error {
		waiting = nil
		rows, err := tx.Across().Query(sqlKeptAcross)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var ws parlatory.WorkspaceID
			if err := rows.Scan(&ws); err != nil {
				return err
			}
			waiting = append(waiting, ws)
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("find inboxes: %w", err)
	}
	var faults error
	for _, ws := range waiting {
		if r.Ring.Enter(ctx, ws) != nil {
			continue // not back yet
		}
		faults = errors.Join(faults, r.drainInbox(ctx, ws))
	}
	return faults
}

func (r *Room) drainInbox(ctx context.Context, ws parlatory.WorkspaceID) error {
	permit, err := r.Law.System(actInbox, ws)
	if err != nil {
		return err
	}
	for {
		var items []kept
		keys := map[uint32]inboxKey{}
		if err := r.DB.Read(ctx, permit, func(tx *db.Tx) error {
			items, err = readKept(tx, keys)
			return err
		}); err != nil || len(items) == 0 {
			return err
		}
		for _, k := range items {
			if err := r.release(ctx, permit, k, keys[k.version]); err != nil {
				return err
			}
		}
	}
}

func readKept(tx *db.Tx, keys map[uint32]inboxKey) (items []kept, err error) {
	rows, err := tx.Query(sqlKeptBatch, inboxBatch)
	if err != nil {
		return nil, fmt.Errorf("read inbox: %w", err)
	}
	for rows.Next() {
		var k kept
		if err := k.scan(rows.Scan); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		items = append(items, k)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("read inbox: %w", err)
	}
	for _, k := range items {
		if _, known := keys[k.version]; known {
			continue
		}
		key, err := readInboxKey(tx.Row(sqlInboxKeyOf, k.version))
		if err != nil && !errors.Is(err, db.ErrNone) {
			return nil, fmt.Errorf("read inbox key: %w", err)
		}
		keys[k.version] = key
	}
	return items, nil
}

// release posts one kept message and takes it out of the inbox in the same transaction: once, whatever dies meanwhile. One that was changed
// past the program is set aside, and the operator is told.
func (r *Room) release(ctx context.Context, permit access.Permit, k kept, key inboxKey) error {
	d, err := r.openKept(ctx, permit.Workspace(), k, key)
	switch {
	case errors.Is(err, vault.ErrNoKey):
		return r.dropErased(ctx, permit, k, err)
	case errors.Is(err, vault.ErrOpen), parlatory.KindOf(err) == parlatory.KindUnauthenticated:
		return r.setAside(ctx, permit, k)
	case err != nil:
		return err
	}
	actor := parlatory.Actor{Kind: parlatory.System, Workspace: permit.Workspace()}
	w := &waiting{actor: actor, level: access.Full, draft: d}
	for range tries {
		err = r.DB.Write(ctx, permit, func(tx *db.Tx) error {
			n, err := tx.Exec(sqlDropKept, k.room, k.client)
			if err != nil || n == 0 { // another node was first
				return err
			}
			if err := r.appendAll(tx, []*waiting{w}, map[parlatory.RoomID]*working{}, true); err != nil {
				return err
			}
			return w.err
		})
		if !errors.Is(err, errStale) {
			break
		}
	}
	r.states.drop(roomKey{permit.Workspace(), k.room})
	if kind := parlatory.KindOf(err); err != nil && (kind == parlatory.KindNotFound || kind == parlatory.KindConflict) {
		return r.setAside(ctx, permit, k) // a room that is not there
	}
	return err
}

// dropErased drops an item whose contact was erased. Any other key that is missing may come back, from a backup, and the item waits for it.
func (r *Room) dropErased(ctx context.Context, permit access.Permit, k kept, cause error) error {
	return r.DB.Write(ctx, permit, func(tx *db.Tx) error {
		at, err := keys.DestroyedAt(tx, vault.ContactKey(k.contact))
		if err != nil {
			return err
		}
		if at.IsZero() {
			return fmt.Errorf("kept message waits for a key: %w", cause)
		}
		_, err = tx.Exec(sqlDropKept, k.room, k.client)
		return err
	})
}

// setAside keeps an item that is not what was accepted, out of the way of the others.
func (r *Room) setAside(ctx context.Context, permit access.Permit, k kept) error {
	r.Log.Error("a kept message was changed in the database, and is set aside", "workspace", permit.Workspace().String())
	return r.DB.Write(ctx, permit, func(tx *db.Tx) error { _, err := tx.Exec(sqlSetKeptAside, k.room, k.client); return err })
}

// openKept checks who sent it and what vouches for it, and opens it.
func (r *Room) openKept(ctx context.Context, ws parlatory.WorkspaceID, k kept, key inboxKey) (d draft, err error) {
	house, err := r.Ring.Hold(ctx, parlatory.House, vault.Settings)
	if err != nil {
		return d, fmt.Errorf("hold house settings key: %w", err)
	}
	digest := sha256.Sum256(k.sealed)
	if !house.CheckMAC(key.mac, inboxKeyPurpose, key.vouched(ws)...) || !house.CheckMAC(k.mac, inboxItemPurpose, k.place(ws), digest[:]) {
		return d, fmt.Errorf("kept message: %w", vault.ErrOpen)
	}
	if err := r.Contacts.Genuine(ctx, ws, parlatory.RowID(k.token), k.contact); err != nil {
		return d, err
	}
	settings, err := r.Ring.Hold(ctx, ws, vault.Settings)
	if err != nil {
		return d, fmt.Errorf("hold settings key: %w", err)
	}
	body, err := vault.OpenInbox(settings, key.binding(ws), key.private, ws[:], k.place(ws), k.sealed)
	if err != nil {
		return d, err
	}
	held, err := r.Ring.Hold(ctx, ws, vault.ContactKey(k.contact))
	if err != nil {
		return d, fmt.Errorf("hold contact key: %w", err)
	}
	name, err := r.nameOf(ctx, ws, parlatory.Visitor, k.contact.Raw())
	if err != nil {
		return d, err
	}
	return draft{room: k.room, client: k.client, kind: parlatory.Visitor, author: k.contact.Raw(), name: name, body: string(body), held: held, at: k.at}, nil
}
