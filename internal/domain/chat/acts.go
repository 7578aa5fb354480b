package chat

import (
	"parlatory"
	"parlatory/internal/guard/access"
)

var (
	byStaff   = access.ByKind(parlatory.Staff)
	byVisitor = access.ByKind(parlatory.Visitor)
	bySystem  = access.ByKind(parlatory.System)
)

// The acts of conversations. Doors name them as the metadata of their operations and live commands.
var (
	ActList   = access.Act{Name: "chat.list", Feature: "Conversations", Verb: access.View, By: byStaff, Granted: true, ByToken: true}
	ActRead   = access.Act{Name: "chat.read", Feature: "Conversations", Verb: access.View, By: byStaff, Granted: true, ByToken: true}
	ActPost   = access.Act{Name: "chat.post", Feature: "Conversations", Verb: access.Use, By: byStaff, Granted: true, ByToken: true}
	ActTyping = access.Act{Name: "chat.typing", Feature: "Conversations", Verb: access.Use, By: byStaff, Granted: true}
	ActMark   = access.Act{Name: "chat.mark", Feature: "Conversations", Verb: access.Use, By: byStaff, Granted: true, ByToken: true}
	ActPickup = access.Act{Name: "chat.pickup", Feature: "Conversations", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, ByToken: true}
	ActClose  = access.Act{Name: "chat.close", Feature: "Conversations", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, ByToken: true}
	ActReopen = access.Act{Name: "chat.reopen", Feature: "Conversations", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, ByToken: true}
	ActBlock  = access.Act{Name: "chat.block", Feature: "Conversations", Verb: access.Edit, By: byStaff, Granted: true, Audited: true}
	ActLeave  = access.Act{Name: "chat.leave", Feature: "Conversations", Verb: access.Use, By: byStaff | byVisitor}

	ActBegin         = access.Act{Name: "visitor.begin", Feature: "Visitors", Verb: access.Use, By: byVisitor | access.ByKind(parlatory.Anonymous), Audited: true}
	ActVisitorList   = access.Act{Name: "visitor.list", Feature: "Visitors", Verb: access.View, By: byVisitor}
	ActVisitorRead   = access.Act{Name: "visitor.read", Feature: "Visitors", Verb: access.View, By: byVisitor}
	ActVisitorPost   = access.Act{Name: "visitor.post", Feature: "Visitors", Verb: access.Use, By: byVisitor, Unchecked: true}
	ActVisitorTyping = access.Act{Name: "visitor.typing", Feature: "Visitors", Verb: access.Use, By: byVisitor}
	ActVisitorMark   = access.Act{Name: "visitor.mark", Feature: "Visitors", Verb: access.Use, By: byVisitor}

	actReading = access.Act{Name: "chat.reading", Feature: "Conversations", Verb: access.View, By: byStaff, Audited: true}
	actGather  = access.Act{Name: "chat.gather", Feature: "Conversations", Verb: access.Use, By: bySystem}
	actInbox   = access.Act{Name: "chat.inbox", Feature: "Conversations", Verb: access.Edit, By: bySystem}
	actInboxes = access.Act{Name: "chat.inboxes", Feature: "Conversations", Verb: access.View, By: bySystem, Scope: access.Across}
	actMinted  = access.Act{Name: "chat.inbox_key", Feature: "Conversations", Verb: access.Edit, By: bySystem, Audited: true}
	actFrames  = access.Act{Name: "chat.frames", Feature: "Conversations", Verb: access.View, By: bySystem}
	actDigest  = access.Act{Name: "chat.digest", Feature: "Conversations", Verb: access.Use, By: bySystem, Audited: true}
	actRefused = access.Act{Name: "chat.refused", Feature: "Conversations", Verb: access.Edit, By: bySystem, Audited: true}
	actOpenOf  = access.Act{Name: "chat.open_rooms", Feature: "Conversations", Verb: access.View, By: bySystem, Scope: access.Across}
)

// Acts lists what the room adds to the catalogue.
func Acts() []access.Act {
	return []access.Act{
		ActList, ActRead, ActPost, ActTyping, ActMark, ActPickup, ActClose, ActReopen, ActBlock, ActLeave,
		ActBegin, ActVisitorList, ActVisitorRead, ActVisitorPost, ActVisitorTyping, ActVisitorMark,
		actReading, actGather, actInbox, actInboxes, actMinted, actFrames, actDigest, actRefused, actOpenOf,
	}
}
