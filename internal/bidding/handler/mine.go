package handler

import (
	"github.com/sneakers-marketplace/marketplace/internal/bidding/dropcopy"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
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
	caller := rpc.Caller(stream.Context()).Account
	return h.copies.Watch(stream.Context(), h.service, caller, from, func(s *dropcopy.Step) error { return stream.Send(step(s, caller)) })
}

func step(s *dropcopy.Step, viewer model.AccountID) *biddingv1.WatchMyOrdersResponse {
	out := &biddingv1.WatchMyOrdersResponse{Snapshot: s.Snapshot, ResumeToken: page.Encode(s.At)}
	for i := range s.Open {
		if o := &s.Open[i]; o.Side == model.Bid {
			out.Bids = append(out.Bids, bid(o))
		} else {
			out.Asks = append(out.Asks, ask(o))
		}
	}
	for i := range s.Updates {
		out.Updates = append(out.Updates, update(&s.Updates[i], viewer))
	}
	return out
}

// update is a change as the owner of one of the orders sees it.
func update(u *dropcopy.Update, viewer model.AccountID) *biddingv1.OrderUpdate {
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
		filled(out, u, viewer)
	case model.OrderClosed:
		out.Kind = biddingv1.OrderUpdate_CLOSED
	case model.OrderReduced:
		out.Kind, out.Status = biddingv1.OrderUpdate_REDUCED, openStatus(e.Qty, e.Open)
	case model.OrderExpiring:
		out.Kind, out.Status, out.ExpiresAt = biddingv1.OrderUpdate_EXPIRING, openStatus(e.Qty, e.Open), timestamp(e.Expires)
	case model.MatchReversed:
		out.Kind, out.Reason = biddingv1.OrderUpdate_REVERSED, string(u.Why)
		filled(out, u, viewer)
	}
	return out
}

// filled tells of a match from its party's side.
func filled(out *biddingv1.OrderUpdate, u *dropcopy.Update, viewer model.AccountID) {
	e := &u.Event
	m := model.Match{
		ID: e.Match, Market: u.Market, Bid: e.Bid, Ask: e.Ask, Buyer: e.Buyer, Seller: e.Seller, Price: e.Price, BidPrice: e.BidPrice,
		Qty: e.Qty, CreatedAt: u.At,
	}
	out.Match = match(&m, viewer)
	out.Quantity, out.Side, out.OrderId, out.OpenQuantity = 0, biddingv1.Side_BID, int64(e.Bid), int32(e.BidOpen)
	if e.Buyer != viewer {
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
}

func openStatus(qty, open model.Qty) biddingv1.Status {
	if open < qty {
		return biddingv1.Status_PARTIALLY_MATCHED
	}
	return biddingv1.Status_ACTIVE
}
