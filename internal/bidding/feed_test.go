package bidding

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// audience is a client that keeps a copy of a book by what it is told.
type audience struct {
	t          *testing.T
	stream     biddingv1.BiddingService_WatchMarketClient
	bids, asks map[int64]int64
	seq        int64
	trades     []*biddingv1.Sale
}

// watch opens a feed; the clock of the test's patience is a real one.
func (w *world) watch(market string, after int64) *audience {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	w.t.Cleanup(cancel)
	stream, err := w.WatchMarket(ctx, &biddingv1.WatchMarketRequest{MarketId: market, AfterSeq: after, Levels: 100})
	require.NoError(w.t, err)
	return &audience{t: w.t, stream: stream, bids: map[int64]int64{}, asks: map[int64]int64{}, seq: after}
}

// next takes in one step and checks that the copy is what the exchange says it is.
func (a *audience) next() *biddingv1.WatchMarketResponse {
	a.t.Helper()
	r, err := a.stream.Recv()
	require.NoError(a.t, err)
	if r.GetSnapshot() {
		a.bids, a.asks = map[int64]int64{}, map[int64]int64{}
	} else {
		require.Equal(a.t, a.seq, r.GetPrevSeq(), "no gap")
	}
	a.seq = r.GetSeq()
	take(a.bids, r.GetBids())
	take(a.asks, r.GetAsks())
	a.trades = append(a.trades, r.GetTrades()...)
	bids, asks := ladder(a.bids), ladder(a.asks)
	slices.Reverse(bids)
	require.Equal(a.t, model.Checksum(asks, bids), r.GetChecksum())
	return r
}

// until takes steps in until the feed is at a sequence.
func (a *audience) until(seq int64) {
	a.t.Helper()
	for a.seq < seq {
		a.next()
	}
}

func take(book map[int64]int64, levels []*biddingv1.Level) {
	for _, l := range levels {
		if book[l.GetPrice()] = l.GetQuantity(); l.GetQuantity() == 0 {
			delete(book, l.GetPrice())
		}
	}
}

// ladder lists a side from the lowest price up.
func ladder(book map[int64]int64) (out []model.Level) {
	for _, price := range slices.Sorted(maps.Keys(book)) {
		out = append(out, model.Level{Price: money.Minor(price), Qty: book[price]})
	}
	return out
}

func (w *world) seq(market string) int64 {
	w.t.Helper()
	d, err := w.GetDepth(w.anyone, &biddingv1.GetDepthRequest{MarketId: market})
	require.NoError(w.t, err)
	return d.GetSeq()
}

func TestDATA_003_AWatcherIsToldEverythingAtOnceAndThenWhatChanges(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	w.bid(buyer, 100_00)
	w.ask(seller, 120_00)
	a := w.watch(w.market, 0)
	first := a.next()
	require.True(t, first.GetSnapshot())
	require.Equal(t, map[int64]int64{100_00: 1}, a.bids)
	require.Equal(t, map[int64]int64{120_00: 1}, a.asks)
	require.Equal(t, "Dunk Low", first.GetMarketPrice().GetProductName())

	w.bid(buyer, 100_00)
	two := a.next()
	require.False(t, two.GetSnapshot())
	require.Len(t, two.GetBids(), 1, "what changed, and nothing else")
	require.Equal(t, int64(2), two.GetBids()[0].GetQuantity(), "absolute")
	require.Empty(t, two.GetAsks())

	sold := w.bid(buyer, 120_00)
	began := clock.Monotonic()
	three := a.next()
	require.Less(t, clock.Since(began), time.Second, "S146: told at once")
	require.Equal(t, map[int64]int64{}, a.asks, "0 removes")
	require.Len(t, three.GetTrades(), 1)
	require.Equal(t, sold.GetMatches()[0].GetId(), three.GetTrades()[0].GetMatchId())
	require.Equal(t, sold.GetMatches()[0].GetId(), three.GetMarketPrice().GetLastSale().GetMatchId())
	require.Equal(t, int64(1), three.GetMarketPrice().GetSales_24H())
	w.bid(buyer, 90_00)
	require.Empty(t, a.next().GetTrades(), "a sale is told once")
	require.Equal(t, w.seq(w.market), a.seq)
}

