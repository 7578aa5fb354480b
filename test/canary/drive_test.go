package canary

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"parlatory/test/rig"
)

// drive walks through the whole program as its users do, with a mark in every text. Every step must succeed: a refused
// text was never stored, and proves nothing.
type drive struct {
	*testing.T
	*marks
	ctx    context.Context
	server *rig.Server

	subdomain string
	site      string
	policies  rig.Policies
	founder   *rig.Client

	founderAddress, agentPassword string
}

func (d *drive) do(c *rig.Client, method, path string, in, out any) {
	d.Helper()
	if err := c.Do(d.ctx, method, path, in, out); err != nil {
		d.Fatalf("%v\n%s", err, d.server.LogTail())
	}
}

// secret adds a text that the server made and must not keep in the clear: tokens of links, sessions and visitors.
func (d *drive) secret(field, text string) string {
	if len(text) >= 20 {
		d.add(field, text)
	}
	return text
}

func (d *drive) token(address string) string {
	d.Helper()
	token, err := d.server.Mail.Token(d.ctx, address)
	if err != nil {
		d.Fatal(err)
	}
	return d.secret("token in a mailed link", token)
}

// client has a mark in what browsers tell about themselves.
func (d *drive) client(host string) *rig.Client {
	c := d.server.Client(host)
	c.Header.Set("User-Agent", "Browser "+d.mark("User-Agent header"))
	return c
}

func (d *drive) address(field string) string {
	return d.mark(field) + "@" + d.mark(field+", domain") + ".example"
}

func (d *drive) all() {
	password := d.signUp()
	agent, agentAddress := d.hire()
	d.account(agent, agentAddress)
	d.settings()
	d.talk(agent)
	d.encryption()
	d.forget(agent)
	d.security(agent, agentAddress, password)
	d.refused(password)
}

// signUp founds the company, and gives the founder's password.
func (d *drive) signUp() string {
	bare := d.client(rig.Domain)
	d.do(bare, "GET", "/api/v1/policies", nil, &d.policies)
	d.subdomain = d.mark("subdomain")
	address, password := d.address("founder's address"), "Aa1! "+d.mark("founder's password")
	d.do(bare, "POST", "/api/v1/signups", map[string]any{"company": "Company " + d.mark("company"), "subdomain": d.subdomain, "email": address,
		"security_version": d.policies.Security.Version, "privacy_version": d.policies.Privacy.Version}, nil)
	token := d.token(address)
	d.do(bare, "POST", "/api/v1/signups/open", map[string]any{"token": token}, nil)
	d.do(bare, "POST", "/api/v1/signups/complete", map[string]any{"token": token, "name": "Founder " + d.mark("founder's name"), "password": password}, nil)
	d.founderAddress, d.founder = address, d.signIn(address, password)
	return password
}

type entered struct {
	State string `json:"state"`
}

func (d *drive) host() string { return d.subdomain + "." + rig.Domain }

func (d *drive) signIn(address, password string) *rig.Client {
	d.Helper()
	c := d.client(d.host())
	var e entered
	d.do(c, "POST", "/api/v1/signin", map[string]any{"email": address, "password": password}, &e)
	d.enter(c, e)
	return c
}

func (d *drive) enter(c *rig.Client, e entered) {
	d.Helper()
	if e.State != "signed_in" {
		d.do(c, "POST", "/api/v1/signin/agreement", map[string]any{"security_version": d.policies.Security.Version, "privacy_version": d.policies.Privacy.Version}, nil)
	}
	for _, cookie := range strings.Split(c.Header.Get("Cookie"), "; ") {
		_, value, _ := strings.Cut(cookie, "=")
		d.secret("session cookie", value)
	}
}

