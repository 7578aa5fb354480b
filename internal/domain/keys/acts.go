package keys

import (
	"parlatory"
	"parlatory/internal/guard/access"
)

var (
	bySystem   = access.ByKind(parlatory.System)
	byStaff    = access.ByKind(parlatory.Staff)
	byOperator = access.ByKind(parlatory.Operator)
)

// The acts on keys. Changes ask for a step-up.
var (
	ActView   = access.Act{Name: "keys.view", Feature: "Encryption", Verb: access.View, By: byStaff, Granted: true, Scope: access.HouseAndWorkspace}
	ActRotate = access.Act{Name: "keys.rotate", Feature: "Encryption", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, StepUp: true}
	// ActServer names the workspace's own key server, or takes it away.
	ActServer = access.Act{Name: "keys.server", Feature: "Encryption", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, StepUp: true, Scope: access.HouseAndWorkspace}

	// ActOperate is the operator's: of who runs a command on the server. No door makes such an actor.
	ActOperate = access.Act{Name: "operator.keys", Feature: "Operator", Verb: access.Edit, By: byOperator, Audited: true, Scope: access.HouseAndWorkspace}
	ActSurvey  = access.Act{Name: "operator.keys_view", Feature: "Operator", Verb: access.View, By: byOperator, Scope: access.HouseAndAcross}

	actFetch  = access.Act{Name: "keys.fetch", Feature: "Keys", Verb: access.Use, By: bySystem}
	actServer = access.Act{Name: "keys.find_server", Feature: "Keys", Verb: access.Use, By: bySystem, Scope: access.HouseAndWorkspace}
	actTest   = access.Act{Name: "keys.count_tests", Feature: "Keys", Verb: access.Edit, By: bySystem, Scope: access.HouseAndWorkspace}
	actFound  = access.Act{Name: "keys.found_house", Feature: "Keys", Verb: access.Edit, By: bySystem, Scope: access.InHouse}
	actSpend  = access.Act{Name: "keys.spend", Feature: "Keys", Verb: access.Edit, By: bySystem}
	actWork   = access.Act{Name: "keys.work", Feature: "Keys", Verb: access.Edit, By: bySystem}
	actTurn   = access.Act{Name: "keys.turn", Feature: "Keys", Verb: access.Edit, By: bySystem, Audited: true, Scope: access.HouseAndWorkspace}
	actCopy   = access.Act{Name: "keys.copy", Feature: "Keys", Verb: access.View, By: bySystem, Scope: access.HouseAndAcross}
	actWaits  = access.Act{Name: "keys.waits", Feature: "Keys", Verb: access.View, By: bySystem, Scope: access.Across}
)

// Acts lists what the room adds to the catalogue.
func Acts() []access.Act {
	return []access.Act{
		ActView, ActRotate, ActServer, ActOperate, ActSurvey,
		actFetch, actServer, actTest, actFound, actSpend, actWork, actTurn, actCopy, actWaits,
	}
}
