package bidding

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

func newBid(market string, price int64) *biddingv1.NewOrder {
	return &biddingv1.NewOrder{Side: biddingv1.Side_BID, MarketId: market, Price: price}
}

func newAsk(market string, price int64) *biddingv1.NewOrder {
	return &biddingv1.NewOrder{Side: biddingv1.Side_ASK, MarketId: market, Price: price}
}

func TestMATCH_014_ABatchIsCarriedOutInOrderWithAResultEach(t *testing.T) {
	t.Parallel()
	w := setup(t)
	other := w.shop.add(id.New(), "11", productv1.ProductStatus_ACTIVE)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	two := int32(2)
	asks, err := w.PlaceBatch(seller, &biddingv1.PlaceBatchRequest{Orders: []*biddingv1.NewOrder{
		newAsk(w.market, 200_00), newAsk(other, 90_00), newAsk(w.market, 180_00), newAsk(w.market, 180_50), newAsk(id.New().String(), 180_00),
	}})
	require.NoError(t, err)
	require.Len(t, asks.Results, 5)
	for _, i := range []int{0, 1, 2} {
		require.Equal(t, biddingv1.Status_ACTIVE, asks.Results[i].Status)
		require.Equal(t, biddingv1.Side_ASK, asks.Results[i].Side)
	}
	require.Equal(t, "OFF_TICK", asks.Results[3].Refusal.Reason)
	require.Equal(t, "price", asks.Results[3].Refusal.Field)
	require.EqualValues(t, codes.InvalidArgument, asks.Results[3].Refusal.Code)
	require.EqualValues(t, codes.NotFound, asks.Results[4].Refusal.Code)

	bids, err := w.PlaceBatch(buyer, &biddingv1.PlaceBatchRequest{Orders: []*biddingv1.NewOrder{
		{Side: biddingv1.Side_BID, MarketId: w.market, Price: 200_00, Quantity: &two, ClientOrderId: "both"},
		newBid(w.market, 150_00), newAsk(w.market, 300_00), newBid(other, 90_00),
	}})
	require.NoError(t, err)
	first := bids.Results[0]
	require.Equal(t, biddingv1.Status_MATCHED, first.Status)
	require.Len(t, first.Matches, 2)
	require.EqualValues(t, 180_00, first.Matches[0].Price, "the better ask first, though it came later")
	require.Equal(t, biddingv1.Status_ACTIVE, bids.Results[1].Status)
	require.Equal(t, "ROLE_REQUIRED", bids.Results[2].Refusal.Reason)
	require.Equal(t, biddingv1.Status_MATCHED, bids.Results[3].Status)

	again, err := w.PlaceBatch(buyer, &biddingv1.PlaceBatchRequest{Orders: []*biddingv1.NewOrder{
		{Side: biddingv1.Side_BID, MarketId: w.market, Price: 200_00, Quantity: &two, ClientOrderId: "both"},
	}})
	require.NoError(t, err)
	require.Equal(t, first.OrderId, again.Results[0].OrderId, "repeated, it is answered the same")
	require.Len(t, again.Results[0].Matches, 2)

	cancelled, err := w.CancelBatch(buyer, &biddingv1.CancelBatchRequest{Orders: []*biddingv1.OrderRef{
		{Side: biddingv1.Side_BID, OrderId: bids.Results[1].OrderId},
		{Side: biddingv1.Side_BID, OrderId: first.OrderId},
		{Side: biddingv1.Side_ASK, OrderId: asks.Results[1].OrderId},
	}})
	require.NoError(t, err)
	require.Equal(t, biddingv1.Status_CANCELLED, cancelled.Results[0].Status)
	require.Equal(t, "ALREADY_MATCHED", cancelled.Results[1].Refusal.Reason)
	require.EqualValues(t, codes.NotFound, cancelled.Results[2].Refusal.Code, "somebody else's is nobody's")
}

