package front

import (
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// forwarding is every header by which something in front is known to name a client, and spellings that other programs
// take for the same.
var forwarding = []string{
	"X-Forwarded-For", "X_Forwarded_For", "X-Forwarded_For", "X-Real-Ip", "X_Real_Ip", "Forwarded", "Forwarded-For", "X-Forwarded", "True-Client-Ip", "Client-Ip", "X-Client-Ip",
	"Cf-Connecting-Ip", "Cf-Connecting-Ipv6", "Cf-Pseudo-Ipv4", "Fastly-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Forwarded-For", "X-Originating-Ip", "X-Remote-Ip", "X-Remote-Addr", "Remote-Addr",
	"X-Envoy-External-Address", "X-Azure-Clientip", "X-Appengine-User-Ip", "Fly-Client-Ip", "X-Vercel-Forwarded-For", "Akamai-Client-Ip", "Proxy-Protocol", "Via", "X-Host-Ip",
}

// ASVS V4.1.3, V15.3.4
//
// A header moves the client's address only if its peer is a listed proxy, only X-Forwarded-For, and only its right-most
// hop that is no proxy. Red without the guard on the peer (`within(trusted, peer)` taken out of clientAddress), and with
// a walk from the left.
func TestAC_082_NoHeaderMovesTheAddress(t *testing.T) {
	own := netip.MustParseAddr("127.0.0.1")
	for name, trusted := range map[string]string{"no proxy is listed": "", "another proxy is listed": "10.0.0.0/8"} {
		h := start(t, func(o *Options) {
			o.Limits.Burst = 4000
			if trusted != "" {
				o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(trusted)}
			}
		})
		for _, header := range forwarding {
			for _, value := range []string{"9.9.9.9", "9.9.9.9, 10.0.0.1", "10.0.0.1", "for=9.9.9.9", "::ffff:9.9.9.9", "nonsense", ""} {
				a := h.ask(t, "GET", acmeHost, "/api/v1/door", "", header, value, header, "8.8.8.8")
				if a.StatusCode != 200 || h.last().Address != own {
					t.Errorf("%s: %s: %s: %d %v", name, header, value, a.StatusCode, h.last().Address)
				}
			}
		}
	}
	// The peer is a listed proxy: every header but the one is still nothing.
	h := start(t, func(o *Options) {
		o.Limits.Burst, o.TrustedProxies = 4000, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.5/32")}
	})
	for _, header := range forwarding[1:] {
		h.ask(t, "GET", acmeHost, "/api/v1/door", "", header, "9.9.9.9")
		if h.last().Address != own {
			t.Errorf("%s: %v", header, h.last().Address)
		}
		h.ask(t, "GET", acmeHost, "/api/v1/door", "", header, "9.9.9.9", "X-Forwarded-For", "192.0.2.1")
		if h.last().Address.String() != "192.0.2.1" {
			t.Errorf("%s beside the right one: %v", header, h.last().Address)
		}
	}
	for _, c := range []struct {
		headers []string
		want    string // empty: refused
	}{
		{[]string{"192.0.2.1"}, "192.0.2.1"},
		{[]string{"9.9.9.9, 192.0.2.1"}, "192.0.2.1"},
		{[]string{"9.9.9.9,192.0.2.1"}, "192.0.2.1"},
		{[]string{"9.9.9.9", "192.0.2.1"}, "192.0.2.1"},
		{[]string{"192.0.2.1", "9.9.9.9"}, "9.9.9.9"},
		{[]string{"9.9.9.9, 192.0.2.1, 10.0.0.5"}, "192.0.2.1"},
		{[]string{"9.9.9.9, 192.0.2.1", "10.0.0.5, 127.0.0.1"}, "192.0.2.1"},
		{[]string{"rubbish, 192.0.2.1"}, "192.0.2.1"},
		{[]string{"rubbish", "\t192.0.2.1 "}, "192.0.2.1"},
		{[]string{", , 192.0.2.1"}, "192.0.2.1"},
		{[]string{"2001:db8::1"}, "2001:db8::1"},
		{[]string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		{[]string{"::ffff:c000:201, ::ffff:10.0.0.5"}, "192.0.2.1"},
		{[]string{"10.0.0.5"}, "10.0.0.5"},
		{[]string{"127.0.0.9, 10.0.0.5"}, "10.0.0.5"},
		{[]string{"9.9.9.9, rubbish"}, ""},
		{[]string{"9.9.9.9, rubbish, 10.0.0.5"}, ""},
		{[]string{"9.9.9.9,"}, ""},
		{[]string{"9.9.9.9", ""}, ""},
		{[]string{""}, ""},
		{[]string{"unknown"}, ""},
		{[]string{"192.0.2.1:4711"}, ""},
		{[]string{"[2001:db8::1]"}, ""},
		{[]string{"fe80::1%eth0"}, ""},
		{[]string{"192.0.2.1;9.9.9.9"}, ""},
		{[]string{"192.0.2.1 9.9.9.9"}, ""},
		{[]string{`"192.0.2.1"`}, ""},
	} {
		var pairs []string
		for _, v := range c.headers {
			pairs = append(pairs, "X-Forwarded-For", v)
		}
		before := h.reached()
		a := h.ask(t, "GET", acmeHost, "/api/v1/door", "", pairs...)
		switch {
		case c.want == "" && (a.StatusCode != 400 || h.reached() != before):
			t.Errorf("%q: not refused: %d", c.headers, a.StatusCode)
		case c.want != "" && (a.StatusCode != 200 || h.last().Address.String() != c.want):
			t.Errorf("%q: %d %v, want %s", c.headers, a.StatusCode, h.last().Address, c.want)
		}
	}
	// Without the header the proxy speaks for itself.
	if h.ask(t, "GET", acmeHost, "/api/v1/door", ""); h.last().Address != own {
		t.Errorf("%v", h.last().Address)
	}
}

// The other spellings of an address are refused or are the same address; none is a second one.
func TestAC_083_SpellingsOfAddresses(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.5/32")}
	peer := netip.MustParseAddr("10.0.0.5")
	for given, want := range map[string]string{
		"::ffff:192.0.2.1": "192.0.2.1", "0:0:0:0:0:ffff:c000:0201": "192.0.2.1", "::FFFF:192.0.2.1": "192.0.2.1", "2001:DB8::1": "2001:db8::1", "2002:c000:201::": "2002:c000:201::",
		"0300.0.2.1": "", "0xc0.0.2.1": "", "3221225985": "", "192.0.513": "", "192.513": "", "192.0.2.01": "", "192.0.2.1.": "", "::192.0.2.1%1": "", "1.2.3.4/32": "", "192.0.2.1": "192.0.2.1",
	} {
		got := clientAddress(peer, []string{given}, trusted)
		if want == "" && got.IsValid() || want != "" && got.String() != want {
			t.Errorf("%s: %v, want %s", given, got, want)
		}
	}
}

func TestBudgetIsTheClientsBehindAProxy(t *testing.T) {
	h := start(t, func(o *Options) {
		o.Limits.RequestsPerSecond, o.Limits.Burst, o.Limits.ConnectionsPerAddress = 1, 3, 1
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	for range 6 {
		h.ask(t, "GET", acmeHost, "/api/v1/door", "", "X-Forwarded-For", "9.9.9.9")
	}
	if a := h.ask(t, "GET", acmeHost, "/api/v1/door", "", "X-Forwarded-For", "9.9.9.9"); a.StatusCode != 429 {
		t.Errorf("%d", a.StatusCode)
	}
	if a := h.ask(t, "GET", acmeHost, "/api/v1/door", "", "X-Forwarded-For", "9.9.9.9, 192.0.2.1"); a.StatusCode != 200 {
		t.Errorf("another client pays: %d", a.StatusCode)
	}
}

// FuzzClientAddress holds the answer against the rule written the slow way.
func FuzzClientAddress(f *testing.F) {
	f.Add("9.9.9.9, 192.0.2.1", "10.0.0.5")
	f.Add("::ffff:9.9.9.9", "x,,10.0.0.5")
	f.Add("fe80::1%a", "\t10.0.0.5 ,")
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("fd00::/64")}
	f.Fuzz(func(t *testing.T, first, second string) {
		if a := clientAddress(netip.MustParseAddr("9.9.9.9"), []string{first, second}, trusted); a.String() != "9.9.9.9" {
			t.Fatalf("a stranger moved: %v", a)
		}
		got := clientAddress(netip.MustParseAddr("10.0.0.5"), []string{first, second}, trusted)
		if got.Is4In6() || got.Zone() != "" {
			t.Fatalf("%v is not in its one form", got)
		}
		if !got.IsValid() {
			return
		}
		// What was chosen stands in the list, and all that is right of its last place are proxies.
		hops := strings.Split(first+","+second, ",")
		for i := len(hops) - 1; i >= 0; i-- {
			a, err := netip.ParseAddr(strings.Trim(hops[i], " \t"))
			if err != nil {
				t.Fatalf("%q: a malformed hop was passed over", hops[i])
			}
			if a.Unmap() == got {
				return
			}
			if !within(trusted, a.Unmap()) {
				t.Fatalf("%q was passed over for %v", hops[i], got)
			}
		}
		t.Fatalf("%v is not in the list", got)
	})
}

func TestPeerWithoutAnAddressIsRefused(t *testing.T) {
	h := start(t, nil)
	r := httptest.NewRequest("GET", "/api/v1/door", nil)
	r.Host, r.RemoteAddr = acmeHost+":"+h.port, "@"
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != 400 {
		t.Errorf("%d", w.Code)
	}
}
