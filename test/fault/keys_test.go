package fault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"parlatory/test/keyserver"
	"parlatory/test/rig"
)

// vaulted is a company whose workspace key a real key server wraps, beside another company that is below the key file.
type vaulted struct {
	*company
	bao   *keyserver.Server
	key   keyserver.Key
	role  keyserver.AppRole
	other *rig.Workspace
}

// launchVaulted starts it. Answers of the key server hold for two seconds, and keys in memory serve for grace longer.
func launchVaulted(t *testing.T, database *rig.Postgres, grace time.Duration, pairs int) *vaulted {
	t.Helper()
	v := &vaulted{bao: keyserver.Start(t)}
	v.key = v.bao.Transit(t, "", "parlatory")
	v.role = v.bao.AppRole(t, "", []string{v.key.Policy(t)}, nil)
	extra := fmt.Sprintf("\n[key_server]\naddress = %q\nca_file = %q\nmount = %q\nkey = %q\napprole_mount = %q\napprole_id = %q\napprole_secret_file = %q\ngrace_seconds = %d\nconfirm_seconds = 2\n",
		v.bao.Address(), v.bao.CAFile(), v.key.Mount, v.key.Name, v.role.Mount, v.role.RoleID, keyserver.SecretFile(t, v.role.SecretID), int(grace.Seconds()))
	v.company = launch(t, rig.Options{Dir: t.TempDir(), Postgres: database, Extra: extra}, pairs)
	var err error
	if v.other, err = v.server.Found(t.Context(), "other", "Other", "Olga Founder"); err != nil {
		t.Fatal(err)
	}
	v.command(t, "keys", "move", "--to", "server", "--workspace", "acme")
	time.Sleep(3 * time.Second) // the server has confirmed it there
	return v
}

// command runs a command of the operator's beside the server.
func (v *vaulted) command(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), v.server.Binary, append(args, "--config", v.server.ConfigFile(), "--yes")...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// busy has everybody talk, and the founder look at lists, and gives what ends that and says what was refused meanwhile.
func (v *vaulted) busy(ctx context.Context) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	var talking sync.WaitGroup
	refused := make(chan error, len(v.people)+1)
	for _, p := range v.people {
		talking.Go(func() {
			if err := p.talkOn(ctx); err != nil && ctx.Err() == nil {
				refused <- fmt.Errorf("%s: %w", p.name, err)
			}
		})
	}
	talking.Go(func() {
		for ctx.Err() == nil {
			if err := v.workspace.Founder.Do(ctx, "GET", "/api/v1/enquiries?view=all", nil, nil); err != nil && ctx.Err() == nil {
				refused <- err
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	return func() error {
		cancel()
		talking.Wait()
		close(refused)
		return <-refused
	}
}

// talkOn is talk, but an error is told.
func (p *person) talkOn(ctx context.Context) error {
	live, err := p.dial(ctx)
	if err != nil {
		return err
	}
	defer live.Close()
	if err := live.RPC(ctx, "chat.open", map[string]any{"room": p.room}, nil); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := p.post(ctx, live); err != nil {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
	return nil
}

// TestKeyServerFaults: while keys in memory may serve, nobody notices that the key server is sealed, slow, has forgotten its tokens, or is
// dead; nothing that was acknowledged is lost.
func TestKeyServerFaults(t *testing.T) {
	t.Parallel()
	n := rounds(t, "PARLATORY_KEY_FAULTS", 5)
	v := launchVaulted(t, nil, 30*time.Second, 2)
	for _, fault := range []struct {
		name      string
		hit, mend func()
	}{
		{"sealed", func() { v.bao.Seal(t) }, func() { v.bao.Unseal(t) }},
		{"slow by 5 s", func() { v.bao.Wire.Slow(5 * time.Second) }, func() { v.bao.Wire.Mend() }},
		{"expired token", func() { v.role.RevokeTokens(t) }, func() {}},
		{"killed", func() { v.bao.Kill(t) }, func() { v.bao.Again(t) }},
	} {
		t.Run(fault.name, func(t *testing.T) {
			for round := range n {
				ctx, cancel := soon(t.Context())
				stop := v.busy(ctx)
				time.Sleep(200 * time.Millisecond)
				fault.hit()
				time.Sleep(3 * time.Second) // longer than an answer holds
				fault.mend()
				time.Sleep(1500 * time.Millisecond)
				if err := stop(); err != nil {
					t.Fatalf("round %d: refused: %v\n%s", round+1, err, v.server.LogTail())
				}
				if err := v.settle(ctx); err != nil {
					t.Fatalf("round %d: %v", round+1, err)
				}
				cancel()
			}
			total, err := v.check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d rounds, %d messages so far, 0 refused", n, total)
		})
	}
	v.verify(t)
}

// refusedWith wants a clean refusal: 503, and a sentence.
func refusedWith(t *testing.T, a rig.Answer, err error, sentence string) {
	t.Helper()
	var p struct{ Detail string }
	if err == nil {
		err = json.Unmarshal(a.Body, &p)
	}
	if err != nil || a.Status != http.StatusServiceUnavailable || !strings.Contains(p.Detail, sentence) {
		t.Fatalf("%d %s, %v", a.Status, a.Body, err)
	}
}

// until waits for something that the server does by itself.
func until(t *testing.T, what string, fn func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if err = fn(); err == nil {
			return
		}
	}
	t.Fatalf("%s: %v", what, err)
}

func (v *vaulted) list() (rig.Answer, error) {
	return v.workspace.Founder.Send(context.Background(), "GET", "/api/v1/enquiries?view=all", nil)
}

func (v *vaulted) is(status int) func() error {
	return func() error {
		a, err := v.list()
		if err == nil && a.Status != status {
			err = fmt.Errorf("%d %s", a.Status, a.Body)
		}
		return err
	}
}

// TestKeyRevoked: a key that is withdrawn closes its workspace within the time for which an answer holds, with a sentence, and nobody else's.
func TestKeyRevoked(t *testing.T) {
	t.Parallel()
	n := rounds(t, "PARLATORY_KEY_FAULTS", 5)
	v := launchVaulted(t, nil, time.Hour, 2)
	visitor, err := v.workspace.Visit(t.Context(), "Vera", "Hello?")
	if err != nil {
		t.Fatal(err)
	}
	post := "/widget/v1/rooms/" + visitor.Room + "/messages"
	versions := 1
	for round := range n {
		ctx, cancel := soon(t.Context())
		stop := v.busy(ctx)
		time.Sleep(300 * time.Millisecond)
		v.key.Rotate(t)
		versions++
		v.key.Configure(t, keyserver.Fields{"min_decryption_version": versions})
		until(t, "closing", v.is(http.StatusServiceUnavailable))
		_ = stop() // those who talked were refused
		a, err := v.list()
		refusedWith(t, a, err, "withdrawn")
		a, err = visitor.Send(ctx, "POST", post, map[string]any{"id": rig.UUID(), "body": "Is anybody there?"})
		refusedWith(t, a, err, "withdrawn")
		if err := v.other.Founder.Do(ctx, "GET", "/api/v1/enquiries?view=all", nil, nil); err != nil {
			t.Fatalf("round %d: the other workspace: %v", round+1, err)
		}
		v.key.Configure(t, keyserver.Fields{"min_decryption_version": 1})
		until(t, "opening", v.is(http.StatusOK))
		if err := v.settle(ctx); err != nil {
			t.Fatalf("round %d: %v\n%s", round+1, err, v.server.LogTail())
		}
		if _, err := v.check(ctx); err != nil {
			t.Fatalf("round %d: %v", round+1, err)
		}
		cancel()
	}
}

// TestKeysAwayBeyondTheGrace: without grace the workspace closes; what visitors write is kept and stands in its room when the keys are back.
func TestKeysAwayBeyondTheGrace(t *testing.T) {
	n := rounds(t, "PARLATORY_KEY_FAULTS", 5)
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database, _ := engine(t, name)
			v := launchVaulted(t, database, 0, 1)
			visitor, err := v.workspace.Visit(t.Context(), "Vera", "Hello?")
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"Hello?"}
			for round := range n {
				v.bao.Kill(t)
				until(t, "closing", v.is(http.StatusServiceUnavailable))
				a, err := v.list()
				refusedWith(t, a, err, "can't be reached")
				for i := range 3 {
					body := fmt.Sprintf("round %d, message %d", round, i)
					want = append(want, body)
					until(t, "keeping", func() error { return v.keeps(visitor, body) })
				}
				v.bao.Again(t)
				until(t, "opening", v.is(http.StatusOK))
				until(t, "posting what was kept", func() error {
					all, err := history(t.Context(), v.workspace.Founder, visitor.Room)
					if err == nil && len(all) != len(want) {
						err = fmt.Errorf("%d of %d messages", len(all), len(want))
					}
					for i := range all {
						if err == nil && all[i].Body != want[i] {
							err = fmt.Errorf("message %d is %q", i, all[i].Body)
						}
					}
					return err
				})
			}
			v.verify(t)
		})
	}
}

