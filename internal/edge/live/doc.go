// Package live is the door of WebSocket sessions: centrifuge carries the frames, and everything that is decided is
// decided by a domain room.
//
// Subscriptions are made by the server after the room has judged the right to read; a client can neither subscribe nor
// publish by itself (ASVS 8.3.1). The right is judged again at each told change: a session that ended closes its
// sockets, a role or state that changed makes the socket connect anew, an enquiry that is no longer visible ends the
// subscription. centrifuge's history and recovery stay off: the store is the truth, and a client that was away asks for
// everything after its last sequence.
//
// Each socket has a bounded queue; one that overflows is closed and told to catch up.
package live
