package cluster

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// fill sets every field to a value of its own, so that one left out or mixed up is seen.
func fill(v reflect.Value, next *uint8) {
	*next++
	switch {
	case v.Type() == reflect.TypeFor[id.UUID]():
		v.Set(reflect.ValueOf(id.New()))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), next)
			}
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), next)
		fill(v.Index(1), next)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), next)
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.String:
		v.SetString(string(rune('a' + *next%26)))
	case v.CanInt():
		v.SetInt(int64(*next))
	default:
		v.SetUint(uint64(*next))
	}
}

func filled[T any]() (out T) {
	var next uint8
	fill(reflect.ValueOf(&out).Elem(), &next)
	return out
}

func TestRepliesArriveWhole(t *testing.T) {
	t.Parallel()
	want := filled[engine.Reply]()
	got := unpackResults(packResults(t.Context(), []engine.Result{{Reply: want}}), 1)
	require.Equal(t, []engine.Result{{Reply: want}}, got)
	got = unpackResults(packResults(t.Context(), []engine.Result{{}}), 1)
	require.Equal(t, []engine.Result{{}}, got, "a command that has nothing to say")
}

func TestViewsAndPricesArriveWhole(t *testing.T) {
	t.Parallel()
	v, p := filled[engine.View](), filled[model.MarketPrice]()
	r := packView(&v, &p)
	got, err := viewOf(r)
	require.NoError(t, err)
	require.Equal(t, &v, got)
	price, err := priceOf(r)
	require.NoError(t, err)
	require.Equal(t, model.MarketPrice{
		Market: v.Market, BestBid: v.Bids[0], BestAsk: v.Asks[0], OpenBids: v.OpenBids, OpenAsks: v.OpenAsks, Day: p.Day, ThreeDays: p.ThreeDays,
	}, price)
}

func TestUpdatesArriveWhole(t *testing.T) {
	t.Parallel()
	want := filled[model.FeedUpdate]()
	want.Candles = nil // they are made where somebody watches
	got, err := updateOf(packUpdate(&want))
	require.NoError(t, err)
	require.Equal(t, &want, got)
	_, err = updateOf(&biddingv1.WatchResponse{})
	require.Error(t, err, "no market")
}

func TestCommandsArriveWhole(t *testing.T) {
	t.Parallel()
	market, account := id.New(), id.New()
	listing, settings := filled[model.Listing](), filled[model.Settings]()
	for _, c := range []model.Command{
		{
			Kind: model.Place, Market: market, Account: account, Side: model.Ask, Type: model.FOK, SelfTrade: model.CancelBoth, Price: 1, Qty: 2,
			Life: 3, ClientOrderID: "x", Content: 4, Confirmed: true,
		},
		{Kind: model.Cancel, Account: account, Side: model.Ask, Order: 5},
		{Kind: model.CancelAll, Market: market, Account: account, Side: model.Bid, Reason: model.ReasonBanned},
		{Kind: model.Replace, Market: market, Account: account, Side: model.Bid, Order: 6, Price: 7, Qty: 8, ClientOrderID: "y", Content: 9, Confirmed: true},
		{Kind: model.OpenMarket, Market: market, Listing: &listing, Settings: &settings, Actor: account},
		{Kind: model.ChangeSettings, Market: market, Settings: &settings, Actor: account},
		{Kind: model.ChangeLimits, Account: account, Limits: model.AccountLimits{PerMarket: 1, Total: 2}, Actor: market},
		{
			Kind: model.ChangeListing, Market: market,
			Listing: &model.Listing{ProductName: "a", SKU: "b", Version: 3, Delisted: true}, // product, size and currency never change
		},
		{Kind: model.ChangeBan, Account: account, Ban: model.Ban{Version: 3, Lifted: true}},
	} {
		packed, err := packCommands([]model.Command{c})
		require.NoError(t, err)
		got, err := unpackCommands(packed)
		require.NoError(t, err)
		require.Equal(t, []model.Command{c}, got)
	}
	_, err := packCommands([]model.Command{{Kind: model.Place, ClientOrderID: "\xff"}})
	require.Error(t, err)
	_, err = unpackCommands([]*biddingv1.NodeCommand{{Entry: []byte("no entry")}})
	require.Error(t, err)
}

func TestRefusalsArriveAsTheyWere(t *testing.T) {
	t.Parallel()
	for _, want := range []*errs.Error{
		model.ErrOffTick.On("price", "must be a multiple of 100"), model.ErrBidNotFound, model.ErrNotOwner,
		model.ErrUnavailable.After(1e9), model.ErrTooManyOpen,
	} {
		got := unpackResults(packResults(t.Context(), []engine.Result{{Err: want}}), 1)
		require.Equal(t, want, got[0].Err)
	}
	inside := unpackResults(packResults(t.Context(), []engine.Result{{Err: errors.New("disk on fire")}}), 1)
	require.Error(t, inside[0].Err)
	require.NotContains(t, inside[0].Err.Error(), "fire", "what is internal stays inside")
	require.Equal(t, errs.Internal, errs.KindOf(inside[0].Err))
}

func TestAnAnswerThatCannotBeReadLeavesTheOutcomeOpen(t *testing.T) {
	t.Parallel()
	good := packResults(context.Background(), []engine.Result{{}})
	for name, packed := range map[string][]*biddingv1.NodeResult{
		"too few": {}, "too many": append(good, good...),
		"no status":       {{Status: []byte("nonsense")}},
		"no id":           {{Order: &biddingv1.NodeOrder{Market: []byte{1}}}},
		"no enumeration":  {{Order: &biddingv1.NodeOrder{Market: make([]byte, 16), Account: make([]byte, 16), Side: 999}}},
		"no order at all": {{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, r := range unpackResults(packed, 1) {
				require.ErrorIs(t, r.Err, model.ErrUnavailable)
			}
		})
	}
}
