package abuse

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parlatory/test/rig"
)

// soon is how long the loss of a right may take to reach an open socket.
const soon = time.Second

// raw opens a WebSocket and leaves its frames to the test.
func raw(t *testing.T, s *rig.Server, host, path string, h http.Header) (*rig.Conn, error) {
	t.Helper()
	name, _, _ := strings.Cut(host, ":")
	c, err := net.DialTimeout("tcp", s.Address, 10*time.Second)
	check(t, err)
	secure := tls.Client(c, s.Authority.Client(name))
	ws, err := rig.Handshake(secure, host, path, h)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	t.Cleanup(func() { _ = c.Close() })
	return ws, nil
}

func rawOf(t *testing.T, c *rig.Client, s *rig.Server, path string) *rig.Conn {
	t.Helper()
	return must[*rig.Conn](t)(raw(t, s, c.Host, path, headers(c, false)))
}

// frame is one client frame with any first byte (RFC 6455 §5.2) and the zero mask.
func frame(first byte, payload []byte) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = append(b, 0x80|126, byte(n>>8), byte(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}

func text(s string) []byte { return frame(0x81, []byte(s)) }

// ended reads until the connection ends, with everything that came before.
func ended(ws *rig.Conn, within time.Duration) (string, error) {
	_ = ws.Net().SetReadDeadline(time.Now().Add(within))
	var all bytes.Buffer
	for {
		b, err := ws.Read()
		if err != nil {
			return all.String(), err
		}
		all.Write(b)
		all.WriteByte('\n')
	}
}

func isTimeout(err error) bool { e, ok := errors.AsType[net.Error](err); return ok && e.Timeout() }

// alive fails if the server no longer serves a socket and a request.
func alive(t *testing.T, c *rig.Client) {
	t.Helper()
	l := must[*rig.Live](t)(c.Live(t.Context(), nil))
	defer l.Close()
	check(t, c.Do(t.Context(), "GET", "/api/v1/me", nil, nil))
}

// TestAC_112_MalformedFrames: whatever a socket sends, the server stays, the socket ends or is refused, memory does not
// grow.
func TestAC_112_MalformedFrames(t *testing.T) {
	s := server(t)
	w := house(t, s)
	v := visit(t, w, "hello")
	check(t, w.Founder.Do(t.Context(), "POST", "/api/v1/enquiries/"+v.Enquiry+"/pickup", nil, nil))
	connect := text(`{"id":1,"connect":{}}`)
	rpc := func(data string) []byte { return text(`{"id":2,"rpc":{"method":"chat.post","data":` + data + `}}`) }
	post := func(body string) []byte {
		return rpc(`{"room":"` + v.Room + `","id":"` + rig.UUID() + `","body":` + body + `}`)
	}
	many := func(n int, b []byte) []byte { return bytes.Repeat(b, n) }
	bomb := strings.Repeat("[", 15000)
	cases := map[string][]byte{
		"bad UTF-8 before connect":   frame(0x81, []byte("{\"id\":1,\"connect\":{\"name\":\"\xff\xfe\"}}")),
		"no JSON":                    text("hello"),
		"command before connect":     post(`"early"`),
		"connect twice":              append(append([]byte{}, connect...), connect...),
		"bad UTF-8 in a body":        append(append([]byte{}, connect...), frame(0x81, []byte("{\"id\":2,\"rpc\":{\"method\":\"chat.post\",\"data\":{\"room\":\""+v.Room+"\",\"id\":\""+rig.UUID()+"\",\"body\":\"\xc3\x28\"}}}"))...),
		"binary frame":               append(append([]byte{}, connect...), frame(0x82, []byte{0, 1, 2, 0xff})...),
		"deep nesting":               append(append([]byte{}, connect...), rpc(bomb)...),
		"deep nesting, closed":       append(append([]byte{}, connect...), rpc(strings.Repeat("[", 9000)+strings.Repeat("]", 9000))...),
		"message of 33 KiB":          append(append([]byte{}, connect...), post(`"`+strings.Repeat("a", 33<<10)+`"`)...),
		"a length of 2^62":           append(append([]byte{}, connect...), 0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
		"fragments without end":      append(append(append([]byte{}, connect...), frame(0x01, []byte("{"))...), many(60000, frame(0x00, []byte(" ")))...),
		"continuation of nothing":    append(append([]byte{}, connect...), frame(0x80, []byte("x"))...),
		"reserved bits":              append(append([]byte{}, connect...), frame(0xf1, []byte("{}"))...),
		"reserved opcode":            append(append([]byte{}, connect...), frame(0x83, []byte("{}"))...),
		"control frame of 126 bytes": append(append([]byte{}, connect...), frame(0x89, many(126, []byte("x")))...),
		"control frame in parts":     append(append([]byte{}, connect...), frame(0x09, []byte("x"))...),
		"unmasked frame":             append(append([]byte{}, connect...), 0x81, 2, '{', '}'),
		"bad close code":             append(append([]byte{}, connect...), frame(0x88, []byte{0, 1})...),
		"unknown member":             append(append([]byte{}, connect...), text(`{"id":2,"shell":{"cmd":"id"}}`)...),
		"id of a negative number":    append(append([]byte{}, connect...), text(`{"id":-1,"rpc":{"method":"chat.read","data":{}}}`)...),
	}
	// Control floods are read and answered, or cut off; they stay connected without harm.
	cases["ping flood"] = append(append([]byte{}, connect...), many(50000, frame(0x89, []byte("x")))...)
	stays := map[string]bool{"ping flood": true, "bad UTF-8 in a body": true, "deep nesting, closed": true}
	rig.ResetPeak(s.PID())
	before, _, err := rig.Memory(s.PID())
	check(t, err)
	for name, stream := range cases {
		t.Run(name, func(t *testing.T) {
			ws := rawOf(t, w.Founder, s, rig.StaffLive)
			go func() { _, _ = ws.Net().Write(stream) }()
			within := 15 * time.Second
			if stays[name] {
				within = 2 * time.Second
			}
			said, err := ended(ws, within)
			if isTimeout(err) && !stays[name] {
				t.Errorf("the socket stays open; it said %.300s", said)
			}
			if strings.Contains(said, `"seq"`) {
				t.Errorf("taken as a message: %.300s", said)
			}
		})
	}
	var items struct{ Items []struct{ Body string } }
	check(t, w.Founder.Do(t.Context(), "GET", "/api/v1/rooms/"+v.Room+"/messages", nil, &items))
	if len(items.Items) != 2 { // the question, and that it was picked up
		t.Errorf("the room has %d messages: %v", len(items.Items), items.Items)
	}
	alive(t, w.Founder)
	_, peak, err := rig.Memory(s.PID())
	check(t, err)
	if grown := peak - before; grown > 128<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
}

// Several commands in one message are each judged, in order, and a bad one ends the socket.
func TestAC_112_SeveralCommandsAFrame(t *testing.T) {
	s := server(t)
	w := house(t, s)
	v := visit(t, w, "hello")
	agent := hire(t, w, "Agent")
	ws := rawOf(t, agent, s, rig.StaffLive)
	open := func(id int, room string) string {
		return fmt.Sprintf(`{"id":%d,"rpc":{"method":"chat.open","data":{"room":%q}}}`, id, room)
	}
	lines := `{"id":1,"connect":{}}` + "\n" + open(2, rig.UUID()) + "\n" + open(3, v.Room) + "\n" + `{"id":4,"rpc":{"method":"nothing.here","data":{}}}`
	_, err := ws.Net().Write(text(lines))
	check(t, err)
	said, _ := ended(ws, 2*time.Second)
	for _, want := range []string{`{"id":2,"error":{"code":404`, `{"id":3,"rpc"`, `{"id":4,"error":{"code":404`} {
		if !strings.Contains(said, want) {
			t.Errorf("%s is not in %.600s", want, said)
		}
	}
	alive(t, agent)
}

// TestAC_113_NothingButCommands: the protocol's own ways to publish, subscribe and read are closed; who sends is what
// the server says.
func TestAC_113_NothingButCommands(t *testing.T) {
	s := server(t)
	w := house(t, s)
	v, other := visit(t, w, "hello"), visit(t, w, "secret of another visitor")
	agent := hire(t, w, "Agent")
	check(t, agent.Do(t.Context(), "POST", "/api/v1/enquiries/"+v.Enquiry+"/pickup", nil, nil))
	var heard listener
	watch := must[*rig.Live](t)(agent.Live(t.Context(), heard.push))
	defer watch.Close()
	check(t, watch.RPC(t.Context(), "chat.open", map[string]any{"room": v.Room}, nil))
	var me struct{ Workspace struct{ ID string } }
	check(t, w.Founder.Do(t.Context(), "GET", "/api/v1/me", nil, &me))
	lobby := "w:" + me.Workspace.ID
	channels := []string{"r:" + v.Room + "s", "r:" + v.Room + "v", "r:" + other.Room + "s", "r:" + other.Room + "v", lobby, "#", "$", "*", "anything"}
	var subs []string
	for _, ch := range channels {
		subs = append(subs, fmt.Sprintf("%q:{\"recover\":true}", ch))
	}
	for who, c := range map[string]*rig.Conn{"visitor": rawVisitor(t, s, v, subs), "agent": rawStaff(t, s, agent, subs)} {
		id := 10
		for _, ch := range channels {
			for _, cmd := range []string{`"publish":{"channel":%q,"data":{"k":"message","body":"forged"}}`, `"subscribe":{"channel":%q}`, `"subscribe":{"channel":%q,"recover":true,"positioned":true}`,
				`"history":{"channel":%q,"limit":100}`, `"presence":{"channel":%q}`, `"presence_stats":{"channel":%q}`, `"sub_refresh":{"channel":%q,"token":"x"}`} {
				id++
				asked := fmt.Sprintf(`{"id":%d,`+cmd+`}`, id, ch)
				_, err := c.Net().Write(text(asked))
				check(t, err)
				got := reply(t, c, id)
				if !strings.Contains(got, `"error"`) {
					t.Errorf("%s: %s is answered with %.300s", who, asked, got)
				}
			}
		}
		_, _ = c.Net().Write(text(`{"send":{"data":{"k":"message","body":"forged"}}}`))
	}
	check(t, other.Do(t.Context(), "POST", "/widget/v1/rooms/"+other.Room+"/messages", map[string]any{"id": rig.UUID(), "body": "for the other"}, nil))
	heard.quiet(t, nil, "forged", "for the other")

	// A spoofed sender: fields that a command does not have are refused, on both doors.
	l := must[*rig.Live](t)(v.Live(t.Context(), nil))
	defer l.Close()
	for _, field := range []string{"by", "author", "staff", "kind", "name", "seq", "at", "event", "workspace"} {
		data := map[string]any{"room": v.Room, "id": rig.UUID(), "body": "spoofed", field: "staff"}
		if err := l.RPC(t.Context(), "chat.post", data, nil); code(err) != 400 {
			t.Errorf("chat.post with %s: %v", field, err)
		}
		if err := v.Do(t.Context(), "POST", "/widget/v1/rooms/"+v.Room+"/messages", map[string]any{"id": rig.UUID(), "body": "spoofed", field: "staff"}, nil); code(err) != 422 {
			t.Errorf("post with %s: %v", field, err)
		}
	}
	check(t, l.RPC(t.Context(), "chat.post", map[string]any{"room": v.Room, "id": rig.UUID(), "body": "honest"}, nil))
	heard.wait(t, "honest")
	if heard.has("spoofed") || !heard.has(`"by":{"kind":"visitor","id":"`+v.Contact+`"`) {
		t.Errorf("%q", heard.heard)
	}
}

// reply reads until the answer to a command.
func reply(t *testing.T, c *rig.Conn, id int) string {
	t.Helper()
	_ = c.Net().SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		b, err := c.Read()
		if err != nil {
			t.Fatalf("command %d: %v", id, err)
		}
		for line := range bytes.Lines(b) {
			if bytes.HasPrefix(line, fmt.Appendf(nil, `{"id":%d,`, id)) {
				return string(line)
			}
			if strings.Contains(string(line), "another visitor") {
				t.Errorf("pushed: %s", line)
			}
		}
	}
}

func rawVisitor(t *testing.T, s *rig.Server, v *rig.Visitor, subs []string) *rig.Conn {
	h := http.Header{"Origin": {rig.SiteOrigin}}
	ws := must[*rig.Conn](t)(raw(t, s, v.Host, rig.VisitorLive, h))
	_, err := ws.Net().Write(text(fmt.Sprintf(`{"id":1,"connect":{"data":{"token":%q},"subs":{%s}}}`, v.Token, strings.Join(subs, ","))))
	check(t, err)
	if got := reply(t, ws, 1); strings.Contains(got, `"subs"`) {
		t.Errorf("the connect of a visitor subscribed it: %s", got)
	}
	return ws
}

func rawStaff(t *testing.T, s *rig.Server, c *rig.Client, subs []string) *rig.Conn {
	ws := rawOf(t, c, s, rig.StaffLive)
	_, err := ws.Net().Write(text(fmt.Sprintf(`{"id":1,"connect":{"subs":{%s}}}`, strings.Join(subs, ","))))
	check(t, err)
	if got := reply(t, ws, 1); strings.Count(got, `"r:`) > 0 {
		t.Errorf("the connect of staff subscribed it: %s", got)
	}
	return ws
}

// TestAC_113_SocketOrigin: a page of another site, with the victim's cookie, opens no socket.
func TestAC_113_SocketOrigin(t *testing.T) {
	s := server(t)
	w, sibling := house(t, s), house(t, s)
	cookie := w.Founder.Header.Get("Cookie")
	good := w.Founder.Origin()
	for _, origin := range []string{"", "null", "https://evil.example", sibling.Founder.Origin(), "http" + strings.TrimPrefix(good, "https"), good + ".evil.example", good + "/", strings.ToUpper(good),
		"https://" + w.Host(), "https://" + hostOf(s, rig.Domain), rig.SiteOrigin, good + " " + good} {
		h := http.Header{"Cookie": {cookie}, "Sec-Fetch-Site": {"same-origin"}}
		if origin != "" {
			h.Set("Origin", origin)
		}
		if ws, err := raw(t, s, w.Founder.Host, rig.StaffLive, h); err == nil {
			t.Errorf("a staff socket opened from %q", origin)
			_ = ws.Close()
		} else if !strings.Contains(err.Error(), "403") {
			t.Errorf("from %q: %v", origin, err)
		}
	}
	h := http.Header{"Cookie": {cookie}, "Origin": {good, "https://evil.example"}}
	if _, err := raw(t, s, w.Founder.Host, rig.StaffLive, h); err == nil {
		t.Error("two origins opened a staff socket")
	}
	for _, origin := range []string{"", "null", "https://evil.example", good, rig.SiteOrigin + ".evil.example", "https://evil-shop.example", "http://shop.example", rig.SiteOrigin + ":444", rig.SiteOrigin + "/"} {
		h := http.Header{}
		if origin != "" {
			h.Set("Origin", origin)
		}
		if _, err := raw(t, s, w.Founder.Host, rig.VisitorLive, h); err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("a visitor's socket from %q: %v", origin, err)
		}
	}
	// The staff cookie is nothing at the visitors' socket.
	ws := must[*rig.Conn](t)(raw(t, s, w.Founder.Host, rig.VisitorLive, http.Header{"Cookie": {cookie}, "Origin": {rig.SiteOrigin}}))
	_, _ = ws.Net().Write(text(`{"id":1,"connect":{}}`))
	if said, err := ended(ws, 5*time.Second); isTimeout(err) || strings.Contains(said, `"client"`) {
		t.Errorf("a staff cookie connected at the visitors' socket: %s", said)
	}
}

