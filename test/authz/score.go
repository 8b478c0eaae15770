package main

import (
	"fmt"
	"slices"
	"time"
)

// score is what a proof has shown.
type score struct {
	methods        int
	cells          int
	unexpected     int
	unlisted       int
	tokens         int
	tokensAccepted int
	lags           []time.Duration
	complete       bool // nothing kept the proof from its end
	seconds        time.Duration
}

// ok reports whether all was tried and all was as it must be.
func (s *score) ok() bool {
	return s.complete && s.methods > 0 && s.cells > 0 && s.tokens > 0 && len(s.lags) > 0 &&
		s.unexpected+s.unlisted+s.tokensAccepted == 0
}

// median and worst of the lags, in milliseconds.
func (s *score) median() int64 {
	if len(s.lags) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s.lags))
	return sorted[len(sorted)/2].Milliseconds()
}

func (s *score) worst() int64 {
	if len(s.lags) == 0 {
		return 0
	}
	return slices.Max(s.lags).Milliseconds()
}

// String is the line that programs read.
func (s *score) String() string {
	verdict := "short"
	if s.ok() {
		verdict = "ok"
	}
	return fmt.Sprintf("authz methods=%d callers=%d cells=%d unexpected=%d unlisted=%d tokens=%d tokens_accepted=%d revocations=%d "+
		"lag_ms_median=%d lag_ms_max=%d seconds=%d verdict=%s",
		s.methods, len(kinds), s.cells, s.unexpected, s.unlisted, s.tokens, s.tokensAccepted, len(s.lags),
		s.median(), s.worst(), int64(s.seconds.Seconds()), verdict)
}
