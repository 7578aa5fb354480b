package keys

import (
	"parlatory"
	"parlatory/internal/guard/access"
)

var actFetch = access.Act{Name: "keys.fetch", Feature: "Keys", Verb: access.Use, By: access.ByKind(parlatory.System)}

// Acts lists what the room adds to the catalogue.
func Acts() []access.Act { return []access.Act{actFetch} }
