package account

import (
	"parlatory"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// What the operator did to an account, in the words of the ledger.
const (
	Recovered = "recovered by the operator"
	Unlocked  = "unlocked by the operator"
)

// Operated witnesses an act of the operator in the ledgers of the house and of tx's workspace.
func (p Pens) Operated(tx *db.Tx, acc parlatory.AccountID, member parlatory.StaffID, what, reason string) error {
	values := map[string]string{"what": what}
	if err := p.House.WitnessHouse(tx, ledger.Entry{Action: ledger.Updated, Element: "Account", ID: acc.Raw(), New: values, Remark: reason}); err != nil {
		return err
	}
	return p.Workspace.Witness(tx, ledger.Entry{Action: ledger.Updated, Element: "Staff", ID: member.Raw(), New: values, Remark: reason})
}

// QueueEcho queues an event of an account for the ledgers of the person's other workspaces.
func (a *Room) QueueEcho(tx *db.Tx, account parlatory.AccountID, what string) error {
	return a.echo(tx, account, what)
}

// QueueEchoAt queues one for the ledger of one of them.
func (a *Room) QueueEchoAt(tx *db.Tx, account parlatory.AccountID, target parlatory.WorkspaceID, what string) error {
	return a.echoAt(tx, account, target, what)
}
