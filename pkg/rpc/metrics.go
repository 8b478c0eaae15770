package rpc

import (
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
)

// metrics are the server's counters; several servers of one process share them.
type metrics struct {
	calls   *prometheus.CounterVec   // service, method, code
	seconds *prometheus.HistogramVec // service, method
	running *prometheus.GaugeVec     // service
	panics  *prometheus.CounterVec   // service
}

func newMetrics(reg *prometheus.Registry) (*metrics, error) {
	m := &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rpc_calls_total", Help: "Calls answered, by status code.",
		}, []string{"service", "method", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rpc_call_seconds", Help: "Time from a call's arrival to its answer.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"service", "method"}),
		running: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "rpc_calls_running", Help: "Calls being served.",
		}, []string{"service"}),
		panics: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rpc_panics_total", Help: "Calls that panicked.",
		}, []string{"service"}),
	}
	if reg == nil {
		return m, nil
	}
	return m, errors.Join(share(reg, &m.calls), share(reg, &m.seconds), share(reg, &m.running), share(reg, &m.panics))
}

// share registers a collector, or takes the one another server registered before.
func share[C prometheus.Collector](reg *prometheus.Registry, c *C) error {
	err := reg.Register(*c)
	var known prometheus.AlreadyRegisteredError
	if errors.As(err, &known) {
		if same, ok := known.ExistingCollector.(C); ok {
			*c = same
			return nil
		}
	}
	return err
}

// methodStats are one method's series, looked up once; a series per code appears with
// the first call that ends so.
type methodStats struct {
	service, method string
	vec             *prometheus.CounterVec
	seconds         prometheus.Observer
	byCode          [codes.Unauthenticated + 1]atomic.Pointer[prometheus.Counter]
}

func (m *metrics) of(fullMethod string) *methodStats {
	service, method, _ := strings.Cut(strings.TrimPrefix(fullMethod, "/"), "/")
	return &methodStats{service: service, method: method, vec: m.calls, seconds: m.seconds.WithLabelValues(service, method)}
}

func (s *methodStats) record(code codes.Code, took time.Duration) {
	if int(code) >= len(s.byCode) {
		code = codes.Unknown
	}
	counter := s.byCode[code].Load()
	if counter == nil {
		c := s.vec.WithLabelValues(s.service, s.method, code.String())
		counter = &c
		s.byCode[code].Store(counter)
	}
	(*counter).Inc()
	s.seconds.Observe(took.Seconds())
}
