package bidding

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

func TestMATCH_002_TheFoundingStory(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	resting := w.bid(buyer, 200_00)
	require.Equal(t, biddingv1.Status_ACTIVE, resting.Bid.Status)
	require.Empty(t, resting.Matches)
	ask := w.ask(seller, 220_00)
	require.Equal(t, biddingv1.Status_ACTIVE, ask.Ask.Status)
	require.Empty(t, ask.Matches)

	price, err := w.GetMarketPrice(w.anyone, &biddingv1.GetMarketPriceRequest{MarketId: w.market})
	require.NoError(t, err)
	require.EqualValues(t, 200_00, price.MarketPrice.BestBid.Price)
	require.EqualValues(t, 220_00, price.MarketPrice.BestAsk.Price)
	require.EqualValues(t, 20_00, price.MarketPrice.GetSpread())
	require.Nil(t, price.MarketPrice.LastSale)

	got := w.bid(buyer, 225_00)
	require.Equal(t, biddingv1.Status_MATCHED, got.Bid.Status)
	require.Len(t, got.Matches, 1)
	m := got.Matches[0]
	require.EqualValues(t, 220_00, m.Price)
	require.Equal(t, ask.Ask.Id, m.AskId)
	require.Equal(t, biddingv1.Side_BID, m.Side)
	require.Equal(t, "USD", m.Currency)

	depth, err := w.GetDepth(w.anyone, &biddingv1.GetDepthRequest{MarketId: w.market})
	require.NoError(t, err)
	require.Len(t, depth.Bids, 1)
	require.Empty(t, depth.Asks)
	for _, p := range []person{buyer, seller} {
		list, err := w.ListMyMatches(p, &biddingv1.ListMyMatchesRequest{})
		require.NoError(t, err)
		require.Len(t, list.Matches, 1)
		require.Equal(t, m.Id, list.Matches[0].Id)
		one, err := w.GetMatch(p, &biddingv1.GetMatchRequest{MatchId: m.Id})
		require.NoError(t, err)
		require.True(t, proto.Equal(list.Matches[0], one.Match))
	}
	sales, err := w.ListSales(w.anyone, &biddingv1.ListSalesRequest{MarketId: w.market})
	require.NoError(t, err)
	require.Len(t, sales.Sales, 1)
}

func TestMATCH_003_SellersPriceBothWays(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	w.bid(buyer, 225_00)
	cheap := w.ask(seller, 220_00)
	require.EqualValues(t, 220_00, cheap.Matches[0].Price)
	require.EqualValues(t, 225_00, cheap.BestBidGivenUp, "it says what it gave up")
	w.bid(buyer, 225_00)
	exact := w.ask(seller, 225_00)
	require.EqualValues(t, 225_00, exact.Matches[0].Price)
	require.Zero(t, exact.BestBidGivenUp, "sell now loses nothing")

	owner := w.signIn(auth.RoleOwner)
	_, err := w.UpdateMarketSettings(owner, &biddingv1.UpdateMarketSettingsRequest{
		Settings:   &biddingv1.MarketSettings{MarketId: w.market, PriceRule: biddingv1.PriceRule_RESTING},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"price_rule"}},
	})
	require.NoError(t, err)
	w.bid(buyer, 225_00)
	require.EqualValues(t, 225_00, w.ask(seller, 220_00).Matches[0].Price)
}

func TestMATCH_007_OwnOrdersNeverMatch(t *testing.T) {
	t.Parallel()
	w := setup(t)
	trader := w.signIn(auth.RoleSeller)
	ask := w.ask(trader, 100_00)
	_, err := w.PlaceBid(trader, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 100_00})
	requireRefused(t, err, codes.FailedPrecondition, "SELF_TRADE")
	bid := w.bid(trader, 100_00, func(r *biddingv1.PlaceBidRequest) { r.SelfTrade = biddingv1.SelfTrade_CANCEL_OLDEST })
	require.Equal(t, biddingv1.Status_ACTIVE, bid.Bid.Status)
	old, err := w.GetAsk(trader, &biddingv1.GetAskRequest{AskId: ask.Ask.Id})
	require.NoError(t, err)
	require.Equal(t, biddingv1.Status_CANCELLED, old.Ask.Status)
	require.Equal(t, "SELF_TRADE", old.Ask.Reason)
	both := w.ask(trader, 100_00, func(r *biddingv1.PlaceAskRequest) { r.SelfTrade = biddingv1.SelfTrade_CANCEL_BOTH })
	require.Equal(t, biddingv1.Status_CANCELLED, both.Ask.Status)
}

