package fault

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"parlatory/test/rig"
)

// TestDatabaseCrashes kills a process of PostgreSQL under load, which makes it drop all connections and recover from
// its log, while the server stays: it must refuse clearly meanwhile, and go on by itself.
func TestDatabaseCrashes(t *testing.T) {
	n := rounds(t, "PARLATORY_CRASHES", 2)
	_, database := engine(t, "postgres")
	c := launch(t, rig.Options{Dir: t.TempDir(), Postgres: &database.Postgres}, 4)
	for round := range n {
		if err := c.crashed(t.Context(), t, database); err != nil {
			t.Fatalf("round %d: %v\n%s", round+1, err, c.server.LogTail())
		}
	}
	total, err := c.check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d crashes, %d messages", n, total)
	c.verify(t)
}

func (c *company) crashed(ctx context.Context, t *testing.T, database *rig.Database) error {
	ctx, cancel := soon(ctx)
	defer cancel()
	pids, err := database.Server.Pids()
	if err != nil {
		return err
	}
	stopped := make(chan struct{})
	talking, quiet := context.WithCancel(ctx)
	defer quiet()
	go func() {
		defer close(stopped)
		for talking.Err() == nil { // a refusal ends a talk; people come back
			c.talk(talking)
			time.Sleep(50 * time.Millisecond)
		}
	}()
	time.Sleep(300*time.Millisecond + rand.N(500*time.Millisecond))
	victim := pids[1+rand.IntN(len(pids)-1)]
	if err = syscall.Kill(victim, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill %d of PostgreSQL: %w", victim, err)
	}
	time.Sleep(2 * time.Second)
	quiet()
	<-stopped
	select {
	case <-c.server.Done():
		return fmt.Errorf("the server ended with its database's crash")
	default:
	}
	back := time.Now()
	// Whoever is still unacknowledged succeeds as soon as the database is back.
	for err = c.settle(ctx); err != nil && ctx.Err() == nil; err = c.settle(ctx) {
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		return err
	}
	if _, err = c.check(ctx); err != nil {
		return err
	}
	t.Logf("all acknowledged %s after people had stopped", time.Since(back).Round(time.Millisecond))
	return nil
}
