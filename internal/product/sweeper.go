package product

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

const (
	// sweepMost bounds one step of a sweep, in sizes or products.
	sweepMost = 100
	// salesSweepInterval is how long after midnight, UTC, a day may still count (PROD-004).
	salesSweepInterval = time.Minute
)

// sweeper does again and again what only time brings about: it gives overdue reservations
// back, of sizes that nobody touches (PROD-005), and forgets old sales (PROD-004).
type sweeper struct {
	name  string
	step  func(ctx context.Context, limit int) (done int, err error)
	clk   clock.Clock
	every time.Duration
	log   zerolog.Logger
}

// run sweeps until ctx ends. A sweep that fails is logged once per outage and tried again.
func (s sweeper) run(ctx context.Context) error {
	failing := false
	for {
		done, err := s.step(ctx, sweepMost)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // told to stop; what it was doing then is done by the next start
		case err != nil && !failing:
			s.log.Warn().Err(err).Msg(s.name)
		case done > 0:
			s.log.Info().Int("swept", done).Msg(s.name)
		}
		failing = err != nil
		if done >= sweepMost && !failing {
			continue // there may be more
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.clk.After(s.every):
		}
	}
}
