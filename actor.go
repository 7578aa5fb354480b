package parlatory

import (
	"net/netip"
	"time"
)

// ActorKind says what somebody is to the system. It is never taken from a request: a door derives it.
type ActorKind uint8

const (
	// Anonymous has proved nothing yet: the sign-in and sign-up pages, the widget before its first message.
	Anonymous ActorKind = iota
	// Visitor holds a visitor's token of one workspace and one listed site.
	Visitor
	// Staff holds a session of an active member of the workspace.
	Staff
	// Half holds a sign-in attempt that still owes a step.
	Half
	// System is a job of the server itself.
	System
	// Operator is who runs a command on the server.
	Operator
)

var actorKinds = [...]string{"anonymous", "visitor", "staff", "half", "system", "operator"}

func (k ActorKind) String() string {
	if int(k) < len(actorKinds) {
		return actorKinds[k]
	}
	return "unknown"
}

// Factor is what somebody proved beside the password at the sign-in of a session; NoFactor where it was the password alone.
type Factor string

// The factors.
const (
	NoFactor Factor = ""
	TOTP     Factor = "totp"     // RFC 6238
	Passkey  Factor = "passkey"  // WebAuthn, beside the password or alone with user verification
	Recovery Factor = "recovery" // one of the ten codes
)

// Proof is by what somebody last proved in a session who they are.
type Proof string

// The proofs. A session on a trusted device begins with none.
const (
	NoProof      Proof = ""
	ByPassword   Proof = "password"
	ByFactorHere Proof = "here"       // by a second factor that counts at this workspace alone
	ByFactor     Proof = "everywhere" // by one that counts at all of the person's workspaces, or a recovery code
)

// Second reports whether it was more than the password.
func (p Proof) Second() bool { return p == ByFactorHere || p == ByFactor }

// FactorProof is the proof by a second factor.
func FactorProof(wide bool) Proof {
	if wide {
		return ByFactor
	}
	return ByFactorHere
}

// Actor is who does an act, and from where. Doors make it from a session, a token or nothing; a domain method
// gets it as a parameter and never changes it.
type Actor struct {
	Kind       ActorKind
	Workspace  WorkspaceID // the workspace of the door; House at the bare domain
	Account    AccountID   // of staff and half
	Staff      StaffID
	Department DepartmentID
	Role       string // name of the staff member's role
	Contact    ContactID
	Session    SessionID  // staff session, sign-in attempt or visitor token
	Address    netip.Addr // the client's, as front judged it
	Device     string     // user agent, cut to 200 bytes
	Factor     Factor     // of staff
	Proved     time.Time  // of staff: when password or factor was last given in this session
	ProvedBy   Proof      // of staff: by what; of half: by what so far
	Known      DeviceID   // of staff and half: the account's browser, if a factor that counts everywhere was proved on it
	Token      TokenID    // of staff: the API token that the request came with, zero for a session
	Scopes     string     // of an API token: the names of acts, with a space between
	Site       string     // a visitor's listed origin, such as https://shop.example
	Unchecked  bool       // of visitors: the keys that prove the token genuine are out of reach
}
