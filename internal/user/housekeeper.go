package user

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/internal/user/service"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

const tidyEvery = time.Hour

// housekeeper removes refresh tokens and sessions that no longer count, once an hour.
type housekeeper struct {
	svc *service.Service
	clk clock.Clock
	log zerolog.Logger
}

// Run implements run.Task. A failed round is logged and tried again an hour later.
func (h *housekeeper) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.clk.After(tidyEvery):
		}
		if err := h.svc.Sweep(ctx); err != nil && ctx.Err() == nil {
			h.log.Warn().Err(err).Msg("old sessions were not removed")
		}
	}
}

// Close implements run.Task.
func (h *housekeeper) Close(context.Context) error { return nil }
