// Package front is the outer wall: listeners, TLS, the way from a host name to a workspace, the client's address,
// limits, headers, and the step from a session to an Actor. Nothing about the subject is decided here.
//
// Each request walks one fixed line: counted and logged, headers set, path and host judged, the address's budget
// charged, the body bounded and its nesting counted, the origin judged, the Actor found, and then one of four
// surfaces answers: API, live, widget, pages.
//
// What it refuses, and why that is safe:
//
//   - Any TLS version below 1.3 (ASVS 12.1.1). Names that the certificate source does not know get no handshake.
//   - HTTP/1.1 bytes that two parsers could read in two ways: bare LF or CR, folded lines, a doubled or odd
//     Content-Length, any Transfer-Encoding (RFC 9112 §2.2, §5.2, §6.3; ASVS 4.2.1). A raw scan runs before net/http
//     sees the bytes, since net/http is lenient with the first two. Browsers send no chunked requests; other clients
//     give a length or use HTTP/2.
//   - A path that is not already canonical: percent signs, double slashes, dot segments, semicolons, other case of a
//     known prefix. So there is one spelling a route, and no rule can be walked around (ASVS 2.2.1).
//   - A host that is neither the domain, nor a workspace that exists, nor an extra host of the demo: 421. Links
//     are built from the configuration only (ASVS 15.3.4).
//   - Any header of forwarding, but X-Forwarded-For of a listed proxy, whose right-most stranger is the client (see
//     clientAddress); and any PROXY header but version 2 of a listed balancer, which is demanded there.
//   - Unsafe methods and staff sockets whose Origin is not exactly the own host (sibling workspaces are same-site, so
//     SameSite does not keep them apart; ASVS 3.5.1, 3.5.2), or whose body is not JSON.
//   - On the widget's prefix: cookies are never read, and only listed https origins are answered, without credentials.
//
// The log of a request holds method, route pattern, status, size and duration: no address, no query, no id.
package front