func TestDATA_003_AWatcherComesBackWithoutLoss(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	w.bid(buyer, 100_00)
	at := w.seq(w.market)
	a := w.watch(w.market, at)
	a.bids[100_00] = 1 // what it had
	require.False(t, a.next().GetSnapshot(), "it has everything already")
	require.Equal(t, at, a.seq)
	one := w.ask(seller, 100_00)
	w.bid(buyer, 90_00)
	a.until(w.seq(w.market))
	require.Len(t, a.trades, 1)

	b := w.watch(w.market, at)
	require.True(t, b.next().GetSnapshot(), "something happened since")
	require.Equal(t, map[int64]int64{90_00: 1}, b.bids)
	require.Len(t, b.trades, 1, "the sale it missed")
	require.Equal(t, one.GetMatches()[0].GetId(), b.trades[0].GetMatchId())

	w.restart()
	c := w.watch(w.market, at)
	r := c.next()
	require.True(t, r.GetSnapshot())
	require.True(t, r.GetTradesMissed(), "what was sold before the exchange started is in the tape of ListSales")
}

func TestDATA_003_SilenceIsToldToo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	a := w.watch(w.market, 0)
	a.next()
	began := clock.Monotonic()
	beat := a.next()
	require.InDelta(t, 5, clock.Since(began).Seconds(), 1)
	require.False(t, beat.GetSnapshot())
	require.Equal(t, beat.GetPrevSeq(), beat.GetSeq())
}

func TestDATA_003_AMarketNobodyUsedYetCanBeWatched(t *testing.T) {
	t.Parallel()
	w := setup(t)
	fresh := w.shop.add(w.product, "12", productv1.ProductStatus_ACTIVE)
	a := w.watch(fresh, 0)
	require.True(t, a.next().GetSnapshot())
	require.Zero(t, a.seq)
	_, err := w.PlaceBid(w.signIn(), &biddingv1.PlaceBidRequest{MarketId: fresh, Price: 100_00})
	require.NoError(t, err)
	a.until(w.seq(fresh))
	require.Equal(t, map[int64]int64{100_00: 1}, a.bids)
}

func TestDATA_003_WhatCannotBeWatchedIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for name, tc := range map[string]struct {
		r     *biddingv1.WatchMarketRequest
		code  codes.Code
		why   string
		field string
	}{
		"no market":       {&biddingv1.WatchMarketRequest{MarketId: id.New().String()}, codes.NotFound, "MARKET_NOT_FOUND", ""},
		"no id":           {&biddingv1.WatchMarketRequest{MarketId: "x"}, codes.InvalidArgument, "INVALID_ARGUMENT", "market_id"},
		"too few levels":  {&biddingv1.WatchMarketRequest{MarketId: w.market, Levels: 9}, codes.InvalidArgument, "INVALID_ARGUMENT", "levels"},
		"too many levels": {&biddingv1.WatchMarketRequest{MarketId: w.market, Levels: 101}, codes.InvalidArgument, "INVALID_ARGUMENT", "levels"},
		"before the beginning": {
			&biddingv1.WatchMarketRequest{MarketId: w.market, AfterSeq: -1}, codes.InvalidArgument, "INVALID_ARGUMENT", "after_seq",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stream, err := w.WatchMarket(w.anyone, tc.r)
			require.NoError(t, err)
			_, err = stream.Recv()
			if tc.field != "" {
				requireRefused(t, err, tc.code, tc.why, tc.field)
			} else {
				requireRefused(t, err, tc.code, tc.why)
			}
		})
	}
}

