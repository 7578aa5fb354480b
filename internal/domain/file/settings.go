package file

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"parlatory"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// Settings are a workspace's own bounds.
type Settings struct {
	File  int64 `json:"file"`            // bytes of one file; at most what the operator allows
	Total int64 `json:"total,omitempty"` // bytes of all files; 0: no bound
}

// least is the smallest bound of one file: with less, no photo would pass.
const least = 1 << 20

func settingsBinding(ws parlatory.WorkspaceID, revision int64) vault.Binding {
	return vault.Binding{Table: "file_settings", Row: ws.Raw(), Revision: uint32(revision), Clear: []any{ws}}
}

// settings reads the bounds of the permit's workspace. The operator's bound wins, also where it was lowered later.
func (r *Room) settings(ctx context.Context, permit access.Permit) (s Settings, revision int64, err error) {
	held, err := r.o.Ring.Hold(ctx, permit.Workspace(), vault.Settings)
	if err != nil {
		return s, 0, fmt.Errorf("hold settings key: %w", err)
	}
	s.File = Default
	err = r.o.DB.Read(ctx, permit, func(tx *db.Tx) error {
		var sealed vault.Sealed
		err := tx.Row(sqlSettings).Scan(&revision, &sealed)
		if errors.Is(err, db.ErrNone) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read file settings: %w", err)
		}
		return vault.OpenJSON(held, settingsBinding(permit.Workspace(), revision), sealed, &s)
	})
	s.File = min(s.File, r.o.Limits.File)
	return s, revision, err
}

// Most is how many bytes one file may have that the actor sends; 0 where this server takes none.
func (r *Room) Most(ctx context.Context, actor parlatory.Actor) (int64, error) {
	permit, err := r.o.Law.Permit(ctx, actor, acts(actor, ActUpload, ActVisitorUpload))
	if err != nil || r.ready(ctx) != nil {
		return 0, err
	}
	s, _, err := r.settings(ctx, permit)
	return s.File, err
}

// Limit changes the workspace's bounds.
func (r *Room) Limit(ctx context.Context, actor parlatory.Actor, s Settings) error {
	permit, err := r.o.Law.Permit(ctx, actor, ActEditStorage)
	if err != nil {
		return err
	}
	if s.File < least || s.File > r.o.Limits.File {
		return parlatory.Invalid("max_file_bytes", fmt.Sprintf("must be %d to %d", least, r.o.Limits.File))
	}
	if s.Total != 0 && s.Total < s.File {
		return parlatory.Invalid("max_total_bytes", "must be 0 (no bound), or at least what one file may have")
	}
	old, revision, err := r.settings(ctx, permit)
	if err != nil {
		return err
	}
	held, err := r.o.Ring.Hold(ctx, actor.Workspace, vault.Settings)
	if err != nil {
		return fmt.Errorf("hold settings key: %w", err)
	}
	pen, err := r.o.Ledger.Pen(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	sealed, err := vault.SealJSON(held, settingsBinding(actor.Workspace, revision+1), s)
	if err != nil {
		return fmt.Errorf("seal file settings: %w", err)
	}
	return r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := r.steady(tx, actor); err != nil {
			return err
		}
		n, err := tx.Exec(sqlPutSettings, revision+1, sealed, revision)
		if err != nil {
			return fmt.Errorf("store file settings: %w", err)
		}
		if n != 1 {
			return parlatory.Conflict("Somebody else has just changed these settings. Load them again.")
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Updated, Element: "Storage setting", ID: actor.Workspace.Raw(), Old: old.told(), New: s.told()})
	})
}

func (s Settings) told() map[string]string {
	return map[string]string{"bytes of one file": strconv.FormatInt(s.File, 10), "bytes of all files": strconv.FormatInt(s.Total, 10)}
}
