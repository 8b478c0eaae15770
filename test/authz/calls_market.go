package main

import (
	"context"
	"fmt"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// marketCalls are about markets: what everybody reads, and what operators change.
func marketCalls() map[string]ask {
	return map[string]ask{
		exchangeAPI + "GetHighestBid": given(openMarket, func(ctx context.Context, a *asking, m market) error {
			return only(a.bidding.GetHighestBid(a.me(ctx), &biddingv1.GetHighestBidRequest{MarketId: m.id}))
		}),
		exchangeAPI + "GetLowestAsk": given(openMarket, func(ctx context.Context, a *asking, m market) error {
			return only(a.bidding.GetLowestAsk(a.me(ctx), &biddingv1.GetLowestAskRequest{MarketId: m.id}))
		}),
		exchangeAPI + "GetCandles": given(openMarket, func(ctx context.Context, a *asking, m market) error {
			return only(a.bidding.GetCandles(a.me(ctx), &biddingv1.GetCandlesRequest{MarketId: m.id, Interval: biddingv1.CandleInterval_ONE_DAY}))
		}),
		exchangeAPI + "GetMarketStats": given(openMarket, func(ctx context.Context, a *asking, m market) error {
			return only(a.bidding.GetMarketStats(a.me(ctx), &biddingv1.GetMarketStatsRequest{MarketId: m.id}))
		}),
		exchangeAPI + "WatchMarket": given(openMarket, func(ctx context.Context, a *asking, m market) error {
			return first(a.bidding.WatchMarket(a.me(ctx), &biddingv1.WatchMarketRequest{MarketId: m.id}))
		}),
		exchangeAPI + "GetMarketPrice": given(openMarket, func(ctx context.Context, a *asking, m market) error {
			return only(a.bidding.GetMarketPrice(a.me(ctx), &biddingv1.GetMarketPriceRequest{MarketId: m.id}))
		}),
		exchangeAPI + "GetDepth": given(openMarket, func(ctx context.Context, a *asking, m market) error {
			return only(a.bidding.GetDepth(a.me(ctx), &biddingv1.GetDepthRequest{MarketId: m.id}))
		}),
		exchangeAPI + "ListSales": given(openMarket, func(ctx context.Context, a *asking, m market) error {
			return only(a.bidding.ListSales(a.me(ctx), &biddingv1.ListSalesRequest{MarketId: m.id}))
		}),
		exchangeAPI + "ListProductMarkets": given(openMarket, func(ctx context.Context, a *asking, m market) error {
			r, err := a.bidding.ListProductMarkets(a.me(ctx), &biddingv1.ListProductMarketsRequest{ProductId: m.product})
			if err == nil && len(r.GetMarkets()) != 1 {
				return fmt.Errorf("the product has %d markets instead of one", len(r.GetMarkets()))
			}
			return err
		}),
		exchangeAPI + "GetMarketSettings": given(openMarket, func(ctx context.Context, a *asking, m market) error {
			return only(a.bidding.GetMarketSettings(a.me(ctx), &biddingv1.GetMarketSettingsRequest{MarketId: m.id}))
		}),
		exchangeAPI + "UpdateMarketSettings": given(openMarket, func(ctx context.Context, a *asking, m market) error {
			return only(a.bidding.UpdateMarketSettings(a.me(ctx), &biddingv1.UpdateMarketSettingsRequest{
				Settings:   &biddingv1.MarketSettings{MarketId: m.id, State: biddingv1.MarketState_MARKET_POST_ONLY, Version: m.version},
				UpdateMask: mask("state"),
			}))
		}),
		exchangeAPI + "HaltMarket": given(openMarket, func(ctx context.Context, a *asking, m market) error {
			return only(a.bidding.HaltMarket(a.me(ctx), &biddingv1.HaltMarketRequest{MarketId: m.id}))
		}),
		exchangeAPI + "ResumeMarket": given(openMarket, func(ctx context.Context, a *asking, m market) error {
			return only(a.bidding.ResumeMarket(a.me(ctx), &biddingv1.ResumeMarketRequest{MarketId: m.id}))
		}),
		exchangeAPI + "GetAccountLimits": func(ctx context.Context, a *asking) error {
			return only(a.bidding.GetAccountLimits(a.me(ctx), &biddingv1.GetAccountLimitsRequest{AccountId: a.people["user"].account}))
		},
		exchangeAPI + "SetAccountLimits": func(ctx context.Context, a *asking) error {
			return only(a.bidding.SetAccountLimits(a.me(ctx), &biddingv1.SetAccountLimitsRequest{Limits: &biddingv1.AccountLimits{
				AccountId: a.people["user"].account, MaxOpenPerMarket: 60, MaxOpenTotal: 20_000,
			}}))
		},
	}
}

// nodeCalls are what the nodes of the exchange ask each other.
func nodeCalls() map[string]ask {
	const api = "bidding.v1.NodeService/"
	return map[string]ask{
		api + "Look": given(openMarket, func(ctx context.Context, a *asking, m market) error {
			market, err := id.Parse("market", m.id)
			if err != nil {
				return err
			}
			return only(biddingv1.NewNodeServiceClient(a.conn).Look(a.me(ctx), &biddingv1.LookRequest{Market: market[:]}))
		}),
		api + "Watch": given(openMarket, func(ctx context.Context, a *asking, m market) error {
			market, err := id.Parse("market", m.id)
			if err != nil {
				return err
			}
			none := make([]byte, len(market))
			return first(biddingv1.NewNodeServiceClient(a.conn).Watch(a.me(ctx), &biddingv1.WatchRequest{
				Market: market[:], Levels: 20, Unopened: &biddingv1.NodeMarket{Id: market[:], Product: none},
			}))
		}),
		api + "Carry": func(ctx context.Context, a *asking) error {
			entry, err := journal.EncodeCommand(&model.Command{Kind: model.Cancel, Account: id.New(), Side: model.Bid, Order: 256})
			if err != nil {
				return err
			}
			return talk(biddingv1.NewNodeServiceClient(a.conn).Carry, a.me(ctx), &biddingv1.CarryRequest{
				Id: 1, Commands: []*biddingv1.NodeCommand{{Entry: entry}},
			})
		},
	}
}

// market is one that is open, with a bid in it.
type market struct {
	id, product string
	version     int64
}

func openMarket(ctx context.Context, a *asking) (market, error) {
	product, err := a.newProduct(ctx, productv1.ProductStatus_ACTIVE)
	if err != nil {
		return market{}, err
	}
	size, err := a.newSize(ctx, product)
	if err != nil {
		return market{}, err
	}
	if _, err := a.bidIn(ctx, a.people["rival"], size); err != nil {
		return market{}, err
	}
	r, err := a.bidding.GetMarketSettings(a.root.call(ctx), &biddingv1.GetMarketSettingsRequest{MarketId: size})
	if err != nil {
		return market{}, fmt.Errorf("read a market's settings: %w", err)
	}
	return market{size, product, r.GetSettings().GetVersion()}, nil
}
