package keyserver

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"parlatory/internal/guard/vault"
	"parlatory/test/keyserver"
	"parlatory/test/postgres"
)

// lent is a database role of the key server with a lease of one hour and three at most, and a line to it by a clock.
func lent(t *testing.T, s *keyserver.Server) (*Database, keyserver.Database, *clock) {
	t.Helper()
	pg := postgres.Shared(t)
	if err := pg.SQL("postgres", "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lender') THEN CREATE ROLE lender SUPERUSER LOGIN PASSWORD '"+pg.Password()+"'; END IF; END $$"); err != nil {
		t.Fatal(err)
	}
	engine := s.Database(t, pg.URL("lender", "postgres"), "parlatory_serving", keyserver.Fields{"default_ttl": "1h", "max_ttl": "3h"})
	a := s.AppRole(t, "", []string{engine.Policy(t)}, keyserver.Fields{"token_ttl": "100h"})
	at := newClock()
	o := leading(t, s, "", keyserver.Key{}, a)
	o.Mount, o.Clock = "", at
	d, err := line(t, o).Database(engine.Mount, engine.Role)
	if err != nil {
		t.Fatal(err)
	}
	return d, engine, at
}

func user(t *testing.T, d *Database) string {
	t.Helper()
	name, password, until, err := d.Credentials(t.Context())
	if err != nil || name == "" || password.Empty() || !until.After(d.line.o.Clock.Now()) {
		t.Fatal("no credentials:", name, until, err)
	}
	return name
}

func TestDatabaseCredentialsAreRenewedAndReplaced(t *testing.T) {
	d, _, at := lent(t, keyserver.Shared(t))
	first := user(t, d)
	began := d.get().began
	if err := d.tend(t.Context()); err != nil || !d.get().began.Equal(began) {
		t.Fatal("renewed before it is due:", err)
	}
	at.pass(45 * time.Minute)
	if err := d.tend(t.Context()); err != nil || user(t, d) != first || d.get().began.Equal(began) {
		t.Fatal("not renewed at two thirds:", err)
	}
	at.pass(61 * time.Minute)
	if second := user(t, d); second == first {
		t.Fatal("credentials whose lease has ended are given out")
	} else {
		first = second
	}
	d.Refused(first)
	if user(t, d) != first {
		t.Error("replaced within a second of its making")
	}
	at.pass(2 * time.Second)
	d.Refused("somebody else")
	if user(t, d) != first {
		t.Error("replaced for another's refusal")
	}
	d.Refused(first)
	if user(t, d) == first {
		t.Error("a refused user is given out")
	}
}

func TestDatabaseLeaseNearItsLastDayIsReplaced(t *testing.T) {
	s := keyserver.Shared(t)
	d, engine, at := lent(t, s)
	first := user(t, d)
	at.pass(45 * time.Minute)
	s.Write(t, engine.Mount+"/roles/"+engine.Role, keyserver.Fields{
		"db_name": "postgres", "default_ttl": "10m", "max_ttl": "20m",
		"creation_statements": `CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';`,
	})
	if err := d.tend(t.Context()); err != nil || user(t, d) == first {
		t.Error("a lease that comes back short is kept:", err)
	}
}

func TestDatabaseCredentialsOutliveTheKeyServersAbsence(t *testing.T) {
	s := keyserver.Start(t)
	d, _, at := lent(t, s)
	d.line.o.Timeout = time.Second
	first := user(t, d)
	s.Hang()
	at.pass(45 * time.Minute)
	// While the renewal waits for its answer, whoever takes a connection does not wait with it.
	waiting := make(chan error, 1)
	go func() { waiting <- d.tend(context.Background()) }()
	for len(d.turn) == 0 {
		runtime.Gosched()
	}
	if user(t, d) != first {
		t.Error("dropped while their lease lasts")
	}
	select {
	case err := <-waiting:
		t.Error("the renewal was not on its way:", err)
	default:
	}
	if err := <-waiting; !errors.Is(err, vault.ErrAway) {
		t.Error(err)
	}
	s.Cut()
	if err := d.tend(t.Context()); !errors.Is(err, vault.ErrAway) {
		t.Error(err)
	}
	if user(t, d) != first {
		t.Error("dropped while their lease lasts")
	}
	at.pass(30 * time.Minute)
	if _, _, _, err := d.Credentials(t.Context()); !errors.Is(err, vault.ErrAway) {
		t.Error("after their lease:", err)
	}
	s.Mend()
	d.line.o.Timeout = 20 * time.Second
	if user(t, d) == first {
		t.Error("the old ones are back")
	}
}
