package domaintest

import (
	"context"
	"sync/atomic"
	"time"

	"parlatory"
	"parlatory/internal/guard/vault"
)

// Line is a root at the end of a line that a test cuts.
type Line struct {
	vault.Root
	fault atomic.Pointer[error]
}

// Cut has the root answer with an error: vault.ErrAway, vault.ErrWithdrawn, or nil again.
func (l *Line) Cut(err error) { l.fault.Store(&err) }

// Unwrap is the root's, unless the line is cut.
func (l *Line) Unwrap(ctx context.Context, wrapped, ad []byte) ([]byte, error) {
	if err := l.fault.Load(); err != nil && *err != nil {
		return nil, *err
	}
	return l.Root.Unwrap(ctx, wrapped, ad)
}

// Shut moves a workspace below Line, cuts that, and waits until the workspace is closed.
func (w *World) Shut(ws parlatory.WorkspaceID, err error) {
	w.T.Helper()
	_, fault := w.Keys.Move(w.T.Context(), parlatory.Actor{Kind: parlatory.Operator}, ws, vault.RootServer, "")
	w.must(fault)
	w.Ring.ForgetWorkspace(ws)
	w.must(w.Ring.Confirm(w.T.Context(), ws)) // from here on the door has an end
	w.Line.Cut(err)
	w.Clock.Advance(2 * time.Minute)
	if w.Ring.Confirm(w.T.Context(), ws) == nil {
		w.T.Fatal("the workspace is open although its root is cut")
	}
}

// Reopen has the root answer again.
func (w *World) Reopen(ws parlatory.WorkspaceID) {
	w.T.Helper()
	w.Line.Cut(nil)
	w.must(w.Ring.Confirm(w.T.Context(), ws))
}
