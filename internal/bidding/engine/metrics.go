package engine

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are what an engine counts of its batches.
type Metrics struct {
	taken    prometheus.Counter
	batches  prometheus.Counter
	commands prometheus.Counter
	matches  prometheus.Counter
	commit   prometheus.Histogram
	behind   *prometheus.GaugeVec
}

// NewMetrics registers the engine's metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		taken:    prometheus.NewCounter(prometheus.CounterOpts{Name: "bidding_requests_total", Help: "Commands taken in by the writers."}),
		batches:  prometheus.NewCounter(prometheus.CounterOpts{Name: "bidding_batches_total", Help: "Batches committed."}),
		commands: prometheus.NewCounter(prometheus.CounterOpts{Name: "bidding_commands_total", Help: "Commands committed."}),
		matches:  prometheus.NewCounter(prometheus.CounterOpts{Name: "bidding_matches_total", Help: "Matches committed."}),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "bidding_commit_seconds", Help: "Time from sending a batch to its commit.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
	}
	m.behind = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "bidding_tables_behind_commands", Help: "Committed commands that the tables do not show yet; 0 for a shard that is served elsewhere.",
	}, []string{"shard"})
	r.MustRegister(m.taken, m.batches, m.commands, m.matches, m.commit, m.behind)
	return m
}

// take counts commands that a writer has taken in.
func (m *Metrics) take(r *request) {
	if m != nil {
		m.taken.Add(float64(len(r.items)))
	}
}

// lag returns where a shard's projector tells how far its tables are behind.
func (m *Metrics) lag(shard uint8) func(commands int) {
	if m == nil {
		return func(int) {}
	}
	gauge := m.behind.WithLabelValues(strconv.Itoa(int(shard)))
	return func(commands int) { gauge.Set(float64(commands)) }
}

// observe counts a committed batch.
func (m *Metrics) observe(b *batch, took time.Duration) {
	if m == nil {
		return
	}
	m.batches.Inc()
	m.commands.Add(float64(len(b.entries)))
	m.matches.Add(float64(len(b.sold)))
	m.commit.Observe(took.Seconds())
}
