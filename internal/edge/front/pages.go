package front

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"parlatory"
)

// pages is the built web part in memory. The files are part of the binary, so none of them is a secret and none changes
// while the process runs.
type pages struct {
	files map[string]*file // by path with a leading slash
}

type file struct {
	body    []byte
	kind    string
	etag    string
	forever bool          // the name holds a hash of the content
	gz, br  func() []byte // nil result: not smaller, or not there
	parts   [][]byte      // of a page: what stands between the places of the nonce
}

// pageView is what a page's answer depends on.
type pageView struct {
	nonce string
	house bool
	host  string // with port
}

// hashed is how the bundler names a file whose content decides its name.
var hashed = regexp.MustCompile(`^/(?:assets/.+|widget/.+)-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$`)

const noncePlace = "__NONCE__"

func newPages(web fs.FS) (*pages, error) {
	p := &pages{files: map[string]*file{}}
	if web == nil {
		return p, nil
	}
	err := fs.WalkDir(web, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		base := path.Base(name)
		if strings.HasPrefix(base, ".") || strings.HasPrefix(name, ".vite/") || strings.HasSuffix(name, ".map") || isPacked(name) {
			return nil
		}
		f, err := readFile(web, name)
		p.files["/"+name] = f
		return err
	})
	return p, err
}

func isPacked(name string) bool {
	return strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".br")
}

func readFile(web fs.FS, name string) (*file, error) {
	body, err := fs.ReadFile(web, name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	f := &file{
		body: body, kind: typeOf(name), forever: hashed.MatchString("/" + name),
		etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
	}
	if strings.HasSuffix(name, ".html") {
		f.parts = bytes.Split(body, []byte(noncePlace))
	}
	f.gz = sync.OnceValue(func() []byte {
		if packed, err := fs.ReadFile(web, name+".gz"); err == nil {
			return packed
		}
		return packedIfSmaller(body, f.kind)
	})
	f.br = sync.OnceValue(func() []byte {
		packed, err := fs.ReadFile(web, name+".br")
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return packed
	})
	return f, nil
}

func packedIfSmaller(body []byte, kind string) []byte {
	if len(body) < 1400 || !(strings.HasPrefix(kind, "text/") || strings.Contains(kind, "json") || strings.Contains(kind, "svg")) {
		return nil
	}
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, _ = z.Write(body)
	_ = z.Close()
	if out.Len() >= len(body) {
		return nil
	}
	return out.Bytes()
}

// typeOf is fixed here for what we ship, since the machine's table of types may say otherwise.
func typeOf(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".woff2":
		return "font/woff2"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// doorPages are the first segments of the workspace's pages that work without a session; every other page is the
// console's. At the bare domain all pages are the door's.
var doorPages = map[string]bool{
	"signin": true, "signup": true, "invitation": true, "forgot": true, "reset": true, "policies": true,
}

// isAsset holds for paths of files, which cost nothing and are asked for in bunches.
func isAsset(p string) bool {
	return strings.HasPrefix(p, "/assets/") || strings.HasPrefix(p, "/widget/") && !strings.HasPrefix(p, "/widget/v1/") || strings.Count(p, "/") == 1 && path.Ext(p) != ""
}

// reserved holds for spellings of a known prefix that are not its own: they are no pages.
func reserved(p string) bool {
	first, _, _ := strings.Cut(p[1:], "/")
	switch strings.ToLower(first) {
	case "api", "widget", "assets", ".well-known":
		return true
	}
	return strings.HasPrefix(first, ".") || path.Ext(p) != ""
}

func (p *pages) serve(w http.ResponseWriter, r *http.Request, v pageView) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		r.Pattern = "refused"
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "This address can only be read.")
		return
	}
	at := r.URL.Path
	if f, ok := p.files[at]; ok && f.parts == nil {
		p.asset(w, r, f)
		return
	}
	if reserved(at) {
		r.Pattern = "unknown"
		notice(w, r, v.nonce, http.StatusNotFound, "There is nothing here", "The address may be mistyped, or the page may have moved.")
		return
	}
	name := "console"
	first, _, _ := strings.Cut(at[1:], "/")
	if v.house || doorPages[first] {
		name = "door"
	}
	r.Pattern = name + " page"
	if name == "console" && oneCookie(r, sessionCookie) == "" {
		// Who has no session would only see the console fail; the path has one spelling and is our own (canonicalPath).
		next := ""
		if at != "/" {
			next = "?next=" + url.QueryEscape(at)
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Location", "/signin"+next)
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	f, ok := p.files["/"+name+".html"]
	if !ok {
		notice(w, r, v.nonce, http.StatusServiceUnavailable, "The web part is missing", "This binary was built without its pages. Build it with “make build”.")
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy(v.nonce, v.host, name == "console"))
	if name == "console" {
		h.Set("Permissions-Policy", consoleFeatures)
	}
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "no-store") // a nonce is for one answer
	_, _ = w.Write(bytes.Join(f.parts, []byte(v.nonce)))
}

func (p *pages) asset(w http.ResponseWriter, r *http.Request, f *file) {
	h := w.Header()
	r.Pattern = "asset"
	if strings.HasPrefix(r.URL.Path, "/widget/") { // a script tag of any site may load it; whom it may talk to is judged elsewhere
		r.Pattern = "widget asset"
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("Access-Control-Allow-Origin", "*")
	}
	h.Set("Cache-Control", "public, max-age=300")
	if f.forever {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Add("Vary", "Accept-Encoding")
	h.Set("Content-Type", f.kind)
	h.Set("Etag", f.etag)
	if r.Header.Get("If-None-Match") == f.etag {
		h.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.body
	if packed := f.br(); packed != nil && accepts(r, "br") {
		body = packed
		h.Set("Content-Encoding", "br")
	} else if packed := f.gz(); packed != nil && accepts(r, "gzip") {
		body = packed
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// accepts reads Accept-Encoding (RFC 9110 §12.5.3); a weight of zero is a refusal.
func accepts(r *http.Request, coding string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q, weighed := strings.CutPrefix(strings.TrimSpace(weight), "q=")
			n, err := strconv.ParseFloat(q, 64)
			return !weighed || err == nil && n > 0
		}
	}
	return false
}

// page421 answers for a host that is none of ours (RFC 9110 §15.5.20). It repeats nothing of the request.
func (f *Front) page421(w http.ResponseWriter, r *http.Request, nonce string) {
	const title, text = "No workspace here", "No workspace answers at this address. Please check it for typing errors."
	if strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/widget/") {
		writeProblem(w, http.StatusMisdirectedRequest, parlatory.Fail(parlatory.KindNotFound, text))
		return
	}
	notice(w, r, nonce, http.StatusMisdirectedRequest, title, text)
}
