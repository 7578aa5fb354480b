package policy

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

func TestNetworks(t *testing.T) {
	for text, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", " 203.0.113.0/24 ": "203.0.113.0/24", "203.0.113.0-203.0.113.255": "203.0.113.0/24",
		"203.0.113.5 - 203.0.113.9": "203.0.113.5-203.0.113.9", "2001:DB8::1": "2001:db8::1", "2001:db8::/32": "2001:db8::/32",
		"::ffff:203.0.113.7": "203.0.113.7", "::ffff:203.0.113.0/120": "203.0.113.0/24", "0.0.0.0/0": "0.0.0.0/0", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "::/0",
	} {
		n, err := ParseNetwork(text)
		if err != nil || n.String() != want {
			t.Errorf("%q: %q, %v", text, n, err)
		}
	}
}

// Whatever is no plain form of an address is refused, so that nothing means one thing here and another elsewhere.
//
// ASVS V1.1.1
func TestAC_083_OddFormsOfAddresses(t *testing.T) {
	for _, text := range []string{
		"", "x", "0177.0.0.1", "127.1", "2130706433", "0x7f000001", "1.2.3.4.5", "1.2.3.256", "fe80::1%eth0", "fe80::/10%eth0", "203.0.113.7/24", "1.2.3.4/33",
		"1.2.3.4-", "-1.2.3.4", "1.2.3.9-1.2.3.5", "1.2.3.4-2001:db8::1", "1.2.3.4-1.2.3.5-1.2.3.6", "1.2.3.0/24-1.2.4.0/24", "::ffff:1.2.3.4/80", "01.2.3.4", "1.2.3.4\n5.6.7.8",
	} {
		if n, err := ParseNetwork(text); err == nil {
			t.Errorf("%q was read as %v", text, n)
		}
	}
	list := NewNetworks(Network{netip.MustParseAddr("10.0.0.0"), netip.MustParseAddr("10.0.0.255")})
	for _, form := range []string{"10.0.0.7", "::ffff:10.0.0.7"} {
		if !list.Contains(netip.MustParseAddr(form)) {
			t.Errorf("%s evades the list", form)
		}
	}
	for _, other := range []string{"10.0.1.7", "::10.0.0.7", "2002:a00:7::", "64:ff9b::a00:7"} {
		if list.Contains(netip.MustParseAddr(other)) {
			t.Errorf("%s is taken for an address of the list", other)
		}
	}
	if list.Contains(netip.Addr{}) || (*Networks)(nil).Contains(netip.MustParseAddr("10.0.0.7")) {
		t.Error("nothing is on the list")
	}
}

// The compiled list says what the plain comparison of each line says.
func TestNetworksDifferential(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var lines []Network
		for range 8 {
			a, b := addr4(r.Uint32N(1<<12)), addr4(r.Uint32N(1<<12))
			if b.Less(a) {
				a, b = b, a
			}
			lines = append(lines, Network{a, b})
		}
		set := NewNetworks(lines...)
		for range 200 {
			a := addr4(r.Uint32N(1 << 12))
			want := false
			for _, l := range lines {
				want = want || l.Contains(a)
			}
			if set.Contains(a) != want {
				t.Fatalf("%v in %v: %v", a, lines, !want)
			}
		}
	}
}

// A list that lines were put on and taken off one by one says what one says that is compiled of what is left, and whoever still looks
// at an earlier one sees that one.
func TestNetworksChanged(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	line := func() Network {
		a, b := addr4(r.Uint32N(1<<6)), addr4(r.Uint32N(1<<6))
		if b.Less(a) {
			a, b = b, a
		}
		return Network{a, b}
	}
	var lines []Network
	var set *Networks
	for range 2000 {
		before, was := set, NewNetworks(lines...)
		if len(lines) > 0 && r.IntN(2) == 0 {
			i := r.IntN(len(lines))
			gone := lines[i]
			lines = slices.Delete(slices.Clone(lines), i, i+1)
			set = set.Without([]Network{gone}, slices.Values(lines))
		} else if len(lines) < 8 {
			more := line()
			lines = append(slices.Clone(lines), more)
			set = set.With(more)
		}
		now := NewNetworks(lines...)
		for i := range uint32(1 << 6) {
			a := addr4(i)
			if set.Contains(a) != now.Contains(a) {
				t.Fatalf("%v in %v: %v", a, lines, set.Contains(a))
			}
			if before.Contains(a) != was.Contains(a) {
				t.Fatalf("%v in the list before %v", a, lines)
			}
		}
	}
}

func addr4(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

func FuzzParseNetwork(f *testing.F) {
	for _, s := range []string{"10.0.0.1", "10.0.0.0/8", "10.0.0.1-10.0.0.9", "2001:db8::/32", "::ffff:1.2.3.4", "1.2.3.4-::1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseNetwork(s)
		if err != nil {
			return
		}
		again, err := ParseNetwork(n.String())
		if err != nil || again != n {
			t.Fatalf("%q reads as %v, and that as %v (%v)", s, n, again, err)
		}
		if !NewNetworks(n).Contains(n.First) || !NewNetworks(n).Contains(n.Last) {
			t.Fatalf("%q does not contain its ends", s)
		}
	})
}

func BenchmarkNetworks(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var lines []Network
	for range 100_000 {
		a := netip.AddrFrom4([4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())})
		lines = append(lines, Network{a, a})
	}
	set := NewNetworks(lines...)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		set.Contains(lines[i%len(lines)].First)
	}
}

func BenchmarkNewNetworks(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var lines []Network
	for range 100_000 {
		a := netip.AddrFrom4([4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())})
		lines = append(lines, Network{a, a})
	}
	b.ReportAllocs()
	for b.Loop() {
		NewNetworks(lines...)
	}
}

func BenchmarkNetworksChange(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var lines []Network
	for range 100_000 {
		a := netip.AddrFrom4([4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())})
		lines = append(lines, Network{a, a})
	}
	set := NewNetworks(lines...)
	one := Network{netip.MustParseAddr("203.0.113.0"), netip.MustParseAddr("203.0.113.9")}
	b.ReportAllocs()
	for b.Loop() {
		set = set.With(one).Without([]Network{one}, slices.Values(lines))
	}
}
