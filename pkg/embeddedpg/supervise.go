package embeddedpg

import (
	"context"
	"time"
)

const (
	firstRestart  = 100 * time.Millisecond
	slowestRepeat = 5 * time.Second
)

// Run watches the server until ctx ends and starts it again whenever it dies,
// at once and then ever more slowly, up to every 5 seconds. It does not stop
// the server; Stop does.
func (s *Server) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.process().done:
		}
		if ctx.Err() != nil || !s.restart(ctx) {
			return nil //nolint:nilerr // told to stop
		}
	}
}

// restart tries until the server answers; false when it shall not.
func (s *Server) restart(ctx context.Context) bool {
	wait := firstRestart
	for {
		if s.isStopping() {
			return false
		}
		s.opts.Log.Error().Str("log", s.LogPath()).Msg("postgresql died; starting it again")
		err := s.launchOrAdopt(ctx)
		if err == nil {
			s.opts.Log.Info().Int("pid", s.PID()).Msg("postgresql answers again")
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.opts.Log.Error().Err(err).Dur("again_in", wait).Msg("postgresql does not start")
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
		wait = min(2*wait, slowestRepeat)
	}
}

func (s *Server) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}
