package staff

import (
	"parlatory"
	"parlatory/internal/guard/access"
)

var (
	byStaff  = access.ByKind(parlatory.Staff)
	bySystem = access.ByKind(parlatory.System)
)

// The acts about members. Those that end sessions reach the house, where sessions stand.
var (
	ActView       = access.Act{Name: "staff.view", Feature: "Staff", Verb: access.View, By: byStaff, Granted: true, ByToken: true}
	ActInvite     = access.Act{Name: "staff.invite", Feature: "Staff", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, StepUp: true}
	ActResend     = access.Act{Name: "staff.resend", Feature: "Staff", Verb: access.Edit, By: byStaff, Granted: true, Audited: true}
	ActRevoke     = access.Act{Name: "staff.revoke", Feature: "Staff", Verb: access.Delete, By: byStaff, Granted: true, Audited: true}
	ActEdit       = access.Act{Name: "staff.edit", Feature: "Staff", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, Scope: access.HouseAndWorkspace, StepUp: true}
	ActSuspend    = access.Act{Name: "staff.suspend", Feature: "Staff", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, Scope: access.HouseAndWorkspace}
	ActReactivate = access.Act{Name: "staff.reactivate", Feature: "Staff", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, Scope: access.HouseAndWorkspace}

	actNames = access.Act{Name: "staff.names", Feature: "Staff", Verb: access.View, By: bySystem}
)

// Acts lists what the room adds to the catalogue.
func Acts() []access.Act {
	return []access.Act{ActView, ActInvite, ActResend, ActRevoke, ActEdit, ActSuspend, ActReactivate, actNames}
}
