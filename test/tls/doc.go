// Package tls holds the listener of the real binary against TLS clients that mean it no good: Debian's testssl.sh, whose
// findings above LOW must be none but those of the test's own authority, and Go's client at versions that are refused
// (bar 4).
package tls
