package front

import (
	"context"
	"net"
	"net/http"
	"strings"
)

// ServeRedirect answers on a plain HTTP listener until the context ends: people who typed an address without https are
// sent to the same page there. Only reads of pages at hosts of ours are sent on; a client of the API that speaks plain
// HTTP has already sent its secret in clear, and must fail loudly (ASVS 12.2.1, 4.1.2). The target is built from the
// configured domain, never from what the request claims besides a known name. Connections count with those of the TLS
// listener, under the same bounds.
func (f *Front) ServeRedirect(ctx context.Context, l net.Listener) error {
	return f.serveGated(ctx, newServer(http.HandlerFunc(f.redirect), f.opt.Log), l)
}

func (f *Front) redirect(w http.ResponseWriter, r *http.Request) {
	r = f.withAddress(r)
	h := w.Header()
	baseHeaders(h)
	h.Del("Strict-Transport-Security") // means nothing over plain HTTP (RFC 6797 §7.2)
	h.Set("Connection", "close")
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name // the port of the plain listener
	}
	host = strings.ToLower(host)
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !read || !AddressOf(r).IsValid() || !canonicalPath(r) || reserved(r.URL.Path) || f.buckets.take(AddressOf(r)) > 0 || !f.Known(r.Context(), host) {
		line(w, http.StatusForbidden, "This server speaks HTTPS only.")
		return
	}
	// The query is left behind: links from mail hold their keys in the fragment or are opened by https anyway.
	h.Set("Location", f.originOf(host)+r.URL.Path)
	line(w, http.StatusPermanentRedirect, "This server speaks HTTPS only.")
}
