package bidding

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// stretches are the intervals of candles with where each begins, worked out without arithmetic.
var stretches = map[biddingv1.CandleInterval]func(time.Time) time.Time{
	biddingv1.CandleInterval_ONE_MINUTE: func(t time.Time) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC)
	},
	biddingv1.CandleInterval_FIVE_MINUTES: func(t time.Time) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute()-t.Minute()%5, 0, 0, time.UTC)
	},
	biddingv1.CandleInterval_ONE_HOUR: func(t time.Time) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), 0, 0, 0, time.UTC)
	},
	biddingv1.CandleInterval_ONE_DAY: func(t time.Time) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	},
	biddingv1.CandleInterval_ONE_WEEK: func(t time.Time) time.Time {
		day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
		for day.Weekday() != time.Monday {
			day = day.AddDate(0, 0, -1)
		}
		return day
	},
}

// sells has a bid met by an ask.
func (w *world) sells(price int64, qty int32) {
	w.t.Helper()
	w.ask(w.signIn(auth.RoleSeller), price, func(r *biddingv1.PlaceAskRequest) { r.Quantity, r.Confirm = &qty, true })
	w.bid(w.signIn(), price, func(r *biddingv1.PlaceBidRequest) { r.Quantity, r.Confirm = &qty, true })
}

// expected are candles worked out from the sales tape, oldest sale first.
func expected(sales []*biddingv1.Sale, begin func(time.Time) time.Time) (out []*biddingv1.Candle) {
	for _, s := range sales {
		start := begin(s.GetCreatedAt().AsTime())
		if n := len(out); n == 0 || !out[n-1].GetStart().AsTime().Equal(start) {
			out = append(out, &biddingv1.Candle{Start: timestamppb.New(start), Open: s.GetPrice(), Low: s.GetPrice()})
		}
		c := out[len(out)-1]
		c.High, c.Low, c.Close = max(c.High, s.GetPrice()), min(c.Low, s.GetPrice()), s.GetPrice()
		c.Quantity += int64(s.GetQuantity())
		c.Volume += s.GetPrice() * int64(s.GetQuantity())
		c.Sales++
	}
	return out
}

func TestDATA_002_CandlesSumTheTapeUp(t *testing.T) {
	t.Parallel()
	w := setup(t)
	dice := rand.New(rand.NewPCG(1, 2))
	began := w.clock.Now()
	for range 25 {
		w.sells((100+dice.Int64N(50))*100, 1+dice.Int32N(3))
		w.clock.Advance(time.Duration(dice.Int64N(int64(9 * time.Hour))))
		if dice.IntN(2) == 0 {
			w.sells((100+dice.Int64N(50))*100, 1)
			w.clock.Advance(time.Duration(dice.Int64N(int64(20 * time.Second))))
		}
	}
	tape, err := w.ListSales(w.anyone, &biddingv1.ListSalesRequest{MarketId: w.market, PageSize: 100})
	require.NoError(t, err)
	var sales []*biddingv1.Sale
	for _, s := range tape.GetSales() {
		sales = append([]*biddingv1.Sale{s}, sales...)
	}
	require.Greater(t, len(sales), 25)
	for interval, begin := range stretches {
		from, to := began, w.clock.Now().Add(time.Second)
		if interval == biddingv1.CandleInterval_ONE_MINUTE || interval == biddingv1.CandleInterval_FIVE_MINUTES {
			to = began.Add(900 * time.Minute)
		}
		got, err := w.GetCandles(w.anyone, &biddingv1.GetCandlesRequest{
			MarketId: w.market, Interval: interval, From: timestamppb.New(from), To: timestamppb.New(to),
		})
		require.NoError(t, err)
		var within []*biddingv1.Sale
		for _, s := range sales {
			if s.GetCreatedAt().AsTime().Before(to) {
				within = append(within, s)
			}
		}
		want := &biddingv1.GetCandlesResponse{Candles: expected(within, begin), Currency: "USD"}
		require.True(t, proto.Equal(want, got), "%s\nwant %s\ngot  %s", interval, want, got)
	}
	recent, err := w.GetCandles(w.anyone, &biddingv1.GetCandlesRequest{MarketId: w.market, Interval: biddingv1.CandleInterval_ONE_WEEK})
	require.NoError(t, err)
	require.Len(t, recent.GetCandles(), len(expected(sales, stretches[biddingv1.CandleInterval_ONE_WEEK])), "to now, when nothing is said")
}

