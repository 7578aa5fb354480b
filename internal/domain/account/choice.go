package account

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/storage/db"
)

// Choosing is who chooses a password, and by what.
type Choosing struct {
	Door    parlatory.WorkspaceID
	From    netip.Addr
	By      string              // the row of the link, the half session or the session
	Account parlatory.AccountID // zero where it is still to be made
}

// ChoosingOf is somebody who chooses by a row of theirs.
func ChoosingOf(actor parlatory.Actor, by string) Choosing {
	return Choosing{Door: actor.Workspace, From: actor.Address, By: by, Account: actor.Account}
}

// How many passwords may be looked at. A source has as many as it has tries to sign in.
var (
	byChoice  = workspace.Budget{Name: "choice.by", Window: 24 * time.Hour, Limit: 10}
	byChooser = workspace.Budget{Name: "choice.account", Window: 24 * time.Hour, Limit: 20}
)

func (l Limits) bySourceOfChoices() workspace.Budget {
	return workspace.Budget{Name: "choice.source", Window: l.Window, Limit: l.Source}
}

// spendChoice counts a choice, and commits that before anything is hashed.
func (a *Room) spendChoice(ctx context.Context, c Choosing) error {
	permit, err := a.o.Law.System(actCount, c.Door)
	if err != nil {
		return err
	}
	ix, err := a.o.Ring.Index(ctx, parlatory.House)
	if err != nil {
		return fmt.Errorf("hold house index key: %w", err)
	}
	source := a.o.Limits.bySourceOfChoices()
	var refused error
	err = a.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		refused = nil
		spent, err := source.Spend(tx.House(), source.Key(ix, workspace.SourceOf(c.From)))
		if err != nil {
			return err
		}
		if spent.Over {
			refused = spent.Refusal(tx.Now())
			return nil
		}
		if spent, err = byChoice.Spend(tx.House(), byChoice.Key(ix, c.By)); err == nil && !spent.Over && !c.Account.Zero() {
			spent, err = byChooser.Spend(tx.House(), byChooser.Key(ix, c.Account.String()))
		}
		if err == nil && spent.Over {
			refused = errChoices(spent.Until.Sub(tx.Now()))
		}
		return err
	})
	if err == nil {
		err = refused
	}
	return err
}

func errChoices(wait time.Duration) error {
	e := parlatory.Fail(parlatory.KindTooMany, "Too many passwords were tried here. Please ask for a new link or sign in again; if that does not help, try again tomorrow.")
	e.RetryAfter = max(wait, time.Second)
	return e
}
