package account

import (
	"context"

	"parlatory"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// What happened to an account, in the words of the ledger.
const (
	PasswordChanged = "password changed"
	PasswordReset   = "password reset"
	NameChanged     = "name changed"
	SessionEnded    = "session ended"
	SessionsEnded   = "all other sessions ended"
)

// Pens are the keys of an act that the house and one workspace both witness.
type Pens struct{ House, Workspace *ledger.Pen }

// Pens fetches both, before the transaction.
func (a *Room) Pens(ctx context.Context, door parlatory.WorkspaceID) (p Pens, err error) {
	if p.House, err = a.o.Ledger.Pen(ctx, parlatory.House); err != nil {
		return p, err
	}
	p.Workspace, err = a.o.Ledger.Pen(ctx, door)
	return p, err
}

// Witness writes the event twice: for the house about the account, for the workspace about the member. What a workspace's administrators
// must not read of an account goes by WitnessApart or WitnessHouse.
func (p Pens) Witness(tx *db.Tx, action ledger.Action, acc parlatory.AccountID, member parlatory.StaffID, values map[string]string) error {
	return p.WitnessApart(tx, action, acc, member, values, values)
}

// WitnessApart is Witness where the house reads one thing and the workspace another.
func (p Pens) WitnessApart(tx *db.Tx, action ledger.Action, acc parlatory.AccountID, member parlatory.StaffID, house, door map[string]string) error {
	if err := p.WitnessHouse(tx, action, acc, house); err != nil {
		return err
	}
	return p.Workspace.Witness(tx, ledger.Entry{Action: action, Element: "Staff", ID: member.Raw(), New: door})
}

// WitnessHouse writes the event for the house alone.
func (p Pens) WitnessHouse(tx *db.Tx, action ledger.Action, acc parlatory.AccountID, values map[string]string) error {
	return p.House.WitnessHouse(tx, ledger.Entry{Action: action, Element: "Account", ID: acc.Raw(), New: values})
}
