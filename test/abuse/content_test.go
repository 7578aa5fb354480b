package abuse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"parlatory/test/rig"
)

// keysOf lists the paths of a JSON value; of an array, those of all its elements.
func keysOf(v any, at string, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			if strings.HasSuffix(at, ".old") || strings.HasSuffix(at, ".new") {
				k = "*" // the values of an entry are those of its element
			}
			keysOf(inner, at+"."+k, into)
		}
	case []any:
		for _, inner := range v {
			keysOf(inner, at+"[]", into)
		}
	default:
		into[at] = true
	}
}

// tells are the answers in which addresses and browsers are what is asked for.
var tells = regexp.MustCompile(`/audit|/me/sessions$|/security/(staff|visitor)-list$`)

// TestAC_079_FieldsGiven: the fields that answers and pushes have are listed in testdata/fields.txt, for staff and
// visitor apart. A field that is new there must be looked at by somebody. UPDATE_GOLDEN=1 writes the list.
//
// ASVS V8.2.3
func TestAC_079_FieldsGiven(t *testing.T) {
	s := server(t)
	a := furnish(t, s, unique("house-"), "")
	found := map[string]map[string]bool{}
	note := func(who, what string, raw []byte) {
		var v any
		if json.Unmarshal(raw, &v) != nil {
			return
		}
		if found[who+" "+what] == nil {
			found[who+" "+what] = map[string]bool{}
		}
		keysOf(v, "", found[who+" "+what])
		low := strings.ToLower(string(raw))
		for _, secret := range []string{"argon2", "$2a$", "password_hash", "phc", "127.0.0.1", "go-http-client"} {
			// The ledger, the own sessions and one's own address on the cards of the lists tell just that.
			if strings.Contains(low, secret) && !tells.MatchString(what) {
				t.Errorf("%s %s holds %q: %s", who, what, secret, raw)
			}
		}
	}
	for _, op := range operations(t) {
		if op.unsafe() {
			continue
		}
		path := op.path
		for _, id := range plans[op.String()].own {
			path = fill(path, a.ids[id])
		}
		if op.path == "/api/v1/enquiries" {
			path += "?view=all"
		}
		for _, who := range []actor{{"Administrator", a.admin, false}, {"Agent", a.agent, false}, {"visitor", a.visitor.Client, true}} {
			if who.widget != (op.surface == "widget") {
				continue
			}
			if raw, err := who.client.Raw(t.Context(), op.method, path, nil); err == nil {
				note(who.name, op.String(), raw)
				if who.name == "visitor" && (bytes.Contains(raw, []byte("@"+a.Subdomain)) || bytes.Contains(raw, []byte(a.ids["account"]))) {
					t.Errorf("%s tells a visitor of an address or account: %s", op, raw)
				}
				if who.name == "Agent" && strings.HasPrefix(op.path, "/api/v1/staff") && bytes.Contains(raw, []byte("founder@")) {
					t.Errorf("%s tells an agent of addresses: %s", op, raw)
				}
			}
		}
	}
	var staff, visitor listener
	ls := must[*rig.Live](t)(a.agent.Live(t.Context(), staff.push))
	defer ls.Close()
	lv := must[*rig.Live](t)(a.visitor.Live(t.Context(), visitor.push))
	defer lv.Close()
	var out json.RawMessage
	check(t, ls.RPC(t.Context(), "chat.open", map[string]any{"room": a.visitor.Room}, &out))
	note("Agent", "live chat.open", out)
	check(t, lv.RPC(t.Context(), "chat.open", map[string]any{"room": a.visitor.Room}, &out))
	note("visitor", "live chat.open", out)
	for _, l := range []*rig.Live{ls, lv} {
		check(t, l.RPC(t.Context(), "chat.post", map[string]any{"room": a.visitor.Room, "id": rig.UUID(), "body": "hello"}, &out))
		check(t, l.RPC(t.Context(), "chat.typing", map[string]any{"room": a.visitor.Room, "on": true}, nil))
		check(t, l.RPC(t.Context(), "chat.read", map[string]any{"room": a.visitor.Room, "seq": 2}, nil))
	}
	check(t, a.agent.Do(t.Context(), "POST", "/api/v1/enquiries/"+a.visitor.Enquiry+"/close", nil, nil))
	staff.wait(t, `"closed"`)
	for _, kind := range []string{"message", "typing", "read", "enquiry"} {
		staff.wait(t, `"k":"`+kind+`"`)
		visitor.wait(t, `"k":"`+kind+`"`)
	}
	visitor.wait(t, `"closed"`)
	for who, l := range map[string]*listener{"Agent": &staff, "visitor": &visitor} {
		l.mu.Lock()
		for _, h := range l.heard {
			var k struct{ K string }
			check(t, json.Unmarshal([]byte(h), &k))
			note(who, "push "+k.K, []byte(h))
		}
		l.mu.Unlock()
	}
	golden(t, "testdata/fields.txt", found)
}

