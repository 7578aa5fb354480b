package policy

import (
	"net/netip"
	"strings"

	"github.com/gaissmai/bart"

	"parlatory"
)

// Network is one line of a list: an address, a block, or a range of one family. First and Last belong to it.
type Network struct{ First, Last netip.Addr }

const notNetwork = "must be an address, a block such as 203.0.113.0/24, or a range such as 203.0.113.5-203.0.113.9"

// ParseNetwork reads one address, CIDR block (RFC 4632; host bits must be zero) or range "first-last". IPv4-mapped IPv6 forms are read
// as the IPv4 address that they mean; zones, and the octal, short and hexadecimal forms of IPv4, are refused (AC-083).
func ParseNetwork(s string) (Network, error) {
	s = strings.TrimSpace(s)
	wrong := func() (Network, error) { return Network{}, parlatory.Invalid("network", notNetwork) }
	if s == "" || len(s) > 100 || strings.Contains(s, "%") {
		return wrong()
	}
	if first, last, ranged := strings.Cut(s, "-"); ranged {
		a, errA := netip.ParseAddr(strings.TrimSpace(first))
		b, errB := netip.ParseAddr(strings.TrimSpace(last))
		if errA != nil || errB != nil {
			return wrong()
		}
		n := Network{a.Unmap(), b.Unmap()}
		if n.First.BitLen() != n.Last.BitLen() || n.Last.Less(n.First) {
			return Network{}, parlatory.Invalid("network", "must be a range that goes upwards, of one family")
		}
		return n, nil
	}
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return wrong()
		}
		if p.Addr().Is4In6() {
			if p.Bits() < 96 {
				return wrong()
			}
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		if p != p.Masked() {
			return Network{}, parlatory.Invalid("network", "has bits behind the block; did you mean "+p.Masked().String()+"?")
		}
		return Network{p.Addr(), lastOf(p)}, nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return wrong()
	}
	return Network{a.Unmap(), a.Unmap()}, nil
}

// String is the canonical form: the address, the block where it is one, else the range.
func (n Network) String() string {
	if n.First == n.Last {
		return n.First.String()
	}
	if all := n.prefixes(); len(all) == 1 {
		return all[0].String()
	}
	return n.First.String() + "-" + n.Last.String()
}

// Contains reports whether an address belongs to the line.
func (n Network) Contains(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return a.IsValid() && a.BitLen() == n.First.BitLen() && !a.Less(n.First) && !n.Last.Less(a)
}

// prefixes are the fewest blocks that make up the range: at most 62 for IPv4 and 254 for IPv6.
func (n Network) prefixes() (all []netip.Prefix) {
	for at := n.First; ; {
		block := netip.PrefixFrom(at, at.BitLen())
		for bits := at.BitLen() - 1; bits >= 0; bits-- {
			wider := netip.PrefixFrom(at, bits)
			if wider.Masked().Addr() != at || n.Last.Less(lastOf(wider)) {
				break
			}
			block = wider
		}
		all = append(all, block)
		last := lastOf(block)
		if !last.Less(n.Last) {
			return all
		}
		at = last.Next()
	}
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// Networks is a compiled list. A lookup costs tens of nanoseconds, whatever its length. The zero value is empty.
type Networks struct{ set bart.Lite }

// NewNetworks compiles a list.
func NewNetworks(list ...Network) *Networks {
	s := &Networks{}
	for _, n := range list {
		for _, p := range n.prefixes() {
			s.set.Insert(p)
		}
	}
	return s
}

// Contains reports whether an address is on the list. No address is on a nil list.
func (s *Networks) Contains(a netip.Addr) bool {
	return s != nil && a.IsValid() && s.set.Contains(a.Unmap().WithZone(""))
}