// hire invites two people; one accepts.
func (d *drive) hire() (*rig.Client, string) {
	var waiting struct {
		ID string `json:"id"`
	}
	other := d.address("address of an invitation that waits")
	d.do(d.founder, "POST", "/api/v1/staff", map[string]any{"email": other, "name": "Guest " + d.mark("name of an invitation"), "role": "Agent"}, &waiting)
	d.token(other)
	d.do(d.founder, "POST", "/api/v1/staff/"+waiting.ID+"/resend", struct{}{}, nil)
	d.token(other)
	address := d.address("agent's address")
	d.do(d.founder, "POST", "/api/v1/staff", map[string]any{"email": address, "role": "Supervisor"}, nil)
	token := d.token(address)
	agent := d.client(d.host())
	d.do(agent, "POST", "/api/v1/invitations/open", map[string]any{"token": token}, nil)
	var e entered
	d.do(agent, "POST", "/api/v1/invitations/accept", map[string]any{"token": token, "name": "Agent " + d.mark("agent's name"), "password": "Aa1! " + d.mark("agent's password")}, &e)
	d.enter(agent, e)
	return agent, address
}

// account changes name and password, forgets the password, and signs in with the new one.
func (d *drive) account(agent *rig.Client, address string) {
	first := "Aa1! " + d.mark("password by reset")
	anybody := d.client(d.host())
	d.do(anybody, "POST", "/api/v1/password/forgot", map[string]any{"email": address}, nil)
	token := d.token(address)
	d.do(anybody, "POST", "/api/v1/password/open", map[string]any{"token": token}, nil)
	d.do(anybody, "POST", "/api/v1/password/reset", map[string]any{"token": token, "password": first}, nil)
	again := d.signIn(address, first)
	agent.Header = again.Header
	d.do(agent, "PATCH", "/api/v1/me", map[string]any{"name": "Agent " + d.mark("agent's new name")}, nil)
	d.agentPassword = "Aa1! " + d.mark("agent's new password")
	d.do(agent, "POST", "/api/v1/me/password", map[string]any{"current": first, "password": d.agentPassword}, nil)
}

func (d *drive) settings() {
	d.do(d.founder, "PATCH", "/api/v1/workspace", map[string]any{"company": "Company " + d.mark("new company name")}, nil)
	d.site = "https://" + d.mark("site origin") + ".example"
	d.do(d.founder, "POST", "/api/v1/sites", map[string]any{"origin": d.site}, nil)
}

// encryption names a key server that nobody reaches, once with each way to sign in: what is refused lies nowhere either.
func (d *drive) encryption() {
	for _, signIn := range [][2]string{{"role_id", "secret_id"}, {"certificate", "certificate_key"}} {
		for method, path := range map[string]string{"PUT": "/api/v1/encryption", "POST": "/api/v1/encryption/test"} {
			server := map[string]any{"address": "https://127.0.0.1:1"}
			for _, field := range []string{"namespace", "mount", "key", "ca", "auth_mount", signIn[0], signIn[1]} {
				server[field] = d.mark("key server's " + field)
			}
			body := map[string]any{"server": server, "grace_seconds": 0, "rotate_days": 0, "reason": d.mark("reason of a key server")}
			if a, err := d.founder.Send(d.ctx, method, path, body); err != nil || a.Status < 400 {
				d.Errorf("a key server that nobody reaches: %d, %v", a.Status, err)
			}
		}
	}
	d.do(d.founder, "POST", "/api/v1/encryption/rotate", map[string]any{"reason": d.mark("reason of a rotation")}, nil)
}

