package handler

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/dropcopy"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/service"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
	"github.com/sneakers-marketplace/marketplace/pkg/page"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// WatchMyOrders implements the RPC.
func (h *Handler) WatchMyOrders(r *biddingv1.WatchMyOrdersRequest, stream biddingv1.BiddingService_WatchMyOrdersServer) error {
	var from dropcopy.Position
	if _, err := page.Decode(r.GetResumeToken(), &from); err != nil {
		return errs.Invalid("resume_token", "must be one that WatchMyOrders sent")
	}
	v := viewer{rpc.Caller(stream.Context()).Account, h.service, make(map[model.MarketID]money.Currency)}
	return h.copies.Watch(stream.Context(), h.service, v.account, from, func(s *dropcopy.Step) error {
		out, err := v.step(stream.Context(), s)
		if err != nil {
			return err
		}
		return stream.Send(out)
	})
}

// viewer is who watches his own orders, with what a market's currency is: a journal says
// that only once.
type viewer struct {
	account    model.AccountID
	service    *service.Service
	currencies map[model.MarketID]money.Currency
}

func (v *viewer) currency(ctx context.Context, market model.MarketID) (money.Currency, error) {
	if c, known := v.currencies[market]; known {
		return c, nil
	}
	c, err := v.service.Currency(ctx, market)
	if err == nil {
		v.currencies[market] = c
	}
	return c, err
}

func (v *viewer) step(ctx context.Context, s *dropcopy.Step) (*biddingv1.WatchMyOrdersResponse, error) {
	out := &biddingv1.WatchMyOrdersResponse{Snapshot: s.Snapshot, ResumeToken: page.Encode(s.At)}
	for i := range s.Open {
		if o := &s.Open[i]; o.Side == model.Bid {
			out.Bids = append(out.Bids, bid(o))
		} else {
			out.Asks = append(out.Asks, ask(o))
		}
	}
	for i := range s.Updates {
		u, err := v.update(ctx, &s.Updates[i])
		if err != nil {
			return nil, err
		}
		out.Updates = append(out.Updates, u)
	}
	return out, nil
}

// update is a change as the owner of one of the orders sees it.
func (v *viewer) update(ctx context.Context, u *dropcopy.Update) (*biddingv1.OrderUpdate, error) {
	e := &u.Event
	out := &biddingv1.OrderUpdate{
		Side: biddingv1.Side(e.Side), OrderId: int64(e.Order), MarketId: u.Market.String(), At: timestamp(u.At),
		Status: biddingv1.Status(e.Status), Reason: string(e.Reason), Price: int64(e.Price), Quantity: int32(e.Qty), OpenQuantity: int32(e.Open),
	}
	switch e.Kind {
	case model.OrderAccepted:
		out.Kind, out.Status, out.ClientOrderId = biddingv1.OrderUpdate_ACCEPTED, biddingv1.Status_ACTIVE, u.ClientOrderID
		out.ExpiresAt, out.Replaces = timestamp(e.Expires), int64(e.Replaces)
	case model.OrderMatched:
		out.Kind = biddingv1.OrderUpdate_FILLED
		return out, v.filled(ctx, out, u)
	case model.OrderClosed:
		out.Kind = biddingv1.OrderUpdate_CLOSED
	case model.OrderReduced:
		out.Kind, out.Status = biddingv1.OrderUpdate_REDUCED, openStatus(e.Qty, e.Open)
	case model.OrderExpiring:
		out.Kind, out.Status, out.ExpiresAt = biddingv1.OrderUpdate_EXPIRING, openStatus(e.Qty, e.Open), timestamp(e.Expires)
	case model.MatchReversed:
		out.Kind, out.Reason = biddingv1.OrderUpdate_REVERSED, string(u.Why)
		return out, v.filled(ctx, out, u)
	}
	return out, nil
}

// filled tells of a match from its party's side.
func (v *viewer) filled(ctx context.Context, out *biddingv1.OrderUpdate, u *dropcopy.Update) error {
	e := &u.Event
	currency, err := v.currency(ctx, u.Market)
	if err != nil {
		return err
	}
	m := model.Match{
		ID: e.Match, Market: u.Market, Bid: e.Bid, Ask: e.Ask, Buyer: e.Buyer, Seller: e.Seller, Price: e.Price, BidPrice: e.BidPrice,
		Qty: e.Qty, CreatedAt: u.At, Currency: currency,
	}
	out.Match = match(&m, v.account)
	out.Quantity, out.Side, out.OrderId, out.OpenQuantity = 0, biddingv1.Side_BID, int64(e.Bid), int32(e.BidOpen)
	if e.Buyer != v.account {
		out.Side, out.OrderId, out.OpenQuantity = biddingv1.Side_ASK, int64(e.Ask), int32(e.AskOpen)
	}
	switch {
	case e.Kind == model.MatchReversed:
		out.Match.CreatedAt, out.Match.ReversedAt, out.Match.ReversalReason = nil, timestamp(u.At), string(u.Why)
	case out.GetOpenQuantity() == 0:
		out.Status = biddingv1.Status_MATCHED
	default:
		out.Status = biddingv1.Status_PARTIALLY_MATCHED
	}
	return nil
}

func openStatus(qty, open model.Qty) biddingv1.Status {
	if open < qty {
		return biddingv1.Status_PARTIALLY_MATCHED
	}
	return biddingv1.Status_ACTIVE
}
