package engine

import (
	"math"
	"strconv"

	dto "github.com/prometheus/client_model/go"
)

// LagLimit is how many commands the tables may be behind.
const LagLimit = lagLimit

// Serves reports whether the engine serves a shard now.
func Serves(e *Engine, shard uint8) bool { return e.shards[shard].readable() != nil }

// Taken counts the requests that the engine's writers have taken in.
func Taken(e *Engine) int {
	var m dto.Metric
	if err := e.metrics.taken.Write(&m); err != nil {
		return math.MinInt
	}
	return int(m.GetCounter().GetValue())
}

// Behind is how many commands the engine says that its tables are behind.
func Behind(e *Engine) (commands int) {
	for n := range e.shards {
		var m dto.Metric
		if err := e.metrics.behind.WithLabelValues(strconv.Itoa(int(n))).Write(&m); err != nil {
			return math.MinInt
		}
		commands += int(m.GetGauge().GetValue())
	}
	return commands
}
