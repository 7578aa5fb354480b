package api_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parlatory"
	"parlatory/internal/domain/archive"
	"parlatory/internal/domain/audit"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/contact"
	"parlatory/internal/domain/domaintest"
	"parlatory/internal/domain/file"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/staff"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/edge/api"
	"parlatory/internal/edge/front"
	"parlatory/internal/guard/access"
	"parlatory/internal/storage/blob"
)

// world is the rooms with the API in front of them.
type world struct {
	*domaintest.World
	api      *api.API
	contacts *contact.Room
	chat     *chat.Room
	blobs    *blob.Disk
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: domaintest.Make(t, domaintest.Setup{Acts: [][]access.Act{contact.Acts(), file.Acts(), chat.Acts(), archive.Acts(), audit.Acts()}})}
	co := contact.New(contact.Options{DB: w.DB, Law: w.Law, Ring: w.Ring, Sites: w.Workspace, Clock: w.Clock, Log: w.Log})
	ch := chat.New(chat.Options{DB: w.DB, Law: w.Law, Ring: w.Ring, Ledger: w.Ledger, Contacts: co, Staff: w.Staff, Security: w.Security, Clock: w.Clock, Log: w.Log})
	t.Cleanup(ch.Close)
	var err error
	if w.blobs, err = blob.OpenDisk(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.blobs.Close() })
	fi := file.New(file.Options{DB: w.DB, Law: w.Law, Ring: w.Ring, Ledger: w.Ledger, Blobs: w.blobs, Contacts: co, Staff: w.Staff, Clock: w.Clock, Log: w.Log, Steady: staff.Steady})
	fi.Meet(ch)
	w.contacts, w.chat = co, ch
	w.api, err = api.New(api.Rooms{
		Law: w.Law, Roles: w.Roles, Workspace: w.Workspace, Security: w.Security, Account: w.Account, Staff: w.Staff, Signin: w.Signin, Contact: co, File: fi, Chat: ch,
		Archive: archive.New(archive.Options{
			DB: w.DB, Law: w.Law, Ring: w.Ring, Ledger: w.Ledger, Contacts: co, Chat: ch, Keys: w.Keys, Staff: w.Staff, Files: noise{}, Domain: domaintest.Domain, Clock: w.Clock, Log: w.Log, Steady: staff.Steady,
		}),
		Audit: audit.New(audit.Options{DB: w.DB, Law: w.Law, Ledger: w.Ledger}), Online: func(parlatory.WorkspaceID) bool { return false }, Clock: w.Clock,
	}, w.Catalogue, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// call asks as an actor whom front would have put there.
func (w *world) call(t *testing.T, actor parlatory.Actor, method, path string, body any) *httptest.ResponseRecorder {
	t.Helper()
	var b bytes.Buffer
	if text, ok := body.(string); ok {
		b.WriteString(text)
	} else if body != nil {
		if err := json.NewEncoder(&b).Encode(body); err != nil {
			t.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, path, &b).WithContext(front.WithActor(t.Context(), actor))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	return rec
}

func want(t *testing.T, rec *httptest.ResponseRecorder, status int) {
	t.Helper()
	if rec.Code != status {
		t.Fatalf("status %d, want %d: %s", rec.Code, status, rec.Body)
	}
}

func cookieOf(rec *httptest.ResponseRecorder, name string) *http.Cookie {
	for _, c := range rec.Result().Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// TestTheWayIn walks the API from sign-up to a second person's first session.
func TestTheWayIn(t *testing.T) {
	w := newWorld(t)
	house := w.At(parlatory.House)
	want(t, w.call(t, house, "GET", "/api/v1/policies", nil), 200)
	if rec := w.call(t, house, "GET", "/api/v1/door", nil); rec.Code != 200 || !strings.Contains(rec.Body.String(), `"company":"","subdomain":"","domain":"parlatory.test","signed_in":false`) {
		t.Fatalf("the bare domain's door: %d %s", rec.Code, rec.Body)
	}
	want(t, w.call(t, house, "POST", "/api/v1/signups", api.SignupRequest{Company: "Acme", Subdomain: "acme", Email: "ada@acme.example", SecurityVersion: workspace.Version, PrivacyVersion: workspace.Version}), 202)
	token := w.Link("ada@acme.example").Reveal()
	want(t, w.call(t, house, "POST", "/api/v1/signups/open", api.LinkToken{Token: token}), 200)
	rec := w.call(t, house, "POST", "/api/v1/signups/complete", api.SignupFinish{Token: token, Name: "Ada", Password: domaintest.Password})
	want(t, rec, 201)
	if !strings.Contains(rec.Body.String(), `"workspace_url":"https://acme.parlatory.test"`) || len(rec.Result().Cookies()) != 0 {
		t.Fatalf("%s %v", rec.Body, rec.Result().Cookies())
	}
	want(t, w.call(t, house, "POST", "/api/v1/signups/open", api.LinkToken{Token: token}), 410)
	ws, _, err := w.Workspace.Workspace(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	want(t, w.call(t, w.At(ws), "POST", "/api/v1/signups/open", api.LinkToken{Token: token}), 404) // not at this host
	rec = w.call(t, w.At(ws), "POST", "/api/v1/signin", api.SigninRequest{Email: "ada@acme.example", Password: domaintest.Password})
	want(t, rec, 200)
	session := cookieOf(rec, "__Host-session")
	if session == nil || !session.Secure || !session.HttpOnly || session.SameSite != http.SameSiteStrictMode || session.Path != "/" || session.Domain != "" {
		t.Fatalf("cookie %+v", session)
	}
	admin := w.Resume(t, ws, parlatory.NewSecret(session.Value))
	rec = w.call(t, admin, "GET", "/api/v1/me", nil)
	want(t, rec, 200)
	if !strings.Contains(rec.Body.String(), `"level":"Full"`) || !strings.Contains(rec.Body.String(), `"staff.invite"`) {
		t.Fatalf("%s", rec.Body)
	}
	rec = w.call(t, admin, "POST", "/api/v1/staff", api.NewMember{Email: "bob@acme.example", Role: role.Agent})
	want(t, rec, 201)
	link := w.Link("bob@acme.example").Reveal()
	want(t, w.call(t, w.At(ws), "POST", "/api/v1/invitations/open", api.LinkToken{Token: link}), 200)
	rec = w.call(t, w.At(ws), "POST", "/api/v1/invitations/accept", api.InvitationAccept{Token: link, Name: "Bob", Password: domaintest.Password})
	want(t, rec, 200)
	attempt := cookieOf(rec, "__Host-attempt")
	if attempt == nil || attempt.Value == "" || !strings.Contains(rec.Body.String(), `"owed":"agreement"`) {
		t.Fatalf("%s %v", rec.Body, rec.Result().Cookies())
	}
	half, err := w.Sessions.Attempt(t.Context(), ws, attempt.Value, w.At(ws))
	if err != nil {
		t.Fatal(err)
	}
	rec = w.call(t, half, "GET", "/api/v1/door", nil)
	want(t, rec, 200)
	if !strings.Contains(rec.Body.String(), `"owed":"agreement"`) {
		t.Fatalf("%s", rec.Body)
	}
	want(t, w.call(t, half, "GET", "/api/v1/me", nil), 401)
	rec = w.call(t, half, "POST", "/api/v1/signin/agreement", api.Agreement{SecurityVersion: workspace.Version, PrivacyVersion: workspace.Version})
	want(t, rec, 200)
	if c := cookieOf(rec, "__Host-attempt"); c == nil || c.MaxAge >= 0 || cookieOf(rec, "__Host-session") == nil {
		t.Fatalf("cookies %v", rec.Result().Cookies())
	}
	bob := w.Resume(t, ws, parlatory.NewSecret(cookieOf(rec, "__Host-session").Value))
	want(t, w.call(t, bob, "GET", "/api/v1/staff", nil), 200)
	want(t, w.call(t, bob, "POST", "/api/v1/staff", api.NewMember{Email: "eve@acme.example", Role: role.Agent}), 403)
	want(t, w.call(t, bob, "POST", "/api/v1/signout", nil), 204)
	for _, path := range []string{"/api/v1/workspace", "/api/v1/sites", "/api/v1/roles", "/api/v1/staff?limit=1"} {
		want(t, w.call(t, admin, "GET", path, nil), 200)
	}
}

// TestAC_007_SameBytes: what the door answers to unknown, wrong and suspended does not differ in one byte.
//
// ASVS V6.3.8
func TestAC_007_SameBytes(t *testing.T) {
	w := newWorld(t)
	ws, admin := w.Founded(t, "acme")
	agent, email := w.HireAs(t, ws, role.Agent)
	if _, err := w.Staff.Suspend(t.Context(), admin, agent.Staff); err != nil {
		t.Fatal(err)
	}
	answers := map[string]bool{}
	for _, try := range [][2]string{{"admin@acme.example", "wrong wrong wrong"}, {"nobody@acme.example", domaintest.Password}, {email, domaintest.Password}} {
		rec := w.call(t, w.At(ws), "POST", "/api/v1/signin", api.SigninRequest{Email: try[0], Password: try[1]})
		want(t, rec, 401)
		var head bytes.Buffer
		if err := rec.Header().Write(&head); err != nil {
			t.Fatal(err)
		}
		answers[head.String()+rec.Body.String()] = true
	}
	for _, typed := range []string{"admin@acme.example", "nobody@acme.example", email} {
		rec := w.call(t, w.At(ws), "POST", "/api/v1/password/forgot", api.ForgotRequest{Email: typed})
		want(t, rec, 202)
		answers["forgot "+rec.Body.String()] = true
	}
	if len(answers) != 2 {
		t.Fatalf("%d different answers: %v", len(answers), answers)
	}
}

// TestAC_020_NobodyConfirmsThemselves: the profile takes a name and nothing else, whatever is slipped in beside it.
func TestAC_020_NobodyConfirmsThemselves(t *testing.T) {
	w := newWorld(t)
	ws, admin := w.Founded(t, "acme")
	agent := w.Hire(t, ws, role.Agent)
	before := w.call(t, agent, "GET", "/api/v1/me", nil).Body.String()
	for _, extra := range []string{
		`"email":"boss@acme.example"`, `"email_verified":true`, `"verified":true`, `"role":"Administrator"`, `"level":"Full"`, `"state":"active"`,
		`"id":"` + admin.Staff.String() + `"`, `"account":"` + admin.Account.String() + `"`, `"acts":["staff.invite"]`, `"password":"x"`,
	} {
		want(t, w.call(t, agent, "PATCH", "/api/v1/me", `{"name":"Mallory",`+extra+`}`), 422)
	}
	if after := w.call(t, agent, "GET", "/api/v1/me", nil).Body.String(); after != before {
		t.Fatalf("changed: %s", after)
	}
	want(t, w.call(t, agent, "PATCH", "/api/v1/me", `{"name":"Mallory"}`), 200)
	for _, extra := range []string{`"state":"active"`, `"account":"` + agent.Account.String() + `"`, `"you":true`} {
		want(t, w.call(t, admin, "POST", "/api/v1/staff", `{"email":"x@acme.example","role":"Agent",`+extra+`}`), 422)
	}
}
