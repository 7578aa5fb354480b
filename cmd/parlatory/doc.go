// Command parlatory is the one binary: the server, its demo, and the operator's tools. It parses, calls, and turns the
// outcome into an exit code: 0 done, 1 refused or failed (one line on standard error says why), 2 wrong usage.
package main
