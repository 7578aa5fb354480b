// Package signin owns how somebody comes in and goes out: sign-up, sign-in and what it owes, sessions, forgotten
// passwords, sign-out.
//
// Sign-in is a state machine on the server. A right password makes a half session, which reaches nothing but the step that it owes
// (the law knows the kind Half); the table of steps says in which order they are owed, and when none is left the half session
// becomes a session. An invitation is redeemed at that moment, and not before. Factors and expired passwords join as rows of the table.
//
// It refuses, with one answer and the same work, whoever is unknown, has the wrong password, is locked, is suspended or is no
// member here (AC-007). It has no act that makes a session without a password just given (AC-061): a reset makes none (AC-011), a
// finished sign-up makes none, and a link by mail never sets the password of an account that exists but in a reset (AC-038).
//
// Security argument. Every token is 256 random bits of which only the hash is stored, and it is looked up inside the house and for
// one door: a session of one workspace is nothing at another (AC-071). Each change of privilege gives a new token, and the old one is dead
// with the same commit (AC-055): half session to session, password change; suspension and role change end sessions. One sign-in is
// one row, and the row it replaces goes in the same transaction (AC-056). Session rows decide on rights, so their clear columns are
// bound to the sealed one under the account's key; what was changed past the program does not open. Links hold their token in the
// fragment, which is sent to no server and stands in no log; they are built from configuration (AC-013) and mailed to the address in the
// account's row, never to the one in the request (AC-014). A link is used up by one statement that must change one row.
package signin
