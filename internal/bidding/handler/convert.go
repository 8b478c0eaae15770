package handler

import (
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// The enums of model and proto have the same numbers, which a test holds them to.

func orderType(t biddingv1.OrderType) model.OrderType {
	if t == biddingv1.OrderType_ORDER_TYPE_UNSPECIFIED {
		return model.Limit
	}
	return model.OrderType(t)
}

func selfTrade(s biddingv1.SelfTrade) model.SelfTrade {
	if s == biddingv1.SelfTrade_SELF_TRADE_UNSPECIFIED {
		return model.CancelNewest
	}
	return model.SelfTrade(s)
}

func statuses(list []biddingv1.Status) []model.Status {
	out := make([]model.Status, len(list))
	for i, s := range list {
		out[i] = model.Status(s)
	}
	return out
}

func bid(o *model.LimitOrder) *biddingv1.Bid {
	return &biddingv1.Bid{
		Id: int64(o.ID), MarketId: o.Market.String(), Price: int64(o.Price), Quantity: int32(o.Qty), OpenQuantity: int32(o.Open),
		Status: biddingv1.Status(o.Status), Reason: string(o.Reason), OrderType: biddingv1.OrderType(o.Type),
		SelfTrade: biddingv1.SelfTrade(o.SelfTrade), ClientOrderId: o.ClientOrderID, CreatedAt: timestamp(o.CreatedAt),
		ExpiresAt: timestamp(o.ExpiresAt), ClosedAt: timestamp(o.ClosedAt), Version: o.Version, Currency: string(o.Currency),
	}
}

func ask(o *model.LimitOrder) *biddingv1.Ask {
	return &biddingv1.Ask{
		Id: int64(o.ID), MarketId: o.Market.String(), Price: int64(o.Price), Quantity: int32(o.Qty), OpenQuantity: int32(o.Open),
		Status: biddingv1.Status(o.Status), Reason: string(o.Reason), OrderType: biddingv1.OrderType(o.Type),
		SelfTrade: biddingv1.SelfTrade(o.SelfTrade), ClientOrderId: o.ClientOrderID, CreatedAt: timestamp(o.CreatedAt),
		ExpiresAt: timestamp(o.ExpiresAt), ClosedAt: timestamp(o.ClosedAt), Version: o.Version, Currency: string(o.Currency),
		Reinstates: int64(o.Reinstates), FromStock: o.Stock != id.None,
	}
}

// match is a match as one of its parties sees it.
func match(m *model.Match, viewer model.AccountID) *biddingv1.Match {
	side := biddingv1.Side_ASK
	if m.Buyer == viewer {
		side = biddingv1.Side_BID
	}
	return &biddingv1.Match{
		Id: int64(m.ID), MarketId: m.Market.String(), BidId: int64(m.Bid), AskId: int64(m.Ask), Price: int64(m.Price),
		Quantity: int32(m.Qty), CreatedAt: timestamp(m.CreatedAt), Side: side, Currency: string(m.Currency), BidPrice: int64(m.BidPrice),
		ReversedAt: timestamp(m.ReversedAt), ReversalReason: string(m.Reversal),
	}
}

func matches(list []model.Match, viewer model.AccountID) []*biddingv1.Match {
	out := make([]*biddingv1.Match, len(list))
	for i := range list {
		out[i] = match(&list[i], viewer)
	}
	return out
}

func level(l model.Level) *biddingv1.Level {
	if l.Qty == 0 {
		return nil
	}
	return &biddingv1.Level{Price: int64(l.Price), Quantity: l.Qty}
}

func levels(list []model.Level, n int) []*biddingv1.Level {
	if len(list) > n {
		list = list[:n]
	}
	out := make([]*biddingv1.Level, len(list))
	for i, l := range list {
		out[i] = level(l)
	}
	return out
}

func sale(s model.Sale) *biddingv1.Sale {
	if s.Match == 0 {
		return nil
	}
	return &biddingv1.Sale{MatchId: int64(s.Match), Price: int64(s.Price), Quantity: int32(s.Qty), CreatedAt: timestamp(s.At)}
}

func marketPrice(p *model.MarketPrice) *biddingv1.MarketPrice {
	m := &p.Market
	out := &biddingv1.MarketPrice{
		MarketId: m.ID.String(), ProductName: m.Listing.ProductName, Sku: m.Listing.SKU, SizeLabel: m.Listing.SizeLabel,
		Currency: string(m.Listing.Currency), State: biddingv1.MarketState(m.State()),
		BestBid: level(p.BestBid), BestAsk: level(p.BestAsk), LastSale: sale(m.LastSale),
		Volume_24H: int64(p.Day.Value), Volume_72H: int64(p.ThreeDays.Value),
		Sales_24H: p.Day.Sales, Sales_72H: p.ThreeDays.Sales, OpenBids: p.OpenBids, OpenAsks: p.OpenAsks,
	}
	if m.Listing.Product != id.None {
		out.ProductId = m.Listing.Product.String()
	}
	if p.BestBid.Qty > 0 && p.BestAsk.Qty > 0 {
		spread := int64(p.BestAsk.Price - p.BestBid.Price)
		out.Spread = &spread
	}
	return out
}

func settings(m *model.Market) *biddingv1.MarketSettings {
	s := m.Settings
	return &biddingv1.MarketSettings{
		MarketId: m.ID.String(), Currency: string(m.Listing.Currency), Tick: int64(s.Tick), MaxPrice: int64(s.MaxPrice),
		PriceRule: biddingv1.PriceRule(s.PriceRule), State: biddingv1.MarketState(s.State), Version: s.Version,
	}
}
