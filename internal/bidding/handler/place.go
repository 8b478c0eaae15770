package handler

import (
	"context"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/service"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// placement is what PlaceBidRequest, PlaceAskRequest and NewOrder have in common.
type placement interface {
	GetMarketId() string
	GetPrice() int64
	GetQuantity() int32
	GetExpiresIn() int64
	GetOrderType() biddingv1.OrderType
	GetClientOrderId() string
	GetSelfTrade() biddingv1.SelfTrade
	GetConfirm() bool
}

func (h *Handler) place(ctx context.Context, side model.Side, r placement, quantity *int32) (service.Placed, model.AccountID, error) {
	caller := rpc.Caller(ctx)
	market, err := id.Parse("market_id", r.GetMarketId())
	if err != nil {
		return service.Placed{}, caller.Account, err
	}
	o := order(market, side, r, quantity)
	if ask, ok := r.(*biddingv1.PlaceAskRequest); ok && ask.GetFromStock() {
		if !caller.Has(auth.RoleCatalog) && !caller.Has(auth.RoleAdmin) && !caller.Has(auth.RoleOwner) {
			return service.Placed{}, caller.Account, errNotDesk
		}
		o.FromStock = true
	}
	placed, err := h.service.Place(ctx, caller.Account, o)
	return placed, caller.Account, err
}

// errNotDesk is what a caller hears who sells what is not his to sell.
var errNotDesk = errs.New(errs.PermissionDenied, "ROLE_REQUIRED", "to sell from stock needs one of the roles catalog, admin, owner beside seller")

// order is what a placement asks for.
func order(market model.MarketID, side model.Side, r placement, quantity *int32) service.NewOrder {
	qty := model.Qty(1)
	if quantity != nil {
		qty = model.Qty(*quantity)
	}
	return service.NewOrder{
		Market: market, Side: side, Price: money.Minor(r.GetPrice()), Qty: qty, Life: seconds(r.GetExpiresIn()),
		Type: orderType(r.GetOrderType()), SelfTrade: selfTrade(r.GetSelfTrade()),
		ClientOrderID: r.GetClientOrderId(), Confirm: r.GetConfirm(),
	}
}

// PlaceBid implements the RPC.
func (h *Handler) PlaceBid(ctx context.Context, r *biddingv1.PlaceBidRequest) (*biddingv1.PlaceBidResponse, error) {
	p, caller, err := h.place(ctx, model.Bid, r, r.Quantity)
	if err != nil {
		return nil, err
	}
	return &biddingv1.PlaceBidResponse{Bid: bid(&p.Order), Matches: matches(p.Matches, caller)}, nil
}

// PlaceAsk implements the RPC.
func (h *Handler) PlaceAsk(ctx context.Context, r *biddingv1.PlaceAskRequest) (*biddingv1.PlaceAskResponse, error) {
	p, caller, err := h.place(ctx, model.Ask, r, r.Quantity)
	if err != nil {
		return nil, err
	}
	return &biddingv1.PlaceAskResponse{
		Ask: ask(&p.Order), Matches: matches(p.Matches, caller), BestBidGivenUp: int64(p.BidGivenUp()),
	}, nil
}

// CancelBid implements the RPC.
func (h *Handler) CancelBid(ctx context.Context, r *biddingv1.CancelBidRequest) (*biddingv1.CancelBidResponse, error) {
	o, err := h.service.Cancel(ctx, rpc.Caller(ctx).Account, model.Bid, model.OrderID(r.BidId))
	if err != nil {
		return nil, err
	}
	return &biddingv1.CancelBidResponse{Bid: bid(&o)}, nil
}

// CancelAsk implements the RPC.
func (h *Handler) CancelAsk(ctx context.Context, r *biddingv1.CancelAskRequest) (*biddingv1.CancelAskResponse, error) {
	o, err := h.service.Cancel(ctx, rpc.Caller(ctx).Account, model.Ask, model.OrderID(r.AskId))
	if err != nil {
		return nil, err
	}
	return &biddingv1.CancelAskResponse{Ask: ask(&o)}, nil
}

// CancelAll implements the RPC.
func (h *Handler) CancelAll(ctx context.Context, r *biddingv1.CancelAllRequest) (*biddingv1.CancelAllResponse, error) {
	market, err := optionalMarket(r.MarketId)
	if err != nil {
		return nil, err
	}
	closed, err := h.service.CancelAll(ctx, rpc.Caller(ctx).Account, market, model.Side(r.Side))
	if err != nil {
		return nil, err
	}
	out := &biddingv1.CancelAllResponse{}
	for _, o := range closed {
		if o.Side == model.Bid {
			out.BidIds = append(out.BidIds, int64(o.ID))
		} else {
			out.AskIds = append(out.AskIds, int64(o.ID))
		}
	}
	return out, nil
}

// SetDeadManSwitch implements the RPC.
func (h *Handler) SetDeadManSwitch(ctx context.Context, r *biddingv1.SetDeadManSwitchRequest) (*biddingv1.SetDeadManSwitchResponse, error) {
	fires, err := h.service.SetDeadMan(ctx, rpc.Caller(ctx).Account, time.Duration(r.GetSeconds())*time.Second)
	if err != nil {
		return nil, err
	}
	return &biddingv1.SetDeadManSwitchResponse{FiresAt: timestamp(fires)}, nil
}

// ReplaceBid implements the RPC.
func (h *Handler) ReplaceBid(ctx context.Context, r *biddingv1.ReplaceBidRequest) (*biddingv1.ReplaceBidResponse, error) {
	caller := rpc.Caller(ctx).Account
	p, err := h.service.Replace(ctx, caller, service.Replacement{
		Side: model.Bid, Order: model.OrderID(r.BidId), Price: money.Minor(r.Price), Qty: model.Qty(r.Quantity),
		ClientOrderID: r.ClientOrderId, Confirm: r.Confirm,
	})
	if err != nil {
		return nil, err
	}
	return &biddingv1.ReplaceBidResponse{Bid: bid(&p.Order), Matches: matches(p.Matches, caller), Kept: p.Kept}, nil
}

// ReplaceAsk implements the RPC.
func (h *Handler) ReplaceAsk(ctx context.Context, r *biddingv1.ReplaceAskRequest) (*biddingv1.ReplaceAskResponse, error) {
	caller := rpc.Caller(ctx).Account
	p, err := h.service.Replace(ctx, caller, service.Replacement{
		Side: model.Ask, Order: model.OrderID(r.AskId), Price: money.Minor(r.Price), Qty: model.Qty(r.Quantity),
		ClientOrderID: r.ClientOrderId, Confirm: r.Confirm,
	})
	if err != nil {
		return nil, err
	}
	return &biddingv1.ReplaceAskResponse{Ask: ask(&p.Order), Matches: matches(p.Matches, caller), Kept: p.Kept}, nil
}
