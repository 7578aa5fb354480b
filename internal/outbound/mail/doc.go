// Package mail sends mail: SMTP to the operator's server, Kept to the demo's page. Both fill workspace.Mailer.
//
// SMTP refuses to speak in clear: with STARTTLS a server that does not offer it gets nothing (RFC 8314 §3, ASVS 12.3.1),
// and plain is for a server on this very machine. Addresses and subjects with line breaks are refused, not repaired, since
// a repaired one may still say something else than was meant (ASVS 1.3.11). Errors say what kind of answer came and its
// code: no address, no content, no line of the server, which may repeat both.
//
// The server is the operator's own choice in the configuration, so it may stand inside the network; what a workspace can
// set goes through the dialler beside this package.
package mail
