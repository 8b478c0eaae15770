package engine

import (
	"math"

	dto "github.com/prometheus/client_model/go"
)

// LagLimit is how many commands the tables may be behind.
const LagLimit = lagLimit

// Taken counts the requests that the engine's writers have taken in.
func Taken(e *Engine) int {
	var m dto.Metric
	if err := e.metrics.taken.Write(&m); err != nil {
		return math.MinInt
	}
	return int(m.GetCounter().GetValue())
}
