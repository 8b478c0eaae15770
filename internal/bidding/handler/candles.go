package handler

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/service"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

var candleEvery = map[biddingv1.CandleInterval]time.Duration{
	biddingv1.CandleInterval_ONE_MINUTE: time.Minute, biddingv1.CandleInterval_FIVE_MINUTES: 5 * time.Minute,
	biddingv1.CandleInterval_ONE_HOUR: time.Hour, biddingv1.CandleInterval_ONE_DAY: 24 * time.Hour, biddingv1.CandleInterval_ONE_WEEK: model.Week,
}

// intervals is the same the other way round.
var intervals = func() map[time.Duration]biddingv1.CandleInterval {
	out := make(map[time.Duration]biddingv1.CandleInterval, len(candleEvery))
	for interval, every := range candleEvery {
		out[every] = interval
	}
	return out
}()

func candle(c model.Candle) *biddingv1.Candle {
	return &biddingv1.Candle{
		Start: timestamp(c.Start), Open: int64(c.Open), High: int64(c.High), Low: int64(c.Low), Close: int64(c.Close),
		Quantity: c.Items, Volume: int64(c.Sold.Value), Sales: c.Sold.Sales,
	}
}

// instant reads a time that may be left out: 0. Those before 1970 and after 9999 are refused.
func instant(field string, t *timestamppb.Timestamp) (model.Instant, error) {
	if t == nil {
		return 0, nil
	}
	if !t.IsValid() || t.GetSeconds() <= 0 {
		return 0, errs.Invalid(field, "must be a time after 1970")
	}
	return model.At(t.AsTime()), nil
}

// GetCandles implements the RPC.
func (h *Handler) GetCandles(ctx context.Context, r *biddingv1.GetCandlesRequest) (*biddingv1.GetCandlesResponse, error) {
	q := service.CandleQuery{Every: candleEvery[r.GetInterval()]}
	var err error
	if q.Market, err = id.Parse("market_id", r.GetMarketId()); err != nil {
		return nil, err
	}
	if q.From, err = instant("from", r.GetFrom()); err != nil {
		return nil, err
	}
	if q.To, err = instant("to", r.GetTo()); err != nil {
		return nil, err
	}
	candles, currency, err := h.service.Candles(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &biddingv1.GetCandlesResponse{Currency: string(currency)}
	for _, c := range candles {
		out.Candles = append(out.Candles, candle(c))
	}
	return out, nil
}

// GetMarketStats implements the RPC.
func (h *Handler) GetMarketStats(ctx context.Context, r *biddingv1.GetMarketStatsRequest) (*biddingv1.GetMarketStatsResponse, error) {
	market, err := id.Parse("market_id", r.GetMarketId())
	if err != nil {
		return nil, err
	}
	s, currency, err := h.service.Stats(ctx, market)
	if err != nil {
		return nil, err
	}
	out := &biddingv1.GetMarketStatsResponse{Currency: string(currency), Sales: s.Sales}
	if s.Sales > 0 {
		out.Lowest, out.Highest, out.Average = minor(s.Lowest), minor(s.Highest), minor(s.Average)
	}
	if s.Sales > 1 {
		out.VolatilityBp = &s.VolatilityBP
	}
	if s.Retail > 0 {
		out.RetailPrice = minor(s.Retail)
	}
	if premium, known := s.PremiumBP(); known {
		out.PremiumBp = &premium
	}
	return out, nil
}

func minor(m money.Minor) *int64 {
	v := int64(m)
	return &v
}
