// Package file owns what people send each other besides words: uploads and their parts, what a file is, its check, the pictures that are made of
// it, who gets it, its bounds, and what Administration > Storage shows.
//
// A file is announced for a room, sent in parts, completed, checked, and then claimed by the message that it goes out with, in the
// transaction that posts it (Claim). Each part is a sealed stream in a blob of its own, so that a cut upload goes on with the parts that are missing,
// at any node. Whose a room is and who may do what in it, the room asks of chat (Rooms).
//
// A store of blobs belongs to one database: both have the same random id. Nothing is read from a store with another, nothing in it deleted.
//
// It refuses: a file whose content is another type than its name or its sender claims (AC-097), a picture with markup in
// its head, a picture that would take more memory or time than its bounds (checked before it is decoded), one that is cut; a
// part of any other length than the announced one; more than the bounds of a file, a workspace, a visitor's day; a file of another author, room or contact, and one that was sent before.
//
// Security argument. Names of blobs are made of ids and random digits, never of what a client says (AC-095). The type is what the content proves, and only where name and claim agree with it; everything else is
// application/octet-stream, which doors hand out as a download and never show. No picture is shown as it came: what
// browsers get is encoded anew from pixels, so that neither metadata (places, names, devices) nor anything that hangs
// on a picture's end or hides in its chunks survives. SVG and HTML are documents with scripts, and never pictures here.
// The scanner's failure is an error, never a clean answer: a file that was not checked is closed to everybody (AC-098). All that decides on who gets a file is bound to its sealed
// column, and the digest of each stream stands in it: neither a changed row nor an exchanged or older blob opens. What staff read is in the
// ledger before the first byte is given, by whichever way (AC-128).
package file
