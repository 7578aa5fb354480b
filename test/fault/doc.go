// Package fault breaks things under the running program: it kills the server at random moments, crashes PostgreSQL under
// it, fills its disk and cuts its network, all under load, and then looks whether every acknowledged message is there, once, in order, and
// whether the ledger verifies.
//
//	PARLATORY_KILLS     kills an engine (10; 200 in make long)
//	PARLATORY_CRASHES   crashes of PostgreSQL (2; 5 in make long)
//	PARLATORY_CUTS      cuts and stalls of the network (20)
//	PARLATORY_BINARY    the binary to break; built here if not given
//
// The tests start the real binary and speak to it over TLS and WebSocket alone. With -short they are skipped.
package fault
