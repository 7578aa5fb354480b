package abuse

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parlatory/test/rig"
)

// private stands in every text of the victim's workspace that only its own people may read. What its host tells to
// everybody, company and subdomain, has public instead.
const (
	private = "zqprivatemark"
	public  = "zqpublicmark"
)

// tenant is a workspace with one of everything.
type tenant struct {
	*rig.Workspace
	admin, supervisor, agent, half *rig.Client
	visitor                        *rig.Visitor // Ongoing, the agent's
	waiting                        *rig.Visitor
	ids                            map[string]string // by what they name
	invitation, reset              string            // unused links
	agentAddress                   string
}

func furnish(t *testing.T, s *rig.Server, sub, mark string) *tenant {
	t.Helper()
	ctx := t.Context()
	company := "Company"
	if mark != "" {
		sub, company = public+sub, public
	}
	w := must[*rig.Workspace](t)(s.Found(ctx, sub, company+" "+sub, mark+" Founder"))
	v := &tenant{Workspace: w, admin: w.Founder, ids: map[string]string{}}
	v.agentAddress = mark + "agent@" + sub + ".example"
	v.agent = must[*rig.Client](t)(w.Hire(ctx, v.agentAddress, mark+" Agent", "Agent"))
	v.supervisor = must[*rig.Client](t)(w.Hire(ctx, mark+"supervisor@"+sub+".example", mark+" Supervisor", "Supervisor"))
	v.half = half(t, w, "Administrator")
	v.visitor = must[*rig.Visitor](t)(w.Visit(ctx, mark+" Visitor", mark+" question"))
	v.waiting = must[*rig.Visitor](t)(w.Visit(ctx, mark+" Waiting", mark+" waits"))
	check(t, v.agent.Do(ctx, "POST", "/api/v1/enquiries/"+v.visitor.Enquiry+"/pickup", nil, nil))
	message := rig.UUID()
	check(t, v.agent.Do(ctx, "POST", "/api/v1/rooms/"+v.visitor.Room+"/messages", map[string]any{"id": message, "body": mark + " answer"}, nil))
	check(t, v.admin.Do(ctx, "POST", "/api/v1/sites", map[string]any{"origin": "https://" + mark + "site.example"}, nil))

	invited := mark + "invited@" + sub + ".example"
	check(t, v.admin.Do(ctx, "POST", "/api/v1/staff", map[string]any{"email": invited, "role": "Agent", "name": mark + " Invited"}, nil))
	v.invitation = must[string](t)(s.Mail.Token(patience(t), invited))
	check(t, s.Client(w.Host()).Do(ctx, "POST", "/api/v1/password/forgot", map[string]any{"email": v.agentAddress}, nil))
	v.reset = must[string](t)(s.Mail.Token(patience(t), v.agentAddress))

	v.ids["message"] = message
	v.ids["file"] = must[string](t)(v.visitor.SendFile(ctx, "/widget/v1", v.visitor.Room, mark+" file.txt", "", []byte(mark+" content")))
	v.secure(t, mark)
	v.gather(t)
	return v
}

// secure gives the supervisor a phone, and each list an entry.
func (v *tenant) secure(t *testing.T, mark string) {
	t.Helper()
	for list, in := range map[string]map[string]any{"staff": {"network": "198.51.100.0/24", "remark": mark + " office"}, "visitor": {"list": "block", "network": "203.0.113.9", "remark": mark + " nuisance"}} {
		var e struct{ ID string }
		check(t, v.admin.Do(t.Context(), "POST", "/api/v1/security/"+list+"-list/entries", in, &e))
		v.ids[list+" entry"] = e.ID
	}
	factor(t, v.supervisor, addressOf(t, v.supervisor))
	var mine struct{ Items []struct{ ID string } }
	check(t, v.supervisor.Do(t.Context(), "GET", "/api/v1/me/factors", nil, &mine))
	v.ids["factor"] = mine.Items[0].ID
	var made struct{ Item struct{ ID string } }
	check(t, v.admin.Do(t.Context(), "POST", "/api/v1/me/tokens", tokenOf(mark+" token", "chat.list"), &made))
	v.ids["token"] = made.Item.ID
	check(t, v.supervisor.StepUp(t.Context())) // the session is from before the phone
	check(t, v.supervisor.Do(t.Context(), "PATCH", "/api/v1/me/factors/"+v.ids["factor"], map[string]any{"name": mark + " Phone"}, nil))
}