func TestMATCH_008_EveryStatusIsReached(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	two, life := int32(2), int64(60)
	w.ask(seller, 100_00, func(r *biddingv1.PlaceAskRequest) { r.ExpiresIn = life }) // will expire
	w.ask(seller, 300_00)                                                            // active
	w.ask(seller, 200_00, func(r *biddingv1.PlaceAskRequest) { r.Quantity = &two })  // partially matched
	w.clock.Advance(time.Minute)
	w.bid(buyer, 200_00)          // matched
	gone := w.ask(seller, 250_00) // cancelled
	_, err := w.CancelAsk(seller, &biddingv1.CancelAskRequest{AskId: gone.Ask.Id})
	require.NoError(t, err)
	_, err = w.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 200_00, OrderType: biddingv1.OrderType_POST_ONLY})
	requireRefused(t, err, codes.FailedPrecondition, "POST_ONLY_WOULD_CROSS") // rejected

	count := func(s biddingv1.Status) int {
		asks, err := w.ListMyAsks(seller, &biddingv1.ListMyAsksRequest{Statuses: []biddingv1.Status{s}})
		require.NoError(t, err)
		bids, err := w.ListMyBids(buyer, &biddingv1.ListMyBidsRequest{Statuses: []biddingv1.Status{s}, MarketId: w.market})
		require.NoError(t, err)
		return len(asks.Asks) + len(bids.Bids)
	}
	for s := range biddingv1.Status_name {
		if s != 0 {
			require.Equal(t, 1, count(biddingv1.Status(s)), biddingv1.Status(s).String())
		}
	}
}

func TestMATCH_010_IOCAndFOK(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	three := int32(3)
	w.ask(seller, 100_00)
	_, err := w.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 100_00, Quantity: &three, OrderType: biddingv1.OrderType_FOK})
	requireRefused(t, err, codes.FailedPrecondition, "FOK_NOT_FILLABLE")
	got := w.bid(buyer, 100_00, func(r *biddingv1.PlaceBidRequest) { r.Quantity, r.OrderType = &three, biddingv1.OrderType_IOC })
	require.Equal(t, biddingv1.Status_CANCELLED, got.Bid.Status)
	require.Equal(t, "IOC_REMAINDER", got.Bid.Reason)
	require.EqualValues(t, 2, got.Bid.OpenQuantity)
	require.Len(t, got.Matches, 1)
}

func TestMATCH_011_RepeatAnswersTheSameOverGRPC(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	w.ask(seller, 100_00)
	keyed := func(r *biddingv1.PlaceBidRequest) { r.ClientOrderId = "a-1" }
	first := w.bid(buyer, 100_00, keyed)
	again := w.bid(buyer, 100_00, keyed)
	require.True(t, proto.Equal(first, again), "%v\n%v", first, again)
	_, err := w.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 101_00, ClientOrderId: "a-1"})
	requireRefused(t, err, codes.AlreadyExists, "CLIENT_ORDER_ID_TAKEN", "client_order_id")
	w.bid(w.signIn(), 90_00, keyed) // somebody else's key is another key
}

func TestMATCH_011_RepeatOfAReplaceThatKeptItsPlaceTellsNoOlderMatches(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	three := int32(3)
	w.ask(seller, 100_00)
	bid := w.bid(buyer, 100_00, func(r *biddingv1.PlaceBidRequest) { r.Quantity = &three })
	require.Len(t, bid.Matches, 1)
	smaller := &biddingv1.ReplaceBidRequest{BidId: bid.Bid.Id, Price: 100_00, Quantity: 1, ClientOrderId: "r-1"}
	first, err := w.ReplaceBid(buyer, smaller)
	require.NoError(t, err)
	require.True(t, first.Kept)
	require.Empty(t, first.Matches)
	again, err := w.ReplaceBid(buyer, smaller)
	require.NoError(t, err)
	require.True(t, proto.Equal(first, again), "%v\n%v", first, again)
}

