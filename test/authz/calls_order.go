package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

const exchangeAPI = "bidding.v1.BiddingService/"

// orderCalls are about bids, asks and matches of the caller's.
func orderCalls() map[string]ask {
	all := map[string]ask{
		exchangeAPI + "PlaceBid": given(newMarket, func(ctx context.Context, a *asking, market string) error {
			return only(a.bidding.PlaceBid(a.me(ctx), &biddingv1.PlaceBidRequest{MarketId: market, Price: price}))
		}),
		exchangeAPI + "PlaceAsk": given(newMarket, func(ctx context.Context, a *asking, market string) error {
			return only(a.bidding.PlaceAsk(a.me(ctx), &biddingv1.PlaceAskRequest{MarketId: market, Price: price}))
		}),
		exchangeAPI + "GetBid": given(newBid, func(ctx context.Context, a *asking, id int64) error {
			return only(a.bidding.GetBid(a.me(ctx), &biddingv1.GetBidRequest{BidId: id}))
		}),
		exchangeAPI + "CancelBid": given(newBid, func(ctx context.Context, a *asking, id int64) error {
			return only(a.bidding.CancelBid(a.me(ctx), &biddingv1.CancelBidRequest{BidId: id}))
		}),
		exchangeAPI + "ReplaceBid": given(newBid, func(ctx context.Context, a *asking, id int64) error {
			return only(a.bidding.ReplaceBid(a.me(ctx), &biddingv1.ReplaceBidRequest{BidId: id, Price: price - 1_00, Quantity: 1}))
		}),
		exchangeAPI + "GetMatch": given(func(ctx context.Context, a *asking) (int64, error) {
			return a.newMatch(ctx, a.owner, a.people["rival"])
		}, getMatch),
		exchangeAPI + "GetMatch (as the seller)": given(func(ctx context.Context, a *asking) (int64, error) {
			return a.newMatch(ctx, a.people["rival"], a.owner)
		}, getMatch),
		exchangeAPI + "ReverseMatch": given(func(ctx context.Context, a *asking) (int64, error) {
			return a.newMatch(ctx, a.people["user"], a.people["rival"])
		}, func(ctx context.Context, a *asking, id int64) error {
			return only(a.bidding.ReverseMatch(a.me(ctx), &biddingv1.ReverseMatchRequest{MatchId: id, Reason: "PAYMENT_FAILED"}))
		}),
		exchangeAPI + "SetDeadManSwitch": func(ctx context.Context, a *asking) error {
			return only(a.bidding.SetDeadManSwitch(a.me(ctx), &biddingv1.SetDeadManSwitchRequest{})) // one that fired would empty other rows' books
		},
		exchangeAPI + "WatchMyOrders": watchMyOrders,
		exchangeAPI + "CancelAll":     cancelAll,
		exchangeAPI + "ListMyBids":    listMyBids,
		exchangeAPI + "ListMyAsks":    listMyAsks,
		exchangeAPI + "ListMyMatches": listMyMatches,
	}
	for _, side := range []biddingv1.Side{biddingv1.Side_BID, biddingv1.Side_ASK} {
		variant := ""
		if side == biddingv1.Side_ASK {
			variant = " (an ask)"
		}
		all[exchangeAPI+"PlaceBatch"+variant] = given(newMarket, func(ctx context.Context, a *asking, market string) error {
			orders := []*biddingv1.NewOrder{{Side: side, MarketId: market, Price: price}}
			r, err := a.bidding.PlaceBatch(a.me(ctx), &biddingv1.PlaceBatchRequest{Orders: orders})
			return outcome(r.GetResults(), err)
		})
		all[exchangeAPI+"OrderEntry"+variant] = given(newMarket, func(ctx context.Context, a *asking, market string) error {
			order := &biddingv1.NewOrder{Side: side, MarketId: market, Price: price}
			return orderEntry(a.me(ctx), a, &biddingv1.OrderEntryRequest{Action: &biddingv1.OrderEntryRequest_Place{Place: order}})
		})
	}
	all[exchangeAPI+"CancelBatch"] = given(newBid, func(ctx context.Context, a *asking, id int64) error {
		r, err := a.bidding.CancelBatch(a.me(ctx), &biddingv1.CancelBatchRequest{Orders: bidRef(id)})
		return outcome(r.GetResults(), err)
	})
	all[exchangeAPI+"OrderEntry (a cancel)"] = given(newBid, func(ctx context.Context, a *asking, id int64) error {
		return orderEntry(a.me(ctx), a, &biddingv1.OrderEntryRequest{Action: &biddingv1.OrderEntryRequest_Cancel{Cancel: bidRef(id)[0]}})
	})
	for _, variant := range []string{"", " (a rival's)"} {
		all[exchangeAPI+"GetAsk"+variant] = given(newAsk, func(ctx context.Context, a *asking, id int64) error {
			return only(a.bidding.GetAsk(a.me(ctx), &biddingv1.GetAskRequest{AskId: id}))
		})
		all[exchangeAPI+"CancelAsk"+variant] = given(newAsk, func(ctx context.Context, a *asking, id int64) error {
			return only(a.bidding.CancelAsk(a.me(ctx), &biddingv1.CancelAskRequest{AskId: id}))
		})
		all[exchangeAPI+"ReplaceAsk"+variant] = given(newAsk, func(ctx context.Context, a *asking, id int64) error {
			return only(a.bidding.ReplaceAsk(a.me(ctx), &biddingv1.ReplaceAskRequest{AskId: id, Price: price + 1_00, Quantity: 1}))
		})
	}
	return all
}

