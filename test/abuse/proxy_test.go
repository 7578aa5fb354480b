package abuse

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"testing"
	"time"

	"parlatory/test/rig"
)

// behind starts a server with a line at the top of its configuration.
func behind(t *testing.T, line string) *rig.Server {
	t.Helper()
	s := server(t)
	check(t, s.Stop())
	raw := must[[]byte](t)(os.ReadFile(s.ConfigFile()))
	check(t, os.WriteFile(s.ConfigFile(), append([]byte(line+"\n"), raw...), 0o600))
	check(t, s.Start(t.Context()))
	return s
}

// listed lets staff in from the office alone, whose founder is there.
func listed(t *testing.T, w *rig.Workspace, networks ...string) {
	t.Helper()
	for _, n := range networks {
		settings(t, w, "POST", "/api/v1/security/staff-list/entries", map[string]any{"network": n, "remark": "office"})
	}
	settings(t, w, "PUT", "/api/v1/security/staff-list/mode", map[string]any{"mode": "on", "was": "off"})
}

// places are the client addresses that the audit log has for an action, by how often.
func places(t *testing.T, w *rig.Workspace, action string) map[string]int {
	t.Helper()
	var page struct {
		Items []struct{ Action, Address string }
	}
	check(t, json.Unmarshal(must[[]byte](t)(w.Founder.Raw(t.Context(), "GET", "/api/v1/audit?limit=200", nil)), &page))
	at := map[string]int{}
	for _, e := range page.Items {
		if e.Action == action {
			at[e.Address]++
		}
	}
	return at
}

const (
	office   = "198.51.100.7"
	stranger = "203.0.113.5"
)