// security sets up a phone for the founder, puts entries on the lists, resets an agent's factor, and asks for longer passwords,
// which the agent pays at the next sign-in.
func (d *drive) security(agent *rig.Client, address, password string) {
	d.do(d.founder, "POST", "/api/v1/me/step-up", map[string]any{"password": password}, nil)
	d.phone(d.founder, d.founderAddress)
	d.do(d.founder, "POST", "/api/v1/security/staff-list/entries", map[string]any{"network": "127.0.0.1", "remark": "Office " + d.mark("remark of the staff list")}, nil)
	d.do(d.founder, "POST", "/api/v1/staff/search", map[string]any{"search": d.mark("search of the staff")}, nil)
	d.do(d.founder, "POST", "/api/v1/security/visitor-list/csv", map[string]any{"list": "block", "csv": "192.0.2.77,Table " + d.mark("remark of a table")}, nil)
	d.do(d.founder, "POST", "/api/v1/security/visitor-list/entries", map[string]any{"list": "block", "network": "192.0.2.1", "remark": "Nuisance " + d.mark("remark of the visitor list")}, nil)
	var made struct{ Token string }
	d.do(d.founder, "POST", "/api/v1/me/tokens", map[string]any{"name": "Report " + d.mark("name of a token"), "scopes": []string{"chat.list"}, "networks": []string{"192.0.2.0/24"}, "days": 7}, &made)
	d.secret("API token", made.Token)
	d.secret("API token without its prefix", strings.TrimPrefix(made.Token, "parl_pat_"))
	var now struct{ Revision int }
	d.do(d.founder, "GET", "/api/v1/security", nil, &now)
	d.do(d.founder, "PUT", "/api/v1/security/factor", map[string]any{"revision": now.Revision, "required": false, "phishing_resistant": false, "message": "Dear all, " + d.mark("message of the factor card"), "trust_days": 0}, nil)
	var me struct{ ID string }
	d.do(agent, "GET", "/api/v1/me", nil, &me)
	d.do(d.founder, "POST", "/api/v1/staff/"+me.ID+"/reset-factor", map[string]any{"reason": "Lost " + d.mark("reason of a reset")}, nil)
	d.do(d.founder, "GET", "/api/v1/security", nil, &now)
	d.do(d.founder, "PUT", "/api/v1/security/password", map[string]any{"revision": now.Revision, "password": map[string]any{"min_length": 40, "history": 2, "max_age_days": 0}, "lockout": map[string]any{"threshold": 5, "ends": "time", "minutes": 15}}, nil)
	c := d.client(d.host())
	var e entered
	d.do(c, "POST", "/api/v1/signin", map[string]any{"email": address, "password": d.agentPassword}, &e)
	d.do(c, "POST", "/api/v1/signin/password", map[string]any{"password": "Aa1! " + d.mark("longer password") + d.mark("and its end")}, &e)
	d.enter(c, e)
}

// phone sets an authenticator app up; what the server made for it is looked for too.
func (d *drive) phone(c *rig.Client, address string) {
	d.do(c, "POST", "/api/v1/me/factors/mail-code", nil, nil)
	code, err := d.server.MailCode(d.ctx, address)
	if err != nil {
		d.Fatal(err)
	}
	var begun struct{ Ceremony, Secret string }
	d.do(c, "POST", "/api/v1/me/factors/totp", nil, &begun)
	d.secret("ceremony", begun.Ceremony)
	phone := rig.NewAuthenticator(d.secret("secret of an app", begun.Secret))
	var made struct {
		Item  struct{ ID string }
		Codes []string `json:"recovery_codes"`
	}
	d.do(c, "POST", "/api/v1/me/factors/totp/confirm", map[string]any{"ceremony": begun.Ceremony, "code": phone.Code(d.ctx), "mail_code": code, "name": "Phone " + d.mark("name of a factor")}, &made)
	for _, text := range made.Codes {
		d.secret("recovery code", text)
		d.secret("recovery code, as it is indexed", strings.ReplaceAll(text, "-", ""))
	}
	d.do(c, "POST", "/api/v1/me/step-up", map[string]any{"code": phone.Code(d.ctx)}, nil) // the session is from before the phone
	d.do(c, "PATCH", "/api/v1/me/factors/"+made.Item.ID, map[string]any{"name": "Phone " + d.mark("new name of a factor")}, nil)
	d.do(c, "GET", "/api/v1/me/factors", nil, nil)
}

