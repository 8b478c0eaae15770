package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheVerdictIsOkOnlyWhenAllWasShown(t *testing.T) {
	t.Parallel()
	good := func() score {
		return score{
			methods: 89, cells: 927, tokens: 484, complete: true, seconds: 58 * time.Second,
			lags: []time.Duration{3 * time.Millisecond, 500 * time.Millisecond, 40 * time.Millisecond},
		}
	}
	s := good()
	require.Equal(t, "authz methods=89 callers=8 cells=927 unexpected=0 unlisted=0 tokens=484 tokens_accepted=0 revocations=3 "+
		"lag_ms_median=40 lag_ms_max=500 seconds=58 verdict=ok", s.String())
	for name, spoil := range map[string]func(*score){
		"an unexpected answer": func(s *score) { s.unexpected = 1 },
		"an unlisted method":   func(s *score) { s.unlisted = 1 },
		"a token taken":        func(s *score) { s.tokensAccepted = 1 },
		"no tokens":            func(s *score) { s.tokens = 0 },
		"no methods":           func(s *score) { s.methods = 0 },
		"no cells":             func(s *score) { s.cells = 0 },
		"nothing measured":     func(s *score) { s.lags = nil },
		"an end too early":     func(s *score) { s.complete = false },
	} {
		s := good()
		spoil(&s)
		require.False(t, s.ok(), name)
		require.Contains(t, s.String(), "verdict=short", name)
	}
}
