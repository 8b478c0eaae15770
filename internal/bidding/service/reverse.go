package service

import (
	"context"
	"errors"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Reversed is a match that was undone and, when Match.Reinstated says so, the ask that came
// back for it, with what that matched when it did.
type Reversed struct {
	Match   model.Match
	Ask     model.LimitOrder
	Matches []model.Match
}

// reverseTries bounds how often a reversal is tried while what it rests on changes.
const reverseTries = 5

// Reverse undoes a match that came to nothing (MATCH-006). It leaves the market's last sale,
// volumes, candles and tape; its ask comes back when reinstate is set and it neither expired
// nor was cancelled nor has a banned seller (ORDER-002). Of a match that was reversed before it
// answers what was done then. Errors: model.ErrMatchNotFound.
func (s *Service) Reverse(ctx context.Context, match model.MatchID, why model.Reason, reinstate bool) (Reversed, error) {
	for try := 1; ; try++ {
		r, err := s.reversal(ctx, match, why, reinstate)
		if err != nil {
			return Reversed{}, err
		}
		if r.Match.ReversedAt == 0 {
			_, err = s.exchange.Submit(ctx, model.Command{Kind: model.ReverseMatch, Market: r.Match.Market, Side: model.Ask, Reversal: r})
		}
		if err == nil && r.Stock != id.None {
			err = s.store.Reconsign(ctx, r.Match.Market, r.Stock)
		}
		switch {
		case err == nil:
			return s.reversed(ctx, match)
		case !errors.Is(err, model.ErrReversalMoved) || try == reverseTries:
			return Reversed{}, err
		}
	}
}

// reversal looks up what a writer needs to undo a match.
func (s *Service) reversal(ctx context.Context, match model.MatchID, why model.Reason, reinstate bool) (*model.Reversal, error) {
	tables, err := s.tables(ctx, ofMatch(match))
	if err != nil {
		return nil, err
	}
	r := &model.Reversal{Why: why}
	if r.Match, err = tables.Match(ctx, match); err != nil {
		return nil, err
	}
	before, err := tables.Sales(ctx, r.Match.Market, match, 1)
	if err != nil {
		return nil, err
	}
	if len(before) > 0 {
		r.Previous = before[0]
	}
	ask, err := tables.Order(ctx, model.Ask, r.Match.Ask)
	r.Stock = ask.Stock
	if err == nil && reinstate && ask.Status != model.Cancelled && ask.Status != model.Expired {
		r.Ask = &ask
	}
	return r, err
}

// reversed reads what a reversal has done.
func (s *Service) reversed(ctx context.Context, match model.MatchID) (r Reversed, err error) {
	if err = s.exchange.Settled(ctx, ofMatch(match)); err != nil {
		return r, err
	}
	if r.Match, err = s.store.Match(ctx, match); err != nil || r.Match.Reinstated == 0 {
		return r, err
	}
	if r.Ask, err = s.store.Order(ctx, model.Ask, r.Match.Reinstated); err != nil {
		return r, err
	}
	r.Matches, err = s.store.Taken(ctx, model.Ask, r.Ask.ID)
	return r, err
}
