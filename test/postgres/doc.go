// Package postgres starts a throwaway PostgreSQL from the system's own programs, for tests and for the programs that
// measure and break things. The server listens on loopback and a random port, waits for the disk as a real one does, and
// dies with the process that started it, even if that is killed.
package postgres
