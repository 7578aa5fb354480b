package file

import (
	"parlatory"
	"parlatory/internal/guard/access"
)

var (
	byStaff   = access.ByKind(parlatory.Staff)
	byVisitor = access.ByKind(parlatory.Visitor)
	bySystem  = access.ByKind(parlatory.System)
)

// The acts of files. Beside each of them the room's own act is asked for (chat.post, chat.read and their kin): an API token has to name
// both.
var (
	ActUpload = access.Act{Name: "file.upload", Feature: "Files", Verb: access.Use, By: byStaff, Granted: true, ByToken: true}
	// ActView shows how a file stands, and a picture encoded anew: a reading of its conversation, entered as such.
	ActView = access.Act{Name: "file.view", Feature: "Files", Verb: access.View, By: byStaff, Granted: true, ByToken: true}
	// ActDownload hands out what was sent, byte for byte: each time an entry of its own.
	ActDownload = access.Act{Name: "file.download", Feature: "Files", Verb: access.Download, By: byStaff, Granted: true, Audited: true, ByToken: true}

	ActVisitorUpload = access.Act{Name: "visitor.upload", Feature: "Visitors", Verb: access.Use, By: byVisitor}
	ActVisitorFile   = access.Act{Name: "visitor.file", Feature: "Visitors", Verb: access.View, By: byVisitor}

	ActStorage       = access.Act{Name: "storage.view", Feature: "Storage", Verb: access.View, By: byStaff, Granted: true, ByToken: true}
	ActEditStorage   = access.Act{Name: "storage.edit", Feature: "Storage", Verb: access.Edit, By: byStaff, Granted: true, Audited: true, StepUp: true}
	ActDeleteStorage = access.Act{Name: "storage.delete", Feature: "Storage", Verb: access.Delete, By: byStaff, Granted: true, Audited: true, StepUp: true}

	actCheck      = access.Act{Name: "file.check", Feature: "Files", Verb: access.Use, By: bySystem}
	actQuarantine = access.Act{Name: "file.quarantine", Feature: "Files", Verb: access.Edit, By: bySystem, Audited: true}
	actDue        = access.Act{Name: "file.due", Feature: "Files", Verb: access.View, By: bySystem, Scope: access.Across}
	actSweep      = access.Act{Name: "file.sweep", Feature: "Files", Verb: access.Delete, By: bySystem}
	actOwn        = access.Act{Name: "file.own", Feature: "Files", Verb: access.Edit, By: bySystem, Scope: access.InHouse}
	actExport     = access.Act{Name: "file.export", Feature: "Files", Verb: access.View, By: bySystem}
)

// Acts lists what the room adds to the catalogue.
func Acts() []access.Act {
	return []access.Act{
		ActUpload, ActView, ActDownload, ActVisitorUpload, ActVisitorFile, ActStorage, ActEditStorage, ActDeleteStorage,
		actCheck, actQuarantine, actDue, actSweep, actOwn, actExport,
	}
}
