package front

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"parlatory"
)

// ServeHTTP walks a request through the wall. The pattern that the answering surface leaves in the request names the
// route in the log and the metrics; it never holds a value.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	rec := &recorder{ResponseWriter: w}
	ctx, nonce := withNonce(r.Context())
	r = f.withAddress(r.WithContext(ctx))
	r.Pattern = ""
	f.metrics.begin()
	defer func() {
		if v := recover(); v != nil {
			f.panicked(rec, r, v)
		}
		f.done(r, rec, time.Since(begun))
		if rec.cut {
			panic(http.ErrAbortHandler) // nothing else ends a half-written answer on both protocols
		}
	}()
	f.walk(rec, r, nonce)
}

func (f *Front) walk(w *recorder, r *http.Request, nonce string) {
	baseHeaders(w.Header())
	if !AddressOf(r).IsValid() {
		r.Pattern = "refused"
		refuse(w, http.StatusBadRequest, "The client's address cannot be told.")
		return
	}
	if !soundRequest(w, r) {
		return
	}
	d, sub := f.hostOf(r.Host)
	if !f.free(r, d, sub) {
		if wait := f.buckets.take(AddressOf(r)); wait > 0 {
			r.Pattern = "over limit"
			f.metrics.limited()
			WriteProblem(w, &parlatory.Error{Kind: parlatory.KindTooMany, Public: "Too many requests. Please wait a moment.", RetryAfter: wait})
			return
		}
	}
	d, err := f.doorOf(r.Context(), d, sub)
	if err != nil {
		WriteProblem(w, err)
		return
	}
	if d.host == "" {
		r.Pattern = "unknown host"
		f.page421(w, r, nonce)
		return
	}
	if r.Header.Get("Upgrade") != "" {
		// What follows an upgrade is not scanned, so a connection whose upgrade was refused must end.
		w.Header().Set("Connection", "close")
	}
	f.surface(w, r, d, nonce)
}

// surface picks who answers. Prefixes are disjoint, and the path is canonical by now.
func (f *Front) surface(w *recorder, r *http.Request, d door, nonce string) {
	path := r.URL.Path
	switch {
	case d.extra != nil:
		r.Pattern = "extra host"
		d.extra.ServeHTTP(w, r)
	case strings.HasPrefix(path, "/widget/v1/"):
		f.widget(w, r, d)
	case strings.HasPrefix(path, "/api/"):
		f.staff(w, r, d)
	case path == securityTxtPath:
		r.Pattern = securityTxtPath
		f.securityTxt(w, r)
	default:
		f.pages.serve(w, r, pageView{nonce: nonce, house: d.workspace == parlatory.House, host: f.hostPort(d.host)})
	}
}

// soundRequest refuses what no route of ours could mean.
func soundRequest(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case len(r.TransferEncoding) > 0 && r.ProtoMajor < 2:
		w.Header().Set("Connection", "close")
		refuse(w, http.StatusBadRequest, "Requests need a Content-Length.")
	case !methods[r.Method]:
		w.Header().Set("Allow", "GET, HEAD, POST, PATCH, PUT, DELETE, OPTIONS")
		refuse(w, http.StatusMethodNotAllowed, "This method is not offered.")
	case !canonicalPath(r):
		if to, ok := withoutSlash(r); ok {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusPermanentRedirect)
			break
		}
		WriteProblem(w, parlatory.NotFound())
	default:
		return true
	}
	r.Pattern = "refused"
	return false
}

var methods = map[string]bool{"GET": true, "HEAD": true, "POST": true, "PATCH": true, "PUT": true, "DELETE": true, "OPTIONS": true}