func bidRef(id int64) []*biddingv1.OrderRef {
	return []*biddingv1.OrderRef{{Side: biddingv1.Side_BID, OrderId: id}}
}

// orderEntry sends one message into a stream of orders; what its answer refuses is an error.
func orderEntry(ctx context.Context, a *asking, r *biddingv1.OrderEntryRequest) error {
	entry, err := a.bidding.OrderEntry(ctx)
	if err != nil {
		return err
	}
	if err := entry.Send(r); err != nil && !errors.Is(err, io.EOF) { // then Recv says why
		return err
	}
	answer, err := entry.Recv()
	return outcome([]*biddingv1.OrderResult{answer.GetResult()}, err)
}

// outcome is the refusal of the only item of a call, as an error.
func outcome(results []*biddingv1.OrderResult, err error) error {
	if err != nil {
		return err
	}
	if no := results[0].GetRefusal(); no != nil {
		return status.Error(codes.Code(no.GetCode()), no.GetReason()+": "+no.GetMessage()) //nolint:gosec // a code
	}
	return nil
}

func newMarket(ctx context.Context, a *asking) (string, error) { return a.newMarket(ctx) }

func newBid(ctx context.Context, a *asking) (int64, error) {
	id, _, err := a.newBid(ctx, a.owner)
	return id, err
}

func newAsk(ctx context.Context, a *asking) (int64, error) {
	id, _, err := a.newAsk(ctx, a.owner)
	return id, err
}

func getMatch(ctx context.Context, a *asking, id int64) error {
	return only(a.bidding.GetMatch(a.me(ctx), &biddingv1.GetMatchRequest{MatchId: id}))
}

// watchMyOrders looks whether a snapshot has the caller's own bids and nobody else's.
func watchMyOrders(ctx context.Context, a *asking) error {
	if err := a.others(ctx); err != nil {
		return err
	}
	own := int64(0)
	if a.caller.account != "" {
		var err error
		if own, _, err = a.newBid(ctx, a.caller); err != nil {
			return errUnprepared{err}
		}
	}
	stream, err := a.bidding.WatchMyOrders(a.me(ctx), &biddingv1.WatchMyOrdersRequest{})
	if err != nil {
		return err
	}
	r, err := stream.Recv()
	if err != nil {
		return err
	}
	return check(&a.owners, "bid", a.caller.account, idsOf(r.GetBids()), own)
}

