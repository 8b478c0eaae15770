package bidding

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// orders is the exchange as the order service calls it.
func (w *world) orders() biddingv1.BiddingServiceClient {
	w.t.Helper()
	credential, err := auth.NewServiceCredential(auth.Config{Keys: auth.DevelopmentKeys}, "order", w.clock)
	require.NoError(w.t, err)
	conn, err := w.env.Network.Dial(Name, "", rpc.AsService(credential))
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close() })
	return biddingv1.NewBiddingServiceClient(conn)
}

// reverse undoes a match and lets its ask come back.
func (w *world) reverse(m *biddingv1.Match) *biddingv1.ReverseMatchResponse {
	w.t.Helper()
	r, err := w.orders().ReverseMatch(w.anyone, &biddingv1.ReverseMatchRequest{MatchId: m.GetId(), Reason: "PAYMENT_FAILED", ReinstateAsk: true})
	require.NoError(w.t, err)
	require.Equal(w.t, m.GetId(), r.GetMatchId())
	require.NotNil(w.t, r.GetReversedAt())
	return r
}

// sale makes one match at a price.
func (w *world) sale(buyer, seller person, price int64) *biddingv1.Match {
	w.t.Helper()
	w.ask(seller, price)
	m := w.bid(buyer, price).GetMatches()
	require.Len(w.t, m, 1)
	return m[0]
}

func TestMATCH_006_AReversedSaleCountsNowhere(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	first := w.sale(buyer, seller, 100_00)
	w.clock.Advance(10 * time.Minute)
	second := w.sale(buyer, seller, 120_00)
	a := w.watch(w.market, w.seq(w.market))
	a.next()

	r, err := w.orders().ReverseMatch(w.anyone, &biddingv1.ReverseMatchRequest{MatchId: second.GetId(), Reason: "PAYMENT_FAILED"})
	require.NoError(t, err)
	require.Nil(t, r.GetAsk(), "nobody asked for it")
	told := a.next()
	require.Equal(t, []int64{second.GetId()}, told.GetReversedMatchIds(), "whoever watches is corrected")
	require.Equal(t, first.GetId(), told.GetMarketPrice().GetLastSale().GetMatchId())

	check := func() {
		p := w.price()
		require.Equal(t, first.GetId(), p.GetLastSale().GetMatchId())
		require.EqualValues(t, 100_00, p.GetLastSale().GetPrice())
		require.EqualValues(t, 1, p.GetSales_24H())
		require.EqualValues(t, 100_00, p.GetVolume_24H())
		require.EqualValues(t, 100_00, p.GetVolume_72H())
		tape, err := w.ListSales(w.anyone, &biddingv1.ListSalesRequest{MarketId: w.market})
		require.NoError(t, err)
		require.Len(t, tape.GetSales(), 1)
		candles, err := w.GetCandles(w.anyone, &biddingv1.GetCandlesRequest{MarketId: w.market, Interval: biddingv1.CandleInterval_ONE_DAY})
		require.NoError(t, err)
		require.Len(t, candles.GetCandles(), 1)
		require.EqualValues(t, 100_00, candles.GetCandles()[0].GetHigh())
		stats, err := w.GetMarketStats(w.anyone, &biddingv1.GetMarketStatsRequest{MarketId: w.market})
		require.NoError(t, err)
		require.EqualValues(t, 1, stats.GetSales())
		mine, err := w.GetMatch(buyer, &biddingv1.GetMatchRequest{MatchId: second.GetId()})
		require.NoError(t, err)
		require.Equal(t, "PAYMENT_FAILED", mine.GetMatch().GetReversalReason(), "its parties see what became of it")
		require.NotNil(t, mine.GetMatch().GetReversedAt())
	}
	check()
	w.restart()
	check()

	w.reverse(first)
	require.Nil(t, w.price().GetLastSale(), "nothing was ever sold")
	require.Zero(t, w.price().GetSales_72H())
	w.restart()
	require.Nil(t, w.price().GetLastSale())
}

func TestORDER_002_AReinstatedAskHasItsOldPlace(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller, rival := w.signIn(), w.signIn(auth.RoleSeller), w.signIn(auth.RoleSeller)
	old := w.ask(seller, 100_00).GetAsk()
	w.ask(rival, 100_00)
	m := w.bid(buyer, 100_00).GetMatches()[0]
	require.Equal(t, old.GetId(), m.GetAskId())
	w.ask(rival, 100_00)

	r := w.reverse(m)
	require.Equal(t, old.GetId(), r.GetAsk().GetReinstates())
	require.Greater(t, r.GetAsk().GetId(), old.GetId(), "another ask")
	require.Equal(t, biddingv1.Status_ACTIVE, r.GetAsk().GetStatus())
	require.Equal(t, old.GetExpiresAt().AsTime(), r.GetAsk().GetExpiresAt().AsTime())
	again := w.reverse(m)
	require.Equal(t, r.GetAsk().GetId(), again.GetAsk().GetId(), "once, however often it is asked for")
	require.Equal(t, r.GetReversedAt().AsTime(), again.GetReversedAt().AsTime())

	w.restart()
	next := w.bid(buyer, 100_00).GetMatches()[0]
	require.Equal(t, r.GetAsk().GetId(), next.GetAskId(), "it is first again")
	twice := w.reverse(next)
	require.Equal(t, r.GetAsk().GetId(), twice.GetAsk().GetReinstates())
	require.Equal(t, twice.GetAsk().GetId(), w.bid(buyer, 100_00).GetMatches()[0].GetAskId(), "and again")
}

