package chat

import (
	"parlatory"
	"parlatory/internal/guard/access"
)

// sees is the rule of data levels: Restricted sees what waits and the own, Department also the own department's,
// Full everything. A visitor sees the own.
func sees(actor parlatory.Actor, level access.Level, st state) bool {
	switch actor.Kind {
	case parlatory.Visitor:
		return st.contact == actor.Contact
	case parlatory.Staff:
		switch {
		case level == access.Full, st.staff == actor.Staff, st.status == Open:
			return true
		case level == access.Department:
			return st.department.Zero() || st.department == actor.Department
		}
	case parlatory.System:
		return true
	}
	return false
}

// mayPost is the rule of posting. Whoever may not see the room hears that it does not exist.
func mayPost(actor parlatory.Actor, level access.Level, st state) error {
	if !sees(actor, level, st) {
		return parlatory.NotFound()
	}
	if st.status == Closed {
		return parlatory.Conflict("This conversation is closed. Reopen it or start a new one.")
	}
	if actor.Kind == parlatory.Staff && st.status == Open {
		return parlatory.Conflict("Pick this enquiry up before you reply.")
	}
	return nil
}

// mayChange is the rule of closing and reopening: the one who has it, or a data level above Restricted.
func mayChange(actor parlatory.Actor, level access.Level, st state) error {
	if !sees(actor, level, st) {
		return parlatory.NotFound()
	}
	if st.staff != actor.Staff && level < access.Department {
		return parlatory.Forbidden()
	}
	return nil
}
