package front

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parlatory"
)

const (
	staffSocket   = "/api/v1/live"
	visitorSocket = "/widget/v1/live"
	longAnswer    = "/api/v1/audit/export" // a download may take longer than an ordinary answer
)

func unsafeMethod(method string) bool {
	return method != "GET" && method != "HEAD" && method != "OPTIONS"
}

// staff lets a request through to the API of staff and of the bare domain.
func (f *Front) staff(w *recorder, r *http.Request, d door) {
	apiHeaders(w.Header())
	socket := r.URL.Path == staffSocket
	if r.Method == http.MethodOptions { // no other origin is ever allowed, so a preflight has no answer
		r.Pattern = "refused"
		refuse(w, http.StatusMethodNotAllowed, "This method is not offered.")
		return
	}
	who, ok := f.staffOrToken(w, r, d, socket)
	if !ok {
		return
	}
	waited := r.Body != nil && r.Body != http.NoBody
	free, streams, ok := f.takeBody(w, r, who)
	if !ok {
		r.Pattern = "refused"
		return
	}
	defer free()
	// A body takes as long as its sender likes, up to the deadline. Who asked is looked up before it, since that says how much is read, and
	// again after it, since a session may have been ended in between.
	if waited && !streams && who.Kind != parlatory.Anonymous {
		if who, ok = f.staffOrToken(w, r, d, socket); !ok {
			return
		}
	}
	r2 := r.WithContext(WithDevice(WithActor(r.Context(), who), parlatory.NewSecret(oneCookie(r, deviceCookie))))
	defer func() { r.Pattern = r2.Pattern }()
	if socket {
		r2 = f.again(r2, d, who)
		r2.Pattern = staffSocket
		f.opt.StaffLive.ServeHTTP(w, r2)
		return
	}
	if r.URL.Path == longAnswer {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(10 * deadline))
	}
	f.opt.API.ServeHTTP(w, r2)
}

// staffOrToken finds who asks: by an API token, or by cookies behind the rule of origins. False has been answered.
func (f *Front) staffOrToken(w *recorder, r *http.Request, d door, socket bool) (parlatory.Actor, bool) {
	if bears(r) {
		return f.bearer(w, r, d)
	}
	if (unsafeMethod(r.Method) || socket) && !sameOrigin(r, d.origin, socket) {
		r.Pattern = "refused"
		WriteProblem(w, parlatory.Fail(parlatory.KindForbidden, "This request did not come from this site's own page."))
		return parlatory.Actor{}, false
	}
	who, err := f.staffActor(r, d)
	if err != nil {
		WriteProblem(w, err)
	}
	return who, err == nil
}

// again lets a socket read its session a second time; only the token is kept of the request.
func (f *Front) again(r *http.Request, d door, who parlatory.Actor) *http.Request {
	token, from := oneCookie(r, sessionCookie), stranger(r, d)
	return r.WithContext(WithAgain(r.Context(), func(ctx context.Context) (parlatory.Actor, error) {
		if who.Kind != parlatory.Staff {
			return from, nil
		}
		return f.opt.Sessions.Unattended(ctx, d.workspace, token, from)
	}))
}

// sameOrigin holds when the browser says that the own host's page sent the request (ASVS 3.5.1). Sockets always carry
// Origin (RFC 6455 §10.2); other requests may carry Sec-Fetch-Site alone. Neither: no browser's page of ours.
func sameOrigin(r *http.Request, origin string, socket bool) bool {
	switch given := r.Header.Values("Origin"); len(given) {
	case 0:
		site := r.Header.Values("Sec-Fetch-Site")
		return !socket && len(site) == 1 && site[0] == "same-origin"
	case 1:
		return given[0] == origin
	}
	return false
}

// widget lets a request through to the visitors' API. No cookie is read here.
func (f *Front) widget(w *recorder, r *http.Request, d door) {
	h := w.Header()
	apiHeaders(h)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Add("Vary", "Origin")
	r.Pattern = "refused"
	if d.workspace == parlatory.House {
		WriteProblem(w, parlatory.NotFound())
		return
	}
	site, ok, err := f.site(r, d)
	if err != nil {
		WriteProblem(w, err)
		return
	}
	if !ok {
		WriteProblem(w, parlatory.Fail(parlatory.KindForbidden, "This site is not listed for this chat. Its owner can add it under Administration."))
		return
	}
	allowSite(h, site)
	if r.Method == http.MethodOptions {
		r.Pattern = "widget preflight"
		w.WriteHeader(http.StatusNoContent)
		return
	}
	f.asVisitor(w, r, d, site)
}

func (f *Front) asVisitor(w *recorder, r *http.Request, d door, site string) {
	who, err := f.visitorActor(r, d, site)
	if err != nil {
		WriteProblem(w, err)
		return
	}
	free, _, ok := f.takeBody(w, r, who)
	if !ok {
		return
	}
	defer free()
	r2 := r.WithContext(WithActor(r.Context(), who))
	r2.Pattern = ""
	defer func() { r.Pattern = r2.Pattern }()
	if r.URL.Path == visitorSocket {
		if who.Kind == parlatory.Visitor { // by header; a browser's token comes later, with the connect command
			r2 = r2.WithContext(WithAgain(r2.Context(), func(context.Context) (parlatory.Actor, error) { return f.visitorActor(r, d, site) }))
		}
		r2.Pattern = visitorSocket
		f.opt.VisitorLive.ServeHTTP(w, r2)
		return
	}
	f.opt.API.ServeHTTP(w, r2)
}

// site is the origin of the host page, if the workspace lists it. Every request and every socket needs one; "null" and
// the like are no https origin, so they are never asked about (ASVS 3.4.2).
func (f *Front) site(r *http.Request, d door) (string, bool, error) {
	given := r.Header.Values("Origin")
	if len(given) != 1 || !httpsOrigin(given[0]) {
		return "", false, nil
	}
	ok, err := f.opt.Sites.Listed(r.Context(), d.workspace, given[0])
	return given[0], ok, err
}

// httpsOrigin holds for the serialised origin of RFC 6454 §6.2 with scheme https, and nothing after it.
func httpsOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= 300 && u.Scheme == "https" && u.Host != "" && s == "https://"+u.Host && s == strings.ToLower(s)
}

func allowSite(h http.Header, site string) {
	h.Set("Access-Control-Allow-Origin", site)
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Range")
	h.Set("Access-Control-Expose-Headers", "Retry-After, Content-Disposition, Content-Range")
	h.Set("Access-Control-Max-Age", "600")
}

// jsonBody holds for application/json, in UTF-8 where a charset is named (RFC 8259 §8.1). A form, text/plain or
// multipart body is what a page may send across sites without asking first.
func jsonBody(r *http.Request) bool {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && kind != "application/merge-patch+json" || len(r.Header.Values("Content-Type")) != 1 {
		return false
	}
	charset, named := params["charset"]
	return !named || strings.EqualFold(charset, "utf-8")
}