// talk is a conversation from both sides, over HTTP and live.
func (d *drive) talk(agent *rig.Client) {
	visitor := d.client(d.host())
	visitor.Header.Set("Origin", d.site)
	var opened struct {
		Token   string `json:"token"`
		Enquiry struct {
			ID   string `json:"id"`
			Room string `json:"room"`
		} `json:"enquiry"`
	}
	first := map[string]any{"id": rig.UUID(), "name": "Visitor " + d.mark("visitor's name"), "email": d.address("visitor's address"),
		"question": "Question " + d.mark("question"), "page": d.site + "/" + d.mark("page") + "?q=" + d.mark("page's query"), "language": "de", "privacy_version": d.policies.Privacy.Version}
	d.do(visitor, "POST", "/widget/v1/enquiries", first, &opened)
	visitor.Header.Set("Authorization", "Bearer "+d.secret("visitor's token", opened.Token))
	second := map[string]any{"id": rig.UUID(), "name": "Visitor " + d.mark("visitor's second name"), "question": "Again " + d.mark("second question"), "privacy_version": d.policies.Privacy.Version}
	d.do(visitor, "POST", "/widget/v1/enquiries", second, nil)
	enquiry, room := "/api/v1/enquiries/"+opened.Enquiry.ID, opened.Enquiry.Room
	d.do(agent, "POST", enquiry+"/pickup", struct{}{}, nil)
	text := func(who string) map[string]any {
		return map[string]any{"id": rig.UUID(), "body": "Text " + d.mark("message of "+who)}
	}
	agent.Header.Set("Idempotency-Key", d.mark("Idempotency-Key header"))
	d.do(agent, "POST", "/api/v1/rooms/"+room+"/messages", text("staff"), nil)
	agent.Header.Del("Idempotency-Key")
	d.do(visitor, "POST", "/widget/v1/rooms/"+room+"/messages", text("visitor"), nil)
	d.live(agent, &rig.Visitor{Client: visitor, Token: opened.Token, Room: room}, text)
	for prefix, who := range map[string]*rig.Client{"/api/v1": agent, "/widget/v1": visitor} {
		d.file(who, prefix, room)
	}
	d.do(agent, "GET", "/api/v1/rooms/"+room+"/messages?after=0", nil, nil)
	d.do(agent, "POST", enquiry+"/close", struct{}{}, nil)
	d.do(agent, "POST", enquiry+"/reopen", struct{}{}, nil)
	d.do(d.founder, "PUT", "/api/v1/security/visitor-list/mode", map[string]any{"mode": "block", "was": "off"}, nil)
	d.do(d.founder, "POST", enquiry+"/block", map[string]any{"remark": "Nuisance " + d.mark("remark of a block")}, nil)
	d.do(d.founder, "PUT", "/api/v1/security/visitor-list/mode", map[string]any{"mode": "off", "was": "block"}, nil)
	d.do(d.founder, "GET", "/api/v1/audit?limit=50", nil, nil)
}

// forget takes a contact's data out, holds it, and erases it: what was said, and the reasons, lie nowhere afterwards either.
func (d *drive) forget(agent *rig.Client) {
	visitor := d.client(d.host())
	visitor.Header.Set("Origin", d.site)
	var opened struct {
		Contact string
		Enquiry struct{ ID string }
	}
	d.do(visitor, "POST", "/widget/v1/enquiries", map[string]any{"id": rig.UUID(), "name": "Leaving " + d.mark("name of one who is erased"),
		"question": "Forget " + d.mark("question of one who is erased"), "privacy_version": d.policies.Privacy.Version}, &opened)
	d.do(agent, "POST", "/api/v1/enquiries/"+opened.Enquiry.ID+"/pickup", struct{}{}, nil)
	d.do(agent, "POST", "/api/v1/enquiries/"+opened.Enquiry.ID+"/close", struct{}{}, nil)
	at := "/api/v1/contacts/" + opened.Contact
	var hold struct{ ID string }
	d.do(d.founder, "POST", at+"/holds", map[string]any{"reason": d.mark("reason of a hold")}, &hold)
	d.do(d.founder, "POST", "/api/v1/holds/"+hold.ID+"/lift", map[string]any{"reason": d.mark("reason of its end")}, nil)
	if _, err := d.founder.Raw(d.ctx, "POST", at+"/export", struct{}{}); err != nil {
		d.Fatal(err)
	}
	d.do(d.founder, "POST", at+"/erase", map[string]any{"confirm": opened.Contact, "reason": d.mark("reason of an erasure")}, nil)
}

