package front

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"parlatory"
)

// problem is the body of an error (RFC 9457 §3).
type problem struct {
	Type       string         `json:"type"`
	Title      string         `json:"title"`
	Status     int            `json:"status"`
	Detail     string         `json:"detail,omitempty"`
	Errors     []problemField `json:"errors,omitempty"`
	RetryAfter int            `json:"retry_after,omitempty"`
}

type problemField struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

var statuses = map[parlatory.Kind]int{
	parlatory.KindInternal: 500, parlatory.KindInvalid: 422, parlatory.KindUnauthenticated: 401, parlatory.KindForbidden: 403,
	parlatory.KindNotFound: 404, parlatory.KindConflict: 409, parlatory.KindExpired: 410, parlatory.KindTooLarge: 413,
	parlatory.KindTooMany: 429, parlatory.KindUnavailable: 503,
	parlatory.KindStepUp: 403,
}

// StatusOf is the HTTP status of a kind of error: the one place where the two meet.
func StatusOf(kind parlatory.Kind) int {
	if s, ok := statuses[kind]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// WriteProblem answers with an error; nothing of its cause is in the answer.
func WriteProblem(w http.ResponseWriter, err error) {
	var e *parlatory.Error
	if !errors.As(err, &e) {
		e = parlatory.Internal("request", err)
	}
	writeProblem(w, StatusOf(e.Kind), e)
}

// refuse answers with a status that has no kind of its own (400, 405, 415, 421).
func refuse(w http.ResponseWriter, status int, public string) {
	writeProblem(w, status, &parlatory.Error{Kind: parlatory.KindInvalid, Public: public})
}

func writeProblem(w http.ResponseWriter, status int, e *parlatory.Error) {
	p := problem{Type: "/problems/" + e.Kind.String(), Title: http.StatusText(status), Status: status, Detail: e.Public}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, problemField(f))
	}
	h := w.Header()
	if e.RetryAfter > 0 {
		p.RetryAfter = int(e.RetryAfter.Seconds() + 0.999)
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(p)
}
