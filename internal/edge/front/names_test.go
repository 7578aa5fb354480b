package front

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"

	"parlatory"
)

// counting is a directory that counts how often it is asked.
type counting struct {
	rooms
	mu    sync.Mutex
	asked map[string]int
	total int
}

func (c *counting) Workspace(ctx context.Context, sub string) (parlatory.WorkspaceID, bool, error) {
	c.mu.Lock()
	if c.asked == nil {
		c.asked = map[string]int{}
	}
	c.asked[sub]++
	c.total++
	c.mu.Unlock()
	return c.rooms.Workspace(ctx, sub)
}

func (c *counting) lookups() int      { c.mu.Lock(); defer c.mu.Unlock(); return c.total }
func (c *counting) of(sub string) int { c.mu.Lock(); defer c.mu.Unlock(); return c.asked[sub] }
func (c *counting) say(fault error)   { c.mu.Lock(); c.fault = fault; c.mu.Unlock() }
func madeUp(i int) string             { return fmt.Sprintf("made-up-%d.%s", i, bare) }
func still(c *moved) func(o *Options) { return func(o *Options) { o.Clock = c } }
func changed() []parlatory.Event {
	return []parlatory.Event{{Kind: parlatory.WorkspaceChanged, Workspace: acme}}
}
func nothingMore() []parlatory.Event {
	return []parlatory.Event{{Kind: parlatory.MessagePosted, Workspace: acme}}
}

func TestMadeUpHostsArePaidFor(t *testing.T) {
	for _, path := range []string{"/", "/api/v1/door", "/assets/app-Ab3dEf9_.js", "/widget/v1.js", "/mark.svg"} {
		dir := &counting{}
		h := start(t, func(o *Options) {
			still(&moved{at: time.Now()})(o)
			o.Directory, o.Limits.RequestsPerSecond, o.Limits.Burst = dir, 1, 5
		})
		codes := map[int]int{}
		for i := range 20 {
			codes[h.ask(t, "GET", acmeHost, path, "", "Host", madeUp(i)+":"+h.port).StatusCode]++
		}
		if dir.lookups() != 5 || codes[421] != 5 || codes[429] != 15 {
			t.Errorf("%s: %d lookups, answers %v", path, dir.lookups(), codes)
		}
		if a := h.ask(t, "GET", acmeHost, path, "", "Host", "evil.example"); a.StatusCode != 429 {
			t.Errorf("%s at a host of nobody's: %d", path, a.StatusCode)
		}
	}
}

func TestFilesOfKnownHostsCostNothing(t *testing.T) {
	dir := &counting{}
	h := start(t, func(o *Options) {
		still(&moved{at: time.Now()})(o)
		o.Directory, o.Limits.RequestsPerSecond, o.Limits.Burst = dir, 1, 2
	})
	for _, host := range []string{bare, acmeHost, bare, acmeHost, bare, acmeHost} {
		if a := h.ask(t, "GET", host, "/assets/app-Ab3dEf9_.js", ""); a.StatusCode != 200 {
			t.Fatalf("%s: %d", host, a.StatusCode)
		}
	}
	if h.ask(t, "GET", acmeHost, "/api/v1/door", "").StatusCode != 200 || h.ask(t, "GET", acmeHost, "/api/v1/door", "").StatusCode != 429 {
		t.Error("the first look cost one token, and no file another")
	}
	if n := dir.of("acme"); n != 1 {
		t.Errorf("the directory was asked %d times", n)
	}
}

func TestMissesPushNoRealHostOut(t *testing.T) {
	dir, clock := &counting{}, &moved{at: time.Now()}
	h := start(t, func(o *Options) { still(clock)(o); o.Directory = dir })
	if !h.Known(t.Context(), acmeHost) {
		t.Fatal("no acme")
	}
	for i := range 10_000 {
		if h.Known(t.Context(), madeUp(i)) {
			t.Fatal("a made-up name is known")
		}
	}
	if len(h.names.missed.items) != 1024 || len(h.names.found.items) != 1 {
		t.Errorf("%d misses and %d names are remembered", len(h.names.missed.items), len(h.names.found.items))
	}
	before := dir.lookups()
	for range 50 {
		if !h.Known(t.Context(), acmeHost) || h.Known(t.Context(), madeUp(9_999)) {
			t.Fatal("remembered wrongly")
		}
	}
	if dir.lookups() != before {
		t.Errorf("%d lookups for names that are remembered", dir.lookups()-before)
	}
	clock.at = clock.at.Add(nameTime + time.Second)
	h.Known(t.Context(), acmeHost)
	if dir.lookups() != before+1 {
		t.Error("a name is remembered for too long")
	}
	h.Told(nothingMore())
	h.Known(t.Context(), acmeHost)
	if dir.lookups() != before+1 {
		t.Error("any event forgets the names")
	}
	h.Told(changed())
	h.Known(t.Context(), acmeHost)
	if dir.lookups() != before+2 {
		t.Error("a change of a workspace is not heard of")
	}
	h.Told(changed())
	dir.say(errors.New("away"))
	h.Known(t.Context(), acmeHost)
	dir.say(nil)
	if !h.Known(t.Context(), acmeHost) {
		t.Error("a fault was remembered as an answer")
	}
}

