package e2e

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// desk signs somebody in who sells what the platform holds, and puts items of a size there.
func (w *world) desk(t *testing.T, items int32) (who person, market string) {
	t.Helper()
	owner := w.signIn(t, ownerEmail)
	_, err := w.AcceptSellerTerms(owner, &userv1.AcceptSellerTermsRequest{})
	require.NoError(t, err)
	product, err := w.CreateProduct(owner, &productv1.CreateProductRequest{Name: "Dunk Low", Sku: "DD1391-100", Brand: "Nike"})
	require.NoError(t, err)
	size, err := w.AddSize(owner, &productv1.AddSizeRequest{ProductId: product.GetProduct().GetId(), Label: "10", Quantity: items})
	require.NoError(t, err)
	return w.signIn(t, ownerEmail), size.GetSize().GetId()
}

func (w *world) fromStock(p person, market string, quantity int32, change ...func(*biddingv1.PlaceAskRequest)) (*biddingv1.PlaceAskResponse, error) {
	r := &biddingv1.PlaceAskRequest{MarketId: market, Price: 200_00, Quantity: &quantity, FromStock: true}
	for _, c := range change {
		c(r)
	}
	return w.PlaceAsk(p, r)
}

// reserved waits until so many items of a size are set aside.
func (w *world) reserved(t *testing.T, market string, want int32) {
	t.Helper()
	var now int32
	require.Eventually(t, func() bool {
		r, err := w.GetSize(w.public, &productv1.GetSizeRequest{Id: market})
		now = r.GetSize().GetReserved()
		return err == nil && now == want
	}, 15*time.Second, 20*time.Millisecond, "%d wanted", want)
}

func TestMATCH_016_AnAskFromStockHoldsItsItemsUntilItEnds(t *testing.T) {
	t.Parallel()
	w := open(t)
	desk, market := w.desk(t, 5)
	buyer := w.join(t)
	first, err := w.fromStock(desk, market, 3)
	require.NoError(t, err)
	require.True(t, first.GetAsk().GetFromStock())
	w.reserved(t, market, 3)
	_, err = w.fromStock(desk, market, 3)
	refused(t, err, codes.FailedPrecondition, "INSUFFICIENT_STOCK")
	w.reserved(t, market, 3)
	_, err = w.fromStock(desk, market, 101)
	refused(t, err, codes.InvalidArgument, "QUANTITY_OUT_OF_RANGE")
	_, err = w.fromStock(desk, market, 1, func(r *biddingv1.PlaceAskRequest) { r.Price = 200_50 })
	refused(t, err, codes.InvalidArgument, "OFF_TICK")
	w.reserved(t, market, 3)
	_, err = w.ReplaceAsk(desk, &biddingv1.ReplaceAskRequest{AskId: first.GetAsk().GetId(), Price: 210_00, Quantity: 1})
	refused(t, err, codes.FailedPrecondition, "FROM_STOCK")

	require.Len(t, w.bid(t, buyer, market, 200_00).GetMatches(), 1)
	_, err = w.CancelAsk(desk, &biddingv1.CancelAskRequest{AskId: first.GetAsk().GetId()})
	require.NoError(t, err)
	w.reserved(t, market, 1) // what was sold is still to be shipped

	gone, err := w.fromStock(desk, market, 2, func(r *biddingv1.PlaceAskRequest) { r.Price, r.ExpiresIn = 220_00, 1 })
	require.NoError(t, err)
	w.reserved(t, market, 3)
	w.reserved(t, market, 1) // it has expired
	require.Empty(t, gone.GetMatches())
	ioc, err := w.fromStock(desk, market, 4, func(r *biddingv1.PlaceAskRequest) { r.OrderType = biddingv1.OrderType_IOC })
	require.NoError(t, err)
	require.Equal(t, biddingv1.Status_CANCELLED, ioc.GetAsk().GetStatus())
	w.reserved(t, market, 1)
}

