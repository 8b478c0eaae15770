package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// answers gives one answer after the other, the last one again and again.
func answers(codes ...codes.Code) func(context.Context) error {
	i := -1
	return func(context.Context) error {
		i = min(i+1, len(codes)-1)
		return status.Error(codes[i], "said")
	}
}

func TestWhatIsRefusedOnceStaysRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pr    probe
		since time.Duration // ago
		found string
		lags  int
	}{
		"known soon":             {pr: probe{try: answers(codes.OK, codes.Unauthenticated), then: codes.Unauthenticated}, lags: 1},
		"known, then forgotten":  {pr: probe{try: answers(codes.Unauthenticated, codes.OK), then: codes.Unauthenticated}, found: "stays", lags: 1},
		"known too late":         {pr: probe{try: answers(codes.OK, codes.Unauthenticated), then: codes.Unauthenticated}, since: 6 * time.Second, found: "within 5s", lags: 1},
		"never known":            {pr: probe{try: answers(codes.OK), then: codes.Unauthenticated}, since: 16 * time.Second, found: "still OK"},
		"admitted soon":          {pr: probe{try: answers(codes.PermissionDenied, codes.OK), then: codes.OK}, lags: 1},
		"not at once, at home":   {pr: probe{try: answers(codes.OK, codes.Unauthenticated), then: codes.Unauthenticated, home: true}, found: "at once"},
		"at once, at home":       {pr: probe{try: answers(codes.Unauthenticated), then: codes.Unauthenticated, home: true}},
		"refused in another way": {pr: probe{try: answers(codes.Internal), then: codes.Unauthenticated}, since: 16 * time.Second, found: "still Internal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &measured{}
			require.NoError(t, c.pr.watch(t.Context(), m, "Logout", clock.Monotonic().Add(-c.since)))
			require.Len(t, m.lags, c.lags)
			if c.found == "" {
				require.Empty(t, m.found)
				return
			}
			require.Len(t, m.found, 1)
			require.Contains(t, m.found[0].String(), c.found)
		})
	}
}
