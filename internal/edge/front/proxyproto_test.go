package front

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// proxyHeader is a header of version 2; command 1 speaks for src, 0 is LOCAL.
func proxyHeader(command byte, src string, more ...byte) []byte {
	a := netip.MustParseAddrPort(src)
	family, addresses := byte(0x11), append(a.Addr().AsSlice(), 127, 0, 0, 1)
	if a.Addr().Is6() {
		family, addresses = 0x21, append(a.Addr().AsSlice(), netip.IPv6Loopback().AsSlice()...)
	}
	addresses = binary.BigEndian.AppendUint16(addresses, a.Port())
	addresses = append(binary.BigEndian.AppendUint16(addresses, 443), more...)
	b := append([]byte(proxySignature), 0x20|command, family)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(addresses))), addresses...)
}

func with(b []byte, at int, value byte) []byte { b = bytes.Clone(b); b[at] = value; return b }

func TestProxyHeader(t *testing.T) {
	v4, v6 := proxyHeader(1, "192.0.2.1:4711"), proxyHeader(1, "[2001:db8::1]:4711")
	for name, c := range map[string]struct {
		bytes []byte
		want  string
		fails bool
	}{
		"IPv4": {v4, "192.0.2.1:4711", false}, "IPv6": {v6, "[2001:db8::1]:4711", false}, "mapped": {proxyHeader(1, "[::ffff:192.0.2.1]:4711"), "192.0.2.1:4711", false},
		"with values": {proxyHeader(1, "192.0.2.1:4711", 4, 0, 1, 0), "192.0.2.1:4711", false}, "LOCAL": {proxyHeader(0, "192.0.2.1:4711"), "invalid AddrPort", false},
		"LOCAL without addresses": {append([]byte(proxySignature), 0x20, 0, 0, 0), "invalid AddrPort", false},
		"version 1":               {[]byte("PROXY TCP4 192.0.2.1 127.0.0.1 4711 443\r\n"), "", true}, "version 3": {with(v4, 12, 0x31), "", true}, "version 1 in binary": {with(v4, 12, 0x11), "", true},
		"other command": {with(v4, 12, 0x22), "", true}, "datagram": {with(v4, 13, 0x12), "", true}, "UNIX": {with(v4, 13, 0x31), "", true}, "unspecified family": {with(v4, 13, 0), "", true},
		"other signature": {with(v4, 3, 'x'), "", true}, "IPv6 of IPv4's length": {with(v4, 13, 0x21), "", true}, "short": {with(v4, 15, 11)[:27], "", true}, "cut": {v4[:20], "", true}, "empty": {nil, "", true},
		"long": {append(with(with(v4, 14, 0xff), 15, 0xff), make([]byte, 70_000)...), "", true}, "any address": {proxyHeader(1, "0.0.0.0:1"), "", true},
		"multicast": {proxyHeader(1, "[ff02::1]:1"), "", true}, "broadcast": {proxyHeader(1, "255.255.255.255:1"), "", true},
	} {
		rest := strings.NewReader(string(c.bytes) + "rest")
		if name == "cut" || name == "short" || name == "empty" {
			rest = strings.NewReader(string(c.bytes))
		}
		got, err := readProxyHeader(rest)
		if c.fails != (err != nil) || err == nil && got.String() != c.want {
			t.Errorf("%s: %v %v", name, got, err)
		}
		if left, _ := io.ReadAll(rest); err == nil && string(left) != "rest" {
			t.Errorf("%s: read too much or too little: %q", name, left)
		}
	}
}

func FuzzProxyHeader(f *testing.F) {
	f.Add(proxyHeader(1, "192.0.2.1:4711"))
	f.Add(proxyHeader(1, "[2001:db8::1]:4711", 1, 2, 3))
	f.Add(proxyHeader(0, "192.0.2.1:4711"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		a, err := readProxyHeader(r)
		if read := len(b) - r.Len(); read > 16+proxyLimit {
			t.Fatalf("%d bytes were read", read)
		}
		if err == nil && (a.Addr().Is4In6() || a.Addr().Zone() != "" || a.IsValid() && a.Addr().IsUnspecified()) {
			t.Fatalf("%v", a)
		}
		if err == nil && !bytes.HasPrefix(b, []byte(proxySignature)) {
			t.Fatal("no signature")
		}
	})
}

// through opens a connection with the bytes before the handshake, and asks for the door.
func (h *house) through(t *testing.T, before []byte) string {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+h.port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(8 * time.Second))
	_, _ = c.Write(before)
	s := tls.Client(c, &tls.Config{RootCAs: h.root, ServerName: acmeHost, NextProtos: []string{"http/1.1"}})
	if err := s.Handshake(); err != nil {
		return "no handshake"
	}
	_, _ = io.WriteString(s, "GET /api/v1/door HTTP/1.1\r\nHost: "+acmeHost+":"+h.port+"\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n")
	var b [12]byte
	_, _ = io.ReadFull(s, b[:])
	return string(b[9:])
}

