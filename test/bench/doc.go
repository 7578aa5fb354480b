// Command bench measures the real binary under load, and beside it, in the same run, a floor: a bare server of its own
// that only speaks WebSocket and JSON, seals, commits in groups to SQLite and fans out (DESIGN §18).
//
//	go run ./test/bench                     everything: floor, SQLite and PostgreSQL, TLS off and on
//	go run ./test/bench -targets floor,sqlite -rounds 3 -seconds 8
//	go run ./test/bench -idle               memory of an idle server and of 5,000 idle sockets as well
//
// It prints tables, and at the end one line of JSON for each figure set. The load comes from a process of its own (the
// same program, started again as "bench load"), which reads the processor time of the server and, where there is one,
// of the database from /proc: a core-second counts both.
package main
