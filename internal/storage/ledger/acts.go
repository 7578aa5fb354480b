package ledger

import (
	"parlatory"
	"parlatory/internal/guard/access"
)

var (
	actSequence = access.Act{Name: "ledger.sequence", Feature: "Audit log", Verb: access.Edit,
		By: access.ByKind(parlatory.System)}
	actWaiting = access.Act{Name: "ledger.waiting", Feature: "Audit log", Verb: access.View,
		By: access.ByKind(parlatory.System), Scope: access.Across}
	actRefuse = access.Act{Name: "ledger.refuse", Feature: "Audit log", Verb: access.Edit,
		By: access.ByKind(parlatory.System), Audited: true}
)

// Acts are the system's own on the ledger; audit.view and audit.export are domain/audit's.
func Acts() []access.Act { return []access.Act{actSequence, actWaiting, actRefuse} }
