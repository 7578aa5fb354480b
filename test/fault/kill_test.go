package fault

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"parlatory/test/rig"
)

func rounds(t *testing.T, name string, otherwise int) int {
	t.Helper()
	if testing.Short() {
		t.Skip("starts servers and kills them")
	}
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is no number of rounds: %q", name, text)
	}
	return n
}

// engine prepares what a server of that kind needs, and skips where the machine has no PostgreSQL.
func engine(t *testing.T, name string) (*rig.Postgres, *rig.Database) {
	t.Helper()
	if name == "sqlite" {
		return nil, nil
	}
	d, err := rig.NewDatabase()
	if err != nil {
		if os.Getenv("PARLATORY_REQUIRE_POSTGRES") == "" {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return &d.Postgres, d
}

// launch starts a server with a company in it.
func launch(t *testing.T, o rig.Options, pairs int) *company {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var err error
	if o.Binary, err = rig.Build(ctx, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	s, err := rig.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err = s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	c, err := found(ctx, s, pairs)
	if err != nil {
		t.Fatalf("%v\n%s", err, s.LogTail())
	}
	return c
}

// TestKills ends the server with SIGKILL at random moments under load (bar 2).
func TestKills(t *testing.T) {
	n := rounds(t, "PARLATORY_KILLS", 10)
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			database, _ := engine(t, name)
			c := launch(t, rig.Options{Dir: t.TempDir(), Postgres: database}, 4)
			for round := range n {
				if err := c.killed(t.Context()); err != nil {
					t.Fatalf("round %d: %v\n%s", round+1, err, c.server.LogTail())
				}
			}
			total, err := c.check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if total < n {
				t.Fatalf("only %d messages in %d rounds: there was no load to kill", total, n)
			}
			t.Logf("%d kills, %d messages", n, total)
			c.verify(t)
		})
	}
}

// killed is one round: talk, kill, start again, send again what was not acknowledged, look.
func (c *company) killed(ctx context.Context) error {
	ctx, cancel := soon(ctx)
	defer cancel()
	stopped := make(chan struct{})
	talking, quiet := context.WithCancel(ctx)
	defer quiet()
	go func() {
		defer close(stopped)
		c.talk(talking)
	}()
	time.Sleep(50*time.Millisecond + rand.N(500*time.Millisecond))
	c.server.Kill()
	quiet()
	<-stopped
	if err := c.server.Start(ctx); err != nil {
		return err
	}
	if _, err := c.check(ctx); err != nil {
		return fmt.Errorf("after the start: %w", err)
	}
	if err := c.settle(ctx); err != nil {
		return err
	}
	if _, err := c.check(ctx); err != nil {
		return fmt.Errorf("after sending again: %w", err)
	}
	return nil
}

// verify exports the ledger and has the binary verify it; then it changes one byte, which must be found.
func (c *company) verify(t *testing.T) {
	t.Helper()
	time.Sleep(2 * time.Second)                                     // heads are signed within a second
	if err := c.workspace.Founder.StepUp(t.Context()); err != nil { // the kills took longer than a proof holds
		t.Fatal(err)
	}
	raw, err := c.workspace.Founder.Raw(t.Context(), "POST", "/api/v1/audit/export", struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	if out, err := c.audit(t, file, raw); err != nil {
		t.Fatalf("audit verify: %v: %s", err, out)
	}
	at := bytes.Index(raw, []byte(`"Created"`))
	if at < 0 {
		t.Fatalf("the export has no entry of a creation:\n%.600s", raw)
	}
	forged := bytes.Replace(raw, []byte(`"Created"`), []byte(`"Deleted"`), 1)
	if out, err := c.audit(t, file, forged); err == nil {
		t.Fatalf("audit verify accepted a changed entry: %s", out)
	}
}

func (c *company) audit(t *testing.T, file string, export []byte) ([]byte, error) {
	t.Helper()
	if err := os.WriteFile(file, export, 0o600); err != nil {
		t.Fatal(err)
	}
	return exec.CommandContext(t.Context(), c.server.Binary, "audit", "verify", file).CombinedOutput()
}
