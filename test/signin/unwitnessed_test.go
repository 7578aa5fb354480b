package signin

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // as the operator's own tools would open the file

	"parlatory/test/rig"
)

// unwritten are rows that a database does not take in the midst of the transaction: an index can't be computed of them. HOUSE is the id of
// the house. The last is one that it would drop without a word, by a trigger: the program begins nothing on such a schema.
var unwritten = []struct{ what, table, of string }{
	{"no entry", "ledger_entries", "act = 'operator.recover'"},
	{"no entry in the workspace", "ledger_entries", "act = 'operator.recover' AND workspace <> HOUSE"},
	{"no entry in the house", "ledger_entries", "act = 'operator.recover' AND workspace = HOUSE"},
	{"no queue for the other workspaces", "account_echoes", "what = 'recovered by the operator'"},
	{"entries are swallowed", "ledger_entries", ""},
}

// TestRecoverWithoutItsEntryChangesNothing: the operator's recovery is the only act that gives an account away, so no database makes it do
// so unseen: where the entry of any ledger, or the queue for those of the other workspaces, can't be written, the command says so in a line,
// ends with 1, and password, factors, recovery codes, sessions, sockets, tokens, trusted browsers and the mailbox are as they were.
//
// ASVS V6.4.4
func TestRecoverWithoutItsEntryChangesNothing(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) { unwitnessed(t, server(t, engine)) })
	}
}

func unwitnessed(t *testing.T, s *rig.Server) {
	ctx := t.Context()
	w, other := house(t, s), house(t, s)
	settingsOf(t, w, "PUT", "/api/v1/security/factor", map[string]any{"required": false, "phishing_resistant": false, "message": "", "trust_days": 7})
	p, own := someone(t, w, "Agent")
	recovery := enrol(t, own, &p)
	invite(t, other, p, recovery[9])

	trusted := strange(w)
	trusting := p
	trusting.Trust = true
	check(t, trusted.SignIn(ctx, trusting))
	check(t, trusted.Do(ctx, "POST", "/api/v1/signout", nil, nil))
	program := must[*rig.Client](t)(own.Bearer(ctx, map[string]any{"name": "script", "scopes": []string{"staff.view"}, "networks": []string{}, "days": 30}))
	live := must[*rig.Live](t)(own.Live(ctx, nil))
	for s.Mail.Count(p.Address) > 0 {
		must[string](t)(s.Mail.Text(ctx, p.Address))
	}
	recover := func() (code int, out, errs string) {
		var o, e bytes.Buffer
		c := exec.CommandContext(ctx, s.Binary, "account", "recover", "--config", s.ConfigFile(), "--email", p.Address, "--reason", "Ticket of the unwritten lantern.", "--yes")
		c.Stdout, c.Stderr = &o, &e
		var exit *exec.ExitError
		if err := c.Run(); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return c.ProcessState.ExitCode(), o.String(), e.String()
	}
	count := func() (n int) {
		return strings.Count(string(must[[]byte](t)(w.Founder.Raw(ctx, "GET", "/api/v1/audit?limit=200", nil))), "unwritten lantern")
	}
	for i, x := range unwritten {
		allow := forbid(t, s, x.table, x.of)
		code, out, errs := recover()
		allow()
		if begun := !strings.Contains(errs, "schema law"); begun != (x.of != "") {
			t.Errorf("%s: begun: %v", x.what, begun)
		}
		if code != 1 || out != "" || strings.Count(errs, "\n") != 1 || !strings.HasPrefix(errs, "parlatory: ") {
			t.Errorf("%s: exit %d, %q, %q", x.what, code, out, errs)
		}
		check(t, own.Do(ctx, "GET", "/api/v1/me", nil, nil))
		check(t, program.Do(ctx, "GET", "/api/v1/staff", nil, nil))
		lost := p
		lost.Phone, lost.Recovery = nil, recovery[i]
		if err := strange(w).SignIn(ctx, lost); err != nil {
			t.Fatalf("%s: password or recovery code: %v", x.what, err)
		}
		if step := must[rig.Step](t)(trusted.Begin(ctx, p)); step.State != "signed_in" {
			t.Errorf("%s: the browser is trusted no more: %+v", x.what, step)
		}
		check(t, trusted.Do(ctx, "POST", "/api/v1/signout", nil, nil))
		select {
		case <-live.Done():
			t.Fatalf("%s: the socket ended: %v", x.what, live.Err())
		default:
		}
	}
	check(t, strange(w).SignIn(ctx, p)) // by the phone
	letters := 0
	for s.Mail.Count(p.Address) > 0 {
		if strings.Contains(must[string](t)(s.Mail.Text(ctx, p.Address)), "/reset#token=") {
			letters++
		}
	}
	if letters != 0 || count() != 0 {
		t.Errorf("%d letters, %d entries", letters, count())
	}

	// And with its entries it does what it says.
	if code, out, errs := recover(); code != 0 || strings.Count(out, "\n") != 1 || errs != "" {
		t.Fatalf("exit %d, %q, %q", code, out, errs)
	}
	<-live.Done()
	refused(t, own.Do(ctx, "GET", "/api/v1/me", nil, nil), 401, "a session from before the recovery")
	if _, err := strange(w).Begin(ctx, p); status(err) != 401 {
		t.Errorf("the old password: %v", err)
	}
	if count() != 1 {
		t.Errorf("%d entries", count())
	}
}

