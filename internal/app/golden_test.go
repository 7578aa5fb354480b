package app

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/role"
	"parlatory/internal/guard/access"
	"parlatory/internal/guard/vault"
	"parlatory/internal/outbound/mail"
	"parlatory/internal/storage/db"
)

// opened is the whole program on a database of its own, not listening.
func opened(t *testing.T) *Program {
	t.Helper()
	dir := t.TempDir()
	key := filepath.Join(dir, "root.key")
	if err := vault.CreateKeyFile(key, nil); err != nil {
		t.Fatal(err)
	}
	root, err := vault.OpenKeyFile(t.Context(), vault.KeyFile{Path: key})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(context.Background(), Plan{
		Domain: "parlatory.test", Port: 443, Roots: vault.Fixed{vault.RootFile: {Root: root}}, NewRoot: vault.RootFile, Mailer: mail.NewKept(), Log: slog.New(slog.DiscardHandler),
		Database: db.Options{SQLite: filepath.Join(dir, "p.db")},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
		if err := p.DB.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// golden compares a generated file with the one in the tree; UPDATE_GOLDEN=1 (make gen) writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	path = filepath.Join("..", "..", path)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(want, got) {
		t.Errorf("%s is stale: run make gen, and read what changes (%v)", path, err)
	}
}

//go:generate env UPDATE_GOLDEN=1 go test -count=1 -run TestGolden .

func TestGoldenOpenAPI(t *testing.T) {
	p := opened(t)
	golden(t, "web/openapi.json", p.API.Document())
}

// The permission matrix is what the law answers, not what a list says: each act is asked for by each kind of actor and
// each built-in role.
func TestGoldenPermissionMatrix(t *testing.T) {
	p := opened(t)
	golden(t, "docs/permissions.md", matrix(t, p))
}

func matrix(t *testing.T, p *Program) []byte {
	roles := []string{role.Administrator, role.Supervisor, role.Agent}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Who may do what\n\nGenerated from the answers of the law (`make gen`). A dash is a refusal; for staff the data level stands where the act is allowed.\n"+
		"Asks again: the password or a factor must have been given within ten minutes. By token: an API token that names the act may do it.\n"+
		"Acts that no request can reach (jobs of the server) are listed at the end.\n\n")
	fmt.Fprintf(&b, "| feature | verb | act | audited | asks again | by token | anonymous | half | visitor | %s |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n", strings.Join(roles, " | "))
	acts := p.Law.Catalogue().All()
	sort.SliceStable(acts, func(i, j int) bool { return acts[i].Feature < acts[j].Feature })
	var jobs, commands []string
	yes := map[bool]string{true: "yes", false: ""}
	for _, a := range acts {
		cells := []string{a.Feature, string(a.Verb), "`" + a.Name + "`", yes[a.Audited], yes[a.StepUp], yes[a.ByToken || a.Attends]}
		for _, kind := range []parlatory.ActorKind{parlatory.Anonymous, parlatory.Half, parlatory.Visitor} {
			cells = append(cells, verdict(p, parlatory.Actor{Kind: kind, Workspace: parlatory.House}, a))
		}
		for _, r := range roles {
			cells = append(cells, verdict(p, parlatory.Actor{Kind: parlatory.Staff, Role: r, Workspace: parlatory.House, Proved: time.Now()}, a))
		}
		if strings.Join(cells[6:], "") == "------" {
			if a.By == access.ByKind(parlatory.Operator) {
				commands = append(commands, "`"+a.Name+"`")
				continue
			}
			if _, err := p.Law.System(a, parlatory.House); err != nil {
				t.Errorf("nobody can do %s", a.Name)
			}
			jobs = append(jobs, "`"+a.Name+"`")
			continue
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	fmt.Fprintf(&b, "\nJobs of the server: %s.\n\nCommands of the operator, on the server: %s.\n\n", strings.Join(jobs, ", "), strings.Join(commands, ", "))
	fmt.Fprintf(&b, "## Operations and live commands\n\n| operation | act |\n|---|---|\n")
	for _, op := range p.API.Operations() {
		fmt.Fprintf(&b, "| %s %s (%s) | `%s` |\n", op.Method, op.Path, op.Surface, op.Act.Name)
	}
	live := p.Live.Commands()
	sort.Slice(live, func(i, j int) bool { return live[i].Name < live[j].Name })
	for _, c := range live {
		var names []string
		for _, a := range c.Acts {
			names = append(names, "`"+a.Name+"`")
		}
		fmt.Fprintf(&b, "| live %s | %s |\n", c.Name, strings.Join(names, ", "))
	}
	return b.Bytes()
}

func verdict(p *Program, actor parlatory.Actor, a access.Act) string {
	permit, err := p.Law.Permit(context.Background(), actor, a)
	switch {
	case err != nil:
		return "-"
	case actor.Kind == parlatory.Staff:
		return permit.Level().String()
	}
	return "yes"
}

// A system permit cannot be had for an act that people do, and people cannot have a job's.
func TestNobodyPosesAsTheServer(t *testing.T) {
	p := opened(t)
	for _, a := range p.Law.Catalogue().All() {
		if _, err := p.Law.Permit(context.Background(), parlatory.Actor{Kind: parlatory.System, Workspace: parlatory.House}, a); err == nil {
			t.Errorf("an actor that calls itself the system may do %s", a.Name)
		}
		_, err := p.Law.System(a, parlatory.House)
		if people := a.By&^access.ByKind(parlatory.System) != 0; people && err == nil {
			t.Errorf("a job may do %s, an act of people", a.Name)
		}
	}
}
