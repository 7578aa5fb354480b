package front

import (
	"context"
	"net/http"
	"sync"
	"time"

	"parlatory"
)

// Heavy is an operation whose body may be larger than Limits.Body, for those who may do it.
type Heavy struct {
	Body int64
	May  func(context.Context, parlatory.Actor) error
}

// heavyMost is how many large bodies are taken in at once; of one workspace it is one. Each stays in memory until it is answered.
const heavyMost = 2

// heavies are the workspaces of which a large body is being read.
type heavies struct {
	mu   sync.Mutex
	busy map[parlatory.WorkspaceID]bool
}

func (h *heavies) take(ws parlatory.WorkspaceID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.busy[ws] || len(h.busy) >= heavyMost {
		return false
	}
	h.busy[ws] = true
	return true
}

func (h *heavies) give(ws parlatory.WorkspaceID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.busy, ws)
}

// weigh says how large the body of a request may be, before any of it is read. One that is larger than usual says so in its head, belongs to
// an operation that takes such, and comes from somebody who may do that now. free ends what it holds. False has been answered.
func (f *Front) weigh(w *recorder, r *http.Request, who parlatory.Actor) (limit int64, free func(), ok bool) {
	limit = f.opt.Limits.Body
	if who.Kind != parlatory.Staff {
		limit = min(limit, strangersBody)
	}
	op, heavy := f.opt.Heavy[r.Method+" "+r.URL.Path]
	if !heavy || who.Kind != parlatory.Staff || r.ContentLength <= limit {
		return limit, func() {}, true
	}
	err := op.May(r.Context(), who)
	if err == nil && !f.heavies.take(who.Workspace) {
		err = &parlatory.Error{Kind: parlatory.KindTooMany, Public: "Another file is being taken in. Please try again in a moment.", RetryAfter: 5 * time.Second}
	}
	if err != nil {
		w.Header().Set("Connection", "close") // its body is not read
		WriteProblem(w, err)
		return 0, nil, false
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(10 * deadline))
	return max(limit, op.Body), func() { f.heavies.give(who.Workspace) }, true
}
