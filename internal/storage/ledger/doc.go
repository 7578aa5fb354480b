// Package ledger is the audit log: one append-only Merkle log a workspace, and one of the house. It owns the
// tables ledger_logs, ledger_entries, ledger_hashes and ledger_heads; docs/ledger.md has the formats.
//
// An act witnesses itself in its own transaction (Pen.Witness): what is committed has an entry, what is undone has
// none, and a transaction of an audited act without one does not commit. A sequencer numbers committed entries,
// appends their leaves (RFC 6962) and signs the head as a checkpoint note (C2SP tlog-checkpoint) within a second.
//
// What it refuses: an entry whose clear columns could be read in two ways; to sign on top of hashes that do not give
// the last signed head; to number an entry twice, also with several nodes (row lock, unique index).
//
// Security argument: a leaf covers the clear columns and a commitment to the sealed values, so that erasing values
// leaves the tree whole, while whoever holds a head can tell any change, removal or insertion below it. The signing
// key is sealed under the house's ledger key: a thief of the database can't sign, and heads go on while a workspace's
// key is out of reach. What only a head kept elsewhere shows, docs/encryption.md says.
package ledger