// gather names the ids of the workspace.
func (v *tenant) gather(t *testing.T) {
	t.Helper()
	var me struct {
		ID, Account string
		Workspace   struct{ ID string }
	}
	check(t, v.admin.Do(t.Context(), "GET", "/api/v1/me", nil, &me))
	v.ids["workspace"], v.ids["staff"], v.ids["account"] = me.Workspace.ID, me.ID, me.Account
	v.ids["enquiry"], v.ids["waiting"], v.ids["room"], v.ids["contact"] = v.visitor.Enquiry, v.waiting.Enquiry, v.visitor.Room, v.visitor.Contact
	type list struct {
		Items []struct{ ID, State string }
	}
	var staff, sites, audit list
	check(t, v.admin.Do(t.Context(), "GET", "/api/v1/staff", nil, &staff))
	for _, m := range staff.Items {
		v.ids["staff "+m.State] = m.ID
	}
	check(t, v.admin.Do(t.Context(), "GET", "/api/v1/sites", nil, &sites))
	v.ids["site"] = sites.Items[0].ID
	check(t, v.admin.Do(t.Context(), "GET", "/api/v1/audit", nil, &audit))
	v.ids["entry"] = audit.Items[0].ID
}

// portrait is all that the workspace's administrator can read of it but the audit log, which records the attack too.
func (v *tenant) portrait(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, path := range []string{"/api/v1/workspace", "/api/v1/sites", "/api/v1/staff?limit=200", "/api/v1/enquiries?view=all",
		"/api/v1/storage/files", "/api/v1/security", "/api/v1/security/staff-list", "/api/v1/security/visitor-list?list=block",
		"/api/v1/rooms/" + v.visitor.Room + "/messages", "/api/v1/rooms/" + v.waiting.Room + "/messages"} {
		b.Write(must[[]byte](t)(v.admin.Raw(t.Context(), "GET", path, nil)))
	}
	return b.String()
}

// actor is one of the attacker's kinds.
type actor struct {
	name   string
	client *rig.Client
	widget bool // goes through the visitors' doors
}

func (v *tenant) actors() []actor {
	stranger := v.Server.Client(v.Host())
	passer := v.Server.Client(v.Host())
	passer.Header.Set("Origin", rig.SiteOrigin)
	return []actor{{"Administrator", v.admin, false}, {"Supervisor", v.supervisor, false}, {"Agent", v.agent, false}, {"half", v.half, false},
		{"anonymous", stranger, false}, {"visitor", v.visitor.Client, true}, {"anonymous", passer, true}}
}

// plan says how the crawl calls an operation: the body that its rules let through, and what stands out of the usual.
type plan struct {
	body  func(a, b *tenant) map[string]any
	own   map[string]string // path parameters that name the attacker's own thing, for the matrix of acts
	leave bool              // would end the attacker's own session
	open  bool              // tells everybody who asks the victim's host its public mark
	far   bool              // a link of the victim's account: works at its own door only
}

func fields(pairs ...string) func(a, b *tenant) map[string]any {
	return func(*tenant, *tenant) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
}

// with is a body that is the same for everybody.
func with(body map[string]any) func(a, b *tenant) map[string]any {
	return func(*tenant, *tenant) map[string]any { return maps.Clone(body) }
}

// announced is a file that is announced and never sent.
func announced(_, b *tenant) map[string]any {
	return map[string]any{"id": b.ids["message"], "name": "planted.txt", "size": 5}
}

// streams says whether an operation takes bytes and no JSON.
func (o operation) streams() bool { return strings.HasSuffix(o.path, "/parts/{part}") }

