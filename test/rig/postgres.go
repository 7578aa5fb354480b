package rig

import (
	"fmt"
	"os"

	"parlatory/test/postgres"
)

// Database is a PostgreSQL of one's own, with one database in it.
type Database struct {
	Postgres
	Dir    string
	Server *postgres.Server
}

// NewDatabase starts one. Its folder is made here, since the server's user must be able to reach it.
func NewDatabase(settings ...string) (*Database, error) {
	dir, err := os.MkdirTemp("", "parlatory-database-")
	if err != nil {
		return nil, fmt.Errorf("database folder: %w", err)
	}
	s, err := postgres.StartServer(dir, settings...)
	if err != nil {
		return nil, err
	}
	d := &Database{Dir: dir, Server: s}
	if d.URL, d.Owner, err = s.Database(); err != nil {
		_ = s.Stop()
		return nil, err
	}
	return d, nil
}

// PID is that of the parent of all the server's processes.
func (d *Database) PID() (int, error) {
	pids, err := d.Server.Pids()
	if err != nil {
		return 0, err
	}
	return pids[0], nil
}

// Close stops it and removes its files.
func (d *Database) Close() error { return d.Server.Stop() }