// canonicalPath holds for a path that has exactly one spelling: origin form (RFC 9112 §3.2.1), unreserved characters
// only (RFC 3986 §2.3), no empty and no dot segments, no slash at the end, no fragment.
func canonicalPath(r *http.Request) bool {
	raw, _, _ := strings.Cut(r.RequestURI, "?")
	p := r.URL.Path
	if raw != p || r.URL.Fragment != "" || len(p) > 1024 || p == "" || p[0] != '/' || strings.Contains(r.RequestURI, "#") {
		return false
	}
	if p == "/" {
		return true
	}
	for segment := range strings.SplitSeq(p[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
		for i := range len(segment) {
			if !unreserved(segment[i]) {
				return false
			}
		}
	}
	return true
}

// withoutSlash is where a page typed with a slash at its end stands: on this host, at a canonical path, so it can lead
// nowhere else. Files and the API have no such second spelling.
func withoutSlash(r *http.Request) (string, bool) {
	raw, query, _ := strings.Cut(r.RequestURI, "?")
	to, slashed := strings.CutSuffix(raw, "/")
	trimmed := &http.Request{RequestURI: to, URL: &url.URL{Path: strings.TrimSuffix(r.URL.Path, "/")}}
	if !slashed || unsafeMethod(r.Method) || !canonicalPath(trimmed) || reserved(to) || r.URL.Fragment != "" {
		return "", false
	}
	if query != "" {
		to += "?" + query
	}
	return to, true
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// free holds for files at hosts that are known without a look into the directory. Everything else is paid for from the
// address' budget before the directory is asked, so that made-up names cost their sender and not the database.
func (f *Front) free(r *http.Request, d door, sub string) bool {
	if !isAsset(r.URL.Path) || d.host == "" {
		return false
	}
	if sub == "" {
		return true
	}
	id, known := f.names.get(sub)
	return known && !id.Zero()
}

// hostOf judges the host of one request, whatever the connection was opened for, without asking anybody: a door without
// a host is none of ours, and one with a subdomain is still to be looked up.
func (f *Front) hostOf(given string) (d door, sub string) {
	host, port := given, ""
	if h, p, err := net.SplitHostPort(given); err == nil {
		host, port = h, p
	}
	host = strings.ToLower(host)
	if port != "" && port != strconv.Itoa(f.opt.Port) || len(host) > 253 {
		return door{}, ""
	}
	d = door{host: host, origin: f.originOf(host)}
	if extra, ok := f.opt.Hosts[host]; ok {
		d.extra = extra
		return d, ""
	}
	if host == f.opt.Domain {
		d.workspace = parlatory.House
		return d, ""
	}
	sub, ok := strings.CutSuffix(host, "."+f.opt.Domain)
	if !ok || !label.MatchString(sub) {
		return door{}, ""
	}
	return d, sub
}

// doorOf finds the workspace of a host with a subdomain. A door without a host is unknown.
func (f *Front) doorOf(ctx context.Context, d door, sub string) (door, error) {
	if sub == "" {
		return d, nil
	}
	id, err := f.workspace(ctx, sub)
	if err != nil || id.Zero() {
		return door{}, err
	}
	d.workspace = id
	return d, nil
}

// Known reports whether a host name is one of ours: the question of certificate sources and of the redirect. In a
// handshake its client pays, from the budget of requests, for a name that must be looked up.
func (f *Front) Known(ctx context.Context, host string) bool {
	d, sub := f.hostOf(host)
	if from := peerOf(ctx); sub != "" && from.IsValid() {
		if _, known := f.names.get(sub); !known && f.buckets.take(from) > 0 {
			f.metrics.limited()
			return false
		}
	}
	d, err := f.doorOf(ctx, d, sub)
	return err == nil && d.host != ""
}

// panicked answers a panic with a problem that says nothing of it. The value may hold content, so the log has its type
// and the stack only.
func (f *Front) panicked(w *recorder, r *http.Request, v any) {
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		w.cut = true
		return
	}
	f.metrics.panicked()
	f.opt.Log.LogAttrs(r.Context(), slog.LevelError, "request panicked",
		slog.String("method", r.Method), slog.String("route", route(r)), slog.String("type", typeName(v)), slog.String("stack", string(debug.Stack())))
	if w.status != 0 || w.hijacked {
		w.cut = true
		return
	}
	WriteProblem(w, &parlatory.Error{Kind: parlatory.KindInternal, Public: "Something went wrong on our side. Nothing was saved."})
}
