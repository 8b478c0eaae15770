package repository

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/service"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Order implements service.Orders.
func (s *Spread) Order(ctx context.Context, side model.Side, order model.OrderID) (model.LimitOrder, error) {
	return s.order(int64(order)).Order(ctx, side, order)
}

// merged asks every database for the newest and returns the newest of all.
func merged[T any](s *Spread, limit int, number func(*T) int64, ask func(*Repository) ([]T, error)) ([]T, error) {
	var out []T
	for _, r := range s.all {
		list, err := ask(r)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	slices.SortFunc(out, func(a, b T) int { return cmp.Compare(number(&b), number(&a)) })
	return out[:min(limit, len(out))], nil
}

// Orders implements service.Orders.
func (s *Spread) Orders(ctx context.Context, q service.OrderQuery) ([]model.LimitOrder, error) {
	return merged(s, q.Limit, func(o *model.LimitOrder) int64 { return int64(o.ID) },
		func(r *Repository) ([]model.LimitOrder, error) { return r.Orders(ctx, q) })
}

// OpenMarkets implements service.Orders.
func (s *Spread) OpenMarkets(ctx context.Context, account model.AccountID) (out []model.MarketID, err error) {
	for _, r := range s.all {
		list, err := r.OpenMarkets(ctx, account)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// Match implements service.Matches.
func (s *Spread) Match(ctx context.Context, match model.MatchID) (model.Match, error) {
	return s.order(int64(match)).Match(ctx, match)
}

// Matches implements service.Matches.
func (s *Spread) Matches(ctx context.Context, q service.MatchQuery) ([]model.Match, error) {
	return merged(s, q.Limit, func(m *model.Match) int64 { return int64(m.ID) },
		func(r *Repository) ([]model.Match, error) { return r.Matches(ctx, q) })
}

// Taken implements service.Matches.
func (s *Spread) Taken(ctx context.Context, side model.Side, order model.OrderID) ([]model.Match, error) {
	return s.order(int64(order)).Taken(ctx, side, order)
}

// Sales implements service.Markets.
func (s *Spread) Sales(ctx context.Context, market model.MarketID, before model.MatchID, limit int) ([]model.Sale, error) {
	r, err := s.market(ctx, market)
	if err != nil {
		return nil, err
	}
	return r.Sales(ctx, market, before, limit)
}

// Candles implements service.Markets.
func (s *Spread) Candles(
	ctx context.Context, market model.MarketID, every time.Duration, from, to model.Instant,
) ([]model.Candle, error) {
	r, err := s.market(ctx, market)
	if err != nil {
		return nil, err
	}
	return r.Candles(ctx, market, every, from, to)
}

// Stats implements service.Markets.
func (s *Spread) Stats(ctx context.Context, market model.MarketID, since model.Instant) (model.Stats, error) {
	r, err := s.market(ctx, market)
	if err != nil {
		return model.Stats{}, err
	}
	return r.Stats(ctx, market, since)
}

// MarketsOf implements service.Markets.
func (s *Spread) MarketsOf(ctx context.Context, products ...id.UUID) (map[id.UUID][]model.MarketID, error) {
	out := make(map[id.UUID][]model.MarketID)
	for _, r := range s.all {
		some, err := r.MarketsOf(ctx, products...)
		if err != nil {
			return nil, err
		}
		for product, markets := range some {
			out[product] = append(out[product], markets...)
		}
	}
	return out, nil
}

// Limits implements service.Markets: every shard is told of them.
func (s *Spread) Limits(ctx context.Context, account model.AccountID) (model.AccountLimits, error) {
	t, err := s.Repository.Topology(ctx)
	if err != nil || len(t.Shards) == 0 {
		return model.DefaultLimits, err
	}
	return s.shard(t.Shards[0]).Limits(ctx, account)
}

// Consign implements service.Stock.
func (s *Spread) Consign(ctx context.Context, c service.Consignment, at time.Time) (bool, error) {
	r, err := s.market(ctx, c.Market)
	if err != nil {
		return false, err
	}
	return r.Consign(ctx, c, at)
}

// Consigned implements service.Stock.
func (s *Spread) Consigned(ctx context.Context, market model.MarketID, ref id.UUID) (model.LimitOrder, bool, error) {
	r, err := s.market(ctx, market)
	if err != nil {
		return model.LimitOrder{}, false, err
	}
	return r.Consigned(ctx, market, ref)
}

// ConsignmentsDue implements service.Stock.
func (s *Spread) ConsignmentsDue(ctx context.Context, before time.Time, limit int) (due []service.Consignment, err error) {
	for _, r := range s.all {
		some, err := r.ConsignmentsDue(ctx, before, limit)
		if err != nil {
			return nil, err
		}
		due = append(due, some...)
	}
	return due, nil
}

// SettleConsignment implements service.Stock.
func (s *Spread) SettleConsignment(ctx context.Context, c service.Consignment) error {
	r, err := s.market(ctx, c.Market)
	if err != nil {
		return err
	}
	return r.SettleConsignment(ctx, c)
}

// Reconsign implements service.Stock.
func (s *Spread) Reconsign(ctx context.Context, market model.MarketID, ref id.UUID) error {
	r, err := s.market(ctx, market)
	if err != nil {
		return err
	}
	return r.Reconsign(ctx, market, ref)
}
