package engine

import (
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
	r.MustRegister(m.taken, m.batches, m.commands, m.matches, m.commit)
	return m
}

// take counts commands that a writer has taken in.
func (m *Metrics) take(r *request) {
	if m != nil {
		m.taken.Add(float64(len(r.items)))
	}
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
