package archive

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/backup"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// certificateForm is a certificate's first line.
const certificateForm = "parlatory erasure certificate 1"

// place is where the ledger has the entry: it may be looked up in an export, and the head is one that covers it.
type place struct {
	origin string
	entry  int64
	id     parlatory.EntryID
	size   string
	root   string
}

// text is what a certificate signs.
func (e Erasure) text(ws parlatory.WorkspaceID, p place) string {
	when := func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
	backups := "none; no backup of keys was ever written"
	if !e.KeysUntil.IsZero() {
		backups = "the last backup of keys that can hold the key expires by " + when(e.KeysUntil)
	}
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	return strings.Join([]string{
		certificateForm,
		"workspace: " + ws.String(),
		"erasure: " + e.ID.String(),
		"contact: " + e.Contact.String(),
		"erased at: " + when(e.At),
		"erased by: " + e.By.String() + " " + strings.ReplaceAll(e.ByName, "\n", " "),
		"key versions destroyed: " + n(e.Keys),
		"enquiries: " + n(e.Enquiries),
		"messages: " + n(e.Messages),
		"stored files: " + n(e.Files),
		"index entries: " + n(e.Indexes),
		"visitor tokens: " + n(e.Tokens),
		"ledger: " + p.origin,
		"ledger entry: " + n(p.entry) + " " + p.id.String(),
		"ledger head: " + p.size + " " + p.root,
		"complete in the live system: " + when(e.At),
		"complete in backups: " + backups,
		"not reached: archives and exports that the customer holds; entries sent to a SIEM; mail that was sent; copies of the database, of its log or of key backups that were made by other means than this program",
		"",
	}, "\n")
}

// Certificate is what VerifyCertificate reads.
type Certificate struct {
	Signer string            // the name of the key: <domain>/<workspace id>/archive
	Fields map[string]string // by the words before the colon
	Text   string
}

// VerifyCertificate checks a certificate by the verifier key of a workspace's archive, offline.
func VerifyCertificate(signed, verifier string) (c Certificate, err error) {
	if c.Signer, err = vault.VerifierName(verifier); err != nil {
		return c, err
	}
	if c.Text, err = vault.OpenNote(signed, verifier); err != nil {
		return c, err
	}
	lines := strings.Split(strings.TrimSuffix(c.Text, "\n"), "\n")
	if lines[0] != certificateForm {
		return c, fmt.Errorf("it is signed, and no certificate of an erasure: %w", vault.ErrNote)
	}
	c.Fields = map[string]string{}
	for _, l := range lines[1:] {
		name, value, ok := strings.Cut(l, ": ")
		if !ok {
			return c, vault.ErrNote
		}
		c.Fields[name] = value
	}
	if !strings.HasSuffix(c.Signer, "/"+c.Fields["workspace"]+nameSuffix) {
		return c, fmt.Errorf("it names another workspace than its key: %w", vault.ErrNote)
	}
	return c, nil
}

// errUnnumbered says that the sequencer has not come to an entry yet.
var errUnnumbered = errors.New("ledger entry is not numbered yet")

// certify signs the certificate of an erasure that has none yet, and gives the erasure.
func (r *Room) certify(ctx context.Context, ws parlatory.WorkspaceID, id parlatory.RowID) (e Erasure, err error) {
	permit, err := r.o.Law.System(actCertify, ws)
	if err != nil {
		return e, err
	}
	held, err := r.o.Ring.Hold(ctx, ws, vault.LedgerSubject)
	if err != nil {
		return e, fmt.Errorf("hold ledger key: %w", err)
	}
	if e, err = r.erasure(ctx, permit, held, id); err != nil || e.Certificate != "" {
		return e, err
	}
	p, err := r.placeOf(ctx, permit, e)
	if err != nil {
		return e, err
	}
	signer, err := r.signer(ctx, ws)
	if err != nil {
		return e, err
	}
	// A part that another node began while the contact was erased can hold the key, and end later than all that were known then.
	until, err := r.partEnd(ctx)
	if err != nil {
		return e, err
	}
	if until.Add(-backup.Slack).After(e.KeysUntil) {
		e.KeysUntil = until
	}
	note, err := signer.Sign(e.text(ws, p))
	if err != nil {
		return e, err
	}
	sealed, err := held.Seal(e.binding("certificate"), []byte(note))
	if err != nil {
		return e, fmt.Errorf("seal certificate: %w", err)
	}
	if err := r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		_, err := tx.Exec(sqlCertify, id, sealed) // of two, the first one stays
		return err
	}); err != nil {
		return e, fmt.Errorf("store certificate: %w", err)
	}
	return r.erasure(ctx, permit, held, id)
}

