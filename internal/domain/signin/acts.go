package signin

import (
	"parlatory"
	"parlatory/internal/guard/access"
)

var (
	byGuest  = access.ByKind(parlatory.Anonymous, parlatory.Half, parlatory.Staff)
	byHalf   = access.ByKind(parlatory.Half)
	byStaff  = access.ByKind(parlatory.Staff)
	bySystem = access.ByKind(parlatory.System)
	anybody  = access.ByKind(parlatory.Anonymous)
)

// The acts before and around a session.
var (
	ActSignup         = access.Act{Name: "signup.request", Feature: "Sign-up", Verb: access.Use, By: anybody, Scope: access.HouseAndAcross}
	ActSignupOpen     = access.Act{Name: "signup.open", Feature: "Sign-up", Verb: access.View, By: anybody, Scope: access.InHouse}
	ActSignupComplete = access.Act{Name: "signup.complete", Feature: "Sign-up", Verb: access.Use, By: anybody, Audited: true, Scope: access.HouseAndWorkspace}

	ActInvitationOpen   = access.Act{Name: "invitation.open", Feature: "Sign-in", Verb: access.View, By: byGuest, Scope: access.HouseAndWorkspace}
	ActInvitationAccept = access.Act{Name: "invitation.accept", Feature: "Sign-in", Verb: access.Use, By: byGuest, Audited: true, Scope: access.HouseAndWorkspace}

	ActEnter       = access.Act{Name: "signin.enter", Feature: "Sign-in", Verb: access.Use, By: byGuest, Audited: true, Scope: access.HouseAndWorkspace}
	ActOwed        = access.Act{Name: "signin.owed", Feature: "Sign-in", Verb: access.View, By: byHalf, Scope: access.HouseAndWorkspace}
	ActAgree       = access.Act{Name: "signin.agree", Feature: "Sign-in", Verb: access.Use, By: byHalf, Audited: true, Scope: access.HouseAndWorkspace}
	ActFactor      = access.Act{Name: "signin.factor", Feature: "Sign-in", Verb: access.Use, By: byHalf, Audited: true, Scope: access.HouseAndWorkspace}
	ActEnrol       = access.Act{Name: "signin.enrol", Feature: "Sign-in", Verb: access.Use, By: byHalf, Audited: true, Scope: access.HouseAndWorkspace}
	ActNewPassword = access.Act{Name: "signin.password", Feature: "Sign-in", Verb: access.Use, By: byHalf, Audited: true, Scope: access.HouseAndWorkspace}
	ActPasskey     = access.Act{Name: "signin.passkey", Feature: "Sign-in", Verb: access.Use, By: byGuest, Scope: access.HouseAndWorkspace}
	ActStepUp      = access.Act{Name: "session.step_up", Feature: "My Account", Verb: access.Use, By: byStaff, Audited: true, Scope: access.HouseAndWorkspace}
	ActSessions    = access.Act{Name: "session.list", Feature: "My Account", Verb: access.View, By: byStaff, Scope: access.HouseAndWorkspace}
	ActEndSession  = access.Act{Name: "session.end", Feature: "My Account", Verb: access.Delete, By: byStaff, Audited: true, Scope: access.HouseAndWorkspace}
	ActEndOthers   = access.Act{Name: "session.end_others", Feature: "My Account", Verb: access.Delete, By: byStaff, Audited: true, StepUp: true, Scope: access.HouseAndWorkspace}

	ActTokens      = access.Act{Name: "token.list", Feature: "My Account", Verb: access.View, By: byStaff, Scope: access.HouseAndWorkspace}
	ActMakeToken   = access.Act{Name: "token.make", Feature: "My Account", Verb: access.Edit, By: byStaff, Audited: true, StepUp: true, Scope: access.HouseAndWorkspace}
	ActRevokeToken = access.Act{Name: "token.revoke", Feature: "My Account", Verb: access.Delete, By: byStaff, Audited: true, Scope: access.HouseAndWorkspace}

	ActResetLink   = access.Act{Name: "staff.reset_link", Feature: "Staff", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, StepUp: true, Scope: access.HouseAndWorkspace}
	ActResetFactor = access.Act{Name: "staff.reset_factor", Feature: "Staff", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, StepUp: true, Scope: access.Everywhere}
	ActUnlock      = access.Act{Name: "staff.unlock", Feature: "Staff", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, StepUp: true, Scope: access.HouseAndWorkspace}
	ActSignOut     = access.Act{Name: "staff.sign_out", Feature: "Staff", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, StepUp: true, Scope: access.HouseAndWorkspace}
	ActStanding    = access.Act{Name: "staff.standing", Feature: "Staff", Verb: access.View, By: byStaff, Scope: access.HouseAndWorkspace}

	ActLeave = access.Act{Name: "signin.leave", Feature: "Sign-in", Verb: access.Use, By: access.ByKind(parlatory.Staff, parlatory.Half), Audited: true, Scope: access.HouseAndWorkspace}

	ActForgot    = access.Act{Name: "signin.forgot", Feature: "Sign-in", Verb: access.Use, By: byGuest, Scope: access.HouseAndWorkspace}
	ActResetOpen = access.Act{Name: "signin.reset_open", Feature: "Sign-in", Verb: access.View, By: byGuest, Scope: access.HouseAndWorkspace}
	ActReset     = access.Act{Name: "signin.reset", Feature: "Sign-in", Verb: access.Use, By: byGuest, Audited: true, Scope: access.HouseAndWorkspace}

	actBegin  = access.Act{Name: "signin.begin", Feature: "Sign-in", Verb: access.Use, By: byHalf, Audited: true, Scope: access.HouseAndWorkspace}
	actHalf   = access.Act{Name: "signin.half", Feature: "Sign-in", Verb: access.Use, By: bySystem, Scope: access.HouseAndWorkspace}
	actResume = access.Act{Name: "signin.resume", Feature: "Sign-in", Verb: access.Use, By: bySystem, Scope: access.InHouse}
	actToken  = access.Act{Name: "token.use", Feature: "Sign-in", Verb: access.Use, By: bySystem, Scope: access.HouseAndWorkspace}
	actSweep  = access.Act{Name: "signin.sweep", Feature: "Sign-in", Verb: access.Delete, By: bySystem, Scope: access.InHouse}
)

// Acts lists what the room adds to the catalogue.
func Acts() []access.Act {
	return []access.Act{
		ActSignup, ActSignupOpen, ActSignupComplete, ActInvitationOpen, ActInvitationAccept,
		ActEnter, ActOwed, ActFactor, ActEnrol, ActNewPassword, ActPasskey, ActAgree, ActLeave,
		ActTokens, ActMakeToken, ActRevokeToken, actToken, ActStepUp, ActSessions, ActEndSession, ActEndOthers, ActResetLink, ActResetFactor, ActUnlock, ActSignOut, ActStanding, ActFind, ActRecover, ActEndLocks,
		ActForgot, ActResetOpen, ActReset,
		actBegin, actHalf, actResume, actSweep,
	}
}
