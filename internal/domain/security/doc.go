// Package security owns what a workspace asks of those who come in: the policies of passwords, lockout, factors and sessions, the
// list of addresses from which staff may work, and the lists of visitors.
//
// It refuses settings that contradict each other or would shut out the one who saves them, and it keeps no list of its own
// making: what is not set is the default, which is the strict one.
package security