func TestDATA_003_AMarketIsWatchedFromAnyNode(t *testing.T) {
	t.Parallel()
	a := setup(t)
	b := a.beside()
	share(t, a, b)
	buyer, list := a.signIn(), a.sizes(markets)
	var here, there []*audience
	for _, market := range list {
		here, there = append(here, a.watch(market, 0)), append(there, b.watch(market, 0))
	}
	for i, market := range list {
		here[i].next()
		there[i].next()
		_, err := b.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: market, Price: 100_00})
		require.NoError(t, err)
		for _, w := range []*audience{here[i], there[i]} {
			w.until(a.seq(market))
			require.Equal(t, map[int64]int64{100_00: 1}, w.bids)
		}
	}
	b.stop()
	for i, market := range list {
		require.Eventually(t, func() bool {
			_, err := a.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: market, Price: 101_00, ClientOrderId: "after"})
			return err == nil
		}, 10*time.Second, 5*time.Millisecond)
		w := here[i]
		for {
			r, err := w.stream.Recv()
			if err != nil {
				require.Equal(t, codes.Unavailable, status.Code(err), "%v", err)
				w = a.watch(market, w.seq) // the market has moved: here it is again
				w.next()
				break
			}
			if take(w.bids, r.GetBids()); w.bids[101_00] > 0 {
				break
			}
		}
		require.Eventually(t, func() bool { return w.bids[101_00] == 1 || w.next() == nil }, 10*time.Second, time.Millisecond)
	}
}

func TestDATA_003_AFeedTellsThePresentCandles(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	w.sale(buyer, seller, 100_00)
	const minute, day = biddingv1.CandleInterval_ONE_MINUTE, biddingv1.CandleInterval_ONE_DAY
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	stream, err := w.WatchMarket(ctx, &biddingv1.WatchMarketRequest{MarketId: w.market, Candles: []biddingv1.CandleInterval{minute, day}})
	require.NoError(t, err)
	told := map[biddingv1.CandleInterval]*biddingv1.Candle{}
	until := func(seq int64) {
		for at := int64(-1); at < seq; {
			r, err := stream.Recv()
			require.NoError(t, err)
			for _, c := range r.GetCandles() {
				told[c.GetInterval()] = c.GetCandle()
			}
			at = r.GetSeq()
		}
	}
	same := func() { // as GetCandles has them
		t.Helper()
		until(w.seq(w.market))
		for interval, candle := range told {
			r, err := w.GetCandles(w.anyone, &biddingv1.GetCandlesRequest{
				MarketId: w.market, Interval: interval, To: timestamppb.New(w.clock.Now().Add(time.Second)),
			})
			require.NoError(t, err)
			if candle.GetSales() == 0 {
				require.Empty(t, r.GetCandles())
				continue
			}
			require.True(t, proto.Equal(r.GetCandles()[len(r.GetCandles())-1], candle), "%s: %s", interval, candle)
		}
		require.Len(t, told, 2)
	}
	same()
	low := w.sale(buyer, seller, 90_00)
	same()
	w.sale(buyer, seller, 120_00)
	same()
	w.clock.Advance(time.Minute)
	w.sale(buyer, seller, 95_00)
	same()
	require.EqualValues(t, 1, told[minute].GetSales())
	require.EqualValues(t, 90_00, told[day].GetLow())
	_, err = w.orders().ReverseMatch(w.anyone, &biddingv1.ReverseMatchRequest{MatchId: low.GetId(), Reason: "PAYMENT_FAILED"})
	require.NoError(t, err)
	same()
	require.EqualValues(t, 95_00, told[day].GetLow(), "a reversed sale is no longer in it")

	for _, list := range [][]biddingv1.CandleInterval{{minute, minute}, {0}, {9}} {
		stream, err := w.WatchMarket(w.anyone, &biddingv1.WatchMarketRequest{MarketId: w.market, Candles: list})
		require.NoError(t, err)
		_, err = stream.Recv()
		requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	}
}