// placeOf finds the entry of an erasure, numbered, and a head that covers it.
func (r *Room) placeOf(ctx context.Context, permit access.Permit, e Erasure) (p place, err error) {
	if err := r.o.Ledger.Settle(ctx, permit.Workspace()); err != nil {
		return p, err
	}
	found, err := r.o.Ledger.List(ctx, permit, ledger.Filter{Staff: e.By, Action: ledger.Deleted, Element: elementContact, ElementID: e.Contact.Raw(), Limit: 1})
	if err != nil {
		return p, err
	}
	if len(found) != 1 || found[0].Number == 0 || found[0].Damaged {
		return p, errUnnumbered
	}
	head, err := r.o.Ledger.Head(ctx, permit)
	if err != nil {
		return p, err
	}
	lines := strings.SplitN(head, "\n", 4)
	if len(lines) < 4 {
		return p, errUnnumbered
	}
	p = place{origin: lines[0], entry: found[0].Number, id: found[0].ID, size: lines[1], root: lines[2]}
	if size, err := strconv.ParseInt(p.size, 10, 64); err != nil || size < p.entry {
		return p, errUnnumbered
	}
	return p, nil
}

func (r *Room) erasure(ctx context.Context, permit access.Permit, held *vault.Held, id parlatory.RowID) (e Erasure, err error) {
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		e, err = scanErasure(tx.Row(sqlErasure, id), held)
		return err
	})
	return e, err
}

func scanErasure(row scanner, held *vault.Held) (e Erasure, err error) {
	var sealed, certificate vault.Sealed
	err = row.Scan(&e.ID, &e.Contact, &e.At, &e.By, &sealed, &certificate)
	if errors.Is(err, db.ErrNone) {
		return e, parlatory.NotFound()
	}
	if err != nil {
		return e, fmt.Errorf("read erasure: %w", err)
	}
	if err := vault.OpenJSON(held, e.binding("counts"), sealed, &e.counts); err != nil {
		return e, fmt.Errorf("open erasure: %w", err)
	}
	if certificate.Empty() {
		return e, nil
	}
	note, err := held.Open(e.binding("certificate"), certificate)
	if err != nil {
		return e, fmt.Errorf("open certificate: %w", err)
	}
	e.Certificate = string(note)
	return e, nil
}

// Erasures lists who was erased, newest first: pass the last one's ID as before for the next page. verifier is the key by which
// certificates are checked.
func (r *Room) Erasures(ctx context.Context, actor parlatory.Actor, before parlatory.RowID, limit int) (all []Erasure, verifier string, err error) {
	permit, held, err := r.viewer(ctx, actor)
	if err != nil {
		return nil, "", err
	}
	before, limit = pageOf(before, limit)
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		all = nil
		rows, err := tx.Query(sqlErasures, before, limit)
		if err != nil {
			return fmt.Errorf("list erasures: %w", err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			e, err := scanErasure(rows, held)
			if err != nil {
				return err
			}
			all = append(all, e)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, "", err
	}
	signer, err := r.signer(ctx, actor.Workspace)
	if err != nil {
		return nil, "", err
	}
	return all, signer.Verifier, nil
}

// pageOf is where a page begins and how long it is: from the newest row where none is named.
func pageOf(before parlatory.RowID, limit int) (parlatory.RowID, int) {
	if before.Zero() {
		for i := range before {
			before[i] = 0xff
		}
	}
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	return before, limit
}

// CertificateOf is the certificate of one erasure, a signed note; it is signed now where it waited.
func (r *Room) CertificateOf(ctx context.Context, actor parlatory.Actor, id parlatory.RowID) (string, error) {
	if _, _, err := r.viewer(ctx, actor); err != nil {
		return "", err
	}
	e, err := r.certify(ctx, actor.Workspace, id)
	if errors.Is(err, errUnnumbered) {
		return "", parlatory.Fail(parlatory.KindUnavailable, "The certificate is not signed yet. Please try again in a few seconds.").Because(err)
	}
	return e.Certificate, err
}

func (r *Room) viewer(ctx context.Context, actor parlatory.Actor) (access.Permit, *vault.Held, error) {
	permit, err := r.o.Law.Permit(ctx, actor, ActView)
	if err != nil {
		return permit, nil, err
	}
	if err := full(permit); err != nil {
		return permit, nil, err
	}
	held, err := r.o.Ring.Hold(ctx, actor.Workspace, vault.LedgerSubject)
	if err != nil {
		return permit, nil, fmt.Errorf("hold ledger key: %w", err)
	}
	return permit, held, nil
}

type uncertified struct {
	ws parlatory.WorkspaceID
	id parlatory.RowID
}

// certifyAll signs what could not be signed at once. A workspace whose keys are away does not hold up the others.
func (r *Room) certifyAll(ctx context.Context) error {
	all, err := across(ctx, r, sqlUncertifiedAcross, func(rows *db.Rows, u *uncertified) error { return rows.Scan(&u.ws, &u.id) })
	if err != nil {
		return err
	}
	var faults error
	for _, u := range all {
		if _, err := r.certify(ctx, u.ws, u.id); err != nil {
			faults = errors.Join(faults, err)
		}
	}
	return faults
}
