package front

import (
	"io"
	"mime"
	"net/http"
	"time"

	"parlatory"
)

// Stream says how many bytes the body of a request may have that the API takes as they come; false for every other request.
type Stream func(r *http.Request) (most int64, ok bool)

const (
	streamIdle = 20 * time.Second // for how long a stream may stand still
	streamRest = 30 * time.Second // how long one may take besides what its bytes take
	streamPace = 32 << 10         // bytes a second that its sender must reach
)

// streamTime is how long a stream of n bytes may take: at the least pace 4 MiB take some two and a half minutes, and a few bytes hold no
// slot for longer than the rest.
func streamTime(n int64) time.Duration {
	return streamRest + time.Duration(n)*time.Second/streamPace
}

// takeBody reads a body whole, or opens it as a stream. free ends what it holds. False has been answered.
func (f *Front) takeBody(w *recorder, r *http.Request, who parlatory.Actor) (free func(), streams, ok bool) {
	if f.opt.Stream != nil {
		if most, streams := f.opt.Stream(r); streams {
			return func() {}, true, openStream(w, r, who, most)
		}
	}
	limit, free, ok := f.weigh(w, r, who)
	if !ok {
		return nil, false, false
	}
	if !f.readBody(w, r, limit) {
		free()
		return nil, false, false
	}
	return free, false, true
}

// openStream lets a body of plain bytes through, of known length, from staff and visitors only. It holds none of it in memory; the deadline
// moves on while bytes come (ASVS 4.3.1, 15.2.2). A page of another site can't send it without asking first: the type is none that a form has.
func openStream(w *recorder, r *http.Request, who parlatory.Actor, most int64) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var refusal *parlatory.Error
	switch {
	case who.Kind != parlatory.Staff && who.Kind != parlatory.Visitor:
		refusal = parlatory.Fail(parlatory.KindUnauthenticated, "Please sign in.")
	case r.ContentLength > most:
		refusal = parlatory.Fail(parlatory.KindTooLarge, "This is too large to send.")
	case r.ContentLength < 1:
		refusal = parlatory.Invalid("body", "needs a Content-Length of at least 1")
	}
	if refusal != nil || err != nil || kind != "application/octet-stream" {
		w.Header().Set("Connection", "close") // its body is not read
		if refusal != nil {
			WriteProblem(w, refusal)
		} else {
			refuse(w, http.StatusUnsupportedMediaType, "Send application/octet-stream.")
		}
		return false
	}
	out := http.NewResponseController(w.ResponseWriter)
	end := time.Now().Add(streamTime(r.ContentLength))
	_ = out.SetWriteDeadline(end.Add(deadline))
	r.Body = &stream{ReadCloser: r.Body, in: out, end: end}
	return true
}

// stream is a body that must go on coming.
type stream struct {
	io.ReadCloser
	in  *http.ResponseController
	end time.Time
}

func (s *stream) Read(p []byte) (int, error) {
	next := time.Now().Add(streamIdle)
	if next.After(s.end) {
		next = s.end
	}
	_ = s.in.SetReadDeadline(next)
	return s.ReadCloser.Read(p)
}
