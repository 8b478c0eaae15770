package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

func (w *world) bid(t *testing.T, p person, market string, price int64) *biddingv1.PlaceBidResponse {
	t.Helper()
	r, err := w.PlaceBid(p, &biddingv1.PlaceBidRequest{MarketId: market, Price: price})
	require.NoError(t, err)
	return r
}

func (w *world) ask(t *testing.T, p person, market string, price int64) *biddingv1.PlaceAskResponse {
	t.Helper()
	r, err := w.PlaceAsk(p, &biddingv1.PlaceAskRequest{MarketId: market, Price: price})
	require.NoError(t, err)
	return r
}

func (w *world) priceOf(t *testing.T, market string) *biddingv1.MarketPrice {
	t.Helper()
	r, err := w.GetMarketPrice(w.public, &biddingv1.GetMarketPriceRequest{MarketId: market})
	require.NoError(t, err)
	return r.GetMarketPrice()
}

func TestPairOfShoesIsListedWantedAndSold(t *testing.T) {
	t.Parallel()
	w := open(t)
	owner, buyer, seller := w.signIn(t, ownerEmail), w.join(t), w.join(t)
	require.NotEqual(t, buyer.id, seller.id)

	product, err := w.CreateProduct(owner, &productv1.CreateProductRequest{Name: "Dunk Low", Sku: "DD1391-100", Brand: "Nike", RetailPrice: 110_00})
	require.NoError(t, err)
	added, err := w.AddSize(owner, &productv1.AddSizeRequest{ProductId: product.GetProduct().GetId(), Label: "10", Quantity: 1})
	require.NoError(t, err)
	market := added.GetSize().GetId()

	_, err = w.PlaceAsk(seller, &biddingv1.PlaceAskRequest{MarketId: market, Price: 220_00})
	refused(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
	_, err = w.AcceptSellerTerms(seller, &userv1.AcceptSellerTermsRequest{})
	require.NoError(t, err)
	seller = w.signIn(t, seller.email)

	low := w.bid(t, buyer, market, 200_00)
	require.Equal(t, biddingv1.Status_ACTIVE, low.GetBid().GetStatus())
	ask := w.ask(t, seller, market, 220_00)
	require.Equal(t, biddingv1.Status_ACTIVE, ask.GetAsk().GetStatus())
	require.Empty(t, ask.GetMatches())
	price := w.priceOf(t, market)
	require.EqualValues(t, 200_00, price.GetBestBid().GetPrice())
	require.EqualValues(t, 220_00, price.GetBestAsk().GetPrice())
	require.EqualValues(t, 20_00, price.GetSpread())
	require.Equal(t, "DD1391-100", price.GetSku(), "the market knows its product from the product service")

	sold := w.bid(t, buyer, market, 225_00)
	require.Equal(t, biddingv1.Status_MATCHED, sold.GetBid().GetStatus())
	require.Len(t, sold.GetMatches(), 1)
	match := sold.GetMatches()[0]
	require.EqualValues(t, 220_00, match.GetPrice())
	require.Equal(t, ask.GetAsk().GetId(), match.GetAskId())

	for side, p := range map[biddingv1.Side]person{biddingv1.Side_BID: buyer, biddingv1.Side_ASK: seller} {
		list, err := w.ListMyMatches(p, &biddingv1.ListMyMatchesRequest{})
		require.NoError(t, err)
		require.Len(t, list.GetMatches(), 1)
		require.Equal(t, match.GetId(), list.GetMatches()[0].GetId())
		require.Equal(t, side, list.GetMatches()[0].GetSide())
	}
	bids, err := w.ListMyBids(buyer, &biddingv1.ListMyBidsRequest{})
	require.NoError(t, err)
	require.Len(t, bids.GetBids(), 2)
	require.Equal(t, biddingv1.Status_MATCHED, bids.GetBids()[0].GetStatus())
	asks, err := w.ListMyAsks(seller, &biddingv1.ListMyAsksRequest{})
	require.NoError(t, err)
	require.Equal(t, biddingv1.Status_MATCHED, asks.GetAsks()[0].GetStatus())
	price = w.priceOf(t, market)
	require.Nil(t, price.GetBestAsk())
	require.EqualValues(t, 220_00, price.GetLastSale().GetPrice())
	require.EqualValues(t, 220_00, price.GetVolume_24H())
}

func TestMarketsAreTheSameAfterARestart(t *testing.T) {
	t.Parallel()
	w := open(t)
	market, buyer, seller := w.market(t), w.join(t), w.seller(t)
	w.ask(t, seller, market, 210_00)
	w.bid(t, buyer, market, 215_00)
	w.ask(t, seller, market, 230_00)
	w.bid(t, buyer, market, 190_00)
	before := w.priceOf(t, market)
	w.stop(t)

	again := serve(t, w.source)
	require.True(t, proto.Equal(before, again.priceOf(t, market)), "%v\n%v", before, again.priceOf(t, market))
	require.EqualValues(t, 230_00, again.bid(t, buyer, market, 240_00).GetMatches()[0].GetPrice(), "the token still holds and the ask still waits")
	list, err := again.ListMyMatches(seller, &biddingv1.ListMyMatchesRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetMatches(), 2)
}
