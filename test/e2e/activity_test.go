package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// mostActive lists and searches the Sambas, the most active first.
func (w *world) mostActive(t *testing.T) (listed, found []string) {
	t.Helper()
	sort := productv1.ProductSort_MOST_ACTIVE
	list, err := w.ListProducts(w.public, &productv1.ListProductsRequest{Sort: sort})
	require.NoError(t, err)
	search, err := w.SearchProducts(w.public, &productv1.SearchProductsRequest{Query: "samba", Sort: sort})
	require.NoError(t, err)
	for _, p := range list.GetProducts() {
		listed = append(listed, p.GetId())
	}
	for _, p := range search.GetProducts() {
		found = append(found, p.GetId())
	}
	return listed, found
}

// productOf is whose market it is.
func (w *world) productOf(t *testing.T, market string) string {
	t.Helper()
	r, err := w.GetSize(w.public, &productv1.GetSizeRequest{Id: market})
	require.NoError(t, err)
	return r.GetProductId()
}

func TestPROD_004_WhatIsTradedMostComesFirstWithinSeconds(t *testing.T) {
	t.Parallel()
	w := open(t)
	once, twice, never := w.market(t), w.market(t), w.market(t)
	want := []string{w.productOf(t, twice), w.productOf(t, once), w.productOf(t, never)}
	buyer, seller := w.join(t), w.seller(t)
	for _, market := range []string{once, twice, twice} {
		w.ask(t, seller, market, 210_00)
		require.Len(t, w.bid(t, buyer, market, 210_00).GetMatches(), 1)
	}
	w.bid(t, buyer, never, 200_00) // wanted, but not sold
	require.Eventually(t, func() bool {
		listed, found := w.mostActive(t)
		return slices.Equal(want, listed) && slices.Equal(want, found)
	}, patience, 20*time.Millisecond)

	w.stop(t)
	again := serve(t, w.source)
	again.ask(t, seller, once, 210_00)
	again.bid(t, buyer, once, 210_00)
	again.ask(t, seller, once, 210_00)
	again.bid(t, buyer, once, 210_00)
	want[0], want[1] = want[1], want[0] // three against two: neither lost nor counted again
	require.Eventually(t, func() bool {
		listed, found := again.mostActive(t)
		return slices.Equal(want, listed) && slices.Equal(want, found)
	}, patience, 20*time.Millisecond)
}
