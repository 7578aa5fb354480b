package front

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// forwardedFor is the one header that may say whose request a proxy passes on, and only from a proxy that is listed.
const forwardedFor = "X-Forwarded-For"

type addressKey struct{}

// AddressOf is the client's address, as front judged it when the request came in: unmapped and without zone.
func AddressOf(r *http.Request) netip.Addr {
	if a, ok := r.Context().Value(addressKey{}).(netip.Addr); ok {
		return a
	}
	return peerAddress(r.RemoteAddr)
}

// withAddress judges the client's address once. The zero address means that it can't be told.
func (f *Front) withAddress(r *http.Request) *http.Request {
	a := clientAddress(peerAddress(r.RemoteAddr), r.Header.Values(forwardedFor), f.opt.TrustedProxies)
	return r.WithContext(context.WithValue(r.Context(), addressKey{}, a))
}

// clientAddress is the peer's address, unless the peer is a trusted proxy: then it is the right-most address of
// X-Forwarded-For that is no trusted proxy, since each proxy adds at the right whom it saw, and what stands left of
// that was written by the client. No other header is read, and this one from nobody else (ASVS V4.1.3).
//
//   - Without the header the proxy speaks for itself (a health check).
//   - If every hop is a trusted proxy, the right-most one counts: the others are only claimed.
//   - An element that is met on the way and is no plain address (empty, with port, zone, name or "unknown") makes the
//     request refused. Falling back to the proxy's address would put the client onto every list that the proxy is on.
func clientAddress(peer netip.Addr, headers []string, trusted []netip.Prefix) netip.Addr {
	if len(headers) == 0 || !within(trusted, peer) {
		return peer
	}
	hops := strings.Split(strings.Join(headers, ","), ",") // several lines are one list, in their order (RFC 9110 §5.3)
	var nearest netip.Addr
	for i := len(hops) - 1; i >= 0; i-- {
		a, err := netip.ParseAddr(strings.Trim(hops[i], " \t"))
		if err != nil || a.Zone() != "" {
			return netip.Addr{}
		}
		if a = a.Unmap(); !within(trusted, a) {
			return a
		}
		if !nearest.IsValid() {
			nearest = a
		}
	}
	return nearest
}

// within judges an address by a short list of the operator's.
func within(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// peerAddress takes the address out of ADDRESS:PORT; the zero address fits no list and shares one budget.
func peerAddress(hostPort string) netip.Addr {
	ap, err := netip.ParseAddrPort(hostPort)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

func remoteAddress(c net.Conn) netip.Addr { return peerAddress(c.RemoteAddr().String()) }