// ASVS V4.1.3
//
// A listed balancer's header is demanded and believed, before the connection is counted; from anybody else it is noise.
// Red with the header taken from everybody (admit without its list), and with the connection counted for the peer.
func TestAC_082_ProxyProtocol(t *testing.T) {
	loop := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	h := start(t, func(o *Options) { o.ProxyProtocol, o.Limits.ConnectionsPerAddress = loop, 2 })
	for src, want := range map[string]string{"192.0.2.1:4711": "192.0.2.1", "[2001:db8::1]:1": "2001:db8::1", "[::ffff:198.51.100.7]:1": "198.51.100.7"} {
		if got := h.through(t, proxyHeader(1, src)); got != "200" || h.last().Address.String() != want {
			t.Errorf("%s: %s %v", src, got, h.last())
		}
	}
	if got := h.through(t, proxyHeader(0, "192.0.2.9:4711")); got != "200" || !h.last().Address.IsLoopback() {
		t.Errorf("LOCAL: %s %v", got, h.last().Address)
	}
	for name, bytes := range map[string][]byte{
		"none": nil, "version 1": []byte("PROXY TCP4 192.0.2.1 127.0.0.1 4711 443\r\n"), "two": append(proxyHeader(1, "192.0.2.5:1"), proxyHeader(1, "192.0.2.6:1")...),
		"unspecified": proxyHeader(1, "0.0.0.0:1"), "rubbish": []byte(strings.Repeat("x", 64)),
	} {
		if got := h.through(t, bytes); got != "no handshake" {
			t.Errorf("%s: %s", name, got)
		}
	}
	// The bound of connections is the client's, not the balancer's.
	for i, want := range []string{"200", "200", "no handshake"} {
		if got := h.through(t, proxyHeader(1, "203.0.113.7:4711")); got != want {
			t.Errorf("connection %d of one client: %s", i+1, got)
		}
	}
	if got := h.through(t, proxyHeader(1, "203.0.113.8:4711")); got != "200" {
		t.Errorf("another client: %s", got)
	}
	stranger := start(t, func(o *Options) { o.ProxyProtocol = []netip.Prefix{netip.MustParsePrefix("10.0.0.5/32")} })
	if got := stranger.through(t, proxyHeader(1, "192.0.2.1:4711")); got != "no handshake" {
		t.Errorf("a header of somebody who is not listed: %s", got)
	}
	if got := stranger.through(t, nil); got != "200" || !stranger.last().Address.IsLoopback() {
		t.Errorf("somebody who is not listed, without one: %s", got)
	}
}

// The plain listener asks the same of the same peers.
func TestProxyProtocolAtTheRedirect(t *testing.T) {
	for name, c := range map[string]struct {
		listed string
		bytes  []byte
		want   string
	}{
		"listed":              {"127.0.0.1/32", proxyHeader(1, "192.0.2.1:4711"), "HTTP/1.1 308"},
		"listed, no header":   {"127.0.0.1/32", nil, ""},
		"stranger":            {"10.0.0.5/32", proxyHeader(1, "192.0.2.1:4711"), "HTTP/1.1 400"},
		"stranger, no header": {"10.0.0.5/32", nil, "HTTP/1.1 308"},
	} {
		h := start(t, func(o *Options) { o.ProxyProtocol = []netip.Prefix{netip.MustParsePrefix(c.listed)} })
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.ServeRedirect(ctx, l) }()
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(8 * time.Second))
		_, _ = conn.Write(append(c.bytes, "GET /signin HTTP/1.1\r\nHost: "+acmeHost+"\r\nConnection: close\r\n\r\n"...))
		b, _ := io.ReadAll(conn)
		if got := string(b[:min(len(b), 12)]); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
		_ = conn.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// A balancer that says nothing holds a place for five seconds, and no handshake's or request's time.
func TestSilentBalancerIsLeft(t *testing.T) {
	h := start(t, func(o *Options) { o.ProxyProtocol = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	c, err := net.Dial("tcp", "127.0.0.1:"+h.port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write([]byte(proxySignature[:5]))
	begun := time.Now()
	_ = c.SetReadDeadline(begun.Add(2 * headerTime))
	if _, err := c.Read(make([]byte, 1)); err == nil || time.Since(begun) > headerTime+2*time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
	h.places.mu.Lock()
	defer h.places.mu.Unlock()
	if h.places.total != 0 || len(h.places.counts) != 0 {
		t.Errorf("its place is still held: %d %v", h.places.total, h.places.counts)
	}
}
