package bidding

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// markets is how many make it certain enough that both shards have some.
const markets = 8

// share waits until both nodes own a shard, and know it of each other.
func share(t *testing.T, a, b *world) {
	t.Helper()
	require.Eventually(t, func() bool {
		var owners int
		err := a.db.QueryRow(context.Background(),
			`SELECT count(DISTINCT owner) FROM bidding_shards WHERE owner <> '' AND expires_at > clock_timestamp()`).Scan(&owners)
		return err == nil && owners == 2
	}, 20*time.Second, 10*time.Millisecond)
	for _, market := range a.sizes(markets) { // a read follows its market until it is found
		a.seq(market)
		b.seq(market)
	}
}

// sizes adds markets to the shop.
func (w *world) sizes(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = w.shop.add(w.product, "11", productv1.ProductStatus_ACTIVE)
	}
	return out
}

func TestMATCH_001_AnyNodeTakesAnyCall(t *testing.T) {
	t.Parallel()
	a := setup(t)
	b := a.beside()
	share(t, a, b)
	buyer, seller := a.signIn(), a.signIn(auth.RoleSeller)
	for _, market := range a.sizes(markets) {
		bid, err := a.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: market, Price: 150_00, ClientOrderId: "one", Quantity: proto.Int32(2)})
		require.NoError(t, err)
		again, err := b.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: market, Price: 150_00, ClientOrderId: "one", Quantity: proto.Int32(2)})
		require.NoError(t, err)
		require.Equal(t, bid.GetBid().GetId(), again.GetBid().GetId(), "a repeat at the other node")
		ask, err := b.PlaceAsk(seller, &biddingv1.PlaceAskRequest{MarketId: market, Price: 150_00})
		require.NoError(t, err)
		require.Len(t, ask.GetMatches(), 1)
		require.Equal(t, "USD", ask.GetMatches()[0].GetCurrency())
		one, err := a.GetDepth(a.anyone, &biddingv1.GetDepthRequest{MarketId: market})
		require.NoError(t, err)
		require.Len(t, one.GetBids(), 1)
		other, err := b.GetDepth(b.anyone, &biddingv1.GetDepthRequest{MarketId: market})
		require.NoError(t, err)
		require.True(t, proto.Equal(one, other), "%s\n%s", one, other)
		price, err := a.GetMarketPrice(a.anyone, &biddingv1.GetMarketPriceRequest{MarketId: market})
		require.NoError(t, err)
		same, err := b.GetMarketPrice(b.anyone, &biddingv1.GetMarketPriceRequest{MarketId: market})
		require.NoError(t, err)
		require.True(t, proto.Equal(price, same), "%s\n%s", price, same)
		require.Equal(t, int64(1), price.GetMarketPrice().GetSales_24H())
		replaced, err := a.ReplaceBid(buyer, &biddingv1.ReplaceBidRequest{BidId: bid.GetBid().GetId(), Price: 140_00, Quantity: 1})
		require.NoError(t, err)
		closed, err := b.CancelBid(buyer, &biddingv1.CancelBidRequest{BidId: replaced.GetBid().GetId()})
		require.NoError(t, err)
		require.Equal(t, biddingv1.Status_CANCELLED, closed.GetBid().GetStatus())
	}
	listed, err := b.ListProductMarkets(b.anyone, &biddingv1.ListProductMarketsRequest{ProductId: a.product.String()})
	require.NoError(t, err)
	require.Len(t, listed.GetMarkets(), markets)
}

func TestMATCH_014_BatchesAndStreamsReachEveryNode(t *testing.T) {
	t.Parallel()
	a := setup(t)
	b := a.beside()
	share(t, a, b)
	list, seller := a.sizes(markets), a.signIn(auth.RoleSeller)
	r := &biddingv1.PlaceBatchRequest{}
	for i, market := range list {
		for _, price := range []int64{200_00 + int64(i), 210_00} { // the first is off the tick but for the first market
			r.Orders = append(r.Orders, &biddingv1.NewOrder{MarketId: market, Side: biddingv1.Side_ASK, Price: price})
		}
	}
	placed, err := b.PlaceBatch(seller, r)
	require.NoError(t, err)
	cancel := &biddingv1.CancelBatchRequest{}
	for i, result := range placed.GetResults() {
		if i > 0 && i%2 == 0 {
			require.Equal(t, "OFF_TICK", result.GetRefusal().GetReason(), "%d", i)
			require.Equal(t, "price", result.GetRefusal().GetField())
			continue
		}
		require.Nil(t, result.GetRefusal())
		cancel.Orders = append(cancel.Orders, &biddingv1.OrderRef{Side: biddingv1.Side_ASK, OrderId: result.GetOrderId()})
	}
	cancelled, err := a.CancelBatch(seller, cancel)
	require.NoError(t, err)
	for _, result := range cancelled.GetResults() {
		require.Nil(t, result.GetRefusal())
		require.Equal(t, biddingv1.Status_CANCELLED, result.GetStatus())
	}

	ctx, stop := context.WithCancel(seller)
	defer stop()
	stream, err := b.OrderEntry(ctx)
	require.NoError(t, err)
	const rounds = 50
	for i := range rounds {
		require.NoError(t, stream.Send(&biddingv1.OrderEntryRequest{
			CorrelationId: uint64(i), Action: &biddingv1.OrderEntryRequest_Place{Place: &biddingv1.NewOrder{
				MarketId: list[i%markets], Side: biddingv1.Side_ASK, Price: int64(300+i) * 1_00,
			}},
		}))
	}
	ids := map[string]int64{}
	for i := range rounds {
		answer, err := stream.Recv()
		require.NoError(t, err)
		require.Equal(t, uint64(i), answer.GetCorrelationId())
		require.Nil(t, answer.GetResult().GetRefusal(), "%d", i)
		market := list[i%markets]
		require.Greater(t, answer.GetResult().GetOrderId(), ids[market], "those of one market keep their order")
		ids[market] = answer.GetResult().GetOrderId()
	}
}

