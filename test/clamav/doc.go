// Package clamav starts a throwaway clamd from the system's own program, for tests, with one hand-written signature: that of
// the EICAR test file. It listens on a socket in a folder of its own, asks nobody for signatures, and dies with the process
// that started it.
package clamav