// cancelAll cancels what is the caller's in a market where somebody else bids too, and
// looks whether that bid is still there.
func cancelAll(ctx context.Context, a *asking) error {
	rival := a.people["rival"]
	bid, market, err := a.newBid(ctx, rival)
	if err != nil {
		return errUnprepared{err}
	}
	own := int64(0)
	if a.caller.account != "" {
		if own, err = a.bidIn(ctx, a.caller, market); err != nil {
			return errUnprepared{err}
		}
	}
	r, err := a.bidding.CancelAll(a.me(ctx), &biddingv1.CancelAllRequest{MarketId: market})
	if err != nil {
		return err
	}
	if err := check(&a.owners, "bid", a.caller.account, r.GetBidIds(), own); err != nil {
		return err
	}
	after, err := a.bidding.GetBid(rival.call(ctx), &biddingv1.GetBidRequest{BidId: bid})
	if err != nil {
		return errUnprepared{err}
	}
	if after.GetBid().GetStatus() != biddingv1.Status_ACTIVE {
		return fmt.Errorf("somebody else's bid is %s: %w", after.GetBid().GetStatus(), errLeak)
	}
	return nil
}

// others makes one bid, ask and match of somebody else, so that there is something
// that a list must not show.
func (a *asking) others(ctx context.Context) error {
	buyer := a.people["user"]
	if buyer == a.caller {
		buyer = a.people["other"]
	}
	match, err := a.newMatch(ctx, buyer, a.people["rival"])
	if err != nil {
		return errUnprepared{err}
	}
	a.owners.note("match", match, buyer.account)
	if _, _, err := a.newBid(ctx, buyer); err != nil {
		return errUnprepared{err}
	}
	if _, _, err := a.newAsk(ctx, a.people["rival"]); err != nil {
		return errUnprepared{err}
	}
	return nil
}

func listMyBids(ctx context.Context, a *asking) error {
	if err := a.others(ctx); err != nil {
		return err
	}
	own := int64(0)
	if a.caller.account != "" {
		var err error
		if own, _, err = a.newBid(ctx, a.caller); err != nil {
			return errUnprepared{err}
		}
	}
	r, err := a.bidding.ListMyBids(a.me(ctx), &biddingv1.ListMyBidsRequest{PageSize: 100})
	if err != nil {
		return err
	}
	return check(&a.owners, "bid", a.caller.account, idsOf(r.GetBids()), own)
}

func listMyAsks(ctx context.Context, a *asking) error {
	if err := a.others(ctx); err != nil {
		return err
	}
	own := int64(0)
	if a.caller.kind == "seller" {
		var err error
		if own, _, err = a.newAsk(ctx, a.caller); err != nil {
			return errUnprepared{err}
		}
	}
	r, err := a.bidding.ListMyAsks(a.me(ctx), &biddingv1.ListMyAsksRequest{PageSize: 100})
	if err != nil {
		return err
	}
	return check(&a.owners, "ask", a.caller.account, idsOf(r.GetAsks()), own)
}

func listMyMatches(ctx context.Context, a *asking) error {
	if err := a.others(ctx); err != nil {
		return err
	}
	own := int64(0)
	if a.caller.account != "" {
		var err error
		if own, err = a.newMatch(ctx, a.caller, a.people["rival"]); err != nil {
			return errUnprepared{err}
		}
		a.owners.note("match", own, a.caller.account)
	}
	r, err := a.bidding.ListMyMatches(a.me(ctx), &biddingv1.ListMyMatchesRequest{PageSize: 100})
	if err != nil {
		return err
	}
	return check(&a.owners, "match", a.caller.account, idsOf(r.GetMatches()), own)
}

func idsOf[T interface{ GetId() int64 }](list []T) []int64 {
	ids := make([]int64, len(list))
	for i, each := range list {
		ids[i] = each.GetId()
	}
	return ids
}