func golden(t *testing.T, file string, found map[string]map[string]bool) {
	t.Helper()
	var lines []string
	for what, keys := range found {
		for k := range keys {
			lines = append(lines, what+" "+k)
		}
	}
	sort.Strings(lines)
	got := strings.Join(lines, "\n") + "\n"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		check(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want := string(must[[]byte](t)(os.ReadFile(file)))
	for _, l := range lines {
		if !strings.Contains(want, l+"\n") {
			t.Errorf("a field that nobody has looked at: %s", l)
		}
	}
	for l := range strings.SplitSeq(strings.TrimSpace(want), "\n") {
		if !slices.Contains(lines, l) {
			t.Errorf("gone: %s", l)
		}
	}
}

// metacharacters are what SQL, JSON paths, templates and shells read something into.
var metacharacters = []string{"'", `"`, "' OR '1'='1", "1; DROP TABLE messages--", "') UNION SELECT 1,2,3--", "%", "_", "*", `\`, "\x00", "$1", "${7*7}", "{{7*7}}", "1e309", "-1", "0x10", "99999999999999999999",
	"ffffffff-ffff-ffff-ffff-ffffffffffff", "00000000-0000-0000-0000-000000000000", "01a208b8-5c6d-75bf-8f32-3dc574529c1E", "../../etc/passwd", "\u202e", "\ufeff1", "NULL", "true", "[]", "{}", "2026-01-01T00:00:00Z'--", strings.Repeat("9", 300)}

// TestAC_101_Parameters: no value of any query or path parameter, cursors among them, is read as anything but a value:
// refused, or an answer without a row too many; never a fault.
func TestAC_101_Parameters(t *testing.T) {
	s := server(t)
	wire, a := wires(s), furnish(t, s, unique("house-"), "")
	colleague := visit(t, a.Workspace, "zqcolleague")
	pickUp(t, a.admin, colleague)
	calls := 0
	for _, op := range operations(t) {
		if op.surface == "house" {
			continue
		}
		p := plans[op.String()]
		who := a.agent
		if op.surface == "widget" {
			who = a.visitor.Client
		}
		path := op.path
		for _, id := range p.own {
			path = fill(path, a.ids[id])
		}
		for _, bad := range metacharacters {
			var paths []string
			for _, q := range op.params {
				switch q.in {
				case "query":
					paths = append(paths, path+"?"+q.name+"="+url.QueryEscape(bad), path+"?"+q.name+"=1&"+q.name+"="+url.QueryEscape(bad))
				case "path":
					paths = append(paths, fill(op.path, url.PathEscape(bad)))
				}
			}
			if op.method == "GET" {
				paths = append(paths, path+"?"+url.QueryEscape(bad)+"=1")
			}
			for _, path := range paths {
				calls++
				body := encode2(p.make(a, a))
				got, err := wire.try(request{op.method, a.admin.Host, path, body, headers(who, body != nil)})
				if err != nil {
					t.Fatalf("%s %q: %v", op.method, path, err)
				}
				if got.status >= 500 || got.status == 200 && strings.Contains(string(got.body), "zqcolleague") {
					t.Errorf("%s %s: %s", op.method, path, got)
				}
			}
		}
	}
	t.Logf("%d calls", calls)
	// The same in bodies: kept as they are, or refused; the tables stand.
	for _, bad := range metacharacters {
		err := a.visitor.Do(t.Context(), "POST", "/widget/v1/rooms/"+a.visitor.Room+"/messages", map[string]any{"id": rig.UUID(), "body": bad}, nil)
		if c := code(err); c != 200 && c != 422 {
			t.Errorf("body %q: %v", bad, err)
		}
		err = a.admin.Do(t.Context(), "PATCH", "/api/v1/me", map[string]any{"name": bad}, nil)
		if c := code(err); c != 200 && c != 422 {
			t.Errorf("name %q: %v", bad, err)
		}
	}
	var h struct{ Items []struct{ Body string } }
	check(t, a.agent.Do(t.Context(), "GET", "/api/v1/rooms/"+a.visitor.Room+"/messages?limit=200", nil, &h))
	for _, want := range metacharacters[:11] {
		if strings.TrimSpace(want) != "" && want != "\x00" && !slices.ContainsFunc(h.Items, func(m struct{ Body string }) bool { return m.Body == want }) {
			t.Errorf("%q is not in the room as it was sent", want)
		}
	}
}

// TestAC_133_HardCaps: no list grows without end and no page is larger than the largest.
func TestAC_133_HardCaps(t *testing.T) {
	s := server(t)
	w, wire := house(t, s), wires(s)
	v := visit(t, w, "one")
	var last error
	for range 20 {
		if last = v.Do(t.Context(), "POST", "/widget/v1/enquiries", map[string]any{"id": rig.UUID(), "name": "V", "question": "more", "privacy_version": "1"}, nil); last != nil {
			break
		}
	}
	if code(last) != 409 {
		t.Errorf("21 open enquiries of one visitor: %v", last)
	}
	for i := range 260 {
		if last = w.Founder.Do(t.Context(), "POST", "/api/v1/sites", map[string]any{"origin": fmt.Sprintf("https://s%d.example", i)}, nil); last != nil {
			break
		}
	}
	if code(last) != 409 {
		t.Errorf("260 sites: %v", last)
	}
	for i := range 260 {
		if last = w.Founder.Do(t.Context(), "POST", "/api/v1/staff", map[string]any{"email": fmt.Sprintf("n%d@many.example", i), "role": "Agent"}, nil); last != nil {
			break
		}
	}
	if c := code(last); c != 409 && c != 429 {
		t.Errorf("260 invitations in one go: %v", last)
	}
	for _, path := range []string{"/api/v1/staff", "/api/v1/enquiries", "/api/v1/audit", "/api/v1/rooms/" + v.Room + "/messages"} {
		for _, limit := range []string{"201", "0", "-1", "1000000000"} {
			if got := wire.send(t, request{"GET", w.Founder.Host, path + "?limit=" + limit, nil, headers(w.Founder, false)}); got.status != 422 {
				t.Errorf("%s?limit=%s: %d", path, limit, got.status)
			}
		}
	}
	long := map[string]map[string]any{
		"/widget/v1/rooms/" + v.Room + "/messages": {"id": rig.UUID(), "body": strings.Repeat("a", 4001)},
		"/widget/v1/enquiries":                     {"id": rig.UUID(), "name": strings.Repeat("n", 81), "question": "q", "privacy_version": "1"},
	}
	for path, body := range long {
		if err := v.Do(t.Context(), "POST", path, body, nil); code(err) != 422 {
			t.Errorf("%s with a long text: %v", path, err)
		}
	}
}

// TestAC_134_BodiesBeforeSignIn: size and depth are judged before who sends it is known, and cost nothing.
func TestAC_134_BodiesBeforeSignIn(t *testing.T) {
	s := server(t)
	w, wire := house(t, s), wires(s)
	before, _, err := rig.Memory(s.PID())
	check(t, err)
	rig.ResetPeak(s.PID())
	deep := []byte(strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33))
	deeper := []byte(strings.Repeat("[", 1<<20))
	huge := append(append([]byte(`{"email":"`), bytes.Repeat([]byte("a"), 1<<20)...), `"}`...)
	numbers := []byte(`{"email":` + strings.Repeat("9", 1<<15) + `}`)
	for _, op := range operations(t) {
		if !op.unsafe() {
			continue
		}
		host, h := w.Founder.Host, http.Header{"Content-Type": {"application/json"}, "Origin": {w.Founder.Origin()}}
		switch op.surface {
		case "house":
			host = hostOf(s, rig.Domain)
			h.Set("Origin", "https://"+host)
		case "widget":
			h.Set("Origin", rig.SiteOrigin)
		}
		for name, c := range map[string]struct {
			body []byte
			want []int
		}{"deep": {deep, []int{422}}, "deeper": {deeper, []int{422, 413}}, "huge": {huge, []int{413}}, "numbers": {numbers, []int{400, 422, 401, 403, 404, 410}}} {
			got, err := wire.try(request{op.method, host, fill(op.path, rig.UUID()), c.body, h})
			if err != nil {
				continue // cut off while sending: as good
			}
			if len(got.body) > 4096 || strings.Contains(string(got.body), "Go ") {
				t.Errorf("%s %s gives back %d bytes: %s", name, op, len(got.body), got)
			}
			if op.streams() { // the bytes of a file are nobody's JSON: who sends is judged before one is read
				c.want = []int{401}
			}
			if unread := name == "numbers" && !op.body; !unread && !slices.Contains(c.want, got.status) {
				t.Errorf("%s %s: %s", name, op, got)
			}
		}
	}
	var floods sync.WaitGroup
	for range 50 {
		floods.Go(func() {
			for range 10 {
				_, _ = wire.try(request{"POST", w.Founder.Host, "/api/v1/signin", deeper, http.Header{"Content-Type": {"application/json"}, "Origin": {w.Founder.Origin()}}})
			}
		})
	}
	floods.Wait()
	_, peak, err := rig.Memory(s.PID())
	check(t, err)
	if grown := peak - before; grown > 400<<20 { // fifty bodies of a megabyte, twice, and what the collector leaves
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
}

// TestAC_136_OddMessages: texts that have crashed clients of others. Each comes back valid, in NFC, without characters
// that reorder or hide, or it is refused; and the room reads on.
func TestAC_136_OddMessages(t *testing.T) {
	s := server(t)
	w, wire := house(t, s), wires(s)
	v := visit(t, w, "hello")
	pickUp(t, w.Founder, v)
	var heard listener
	l := must[*rig.Live](t)(w.Founder.Live(t.Context(), heard.push))
	defer l.Close()
	check(t, l.RPC(t.Context(), "chat.open", map[string]any{"room": v.Room}, nil))
	odd := []string{`"e\u0301"`, `"\u202Egnp.exe"`, `"\u2066x"`, `"\ud800"`, `"\udfff\ud800"`, `"\u0000"`, `"\ufeff"`, `"\ufffe"`, `"\u2028"`, `"\u200d\u200d\u200d"`, `"` + strings.Repeat(`\u0300`, 3900) + `"`,
		`"a` + strings.Repeat(`\u0489`, 1000) + `"`, `"\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67"`, `"` + strings.Repeat(`\ud83d\udc4d`, 2000) + `"`, `"\u0600\u06ff\ufdfd"`, `"\ufdfa\ufdfa"`, `"\u1100\u1161\u11a8"`,
		`"<img src=x onerror=alert(1)>"`, `"</script><script>alert(1)</script>"`, `"[x](javascript:alert(1))"`, `"\u0007\u001b[31m"`, `"` + strings.Repeat(`\n`, 3000) + `x"`, `"__proto__"`, `"constructor"`, `"\uD83D"`, "\"\xc3\x28\"", "\"\xed\xa0\x80\""}
	kept := 0
	for _, o := range odd {
		body := []byte(`{"id":"` + rig.UUID() + `","body":` + o + `}`)
		got := wire.send(t, request{"POST", v.Host, "/widget/v1/rooms/" + v.Room + "/messages", body, headers(v.Client, true)})
		switch got.status {
		case 201:
			kept++
		case 422, 400:
		default:
			t.Errorf("%.60s: %s", o, got)
		}
	}
	if kept < 10 {
		t.Errorf("only %d of %d were kept", kept, len(odd))
	}
	raw := must[[]byte](t)(w.Founder.Raw(t.Context(), "GET", "/api/v1/rooms/"+v.Room+"/messages?limit=200", nil))
	plain := wire.send(t, request{"GET", w.Founder.Host, "/api/v1/rooms/" + v.Room + "/messages", nil, headers(w.Founder, false)})
	if plain.header.Get("Content-Type") != "application/json" || plain.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("a browser may take messages for a page: %v", plain.header)
	}
	var h struct{ Items []struct{ Body string } }
	check(t, json.Unmarshal(raw, &h))
	heard.wait(t, "constructor")
	heard.mu.Lock()
	defer heard.mu.Unlock()
	for _, push := range heard.heard {
		var m struct{ Body string }
		if err := json.Unmarshal([]byte(push), &m); err != nil {
			t.Errorf("a push is no JSON: %.200q", push)
		}
		h.Items = append(h.Items, m)
	}
	for _, m := range h.Items {
		if !utf8.ValidString(m.Body) || !norm.NFC.IsNormalString(m.Body) || strings.ContainsAny(m.Body, "\x00\x07\x1b\u202e\u2066\u2028\ufeff") {
			t.Errorf("kept as %.200q", m.Body)
		}
	}
}

// Ids that nobody has, a colleague's and another's of the wrong kind are answered alike, so that trying them tells
// nothing; and ids that were given out share no prefix that helps to guess the next.
//
// ASVS V8.2.2
func TestAC_076_GuessedIDs(t *testing.T) {
	s := server(t)
	w, wire := house(t, s), wires(s)
	v := visit(t, w, "secret")
	agent, theirs := hire(t, w, "Agent"), hire(t, w, "Agent")
	pickUp(t, theirs, v)
	for _, op := range operations(t) {
		if !strings.Contains(op.path, "{") || op.surface != "workspace" || op.act == "chat.pickup" || op.streams() {
			continue
		}
		body := encode2(plans[op.String()].make(&tenant{ids: map[string]string{}}, &tenant{ids: map[string]string{"message": rig.UUID()}}))
		want := wire.send(t, request{op.method, w.Founder.Host, fill(op.path, rig.UUID()), body, headers(agent, body != nil)})
		for _, id := range []string{v.Enquiry, v.Room, v.Contact} {
			got := wire.send(t, request{op.method, w.Founder.Host, fill(op.path, id), body, headers(agent, body != nil)})
			if got.status != want.status || !bytes.Equal(got.body, want.body) {
				t.Errorf("%s with a colleague's: %s; with nobody's: %s", op, got, want)
			}
		}
	}
	seen := map[string]bool{}
	for range 40 {
		x := visit(t, w, "x")
		for _, id := range []string{x.Room, x.Enquiry, x.Contact} {
			if tail := id[19:]; seen[tail] || seen[id[len(id)-8:]] {
				t.Errorf("%s repeats an end", id)
			} else {
				seen[tail], seen[id[len(id)-8:]] = true, true
			}
		}
		if x.Room[14:] == x.Enquiry[14:] {
			t.Error("a room's id tells its enquiry's")
		}
	}
}

// TestAC_068_IdempotencyKeys: a key is one actor's, for one operation and one body; fifty at once have one effect.
func TestAC_068_IdempotencyKeys(t *testing.T) {
	s := server(t)
	wire, a, b := wires(s), furnish(t, s, unique("attacker"), ""), furnish(t, s, unique("victim"), private)
	const key = "a-key-that-both-know-0001"
	post := func(c *rig.Client, host, path string, body any, key string) answer {
		h := headers(c, true)
		h.Set("Idempotency-Key", key)
		return wire.send(t, request{"POST", host, path, encode(body), h})
	}
	invite := map[string]any{"email": private + "x@example.org", "role": "Agent", "name": private}
	first := post(b.admin, b.admin.Host, "/api/v1/staff", invite, key)
	if again := post(b.admin, b.admin.Host, "/api/v1/staff", invite, key); first.status != 201 || !bytes.Equal(again.body, first.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Fatalf("a repeat: %s, first %s", again, first)
	}
	for who, c := range map[string]*rig.Client{"Administrator": a.admin, "Agent": a.agent, "Supervisor": a.supervisor} {
		if got := post(c, a.admin.Host, "/api/v1/staff", invite, key); got.header.Get("Idempotent-Replayed") != "" || strings.Contains(string(got.body), b.ids["workspace"]) {
			t.Errorf("%s of another workspace: %s", who, got)
		}
	}
	if got := post(b.agent, b.admin.Host, "/api/v1/staff", invite, key); got.status != 403 {
		t.Errorf("an agent repeats an administrator's request: %s", got)
	}
	if got := post(b.admin, b.admin.Host, "/api/v1/staff", map[string]any{"email": "other@example.org", "role": "Agent"}, key); got.status != 422 {
		t.Errorf("another body under the same key: %s", got)
	}
	if got := post(b.admin, b.admin.Host, "/api/v1/sites", map[string]any{"origin": "https://keyed.example"}, key); got.status != 201 {
		t.Errorf("another operation under the same key is its own: %s", got)
	}
	for _, bad := range []string{"short", strings.Repeat("x", 129)} {
		if got := post(b.admin, b.admin.Host, "/api/v1/sites", map[string]any{"origin": "https://bad.example"}, bad); got.status != 422 {
			t.Errorf("key %q: %s", bad, got)
		}
	}
	// A visitor's kept answer holds its token: another visitor, or a page of another site, does not get it.
	begin := map[string]any{"id": rig.UUID(), "name": "V", "question": "Q", "privacy_version": "1"}
	passer := s.Client(b.Host())
	passer.Header.Set("Origin", rig.SiteOrigin)
	begun := post(passer, b.admin.Host, "/widget/v1/enquiries", begin, "0123456789abcdef0123456789abcdef")
	elsewhere := s.Client(b.Host())
	elsewhere.Header.Set("Origin", "https://"+private+"site.example")
	if got := post(elsewhere, b.admin.Host, "/widget/v1/enquiries", begin, "0123456789abcdef0123456789abcdef"); got.header.Get("Idempotent-Replayed") != "" || bytes.Equal(got.body, begun.body) {
		t.Errorf("another site got the first answer: %s", got)
	}
	if got := post(b.visitor.Client, b.admin.Host, "/widget/v1/enquiries", begin, "0123456789abcdef0123456789abcdef"); strings.Contains(string(got.body), `"token"`) {
		t.Errorf("another visitor got the token: %s", got)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 50 {
		all.Go(func() {
			got := post(b.admin, b.admin.Host, "/api/v1/rooms/"+b.visitor.Room+"/messages", map[string]any{"id": "0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b", "body": "keyed"}, "fifty-at-once")
			mu.Lock()
			statuses[got.status]++
			mu.Unlock()
		})
		all.Go(func() {
			got := post(b.admin, b.admin.Host, "/api/v1/staff", map[string]any{"email": "once@example.org", "role": "Agent"}, "fifty-at-once")
			mu.Lock()
			statuses[got.status]++
			mu.Unlock()
		})
	}
	all.Wait()
	for status := range statuses {
		if status != 201 && status != 409 {
			t.Errorf("fifty at once: %v", statuses)
		}
	}
	text := b.portrait(t)
	if n := strings.Count(text, `"body":"keyed"`); n != 1 {
		t.Errorf("the message is there %d times", n)
	}
	if n := strings.Count(text, `"once@example.org"`); n != 1 {
		t.Errorf("the person is invited %d times", n)
	}
	time.Sleep(500 * time.Millisecond)
	if n := s.Mail.Count("once@example.org"); n != 1 {
		t.Errorf("%d mails went out", n)
	}
	// A refusal is not kept, and an export is not replayed: each reading of the log is witnessed.
	for range 2 {
		if got := post(b.admin, b.admin.Host, "/api/v1/staff", map[string]any{"email": "not an address", "role": "Agent"}, "refused-key-1"); got.status != 422 || got.header.Get("Idempotent-Replayed") != "" {
			t.Errorf("a refusal under a key: %s", got)
		}
		if got := post(b.admin, b.admin.Host, "/api/v1/audit/export", nil, "export-key-1"); got.header.Get("Idempotent-Replayed") != "" {
			t.Error("an export is replayed")
		}
	}
}
