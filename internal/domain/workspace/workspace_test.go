package workspace_test

import (
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"parlatory"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/signin"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/vault"
	"parlatory/internal/storage/db"
)

func kind(t *testing.T, err error, want parlatory.Kind, what string) {
	t.Helper()
	if err == nil || parlatory.KindOf(err) != want {
		t.Fatalf("%s: want %v, got %v", what, want, err)
	}
}

// TestSubdomains: found by name, unique, judged, and never given out again.
func TestSubdomains(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		if _, ok, err := w.Workspace.Workspace(t.Context(), "acme"); ok || err != nil {
			t.Fatal("found before it was founded", err)
		}
		ws, _ := w.Founded(t, "acme")
		w.Workspace.Told([]parlatory.Event{{Kind: parlatory.WorkspaceChanged, Workspace: ws}})
		if id, ok, err := w.Workspace.Workspace(t.Context(), "acme"); id != ws || !ok || err != nil {
			t.Fatal(id, ok, err)
		}
		ask := func(sub string) error {
			return w.Signin.RequestSignup(t.Context(), w.At(parlatory.House), signin.Signup{Company: "C", Subdomain: sub, Email: "x@y.example", SecurityVersion: workspace.Version, PrivacyVersion: workspace.Version})
		}
		for _, sub := range []string{"acme", "ACME", "www", "admin", "a", "xn--abc", "a_b", "-ab", "ab-", "a.b", "api"} {
			kind(t, ask(sub), parlatory.KindInvalid, "subdomain "+sub)
		}
		first, second := w.SignUp("race", "one@race.example"), w.SignUp("race", "two@race.example")
		if _, err := w.Signin.CompleteSignup(t.Context(), w.At(parlatory.House), first, "One", parlatory.NewSecret(domaintest.Password)); err != nil {
			t.Fatal(err)
		}
		_, err := w.Signin.CompleteSignup(t.Context(), w.At(parlatory.House), second, "Two", parlatory.NewSecret(domaintest.Password))
		kind(t, err, parlatory.KindInvalid, "second to come")
		if n := w.Count(parlatory.House, "accounts", ""); n != 2 {
			t.Fatalf("%d accounts: a failed founding left one", n)
		}
	})
}

