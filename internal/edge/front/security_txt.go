package front

import (
	"fmt"
	"net/http"
	"time"

	"parlatory"
)

const securityTxtPath = "/.well-known/security.txt"

// securityTxt tells finders of weaknesses whom to write to (RFC 9116). It expires in half a year from each answer, well
// under the year that §2.5.5 asks for, and always at midnight, so that all answers of a day are the same.
func (f *Front) securityTxt(w http.ResponseWriter, r *http.Request) {
	if f.opt.Contact == "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		WriteProblem(w, parlatory.NotFound())
		return
	}
	expires := f.opt.Clock.Now().UTC().Truncate(24*time.Hour).AddDate(0, 6, 0)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = fmt.Fprintf(w, "Contact: %s\r\nExpires: %s\r\nPreferred-Languages: en\r\nCanonical: %s%s\r\n",
		f.opt.Contact, expires.Format(time.RFC3339), f.originOf(f.opt.Domain), securityTxtPath)
}
