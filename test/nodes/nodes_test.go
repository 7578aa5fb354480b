package nodes

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"parlatory/test/rig"
)

// pair starts a server, and gives what starts a second one with the same database, root key and mailbox.
func pair(t *testing.T) (a *rig.Server, second func() *rig.Server) {
	t.Helper()
	database, err := rig.NewDatabase()
	if err != nil {
		if os.Getenv("PARLATORY_REQUIRE_POSTGRES") == "" {
			t.Skip("no PostgreSQL here: ", err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	binary, err := rig.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	start := func(key []byte) *rig.Server {
		o := rig.Options{Binary: binary, Dir: t.TempDir(), Postgres: &database.Postgres}
		if key != nil {
			o.Mailbox = a.Mail
		}
		s, err := rig.New(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		if key != nil {
			if err := os.WriteFile(filepath.Join(s.Dir, "key", "root.key"), key, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err, s.LogTail())
		}
		return s
	}
	a = start(nil)
	key, err := os.ReadFile(filepath.Join(a.Dir, "key", "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	return a, func() *rig.Server { return start(key) }
}

// at is the same browser, sent to another node by the load balancer.
func at(s *rig.Server, c *rig.Client) *rig.Client {
	host, _, _ := strings.Cut(c.Host, ":")
	moved := s.Client(host)
	moved.Header.Set("Cookie", c.Header.Get("Cookie"))
	return moved
}

// ear keeps what is pushed.
type ear struct {
	mu     sync.Mutex
	frames []string
}

func (e *ear) hear(b []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.frames = append(e.frames, string(b))
}

func (e *ear) bodies() (out []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, f := range e.frames {
		var m struct {
			K, Body string
			Seq     int64
		}
		if json.Unmarshal([]byte(f), &m) == nil && m.K == "message" && m.Body != "" {
			out = append(out, m.Body)
		}
	}
	return out
}

func within(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Errorf("not within %v: %s", d, what)
}

func TestTwoNodesAreOneServer(t *testing.T) {
	a, second := pair(t)
	ctx := t.Context()
	w, err := a.Found(ctx, "acme", "Acme", "Ada")
	must(t, err)
	agent, err := w.Hire(ctx, "sam@acme.example", "Sam", "Agent")
	must(t, err)
	visitor, err := w.Visit(ctx, "Jonas", "question")
	must(t, err)

	b := second()
	there := at(b, agent) // the agent's socket is at the other node
	must(t, there.Do(ctx, "POST", "/api/v1/enquiries/"+visitor.Enquiry+"/pickup", nil, nil))
	var heardHere, heardThere ear
	atB, err := there.Live(ctx, heardThere.hear)
	must(t, err)
	must(t, atB.RPC(ctx, "chat.open", map[string]any{"room": visitor.Room}, nil))
	atA, err := visitor.Live(ctx, heardHere.hear)
	must(t, err)
	must(t, atA.RPC(ctx, "chat.open", map[string]any{"room": visitor.Room}, nil)) // from here on nothing may be missed

	const each = 40
	var wg sync.WaitGroup
	for who, line := range map[string]*rig.Live{"visitor": atA, "agent": atB} {
		wg.Go(func() {
			for i := range each {
				if err := line.RPC(context.WithoutCancel(ctx), "chat.post", map[string]any{"room": visitor.Room, "id": rig.UUID(), "body": fmt.Sprint(who, " ", i)}, nil); err != nil {
					t.Errorf("%s, message %d: %v", who, i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	defer func() {
		if t.Failed() {
			t.Log("node A:\n" + a.LogTail() + "\nnode B:\n" + b.LogTail())
		}
	}()
	for name, e := range map[string]*ear{"visitor at A": &heardHere, "agent at B": &heardThere} {
		within(t, 3*time.Second, name+" hears all", func() bool { return len(e.bodies()) >= 2*each })
		if got := e.bodies(); len(got) != 2*each {
			t.Errorf("%s heard %d messages, want %d each once", name, len(got), 2*each)
		}
	}

	// A suspension at A ends the socket at B within a second.
	var me struct{ ID string }
	must(t, agent.Do(ctx, "GET", "/api/v1/me", nil, &me))
	must(t, w.Founder.Do(ctx, "POST", "/api/v1/staff/"+me.ID+"/suspend", nil, nil))
	select {
	case <-atB.Done():
	case <-time.After(time.Second):
		t.Error("the suspended agent's socket at the other node is still open after a second")
	}
	if err := there.Do(ctx, "GET", "/api/v1/me", nil, nil); err == nil {
		t.Error("the suspended agent's session works at the other node")
	}

	// Both nodes number one ledger: it verifies, and has no number twice.
	var entries struct{ Items []struct{ Number int64 } }
	within(t, 3*time.Second, "the ledger is numbered", func() bool {
		must(t, w.Founder.Do(ctx, "GET", "/api/v1/audit?limit=200", nil, &entries))
		seen := map[int64]bool{}
		for _, e := range entries.Items {
			if e.Number == 0 || seen[e.Number] {
				return false
			}
			seen[e.Number] = true
		}
		return len(seen) > 5
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