// TestAC_112_SlowReader: a socket that is not read costs a bounded queue, holds up nobody, and catches up afterwards.
func TestAC_112_SlowReader(t *testing.T) {
	s := server(t)
	w := house(t, s)
	v := visit(t, w, "hello")
	agent := hire(t, w, "Agent")
	check(t, agent.Do(t.Context(), "POST", "/api/v1/enquiries/"+v.Enquiry+"/pickup", nil, nil))
	var mu sync.Mutex
	var seen []int64
	fast := must[*rig.Live](t)(agent.Live(t.Context(), func(data []byte) {
		var m struct {
			K   string
			Seq int64
		}
		if json.Unmarshal(data, &m) == nil && m.K == "message" {
			mu.Lock()
			seen = append(seen, m.Seq)
			mu.Unlock()
		}
	}))
	defer fast.Close()
	check(t, fast.RPC(t.Context(), "chat.open", map[string]any{"room": v.Room}, nil))
	slow := make([]*rig.Conn, 10)
	for i := range slow {
		slow[i] = rawOf(t, w.Founder, s, rig.StaffLive)
		_, err := slow[i].Net().Write(text(`{"id":1,"connect":{}}` + "\n" + `{"id":2,"rpc":{"method":"chat.open","data":{"room":"` + v.Room + `"}}}`))
		check(t, err)
		reply(t, slow[i], 2)
	}
	before, _, err := rig.Memory(s.PID())
	check(t, err)
	rig.ResetPeak(s.PID())
	author := must[*rig.Live](t)(v.Live(t.Context(), nil))
	defer author.Close()
	const n, size = 3000, 4000
	body := strings.Repeat("x", size)
	start := time.Now()
	var slowest time.Duration
	for range n {
		at := time.Now()
		check(t, author.RPC(t.Context(), "chat.post", map[string]any{"room": v.Room, "id": rig.UUID(), "body": body}, nil))
		slowest = max(slowest, time.Since(at))
	}
	_, peak, err := rig.Memory(s.PID())
	check(t, err)
	t.Logf("%d posts of %d bytes past %d dead readers in %v, slowest %v, memory %d to %d MiB", n, size, len(slow), time.Since(start), slowest, before>>20, peak>>20)
	// Ten queues of 256 KiB and the cache of frames; unbounded it would be 10 x 12 MB and more.
	if grown := peak - before; grown > 150<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		mu.Lock()
		got := len(seen)
		mu.Unlock()
		if got >= n {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the fast reader got %d of %d", got, n)
		}
		time.Sleep(10 * time.Millisecond)
	}
	for i := 1; i < len(seen); i++ {
		if seen[i] != seen[i-1]+1 {
			t.Fatalf("the fast reader got %d after %d", seen[i], seen[i-1])
		}
	}
	for i, ws := range slow { // cut off by now, with what fitted
		if _, err := ended(ws, 10*time.Second); isTimeout(err) {
			t.Errorf("slow reader %d is still connected", i)
		}
	}
	catchUp(t, w.Founder, v.Room, n+2)
}

