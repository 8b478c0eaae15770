package model

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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