func TestMATCH_016_ARepeatSetsNothingAside(t *testing.T) {
	t.Parallel()
	w := open(t)
	desk, market := w.desk(t, 4)
	named := func(r *biddingv1.PlaceAskRequest) { r.ClientOrderId = "pallet" }
	first, err := w.fromStock(desk, market, 2, named)
	require.NoError(t, err)
	again, err := w.fromStock(desk, market, 2, named)
	require.NoError(t, err)
	require.Equal(t, first.GetAsk().GetId(), again.GetAsk().GetId())
	w.reserved(t, market, 2)
	_, err = w.fromStock(desk, market, 1, named)
	refused(t, err, codes.AlreadyExists, "CLIENT_ORDER_ID_TAKEN")
	_, err = w.CancelAsk(desk, &biddingv1.CancelAskRequest{AskId: first.GetAsk().GetId()})
	require.NoError(t, err)
	w.reserved(t, market, 0)
	after, err := w.fromStock(desk, market, 2, named)
	require.NoError(t, err)
	require.Equal(t, first.GetAsk().GetId(), after.GetAsk().GetId(), "it is over, and answered as what it was")
	w.reserved(t, market, 0)
}

func TestMATCH_016_NothingIsSoldTwiceHoweverManySell(t *testing.T) {
	t.Parallel()
	w := open(t)
	desk, market := w.desk(t, 7)
	var sold atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := w.fromStock(desk, market, 1); err == nil {
				sold.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 7, sold.Load())
	w.reserved(t, market, 7)
	seller := w.seller(t)
	_, err := w.fromStock(seller, market, 1)
	refused(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
	require.EqualValues(t, 7, w.priceOf(t, market).GetOpenAsks())
	_, err = w.CancelAll(desk, &biddingv1.CancelAllRequest{MarketId: market})
	require.NoError(t, err)
	w.reserved(t, market, 0)
}

func TestMATCH_016_WhatWasSetAsideForNothingIsGivenBack(t *testing.T) {
	t.Parallel()
	w := open(t)
	desk, market := w.desk(t, 3)
	// A process that dies between setting an item aside and placing the ask leaves this.
	ref := id.New()
	_, err := w.ReserveInventory(desk, &productv1.ReserveInventoryRequest{SizeId: market, Quantity: 1, Reference: fmt.Sprintf("ask/%s/1", ref)})
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), w.source["DATABASE_URL"])
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(t.Context(), `INSERT INTO bidding_stock (ref, market_id, held, created_at) VALUES ($1, $2, 2, now() - interval '59 s')`, ref, market)
	require.NoError(t, err)
	w.reserved(t, market, 1)
	w.reserved(t, market, 0)
}

func TestMATCH_016_AReversedSaleFromStockHoldsOrGivesBackItsItem(t *testing.T) {
	t.Parallel()
	w := open(t)
	desk, market := w.desk(t, 2)
	buyer := w.join(t)
	sale := func() *biddingv1.Match {
		_, err := w.fromStock(desk, market, 1)
		require.NoError(t, err)
		return w.bid(t, buyer, market, 200_00).GetMatches()[0]
	}
	kept, gone := sale(), sale()
	w.reserved(t, market, 2)
	r, err := w.orders.ReverseMatch(w.public, &biddingv1.ReverseMatchRequest{MatchId: kept.GetId(), Reason: "PAYMENT_FAILED", ReinstateAsk: true})
	require.NoError(t, err)
	require.True(t, r.GetAsk().GetFromStock(), "it sells the same item")
	_, err = w.orders.ReverseMatch(w.public, &biddingv1.ReverseMatchRequest{MatchId: gone.GetId(), Reason: "PAYMENT_FAILED"})
	require.NoError(t, err)
	w.reserved(t, market, 1)
	_, err = w.CancelAsk(desk, &biddingv1.CancelAskRequest{AskId: r.GetAsk().GetId()})
	require.NoError(t, err)
	w.reserved(t, market, 0)
}
