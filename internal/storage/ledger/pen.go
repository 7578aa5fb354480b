package ledger

import (
	"context"
	"fmt"
	"net/netip"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

// Pen writes entries of one workspace (or of the house) under one key. It is fetched before the transaction.
type Pen struct {
	ledger *Ledger
	held   *vault.Held
	index  *vault.Indexer
}

// Pen fetches one. Where the values of an entry are about a contact, about is the contact's key, so that erasing the
// contact erases them; by default the workspace's ledger key.
func (l *Ledger) Pen(ctx context.Context, ws parlatory.WorkspaceID, about ...vault.Subject) (*Pen, error) {
	subject := vault.LedgerSubject
	if len(about) > 0 {
		subject = about[0]
	}
	held, err := l.ring.Hold(ctx, ws, subject)
	if err != nil {
		return nil, fmt.Errorf("ledger pen: %w", err)
	}
	index, err := l.ring.Index(ctx, ws)
	if err != nil {
		return nil, fmt.Errorf("ledger pen: %w", err)
	}
	return l.PenWith(held, index), nil
}

// PenWith makes a pen of keys that the caller holds, such as keys that are minted in the same transaction.
func (l *Ledger) PenWith(held *vault.Held, index *vault.Indexer) *Pen {
	return &Pen{ledger: l, held: held, index: index}
}

// PenOf makes the first pen of a workspace that is being founded.
func (l *Ledger) PenOf(f *vault.Founding) *Pen {
	return l.PenWith(f.Held(vault.LedgerSubject), f.Indexer())
}

// Witness writes an entry into the transaction's workspace and marks the transaction as witnessed.
func (p *Pen) Witness(tx *db.Tx, e Entry) error {
	return p.write(tx, tx.Permit().Actor(), tx.Permit().Act().Name, e)
}

// WitnessHouse writes an entry into the house's ledger, with a pen of the house.
func (p *Pen) WitnessHouse(tx *db.Tx, e Entry) error {
	return p.write(tx.House(), tx.Permit().Actor(), tx.Permit().Act().Name, e)
}

func (p *Pen) write(tx *db.Tx, actor parlatory.Actor, act string, e Entry) error {
	ws := tx.Workspace()
	if p.held == nil || p.index == nil || p.held.Workspace() != ws || p.index.Workspace() != ws {
		return parlatory.Internal("witness "+act, fmt.Errorf("pen of another workspace"))
	}
	r := row{
		id: parlatory.NewID[parlatory.EntryKind](p.ledger.clock), at: tx.Now(),
		actorKind: actor.Kind.String(), actor: who(actor, ws), action: string(e.Action), element: e.Element,
		elementID: e.ID, act: act, subject: p.held.Subject(),
	}
	if err := r.sound(); err != nil {
		return parlatory.Internal("witness "+act, err)
	}
	address := spelled(actor.Address)
	sealed, err := r.close(p.held, values{Address: address, Device: actor.Device, New: e.New, Old: e.Old, Remark: e.Remark, Token: actor.Token})
	if err != nil {
		return parlatory.Internal("witness "+act, err)
	}
	_, err = tx.Exec(insertEntry, r.id, r.at, r.actorKind, r.actor, r.action, r.element, r.elementID, r.act,
		r.subject.Kind, plainID(r.subject.ID), p.index.Blind("ledger_entries.address", address), r.commitment[:], sealed)
	if err != nil {
		return fmt.Errorf("witness %s: %w", act, err)
	}
	tx.MarkWitnessed()
	tx.Tell(parlatory.Event{Kind: parlatory.LedgerGrown, Workspace: ws})
	return nil
}

// who names the actor by the id that the ledger's readers know: in the house the account, else the membership or
// contact. An account is no matter of a workspace's.
func who(a parlatory.Actor, ws parlatory.WorkspaceID) plainID {
	switch {
	case ws == parlatory.House && !a.Account.Zero():
		return plainID(a.Account)
	case !a.Staff.Zero():
		return plainID(a.Staff)
	}
	return plainID(a.Contact)
}

// spelled gives an address its one spelling.
func spelled(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.Unmap().WithZone("").String()
}
