package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"parlatory"
	"parlatory/internal/edge/front"
)

// Problem is the body of an error (RFC 9457). Type is stable and relative; Detail is one sentence for the person.
type Problem struct {
	Type       string         `json:"type" doc:"Stable name of the kind of problem, such as /problems/invalid"`
	Title      string         `json:"title"`
	Status     int            `json:"status"`
	Detail     string         `json:"detail,omitempty"`
	Errors     []ProblemField `json:"errors,omitempty" doc:"Which fields are wrong, and why"`
	RetryAfter int            `json:"retry_after,omitempty" doc:"Seconds after which a repeat may succeed"`
}

// ProblemField names one wrong field.
type ProblemField struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

func (p *Problem) Error() string { return p.Detail }

// GetStatus is huma's way to the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is the media type of RFC 9457 §6.1.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders adds Retry-After where there is one.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	return h
}

// ProblemOf turns an error into its problem. The cause of an internal error is not in it.
func ProblemOf(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var e *parlatory.Error
	if !errors.As(err, &e) {
		e = parlatory.Internal("request", err)
	}
	status := front.StatusOf(e.Kind)
	p = &Problem{Type: "/problems/" + e.Kind.String(), Title: http.StatusText(status), Status: status, Detail: e.Public}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, ProblemField(f))
	}
	if e.RetryAfter > 0 {
		p.RetryAfter = int(e.RetryAfter.Seconds() + 0.999)
	}
	return p
}

func (a *API) problem(ctx context.Context, operation string, err error) error {
	p := ProblemOf(err)
	if p.Status >= 500 && !errors.Is(err, context.Canceled) {
		a.log.LogAttrs(ctx, slog.LevelError, "operation failed", slog.String("operation", operation), slog.String("cause", err.Error()))
	}
	return huma.ErrorWithHeaders(p, p.GetHeaders())
}

// newProblem is what huma calls for requests that it refuses itself: unknown fields, wrong types, sizes.
func newProblem(status int, msg string, errs ...error) huma.StatusError {
	kind := parlatory.KindInvalid
	for k := parlatory.KindInternal; k <= parlatory.KindUnavailable; k++ {
		if front.StatusOf(k) == status {
			kind = k
		}
	}
	p := &Problem{Type: "/problems/" + kind.String(), Title: http.StatusText(status), Status: status, Detail: "Please check what you entered."}
	if kind != parlatory.KindInvalid {
		p.Detail = msg
	}
	for _, err := range errs {
		var d *huma.ErrorDetail
		if errors.As(err, &d) {
			p.Errors = append(p.Errors, ProblemField{Name: strings.TrimPrefix(d.Location, "body."), Reason: reason(d.Message)})
		} else if err != nil {
			p.Errors = append(p.Errors, ProblemField{Name: "body", Reason: "cannot be read"})
		}
	}
	return p
}

// reason is what is said of a field. The parser's own words name types of the program and repeat what was sent, however
// long that is.
func reason(s string) string {
	if strings.Contains(s, "json: ") || len(s) > 200 {
		return "cannot be read"
	}
	return s
}
