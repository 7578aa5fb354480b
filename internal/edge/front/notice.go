package front

import (
	"html/template"
	"net/http"
	"strings"
)

// notice answers a browser with a small page of its own, and everybody else with one line. Its words are constants.
func notice(w http.ResponseWriter, r *http.Request, nonce string, status int, title, text string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(title + ". " + text + "\n"))
		return
	}
	h.Set("Content-Security-Policy", policyNothing+"; style-src 'nonce-"+nonce+"'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = noticePage.Execute(w, struct{ Nonce, Title, Text string }{nonce, title, text})
}

var noticePage = template.Must(template.New("notice").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{.Title}} · Parlatory</title>
<style nonce="{{.Nonce}}">
:root { color-scheme: light dark }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1rem/1.6 system-ui, sans-serif;
  background: light-dark(#f6f7f9, #16181d); color: light-dark(#1c1f26, #e9ebf0) }
main { max-width: 26rem; margin: 1.5rem; padding: 2rem 2.25rem; border-radius: .75rem;
  background: light-dark(#fff, #1f232b); border: 1px solid light-dark(#e2e5ea, #333945) }
h1 { margin: 0 0 .5rem; font-size: 1.35rem; line-height: 1.3 }
p { margin: 0; color: light-dark(#4a5060, #b4bac7) }
</style>
</head>
<body><main><h1>{{.Title}}</h1><p>{{.Text}}</p></main></body>
</html>
`))
