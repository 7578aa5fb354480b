package shop

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

//go:embed site
var site embed.FS

// page is what a template is filled with.
type page struct {
	Widget string // address of the widget's script
}

// file is one answer, made once at the start.
type file struct {
	kind string
	body []byte
}

// static files, and the pages that are templates.
var (
	files = map[string]string{
		"/shop.css": "text/css; charset=utf-8", "/mark.svg": "image/svg+xml", "/lamp.svg": "image/svg+xml",
		"/bench.svg": "image/svg+xml", "/shelf.svg": "image/svg+xml", "/harbour.svg": "image/svg+xml",
	}
	pages = map[string]string{"/": "site/index.html", "/delivery": "site/delivery.html"}
)

// New makes the site's handler. The origin is that of the workspace whose widget it carries, such as
// https://acme.parlatory.localhost:8443.
func New(origin string) (http.Handler, error) {
	widget, err := url.Parse(origin)
	if err != nil || widget.Host == "" || (widget.Scheme != "https" && widget.Scheme != "http") {
		return nil, fmt.Errorf("sample site: widget origin %q is not an origin", origin)
	}
	base := widget.Scheme + "://" + widget.Host
	made := make(map[string]file, len(files)+len(pages))
	for name, kind := range files {
		body, err := site.ReadFile("site" + name)
		if err != nil {
			return nil, fmt.Errorf("sample site: %w", err)
		}
		made[name] = file{kind, body}
	}
	for name, source := range pages {
		body, err := render(source, page{Widget: base + "/widget/v1.js"})
		if err != nil {
			return nil, err
		}
		made[name] = file{"text/html; charset=utf-8", body}
	}
	return &handler{made: made, policy: policy(widget)}, nil
}

func render(source string, with page) ([]byte, error) {
	t, err := template.ParseFS(site, source, "site/parts.html")
	if err != nil {
		return nil, fmt.Errorf("sample site: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, with); err != nil {
		return nil, fmt.Errorf("sample site: %w", err)
	}
	return b.Bytes(), nil
}

// policy is the one of docs/widget.md: the script, the requests and the socket of one origin, beside the site's own.
func policy(widget *url.URL) string {
	origin := widget.Scheme + "://" + widget.Host
	socket := strings.Replace(widget.Scheme, "http", "ws", 1) + "://" + widget.Host
	return "default-src 'none'; script-src " + origin + "; connect-src " + origin + " " + socket +
		"; style-src 'self'; img-src 'self'; media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
}

type handler struct {
	made   map[string]file
	policy string
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Security-Policy", h.policy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		head.Set("Allow", "GET, HEAD")
		http.Error(w, "This page can only be read.", http.StatusMethodNotAllowed)
		return
	}
	f, ok := h.made[r.URL.Path]
	if !ok {
		http.Error(w, "There is no such page in this shop. Its front door is at /.", http.StatusNotFound)
		return
	}
	head.Set("Content-Type", f.kind)
	head.Set("Content-Length", strconv.Itoa(len(f.body)))
	head.Set("Cache-Control", "no-cache")
	if r.Method == http.MethodGet {
		_, _ = w.Write(f.body) // the reader may have left
	}
}