// TestAC_082_TrustedProxy: through the whole program, behind a proxy that the operator named: the list of addresses, budgets and the audit
// log take the right-most hop that is no proxy of ours. What the client wrote to the left of it, what another header says, and what
// anybody says who is not that proxy, moves nobody.
//
// ASVS V4.1.3, V8.3.1
func TestAC_082_TrustedProxy(t *testing.T) {
	s := behind(t, `trusted_proxies = ["127.0.0.1", "10.1.0.0/16"]`)
	w := house(t, s)
	agent := addressOf(t, hire(t, w, "Agent"))
	w.Founder.Header.Set("X-Forwarded-For", office)
	listed(t, w, "198.51.100.0/24", "127.0.80.2")
	cookie := s.Client(w.Host())
	cookie.Header.Set("X-Forwarded-For", office)
	check(t, cookie.SignIn(t.Context(), rig.Person{Address: agent}))
	for _, x := range []struct {
		what, peer string
		hops       []string
		more       string
		want       int
	}{
		{"the vouched address", "", []string{office}, "", 200},
		{"its other form", "", []string{"::ffff:" + office}, "", 200},
		{"a spoofed left-most hop", "", []string{stranger + ", " + office}, "", 200},
		{"two proxies of ours", "", []string{office + ", 10.1.2.3, 127.0.0.1"}, "", 200},
		{"a line each", "", []string{office, "10.1.2.3"}, "", 200},
		{"no proxy, from the list", "127.0.80.2", []string{stranger}, "", 200},
		{"no proxy, what is no address", "127.0.80.2", []string{"unknown"}, "", 200},
		{"a vouched stranger", "", []string{stranger}, "", 401},
		{"a stranger who writes the office to the left", "", []string{office + ", " + stranger}, "", 401},
		{"the same in a line of its own", "", []string{office, stranger}, "", 401},
		{"the same before two proxies", "", []string{office + ", " + stranger + ", 10.1.2.3"}, "", 401},
		{"a stranger with another header", "", []string{stranger}, office, 401},
		{"another header alone", "", nil, office, 401},
		{"the proxy itself", "", nil, "", 401},
		{"nobody but proxies", "", []string{"10.1.2.3, 127.0.0.1"}, "", 401},
		{"no address", "", []string{office + ", unknown"}, "", 400},
		{"a port", "", []string{office + ":443"}, "", 400},
		{"nothing", "", []string{""}, "", 400},
		{"no proxy of ours", "127.0.80.1", []string{office}, "", 401},
		{"no proxy, two hops", "127.0.80.1", []string{office + ", 127.0.0.1"}, "", 401},
	} {
		client := func() *rig.Client {
			c := s.Client(w.Host())
			if x.peer != "" {
				c = c.From(x.peer)
			}
			if x.hops != nil {
				c.Header["X-Forwarded-For"] = x.hops
			}
			if x.more != "" {
				for _, name := range []string{"X-Real-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "Forwarded"} {
					c.Header.Set(name, x.more)
				}
				c.Header.Set("Forwarded", "for="+x.more)
			}
			t.Cleanup(c.Close)
			return c
		}
		if err := client().SignIn(t.Context(), rig.Person{Address: agent}); code(err) != x.want {
			t.Errorf("%s: sign-in: %d, want %d: %v", x.what, code(err), x.want, err)
		}
		c := client()
		c.Header.Set("Cookie", cookie.Header.Get("Cookie"))
		if err := c.Do(t.Context(), "GET", "/api/v1/me", nil, nil); code(err) != x.want {
			t.Errorf("%s: a session: %d, want %d: %v", x.what, code(err), x.want, err)
		}
		l, err := c.Live(t.Context(), nil)
		if (err == nil) != (x.want == 200) {
			t.Errorf("%s: a socket: %v", x.what, err)
		}
		if err == nil {
			_ = l.Close()
		}
	}

	in, out := places(t, w, "Signed in"), places(t, w, "Failed")
	if len(in) != 3 || in["127.0.0.1"] == 0 || in[office] != 6 || in["127.0.80.2"] != 2 { // the first sign-ins were before the proxy spoke for anybody
		t.Errorf("signed in, by the audit log: %v", in)
	}
	if len(out) != 3 || out[stranger] != 5 || out["127.0.0.1"] != 3 || out["127.0.80.1"] != 2 {
		t.Errorf("failed, by the audit log: %v", out)
	}

	// Twenty letters an hour from one client address: the vouched one's, and nobody else's.
	spend(t, w, func(n int) *rig.Client {
		c := s.Client(w.Host())
		c.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.2.%d, 203.0.113.20", n))
		return c
	}, "a vouched address that writes another hop each time")
	other := s.Client(w.Host())
	other.Header.Set("X-Forwarded-For", "203.0.113.21")
	if err := forgot(t, other); err != nil {
		t.Errorf("somebody else behind the same proxy: %v", err)
	}
	spend(t, w, func(n int) *rig.Client {
		c := s.Client(w.Host()).From("127.0.80.3")
		c.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", 100+n))
		return c
	}, "a peer that names another client each time")
}

func forgot(t *testing.T, c *rig.Client) error {
	t.Helper()
	defer c.Close()
	return c.Do(t.Context(), "POST", "/api/v1/password/forgot", map[string]any{"email": "nobody@nowhere.example"}, nil)
}

// spend asks for letters until one is refused: the twenty-first.
func spend(t *testing.T, w *rig.Workspace, client func(n int) *rig.Client, what string) {
	t.Helper()
	for n := range 22 {
		want := 200
		if n >= 20 {
			want = 429
		}
		if err := forgot(t, client(n)); code(err) != want {
			t.Errorf("%s: letter %d: %v, want %d", what, n+1, err, want)
		}
	}
}

