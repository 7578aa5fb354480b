package policy

import (
	"iter"
	"net/netip"
	"slices"
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
	if whole := n.block(n.First); lastOf(whole) == n.Last {
		return whole.String()
	}
	return n.First.String() + "-" + n.Last.String()
}

// Contains reports whether an address belongs to the line.
func (n Network) Contains(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return a.IsValid() && a.BitLen() == n.First.BitLen() && !a.Less(n.First) && !n.Last.Less(a)
}

// prefixes are the fewest blocks that make up the range: at most 62 for IPv4 and 254 for IPv6.
func (n Network) prefixes() iter.Seq[netip.Prefix] {
	return func(yield func(netip.Prefix) bool) {
		for at := n.First; ; {
			block := n.block(at)
			last := lastOf(block)
			if !yield(block) || !last.Less(n.Last) {
				return
			}
			at = last.Next()
		}
	}
}

// block is the widest block that begins at an address of the range and does not leave it.
func (n Network) block(at netip.Addr) netip.Prefix {
	block := netip.PrefixFrom(at, at.BitLen())
	if at == n.Last { // most lines of a long list are one address
		return block
	}
	for bits := at.BitLen() - 1; bits >= 0; bits-- {
		wider := netip.PrefixFrom(at, bits)
		if wider.Masked().Addr() != at || n.Last.Less(lastOf(wider)) {
			break
		}
		block = wider
	}
	return block
}

func lastOf(p netip.Prefix) netip.Addr {
	if p.IsSingleIP() {
		return p.Addr()
	}
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// Overlaps reports whether some address belongs to both lines.
func (n Network) Overlaps(o Network) bool {
	return n.First.BitLen() == o.First.BitLen() && !n.Last.Less(o.First) && !o.Last.Less(n.First)
}

// Networks is a compiled list. A lookup costs tens of nanoseconds, whatever its length. The zero value is empty, and none is ever
// changed: With and Without make another that shares what is the same, so that lookups go on meanwhile.
type Networks struct{ set *bart.Lite }

// NewNetworks compiles a list.
func NewNetworks(list ...Network) *Networks { return CollectNetworks(slices.Values(list)) }

// CollectNetworks compiles the lines that it is given.
func CollectNetworks(list iter.Seq[Network]) *Networks {
	set := &bart.Lite{}
	for n := range list {
		for p := range n.prefixes() {
			set.Insert(p)
		}
	}
	return &Networks{set}
}

// table is what With and Without begin with.
func (s *Networks) table() *bart.Lite {
	if s == nil || s.set == nil {
		return &bart.Lite{}
	}
	return s.set
}

// With is the list with some more lines.
func (s *Networks) With(more ...Network) *Networks {
	set := s.table()
	for _, n := range more {
		for p := range n.prefixes() {
			set = set.InsertPersist(p)
		}
	}
	return &Networks{set}
}

// Without is the list without some lines. Another line can consist of the same blocks, in part or whole: so those of the rest that meet a
// line that goes are put on again. It looks at all of the rest for each line, so it is for few.
func (s *Networks) Without(gone []Network, rest iter.Seq[Network]) *Networks {
	set := s.table()
	for _, n := range gone {
		for p := range n.prefixes() {
			set = set.DeletePersist(p)
		}
	}
	var again []Network
	for n := range rest {
		if slices.ContainsFunc(gone, n.Overlaps) {
			again = append(again, n)
		}
	}
	return (&Networks{set}).With(again...)
}

// Contains reports whether an address is on the list. No address is on a nil list.
func (s *Networks) Contains(a netip.Addr) bool {
	return s != nil && s.set != nil && a.IsValid() && s.set.Contains(a.Unmap().WithZone(""))
}
