package signin

import (
	"database/sql"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	_ "modernc.org/sqlite" // the house's ledger is read beside the program

	"parlatory/test/rig"
)

// TestEnrolLoseRecover is bar 1 at the level of the API, with a phone whose codes oathtool computes: enrol, sign in, be
// refused with the same code again, lose the phone, come in with a recovery code (once), be reset by the administrator,
// enrol anew; and at last the operator, beside the running server.
//
// ASVS V6.3.3, V6.4.3, V6.4.4, V6.5.1, V6.5.6, V7.5.1
func TestEnrolLoseRecover(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) { loseAndRecover(t, server(t, engine)) })
	}
}

func loseAndRecover(t *testing.T, s *rig.Server) {
	ctx := t.Context()
	w := house(t, s)
	p, own := someone(t, w, "Agent")

	// Sensitive acts ask again. The sign-in is fresh here, so that the password was just given: what is asked for is the
	// code in the mailbox.
	if _, _, err := own.Enrol(ctx, "/api/v1/me/factors", p, false); err == nil {
		t.Error("a first factor without the code that is mailed to the address")
	}
	recovery := enrol(t, own, &p)

	// The factor is owed from here on, and one code counts once.
	c := strange(w)
	step := must[rig.Step](t)(c.Begin(ctx, p))
	if step.Owed != "factor" || step.Factor == nil || !step.Factor.TOTP || !step.Factor.Recovery {
		t.Fatalf("after the password: %+v", step)
	}
	refused(t, c.Do(ctx, "GET", "/api/v1/me", nil, nil), 401, "a half session asks who it is")
	code := map[string]any{"code": p.Phone.Code(ctx)}
	check(t, c.Do(ctx, "POST", "/api/v1/signin/factor", code, &step))
	check(t, c.Pay(ctx, step, p))
	again := strange(w)
	must[rig.Step](t)(again.Begin(ctx, p))
	if err := again.Do(ctx, "POST", "/api/v1/signin/factor", code, nil); status(err) < 400 {
		t.Errorf("the same code counts twice: %v", err)
	}
	if err := again.Do(ctx, "POST", "/api/v1/signin/factor", map[string]any{"code": "000000"}, nil); status(err) < 400 {
		t.Errorf("a made-up code counts: %v", err)
	}

	// Lost: a recovery code signs in, once, and never without the password.
	lost := p
	lost.Phone, lost.Recovery = nil, recovery[3]
	c = strange(w)
	check(t, c.SignIn(ctx, lost))
	again = strange(w)
	if err := again.SignIn(ctx, lost); status(err) < 400 {
		t.Errorf("a recovery code counts twice: %v", err)
	}
	if err := strange(w).Do(ctx, "POST", "/api/v1/signin/factor", map[string]any{"recovery_code": recovery[4]}, nil); status(err) != 401 {
		t.Errorf("a recovery code without a half session: %v", err)
	}
	// A reset of the password is no way around the factor (AC-011).
	check(t, strange(w).Do(ctx, "POST", "/api/v1/password/forgot", map[string]any{"email": p.Address}, nil))
	token := must[string](t)(s.Token(ctx, p.Address))
	p.Password = "lanterns over deep quiet water"
	c = strange(w)
	check(t, c.Do(ctx, "POST", "/api/v1/password/reset", map[string]any{"token": token, "password": p.Password}, nil))
	if step = must[rig.Step](t)(c.Begin(ctx, p)); step.Owed != "factor" {
		t.Errorf("after a reset of the password: %+v", step)
	}

	administratorResets(t, w, &p)
	operatorRecovers(t, s, w)
}

// administratorResets: with a reason, after proving the own password again; the phone counts no more here, the person is
// told by mail, the ledger has it; the new phone works, and so do not the old codes.
func administratorResets(t *testing.T, w *rig.Workspace, p *rig.Person) {
	t.Helper()
	ctx := t.Context()
	c := strange(w)
	check(t, c.SignIn(ctx, *p))
	id := idOf(t, c)
	check(t, w.Founder.StepUp(ctx))
	check(t, w.Founder.Do(ctx, "POST", "/api/v1/staff/"+id+"/reset-factor", map[string]any{"reason": "Phone lost in the harbour."}, nil))
	refused(t, c.Do(ctx, "GET", "/api/v1/me", nil, nil), 401, "the session from before the reset of the factor")
	fresh := strange(w)
	step := must[rig.Step](t)(fresh.Begin(ctx, *p))
	if step.Owed == "factor" {
		t.Fatalf("the factor is owed after its reset: %+v", step)
	}
	without := *p
	without.Phone = nil
	check(t, fresh.Pay(ctx, step, without))
	old := p.Phone
	phone, _, err := fresh.Enrol(ctx, "/api/v1/me/factors", *p, true)
	check(t, err)
	p.Phone = phone
	c = strange(w)
	must[rig.Step](t)(c.Begin(ctx, *p))
	if err := c.Do(ctx, "POST", "/api/v1/signin/factor", map[string]any{"code": old.Code(ctx)}, nil); status(err) < 400 {
		t.Error("the lost phone's code counts")
	}
	check(t, strange(w).SignIn(ctx, *p))
	ledgerHas(t, w, "Phone lost in the harbour.")
}

