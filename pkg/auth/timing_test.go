package auth

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// TestUSER_002_AnUnknownAccountTakesAsLongAsAKnownOne compares the shortest of several
// tries, so that a busy machine does not matter.
func TestUSER_002_AnUnknownAccountTakesAsLongAsAKnownOne(t *testing.T) {
	t.Parallel()
	h, err := NewHasher(7, 1, clock.NewFake(t0)) // some 6 ms a try
	require.NoError(t, err)
	known, err := h.Hash(context.Background(), good)
	require.NoError(t, err)
	least := func(hash string) time.Duration {
		var tries []time.Duration
		for range 5 {
			start := clock.Monotonic()
			require.False(t, h.Matches(hash, "not this one"))
			tries = append(tries, clock.Since(start))
		}
		return slices.Min(tries)
	}
	require.Greater(t, least(""), least(known)/2)
}