// A look into the directory that began before a change is not remembered after it.
func TestNamesReadBeforeAChange(t *testing.T) {
	n := newNames(&moved{at: time.Now()})
	turn := n.since()
	n.forget()
	n.put(turn, "acme", acme)
	if _, known := n.get("acme"); known {
		t.Error("an old answer was remembered")
	}
}

type farConn struct{ net.Conn }

func (farConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.9:1"))
}

func TestHandshakesForMadeUpNamesArePaidFor(t *testing.T) {
	dir := &counting{}
	h := start(t, func(o *Options) {
		still(&moved{at: time.Now()})(o)
		o.Directory, o.Limits.RequestsPerSecond, o.Limits.Burst = dir, 1, 3
	})
	ctx := context.WithValue(t.Context(), certmagic.ClientHelloInfoCtxKey, &tls.ClientHelloInfo{Conn: farConn{}})
	for i := range 20 {
		h.Known(ctx, madeUp(i))
	}
	if dir.lookups() != 3 {
		t.Errorf("%d lookups", dir.lookups())
	}
	if !h.Known(ctx, bare) {
		t.Error("the bare domain needs no lookup")
	}
	if !h.Known(t.Context(), acmeHost) || !h.Known(ctx, acmeHost) {
		t.Error("a name that is remembered costs nothing")
	}
}

func TestRedirectConnectionsAreBounded(t *testing.T) {
	h := start(t, func(o *Options) { o.Limits.Connections = 4 })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.ServeRedirect(ctx, l) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	open := func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(3 * time.Second))
		return c
	}
	secure := h.dial(t) // the TLS listener's connections count in the same total
	var held []net.Conn
	for range 3 {
		held = append(held, open())
	}
	for deadline := time.Now().Add(3 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		h.places.mu.Lock()
		n := h.places.total
		h.places.mu.Unlock()
		if n == 4 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are counted", n)
		}
	}
	get := "GET /inbox HTTP/1.1\r\nHost: " + acmeHost + "\r\n\r\n"
	more := open()
	_, _ = io.WriteString(more, get)
	if b, _ := io.ReadAll(more); len(b) != 0 {
		t.Errorf("a fifth connection is answered: %q", b)
	}
	_, _ = io.WriteString(held[0], get)
	if res, err := http.ReadResponse(bufio.NewReader(held[0]), nil); err != nil || res.StatusCode != 308 || res.Header.Get("Location") != h.origin(acmeHost)+"/inbox" {
		t.Errorf("a connection within the bounds: %v", err)
	}
	_ = secure.Close()
}

func TestStrangersSendLittle(t *testing.T) {
	h := start(t, nil)
	text := func(n int) string { return `"` + strings.Repeat("a", n-2) + `"` }
	own := []string{"Origin", h.origin(acmeHost), "Content-Type", "application/json"}
	shop := []string{"Origin", "https://shop.example", "Content-Type", "application/json"}
	for name, c := range map[string]struct {
		path    string
		size    int
		headers []string
		want    int
	}{
		"nobody, fits":       {"/api/v1/signin", 64 << 10, own, 200},
		"nobody":             {"/api/v1/signin", 64<<10 + 1, own, 413},
		"half":               {"/api/v1/signin", 64<<10 + 1, append(own, "Cookie", "__Host-attempt=half"), 413},
		"a wrong session":    {"/api/v1/me", 64<<10 + 1, append(own, "Cookie", "__Host-session=gone"), 413},
		"staff":              {"/api/v1/me", 1 << 20, append(own, "Cookie", "__Host-session=dana"), 200},
		"staff, too much":    {"/api/v1/me", 1<<20 + 1, append(own, "Cookie", "__Host-session=dana"), 413},
		"visitor":            {"/widget/v1/enquiries", 64<<10 + 1, append(shop, "Authorization", "Bearer visitor"), 413},
		"visitor, fits":      {"/widget/v1/enquiries", 64 << 10, append(shop, "Authorization", "Bearer visitor"), 200},
		"visitor, not known": {"/widget/v1/enquiries", 64<<10 + 1, shop, 413},
	} {
		before := h.reached()
		a := h.ask(t, "POST", acmeHost, c.path, text(c.size), c.headers...)
		if a.StatusCode != c.want || (h.reached() > before) != (c.want == 200) {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	deep := strings.Repeat("[", 33) + strings.Repeat("]", 33)
	if a := h.ask(t, "POST", acmeHost, "/api/v1/me", deep, append(own, "Cookie", "__Host-session=dana")...); a.StatusCode != 422 {
		t.Errorf("depth of staff's bodies: %d", a.StatusCode)
	}
}
