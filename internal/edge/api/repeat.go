package api

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/edge/front"
)

// repeats answers a repeated write with its first answer: an Idempotency-Key counts for one actor, operation and body,
// and the answer is kept sealed for a day. Server errors are not kept, so that a repeat tries again.
func (a *API) repeats(w http.ResponseWriter, r *http.Request) bool {
	key := r.Header.Get("Idempotency-Key")
	actor := front.ActorOf(r.Context())
	if key == "" || r.Method == http.MethodGet || r.Method == http.MethodHead || !keeps(r, actor) {
		return false
	}
	if actor.Kind == parlatory.Anonymous {
		if err := a.Chat.MayRepeat(actor); err != nil {
			front.WriteProblem(w, err)
			return true
		}
	}
	body, err := io.ReadAll(r.Body) // front has bounded it
	if err != nil {
		front.WriteProblem(w, parlatory.Fail(parlatory.KindTooLarge, "The request is too large."))
		return true
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	request := &workspace.Request{Operation: r.Method + " " + r.URL.Path, Key: key, Body: body}
	kept, err := a.Workspace.Begin(r.Context(), actor, request)
	if err != nil {
		front.WriteProblem(w, err)
		return true
	}
	if kept != nil {
		w.Header().Set("Idempotent-Replayed", "true")
		write(w, kept.Status, kept.Body)
		return true
	}
	rec := &answer{header: w.Header(), status: http.StatusOK}
	a.mux.ServeHTTP(rec, r)
	a.settle(r, actor, request, rec)
	w.WriteHeader(rec.status)
	_, _ = w.Write(rec.body.Bytes())
	return true
}

// keeps says whose answers are kept: of staff and visitors, and of the one write by which a stranger becomes a visitor. The
// sign-in writes are left out, since their answers carry cookies; exports, since each reading of them is witnessed; and
// what is under My Account, since its answers hold secrets or cookies;
// marks, since they repeat by themselves and have no rate of their own.
func keeps(r *http.Request, actor parlatory.Actor) bool {
	if _, streams := Stream(r); streams { // a part of a file: by itself the same when it is sent again
		return false
	}
	if r.URL.Path == exportPath || strings.HasSuffix(r.URL.Path, "/export") || strings.HasSuffix(r.URL.Path, "/read") || strings.HasPrefix(r.URL.Path, "/api/v1/me/") {
		return false
	}
	switch actor.Kind {
	case parlatory.Staff, parlatory.Visitor:
		return true
	case parlatory.Anonymous:
		return r.URL.Path == beginPath
	}
	return false
}

func (a *API) settle(r *http.Request, actor parlatory.Actor, request *workspace.Request, rec *answer) {
	ctx := context.WithoutCancel(r.Context()) // the act is done, whether or not its client has waited
	var err error
	// A refusal has changed nothing, so it is not kept: else whoever sends nonsense under ever new keys fills the table.
	if rec.status >= 400 {
		err = a.Workspace.Drop(ctx, actor, request)
	} else {
		err = a.Workspace.Finish(ctx, actor, request, workspace.Answer{Status: rec.status, Body: rec.body.Bytes()})
	}
	if err != nil {
		a.log.LogAttrs(r.Context(), slog.LevelError, "keep answer for a repeat", slog.String("cause", err.Error()))
	}
}

func write(w http.ResponseWriter, status int, body []byte) {
	kind := "application/json"
	if status >= 400 {
		kind = "application/problem+json"
	}
	if len(body) > 0 {
		w.Header().Set("Content-Type", kind)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// answer holds a response until it is kept.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }
