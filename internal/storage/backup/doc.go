// Package backup writes what a server must not lose to where the server can't read it. Here is the key part alone: all wrapped keys, which
// are ciphertext, in one file a day, encrypted once more to a recipient whose identity is not on the server. The rest of a backup comes later.
//
// The key part is apart from the rest since it is kept briefly, at most 30 days: erasing a person destroys the person's key, and what other
// backups hold of the person stays unreadable from the day on which the last key part that holds the key has expired. A part carries its own
// end (until), which was fixed when it was written and no later setting prolongs; past it the daily job deletes the file and a restore refuses it.
//
// It refuses a part that was changed, cut, continued, swapped with another, or written by somebody else: the recipient is public, so that
// anybody can encrypt to it, and the last line is therefore signed over all others. It knows no cipher: sealing and signing are handed in.
//
// The list of destroyed keys is the last thing that is read for a part. A key which was destroyed while the part was written stands in both,
// and the list wins (AC-131).
package backup
