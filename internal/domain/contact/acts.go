package contact

import (
	"parlatory"
	"parlatory/internal/guard/access"
)

var (
	actResume = access.Act{Name: "visitor.resume", Feature: "Visitors", Verb: access.Use, By: access.ByKind(parlatory.System)}
	actName   = access.Act{Name: "visitor.name", Feature: "Visitors", Verb: access.View, By: access.ByKind(parlatory.System)}
)

// Acts lists what the room adds to the catalogue.
func Acts() []access.Act { return []access.Act{actResume, actName} }
