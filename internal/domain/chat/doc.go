// Package chat owns conversations: rooms, enquiries, messages, read marks.
//
// The line of a message is permit, rule, seal, write, witness, tell. Posts of one workspace that wait at the same
// time are gathered into one transaction with one multi-row insert; each keeps its own permit, rule and answer.
//
// The sequence of a room is its lock: every message, and every change of an enquiry's state, takes the next
// sequence number, which is part of the primary key. So what is remembered of a room between two posts (its head and its
// state) may accept a post: if it is stale, the insert collides, and a collision reads again. It may not refuse one, since
// nothing would collide; a refusal is judged by the row. Where several nodes collide in a room, all of them lock its row for
// a while (contend.go).
//
// Each message carries the running digest of its room over all sealed messages before it; the head enters the
// ledger hourly and when the enquiry is closed. Nobody deletes a message: there is no statement for it.
//
// What is said in an enquiry is sealed under the contact's key, by whomever it is said.
package chat
