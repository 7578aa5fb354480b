package front

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Admin is the operator's listener: /metrics, /healthz, /readyz. It has no sign-in, so it belongs on loopback or on a
// network of the operator's own, and it holds numbers only.
type Admin struct {
	Gatherer prometheus.Gatherer
	Ready    func(context.Context) error // nil: always ready
	Log      *slog.Logger
}

// Serve answers until the context ends.
func (a Admin) Serve(ctx context.Context, l net.Listener) error {
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	return serveUntil(ctx, newServer(a.handler(), a.Log), l)
}

func (a Admin) handler() http.Handler {
	mux := http.NewServeMux()
	if a.Gatherer != nil {
		mux.Handle("GET /metrics", promhttp.HandlerFor(a.Gatherer, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { line(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", a.readyz)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		baseHeaders(w.Header())
		apiHeaders(w.Header())
		mux.ServeHTTP(w, r)
	})
}

// readyz says whether the process can do its work now. The reason goes to the log, since it may name a host.
func (a Admin) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	if a.Ready != nil {
		if err := a.Ready(ctx); err != nil {
			if !errors.Is(r.Context().Err(), context.Canceled) {
				a.Log.LogAttrs(ctx, slog.LevelWarn, "not ready", slog.String("cause", err.Error()))
			}
			line(w, http.StatusServiceUnavailable, "not ready")
			return
		}
	}
	line(w, http.StatusOK, "ready")
}

func line(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}
