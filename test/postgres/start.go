package postgres

import (
	"errors"
	"os"
	"sync"
	"testing"
)

// one is the test process's own cluster; its supervisor ends it with the process.
var one struct {
	once   sync.Once
	server *Server
	err    error
}

// Start gives a fresh database of the test process's cluster: the URL of the role that serves and of the one that owns.
// Where PostgreSQL is not installed the test is skipped, unless PARLATORY_REQUIRE_POSTGRES=1 says that it must run.
func Start(tb testing.TB) (serving, owner string) {
	tb.Helper()
	serving, owner, err := Shared(tb).Database()
	if err != nil {
		tb.Fatal(err)
	}
	return serving, owner
}

// Shared is the test process's cluster itself.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	one.once.Do(func() {
		var dir string
		if dir, one.err = os.MkdirTemp("", "parlatory-postgres-"); one.err == nil {
			if one.server, one.err = StartServer(dir); one.err != nil {
				one.err = errors.Join(one.err, os.RemoveAll(dir))
			}
		}
	})
	if errors.Is(one.err, ErrNotInstalled) && os.Getenv("PARLATORY_REQUIRE_POSTGRES") != "1" {
		tb.Skip(one.err)
	}
	if one.err != nil {
		tb.Fatal(one.err)
	}
	return one.server
}
