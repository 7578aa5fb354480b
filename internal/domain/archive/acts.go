package archive

import (
	"parlatory"
	"parlatory/internal/guard/access"
)

var (
	byStaff    = access.ByKind(parlatory.Staff)
	bySystem   = access.ByKind(parlatory.System)
	byOperator = access.ByKind(parlatory.Operator)
)

// The acts on all that is kept on a contact.
var (
	ActView   = access.Act{Name: "archive.view", Feature: "Archive", Verb: access.View, By: byStaff, Granted: true}
	ActHold   = access.Act{Name: "archive.hold", Feature: "Archive", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, StepUp: true}
	ActExport = access.Act{Name: "archive.export", Feature: "Archive", Verb: access.Download, By: byStaff, Granted: true, Audited: true, StepUp: true}
	// ActErase is the built-in Administrator's alone, whatever else a role grants.
	ActErase = access.Act{Name: "archive.erase", Feature: "Archive", Verb: access.Delete, By: byStaff, Granted: true, Audited: true, StepUp: true}

	// ActBackup and ActRestore are the operator's: of who runs a command on the server. No door makes such an actor.
	ActBackup  = access.Act{Name: "operator.backup_keys", Feature: "Operator", Verb: access.Download, By: byOperator, Audited: true, Scope: access.InHouse}
	ActRestore = access.Act{Name: "operator.restore_keys", Feature: "Operator", Verb: access.Edit, By: byOperator, Audited: true, Scope: access.HouseAndWorkspace}

	actRead    = access.Act{Name: "archive.read", Feature: "Archive", Verb: access.View, By: bySystem}
	actFound   = access.Act{Name: "archive.found", Feature: "Archive", Verb: access.Edit, By: bySystem, Audited: true}
	actCertify = access.Act{Name: "archive.certify", Feature: "Archive", Verb: access.Edit, By: bySystem}
	actEnds    = access.Act{Name: "archive.ends", Feature: "Archive", Verb: access.Edit, By: bySystem, Scope: access.InHouse}
	actWaits   = access.Act{Name: "archive.waits", Feature: "Archive", Verb: access.View, By: bySystem, Scope: access.Across}
)

// Acts lists what the room adds to the catalogue.
func Acts() []access.Act {
	return []access.Act{ActView, ActHold, ActExport, ActErase, ActBackup, ActRestore, actRead, actFound, actCertify, actEnds, actWaits}
}
