package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Price returns what a market looks like now (DATA-001).
// Errors: model.ErrMarketNotFound, model.ErrUnavailable.
func (s *Service) Price(ctx context.Context, market model.MarketID) (model.MarketPrice, error) {
	p, err := s.exchange.Price(ctx, market)
	if !errors.Is(err, model.ErrMarketNotFound) {
		return p, err
	}
	v, err := s.view(ctx, market)
	if err != nil {
		return model.MarketPrice{}, err
	}
	return model.MarketPrice{Market: v.Market}, nil
}

// Depth returns a market's levels, best first, at most 100 a side, with the feed
// sequence they are true at (DATA-002).
func (s *Service) Depth(ctx context.Context, market model.MarketID) (*engine.View, error) {
	return s.view(ctx, market)
}

// Watch tells a watcher what a market looks like and what changes in it (DATA-003).
// Errors: model.ErrMarketNotFound; as Exchange.Watch.
func (s *Service) Watch(
	ctx context.Context, market model.MarketID, w model.Watch, candles []time.Duration, send func(*model.FeedUpdate) error,
) error {
	v, err := s.view(ctx, market)
	if err != nil {
		return err
	}
	if len(candles) > 0 {
		c := &candler{service: s, market: market, every: candles}
		tell := send
		send = func(u *model.FeedUpdate) error {
			if err := c.follow(ctx, u); err != nil {
				return err
			}
			return tell(u)
		}
	}
	return s.exchange.Watch(ctx, market, w, v, send)
}

// Sales lists a market's sales before a match (0 = from the newest), newest first.
func (s *Service) Sales(ctx context.Context, market model.MarketID, before model.MatchID, limit int) ([]model.Sale, error) {
	if _, err := s.view(ctx, market); err != nil {
		return nil, err
	}
	tables, err := s.tables(ctx, ofMarket(market))
	if err != nil {
		return nil, err
	}
	return tables.Sales(ctx, market, before, limit)
}

// ProductMarkets returns the market prices of a product's markets.
func (s *Service) ProductMarkets(ctx context.Context, product id.UUID) ([]model.MarketPrice, error) {
	tables, err := s.tables(ctx)
	if err != nil {
		return nil, err
	}
	markets, err := tables.MarketsOf(ctx, product)
	if err != nil {
		return nil, err
	}
	ids := markets[product]
	prices := make([]model.MarketPrice, 0, len(ids))
	for _, m := range ids {
		p, err := s.exchange.Price(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("market %s: %w", m, err)
		}
		prices = append(prices, p)
	}
	return prices, nil
}

// Settings reads a market's settings.
func (s *Service) Settings(ctx context.Context, market model.MarketID) (model.Market, error) {
	v, err := s.view(ctx, market)
	if err != nil {
		return model.Market{}, err
	}
	return v.Market, nil
}

// ChangeSettings lets edit change a market's settings and journals the result (MKT-001).
// Errors: model.ErrSettingsConflict when resting orders do not fit; InvalidArgument.
func (s *Service) ChangeSettings(ctx context.Context, actor id.UUID, market model.MarketID, edit func(*model.Settings)) (model.Market, error) {
	v, err := s.exchange.View(ctx, market)
	if errors.Is(err, model.ErrMarketNotFound) {
		if err = s.open(ctx, market); err == nil {
			if err = s.confirm(ctx, market); err == nil {
				v, err = s.exchange.View(ctx, market)
			}
		}
	}
	if err != nil {
		return model.Market{}, err
	}
	settings := v.Market.Settings
	edit(&settings)
	if err := validSettings(settings); err != nil {
		return model.Market{}, err
	}
	reply, err := s.exchange.Submit(ctx, model.Command{
		Kind: model.ChangeSettings, Market: market, Settings: &settings, Actor: actor,
	})
	if err != nil {
		return model.Market{}, err
	}
	return *reply.Market, nil
}

// haltTries bounds how often a change of state is tried while others change settings too.
const haltTries = 3

// SetState opens or halts a market (MKT-001). Errors: model.ErrMarketNotFound.
func (s *Service) SetState(ctx context.Context, actor id.UUID, market model.MarketID, state model.MarketState) (m model.Market, err error) {
	for range haltTries {
		m, err = s.ChangeSettings(ctx, actor, market, func(now *model.Settings) { now.State = state })
		if !errors.Is(err, model.ErrSettingsMoved) {
			break
		}
	}
	return m, err
}

func validSettings(s model.Settings) error {
	switch {
	case s.Tick < 1 || s.Tick > model.MaxPrice:
		return errs.Invalid("settings.tick", fmt.Sprintf("must be 1 to %d", model.MaxPrice))
	case s.MaxPrice < s.Tick || s.MaxPrice > model.MaxPrice:
		return errs.Invalid("settings.max_price", fmt.Sprintf("must be the tick to %d", model.MaxPrice))
	}
	return nil
}

// Limits reads how many orders an account may have open.
func (s *Service) Limits(ctx context.Context, account model.AccountID) (model.AccountLimits, error) {
	tables, err := s.tables(ctx)
	if err != nil {
		return model.DefaultLimits, err
	}
	return tables.Limits(ctx, account)
}

// ChangeLimits sets how many orders an account may have open (MATCH-015).
func (s *Service) ChangeLimits(ctx context.Context, actor id.UUID, account model.AccountID, l model.AccountLimits) error {
	if l.PerMarket < 1 || l.Total < l.PerMarket {
		return errs.Invalid("limits", "must be at least 1, and in total at least those of one market")
	}
	return s.exchange.SubmitAll(ctx, model.Command{Kind: model.ChangeLimits, Account: account, Limits: l, Actor: actor})
}
