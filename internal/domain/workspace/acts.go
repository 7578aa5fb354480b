package workspace

import (
	"parlatory"
	"parlatory/internal/guard/access"
)

var (
	byStaff    = access.ByKind(parlatory.Staff)
	bySystem   = access.ByKind(parlatory.System)
	byAnyGuest = access.ByKind(parlatory.Anonymous, parlatory.Half, parlatory.Staff)
)

// The acts of the company's record, its sites and the pages before sign-in.
var (
	ActView     = access.Act{Name: "workspace.view", Feature: "Workspace", Verb: access.View, By: byStaff, Granted: true, ByToken: true}
	ActEdit     = access.Act{Name: "workspace.edit", Feature: "Workspace", Verb: access.Edit, By: byStaff, Granted: true, Audited: true}
	ActDoor     = access.Act{Name: "workspace.door", Feature: "Sign-in", Verb: access.View, By: byAnyGuest}
	ActPolicies = access.Act{Name: "policy.read", Feature: "Policies", Verb: access.View, By: byAnyGuest | access.ByKind(parlatory.Visitor)}
	ActGreet    = access.Act{Name: "widget.config", Feature: "Visitors", Verb: access.View, By: access.ByKind(parlatory.Anonymous, parlatory.Visitor)}
	ActSites    = access.Act{Name: "site.view", Feature: "Sites", Verb: access.View, By: byStaff, Granted: true, ByToken: true}
	ActEditSite = access.Act{Name: "site.edit", Feature: "Sites", Verb: access.Edit, By: byStaff, Granted: true, Audited: true}

	actFind    = access.Act{Name: "workspace.find", Feature: "Workspace", Verb: access.View, By: bySystem, Scope: access.Across}
	actName    = access.Act{Name: "workspace.name", Feature: "Workspace", Verb: access.View, By: bySystem}
	actListed  = access.Act{Name: "site.listed", Feature: "Sites", Verb: access.View, By: bySystem}
	actDue     = access.Act{Name: "outbox.due", Feature: "Outbox", Verb: access.View, By: bySystem, Scope: access.Across}
	actDeliver = access.Act{Name: "outbox.deliver", Feature: "Outbox", Verb: access.Use, By: bySystem}
	actStale   = access.Act{Name: "workspace.stale", Feature: "Workspace", Verb: access.View, By: bySystem, Scope: access.Across}
	actSweep   = access.Act{Name: "workspace.sweep", Feature: "Workspace", Verb: access.Delete, By: bySystem}
	actAnswer  = access.Act{Name: "answer.keep", Feature: "Repeated requests", Verb: access.Use, By: byStaff | access.ByKind(parlatory.Visitor, parlatory.Anonymous), Attends: true}
)

// Acts lists what the room adds to the catalogue.
func Acts() []access.Act {
	return []access.Act{
		ActView, ActEdit, ActDoor, ActPolicies, ActGreet, ActSites, ActEditSite,
		actFind, actName, actListed, actDue, actDeliver, actStale, actSweep, actAnswer,
	}
}
