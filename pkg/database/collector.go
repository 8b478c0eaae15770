package database

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// collector reads a pool's statistics when the metrics are asked for.
type collector struct {
	pool *pgxpool.Pool
	all  []statistic
}

type statistic struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(*pgxpool.Stat) float64
}

// NewCollector makes a pool's statistics metrics, labelled with the service's name.
func NewCollector(pool *pgxpool.Pool, service string) prometheus.Collector {
	label := prometheus.Labels{"service": service}
	metric := func(name, help string, kind prometheus.ValueType, read func(*pgxpool.Stat) float64) statistic {
		return statistic{prometheus.NewDesc("database_pool_"+name, help, nil, label), kind, read}
	}
	const gauge, counter = prometheus.GaugeValue, prometheus.CounterValue
	return &collector{pool, []statistic{
		metric("acquired_connections", "Connections in use.", gauge, func(s *pgxpool.Stat) float64 { return float64(s.AcquiredConns()) }),
		metric("idle_connections", "Open connections that are not in use.", gauge, func(s *pgxpool.Stat) float64 { return float64(s.IdleConns()) }),
		metric("constructing_connections", "Connections being opened.", gauge, func(s *pgxpool.Stat) float64 { return float64(s.ConstructingConns()) }),
		metric("total_connections", "Connections in any state.", gauge, func(s *pgxpool.Stat) float64 { return float64(s.TotalConns()) }),
		metric("max_connections", "The most connections allowed.", gauge, func(s *pgxpool.Stat) float64 { return float64(s.MaxConns()) }),
		metric("acquires_total", "Times a connection was acquired.", counter, func(s *pgxpool.Stat) float64 { return float64(s.AcquireCount()) }),
		metric("acquire_seconds_total", "Time spent acquiring connections.", counter, func(s *pgxpool.Stat) float64 { return s.AcquireDuration().Seconds() }),
		metric("waits_total", "Acquires that had to wait because no connection was idle.", counter, func(s *pgxpool.Stat) float64 { return float64(s.EmptyAcquireCount()) }),
		metric("wait_seconds_total", "Time spent in those waits.", counter, func(s *pgxpool.Stat) float64 { return s.EmptyAcquireWaitTime().Seconds() }),
		metric("cancelled_acquires_total", "Acquires given up because their context ended.", counter, func(s *pgxpool.Stat) float64 { return float64(s.CanceledAcquireCount()) }),
		metric("opened_connections_total", "Connections opened.", counter, func(s *pgxpool.Stat) float64 { return float64(s.NewConnsCount()) }),
		metric("lifetime_closed_total", "Connections closed because of their age.", counter, func(s *pgxpool.Stat) float64 { return float64(s.MaxLifetimeDestroyCount()) }),
		metric("idle_closed_total", "Connections closed because they were idle.", counter, func(s *pgxpool.Stat) float64 { return float64(s.MaxIdleDestroyCount()) }),
	}}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, s := range c.all {
		ch <- s.desc
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	stat := c.pool.Stat()
	for _, s := range c.all {
		ch <- prometheus.MustNewConstMetric(s.desc, s.kind, s.read(stat))
	}
}
