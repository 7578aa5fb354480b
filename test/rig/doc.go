// Package rig is what the whole-program tests (fault, canary, tls) and the bench have in common: it builds and starts
// the real binary, reads the mail that it sends, speaks its HTTP and live protocols as a browser would, and reads
// processor time and memory of a process from /proc.
//
// It knows the program from outside only: flags, the configuration file, HTTP, WebSocket, SMTP. It imports nothing of
// internal/, so that a test of the rig's users can only pass if the binary does what its documents say.
package rig
