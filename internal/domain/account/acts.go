package account

import (
	"parlatory"
	"parlatory/internal/guard/access"
)

var (
	byStaff  = access.ByKind(parlatory.Staff)
	bySystem = access.ByKind(parlatory.System)
)

// The acts of one's own account. They need no grant: whoever is signed in has them, about nobody else.
var (
	ActView     = access.Act{Name: "account.view", Feature: "My Account", Verb: access.View, By: byStaff, Scope: access.HouseAndWorkspace}
	ActEdit     = access.Act{Name: "account.edit", Feature: "My Account", Verb: access.Edit, By: byStaff, Audited: true, Scope: access.HouseAndWorkspace}
	ActPassword = access.Act{Name: "account.password", Feature: "My Account", Verb: access.Edit, By: byStaff, Audited: true, Scope: access.HouseAndWorkspace}

	ActFactors = access.Act{Name: "account.factors", Feature: "My Account", Verb: access.View, By: byStaff, Scope: access.HouseAndWorkspace}
	ActFactor  = access.Act{Name: "account.factor", Feature: "My Account", Verb: access.Edit, By: byStaff, Audited: true, StepUp: true, Scope: access.HouseAndWorkspace}
	// ActFactorKeep asks for no proof: it only takes back what would make the account weaker.
	ActFactorKeep = access.Act{Name: "account.factor-keep", Feature: "My Account", Verb: access.Edit, By: byStaff, Audited: true, Scope: access.HouseAndWorkspace}
	ActFactorMail = access.Act{Name: "account.factor-mail", Feature: "My Account", Verb: access.Use, By: byStaff, Scope: access.HouseAndWorkspace}

	actFactor = access.Act{Name: "account.prove", Feature: "Sign-in", Verb: access.Use, By: bySystem, Scope: access.HouseAndWorkspace}
	actCount  = access.Act{Name: "account.count", Feature: "Sign-in", Verb: access.Use, By: bySystem, Scope: access.HouseAndWorkspace}
	actQueue  = access.Act{Name: "account.queue", Feature: "Sign-in", Verb: access.Use, By: bySystem, Scope: access.HouseAndAcross}
	actSweep  = access.Act{Name: "account.sweep", Feature: "Sign-in", Verb: access.Delete, By: bySystem, Scope: access.InHouse}
	actGone   = access.Act{Name: "account.factor-gone", Feature: "Sign-in", Verb: access.Delete, By: bySystem, Audited: true, Scope: access.InHouse}
	actStale  = access.Act{Name: "account.stale", Feature: "Sign-in", Verb: access.View, By: bySystem, Scope: access.Across}
	actEcho   = access.Act{Name: "account.echo", Feature: "Sign-in", Verb: access.Use, By: bySystem, Audited: true, Scope: access.HouseAndWorkspace}
)

// Acts lists what the room adds to the catalogue.
func Acts() []access.Act {
	return []access.Act{ActView, ActEdit, ActPassword, ActFactors, ActFactor, ActFactorKeep, ActFactorMail, actFactor, actCount, actQueue, actSweep, actStale, actGone, actEcho}
}