func TestMATCH_012_CancelAndReplaceOverGRPC(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	three := int32(3)
	bid := w.bid(buyer, 100_00, func(r *biddingv1.PlaceBidRequest) { r.Quantity = &three }).Bid
	kept, err := w.ReplaceBid(buyer, &biddingv1.ReplaceBidRequest{BidId: bid.Id, Price: 100_00, Quantity: 2})
	require.NoError(t, err)
	require.True(t, kept.Kept)
	require.Equal(t, bid.Id, kept.Bid.Id)
	require.EqualValues(t, 2, kept.Bid.Quantity)
	moved, err := w.ReplaceBid(buyer, &biddingv1.ReplaceBidRequest{BidId: bid.Id, Price: 110_00, Quantity: 2, ClientOrderId: "r-1"})
	require.NoError(t, err)
	require.False(t, moved.Kept)
	require.NotEqual(t, bid.Id, moved.Bid.Id)
	require.Equal(t, bid.ExpiresAt.AsTime(), moved.Bid.ExpiresAt.AsTime(), "the remaining life")
	_, err = w.ReplaceBid(buyer, &biddingv1.ReplaceBidRequest{BidId: bid.Id, Price: 120_00, Quantity: 1})
	requireRefused(t, err, codes.FailedPrecondition, "NOT_OPEN")

	for _, stranger := range []person{seller, w.signIn()} {
		_, err = w.CancelBid(stranger, &biddingv1.CancelBidRequest{BidId: moved.Bid.Id})
		requireRefused(t, err, codes.NotFound, "BID_NOT_FOUND")
		_, err = w.GetBid(stranger, &biddingv1.GetBidRequest{BidId: moved.Bid.Id})
		requireRefused(t, err, codes.NotFound, "BID_NOT_FOUND")
		_, err = w.ReplaceBid(stranger, &biddingv1.ReplaceBidRequest{BidId: moved.Bid.Id, Price: 1_00, Quantity: 1})
		requireRefused(t, err, codes.NotFound, "BID_NOT_FOUND")
	}
	cancelled, err := w.CancelBid(buyer, &biddingv1.CancelBidRequest{BidId: moved.Bid.Id})
	require.NoError(t, err)
	require.Equal(t, biddingv1.Status_CANCELLED, cancelled.Bid.Status)
	require.Equal(t, "REQUESTED", cancelled.Bid.Reason)
	require.NotNil(t, cancelled.Bid.ClosedAt)
	_, err = w.CancelBid(buyer, &biddingv1.CancelBidRequest{BidId: moved.Bid.Id})
	requireRefused(t, err, codes.FailedPrecondition, "NOT_OPEN")

	ask := w.ask(seller, 150_00).Ask
	shrunk, err := w.ReplaceAsk(seller, &biddingv1.ReplaceAskRequest{AskId: ask.Id, Price: 140_00, Quantity: 1})
	require.NoError(t, err)
	w.bid(buyer, 140_00)
	_, err = w.CancelAsk(seller, &biddingv1.CancelAskRequest{AskId: shrunk.Ask.Id})
	requireRefused(t, err, codes.FailedPrecondition, "ALREADY_MATCHED")

	w.bid(buyer, 50_00)
	w.bid(buyer, 51_00)
	all, err := w.CancelAll(buyer, &biddingv1.CancelAllRequest{})
	require.NoError(t, err)
	require.Len(t, all.BidIds, 2)
	w.ask(seller, 500_00)
	all, err = w.CancelAll(seller, &biddingv1.CancelAllRequest{MarketId: w.market, Side: biddingv1.Side_ASK})
	require.NoError(t, err)
	require.Len(t, all.AskIds, 1)
}
