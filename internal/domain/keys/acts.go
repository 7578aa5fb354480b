package keys

import (
	"parlatory"
	"parlatory/internal/guard/access"
)

var (
	actFetch = access.Act{Name: "keys.fetch", Feature: "Keys", Verb: access.Use, By: access.ByKind(parlatory.System)}
	actFound = access.Act{Name: "keys.found_house", Feature: "Keys", Verb: access.Edit, By: access.ByKind(parlatory.System), Scope: access.InHouse}
)

// Acts lists what the room adds to the catalogue.
func Acts() []access.Act { return []access.Act{actFetch, actFound} }
