package archive

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"

	"parlatory"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/backup"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Signer signs what leaves a workspace's archive.
type Signer struct {
	*vault.Signer
	Verifier string // the public key, in the form of a signed note's verifier key
}

// nameSuffix ends the name of each signer.
const nameSuffix = "/archive"

func signerBinding(id parlatory.RowID, ws parlatory.WorkspaceID, name string) vault.Binding {
	return vault.Binding{Table: "archive_signers", Row: id.Raw(), Revision: 1, Clear: []any{ws, name}}
}

// signer gives a workspace's, or the house's, and makes it at its first use.
func (r *Room) signer(ctx context.Context, ws parlatory.WorkspaceID) (*Signer, error) {
	r.mu.Lock()
	s, ok := r.signers[ws]
	r.mu.Unlock()
	if ok {
		return s, nil
	}
	s, err := r.openSigner(ctx, ws)
	if errors.Is(err, db.ErrNone) {
		if err = r.foundSigner(ctx, ws); err == nil || db.IsTaken(err) { // another node may have been first
			s, err = r.openSigner(ctx, ws)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("archive signer: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.signers) >= 1024 {
		clear(r.signers)
	}
	r.signers[ws] = s
	return s, nil
}

func (r *Room) openSigner(ctx context.Context, ws parlatory.WorkspaceID) (*Signer, error) {
	permit, err := r.o.Law.System(actRead, ws)
	if err != nil {
		return nil, err
	}
	var id parlatory.RowID
	var name, verifier string
	var seed vault.Sealed
	if err := r.o.DB.Read(ctx, permit, func(tx *db.Tx) error { return tx.Row(sqlSigner).Scan(&id, &name, &verifier, &seed) }); err != nil {
		return nil, err
	}
	house, err := r.o.Ring.Hold(ctx, parlatory.House, vault.LedgerSubject)
	if err != nil {
		return nil, fmt.Errorf("hold house ledger key: %w", err)
	}
	s, err := vault.OpenSigner(house, signerBinding(id, ws, name), seed, name)
	return &Signer{s, verifier}, err
}

// foundSigner makes a key; its public half is an entry of the ledger, which vouches for it.
func (r *Room) foundSigner(ctx context.Context, ws parlatory.WorkspaceID) error {
	house, err := r.o.Ring.Hold(ctx, parlatory.House, vault.LedgerSubject)
	if err != nil {
		return fmt.Errorf("hold house ledger key: %w", err)
	}
	id, name := parlatory.NewID[parlatory.RowKind](r.o.Clock), r.o.Domain+"/"+ws.String()+nameSuffix
	seed, verifier, err := vault.MintSigner(house, signerBinding(id, ws, name), name)
	if err != nil {
		return err
	}
	pen, err := r.o.Ledger.Pen(ctx, ws)
	if err != nil {
		return err
	}
	permit, err := r.o.Law.System(actFound, ws)
	if err != nil {
		return err
	}
	return r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if _, err := tx.Exec(sqlPutSigner, id, name, verifier, tx.Now(), seed); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Created, Element: "Archive key", ID: id.Raw(), New: map[string]string{"verifier": verifier}})
	})
}

// own checks a note by signing its text again: Ed25519 signs a text one way, so that no public key has to be believed.
func (s *Signer) own(note string) (string, error) {
	at := strings.LastIndex(note, "\n\n")
	if at < 0 {
		return "", vault.ErrNote
	}
	text := note[:at+1]
	again, err := s.Sign(text)
	if err != nil || subtle.ConstantTimeCompare([]byte(again), []byte(note)) != 1 {
		return "", vault.ErrNote
	}
	return text, nil
}

var _ backup.Verify = (*Signer)(nil).own
