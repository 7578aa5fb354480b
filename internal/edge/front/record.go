package front

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status   int
	bytes    int64
	hijacked bool
	cut      bool // the answer is half-written and must be aborted
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap is the way of http.ResponseController to deadlines and flushing.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// SetReadDeadline does nothing: the body is in memory before a surface sees the request (readBody), and what a library would set for
// reading it (huma: five seconds) would end the connection under an answer that takes longer.
func (w *recorder) SetReadDeadline(time.Time) error { return nil }

// Flush is for libraries that ask for http.Flusher.
func (w *recorder) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Hijack is for sockets; on HTTP/2 it is an error.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.hijacked, w.status = true, http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

func (f *Front) done(r *http.Request, w *recorder, took time.Duration) {
	status := w.status
	if status == 0 {
		status = http.StatusOK
	}
	name := route(r)
	f.metrics.end(r.Method, name, status, took)
	level := slog.LevelInfo
	if isAsset(r.URL.Path) {
		level = slog.LevelDebug
	}
	f.opt.Log.LogAttrs(r.Context(), level, "request",
		slog.String("method", known(r.Method)), slog.String("route", name), slog.Int("status", status),
		slog.Int64("bytes", w.bytes), slog.Duration("took", took))
}

// route is the pattern that answered, without its method.
func route(r *http.Request) string {
	p := r.Pattern
	if _, rest, ok := strings.Cut(p, " /"); ok {
		p = "/" + rest
	}
	if p == "" || p == "/" {
		return "other"
	}
	return p
}

// known keeps a method that somebody invented out of the log and the labels.
func known(method string) string {
	if methods[method] {
		return method
	}
	return "OTHER"
}

func typeName(v any) string { return fmt.Sprintf("%T", v) }
