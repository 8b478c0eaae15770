package bidding

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/page"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// owner is somebody who watches his own orders and keeps a list of those that are open.
type owner struct {
	t      *testing.T
	stream biddingv1.BiddingService_WatchMyOrdersClient
	cancel func()
	open   map[int64]int32 // what is open of each
	told   []*biddingv1.OrderUpdate
	token  string
}

// mine begins to watch a person's orders, as somebody who knows what o knows.
func (w *world) mine(p person, o *owner) *owner {
	w.t.Helper()
	if o == nil {
		o = &owner{t: w.t}
	}
	ctx, cancel := context.WithTimeout(p, 30*time.Second)
	w.t.Cleanup(cancel)
	var err error
	o.cancel = cancel
	o.stream, err = w.WatchMyOrders(ctx, &biddingv1.WatchMyOrdersRequest{ResumeToken: o.token})
	require.NoError(w.t, err)
	return o
}

// next takes in one message.
func (o *owner) next() *biddingv1.WatchMyOrdersResponse {
	o.t.Helper()
	r, err := o.stream.Recv()
	require.NoError(o.t, err)
	if r.GetSnapshot() {
		o.open = map[int64]int32{}
		for _, b := range r.GetBids() {
			o.open[b.GetId()] = b.GetOpenQuantity()
		}
		for _, a := range r.GetAsks() {
			o.open[a.GetId()] = a.GetOpenQuantity()
		}
	}
	for _, u := range r.GetUpdates() {
		o.told = append(o.told, u)
		switch u.GetKind() {
		case biddingv1.OrderUpdate_CLOSED:
			require.Contains(o.t, o.open, u.GetOrderId(), "it was open before")
			delete(o.open, u.GetOrderId())
		case biddingv1.OrderUpdate_ACCEPTED:
			require.NotContains(o.t, o.open, u.GetOrderId(), "it comes in once")
			o.open[u.GetOrderId()] = u.GetOpenQuantity()
		case biddingv1.OrderUpdate_FILLED, biddingv1.OrderUpdate_REDUCED:
			require.Contains(o.t, o.open, u.GetOrderId())
			o.open[u.GetOrderId()] = u.GetOpenQuantity()
		default: // says nothing of what is open
		}
	}
	o.token = r.GetResumeToken()
	return r
}

// kinds takes messages in until there are n updates, and returns what they are.
func (o *owner) kinds(n int) (kinds []biddingv1.OrderUpdate_Kind) {
	o.t.Helper()
	for len(o.told) < n {
		o.next()
	}
	for _, u := range o.told {
		kinds = append(kinds, u.GetKind())
	}
	return kinds
}

func TestDATA_003_SomebodyIsToldOfHisOwnOrders(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	old := w.bid(buyer, 90_00).GetBid()
	o := w.mine(buyer, nil)
	first := o.next()
	require.True(t, first.GetSnapshot())
	require.Len(t, first.GetBids(), 1)
	require.True(t, proto.Equal(old, first.GetBids()[0]))

	two := int32(2)
	bid := w.bid(buyer, 100_00, func(r *biddingv1.PlaceBidRequest) { r.Quantity, r.ClientOrderId = &two, "mine" }).GetBid()
	w.ask(seller, 150_00)
	m := w.ask(seller, 100_00).GetMatches()[0]
	_, err := w.CancelBid(buyer, &biddingv1.CancelBidRequest{BidId: bid.GetId()})
	require.NoError(t, err)
	require.Equal(t, []biddingv1.OrderUpdate_Kind{
		biddingv1.OrderUpdate_ACCEPTED, biddingv1.OrderUpdate_FILLED, biddingv1.OrderUpdate_CLOSED,
	}, o.kinds(3), "and nothing of anybody else")
	in, fill, end := o.told[0], o.told[1], o.told[2]
	require.Equal(t, "mine", in.GetClientOrderId())
	require.EqualValues(t, 2, in.GetQuantity())
	require.Equal(t, bid.GetExpiresAt().AsTime(), in.GetExpiresAt().AsTime())
	require.Equal(t, m.GetId(), fill.GetMatch().GetId())
	require.Equal(t, m.GetCurrency(), fill.GetMatch().GetCurrency())
	require.NotEmpty(t, m.GetCurrency())
	require.Equal(t, bid.GetId(), fill.GetOrderId())
	require.Equal(t, biddingv1.Side_BID, fill.GetMatch().GetSide())
	require.EqualValues(t, 1, fill.GetOpenQuantity())
	require.Equal(t, biddingv1.Status_PARTIALLY_MATCHED, fill.GetStatus())
	require.Equal(t, "REQUESTED", end.GetReason())
	require.Equal(t, biddingv1.Status_CANCELLED, end.GetStatus())
	require.Equal(t, map[int64]int32{old.GetId(): 1}, o.open)

	w.reverse(m)
	require.Equal(t, biddingv1.OrderUpdate_REVERSED, o.kinds(4)[3])
	require.Equal(t, "PAYMENT_FAILED", o.told[3].GetReason())
}