// keeps sends one message that has to be kept.
func (v *vaulted) keeps(visitor *rig.Visitor, body string) error {
	var place struct {
		Seq  int64
		Kept bool
	}
	err := visitor.Do(context.Background(), "POST", "/widget/v1/rooms/"+visitor.Room+"/messages", map[string]any{"id": rig.UUID(), "body": body}, &place)
	if err == nil && (!place.Kept || place.Seq != 0) {
		return errors.New("it was posted, not kept")
	}
	return err
}

// TestKeysMoveOnline: workspaces move from the key file to the key server and back, keys rotate and are wrapped again, while everybody talks.
func TestKeysMoveOnline(t *testing.T) {
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database, _ := engine(t, name)
			v := launchVaulted(t, database, 30*time.Second, 2)
			stop := v.busy(t.Context())
			for _, args := range [][]string{
				{"keys", "move", "--to", "file"}, {"keys", "rotate", "--workspace", "acme"}, {"keys", "rotate", "--root", "file"}, {"keys", "rewrap"},
				{"keys", "move", "--to", "server"}, {"keys", "rotate", "--root", "server"}, {"keys", "rewrap"}, {"keys", "rotate", "--workspace", "house"},
				{"keys", "rotate", "--workspace", "acme"}, {"keys", "move", "--to", "file", "--workspace", "acme"},
			} {
				v.command(t, args...)
				time.Sleep(1500 * time.Millisecond) // an answer that has to be given anew
			}
			if err := stop(); err != nil {
				t.Fatalf("refused: %v\n%s", err, v.server.LogTail())
			}
			out := v.command(t, "keys", "status")
			if !strings.Contains(out, "acme") || strings.Contains(out, "older") || strings.Contains(out, "unknown") {
				t.Errorf("status:\n%s", out)
			}
			total, err := v.check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d messages", total)
			v.verify(t)
			if err := v.server.Stop(); err != nil {
				t.Fatal(err)
			}
			if err := v.server.Start(t.Context()); err != nil { // the house is on the key server now
				t.Fatal(err, v.server.LogTail())
			}
			if _, err := v.check(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}
