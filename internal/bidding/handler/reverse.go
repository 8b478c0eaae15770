package handler

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// ReverseMatch implements the RPC.
func (h *Handler) ReverseMatch(ctx context.Context, r *biddingv1.ReverseMatchRequest) (*biddingv1.ReverseMatchResponse, error) {
	done, err := h.service.Reverse(ctx, model.MatchID(r.GetMatchId()), model.Reason(r.GetReason()), r.GetReinstateAsk())
	if err != nil {
		return nil, err
	}
	m := &done.Match
	out := &biddingv1.ReverseMatchResponse{MatchId: int64(m.ID), ReversedAt: timestamp(m.ReversedAt), Reason: string(m.Reversal)}
	if m.Reinstated != 0 {
		out.Ask, out.Matches = ask(&done.Ask), matches(done.Matches, m.Seller)
	}
	return out, nil
}
