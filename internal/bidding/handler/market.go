package handler

import (
	"context"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
	"github.com/sneakers-marketplace/marketplace/pkg/page"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

const defaultLevels = 20

func (h *Handler) view(ctx context.Context, marketID string) (*engine.View, error) {
	market, err := id.Parse("market_id", marketID)
	if err != nil {
		return nil, err
	}
	return h.service.Depth(ctx, market)
}

// GetHighestBid implements the RPC.
func (h *Handler) GetHighestBid(ctx context.Context, r *biddingv1.GetHighestBidRequest) (*biddingv1.GetHighestBidResponse, error) {
	v, err := h.view(ctx, r.MarketId)
	if err != nil {
		return nil, err
	}
	return &biddingv1.GetHighestBidResponse{BestBid: level(v.BestBid()), Currency: string(v.Market.Listing.Currency)}, nil
}

// GetLowestAsk implements the RPC.
func (h *Handler) GetLowestAsk(ctx context.Context, r *biddingv1.GetLowestAskRequest) (*biddingv1.GetLowestAskResponse, error) {
	v, err := h.view(ctx, r.MarketId)
	if err != nil {
		return nil, err
	}
	return &biddingv1.GetLowestAskResponse{BestAsk: level(v.BestAsk()), Currency: string(v.Market.Listing.Currency)}, nil
}

// GetDepth implements the RPC.
func (h *Handler) GetDepth(ctx context.Context, r *biddingv1.GetDepthRequest) (*biddingv1.GetDepthResponse, error) {
	v, err := h.view(ctx, r.MarketId)
	if err != nil {
		return nil, err
	}
	n := int(r.Levels)
	if n == 0 {
		n = defaultLevels
	}
	return &biddingv1.GetDepthResponse{
		Bids: levels(v.Bids, n), Asks: levels(v.Asks, n), Seq: v.Market.FeedSeq, Checksum: model.Checksum(v.Asks, v.Bids),
	}, nil
}

// WatchMarket implements the RPC.
func (h *Handler) WatchMarket(r *biddingv1.WatchMarketRequest, stream biddingv1.BiddingService_WatchMarketServer) error {
	market, err := id.Parse("market_id", r.MarketId)
	if err != nil {
		return err
	}
	w := model.Watch{After: r.AfterSeq, Levels: int(r.Levels)}
	if w.Levels == 0 {
		w.Levels = defaultLevels
	}
	candles := make([]time.Duration, len(r.GetCandles()))
	for i, interval := range r.GetCandles() {
		candles[i] = candleEvery[interval]
	}
	return h.service.Watch(stream.Context(), market, w, candles, func(u *model.FeedUpdate) error { return stream.Send(feedUpdate(u)) })
}

func feedUpdate(u *model.FeedUpdate) *biddingv1.WatchMarketResponse {
	out := &biddingv1.WatchMarketResponse{
		Snapshot: u.Snapshot, PrevSeq: u.PrevSeq, Seq: u.Seq, Bids: changes(u.Bids), Asks: changes(u.Asks),
		Checksum: u.Checksum, TradesMissed: u.Missed, MarketPrice: marketPrice(&u.Price),
	}
	for _, s := range u.Trades {
		out.Trades = append(out.Trades, sale(s))
	}
	for _, c := range u.Candles {
		out.Candles = append(out.Candles, &biddingv1.IntervalCandle{Interval: intervals[c.Every], Candle: candle(c.Candle)})
	}
	for _, m := range u.Undone {
		out.ReversedMatchIds = append(out.ReversedMatchIds, int64(m))
	}
	return out
}

// changes are levels as they are now, those that are gone with quantity 0.
func changes(list []model.Level) []*biddingv1.Level {
	out := make([]*biddingv1.Level, len(list))
	for i, l := range list {
		out[i] = &biddingv1.Level{Price: int64(l.Price), Quantity: l.Qty}
	}
	return out
}

// GetMarketPrice implements the RPC.
func (h *Handler) GetMarketPrice(ctx context.Context, r *biddingv1.GetMarketPriceRequest) (*biddingv1.GetMarketPriceResponse, error) {
	market, err := id.Parse("market_id", r.MarketId)
	if err != nil {
		return nil, err
	}
	p, err := h.service.Price(ctx, market)
	if err != nil {
		return nil, err
	}
	return &biddingv1.GetMarketPriceResponse{MarketPrice: marketPrice(&p)}, nil
}

// ListProductMarkets implements the RPC.
func (h *Handler) ListProductMarkets(
	ctx context.Context, r *biddingv1.ListProductMarketsRequest,
) (*biddingv1.ListProductMarketsResponse, error) {
	product, err := id.Parse("product_id", r.ProductId)
	if err != nil {
		return nil, err
	}
	prices, err := h.service.ProductMarkets(ctx, product)
	if err != nil {
		return nil, err
	}
	out := &biddingv1.ListProductMarketsResponse{}
	for i := range prices {
		out.Markets = append(out.Markets, marketPrice(&prices[i]))
	}
	return out, nil
}

// ListSales implements the RPC.
func (h *Handler) ListSales(ctx context.Context, r *biddingv1.ListSalesRequest) (*biddingv1.ListSalesResponse, error) {
	market, err := id.Parse("market_id", r.MarketId)
	if err != nil {
		return nil, err
	}
	var before model.MatchID
	if _, err = page.Decode(r.PageToken, &before); err != nil {
		return nil, err
	}
	size := page.Size(r.PageSize)
	list, err := h.service.Sales(ctx, market, before, size+1)
	if err != nil {
		return nil, err
	}
	out := &biddingv1.ListSalesResponse{}
	if len(list) > size {
		list = list[:size]
		out.NextPageToken = page.Encode(list[size-1].Match)
	}
	for _, s := range list {
		out.Sales = append(out.Sales, sale(s))
	}
	return out, nil
}

// GetMarketSettings implements the RPC.
func (h *Handler) GetMarketSettings(
	ctx context.Context, r *biddingv1.GetMarketSettingsRequest,
) (*biddingv1.GetMarketSettingsResponse, error) {
	market, err := id.Parse("market_id", r.MarketId)
	if err != nil {
		return nil, err
	}
	m, err := h.service.Settings(ctx, market)
	if err != nil {
		return nil, err
	}
	return &biddingv1.GetMarketSettingsResponse{Settings: settings(&m)}, nil
}

// UpdateMarketSettings implements the RPC.
func (h *Handler) UpdateMarketSettings(
	ctx context.Context, r *biddingv1.UpdateMarketSettingsRequest,
) (*biddingv1.UpdateMarketSettingsResponse, error) {
	market, err := id.Parse("settings.market_id", r.Settings.MarketId)
	if err != nil {
		return nil, err
	}
	mask, err := rpc.Mask(r.UpdateMask, "tick", "max_price", "price_rule", "state")
	if err != nil {
		return nil, err
	}
	if mask["price_rule"] && r.Settings.PriceRule == 0 {
		return nil, errs.Invalid("settings.price_rule", "must be SELLER_ASK or RESTING")
	}
	if mask["state"] && r.Settings.State == 0 {
		return nil, errs.Invalid("settings.state", "must be MARKET_OPEN, MARKET_POST_ONLY or MARKET_HALTED")
	}
	m, err := h.service.ChangeSettings(ctx, rpc.Caller(ctx).Account, market, func(s *model.Settings) {
		edit(s, r.Settings, mask)
	})
	if err != nil {
		return nil, err
	}
	return &biddingv1.UpdateMarketSettingsResponse{Settings: settings(&m)}, nil
}

// HaltMarket implements the RPC.
func (h *Handler) HaltMarket(ctx context.Context, r *biddingv1.HaltMarketRequest) (*biddingv1.HaltMarketResponse, error) {
	s, err := h.setState(ctx, r.GetMarketId(), model.MarketHalted)
	return &biddingv1.HaltMarketResponse{Settings: s}, err
}

// ResumeMarket implements the RPC.
func (h *Handler) ResumeMarket(ctx context.Context, r *biddingv1.ResumeMarketRequest) (*biddingv1.ResumeMarketResponse, error) {
	s, err := h.setState(ctx, r.GetMarketId(), model.MarketOpen)
	return &biddingv1.ResumeMarketResponse{Settings: s}, err
}

func (h *Handler) setState(ctx context.Context, marketID string, state model.MarketState) (*biddingv1.MarketSettings, error) {
	market, err := id.Parse("market_id", marketID)
	if err != nil {
		return nil, err
	}
	m, err := h.service.SetState(ctx, rpc.Caller(ctx).Account, market, state)
	if err != nil {
		return nil, err
	}
	return settings(&m), nil
}

func edit(s *model.Settings, wanted *biddingv1.MarketSettings, mask map[string]bool) {
	if mask["tick"] {
		s.Tick = money.Minor(wanted.Tick)
	}
	if mask["max_price"] {
		s.MaxPrice = money.Minor(wanted.MaxPrice)
	}
	if mask["price_rule"] {
		s.PriceRule = model.PriceRule(wanted.PriceRule)
	}
	if mask["state"] {
		s.State = model.MarketState(wanted.State)
	}
}

// GetAccountLimits implements the RPC.
func (h *Handler) GetAccountLimits(
	ctx context.Context, r *biddingv1.GetAccountLimitsRequest,
) (*biddingv1.GetAccountLimitsResponse, error) {
	account, err := id.Parse("account_id", r.AccountId)
	if err != nil {
		return nil, err
	}
	l, err := h.service.Limits(ctx, account)
	if err != nil {
		return nil, err
	}
	return &biddingv1.GetAccountLimitsResponse{Limits: limits(account, l)}, nil
}

// SetAccountLimits implements the RPC.
func (h *Handler) SetAccountLimits(
	ctx context.Context, r *biddingv1.SetAccountLimitsRequest,
) (*biddingv1.SetAccountLimitsResponse, error) {
	account, err := id.Parse("limits.account_id", r.Limits.AccountId)
	if err != nil {
		return nil, err
	}
	l := model.AccountLimits{PerMarket: r.Limits.MaxOpenPerMarket, Total: r.Limits.MaxOpenTotal}
	if err := h.service.ChangeLimits(ctx, rpc.Caller(ctx).Account, account, l); err != nil {
		return nil, err
	}
	return &biddingv1.SetAccountLimitsResponse{Limits: limits(account, l)}, nil
}

func limits(account model.AccountID, l model.AccountLimits) *biddingv1.AccountLimits {
	return &biddingv1.AccountLimits{AccountId: account.String(), MaxOpenPerMarket: l.PerMarket, MaxOpenTotal: l.Total}
}