func TestMATCH_014_WhatABatchMayHold(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer := w.signIn()
	_, err := w.PlaceBatch(buyer, &biddingv1.PlaceBatchRequest{})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "orders")
	_, err = w.CancelBatch(buyer, &biddingv1.CancelBatchRequest{})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "orders")
	many := make([]*biddingv1.NewOrder, 501)
	for i := range many {
		many[i] = newBid(w.market, 100_00)
	}
	_, err = w.PlaceBatch(buyer, &biddingv1.PlaceBatchRequest{Orders: many})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "orders")
	many[3] = newBid("here", 100_00)
	_, err = w.PlaceBatch(buyer, &biddingv1.PlaceBatchRequest{Orders: many[:4]})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "orders[3].market_id")
	many[3] = &biddingv1.NewOrder{MarketId: w.market, Price: 100_00}
	_, err = w.PlaceBatch(buyer, &biddingv1.PlaceBatchRequest{Orders: many[:4]})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "orders[3].side")
	_, err = w.PlaceBatch(w.anyone, &biddingv1.PlaceBatchRequest{Orders: many[:1]})
	requireRefused(t, err, codes.Unauthenticated, "TOKEN_MISSING")
	depth, err := w.GetDepth(w.anyone, &biddingv1.GetDepthRequest{MarketId: w.market})
	require.NoError(t, err)
	require.Empty(t, depth.Bids, "a batch that cannot be read does nothing")
}

func TestMATCH_014_OrderEntryAnswersInOrder(t *testing.T) {
	t.Parallel()
	w := setup(t)
	trader := w.signIn(auth.RoleSeller)
	stream, err := w.OrderEntry(trader)
	require.NoError(t, err)
	const n = 300
	for i := range n {
		side := biddingv1.Side_BID
		if i%2 == 1 {
			side = biddingv1.Side_ASK
		}
		place := &biddingv1.NewOrder{Side: side, MarketId: w.market, Price: 100_00 + 50_00*int64(i%2), OrderType: biddingv1.OrderType_IOC}
		require.NoError(t, stream.Send(&biddingv1.OrderEntryRequest{
			CorrelationId: uint64(i), Action: &biddingv1.OrderEntryRequest_Place{Place: place},
		}))
	}
	var last int64
	for i := range n {
		r, err := stream.Recv()
		require.NoError(t, err)
		require.EqualValues(t, i, r.CorrelationId)
		require.Equal(t, biddingv1.Status_CANCELLED, r.Result.Status)
		require.Equal(t, "IOC_REMAINDER", r.Result.Reason)
		require.Greater(t, r.Result.OrderId, last)
		last = r.Result.OrderId
	}
	require.NoError(t, stream.Send(&biddingv1.OrderEntryRequest{
		CorrelationId: 1 << 63, Action: &biddingv1.OrderEntryRequest_Cancel{Cancel: &biddingv1.OrderRef{Side: biddingv1.Side_ASK, OrderId: last}},
	}))
	r, err := stream.Recv()
	require.NoError(t, err)
	require.Equal(t, "NOT_OPEN", r.Result.Refusal.Reason)
	require.EqualValues(t, uint64(1<<63), r.CorrelationId)
	require.NoError(t, stream.CloseSend())
	_, err = stream.Recv()
	require.ErrorIs(t, err, io.EOF)
}

func TestMATCH_014_AnEntryThatCannotBeReadEndsTheStreamAfterTheAnswersBefore(t *testing.T) {
	t.Parallel()
	w := setup(t)
	stream, err := w.OrderEntry(w.signIn())
	require.NoError(t, err)
	require.NoError(t, stream.Send(&biddingv1.OrderEntryRequest{Action: &biddingv1.OrderEntryRequest_Place{Place: newBid(w.market, 100_00)}}))
	require.NoError(t, stream.Send(&biddingv1.OrderEntryRequest{}))
	r, err := stream.Recv()
	require.NoError(t, err)
	require.Equal(t, biddingv1.Status_ACTIVE, r.Result.Status)
	_, err = stream.Recv()
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "action")
}

func TestMATCH_014_OrderEntryEndsWhenTheRoleItRestsOnIsTaken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	seller := w.signIn(auth.RoleSeller)
	stream, err := w.OrderEntry(seller)
	require.NoError(t, err)
	require.NoError(t, stream.Send(&biddingv1.OrderEntryRequest{Action: &biddingv1.OrderEntryRequest_Place{Place: newAsk(w.market, 100_00)}}))
	r, err := stream.Recv()
	require.NoError(t, err)
	require.Equal(t, biddingv1.Status_ACTIVE, r.Result.Status)
	w.users.Grant(seller.id, "user")
	_, err = stream.Recv()
	requireRefused(t, err, codes.Unavailable, "ROLES_CHANGED")
}
