package security

import (
	"parlatory"
	"parlatory/internal/guard/access"
)

var (
	byStaff  = access.ByKind(parlatory.Staff)
	bySystem = access.ByKind(parlatory.System)
)

// The acts of the security settings. Changes ask for a step-up.
var (
	ActView            = access.Act{Name: "security.view", Feature: "Security", Verb: access.View, By: byStaff, Granted: true}
	ActEdit            = access.Act{Name: "security.edit", Feature: "Security", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, StepUp: true, Scope: access.HouseAndWorkspace} // sessions without the factor end with it, and they are the house's
	ActEditStaffList   = access.Act{Name: "security.staff_list", Feature: "Security", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, StepUp: true}
	ActEditVisitorList = access.Act{Name: "security.visitor_list", Feature: "Security", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, StepUp: true}

	// ActExportVisitorList takes addresses of visitors out of the house.
	ActExportVisitorList = access.Act{Name: "security.visitor_list_export", Feature: "Security", Verb: access.Download, By: byStaff, Granted: true, Audited: true, StepUp: true}

	// ActOpen is the operator's: of who runs a command on the server. No door makes such an actor.
	ActOpen = access.Act{Name: "operator.open", Feature: "Operator", Verb: access.Edit, By: access.ByKind(parlatory.Operator), Audited: true, Scope: access.HouseAndWorkspace}

	actLoad  = access.Act{Name: "security.load", Feature: "Security", Verb: access.View, By: bySystem}
	actCount = access.Act{Name: "security.count", Feature: "Security", Verb: access.Use, By: bySystem}
)

// Acts lists what the room adds to the catalogue.
func Acts() []access.Act {
	return []access.Act{ActView, ActEdit, ActEditStaffList, ActEditVisitorList, ActExportVisitorList, actLoad, actCount, actGeneration, ActOpen}
}