func TestDATA_002_StatisticsRestOnTheSalesOfAYear(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ask := &biddingv1.GetMarketStatsRequest{MarketId: w.market}
	none, err := w.GetMarketStats(w.anyone, ask)
	require.NoError(t, err)
	require.True(t, proto.Equal(&biddingv1.GetMarketStatsResponse{Currency: "USD", RetailPrice: proto.Int64(110_00)}, none), "%s", none)
	for _, price := range []int64{100_00, 120_00, 90_00} {
		w.sells(price, 2)
		w.clock.Advance(time.Hour)
	}
	got, err := w.GetMarketStats(w.anyone, ask)
	require.NoError(t, err)
	want := &biddingv1.GetMarketStatsResponse{
		Currency: "USD", Sales: 3, Lowest: proto.Int64(90_00), Highest: proto.Int64(120_00), Average: proto.Int64(103_33),
		VolatilityBp: proto.Int64(1207),                                 // 1247.22 / 10333.33
		RetailPrice:  proto.Int64(110_00), PremiumBp: proto.Int64(-606), // (10333 - 11000) / 11000
	}
	require.True(t, proto.Equal(want, got), "%s", got)
	w.clock.Advance(365*24*time.Hour - 90*time.Minute)
	last, err := w.GetMarketStats(w.anyone, ask)
	require.NoError(t, err)
	require.Equal(t, int64(1), last.GetSales())
	require.Nil(t, last.VolatilityBp, "one sale has none")
	w.shop.fallAfter(1)
	_, _ = w.GetMarketStats(w.anyone, ask)
	blind, err := w.GetMarketStats(w.anyone, ask)
	require.NoError(t, err, "the catalogue is down")
	require.Equal(t, int64(1), blind.GetSales())
	require.Nil(t, blind.PremiumBp)
}

func TestDATA_002_CandlesNobodyCanHaveAreRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	day, now := biddingv1.CandleInterval_ONE_DAY, w.clock.Now()
	for name, tc := range map[string]struct {
		r     *biddingv1.GetCandlesRequest
		code  codes.Code
		why   string
		field []string
	}{
		"no market":        {&biddingv1.GetCandlesRequest{MarketId: id.New().String(), Interval: day}, codes.NotFound, "MARKET_NOT_FOUND", nil},
		"no interval":      {&biddingv1.GetCandlesRequest{MarketId: w.market}, codes.InvalidArgument, "INVALID_ARGUMENT", []string{"interval"}},
		"another interval": {&biddingv1.GetCandlesRequest{MarketId: w.market, Interval: 9}, codes.InvalidArgument, "INVALID_ARGUMENT", []string{"interval"}},
		"backwards": {
			&biddingv1.GetCandlesRequest{MarketId: w.market, Interval: day, From: timestamppb.New(now), To: timestamppb.New(now)},
			codes.InvalidArgument, "INVALID_ARGUMENT",
			[]string{"from"},
		},
		"too many": {
			&biddingv1.GetCandlesRequest{MarketId: w.market, Interval: day, From: timestamppb.New(now.AddDate(0, 0, -1000))},
			codes.InvalidArgument, "INVALID_ARGUMENT",
			[]string{"from"},
		},
		"before time": {
			&biddingv1.GetCandlesRequest{MarketId: w.market, Interval: day, From: &timestamppb.Timestamp{Seconds: -1}},
			codes.InvalidArgument, "INVALID_ARGUMENT",
			[]string{"from"},
		},
		"after time": {
			&biddingv1.GetCandlesRequest{MarketId: w.market, Interval: day, To: &timestamppb.Timestamp{Seconds: 1 << 60}},
			codes.InvalidArgument, "INVALID_ARGUMENT",
			[]string{"to"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.GetCandles(w.anyone, tc.r)
			requireRefused(t, err, tc.code, tc.why, tc.field...)
		})
	}
	_, err := w.GetCandles(w.anyone, &biddingv1.GetCandlesRequest{
		MarketId: w.market, Interval: day, From: timestamppb.New(now.AddDate(0, 0, -999)),
	})
	require.NoError(t, err, "a thousand")
	_, err = w.GetMarketStats(w.anyone, &biddingv1.GetMarketStatsRequest{MarketId: id.New().String()})
	requireRefused(t, err, codes.NotFound, "MARKET_NOT_FOUND")
}
