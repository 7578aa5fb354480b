// Package archive owns what happens to all that is kept on a contact at once: the export, legal holds, erasure for good with its signed
// certificate, and the key part of the backup, without which the certificate would not be true.
//
// An erasure is one transaction. It takes the contact out of every index, ends the visitor's tokens, destroys all versions of the contact's
// key and notes that, so that no restore brings it back. What was said stays as ciphertext that nothing opens; ids, times, states and
// counters stay, and so do the ledger's entries, whose proofs go on to verify. Then every node forgets the opened key and what it remembers
// of the conversations, and the visitor's sockets end.
//
// It refuses: an erasure while a hold stands or a conversation is open; one by anybody but an Administrator who has just proved who they
// are, typed the id again and gave a reason; an export that was not witnessed before its first byte (AC-128); names of archive members that
// came from outside (AC-095); a key part that is old, cut, changed or somebody else's, and any destroyed key in it (AC-131).
//
// Security argument: whatever would be written under the contact's key at the same time is decided by rows. What begins or reopens a
// conversation holds the contact's row (contact.Stands), which the erasure changes first; a post into a closed conversation is refused, and
// one that remembers it open collides with the line that closed it; a key that is being wrapped again is locked or waited for. So no message
// lands under a dead key, and no key comes back.
//
// Certificates, manifests of exports and key parts are signed by one Ed25519 key a workspace (and one of the house), whose name is
// <domain>/<workspace id>/archive: another key and another name than the ledger's, so that no certificate can be shown as a head of the log
// or the other way round. Among themselves they differ by their first line. The key's public half is an entry of the workspace's ledger.
package archive
