package parlatory

// EventKind names what happened. Events carry ids and sequences, never content: who hears one asks for what it
// may see.
type EventKind string

// Event is told after commit, in sequence order per room. It is a hint: who needs certainty reads again.
type Event struct {
	Kind      EventKind   `json:"k"`
	Workspace WorkspaceID `json:"w"`
	Room      RoomID      `json:"r,omitzero"`
	Seq       int64       `json:"q,omitzero"`
	Enquiry   EnquiryID   `json:"e,omitzero"`
	Staff     StaffID     `json:"s,omitzero"`
	Account   AccountID   `json:"a,omitzero"`
	Session   SessionID   `json:"n,omitzero"`
	Contact   ContactID   `json:"c,omitzero"`
	File      FileID      `json:"f,omitzero"`
}

// The events.
const (
	MessagePosted    EventKind = "message.posted"    // Room, Seq
	EnquiryOpened    EventKind = "enquiry.opened"    // Enquiry, Room
	EnquiryChanged   EventKind = "enquiry.changed"   // Enquiry, Room, Staff
	ContactErased    EventKind = "contact.erased"    // Contact, Room, Enquiry: one for each room, or one without: forget keys and whatever is remembered
	RoomContended    EventKind = "room.contended"    // Room: several nodes write to it, so all of them lock it for a while
	ReadMoved        EventKind = "read.moved"        // Room, Seq, Staff or Contact
	FileChanged      EventKind = "file.changed"      // Room, File, Staff or Contact: the check of what somebody is about to send has ended
	SessionEnded     EventKind = "session.ended"     // Session
	AccountChanged   EventKind = "account.changed"   // Account: password changed, sessions ended
	StaffChanged     EventKind = "staff.changed"     // Staff: role, state, name
	SitesChanged     EventKind = "sites.changed"     // the workspace's list of sites
	WorkspaceChanged EventKind = "workspace.changed" // name, state
	LedgerGrown      EventKind = "ledger.grown"      // unnumbered entries wait
	SecurityChanged  EventKind = "security.changed"  // settings or lists of the workspace; a zero Workspace means all of them
	KeysShut         EventKind = "keys.shut"         // told to this node alone: the workspace's keys are wiped, so forget what they opened
	EventsMissed     EventKind = "events.missed"     // told to this node alone: others' events may have been lost, so read again
)

// Rights reports whether an event changes what somebody may do or see. Such events travel to the other nodes inside the
// transaction that caused them, so that none is lost where a node dies after its commit.
func (k EventKind) Rights() bool {
	switch k {
	case SessionEnded, AccountChanged, StaffChanged, SitesChanged, WorkspaceChanged, EnquiryChanged, SecurityChanged, ContactErased:
		return true
	}
	return false
}
