package product

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// sweepSizes bounds one sweep; what is left waits for the next.
const sweepSizes = 100

// sweeper gives overdue reservations back, of sizes that nobody touches (PROD-005).
type sweeper struct {
	svc   *service.Service
	clk   clock.Clock
	every time.Duration
	log   zerolog.Logger
}

// run sweeps until ctx ends. A sweep that fails is logged once per outage and tried again.
func (s sweeper) run(ctx context.Context) error {
	failing := false
	for {
		expired, err := s.svc.ExpireReservations(ctx, sweepSizes)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // told to stop; what it was doing then is done by the next start
		case err != nil && !failing:
			s.log.Warn().Err(err).Msg("expire reservations")
		case expired > 0:
			s.log.Info().Int("reservations", expired).Msg("expired")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-s.clk.After(s.every):
		}
	}
}
