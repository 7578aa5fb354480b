package front

import (
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
)

// proxySignature begins each header of the PROXY protocol, version 2 (section 2.2 of its specification).
const proxySignature = "\r\n\r\n\x00\r\nQUIT\n"

// proxyLimit is the most that may follow the fixed part: two addresses, and what a balancer tells of its TLS besides.
const proxyLimit = 2048

var errProxyHeader = errors.New("no header of the PROXY protocol, version 2, for a TCP connection")

// readProxyHeader reads the header that a listed balancer puts before all else, and no byte more. It gives the
// client's address and port; the zero value where the balancer speaks for itself (LOCAL). Version 1, other transports,
// and an address that is unspecified or goes to many are refused. Further values (TLV) are passed over: nothing here
// decides by them.
//
// This is read by hand because it must be read before the connection is counted, by exactly its length, and in its
// binary version alone.
func readProxyHeader(r io.Reader) (netip.AddrPort, error) {
	var fixed [16]byte
	if _, err := io.ReadFull(r, fixed[:]); err != nil {
		return netip.AddrPort{}, err
	}
	length := int(binary.BigEndian.Uint16(fixed[14:]))
	if string(fixed[:12]) != proxySignature || length > proxyLimit {
		return netip.AddrPort{}, errProxyHeader
	}
	rest := make([]byte, length)
	if _, err := io.ReadFull(r, rest); err != nil {
		return netip.AddrPort{}, err
	}
	switch command, family := fixed[12], fixed[13]; {
	case command == 0x20: // LOCAL: addresses are to be ignored, whatever family is named
		return netip.AddrPort{}, nil
	case command == 0x21 && family == 0x11 && length >= 12: // TCP over IPv4
		return proxied(netip.AddrFrom4([4]byte(rest)), rest[8:])
	case command == 0x21 && family == 0x21 && length >= 36: // TCP over IPv6
		return proxied(netip.AddrFrom16([16]byte(rest)).Unmap(), rest[32:])
	}
	return netip.AddrPort{}, errProxyHeader
}

func proxied(a netip.Addr, port []byte) (netip.AddrPort, error) {
	if a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return netip.AddrPort{}, errProxyHeader
	}
	return netip.AddrPortFrom(a, binary.BigEndian.Uint16(port)), nil
}