// file sends a file and reads it back.
func (d *drive) file(c *rig.Client, prefix, room string) {
	content := "A letter " + d.mark("content of a file")
	id, err := c.SendFile(d.ctx, prefix, room, "../Letter "+d.mark("name of a file")+".dat", "application/"+d.mark("claimed type of a file"), []byte(content))
	if err != nil {
		d.Fatalf("%v\n%s", err, d.server.LogTail())
	}
	if raw, err := c.Raw(d.ctx, "GET", prefix+"/files/"+id+"/content", nil); err != nil || string(raw) != content {
		d.Fatalf("content of a file: %q %v", raw, err)
	}
}

func (d *drive) live(agent *rig.Client, visitor *rig.Visitor, text func(string) map[string]any) {
	at, err := agent.Live(d.ctx, nil)
	if err != nil {
		d.Fatal(err)
	}
	defer at.Close()
	from, err := visitor.LiveFrom(d.ctx, d.site, nil)
	if err != nil {
		d.Fatal(err)
	}
	defer from.Close()
	for who, l := range map[string]*rig.Live{"staff, live": at, "visitor, live": from} {
		post := text(who)
		post["room"] = visitor.Room
		for _, step := range []struct {
			method string
			data   any
		}{{"chat.open", map[string]any{"room": visitor.Room}}, {"chat.typing", map[string]any{"room": visitor.Room, "on": true}}, {"chat.post", post}} {
			if err := l.RPC(d.ctx, step.method, step.data, nil); err != nil {
				d.Fatal(err)
			}
		}
	}
}

// refused sends marks where they are not taken: what is wrong must not be logged either.
func (d *drive) refused(password string) {
	c := d.client(d.host())
	for _, in := range []map[string]any{
		{"email": d.address("unknown address"), "password": "Aa1! " + d.mark("password for an unknown address")},
		{"email": d.mark("broken address"), "password": password},
		{"email": d.mark("address, extra field"), d.mark("unknown field"): d.mark("value of an unknown field")},
	} {
		if err := c.Do(d.ctx, "POST", "/api/v1/signin", in, nil); err == nil {
			d.Fatal("a wrong sign-in was taken")
		}
	}
	for _, path := range []string{"/api/v1/" + d.mark("unknown path"), "/api/v1/staff/" + d.mark("unknown id"), "/api/v1/staff?cursor=" + d.mark("cursor"),
		"/api/v1/me?" + d.mark("unknown parameter") + "=" + d.mark("its value"), "/" + d.mark("unknown page")} {
		_ = d.founder.Do(d.ctx, "GET", path, nil, nil)
	}
	c.Header.Set("Authorization", "Bearer "+d.mark("unknown token"))
	c.Header.Set("Cookie", "__Host-session="+d.mark("unknown session"))
	c.Header.Set("Origin", "https://"+d.mark("unknown origin")+".example")
	_ = c.Do(d.ctx, "GET", "/widget/v1/enquiries", nil, nil)
	_ = c.Do(d.ctx, "POST", "/api/v1/signin", map[string]any{}, nil)
}

// crawl calls every operation with a mark in every text, and lets it refuse what it likes.
func (d *drive) crawl(doc *document, ops []*operation) {
	for _, o := range ops {
		if strings.HasSuffix(o.Path, "/signout") || o.Method == "DELETE" {
			continue
		}
		query := url.Values{}
		for _, name := range o.Query {
			query.Set(name, d.mark("query "+name+" of "+o.name()))
		}
		path := parameterName.ReplaceAllString(o.Path, "00000000-0000-7000-8000-000000000000") + "?" + query.Encode()
		for _, host := range []string{rig.Domain, d.host()} {
			c := d.client(host)
			if host == d.host() {
				c.Header.Set("Cookie", d.founder.Header.Get("Cookie"))
			}
			if strings.HasPrefix(path, "/widget/") {
				c.Header.Set("Origin", d.site)
			}
			var in any
			if o.Body != nil {
				in = o.Body.example(doc, d.marks, fmt.Sprintf("%s on %s:", o.name(), host))
			}
			if err := c.Do(d.ctx, o.Method, path, in, nil); err != nil && strings.Contains(err.Error(), "refused with 500") {
				d.Errorf("%s broke: %v\n%s", o.name(), err, d.server.LogTail())
			}
		}
	}
}
