package app

import (
	"encoding/json"
	"html/template"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/edge/front"
	"parlatory/internal/outbound/mail"
)

// MailPage shows the demo's mails: a list, newest first, and one mail beside it. It is rendered here, without a script,
// and shows the text of a mail, never its HTML: what a mail holds stays text (ASVS 1.2.1), its web addresses become links.
//
//	/           the list and the newest mail
//	/12         the list and mail 12
//	/mails.json all of them, for scripts
func MailPage(box *mail.Kept) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { showMails(w, r, box.Letters(), 0) })
	mux.HandleFunc("GET /mails.json", func(w http.ResponseWriter, _ *http.Request) { listMails(w, box.Letters()) })
	mux.HandleFunc("GET /{number}", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
		if err != nil || n < 1 {
			front.WriteProblem(w, parlatory.NotFound())
			return
		}
		showMails(w, r, box.Letters(), n)
	})
	return mux
}

// mailText is a stretch of a mail's text, and where it leads if it is an address.
type mailText struct{ Text, Link string }

type mailView struct {
	Number  int64
	At      time.Time
	To      string
	Subject string
	Parts   []mailText
	Open    bool
}

func listMails(w http.ResponseWriter, letters []mail.Letter) {
	type entry struct {
		Number  int64     `json:"number"`
		At      time.Time `json:"at"`
		To      string    `json:"to"`
		Subject string    `json:"subject"`
		Text    string    `json:"text"`
	}
	out := []entry{}
	for _, l := range letters {
		out = append(out, entry{l.Number, l.At, l.To, l.Subject, l.Text})
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(map[string]any{"items": out})
}

func showMails(w http.ResponseWriter, r *http.Request, letters []mail.Letter, number int64) {
	if number == 0 && len(letters) > 0 {
		number = letters[0].Number
	}
	page := struct {
		Nonce string
		List  []mailView
		Shown *mailView
		Gone  bool
	}{Nonce: front.Nonce(r.Context())}
	for _, l := range letters {
		v := mailView{Number: l.Number, At: l.At, To: l.To, Subject: l.Subject, Open: l.Number == number}
		page.List = append(page.List, v)
		if v.Open {
			v.Parts = linked(l.Text)
			page.Shown = &v
		}
	}
	page.Gone = page.Shown == nil && number > 0
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+page.Nonce+"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if page.Gone {
		w.WriteHeader(http.StatusNotFound)
	}
	_ = mailTemplate.Execute(w, page)
}

// webAddress is what becomes a link: https only, up to a blank or a mark that no address of ours holds.
var webAddress = regexp.MustCompile(`https://[^\s<>"'` + "`" + `]+`)

func linked(text string) []mailText {
	var parts []mailText
	at := 0
	for _, m := range webAddress.FindAllStringIndex(text, -1) {
		end := at + len(strings.TrimRight(text[at:m[1]], ".,;:!?)"))
		parts = append(parts, mailText{Text: text[at:m[0]]}, mailText{Text: text[m[0]:end], Link: text[m[0]:end]})
		at = end
	}
	return append(parts, mailText{Text: text[at:]})
}

var mailTemplate = template.Must(template.New("mails").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{with .Shown}}{{.Subject}} · {{end}}Mail of the demo</title>
<style nonce="{{.Nonce}}">
:root { color-scheme: light dark; --line: light-dark(#e1e4ea, #343a46); --soft: light-dark(#565d6d, #aab1bf); --paper: light-dark(#fff, #1f232b);
  --ground: light-dark(#f5f6f8, #16181d); --ink: light-dark(#1b1f27, #e9ebf0); --link: light-dark(#2b50c8, #9db4ff); --open: light-dark(#e9eefc, #2a3350) }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", sans-serif; background: var(--ground); color: var(--ink) }
a { color: var(--link) }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: .375rem }
header { display: flex; gap: .5rem 1rem; flex-wrap: wrap; align-items: baseline; padding: 1rem 1.5rem; border-bottom: 1px solid var(--line); background: var(--paper) }
h1 { margin: 0; font-size: 1.125rem }
header p { margin: 0; color: var(--soft); font-size: .9375rem; flex: 1 1 16rem }
.look { padding: .375rem .875rem; border: 1px solid var(--line); border-radius: .5rem; text-decoration: none; font-weight: 600; font-size: .9375rem }
.look:hover { background: var(--open) }
.desk { display: grid; grid-template-columns: minmax(17rem, 24rem) 1fr; gap: 1.5rem; max-width: 76rem; margin: 0 auto; padding: 1.5rem }
nav ol { list-style: none; margin: 0; padding: 0; background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; overflow: hidden }
nav li + li { border-top: 1px solid var(--line) }
nav a { display: block; padding: .75rem 1rem; color: inherit; text-decoration: none }
nav a:hover { background: var(--ground) }
nav a:focus-visible { outline-offset: -3px }
nav a[aria-current] { background: var(--open); box-shadow: inset 3px 0 var(--link) }
nav b { display: block; font-weight: 600; line-height: 1.35; overflow-wrap: anywhere }
nav span { display: flex; justify-content: space-between; gap: .75rem; color: var(--soft); font-size: .875rem }
nav i { font-style: normal; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
time { white-space: nowrap }
article { background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; padding: 1.5rem 1.75rem; align-self: start; min-width: 0 }
h2 { margin: 0 0 .25rem; font-size: 1.375rem; line-height: 1.3; overflow-wrap: anywhere }
.to { margin: 0 0 1.25rem; padding-bottom: 1rem; border-bottom: 1px solid var(--line); color: var(--soft); font-size: .9375rem; overflow-wrap: anywhere }
.text { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere }
.empty { max-width: 28rem; margin: 18vh auto; padding: 0 1.5rem; text-align: center; color: var(--soft) }
.empty h2 { color: var(--ink) }
@media (max-width: 47.99rem) { .desk { grid-template-columns: 1fr; padding: 1rem; gap: 1rem } article { order: -1; padding: 1.25rem } header { padding: 1rem } }
</style>
</head>
<body>
<header><h1>Mail of the demo</h1><p>Every mail that the server sends ends up here, and never leaves this machine.</p><a class="look" href="/">Look for new mail</a></header>
<main>
{{if .List}}<div class="desk">
<nav aria-label="Mails, newest first"><ol>
{{range .List}}<li><a href="/{{.Number}}"{{if .Open}} aria-current="page"{{end}}><b>{{.Subject}}</b><span><i>{{.To}}</i><time datetime="{{.At.Format "2006-01-02T15:04:05Z07:00"}}">{{.At.Format "15:04:05"}} UTC</time></span></a></li>
{{end}}</ol></nav>
{{with .Shown}}<article><h2>{{.Subject}}</h2><p class="to">To {{.To}}, {{.At.Format "2 January 2006, 15:04:05"}} UTC</p>
<p class="text">{{range .Parts}}{{if .Link}}<a href="{{.Link}}" rel="noreferrer">{{.Text}}</a>{{else}}{{.Text}}{{end}}{{end}}</p></article>
{{else}}<article><h2>This mail is not here any more</h2><p class="text">The demo keeps the newest 200 mails, until it is stopped.</p></article>{{end}}
</div>{{else}}<div class="empty"><h2>No mail yet</h2><p>Invite somebody, sign up a company, or ask for a new password: the mail shows up here.</p></div>{{end}}
</main>
</body>
</html>
`))
