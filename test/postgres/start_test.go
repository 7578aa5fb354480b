package postgres

import (
	"os"
	"strings"
	"testing"
)

func TestStartGivesFreshDatabases(t *testing.T) {
	first, owner := Start(t)
	second, _ := Start(t)
	if first == second || !strings.Contains(owner, ownerRole) || !strings.Contains(first, servingRole) {
		t.Fatal("databases or roles are not apart")
	}
	pids, err := Shared(t).Pids()
	if err != nil || len(pids) < 4 {
		t.Fatal("processes of the server:", pids, err)
	}
}

func TestStopRemovesEverything(t *testing.T) {
	Start(t) // skips where there is no server
	dir, err := os.MkdirTemp("", "parlatory-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	s, err := StartServer(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Fatal("the cluster's directory is still there")
	}
}