// plans has a line for each operation. One that is missing here, or no longer there, makes TestAC_068 fail.
var plans = map[string]plan{
	"GET /api/v1/audit":                 {},
	"POST /api/v1/audit/export":         {},
	"GET /api/v1/contacts/{id}/kept":    {own: map[string]string{"id": "contact"}},
	"GET /api/v1/contacts/{id}/holds":   {own: map[string]string{"id": "contact"}},
	"POST /api/v1/contacts/{id}/holds":  {own: map[string]string{"id": "contact"}, body: fields("reason", "x")},
	"POST /api/v1/contacts/{id}/export": {own: map[string]string{"id": "contact"}},
	"POST /api/v1/contacts/{id}/erase": {own: map[string]string{"id": "contact"}, body: func(_, b *tenant) map[string]any {
		return map[string]any{"confirm": b.ids["contact"], "reason": "x"}
	}},
	"GET /api/v1/erasures":                  {},
	"GET /api/v1/erasures/{id}/certificate": {},
	"GET /api/v1/holds":                     {},
	"POST /api/v1/holds/{id}/lift":          {body: fields("reason", "x")},
	"GET /api/v1/door":                      {open: true},
	"GET /api/v1/enquiries":                 {},
	"GET /api/v1/enquiries/{id}":            {own: map[string]string{"id": "waiting"}},
	"POST /api/v1/enquiries/{id}/block":     {own: map[string]string{"id": "waiting"}, body: fields("remark", "x")},
	"POST /api/v1/enquiries/{id}/close":     {own: map[string]string{"id": "waiting"}},
	"POST /api/v1/enquiries/{id}/pickup":    {own: map[string]string{"id": "waiting"}},
	"POST /api/v1/enquiries/{id}/reopen":    {own: map[string]string{"id": "waiting"}},
	"POST /api/v1/invitations/accept": {far: true, body: func(_, b *tenant) map[string]any {
		return map[string]any{"token": b.invitation, "name": "N", "password": rig.Password}
	}},
	"POST /api/v1/invitations/open": {far: true, body: func(_, b *tenant) map[string]any { return map[string]any{"token": b.invitation} }},
	"GET /api/v1/me":                {},
	"PATCH /api/v1/me":              {body: fields("name", "Somebody")},
	"POST /api/v1/me/password":      {leave: true, body: fields("current", "not the password", "password", "another long password 9")},
	"POST /api/v1/password/forgot":  {body: func(_, b *tenant) map[string]any { return map[string]any{"email": b.agentAddress} }},
	"POST /api/v1/password/open":    {far: true, body: func(_, b *tenant) map[string]any { return map[string]any{"token": b.reset} }},
	"POST /api/v1/password/reset": {far: true, body: func(_, b *tenant) map[string]any {
		return map[string]any{"token": b.reset, "password": "another long password 9"}
	}},
	"GET /api/v1/me/factors":                  {},
	"POST /api/v1/me/factors/mail-code":       {},
	"POST /api/v1/me/factors/passkey":         {},
	"POST /api/v1/me/factors/passkey/confirm": {body: with(map[string]any{"ceremony": "x", "name": "Key", "credential": map[string]any{"id": "AA"}})},
	"POST /api/v1/me/factors/totp":            {},
	"POST /api/v1/me/factors/totp/confirm":    {body: fields("ceremony", "x", "name", "Phone", "code", "123456")},
	"DELETE /api/v1/me/factors/{id}":          {own: map[string]string{"id": "factor"}},
	"POST /api/v1/me/factors/{id}/keep":       {own: map[string]string{"id": "factor"}},
	"PATCH /api/v1/me/factors/{id}":           {own: map[string]string{"id": "factor"}, body: fields("name", "Phone")},
	"POST /api/v1/me/recovery-codes":          {},
	"GET /api/v1/me/password/rules":           {},
	"GET /api/v1/security":                    {},
	// The revision is one that never is: settings are read by all other tests of the crawl.
	"PUT /api/v1/security/factor":                       {body: with(map[string]any{"revision": 9999, "required": true, "phishing_resistant": false, "message": "", "trust_days": 0})},
	"POST /api/v1/security/factor/affected":             {body: with(map[string]any{"required": true, "phishing_resistant": false})},
	"PUT /api/v1/security/password":                     {body: with(map[string]any{"revision": 9999, "password": map[string]any{"min_length": 12, "history": 0, "max_age_days": 0}, "lockout": map[string]any{"threshold": 0, "ends": "time", "minutes": 15}})},
	"PUT /api/v1/security/sessions":                     {body: with(map[string]any{"revision": 9999, "idle_minutes": 15, "life_hours": 1})},
	"GET /api/v1/security/staff-list":                   {},
	"GET /api/v1/encryption":                            {},
	"PUT /api/v1/encryption":                            {body: with(map[string]any{"grace_seconds": 60, "rotate_days": 0})},
	"POST /api/v1/encryption/test":                      {body: with(map[string]any{"grace_seconds": 60, "rotate_days": 0})}, // names no server, so none is asked
	"POST /api/v1/encryption/rotate":                    {body: fields("reason", "x")},
	"POST /api/v1/security/staff-list/entries":          {body: fields("network", "192.0.2.7", "remark", "x")},
	"DELETE /api/v1/security/staff-list/entries/{id}":   {own: map[string]string{"id": "staff entry"}},
	"PUT /api/v1/security/staff-list/mode":              {body: fields("mode", "off", "was", "off")},
	"GET /api/v1/security/staff-list/refusals":          {},
	"GET /api/v1/security/visitor-list":                 {},
	"POST /api/v1/security/visitor-list/entries":        {body: fields("list", "block", "network", "192.0.2.8", "remark", "x")},
	"DELETE /api/v1/security/visitor-list/entries/{id}": {own: map[string]string{"id": "visitor entry"}},
	"GET /api/v1/security/visitor-list/csv":             {},
	"POST /api/v1/security/visitor-list/csv":            {body: fields("list", "block", "csv", "192.0.2.9,x")},
	"GET /api/v1/security/checklist":                    {},
	"GET /api/v1/security/checklist/csv":                {},
	"PUT /api/v1/security/visitor-list/mode":            {body: fields("mode", "off", "was", "off")},
	"GET /api/v1/me/sessions":                           {},
	"POST /api/v1/me/sessions/end-others":               {},
	"DELETE /api/v1/me/sessions/{id}":                   {},
	"POST /api/v1/me/step-up":                           {leave: true, body: fields("password", "not the password 12")},
	"POST /api/v1/me/step-up/begin":                     {},
	"POST /api/v1/signin/enrol/mail-code":               {},
	"POST /api/v1/signin/enrol/passkey":                 {},
	"POST /api/v1/signin/enrol/passkey/confirm":         {body: with(map[string]any{"ceremony": "x", "name": "Key", "credential": map[string]any{"id": "AA"}})},
	"POST /api/v1/signin/enrol/totp":                    {},
	"POST /api/v1/signin/enrol/totp/confirm":            {body: fields("ceremony", "x", "name", "Phone", "code", "123456")},
	"POST /api/v1/signin/factor":                        {body: fields("code", "123456")},
	"POST /api/v1/signin/factor/begin":                  {},
	"POST /api/v1/signin/passkey":                       {leave: true, body: with(map[string]any{"ceremony": "x", "credential": map[string]any{"id": "AA"}})},
	"POST /api/v1/signin/passkey/begin":                 {open: true},
	"POST /api/v1/signin/password":                      {body: fields("password", "another long password 9")},
	"POST /api/v1/staff/{id}/reset-factor":              {own: map[string]string{"id": "staff invited"}, body: fields("reason", "lost")},
	"POST /api/v1/staff/{id}/reset-link":                {own: map[string]string{"id": "staff invited"}},
	"POST /api/v1/staff/{id}/sign-out":                  {own: map[string]string{"id": "staff invited"}},
	"POST /api/v1/staff/search":                         {body: fields("search", "a")},
	"POST /api/v1/staff/{id}/unlock":                    {own: map[string]string{"id": "staff invited"}},
	"GET /api/v1/me/tokens":                             {},
	"POST /api/v1/me/tokens":                            {body: with(map[string]any{"name": "Report", "scopes": []string{"chat.list"}, "networks": []string{"192.0.2.0/24"}, "days": 1})},
	"DELETE /api/v1/me/tokens/{id}":                     {own: map[string]string{"id": "token"}},
	"GET /api/v1/policies":                              {open: true},
	"GET /api/v1/roles":                                 {},
	"GET /api/v1/rooms/{room}/messages":                 {own: map[string]string{"room": "room"}},
	"POST /api/v1/rooms/{room}/messages":                {own: map[string]string{"room": "room"}, body: func(_, b *tenant) map[string]any { return map[string]any{"id": b.ids["message"], "body": "planted"} }},
	"POST /api/v1/rooms/{room}/read":                    {own: map[string]string{"room": "room"}, body: func(*tenant, *tenant) map[string]any { return map[string]any{"seq": 1} }},
	"POST /api/v1/signin": {leave: true, body: func(_, b *tenant) map[string]any {
		return map[string]any{"email": b.agentAddress, "password": rig.Password, "invitation": b.invitation}
	}},
	"POST /api/v1/signin/agreement": {leave: true, body: fields("security_version", "1", "privacy_version", "1")},
	"POST /api/v1/signout":          {leave: true},
	"POST /api/v1/signups": {body: func(_, b *tenant) map[string]any {
		return map[string]any{"company": "C", "subdomain": "free-name", "email": b.agentAddress, "security_version": "1", "privacy_version": "1"}
	}},
	"POST /api/v1/signups/complete": {far: true, body: func(_, b *tenant) map[string]any {
		return map[string]any{"token": b.invitation, "name": "N", "password": rig.Password}
	}},
	"POST /api/v1/signups/open":                {far: true, body: func(_, b *tenant) map[string]any { return map[string]any{"token": b.invitation} }},
	"POST /api/v1/rooms/{room}/files":          {own: map[string]string{"room": "room"}, body: announced},
	"GET /api/v1/files/{file}":                 {own: map[string]string{"file": "file"}},
	"DELETE /api/v1/files/{file}":              {own: map[string]string{"file": "file"}},
	"POST /api/v1/files/{file}/complete":       {own: map[string]string{"file": "file"}},
	"PUT /api/v1/files/{file}/parts/{part}":    {body: fields("not", "bytes")},
	"GET /api/v1/files/{file}/content":         {own: map[string]string{"file": "file"}},
	"GET /api/v1/files/{file}/view":            {own: map[string]string{"file": "file"}},
	"GET /api/v1/files/{file}/thumb":           {own: map[string]string{"file": "file"}},
	"GET /api/v1/storage":                      {},
	"GET /api/v1/storage/files":                {},
	"DELETE /api/v1/storage/files/{file}":      {own: map[string]string{"file": "file"}},
	"PUT /api/v1/storage/limit":                {body: with(map[string]any{"max_file_bytes": 1})}, // is refused: the limit is read by all other tests of the crawl
	"POST /widget/v1/rooms/{room}/files":       {own: map[string]string{"room": "room"}, body: announced},
	"GET /widget/v1/files/{file}":              {own: map[string]string{"file": "file"}},
	"DELETE /widget/v1/files/{file}":           {own: map[string]string{"file": "file"}},
	"POST /widget/v1/files/{file}/complete":    {own: map[string]string{"file": "file"}},
	"PUT /widget/v1/files/{file}/parts/{part}": {body: fields("not", "bytes")},
	"GET /widget/v1/files/{file}/content":      {own: map[string]string{"file": "file"}},
	"GET /widget/v1/files/{file}/view":         {own: map[string]string{"file": "file"}},
	"GET /widget/v1/files/{file}/thumb":        {own: map[string]string{"file": "file"}},
	"GET /api/v1/sites":                        {},
	"POST /api/v1/sites":                       {body: fields("origin", "https://another.example")},
	"DELETE /api/v1/sites/{id}":                {own: map[string]string{"id": "site"}},
	"GET /api/v1/staff":                        {},
	"POST /api/v1/staff":                       {body: fields("email", "somebody@example.org", "role", "Agent")},
	"PATCH /api/v1/staff/{id}":                 {own: map[string]string{"id": "staff invited"}, body: fields("role", "Agent")},
	"DELETE /api/v1/staff/{id}/invitation":     {own: map[string]string{"id": "staff invited"}},
	"POST /api/v1/staff/{id}/reactivate":       {own: map[string]string{"id": "staff invited"}},
	"POST /api/v1/staff/{id}/resend":           {own: map[string]string{"id": "staff invited"}},
	"POST /api/v1/staff/{id}/suspend":          {own: map[string]string{"id": "staff invited"}},
	"GET /api/v1/workspace":                    {},
	"PATCH /api/v1/workspace":                  {body: fields("company", "Company")},
	"GET /widget/v1/config":                    {open: true},
	"GET /widget/v1/enquiries":                 {},
	"POST /widget/v1/enquiries": {body: func(_, b *tenant) map[string]any {
		return map[string]any{"id": b.ids["message"], "name": "N", "question": "Q", "privacy_version": "1"}
	}},
	"GET /widget/v1/rooms/{room}/messages":  {own: map[string]string{"room": "room"}},
	"POST /widget/v1/rooms/{room}/messages": {own: map[string]string{"room": "room"}, body: func(_, b *tenant) map[string]any { return map[string]any{"id": b.ids["message"], "body": "planted"} }},
	"POST /widget/v1/rooms/{room}/read":     {own: map[string]string{"room": "room"}, body: func(*tenant, *tenant) map[string]any { return map[string]any{"seq": 1} }},
}

