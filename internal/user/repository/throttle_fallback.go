package repository

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/internal/user/service"
)

// FallbackThrottle counts in Shared, and in Local while Shared does not answer: a
// Redis that is down neither stops people from signing in nor lets anyone guess freely.
type FallbackThrottle struct {
	Shared, Local service.Throttle
	Log           zerolog.Logger
}

var _ service.Throttle = FallbackThrottle{}

// Blocked implements service.Throttle.
func (f FallbackThrottle) Blocked(ctx context.Context, at time.Time, limits []service.Limit) (service.Block, error) {
	block, err := f.Shared.Blocked(ctx, at, limits)
	if f.failed(ctx, err) {
		return f.Local.Blocked(ctx, at, limits)
	}
	return block, err
}

// Take implements service.Throttle.
func (f FallbackThrottle) Take(ctx context.Context, at time.Time, attempt string, limits []service.Limit) (service.Block, error) {
	block, err := f.Shared.Take(ctx, at, attempt, limits)
	if f.failed(ctx, err) {
		return f.Local.Take(ctx, at, attempt, limits)
	}
	return block, err
}

// Forget implements service.Throttle. The attempt may have been counted on either side.
func (f FallbackThrottle) Forget(ctx context.Context, attempt string, limits []service.Limit) error {
	f.failed(ctx, f.Shared.Forget(ctx, attempt, limits))
	return f.Local.Forget(ctx, attempt, limits)
}

// Clear implements service.Throttle.
func (f FallbackThrottle) Clear(ctx context.Context, key string) error {
	f.failed(ctx, f.Shared.Clear(ctx, key))
	return f.Local.Clear(ctx, key)
}

// failed reports whether Shared is to blame; a caller who gave up is not its fault.
func (f FallbackThrottle) failed(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil {
		return false
	}
	f.Log.Warn().Err(err).Msg("login throttle counts in this process alone")
	return true
}
