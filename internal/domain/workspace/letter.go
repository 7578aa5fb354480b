package workspace

import (
	"fmt"
	"html/template"
	"strings"
)

// Letter is a mail before it is set: the same words go into the plain and the HTML form. Every part is plain text;
// html/template escapes it for the place where it stands (AC-092).
type Letter struct {
	To         string
	Subject    string
	Greeting   string   // "Good day Dana,"; empty for the general one
	Paragraphs []string // before the link
	Action     string   // the words on the link
	Link       string
	After      []string // after the link: how long it lasts, what to do if it was not you
	From       string   // who writes: the company and where it lives
}

const generalGreeting = "Good day,"

var letterHTML = template.Must(template.New("letter").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>{{.Subject}}</title>
<style>
@media (max-width:480px) { .ground { padding:12px !important } .sheet { padding:20px !important } }
@media (prefers-color-scheme:dark) { .ground { background:#121419 !important; color:#e9ebf0 !important } .sheet { background:#1e2129 !important } .dim { color:#a3abba !important } .from { border-color:#2e323d !important } .go { background:#3565cb !important } }
</style></head>
<body class="ground" style="margin:0;padding:24px;background:#f4f5f7;color:#1b1f24;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;overflow-wrap:anywhere">
<div class="sheet" style="max-width:560px;margin:0 auto;padding:28px 32px;background:#ffffff;border-radius:10px">
<p style="margin-top:0">{{.Greeting}}</p>
{{range .Paragraphs}}<p>{{.}}</p>
{{end}}{{if .Link}}<p style="margin:24px 0"><a class="go" href="{{.Link}}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:#1f4fbf;color:#ffffff;text-decoration:none;font-weight:600">{{.Action}}</a></p>
<p class="dim" style="font-size:14px;color:#4b5563">If the button does not work, copy this address into your browser:<br><span style="word-break:break-all">{{.Link}}</span></p>
{{end}}{{range .After}}<p>{{.}}</p>
{{end}}<p class="dim from" style="margin-top:28px;margin-bottom:0;padding-top:16px;border-top:1px solid #e5e7eb;font-size:14px;color:#4b5563">{{.From}}</p>
</div></body></html>
`))

// Mail sets the letter.
func (l Letter) Mail() (Mail, error) {
	if l.Greeting == "" {
		l.Greeting = generalGreeting
	}
	var html strings.Builder
	if err := letterHTML.Execute(&html, l); err != nil {
		return Mail{}, fmt.Errorf("set letter: %w", err)
	}
	parts := append([]string{l.Greeting}, l.Paragraphs...)
	if l.Link != "" {
		parts = append(parts, l.Action+":\n"+l.Link)
	}
	parts = append(parts, l.After...)
	parts = append(parts, "-- \n"+l.From)
	return Mail{To: l.To, Subject: oneLine(l.Subject), Text: strings.Join(parts, "\n\n") + "\n", HTML: html.String()}, nil
}

// oneLine keeps a subject from ending its header (RFC 5322 §2.2); names are judged before, this is the second wall.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
