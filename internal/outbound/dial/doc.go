// Package dial is the one way out to an address that a workspace can set: an identity provider, a directory, a key
// server, a SIEM, an archive. A workspace's administrator is a stranger to the machine that the server runs on, so such
// an address must never reach what only the server can reach (ASVS 1.3.6, 13.2.4, 15.3.2).
//
// A name is resolved once, each address that it has is judged, and the connection is made to the judged address itself:
// a name that answers differently the second time changes nothing. The socket's own address is judged again when it
// connects. Loopback, private, link-local, metadata, multicast and reserved addresses are refused, in all the forms that
// carry an IPv4 address inside IPv6, unless the operator lists them. Time and bytes are bounded, and every failure reads
// the same, so that the dialler is no scanner of the operator's network.
package dial