func TestDATA_003_WhoComesBackWithHisTokenMissesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer := w.signIn()
	o := w.mine(buyer, nil)
	o.next()
	o.cancel()
	bid := w.bid(buyer, 100_00).GetBid()
	w.restart()
	other := w.bid(buyer, 101_00).GetBid()
	o = w.mine(buyer, o)
	for len(o.told) < 2 {
		require.False(t, o.next().GetSnapshot())
	}
	require.Equal(t, map[int64]int32{bid.GetId(): 1, other.GetId(): 1}, o.open)

	b := w.beside() // the token is good at any node
	o.cancel()
	_, err := w.CancelBid(buyer, &biddingv1.CancelBidRequest{BidId: bid.GetId()})
	require.NoError(t, err)
	o = b.mine(buyer, o)
	require.Equal(t, biddingv1.OrderUpdate_CLOSED, o.kinds(3)[2])
}

func TestDATA_003_ATokenFromElsewhereBeginsAnew(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer := w.signIn()
	w.bid(buyer, 100_00)
	for name, token := range map[string]string{
		"none":               "",
		"of another cluster": page.Encode(map[uint8]int64{7: 1}),
		"of the future":      page.Encode(map[uint8]int64{0: 1 << 40, 1: 1 << 40}),
		"of no time":         page.Encode(map[uint8]int64{0: -1, 1: -1}),
	} {
		o := w.mine(buyer, &owner{t: t, token: token})
		require.True(t, o.next().GetSnapshot(), name)
		require.Len(t, o.open, 1)
		o.cancel()
	}
	for _, token := range []string{"x", "%%%", page.Encode("hello")} {
		stream, err := w.WatchMyOrders(buyer, &biddingv1.WatchMyOrdersRequest{ResumeToken: token})
		require.NoError(t, err)
		_, err = stream.Recv()
		require.Equal(t, codes.InvalidArgument, status.Code(err))
		require.ErrorContains(t, err, "resume_token")
	}
	stream, err := w.WatchMyOrders(w.anyone, &biddingv1.WatchMyOrdersRequest{})
	require.NoError(t, err)
	_, err = stream.Recv()
	require.Equal(t, codes.Unauthenticated, status.Code(err))
}

// TestDATA_003_APrivateChannelIsCutAgainAndAgain trades at random while one watcher stays
// and another is cut again and again: both are told the same, in the same sequence.
func TestDATA_003_APrivateChannelIsCutAgainAndAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	traders := []person{w.signIn(auth.RoleSeller), w.signIn(auth.RoleSeller), w.signIn(auth.RoleSeller)}
	markets := append(w.sizes(3), w.market)
	steady, cut := w.mine(traders[0], nil), w.mine(traders[0], nil)
	steady.next()
	cut.next()
	var trading sync.WaitGroup
	for n, p := range traders {
		trading.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 1))
			for range 150 {
				market, price := markets[r.IntN(len(markets))], int64(100_00+100*r.IntN(5))
				switch r.IntN(8) {
				case 0, 1, 2:
					_, _ = w.PlaceBid(p, &biddingv1.PlaceBidRequest{MarketId: market, Price: price, Quantity: proto.Int32(1 + r.Int32N(3))})
				case 3, 4, 5:
					_, _ = w.PlaceAsk(p, &biddingv1.PlaceAskRequest{MarketId: market, Price: price, Quantity: proto.Int32(1 + r.Int32N(3))})
				case 6:
					_, _ = w.CancelAll(p, &biddingv1.CancelAllRequest{MarketId: market, Side: biddingv1.Side(r.IntN(3))})
				default: // somebody else's turn
				}
			}
		})
	}
	over := make(chan struct{})
	go func() { trading.Wait(); close(over) }()
	r := rand.New(rand.NewPCG(9, 9))
	cuts := 0
	for going := true; going; {
		select {
		case <-over:
			going = false
		default:
		}
		for range 1 + r.IntN(3) {
			cut.next()
		}
		cut.cancel()
		cut = w.mine(traders[0], cut)
		cuts++
	}
	last := w.bid(traders[0], 50_00).GetBid().GetId()
	for steady.open[last] == 0 {
		steady.next()
	}
	for cut.open[last] == 0 {
		cut.next()
	}
	require.Greater(t, cuts, 5)
	require.Equal(t, steady.open, cut.open)
	require.Len(t, cut.told, len(steady.told))
	of := func(told []*biddingv1.OrderUpdate, market string) (out []string) {
		for _, u := range told {
			if u.GetMarketId() == market {
				out = append(out, u.String())
			}
		}
		return out
	}
	for _, m := range markets {
		require.Equal(t, of(steady.told, m), of(cut.told, m), "the sequence of each market")
	}
	have := map[int64]int32{}
	bids, err := w.ListMyBids(traders[0], &biddingv1.ListMyBidsRequest{PageSize: 100, Statuses: []biddingv1.Status{1, 2}})
	require.NoError(t, err)
	asks, err := w.ListMyAsks(traders[0], &biddingv1.ListMyAsksRequest{PageSize: 100, Statuses: []biddingv1.Status{1, 2}})
	require.NoError(t, err)
	for _, b := range bids.GetBids() {
		have[b.GetId()] = b.GetOpenQuantity()
	}
	for _, a := range asks.GetAsks() {
		have[a.GetId()] = a.GetOpenQuantity()
	}
	require.Equal(t, have, steady.open, "and it is what is open")
}
