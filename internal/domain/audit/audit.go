package audit

import (
	"context"
	"io"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// The acts of the audit log.
var (
	ActView   = access.Act{Name: "audit.view", Feature: "Audit log", Verb: access.View, By: access.ByKind(parlatory.Staff), Granted: true, ByToken: true}
	ActExport = access.Act{Name: "audit.export", Feature: "Audit log", Verb: access.Download, By: access.ByKind(parlatory.Staff), Granted: true, Audited: true, StepUp: true}
)

// Acts lists what the room adds to the catalogue.
func Acts() []access.Act { return []access.Act{ActView, ActExport} }

// Options are what the room needs.
type Options struct {
	DB     *db.DB
	Law    *access.Law
	Ledger *ledger.Ledger
}

// Room reads the ledger for those who may.
type Room struct{ Options }

// New opens the room.
func New(o Options) *Room { return &Room{o} }

// List reads a page of entries, newest first.
func (r *Room) List(ctx context.Context, actor parlatory.Actor, f ledger.Filter) ([]ledger.Record, error) {
	permit, err := r.Law.Permit(ctx, actor, ActView)
	if err != nil {
		return nil, err
	}
	return r.Ledger.List(ctx, permit, f)
}

// Checkpoint is the newest signed head, as a note.
func (r *Room) Checkpoint(ctx context.Context, actor parlatory.Actor) (string, error) {
	permit, err := r.Law.Permit(ctx, actor, ActView)
	if err != nil {
		return "", err
	}
	return r.Ledger.Head(ctx, permit)
}

// Export witnesses the download, then writes the whole log as JSON Lines that `parlatory audit verify` reads.
func (r *Room) Export(ctx context.Context, actor parlatory.Actor, w io.Writer) error {
	permit, err := r.Law.Permit(ctx, actor, ActExport)
	if err != nil {
		return err
	}
	pen, err := r.Ledger.Pen(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	err = r.DB.Write(ctx, permit, func(tx *db.Tx) error {
		return pen.Witness(tx, ledger.Entry{Action: ledger.Downloaded, Element: "Audit log", ID: actor.Workspace.Raw()})
	})
	if err != nil {
		return err
	}
	return r.Ledger.Export(ctx, permit, w)
}
