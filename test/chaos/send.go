package main

import (
	"context"
	"regexp"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// order is what bids and asks have in common.
type order interface {
	GetId() int64
	GetMarketId() string
	GetPrice() int64
	GetQuantity() int32
	GetOpenQuantity() int32
	GetStatus() biddingv1.Status
	GetReason() string
}

// send asks the marketplace once.
func (l *load) send(ctx context.Context, c *client, a attempt) answer {
	ctx, done := context.WithTimeout(rpc.Bearer(ctx, c.token), c.answerIn)
	defer done()
	api := l.apis[(c.asked+c.tries)%len(l.apis)]
	switch {
	case a.Op == place && a.Side == bid:
		r, err := api.PlaceBid(ctx, &biddingv1.PlaceBidRequest{
			MarketId: a.Market, Price: a.Price, Quantity: &a.Quantity, ClientOrderId: a.ID, Confirm: true,
			OrderType: a.orderType(), SelfTrade: a.selfTrade(),
		})
		return a.answered(r.GetBid(), r.GetMatches(), false, err)
	case a.Op == place:
		r, err := api.PlaceAsk(ctx, &biddingv1.PlaceAskRequest{
			MarketId: a.Market, Price: a.Price, Quantity: &a.Quantity, ClientOrderId: a.ID, Confirm: true,
			OrderType: a.orderType(), SelfTrade: a.selfTrade(),
		})
		return a.answered(r.GetAsk(), r.GetMatches(), false, err)
	case a.Op == replace && a.Side == bid:
		r, err := api.ReplaceBid(ctx, &biddingv1.ReplaceBidRequest{
			BidId: a.Order, Price: a.Price, Quantity: a.Quantity, ClientOrderId: a.ID, Confirm: true,
		})
		return a.answered(r.GetBid(), r.GetMatches(), r.GetKept(), err)
	case a.Op == replace:
		r, err := api.ReplaceAsk(ctx, &biddingv1.ReplaceAskRequest{
			AskId: a.Order, Price: a.Price, Quantity: a.Quantity, ClientOrderId: a.ID, Confirm: true,
		})
		return a.answered(r.GetAsk(), r.GetMatches(), r.GetKept(), err)
	case a.Side == bid:
		r, err := api.CancelBid(ctx, &biddingv1.CancelBidRequest{BidId: a.Order})
		return a.answered(r.GetBid(), nil, false, err)
	}
	r, err := api.CancelAsk(ctx, &biddingv1.CancelAskRequest{AskId: a.Order})
	return a.answered(r.GetAsk(), nil, false, err)
}

func (a attempt) orderType() biddingv1.OrderType {
	return biddingv1.OrderType(biddingv1.OrderType_value[strings.ToUpper(a.Type)])
}

func (a attempt) selfTrade() biddingv1.SelfTrade {
	return biddingv1.SelfTrade(biddingv1.SelfTrade_value[strings.ToUpper(a.SelfTrade)])
}

// answered is what a client writes down of an answer.
func (a attempt) answered(o order, matches []*biddingv1.Match, kept bool, err error) answer {
	if err != nil {
		outcome, reason := outcomeOf(err)
		return answer{ID: a.ID, Outcome: outcome, Reason: reason}
	}
	t := answer{
		ID: a.ID, Outcome: acknowledged, Order: o.GetId(), Market: o.GetMarketId(), Price: o.GetPrice(), Quantity: o.GetQuantity(),
		Open: o.GetOpenQuantity(), Status: strings.ToLower(o.GetStatus().String()), Why: o.GetReason(), Kept: kept,
	}
	for _, m := range matches {
		t.Matches = append(t.Matches, match{
			ID: m.GetId(), Market: m.GetMarketId(), Bid: m.GetBidId(), Ask: m.GetAskId(),
			Price: m.GetPrice(), BidPrice: m.GetBidPrice(), Quantity: m.GetQuantity(),
		})
	}
	return t
}

// inside is what no answer may tell of: how the database is reached and what it says.
var inside = regexp.MustCompile(`SQLSTATE|pgconn|PGSQL|No space left|failed to connect to`)

// outcomeOf tells a refusal, which is an answer, from an error that leaves open
// whether the thing was done.
func outcomeOf(err error) (outcome, reason string) {
	st := status.Convert(err)
	if inside.MatchString(st.Message()) {
		return unknown, internalError
	}
	reason = st.Code().String()
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			reason = info.GetReason()
		}
	}
	switch st.Code() { //nolint:exhaustive // the rest are refusals
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.Internal, codes.Unknown, codes.Aborted:
		return unknown, reason
	}
	return refused, reason
}
