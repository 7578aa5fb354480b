package fault

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlatory/test/keyserver"
	"parlatory/test/rig"
)

// customer is a workspace with a real key server of its own, beside one below the operator's key file.
type customer struct {
	*vaulted
	ca string
}

// launchCustomer starts it: the workspace names its server over the API, and the keys in memory serve for grace while it is away.
func launchCustomer(t *testing.T, database *rig.Postgres, grace time.Duration) *customer {
	t.Helper()
	v := &customer{vaulted: &vaulted{bao: keyserver.Start(t)}}
	v.key = v.bao.Transit(t, "", "acme")
	v.role = v.signIn(t)
	ca, err := os.ReadFile(v.bao.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	v.ca = string(ca)
	v.company = launch(t, rig.Options{Dir: t.TempDir(), Postgres: database, Top: "reachable_networks = [\"127.0.0.0/8\"]\n", Extra: "\n[key_server]\nconfirm_seconds = 2\n"}, 2)
	if v.other, err = v.server.Found(t.Context(), "other", "Other", "Olga Founder"); err != nil {
		t.Fatal(err)
	}
	v.names(t, grace)
	return v
}

func (v *customer) signIn(t *testing.T) keyserver.AppRole {
	t.Helper()
	return v.bao.AppRole(t, "", []string{v.key.Policy(t)}, nil)
}

// fields are those of the server in the API, without its secret.
func (v *customer) fields() map[string]any {
	return map[string]any{"address": v.bao.Address(), "mount": v.key.Mount, "key": v.key.Name, "ca": v.ca, "auth_mount": v.role.Mount, "role_id": v.role.RoleID}
}

// names has the workspace name its server.
func (v *customer) names(t *testing.T, grace time.Duration) {
	t.Helper()
	server := v.fields()
	server["secret_id"] = v.role.SecretID
	v.put(t, map[string]any{"server": server, "grace_seconds": int(grace.Seconds()), "rotate_days": 0}, "own")
}

// put saves settings as the founder does, whose password was asked for a moment ago, and wants a root.
func (v *customer) put(t *testing.T, settings map[string]any, root string) {
	t.Helper()
	founder, err := v.workspace.SignIn(t.Context(), "founder@acme.example")
	if err != nil {
		t.Fatal(err, v.server.LogTail())
	}
	defer founder.Close()
	var shown struct{ Root string }
	if err := founder.Do(t.Context(), "PUT", "/api/v1/encryption", settings, &shown); err != nil {
		t.Fatal(err, v.server.LogTail())
	}
	if shown.Root != root {
		t.Fatalf("the workspace's key is below %q, not %q", shown.Root, root)
	}
}

// reconnects has the operator set the way to the same key, by a sign-in that the customer gave out anew.
func (v *customer) reconnects(t *testing.T) {
	t.Helper()
	server := v.fields()
	server["secret_id_file"] = keyserver.SecretFile(t, v.role.SecretID)
	text, err := json.Marshal(map[string]any{"server": server})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "server.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := v.command(t, "keys", "server", "--workspace", "acme", "--file", file); strings.Contains(out, v.role.SecretID) {
		t.Error("the command shows the secret")
	}
}

// flows wants everybody to be served while something is done.
func (v *customer) flows(ctx context.Context, t *testing.T, during func()) {
	t.Helper()
	stop := v.busy(ctx)
	time.Sleep(300 * time.Millisecond)
	during()
	if err := stop(); err != nil {
		t.Fatalf("refused: %v\n%s", err, v.server.LogTail())
	}
	if err := v.settle(ctx); err != nil {
		t.Fatal(err)
	}
}

// closes waits until the workspace is closed with a sentence, and nobody else's.
func (v *customer) closes(t *testing.T, sentence string) {
	t.Helper()
	until(t, "closing", v.is(http.StatusServiceUnavailable))
	a, err := v.list()
	refusedWith(t, a, err, sentence)
	if err := v.other.Founder.Do(t.Context(), "GET", "/api/v1/enquiries?view=all", nil, nil); err != nil {
		t.Fatalf("the other workspace: %v", err)
	}
}

func (v *customer) opensAgain(t *testing.T) {
	t.Helper()
	until(t, "opening", v.is(http.StatusOK))
	if _, err := v.check(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, v.server.LogTail())
	}
}

// TestOwnKeyServer: a workspace whose key a real key server of the customer's wraps goes on through its faults for the grace, closes after it and
// at each withdrawal, alone, and opens by a new sign-in that the operator sets; it can be given back.
func TestOwnKeyServer(t *testing.T) {
	t.Parallel()
	const grace = 6 * time.Second
	n := rounds(t, "PARLATORY_KEY_FAULTS", 2)
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database, _ := engine(t, name)
			v := launchCustomer(t, database, grace)
			versions := 1
			for round := range n {
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
				v.flows(ctx, t, func() {
					v.bao.Kill(t)
					time.Sleep(3 * time.Second) // longer than an answer holds, within the grace
				})
				v.closes(t, "can't be reached")
				v.bao.Again(t)
				v.opensAgain(t)

				v.role.Withdraw(t)
				v.role.RevokeTokens(t)
				v.closes(t, "withdrawn")
				v.role = v.signIn(t)
				v.reconnects(t)
				v.opensAgain(t)

				v.flows(ctx, t, func() { time.Sleep(time.Second) })
				v.key.Rotate(t)
				versions++
				v.key.Configure(t, keyserver.Fields{"min_decryption_version": versions})
				v.closes(t, "withdrawn")
				v.key.Configure(t, keyserver.Fields{"min_decryption_version": 1})
				v.opensAgain(t)

				v.flows(ctx, t, func() { v.put(t, map[string]any{"grace_seconds": 0, "rotate_days": 0}, "file") })
				v.bao.Seal(t)
				v.flows(ctx, t, func() { time.Sleep(3 * time.Second) }) // nobody asks it any more
				v.bao.Unseal(t)
				v.names(t, grace)
				cancel()
				if _, err := v.check(t.Context()); err != nil {
					t.Fatal(fmt.Errorf("round %d: %w", round+1, err))
				}
			}
			v.verify(t)
		})
	}
}