// operatorRecovers: the only administrator has lost everything but the mailbox. What they had opens nothing any more; the mailed
// link gives a new password, which signs in without a factor; the ledgers of the house and of the workspace say so.
func operatorRecovers(t *testing.T, s *rig.Server, w *rig.Workspace) {
	t.Helper()
	ctx := t.Context()
	p := rig.Person{Address: "founder@" + w.Subdomain + ".example"}
	recovery := enrol(t, w.Founder, &p)
	session := strange(w)
	check(t, session.SignIn(ctx, p))
	live := must[*rig.Live](t)(session.Live(ctx, nil))
	out, err := exec.CommandContext(ctx, s.Binary, "account", "recover", "--config", s.ConfigFile(), "--email", p.Address, "--reason", "Proved in person, ticket 4711.", "--yes").CombinedOutput()
	if err != nil {
		t.Fatalf("account recover: %v: %s", err, out)
	}
	within(t, 2*time.Second, "the socket ends", func() bool {
		select {
		case <-live.Done():
			return true
		default:
			return false
		}
	})
	for what, c := range map[string]*rig.Client{"a browser": session, "the browser of the sign-up": w.Founder} {
		refused(t, c.Do(ctx, "GET", "/api/v1/me", nil, nil), 401, what+" from before the recovery")
	}
	// Also where the account is known.
	for what, c := range map[string]*rig.Client{"a new browser": strange(w), "a known one": session} {
		_, err := c.Begin(ctx, p)
		refused(t, err, 401, "the old password in "+what)
	}
	token := must[string](t)(s.Token(ctx, p.Address))
	old := p
	p = rig.Person{Address: p.Address, Password: "harbours at dusk 9 quiet lamps"}
	check(t, strange(w).Do(ctx, "POST", "/api/v1/password/reset", map[string]any{"token": token, "password": p.Password}, nil))
	refused(t, strange(w).Do(ctx, "POST", "/api/v1/password/reset", map[string]any{"token": token, "password": p.Password + "!"}, nil), 410, "the link once more")
	c := strange(w)
	step := must[rig.Step](t)(c.Begin(ctx, p))
	if step.State != "signed_in" {
		t.Fatalf("after the recovery something is owed: %+v", step)
	}
	check(t, c.Do(ctx, "GET", "/api/v1/me", nil, nil))
	w.Founder = c
	var factors struct {
		Items []any
		Left  int `json:"recovery_left"`
	}
	check(t, c.Do(ctx, "GET", "/api/v1/me/factors", nil, &factors))
	if len(factors.Items) != 0 || factors.Left != 0 {
		t.Errorf("%d factors and %d recovery codes are left", len(factors.Items), factors.Left)
	}
	ledgerHas(t, w, "ticket 4711")
	export := must[[]byte](t)(c.Raw(ctx, "POST", "/api/v1/audit/export", struct{}{}))
	if n := strings.Count(string(export), `"operator.recover"`); n != 1 {
		t.Errorf("%d entries of the recovery in the workspace's export", n)
	}
	if n := houseEntries(t, s, "operator.recover"); n != 1 {
		t.Errorf("%d entries of the recovery in the house's ledger", n)
	}
	for what, secret := range map[string]string{"old password": rig.Password, "phone's secret": old.Phone.Secret, "recovery code": recovery[0], "link's key": token} {
		if strings.Contains(string(out), secret) {
			t.Errorf("the command prints the %s: %s", what, out)
		}
	}
}

// houseEntries counts the entries of an act in the ledger of the house, which no door shows.
func houseEntries(t *testing.T, s *rig.Server, act string) (n int) {
	t.Helper()
	house, ctx := []byte{0: 0xff, 6: 0x70, 8: 0x80, 15: 0x01}, t.Context()
	const count = "SELECT COUNT(*) FROM ledger_entries WHERE workspace = $1 AND act = $2"
	if s.Postgres == nil {
		db := must[*sql.DB](t)(sql.Open("sqlite", "file:"+filepath.Join(s.DataDir(), "parlatory.db")+"?mode=ro"))
		defer db.Close()
		check(t, db.QueryRowContext(ctx, count, house, act).Scan(&n))
		return n
	}
	db := must[*pgx.Conn](t)(pgx.Connect(ctx, s.Postgres.Owner))
	defer db.Close(ctx)
	must[pgconn.CommandTag](t)(db.Exec(ctx, "SET parlatory.across = 'on'")) // the rule of rows that reads over all workspaces
	check(t, db.QueryRow(ctx, count, house, act).Scan(&n))
	return n
}

// ledgerHas looks for a text in the entries of a workspace.
func ledgerHas(t *testing.T, w *rig.Workspace, text string) {
	t.Helper()
	raw := must[[]byte](t)(w.Founder.Raw(t.Context(), "GET", "/api/v1/audit?limit=200", nil))
	if !strings.Contains(string(raw), text) {
		t.Errorf("no entry of the ledger has %q", text)
	}
}

// TestNobodyIsThereBeforeSignUp: a fresh server has no account, whatever the name and the password.
//
// ASVS V6.3.2
func TestNobodyIsThereBeforeSignUp(t *testing.T) {
	s := server(t, "sqlite")
	w := house(t, s)
	for _, name := range []string{"root", "admin", "administrator", "sa", "parlatory", "demo", "operator", "test", "guest", "postgres"} {
		for _, domain := range []string{rig.Domain, w.Host(), "example.com", "localhost"} {
			c := strange(w)
			for _, password := range []string{name, "password", "admin", "changeme", "parlatory", rig.Password} {
				if err := c.Do(t.Context(), "POST", "/api/v1/signin", map[string]any{"email": name + "@" + domain, "password": password}, nil); status(err) != 401 {
					t.Errorf("%s@%s with %q: %v", name, domain, password, err)
				}
			}
			c.Close()
		}
	}
}