// TestSites: exact origins only, each once, in force at once, and a row written past the program does not count.
func TestSites(t *testing.T) {
	w := domaintest.New(t)
	ws, admin := w.Founded(t, "acme")
	listed := func(origin string) bool {
		ok, err := w.Workspace.Listed(t.Context(), ws, origin)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if listed("https://shop.example") {
		t.Fatal("listed before it was")
	}
	s, err := w.Workspace.AddSite(t.Context(), admin, "https://SHOP.example:443")
	if err != nil || s.Origin != "https://shop.example" {
		t.Fatal(s, err)
	}
	_, err = w.Workspace.AddSite(t.Context(), admin, "https://shop.example")
	kind(t, err, parlatory.KindConflict, "listed twice")
	for _, o := range []string{"http://shop.example", "https://shop.example/path", "null", "*", "https://*.shop.example", "https://shop.example?x", "https://u@shop.example", ""} {
		_, err := w.Workspace.AddSite(t.Context(), admin, o)
		kind(t, err, parlatory.KindInvalid, "origin "+o)
	}
	for origin, want := range map[string]bool{"https://shop.example": true, "https://shop.example.evil": false, "http://shop.example": false, "https://shop.example:8443": false, "null": false, "": false, "https://SHOP.example": false} {
		if listed(origin) != want {
			t.Errorf("listed(%q) = %v", origin, !want)
		}
	}
	other, _ := w.Founded(t, "other")
	if ok, _ := w.Workspace.Listed(t.Context(), other, "https://shop.example"); ok {
		t.Error("listed in another workspace")
	}
	kind(t, w.Workspace.RemoveSite(t.Context(), admin, parlatory.RowID{1}), parlatory.KindNotFound, "remove an unknown site")
	w.Look(ws, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE sites SET origin = 'https://evil.example' WHERE workspace = $1`)
		return err
	})
	w.Clock.Advance(time.Minute)
	if listed("https://evil.example") {
		t.Error("an edited row counts")
	}
	agent := w.Hire(t, ws, role.Agent)
	_, err = w.Workspace.AddSite(t.Context(), agent, "https://x.example")
	kind(t, err, parlatory.KindForbidden, "an agent lists a site")
	if err := w.Workspace.RemoveSite(t.Context(), admin, s.ID); err != nil {
		t.Fatal(err)
	}
	if listed("https://shop.example") {
		t.Error("listed after it was removed")
	}
}

// TestOutboxKeepsTrying: a mail that can't be sent waits, is tried again, and goes out once.
func TestOutboxKeepsTrying(t *testing.T) {
	w := domaintest.New(t)
	_, admin := w.Founded(t, "acme")
	w.Deliver()
	before := len(w.Mail.All())
	w.Mail.Fail = errors.New("no route to mail server")
	if _, err := w.Staff.Invite(t.Context(), admin, "one@acme.example", "", role.Agent); err != nil {
		t.Fatal(err)
	}
	try := func() {
		if _, err := w.Workspace.Outbox().Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	try()
	w.Mail.Fail = nil
	try()
	if n := len(w.Mail.All()) - before; n != 0 {
		t.Fatal("tried again at once")
	}
	w.Clock.Advance(time.Minute + time.Second)
	var all sync.WaitGroup
	for range 4 { // as several nodes would
		all.Go(func() { _, _ = w.Workspace.Outbox().Deliver(t.Context()) })
	}
	all.Wait()
	if n := len(w.Mail.All()) - before; n != 1 {
		t.Fatalf("%d mails went out", n)
	}
}

// TestBudget: counts across transactions, forgets after its window, and takes no address in clear.
func TestBudget(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, _ := w.Founded(t, "acme")
		ix, err := w.Ring.Index(t.Context(), ws)
		if err != nil {
			t.Fatal(err)
		}
		b := workspace.Budget{Name: "test", Window: time.Minute, Limit: 3}
		spend := func() (over bool) {
			w.Look(ws, func(tx *db.Tx) error {
				s, err := b.Spend(tx, b.Key(ix, "192.0.2.1"))
				over = s.Over
				return err
			})
			return over
		}
		for i := range 5 {
			if over := spend(); over != (i >= 3) {
				t.Fatalf("spend %d: over %v", i+1, over)
			}
		}
		w.Clock.Advance(time.Minute)
		if spend() {
			t.Fatal("over after its window")
		}
		if a, b := workspace.SourceOf(netip.MustParseAddr("2001:db8::1")), workspace.SourceOf(netip.MustParseAddr("2001:db8::ffff:2")); a != b {
			t.Fatal(a, b)
		}
		if got := workspace.SourceOf(netip.MustParseAddr("::ffff:192.0.2.1")); got != "192.0.2.1" {
			t.Fatal(got)
		}
	})
}

// TestAnswers: a repeat gets the first answer, another body is refused, another actor has keys of their own.
func TestAnswers(t *testing.T) {
	domaintest.OnBoth(t, domaintest.Setup{}, func(t *testing.T, w *domaintest.World) {
		ws, admin := w.Founded(t, "acme")
		agent := w.Hire(t, ws, role.Agent)
		request := func(body string) *workspace.Request {
			return &workspace.Request{Operation: "POST /x", Key: "key-12345678", Body: []byte(body)}
		}
		first := request("a")
		if kept, err := w.Workspace.Begin(t.Context(), admin, first); kept != nil || err != nil {
			t.Fatal(kept, err)
		}
		_, err := w.Workspace.Begin(t.Context(), admin, request("a"))
		kind(t, err, parlatory.KindConflict, "while the first is under way")
		if err := w.Workspace.Finish(t.Context(), admin, first, workspace.Answer{Status: 201, Body: []byte("made")}); err != nil {
			t.Fatal(err)
		}
		kept, err := w.Workspace.Begin(t.Context(), admin, request("a"))
		if err != nil || kept == nil || kept.Status != 201 || string(kept.Body) != "made" {
			t.Fatal(kept, err)
		}
		_, err = w.Workspace.Begin(t.Context(), admin, request("b"))
		kind(t, err, parlatory.KindInvalid, "another body")
		if kept, err := w.Workspace.Begin(t.Context(), agent, request("a")); kept != nil || err != nil {
			t.Fatal("another person got the answer", kept, err)
		}
		// A token of the same person repeats its own requests, whatever its scopes, and reads no session's answer.
		program, other := admin, admin
		program.Token, program.Scopes = parlatory.TokenID{1}, "chat.close"
		other.Token, other.Scopes = parlatory.TokenID{2}, "chat.close"
		own := request("a")
		for _, a := range []parlatory.Actor{program, other} {
			if kept, err := w.Workspace.Begin(t.Context(), a, own); kept != nil || err != nil {
				t.Fatal("a token", kept, err)
			}
			if err := w.Workspace.Finish(t.Context(), a, own, workspace.Answer{Status: 200, Body: a.Token[:1]}); err != nil {
				t.Fatal(err)
			}
		}
		if kept, err := w.Workspace.Begin(t.Context(), program, request("a")); err != nil || kept == nil || string(kept.Body) != "\x01" {
			t.Fatal("a token's repeat", kept, err)
		}
		w.Clock.Advance(25 * time.Hour)
		if kept, err := w.Workspace.Begin(t.Context(), admin, request("a")); kept != nil || err != nil {
			t.Fatal("kept over a day", kept, err)
		}
	})
}

// TestAC_092_LettersEscape: what people typed is text in a mail, never markup, a header or a link.
func TestAC_092_LettersEscape(t *testing.T) {
	m, err := workspace.Letter{
		To: "x@y.example", Subject: "Hello\r\nBcc: evil@evil.example", Greeting: `<script>alert(1)</script>`,
		Paragraphs: []string{`"><img src=x onerror=alert(1)>`, `{{.To}}`}, Action: `<b>`, Link: `https://a.example/#token="><script>`, After: []string{`</p><svg onload=x>`}, From: `a & b`,
	}.Mail()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script>", "<img", "<svg", `token="`, "<b>"} {
		if strings.Contains(m.HTML, bad) {
			t.Errorf("HTML holds %q", bad)
		}
	}
	if strings.ContainsAny(m.Subject, "\r\n") {
		t.Errorf("subject %q", m.Subject)
	}
	if !strings.Contains(m.HTML, "{{.To}}") || !strings.Contains(m.HTML, "a &amp; b") {
		t.Error("text was changed")
	}
	if js, err := (workspace.Letter{Link: "javascript:alert(1)", Action: "x"}).Mail(); err != nil || strings.Contains(js.HTML, `href="javascript:`) {
		t.Errorf("script link: %v", err)
	}
}

// TestAC_092_Linklike: what a mail program makes a link of is no name. Red where only schemes and "www." count.
func TestAC_092_Linklike(t *testing.T) {
	for _, text := range []string{
		"evil-bank.com", "Your bank: evil-bank.com/login", "evil-bank.com.", "(evil-bank.com)", "EVIL-BANK.COM", "me@evil-bank.com", "evil-bank.com:8443", "login.evil.co.uk", "a.zip", "t.co/x",
		"evil\u3002com", "evil\uff0ecom", "b\u00fccher.de", "\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444", "xn--e1afmkfd.xn--p1ai", "https://x", "www.x", "mailto:x", "Sign in at evil.io now", "evil.com\u2026",
		"dr.med.evil.com", "evil.co.kg",
	} {
		if !workspace.Linklike(text) {
			t.Errorf("%q would become a link", text)
		}
	}
	for _, text := range []string{
		"Acme Inc.", "St. Gallen", "St.Gallen", "e.g.", "z.B. Meier", "Node.js", "S.p.A.", "Meier & S\u00f6hne GmbH & Co. KG", "Meier GmbH & Co.KG", "Samsung Co.,Ltd.", "Foo Co.Ltd", "Dr. Meier", "Dr.med. Huber", "J. R. R. Tolkien",
		"J.R.R. Tolkien", "E.ON", "M.Sc. Anna Muster", "Version 1.2.3", "No. 5", "Please set one up. Thank you.", "on 3.4.2026", "Yahoo!", "", ".", "...", "Ph.D.", "B.V.", "a.b.", "Wait...now",
	} {
		if workspace.Linklike(text) {
			t.Errorf("%q is no link", text)
		}
	}
}

// TestSealedAtRest: company names and mails stand in no column in clear.
func TestSealedAtRest(t *testing.T) {
	w := domaintest.New(t)
	ws, _ := w.Founded(t, "acme")
	w.Look(ws, func(tx *db.Tx) error {
		var sealed []byte
		if err := tx.Row(`SELECT sealed FROM workspaces WHERE workspace = $1`).Scan(&sealed); err != nil {
			return err
		}
		if strings.Contains(string(sealed), "Company") {
			t.Error("the name stands in clear")
		}
		return nil
	})
	if _, err := w.Ring.Hold(t.Context(), ws, vault.Settings); err != nil {
		t.Fatal(err)
	}
}