// settingsOf changes a setting, with what the founder gave just now.
func settingsOf(t *testing.T, w *rig.Workspace, method, path string, in map[string]any) {
	t.Helper()
	check(t, w.Founder.StepUp(t.Context()))
	var now struct{ Revision int }
	check(t, w.Founder.Do(t.Context(), "GET", "/api/v1/security", nil, &now))
	in["revision"] = now.Revision
	check(t, w.Founder.Do(t.Context(), method, path, in, nil))
}

// invite makes somebody who has an account a member of another workspace.
func invite(t *testing.T, w *rig.Workspace, p rig.Person, recovery string) {
	t.Helper()
	check(t, w.Founder.Do(t.Context(), "POST", "/api/v1/staff", map[string]any{"email": p.Address, "role": "Agent"}, nil))
	token := must[string](t)(w.Server.Token(t.Context(), p.Address))
	c := strange(w)
	var step rig.Step
	check(t, c.Do(t.Context(), "POST", "/api/v1/signin", map[string]any{"email": p.Address, "password": rig.Password, "invitation": token}, &step))
	p.Phone, p.Recovery = nil, recovery
	check(t, c.Pay(t.Context(), step, p))
}

// forbid has the database refuse rows of a table, or (of is empty) drop all of them without a word, until allow.
func forbid(t *testing.T, s *rig.Server, table, of string) (allow func()) {
	t.Helper()
	const house = "ff000000000070008000000000000001"
	if s.Postgres == nil {
		db := must[*sql.DB](t)(sql.Open("sqlite", "file:"+filepath.Join(s.DataDir(), "parlatory.db")+"?_pragma=busy_timeout(5000)"))
		run := func(text string) { t.Helper(); _, err := db.ExecContext(t.Context(), text); check(t, err) }
		if of == "" {
			run("CREATE TRIGGER unwritten BEFORE INSERT ON " + table + " BEGIN SELECT RAISE(IGNORE); END")
			return func() { t.Helper(); run("DROP TRIGGER unwritten"); check(t, db.Close()) }
		}
		run(fmt.Sprintf("CREATE INDEX unwritten ON %s (abs(CASE WHEN %s THEN -9223372036854775808 ELSE 0 END))", table, strings.ReplaceAll(of, "HOUSE", "X'"+house+"'")))
		return func() { t.Helper(); run("DROP INDEX unwritten"); check(t, db.Close()) }
	}
	db := must[*pgx.Conn](t)(pgx.Connect(t.Context(), s.Postgres.Owner))
	run := func(text string) { t.Helper(); _, err := db.Exec(t.Context(), text); check(t, err) }
	if of == "" {
		run("CREATE FUNCTION unwritten() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$")
		run("CREATE TRIGGER unwritten BEFORE INSERT ON " + table + " FOR EACH ROW EXECUTE FUNCTION unwritten()")
		return func() { t.Helper(); run("DROP FUNCTION unwritten CASCADE"); check(t, db.Close(t.Context())) }
	}
	run(fmt.Sprintf(`CREATE INDEX unwritten ON %s ((1 / (CASE WHEN %s THEN 0 ELSE 1 END)))`, table, strings.ReplaceAll(of, "HOUSE", `'\x`+house+`'::bytea`)))
	return func() { t.Helper(); run("DROP INDEX unwritten"); check(t, db.Close(t.Context())) }
}