func TestMKT_001_SettingsAndLimitsReachEveryNode(t *testing.T) {
	t.Parallel()
	a := setup(t)
	b := a.beside()
	share(t, a, b)
	owner, buyer := a.signIn(auth.RoleOwner), a.signIn()
	_, err := b.SetAccountLimits(owner, &biddingv1.SetAccountLimitsRequest{
		Limits: &biddingv1.AccountLimits{AccountId: buyer.id.String(), MaxOpenPerMarket: 1, MaxOpenTotal: 100},
	})
	require.NoError(t, err)
	for i, market := range a.sizes(markets) {
		node, other := a, b
		if i%2 == 0 {
			node, other = b, a
		}
		_, err := node.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: market, Price: 100_00})
		require.NoError(t, err)
		_, err = other.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: market, Price: 100_00})
		requireRefused(t, err, codes.ResourceExhausted, "TOO_MANY_OPEN_ORDERS")
		halted, err := other.HaltMarket(owner, &biddingv1.HaltMarketRequest{MarketId: market})
		require.NoError(t, err)
		require.Equal(t, biddingv1.MarketState_MARKET_HALTED, halted.GetSettings().GetState())
		read, err := node.GetMarketSettings(owner, &biddingv1.GetMarketSettingsRequest{MarketId: market})
		require.NoError(t, err)
		require.True(t, proto.Equal(halted.GetSettings(), read.GetSettings()))
		_, err = node.PlaceBid(a.signIn(), &biddingv1.PlaceBidRequest{MarketId: market, Price: 100_00})
		requireRefused(t, err, codes.FailedPrecondition, "MARKET_HALTED")
		closed, err := node.CancelAll(buyer, &biddingv1.CancelAllRequest{MarketId: market})
		require.NoError(t, err)
		require.Len(t, closed.GetBidIds(), 1)
	}
}

func TestMATCH_005_WhenANodeLeavesItsMarketsAreServedByTheOther(t *testing.T) {
	t.Parallel()
	a := setup(t)
	b := a.beside()
	share(t, a, b)
	buyer, list := a.signIn(), a.sizes(markets)
	for _, market := range list {
		_, err := a.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: market, Price: 100_00, ClientOrderId: "kept"})
		require.NoError(t, err)
	}
	b.stop()
	for _, market := range list {
		require.Eventually(t, func() bool {
			_, err := a.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: market, Price: 100_00, ClientOrderId: "after"})
			require.Contains(t, []codes.Code{codes.OK, codes.Unavailable}, status.Code(err), "%v", err)
			return err == nil
		}, 5*time.Second, time.Millisecond)
		depth, err := a.GetDepth(a.anyone, &biddingv1.GetDepthRequest{MarketId: market})
		require.NoError(t, err)
		require.Equal(t, int64(2), depth.GetBids()[0].GetQuantity())
	}
}

func TestAUTH_002_OnlyNodesSpeakToNodes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	conn, err := (*rpc.Network)(nil).Dial("bidding", w.env.Source["BIDDING_LISTEN"])
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	nodes := biddingv1.NewNodeServiceClient(conn)
	_, err = nodes.Look(w.signIn(auth.RoleOwner), &biddingv1.LookRequest{Market: make([]byte, 16)})
	requireRefused(t, err, codes.PermissionDenied, "SERVICE_REQUIRED")
	_, err = nodes.Look(w.anyone, &biddingv1.LookRequest{Market: make([]byte, 16)})
	requireRefused(t, err, codes.Unauthenticated, "TOKEN_MISSING")
	stream, err := nodes.Carry(w.signIn(auth.RoleOwner))
	require.NoError(t, err)
	_, err = stream.Recv()
	requireRefused(t, err, codes.PermissionDenied, "SERVICE_REQUIRED")
}
