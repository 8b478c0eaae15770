package service

import (
	"context"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

const (
	// revocationsKept is the longest life of an access token, and a minute for clocks that
	// differ: a token older than that has expired anyway.
	revocationsKept  = 16 * time.Minute
	revocationsEvery = 500 * time.Millisecond
	// completeEvery is after how many pieces of news all of it is told again, so that
	// listeners forget what no longer matters.
	completeEvery = 120
)

// Revoked is what access tokens do not know: which of their sessions ended, and the
// roles that accounts have now.
type Revoked struct {
	Sessions []id.UUID
	Roles    map[id.UUID][]model.Role
	Complete bool  // all of it, not only what is new
	More     bool  // there is more already, and only with it everything is known
	Seq      int64 // how far the events are that it is made of
}

// WatchRevocations calls tell with all that was revoked lately, and then with what is
// new twice a second, even when nothing is: hearing it is how others know that they
// know. It ends with ctx or the first error. Rule: USER-006.
func (s *Service) WatchRevocations(ctx context.Context, tell func(Revoked) error) error {
	var seq int64
	for turn := 0; ; turn++ {
		news, err := s.revoked(ctx, seq, turn%completeEvery == 0)
		if err != nil {
			return err
		}
		if err := tell(news); err != nil {
			return err
		}
		seq = news.Seq
		if news.More {
			continue
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-clock.System{}.After(revocationsEvery): // real time, whatever the clock of accounts says
		}
	}
}

func (s *Service) revoked(ctx context.Context, seq int64, complete bool) (Revoked, error) {
	if complete {
		return s.Store.RevokedSince(ctx, s.Clock.Now().Add(-revocationsKept))
	}
	return s.Store.RevokedAfter(ctx, seq)
}

// endSessions ends sessions and tells other services; the last thing a transaction does.
func endSessions(ctx context.Context, tx Store, e End) (int, error) {
	ended, err := tx.EndSessions(ctx, e)
	if err != nil || len(ended) == 0 {
		return 0, err
	}
	return len(ended), tx.Announce(ctx, e.At, model.SessionsEnded{UserID: e.User, Sessions: ended, Reason: e.Reason})
}
