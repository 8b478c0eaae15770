package model

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

func TestDATA_003_ChecksumOfTheWorkedBook(t *testing.T) {
	t.Parallel()
	asks := []Level{{22000, 2}, {22500, 1}}
	bids := []Level{{21500, 3}}
	require.EqualValues(t, 3727711028, Checksum(asks, bids))
	deep := make([]Level, 30)
	require.Equal(t, Checksum(deep[:10], nil), Checksum(deep, nil), "only ten levels count")
}

func TestMATCH_008_NamesAreReadBack(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"active", "partially_matched", "matched", "cancelled", "expired", "rejected"}, Statuses())
	for _, s := range []Status{Active, PartiallyMatched, Matched, Cancelled, Expired, Rejected} {
		got, ok := ParseStatus(s.String())
		require.True(t, ok)
		require.Equal(t, s, got)
		require.Equal(t, s <= PartiallyMatched, s.Open())
	}
	for _, v := range []OrderType{Limit, IOC, FOK, PostOnly} {
		got, ok := ParseOrderType(v.String())
		require.True(t, ok)
		require.Equal(t, v, got)
	}
	for _, v := range []SelfTrade{CancelNewest, CancelOldest, CancelBoth} {
		got, ok := ParseSelfTrade(v.String())
		require.True(t, ok)
		require.Equal(t, v, got)
	}
	for _, v := range []MarketState{MarketOpen, MarketPostOnly, MarketHalted} {
		got, ok := ParseMarketState(v.String())
		require.True(t, ok)
		require.Equal(t, v, got)
	}
	for _, v := range []PriceRule{SellerAsk, Resting} {
		got, ok := ParsePriceRule(v.String())
		require.True(t, ok)
		require.Equal(t, v, got)
	}
	_, ok := ParseStatus("canceled")
	require.False(t, ok, "one spelling only")
	_, ok = ParseStatus("")
	require.False(t, ok)
	require.Equal(t, "unknown(9)", Status(9).String())
	require.Equal(t, "bid", Bid.String())
	require.Equal(t, Bid, Ask.Opposite())
}

func TestTIME_001_InstantsKeepTheMicrosecond(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 15, 1, 2, 3, 456_000, time.UTC)
	require.Equal(t, now, At(now).Time())
}

func TestRefusalsCarryTheirReason(t *testing.T) {
	t.Parallel()
	for _, r := range []Reason{ReasonFOK, ReasonPostOnly, ReasonSelfTrade} {
		require.Equal(t, string(r), Refusal(r).Reason)
	}
	require.Equal(t, ErrAskNotFound, NotFound(Ask))
	require.Equal(t, ErrBidNotFound, NotFound(Bid))
}

func TestDATA_002_PremiumIsRoundedToTheNearestBasisPoint(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		average, retail money.Minor
		sales, want     int64
		known           bool
	}{
		{average: 220_00, retail: 110_00, sales: 1, want: 10_000, known: true},
		{average: 110_00, retail: 110_00, sales: 1, want: 0, known: true},
		{average: 103_33, retail: 110_00, sales: 3, want: -606, known: true},
		{average: 20_001, retail: 20_000, sales: 1, want: 1, known: true},  // half a basis point
		{average: 19_999, retail: 20_000, sales: 1, want: -1, known: true}, // away from zero
		{average: 30_001, retail: 30_000, sales: 1, want: 0, known: true},  // a third
		{average: 100_000_000, retail: 1, sales: 1, want: 999_999_990_000, known: true},
		{average: 1, retail: 100_000_000, sales: 1, want: -10_000, known: true},
		{average: 100, retail: 0, sales: 1},
		{average: 0, retail: 100, sales: 0},
	} {
		got, known := Stats{Average: tc.average, Retail: tc.retail, Sales: tc.sales}.PremiumBP()
		require.Equal(t, tc.known, known)
		require.Equal(t, tc.want, got, "%v", tc)
	}
}
