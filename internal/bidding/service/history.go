package service

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// Order reads one of the caller's bids or asks (DATA-004).
// Errors: model.NotFound(side), for somebody else's too.
func (s *Service) Order(ctx context.Context, account model.AccountID, side model.Side, order model.OrderID) (model.LimitOrder, error) {
	tables, err := s.tables(ctx, ofOrder(order))
	if err != nil {
		return model.LimitOrder{}, err
	}
	o, err := tables.Order(ctx, side, order)
	if err != nil {
		return model.LimitOrder{}, err
	}
	if o.Account != account {
		return model.LimitOrder{}, model.NotFound(side)
	}
	return o, nil
}

// Orders lists the caller's bids or asks, newest first.
func (s *Service) Orders(ctx context.Context, q OrderQuery) ([]model.LimitOrder, error) {
	tables, err := s.tables(ctx)
	if err != nil {
		return nil, err
	}
	return tables.Orders(ctx, q)
}

// Match reads one of the caller's matches and says which side he was on.
// Errors: model.ErrMatchNotFound, for other people's too.
func (s *Service) Match(ctx context.Context, account model.AccountID, match model.MatchID) (model.Match, error) {
	tables, err := s.tables(ctx, ofMatch(match))
	if err != nil {
		return model.Match{}, err
	}
	m, err := tables.Match(ctx, match)
	if err != nil {
		return model.Match{}, err
	}
	if m.Buyer != account && m.Seller != account {
		return model.Match{}, model.ErrMatchNotFound
	}
	return m, nil
}

// Matches lists the caller's matches, newest first.
func (s *Service) Matches(ctx context.Context, q MatchQuery) ([]model.Match, error) {
	tables, err := s.tables(ctx)
	if err != nil {
		return nil, err
	}
	return tables.Matches(ctx, q)
}