func (p plan) make(a, b *tenant) map[string]any {
	if p.body == nil {
		return nil
	}
	return p.body(a, b)
}

// leak is the first mark or id of the victim in an answer that the request did not bring along itself.
func (v *tenant) leak(got answer, sent string, open bool) string {
	text := string(got.body)
	for name, values := range got.header {
		text += name + strings.Join(values, " ")
	}
	marks := []string{private}
	if !open {
		marks = append(marks, public)
	}
	for _, id := range v.ids {
		marks = append(marks, id)
	}
	for _, m := range marks {
		if strings.Contains(text, m) && !strings.Contains(sent, m) {
			return m
		}
	}
	return ""
}

func refusal(status int) bool {
	return slices.Contains([]int{401, 403, 404, 409, 410, 415, 422, 429}, status)
}

// crawl is the attack by one workspace on another.
type crawl struct {
	*testing.T
	wire  *wire
	a, b  *tenant
	calls int
}

func (c *crawl) call(who actor, host string, op operation, path string, body map[string]any, extra ...string) answer {
	c.Helper()
	c.calls++
	h := headers(who.client, body != nil)
	if !who.widget && host != who.client.Host {
		h.Set("Origin", "https://"+host)
	}
	for i := 0; i+1 < len(extra); i += 2 {
		h.Set(extra[i], extra[i+1])
	}
	raw := encode(body)
	if body == nil {
		raw = nil
	}
	got := c.wire.send(c, request{op.method, host, path, raw, h})
	// What the attacker named himself is no leak: the host that he asked, the ids and texts that he sent.
	if m := c.b.leak(got, path+string(raw)+host, plans[op.String()].open && host != c.a.admin.Host); m != "" {
		c.Errorf("%s (widget %v) %s %s at %s %v: answer holds %q: %s", who.name, who.widget, op.method, path, host, extra, m, got)
	}
	if got.status >= 500 {
		c.Errorf("%s %s %s at %s: %s", who.name, op.method, path, host, got)
	}
	return got
}

