package front

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count by route pattern and status, never by workspace or person. Every label has a fixed set of values.
type metrics struct {
	requests    *prometheus.CounterVec
	seconds     *prometheus.HistogramVec
	inFlight    prometheus.Gauge
	overLimit   prometheus.Counter
	panics      prometheus.Counter
	connections prometheus.Gauge
	refused     *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "parlatory_http_requests_total",
			Help: "Requests answered, by method, route and status."}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "parlatory_http_request_seconds",
			Help: "Time to the end of the answer, by route.", Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"route"}),
		inFlight:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "parlatory_http_requests_in_flight", Help: "Requests being answered."}),
		overLimit:   prometheus.NewCounter(prometheus.CounterOpts{Name: "parlatory_http_over_limit_total", Help: "Requests refused by the budget of their address."}),
		panics:      prometheus.NewCounter(prometheus.CounterOpts{Name: "parlatory_http_panics_total", Help: "Requests that met a fault of the program."}),
		connections: prometheus.NewGauge(prometheus.GaugeOpts{Name: "parlatory_connections", Help: "Open connections, sockets included."}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "parlatory_connections_refused_total",
			Help: "Connections that ended before their first request, by reason."}, []string{"reason"}),
	}
	if r != nil {
		r.MustRegister(m.requests, m.seconds, m.inFlight, m.overLimit, m.panics, m.connections, m.refused)
	}
	return m
}

func (m *metrics) begin()               { m.inFlight.Inc() }
func (m *metrics) limited()             { m.overLimit.Inc() }
func (m *metrics) panicked()            { m.panics.Inc() }
func (m *metrics) refuse(reason string) { m.refused.WithLabelValues(reason).Inc() }
func (m *metrics) end(method, route string, status int, took time.Duration) {
	m.inFlight.Dec()
	m.requests.WithLabelValues(known(method), route, strconv.Itoa(status)).Inc()
	if status != 101 { // a socket's time says nothing about answers
		m.seconds.WithLabelValues(route).Observe(took.Seconds())
	}
}
