package dial

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parlatory"
)

// inner is a server of the operator's own, which says something on each connection and counts them.
func inner(t *testing.T) (port string, asked *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked = &atomic.Int32{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			asked.Add(1)
			_, _ = io.WriteString(c, strings.Repeat("s", 5000))
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port, asked
}

func TestAC_106_RebindingNameReachesNothing(t *testing.T) {
	port, asked := inner(t)
	var lookups atomic.Int32
	// The first answer is an address that is allowed (nobody listens there), every later one is the inner server's: a
	// dialler that checks one look-up and connects by another ends up inside.
	listed := []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}
	d := New(Options{Connect: 300 * time.Millisecond, Listed: listed, Resolve: func(context.Context, string) ([]netip.Addr, error) {
		if lookups.Add(1) == 1 {
			return []netip.Addr{netip.MustParseAddr("127.0.0.2")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}})
	for range 2 {
		if c, err := d.Dial(t.Context(), "tcp", "rebind.example:"+port); err == nil {
			_ = c.Close()
			t.Error("connected")
		}
	}
	if asked.Load() != 0 {
		t.Error("the inner server was reached")
	}
	if lookups.Load() != 2 {
		t.Errorf("%d look-ups for two connections", lookups.Load())
	}
}

// The wall on the socket holds even where the judgement of names is walked around.
func TestAC_106_SocketAddressIsJudged(t *testing.T) {
	d := New(Options{})
	for _, a := range []string{"127.0.0.1:80", "[::1]:80", "[::ffff:10.0.0.1]:80", "169.254.169.254:80", "nonsense"} {
		if d.control("tcp", a, nil) == nil {
			t.Errorf("%s passes", a)
		}
	}
	if err := d.control("tcp", "9.9.9.9:443", nil); err != nil {
		t.Errorf("a public address: %v", err)
	}
}

func TestSpecialAddressesAreRefusedInEveryForm(t *testing.T) {
	for _, s := range []string{
		"127.0.0.1", "127.255.0.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
		"100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
		"::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:4136:e378::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254",
		"ff02::1", "2001:db8::1", "100::1", "3fff::1", "5f00::1",
	} {
		if Public(netip.MustParseAddr(s)) {
			t.Errorf("%s is public", s)
		}
	}
	for _, s := range []string{"9.9.9.9", "172.32.0.1", "100.128.0.1", "2620:fe::fe", "2a00:1450::1", "::ffff:9.9.9.9"} {
		if !Public(netip.MustParseAddr(s)) {
			t.Errorf("%s is not public", s)
		}
	}
}

func TestListedAddressWithinBounds(t *testing.T) {
	port, _ := inner(t)
	d := New(Options{Listed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, MaxBytes: 1000})
	c, err := d.Dial(t.Context(), "tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got, err := io.ReadAll(c)
	if len(got) != 1000 || err == nil {
		t.Errorf("%d bytes came, %v", len(got), err)
	}
}

func TestEveryFailureReadsTheSame(t *testing.T) {
	port, _ := inner(t)
	d := New(Options{Connect: 300 * time.Millisecond, Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
		if host == "mixed.example" {
			return []netip.Addr{netip.MustParseAddr("9.9.9.9"), netip.MustParseAddr("127.0.0.1")}, nil
		}
		return nil, errors.New("no such host " + host)
	}})
	for _, a := range []string{
		"127.0.0.1:" + port, "127.0.0.1:1", "[::ffff:127.0.0.1]:" + port, "[fe80::1%lo]:" + port, "none.example:80", "mixed.example:" + port,
		"0x7f000001:" + port, "2130706433:" + port, "127.1:" + port, "127.0.0.1:http", "127.0.0.1:0", "no port",
	} {
		_, err := d.Dial(t.Context(), "tcp", a)
		var e *parlatory.Error
		if !errors.As(err, &e) || e.Kind != parlatory.KindUnavailable || e.Public != "The server could not reach this address." {
			t.Errorf("%s: %v", a, err)
		}
		if err != nil && (strings.Contains(err.Error(), "127.") || strings.Contains(err.Error(), "example")) {
			t.Errorf("%s: the error names the address: %v", a, err)
		}
	}
}
