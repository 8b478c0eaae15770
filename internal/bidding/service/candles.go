package service

import (
	"context"
	"fmt"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// CandleQuery asks for the candles of a market.
type CandleQuery struct {
	Market   model.MarketID
	Every    time.Duration
	From, To model.Instant // 0: to now, and 100 candles before it
}

const (
	defaultCandles = 100
	statsMonths    = 12
)

// Candles sums a market's sales up by time, oldest first; a stretch without sales has no
// candle (DATA-002). Errors: InvalidArgument; model.ErrMarketNotFound.
func (s *Service) Candles(ctx context.Context, q CandleQuery) ([]model.Candle, money.Currency, error) {
	step := model.Instant(q.Every / time.Microsecond)
	if q.To == 0 {
		q.To = model.At(s.clock.Now())
	}
	if q.From == 0 {
		q.From = q.To - (defaultCandles-1)*step
	}
	if q.From >= q.To {
		return nil, "", errs.Invalid("from", "must be before to")
	}
	from := q.From.Floor(q.Every)
	if (q.To-1).Floor(q.Every)-from >= model.MostCandles*step {
		return nil, "", errs.Invalid("from", fmt.Sprintf("must be at most %d candles before to", model.MostCandles))
	}
	v, err := s.view(ctx, q.Market)
	if err != nil {
		return nil, "", err
	}
	tables, err := s.tables(ctx, ofMarket(q.Market))
	if err != nil {
		return nil, "", err
	}
	candles, err := tables.Candles(ctx, q.Market, q.Every, from, q.To)
	return candles, v.Market.Listing.Currency, err
}

// Stats is what the last twelve months' sales say of a market (DATA-002).
// Errors: model.ErrMarketNotFound.
func (s *Service) Stats(ctx context.Context, market model.MarketID) (model.Stats, money.Currency, error) {
	v, err := s.view(ctx, market)
	if err != nil {
		return model.Stats{}, "", err
	}
	tables, err := s.tables(ctx, ofMarket(market))
	if err != nil {
		return model.Stats{}, "", err
	}
	stats, err := tables.Stats(ctx, market, model.At(s.clock.Now().AddDate(0, -statsMonths, 0)))
	if err != nil {
		return stats, "", err
	}
	if retail, err := s.catalogue.Retail(ctx, market); err == nil { // what is known without the catalogue is told without it
		stats.Retail = retail
	}
	return stats, v.Market.Listing.Currency, nil
}
