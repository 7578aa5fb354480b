// Package account owns the people: one account for one verified e-mail address, with one password, whatever the number
// of workspaces. Its rows are the house's.
//
// It refuses to answer who has an account: rooms ask it inside their own acts, and give the same answer for known and
// unknown. It has no act by which one person learns or sets another's password (AC-022), and none by which an address is
// marked as confirmed (AC-020): an account is only ever made by whoever opened a link in that mailbox.
//
// Security argument. The row is sealed under the account's own key, and its clear columns are bound to it, so that a row
// moved, put back or edited does not open (AC-002: the one index is of the canonical address). Passwords are checked in one
// place, the Verifier, at every door: it raises the counters of the client address and of the account in a committed
// transaction before it hashes, so that a burst gets no further than a patient guesser (AC-005), and it does the same reads, the
// same writes and one argon2id for known, unknown, locked and wrong (AC-007). A client address over its budget costs no hash.
// Failures on a browser on which the person signed in before are counted by themselves, so that nobody is locked out by strangers
// (AC-004); a browser's row is found by a blind index of account and token, and sealed with all its clear columns, so that an edited one costs the
// try. A workspace's threshold closes its own door alone; the floor of ten in a quarter of an hour and the ceiling of a hundred in a row
// hold at every door. Whoever holds a stolen session, proof and all, is not rid of the owner's last or strongest factor within a day: the removal waits, is told,
// and is stopped from any session; its moment is bound in the factor's row (AC-031). Length and history of a new password are the strictest of the person's workspaces, which nobody else learns. Events of an account are witnessed in the house's
// ledger and echoed to the ledger of each workspace where the person is active, by a queue in the same transaction.
package account