func fill(path string, id string) string {
	return regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(path, id)
}

// TestAC_068_TenantCrawl is bar 3: every operation, by every kind of actor of one workspace, with the ids of another
// in each place that takes one.
//
// ASVS V8.2.2, V8.2.3, V8.3.3, V8.4.1
func TestAC_068_TenantCrawl(t *testing.T) {
	s := server(t)
	c := &crawl{T: t, wire: wires(s), a: furnish(t, s, unique("attacker"), ""), b: furnish(t, s, unique("victim"), private)}
	before := c.b.portrait(t)
	ops := operations(t)
	known := map[string]bool{}
	for _, op := range ops {
		known[op.String()] = true
		p, ok := plans[op.String()]
		if !ok {
			t.Errorf("%s is new: give it a plan", op)
			continue
		}
		if op.body != (p.body != nil) {
			t.Errorf("%s: the plan's body does not fit", op)
		}
		for _, who := range c.a.actors() {
			c.paths(who, op, p)
			c.elsewhere(who, op, p)
			c.bodies(who, op, p)
			c.queries(who, op, p)
		}
	}
	for name := range plans {
		if !known[name] {
			t.Errorf("%s is gone: drop its plan", name)
		}
	}
	if after := c.b.portrait(t); after != before {
		t.Errorf("the victim's workspace has changed:\n%s\n%s", before, after)
	}
	t.Logf("%d operations, %d calls", len(ops), c.calls)
}