func TestORDER_002_AReinstatedAskMayMatchAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, other, seller := w.signIn(), w.signIn(), w.signIn(auth.RoleSeller)
	m := w.sale(buyer, seller, 100_00)
	w.bid(other, 100_00)
	r := w.reverse(m)
	require.Equal(t, biddingv1.Status_MATCHED, r.GetAsk().GetStatus())
	require.Len(t, r.GetMatches(), 1)
	require.Equal(t, r.GetMatches()[0].GetId(), w.price().GetLastSale().GetMatchId())
	require.EqualValues(t, 1, w.price().GetSales_24H())
	again := w.reverse(m)
	require.Equal(t, r.GetMatches()[0].GetId(), again.GetMatches()[0].GetId())
}

func TestORDER_002_WhatDoesNotComeBack(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		happens func(w *world, seller person, ask int64, m *biddingv1.Match)
		back    bool
	}{
		"an ask of which the rest was cancelled": {happens: func(w *world, seller person, ask int64, _ *biddingv1.Match) {
			_, err := w.CancelAsk(seller, &biddingv1.CancelAskRequest{AskId: ask})
			require.NoError(w.t, err)
		}},
		"an ask whose time is over": {happens: func(w *world, _ person, _ int64, _ *biddingv1.Match) { w.clock.Advance(2 * time.Hour) }},
		"an ask of a banned seller": {happens: func(w *world, seller person, _ int64, _ *biddingv1.Match) {
			w.users.Events.Happen(&userv1.AccountBanned{UserId: seller.id.String(), Version: 2})
			w.handled("user", 1)
		}},
		"an ask that would match in a halted market": {happens: func(w *world, _ person, _ int64, _ *biddingv1.Match) {
			w.bid(w.signIn(), 100_00)
			_, err := w.HaltMarket(w.signIn(auth.RoleAdmin), &biddingv1.HaltMarketRequest{MarketId: w.market})
			require.NoError(w.t, err)
		}},
		"one that would match nothing does": {back: true, happens: func(w *world, _ person, _ int64, _ *biddingv1.Match) {
			_, err := w.HaltMarket(w.signIn(auth.RoleAdmin), &biddingv1.HaltMarketRequest{MarketId: w.market})
			require.NoError(w.t, err)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
			two := int32(2)
			ask := w.ask(seller, 100_00, func(r *biddingv1.PlaceAskRequest) { r.Quantity, r.ExpiresIn = &two, 3600 }).GetAsk()
			m := w.bid(buyer, 100_00).GetMatches()[0]
			if name != "an ask of which the rest was cancelled" {
				require.Len(t, w.bid(buyer, 100_00).GetMatches(), 1)
			}
			tc.happens(w, seller, ask.GetId(), m)
			r := w.reverse(m)
			require.Equal(t, tc.back, r.GetAsk() != nil, "%v", r.GetAsk())
		})
	}
}

func TestMATCH_006_ManyReversalsAtOnceAreOne(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	sales := make([]*biddingv1.Match, 6)
	for i := range sales {
		sales[i] = w.sale(buyer, seller, int64(100_00+100*i))
	}
	client := w.orders()
	var wg sync.WaitGroup
	for range 4 {
		for _, m := range sales[1:] {
			wg.Go(func() {
				_, err := client.ReverseMatch(w.anyone, &biddingv1.ReverseMatchRequest{MatchId: m.GetId(), Reason: "PAYMENT_FAILED", ReinstateAsk: true})
				if err != nil {
					require.Equal(t, "REVERSAL_MOVED", errs.ReasonOf(rpc.FromStatus(err)))
				}
			})
		}
	}
	wg.Wait()
	for _, m := range sales[1:] {
		w.reverse(m)
	}
	require.Equal(t, sales[0].GetId(), w.price().GetLastSale().GetMatchId())
	require.EqualValues(t, 5, w.price().GetOpenAsks(), "each came back once")
	require.EqualValues(t, 1, w.price().GetSales_24H())
}

func TestMATCH_006_OnlyTheOrderServiceReverses(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	m := w.sale(buyer, seller, 100_00)
	for who, ctx := range map[string]context.Context{"buyer": buyer, "seller": seller, "owner": w.signIn(auth.RoleOwner)} {
		_, err := w.ReverseMatch(ctx, &biddingv1.ReverseMatchRequest{MatchId: m.GetId(), Reason: "PAYMENT_FAILED"})
		require.Equal(t, codes.PermissionDenied, status.Code(err), who)
	}
	for name, tc := range map[string]struct {
		r    *biddingv1.ReverseMatchRequest
		code codes.Code
	}{
		"no match":  {&biddingv1.ReverseMatchRequest{MatchId: m.GetId() + 256, Reason: "PAYMENT_FAILED"}, codes.NotFound},
		"no id":     {&biddingv1.ReverseMatchRequest{Reason: "PAYMENT_FAILED"}, codes.InvalidArgument},
		"no reason": {&biddingv1.ReverseMatchRequest{MatchId: m.GetId()}, codes.InvalidArgument},
		"no word":   {&biddingv1.ReverseMatchRequest{MatchId: m.GetId(), Reason: "because"}, codes.InvalidArgument},
	} {
		_, err := w.orders().ReverseMatch(w.anyone, tc.r)
		require.Equal(t, tc.code, status.Code(err), name)
	}
	require.Equal(t, m.GetId(), w.price().GetLastSale().GetMatchId(), "nothing happened")
}
