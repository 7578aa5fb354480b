package api

import (
	"parlatory"
	"parlatory/internal/domain/account"
	"parlatory/internal/domain/archive"
	"parlatory/internal/domain/audit"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/contact"
	"parlatory/internal/domain/file"
	"parlatory/internal/domain/keys"
	"parlatory/internal/domain/security"
	"parlatory/internal/domain/signin"
	"parlatory/internal/domain/staff"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/access"
)

// Rooms are the domain rooms behind the operations.
type Rooms struct {
	Law       *access.Law
	Roles     access.Roles
	Workspace *workspace.Room
	Security  *security.Room
	Keys      *keys.Room
	Account   *account.Room
	Staff     *staff.Room
	Signin    *signin.Room
	Contact   *contact.Room
	File      *file.Room
	Chat      *chat.Room
	Audit     *audit.Room
	Archive   *archive.Room
	Online    func(parlatory.WorkspaceID) bool // whether a staff member of the workspace has a live session
	Clock     parlatory.Clock
}

// routes registers every operation, a function a file.
func (a *API) routes() {
	a.signupRoutes()
	a.signinRoutes()
	a.meRoutes()
	a.factorRoutes()
	a.workspaceRoutes()
	a.encryptionRoutes()
	a.staffRoutes()
	a.enquiryRoutes()
	a.messageRoutes()
	a.fileRoutes()
	a.storageRoutes()
	a.widgetRoutes()
	a.auditRoutes()
	a.securityRoutes()
	a.sessionRoutes()
	a.tokenRoutes()
	a.erasureRoutes()
	a.keptRoutes()
}