// paths puts each of the victim's ids where the path takes one: the answer is that to an id which nobody has, byte by
// byte.
func (c *crawl) paths(who actor, op operation, p plan) {
	if !strings.Contains(op.path, "{") {
		return
	}
	body := p.make(c.a, c.b)
	want := c.call(who, c.a.admin.Host, op, fill(op.path, rig.UUID()), body)
	if !refusal(want.status) {
		c.Errorf("%s %s with an id that nobody has: %s", who.name, op, want)
	}
	for kind, id := range c.b.ids {
		got := c.call(who, c.a.admin.Host, op, fill(op.path, id), body)
		if got.status != want.status || string(got.body) != string(want.body) {
			c.Errorf("%s %s with the other workspace's %s: %s; with nobody's: %s", who.name, op, kind, got, want)
		}
		if keyed := c.call(who, c.a.admin.Host, op, fill(op.path, id), body, "Idempotency-Key", "crawl-"+id+op.method); op.unsafe() && keyed.status != want.status {
			c.Errorf("%s %s with a key: %s, without: %s", who.name, op, keyed, want)
		}
	}
}

// elsewhere brings the own cookies, tokens and links to the victim's host.
func (c *crawl) elsewhere(who actor, op operation, p plan) {
	host := c.b.admin.Host
	ids := []string{""}
	if strings.Contains(op.path, "{") {
		ids = []string{c.b.ids["room"], c.b.ids["enquiry"], c.b.ids["waiting"], c.b.ids["staff"], c.b.ids["staff invited"], c.b.ids["site"]}
	}
	for _, id := range ids {
		if op.act == "visitor.begin" && who.name != "visitor" {
			continue // anybody on a listed site may begin
		}
		got := c.call(who, host, op, fill(op.path, id), p.make(c.b, c.a))
		if !refusal(got.status) && !offered[op.act] {
			c.Errorf("%s (widget %v) of another workspace: %s %s", who.name, who.widget, op, got)
		}
	}
}

// offered are the acts that any stranger may do at any workspace, by their nature; that nothing leaks is looked at.
var offered = map[string]bool{"workspace.door": true, "policy.read": true, "widget.config": true, "signin.forgot": true, "signin.passkey": true}