// catchUp reads a room from the start as a client does that comes back, and finds each message once.
func catchUp(t *testing.T, c *rig.Client, room string, want int64) {
	t.Helper()
	l := must[*rig.Live](t)(c.Live(t.Context(), nil))
	defer l.Close()
	next := int64(2)
	for next <= want {
		var h struct{ Items []struct{ Seq int64 } }
		check(t, l.RPC(t.Context(), "chat.since", map[string]any{"room": room, "after": next - 1}, &h))
		if len(h.Items) == 0 {
			t.Fatalf("nothing after %d of %d", next-1, want)
		}
		for _, m := range h.Items {
			if m.Seq != next {
				t.Fatalf("%d instead of %d", m.Seq, next)
			}
			next++
		}
		time.Sleep(21 * time.Millisecond) // within the rate of commands
	}
}

// TestAC_133_SocketCaps: a person's sockets are capped, however many open at the same moment; so are rooms and commands.
func TestAC_133_SocketCaps(t *testing.T) {
	s := limited(t, map[string]string{"sockets_per_person": "5"})
	w := house(t, s)
	agent := hire(t, w, "Agent")
	const tries = 60
	conns := make([]*rig.Conn, tries)
	for i := range conns {
		conns[i] = rawOf(t, agent, s, rig.StaffLive)
	}
	var ready sync.WaitGroup
	go_ := make(chan struct{})
	for _, ws := range conns {
		ready.Go(func() {
			<-go_
			_, _ = ws.Net().Write(text(`{"id":1,"connect":{}}`))
		})
	}
	close(go_)
	ready.Wait()
	time.Sleep(time.Second)
	open := 0
	for _, ws := range conns {
		if _, err := ended(ws, 300*time.Millisecond); isTimeout(err) {
			open++
		}
	}
	if open != 5 {
		t.Errorf("%d sockets of one person are open, 5 are allowed", open)
	}
	alive(t, w.Founder) // somebody else's are not counted
}

func TestAC_133_CommandFlood(t *testing.T) {
	s := server(t)
	w := house(t, s)
	v := visit(t, w, "hello")
	l := must[*rig.Live](t)(v.Live(t.Context(), nil))
	defer l.Close()
	refused := 0
	for range 400 {
		if err := l.RPC(t.Context(), "chat.typing", map[string]any{"room": v.Room, "on": true}, nil); code(err) == 429 {
			refused++
		} else {
			check(t, err)
		}
	}
	if refused == 0 {
		t.Error("400 commands at once were all answered")
	}
}
