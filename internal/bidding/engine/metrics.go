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

// lag is how far the tables of one shard are behind.
type lag struct{ commands prometheus.Gauge } // nil = not measured

func (m *Metrics) lagOf(shard uint8) lag {
	if m == nil {
		return lag{}
	}
	return lag{m.behind.WithLabelValues(strconv.Itoa(int(shard)))}
}

// grow counts a batch that was committed.
func (l lag) grow(r *Record) {
	if l.commands != nil {
		l.commands.Add(float64(len(r.Entries)))
	}
}

// shrink counts a batch that the tables show.
func (l lag) shrink(r *Record) {
	if l.commands != nil {
		l.commands.Sub(float64(len(r.Entries)))
	}
}

// end says that the shard is somebody else's from now on.
func (l lag) end() {
	if l.commands != nil {
		l.commands.Set(0)
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