// bodies adds to a good body what it might be taken for: fields that name the victim.
func (c *crawl) bodies(who actor, op operation, p plan) {
	if p.leave {
		return
	}
	path := fill(op.path, rig.UUID())
	for _, field := range []string{"workspace", "workspace_id", "account", "staff", "contact", "id", "room", "door", "subdomain", "role"} {
		body := p.make(c.a, c.b)
		if body == nil {
			body = map[string]any{}
		}
		if _, taken := body[field]; taken {
			continue
		}
		body[field] = c.b.ids["workspace"]
		if op.method == "GET" {
			continue
		}
		if got := c.call(who, c.a.admin.Host, op, path, body); p.body != nil && !refusal(got.status) {
			c.Errorf("%s %s takes a field %q that it does not have: %s", who.name, op, field, got)
		}
	}
	// Headers that proxies and other products read.
	for _, h := range []string{"X-Workspace", "X-Tenant-Id", "X-Forwarded-Host", "Forwarded", "X-Original-URL", "X-HTTP-Method-Override"} {
		if op.method == "GET" {
			c.call(who, c.a.admin.Host, op, path, nil, h, c.b.admin.Host)
		}
	}
}

// queries puts the victim's ids into each query parameter, and into ones that do not exist.
func (c *crawl) queries(who actor, op operation, p plan) {
	if op.method != "GET" {
		return
	}
	path := fill(op.path, c.a.ids["room"])
	for _, q := range op.params {
		if q.in != "query" {
			continue
		}
		for _, id := range c.b.ids {
			c.call(who, c.a.admin.Host, op, path+"?"+q.name+"="+id, nil)
		}
	}
	for _, name := range []string{"workspace", "workspace_id", "tenant", "subdomain"} {
		got := c.call(who, c.a.admin.Host, op, path+"?"+name+"="+c.b.ids["workspace"], nil)
		if got.status == 200 {
			c.Errorf("%s %s takes a query %q that it does not have: %s", who.name, op, name, got)
		}
	}
}

// The links of one workspace, brought to the doors of another, open nothing; at their own door they still work.
//
// ASVS V8.4.1
func TestAC_071_LinksOfAnotherWorkspace(t *testing.T) {
	s := server(t)
	w, a, b := wires(s), furnish(t, s, unique("attacker"), ""), furnish(t, s, unique("victim"), private)
	stranger := a.actors()[4]
	for name, p := range plans {
		if !p.far {
			continue
		}
		method, path, _ := strings.Cut(name, " ")
		hosts := []string{a.admin.Host, hostOf(s, rig.Domain)}
		for _, host := range hosts {
			h := headers(stranger.client, true)
			h.Set("Origin", "https://"+host)
			got := w.send(t, request{method, host, path, encode(p.make(a, b)), h})
			if !refusal(got.status) || b.leak(got, "", false) != "" || got.header.Get("Set-Cookie") != "" {
				t.Errorf("%s at %s: %s", name, host, got)
			}
		}
	}
	at := s.Client(b.Host())
	check(t, at.Do(t.Context(), "POST", "/api/v1/invitations/open", map[string]any{"token": b.invitation}, nil))
	check(t, at.Do(t.Context(), "POST", "/api/v1/password/open", map[string]any{"token": b.reset}, nil))
}

// commands are the live commands, with what they are sent with for a room; each must have its line here.
var commands = map[string]func(room string) map[string]any{
	"chat.open":   func(r string) map[string]any { return map[string]any{"room": r} },
	"chat.since":  func(r string) map[string]any { return map[string]any{"room": r, "after": 0} },
	"chat.post":   func(r string) map[string]any { return map[string]any{"room": r, "id": rig.UUID(), "body": "planted"} },
	"chat.typing": func(r string) map[string]any { return map[string]any{"room": r, "on": true} },
	"chat.read":   func(r string) map[string]any { return map[string]any{"room": r, "seq": 1} },
	"chat.leave":  nil, // leaves what is not entered: no answer but {}
}

