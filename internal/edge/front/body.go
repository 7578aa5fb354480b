package front

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"parlatory"
)

// strangersBody is what everybody may send; only a staff session may send more. A message of 4,000 characters fits,
// however it is escaped.
const strangersBody = 64 << 10

// readBody takes the whole body in before anybody parses it, no more of it than weigh allows its sender, and refuses what is
// not JSON or nests too deep: so what a stranger's request may hold in memory is small (ASVS 4.3.1, 15.2.2).
func (f *Front) readBody(w *recorder, r *http.Request, limit int64) bool {
	if r.Body == nil || r.Body == http.NoBody {
		return emptyBody(w, r)
	}
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close")
		WriteProblem(w, parlatory.Fail(parlatory.KindTooLarge, "This is too large to send."))
		return false
	}
	if !unsafeMethod(r.Method) && r.ContentLength != 0 {
		refuse(w, http.StatusBadRequest, "A request that reads has no body.")
		return false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		WriteProblem(w, parlatory.Fail(parlatory.KindTooLarge, "This is too large to send."))
		return false
	case err != nil:
		refuse(w, http.StatusBadRequest, "The request ended early.")
		return false
	case len(body) == 0:
		return emptyBody(w, r)
	case !jsonBody(r):
		refuse(w, http.StatusUnsupportedMediaType, "Send application/json.")
		return false
	case depth(body) > f.opt.Limits.Depth:
		WriteProblem(w, parlatory.Invalid("body", "is nested too deep"))
		return false
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return true
}

// emptyBody lets a request without a body through, unless it claims a type that a form would have.
func emptyBody(w http.ResponseWriter, r *http.Request) bool {
	if r.Header.Get("Content-Type") != "" && !jsonBody(r) {
		refuse(w, http.StatusUnsupportedMediaType, "Send application/json.")
		return false
	}
	r.Body, r.ContentLength = http.NoBody, 0
	return true
}

// depth is how deep arrays and objects nest, counted without parsing: brackets outside of strings. Text that is no JSON
// gets a number too; the parser refuses it later.
func depth(b []byte) int {
	var now, most int
	inString := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if now++; now > most {
				most = now
			}
		case c == '}' || c == ']':
			now--
		}
	}
	return most
}
