package handler

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/service"
	"github.com/sneakers-marketplace/marketplace/pkg/page"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// GetBid implements the RPC.
func (h *Handler) GetBid(ctx context.Context, r *biddingv1.GetBidRequest) (*biddingv1.GetBidResponse, error) {
	o, err := h.service.Order(ctx, rpc.Caller(ctx).Account, model.Bid, model.OrderID(r.BidId))
	if err != nil {
		return nil, err
	}
	return &biddingv1.GetBidResponse{Bid: bid(&o)}, nil
}

// GetAsk implements the RPC.
func (h *Handler) GetAsk(ctx context.Context, r *biddingv1.GetAskRequest) (*biddingv1.GetAskResponse, error) {
	o, err := h.service.Order(ctx, rpc.Caller(ctx).Account, model.Ask, model.OrderID(r.AskId))
	if err != nil {
		return nil, err
	}
	return &biddingv1.GetAskResponse{Ask: ask(&o)}, nil
}

// listing is what ListMyBidsRequest and ListMyAsksRequest have in common.
type listing interface {
	GetMarketId() string
	GetStatuses() []biddingv1.Status
	GetPageSize() int32
	GetPageToken() string
}

// orders reads one page and the token of the next, blank after the last.
func (h *Handler) orders(ctx context.Context, side model.Side, r listing) ([]model.LimitOrder, string, error) {
	q := service.OrderQuery{Account: rpc.Caller(ctx).Account, Side: side, Statuses: statuses(r.GetStatuses())}
	var err error
	if q.Market, err = optionalMarket(r.GetMarketId()); err != nil {
		return nil, "", err
	}
	if _, err = page.Decode(r.GetPageToken(), &q.Before); err != nil {
		return nil, "", err
	}
	size := page.Size(r.GetPageSize())
	q.Limit = size + 1
	list, err := h.service.Orders(ctx, q)
	if err != nil || len(list) <= size {
		return list, "", err
	}
	list = list[:size]
	return list, page.Encode(list[size-1].ID), nil
}

// ListMyBids implements the RPC.
func (h *Handler) ListMyBids(ctx context.Context, r *biddingv1.ListMyBidsRequest) (*biddingv1.ListMyBidsResponse, error) {
	list, next, err := h.orders(ctx, model.Bid, r)
	if err != nil {
		return nil, err
	}
	out := &biddingv1.ListMyBidsResponse{NextPageToken: next}
	for i := range list {
		out.Bids = append(out.Bids, bid(&list[i]))
	}
	return out, nil
}

// ListMyAsks implements the RPC.
func (h *Handler) ListMyAsks(ctx context.Context, r *biddingv1.ListMyAsksRequest) (*biddingv1.ListMyAsksResponse, error) {
	list, next, err := h.orders(ctx, model.Ask, r)
	if err != nil {
		return nil, err
	}
	out := &biddingv1.ListMyAsksResponse{NextPageToken: next}
	for i := range list {
		out.Asks = append(out.Asks, ask(&list[i]))
	}
	return out, nil
}

// GetMatch implements the RPC.
func (h *Handler) GetMatch(ctx context.Context, r *biddingv1.GetMatchRequest) (*biddingv1.GetMatchResponse, error) {
	caller := rpc.Caller(ctx).Account
	m, err := h.service.Match(ctx, caller, model.MatchID(r.MatchId))
	if err != nil {
		return nil, err
	}
	return &biddingv1.GetMatchResponse{Match: match(&m, caller)}, nil
}

// ListMyMatches implements the RPC.
func (h *Handler) ListMyMatches(ctx context.Context, r *biddingv1.ListMyMatchesRequest) (*biddingv1.ListMyMatchesResponse, error) {
	q := service.MatchQuery{Account: rpc.Caller(ctx).Account, Side: model.Side(r.Side)}
	var err error
	if q.Market, err = optionalMarket(r.MarketId); err != nil {
		return nil, err
	}
	if _, err = page.Decode(r.PageToken, &q.Before); err != nil {
		return nil, err
	}
	size := page.Size(r.PageSize)
	q.Limit = size + 1
	list, err := h.service.Matches(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &biddingv1.ListMyMatchesResponse{}
	if len(list) > size {
		list = list[:size]
		out.NextPageToken = page.Encode(list[size-1].ID)
	}
	out.Matches = matches(list, q.Account)
	return out, nil
}