// speaking is a client of whom a balancer speaks, by a header of the PROXY protocol, version 2 (section 2.2); empty: it says nothing.
func speaking(s *rig.Server, balancer, client string) *wire {
	var before []byte
	if client != "" {
		a := netip.MustParseAddr(client)
		family, body := byte(0x11), append(a.AsSlice(), 127, 0, 0, 1)
		if a.Is6() {
			family, body = 0x21, append(a.AsSlice(), netip.IPv6Loopback().AsSlice()...)
		}
		body = append(body, 0x12, 0x67, 0x01, 0xbb)
		before = append([]byte("\r\n\r\n\x00\r\nQUIT\n"), 0x21, family)
		before = append(binary.BigEndian.AppendUint16(before, uint16(len(body))), body...)
	}
	w := wires(s).from(balancer)
	w.client.Timeout = 10 * time.Second
	w.client.Transport = &http.Transport{DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := w.dialer.DialContext(ctx, "tcp", s.Address)
		if err != nil {
			return nil, err
		}
		if _, err := c.Write(before); err != nil {
			return nil, err
		}
		secure := tls.Client(c, s.Authority.Client(rig.Domain))
		return secure, secure.HandshakeContext(ctx)
	}}
	return w
}

// TestAC_082_BalancedClients: the same for a TCP balancer that speaks the PROXY protocol: whom it names is judged, counted and written down,
// whatever the request's own headers say; it is heard from nobody who is not listed, and demanded of who is.
//
// ASVS V4.1.3, V8.3.1
func TestAC_082_BalancedClients(t *testing.T) {
	const balancer = "127.0.90.1"
	s := behind(t, `proxy_protocol = ["127.0.90.0/24"]`)
	w := house(t, s)
	agent := addressOf(t, hire(t, w, "Agent"))
	listed(t, w, "198.51.100.0/24", "2001:db8:7::/48", "127.0.0.1")
	in := encode(map[string]any{"email": agent, "password": rig.Password})
	enter := func(client, forwarded string) answer {
		h := headers(s.Client(w.Host()), true)
		if forwarded != "" {
			h.Set("X-Forwarded-For", forwarded)
		}
		return speaking(s, balancer, client).send(t, request{"POST", hostOf(s, w.Host()), "/api/v1/signin", in, h})
	}
	for _, x := range []struct {
		client, forwarded string
		want              int
	}{
		{office, "", 200}, {"::ffff:" + office, "", 200}, {"2001:db8:7::1", "", 200}, {office, stranger, 200},
		{stranger, "", 401}, {stranger, office, 401}, {"2001:db8:8::1", "", 401}, {"2001:db8:8::1", "127.0.0.1", 401},
	} {
		if got := enter(x.client, x.forwarded); got.status != x.want {
			t.Errorf("for %s with %q: %s, want %d", x.client, x.forwarded, got, x.want)
		}
	}
	for what, c := range map[string]*wire{"a balancer that names nobody": speaking(s, balancer, ""), "who is no balancer": speaking(s, "127.0.80.1", office), "the founder's own address": speaking(s, "127.0.0.1", office)} {
		if got, err := c.try(request{"GET", hostOf(s, w.Host()), "/api/v1/policies", nil, nil}); err == nil {
			t.Errorf("%s is heard: %s", what, got)
		}
	}
	failed := places(t, w, "Failed")
	if len(failed) != 2 || failed[stranger] != 2 || failed["2001:db8:8::1"] != 2 {
		t.Errorf("failed, by the audit log: %v", failed)
	}
	if in := places(t, w, "Signed in"); in[office] != 3 || in["2001:db8:7::1"] != 1 || in[balancer] != 0 {
		t.Errorf("signed in, by the audit log: %v", in)
	}
	ask := func(client string) int {
		h := headers(s.Client(w.Host()), true)
		return speaking(s, balancer, client).send(t, request{"POST", hostOf(s, w.Host()), "/api/v1/password/forgot", encode(map[string]any{"email": "nobody@nowhere.example"}), h}).status
	}
	for n := range 21 {
		if got := ask("203.0.113.20"); (got == 429) != (n == 20) {
			t.Errorf("letter %d: %d", n+1, got)
		}
	}
	if got := ask("203.0.113.21"); got == 429 {
		t.Error("somebody else behind the same balancer is told to wait")
	}
}