// TestAC_068_LiveCrawl: sockets with the other workspace's cookies, tokens and rooms.
//
// ASVS V8.4.1
func TestAC_068_LiveCrawl(t *testing.T) {
	s := server(t)
	a, b := furnish(t, s, unique("attacker"), ""), furnish(t, s, unique("victim"), private)
	for name := range readPermissions(t).live {
		if _, ok := commands[name]; !ok {
			t.Errorf("live command %s is new: give it a plan", name)
		}
	}
	var heard listener
	sockets := map[string]*rig.Live{
		"Administrator": must[*rig.Live](t)(a.admin.Live(t.Context(), heard.push)),
		"Supervisor":    must[*rig.Live](t)(a.supervisor.Live(t.Context(), heard.push)),
		"Agent":         must[*rig.Live](t)(a.agent.Live(t.Context(), heard.push)),
		"visitor":       must[*rig.Live](t)(a.visitor.Live(t.Context(), heard.push)),
	}
	before := b.portrait(t)
	for name, make := range commands {
		if make == nil {
			continue
		}
		for who, l := range sockets {
			var want string
			for _, room := range append([]string{rig.UUID()}, values(b.ids)...) {
				var out json.RawMessage
				err := l.RPC(t.Context(), name, make(room), &out)
				if code(err) != 404 || strings.Contains(fmt.Sprint(err), private) {
					t.Errorf("%s %s of the other workspace: %v %s", who, name, err, out)
				}
				if want == "" {
					want = fmt.Sprint(err)
				}
				if fmt.Sprint(err) != want {
					t.Errorf("%s %s: %v; with nobody's id: %s", who, name, err, want)
				}
			}
		}
	}
	if b.portrait(t) != before {
		t.Error("the victim's workspace has changed")
	}
	// What goes on in B is not heard in A.
	check(t, b.visitor.Do(t.Context(), "POST", "/widget/v1/rooms/"+b.visitor.Room+"/messages", map[string]any{"id": rig.UUID(), "body": private}, nil))
	must[*rig.Visitor](t)(b.Visit(t.Context(), private, private))
	heard.quiet(t, b.ids, private)
	for _, l := range sockets {
		_ = l.Close()
	}
	// The own session at the other's socket, and the own visitor's token.
	abroad := s.Client(b.Host())
	abroad.Header.Set("Cookie", a.admin.Header.Get("Cookie"))
	if l, err := abroad.Live(t.Context(), nil); err == nil {
		t.Error("a session of another workspace opened a socket")
		_ = l.Close()
	}
	cousin := *b.visitor
	cousin.Token = a.visitor.Token
	if l, err := cousin.Live(t.Context(), nil); err == nil {
		t.Error("a visitor's token of another workspace opened a socket")
		_ = l.Close()
	}
}

func values(m map[string]string) (all []string) {
	for _, v := range m {
		all = append(all, v)
	}
	return all
}

// TestAC_077_DenyByDefault: what the matrix of permissions refuses, the doors refuse, for every operation and actor.
//
// ASVS V8.2.1, V8.3.1
func TestAC_077_DenyByDefault(t *testing.T) {
	s := server(t)
	w, a := wires(s), furnish(t, s, unique("attacker"), "")
	law := readPermissions(t)
	refused := 0
	for _, op := range operations(t) {
		allowed, ok := law.acts[op.act]
		if !ok {
			t.Errorf("%s has no act in the matrix (%q)", op, op.act)
			continue
		}
		p := plans[op.String()]
		path := op.path
		for _, id := range p.own {
			path = fill(path, a.ids[id])
		}
		path = fill(path, rig.UUID())
		for _, who := range a.actors() {
			surface := op.surface == "any" || (op.surface == "widget") == who.widget && op.surface != "house"
			name := who.name
			if who.widget && op.surface == "any" || who.widget && op.surface == "workspace" {
				name, surface = "anonymous", true // a visitor's token is not looked at here
			}
			if surface && allowed[name] {
				continue
			}
			refused++
			h := headers(who.client, p.body != nil)
			got := w.send(t, request{op.method, a.admin.Host, path, encode2(p.make(a, a)), h})
			if got.status != 401 && got.status != 403 && got.status != 404 {
				t.Errorf("%s (widget %v) may not %s: %s", who.name, who.widget, op, got)
			}
		}
	}
	t.Logf("%d refusals", refused)
	// What is not an operation is not there, whoever asks.
	for _, path := range []string{"/api/v1/admin", "/api/v1/debug/pprof/", "/metrics", "/debug/pprof", "/healthz", "/readyz", "/api/v1/keys", "/api/v1/accounts",
		"/api/v1/sessions", "/api/v1/contacts", "/api/v1/enquiries/" + a.ids["enquiry"] + "/messages", "/api/v2/me", "/API/v1/me", "/connection/websocket", "/emulation", "/connection/sse", "/connection/http_stream"} {
		for _, who := range a.actors() {
			got := w.send(t, request{"GET", a.admin.Host, path, nil, headers(who.client, false)})
			if got.status == 200 && !strings.Contains(got.header.Get("Content-Type"), "text/html") {
				t.Errorf("%s GET %s: %s", who.name, path, got)
			}
			if strings.Contains(string(got.body), "go_goroutines") || strings.Contains(string(got.body), "profile") {
				t.Errorf("%s GET %s: %s", who.name, path, got)
			}
		}
	}
}

func encode2(m map[string]any) []byte {
	if m == nil {
		return nil
	}
	return encode(m)
}
