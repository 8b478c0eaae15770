package bidding

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

func TestMKT_001_WrongPricesAndQuantitiesNameTheirField(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.signIn()
	zero, many := int32(0), int32(101)
	for name, c := range map[string]struct {
		r      *biddingv1.PlaceBidRequest
		reason string
		field  string
	}{
		"off tick":      {&biddingv1.PlaceBidRequest{Price: 100_50}, "OFF_TICK", "price"},
		"zero":          {&biddingv1.PlaceBidRequest{Price: 0}, "PRICE_OUT_OF_RANGE", "price"},
		"negative":      {&biddingv1.PlaceBidRequest{Price: -100}, "PRICE_OUT_OF_RANGE", "price"},
		"too high":      {&biddingv1.PlaceBidRequest{Price: 100_000_100}, "PRICE_OUT_OF_RANGE", "price"},
		"overflow":      {&biddingv1.PlaceBidRequest{Price: 1<<63 - 1}, "PRICE_OUT_OF_RANGE", "price"},
		"none":          {&biddingv1.PlaceBidRequest{Price: 100_00, Quantity: &zero}, "QUANTITY_OUT_OF_RANGE", "quantity"},
		"too many":      {&biddingv1.PlaceBidRequest{Price: 100_00, Quantity: &many}, "QUANTITY_OUT_OF_RANGE", "quantity"},
		"too long":      {&biddingv1.PlaceBidRequest{Price: 100_00, ExpiresIn: 365*86400 + 1}, "EXPIRY_OUT_OF_RANGE", "expires_in"},
		"past":          {&biddingv1.PlaceBidRequest{Price: 100_00, ExpiresIn: -1}, "EXPIRY_OUT_OF_RANGE", "expires_in"},
		"endless":       {&biddingv1.PlaceBidRequest{Price: 100_00, ExpiresIn: 1<<63 - 1}, "EXPIRY_OUT_OF_RANGE", "expires_in"},
		"long key":      {&biddingv1.PlaceBidRequest{Price: 100_00, ClientOrderId: string(make([]byte, 65))}, "INVALID_ARGUMENT", "client_order_id"},
		"unknown type":  {&biddingv1.PlaceBidRequest{Price: 100_00, OrderType: 77}, "INVALID_ARGUMENT", "order_type"},
		"unknown stp":   {&biddingv1.PlaceBidRequest{Price: 100_00, SelfTrade: 77}, "INVALID_ARGUMENT", "self_trade"},
		"broken market": {&biddingv1.PlaceBidRequest{Price: 100_00, MarketId: "7"}, "INVALID_ARGUMENT", "market_id"},
	} {
		if c.r.MarketId == "" {
			c.r.MarketId = w.market
		}
		_, err := w.PlaceBid(p, c.r)
		requireRefused(t, err, codes.InvalidArgument, c.reason, c.field)
		list, err := w.ListMyBids(p, &biddingv1.ListMyBidsRequest{})
		require.NoError(t, err)
		require.Empty(t, list.Bids, name)
	}
}

func TestMKT_002_MarketsOpenOnFirstUse(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.signIn()
	price, err := w.GetMarketPrice(w.anyone, &biddingv1.GetMarketPriceRequest{MarketId: w.market})
	require.NoError(t, err, "a size nobody bid on has an empty market")
	require.Equal(t, "Dunk Low", price.MarketPrice.ProductName)
	w.bid(p, 100_00)
	second := w.shop.add(w.product, "11", productv1.ProductStatus_ACTIVE)
	_, err = w.PlaceBid(p, &biddingv1.PlaceBidRequest{MarketId: second, Price: 90_00})
	require.NoError(t, err)
	all, err := w.ListProductMarkets(w.anyone, &biddingv1.ListProductMarketsRequest{ProductId: w.product.String()})
	require.NoError(t, err)
	require.Len(t, all.Markets, 2)
	require.Equal(t, w.product.String(), all.Markets[0].ProductId)
	require.Equal(t, "DD1391-100", all.Markets[0].Sku)
	require.Equal(t, "10", all.Markets[0].SizeLabel)

	for _, size := range []string{id.New().String(), w.shop.add(w.product, "12", productv1.ProductStatus_HIDDEN)} {
		_, err = w.PlaceBid(p, &biddingv1.PlaceBidRequest{MarketId: size, Price: 90_00})
		requireRefused(t, err, codes.NotFound, "MARKET_NOT_FOUND")
		for _, read := range []func() error{
			func() error { _, err := w.GetDepth(w.anyone, &biddingv1.GetDepthRequest{MarketId: size}); return err },
			func() error {
				_, err := w.GetMarketPrice(w.anyone, &biddingv1.GetMarketPriceRequest{MarketId: size})
				return err
			},
			func() error {
				_, err := w.GetHighestBid(w.anyone, &biddingv1.GetHighestBidRequest{MarketId: size})
				return err
			},
			func() error {
				_, err := w.GetLowestAsk(w.anyone, &biddingv1.GetLowestAskRequest{MarketId: size})
				return err
			},
			func() error {
				_, err := w.ListSales(w.anyone, &biddingv1.ListSalesRequest{MarketId: size})
				return err
			},
		} {
			requireRefused(t, read(), codes.NotFound, "MARKET_NOT_FOUND")
		}
	}
	w.shop.mu.Lock()
	w.shop.down = status.Error(codes.Unavailable, "gone")
	w.shop.mu.Unlock()
	_, err = w.PlaceBid(p, &biddingv1.PlaceBidRequest{MarketId: id.New().String(), Price: 90_00})
	requireRefused(t, err, codes.Unavailable, "CATALOGUE_UNAVAILABLE")
	w.bid(p, 101_00) // a market that is open needs no catalogue
}

func TestMKT_001_SettingsOverGRPC(t *testing.T) {
	t.Parallel()
	w := setup(t)
	admin := w.signIn(auth.RoleAdmin)
	change := func(s *biddingv1.MarketSettings, paths ...string) (*biddingv1.MarketSettings, error) {
		s.MarketId = w.market
		r, err := w.UpdateMarketSettings(admin, &biddingv1.UpdateMarketSettingsRequest{
			Settings: s, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
		})
		return r.GetSettings(), err
	}
	got, err := change(&biddingv1.MarketSettings{Tick: 1, MaxPrice: 500_00}, "tick")
	require.NoError(t, err)
	require.EqualValues(t, 1, got.Tick)
	require.EqualValues(t, 100_000_000, got.MaxPrice, "not named in the mask")
	got, err = change(&biddingv1.MarketSettings{MaxPrice: 500_00}, "max_price")
	require.NoError(t, err)
	require.EqualValues(t, 3, got.Version)
	read, err := w.GetMarketSettings(admin, &biddingv1.GetMarketSettingsRequest{MarketId: w.market})
	require.NoError(t, err)
	require.True(t, proto.Equal(got, read.Settings))
	p := w.signIn()
	w.bid(p, 99_99)
	_, err = change(&biddingv1.MarketSettings{Tick: 100}, "tick")
	requireRefused(t, err, codes.FailedPrecondition, "SETTINGS_DO_NOT_FIT")
	for field, s := range map[string]*biddingv1.MarketSettings{
		"settings.tick": {}, "settings.max_price": {}, "settings.price_rule": {}, "settings.state": {},
	} {
		_, err = change(s, field[len("settings."):])
		requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", field)
	}
	_, err = change(&biddingv1.MarketSettings{}, "version")
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "update_mask")
	_, err = change(&biddingv1.MarketSettings{State: biddingv1.MarketState_MARKET_HALTED}, "state")
	require.NoError(t, err)
	_, err = w.PlaceBid(p, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 99_00})
	requireRefused(t, err, codes.FailedPrecondition, "MARKET_HALTED")
}

func TestMATCH_015_LimitsOverGRPC(t *testing.T) {
	t.Parallel()
	w := setup(t)
	admin, p := w.signIn(auth.RoleAdmin), w.signIn()
	got, err := w.GetAccountLimits(admin, &biddingv1.GetAccountLimitsRequest{AccountId: p.id.String()})
	require.NoError(t, err)
	require.EqualValues(t, 50, got.Limits.MaxOpenPerMarket)
	require.EqualValues(t, 10_000, got.Limits.MaxOpenTotal)
	_, err = w.SetAccountLimits(admin, &biddingv1.SetAccountLimitsRequest{
		Limits: &biddingv1.AccountLimits{AccountId: p.id.String(), MaxOpenPerMarket: 1, MaxOpenTotal: 1},
	})
	require.NoError(t, err)
	w.bid(p, 10_00)
	_, err = w.PlaceBid(p, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 10_00})
	requireRefused(t, err, codes.ResourceExhausted, "TOO_MANY_OPEN_ORDERS")
	_, err = w.SetAccountLimits(admin, &biddingv1.SetAccountLimitsRequest{
		Limits: &biddingv1.AccountLimits{AccountId: p.id.String(), MaxOpenPerMarket: 9, MaxOpenTotal: 1},
	})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "limits")
}

func TestMATCH_015_FarPricesWantConfirmation(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ask(w.signIn(auth.RoleSeller), 100_00)
	w.bid(w.signIn(), 100_00)
	p := w.signIn()
	_, err := w.PlaceBid(p, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 600_00})
	requireRefused(t, err, codes.FailedPrecondition, "PRICE_UNUSUAL", "price")
	w.bid(p, 600_00, func(r *biddingv1.PlaceBidRequest) { r.Confirm = true })
}

func TestAUTH_001_WhoMayCallWhat(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.PlaceBid(w.anyone, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 100_00})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	_, err = w.PlaceAsk(w.signIn(), &biddingv1.PlaceAskRequest{MarketId: w.market, Price: 100_00})
	requireRefused(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
	_, err = w.SetAccountLimits(w.signIn(auth.RoleSeller), &biddingv1.SetAccountLimitsRequest{
		Limits: &biddingv1.AccountLimits{AccountId: id.New().String(), MaxOpenPerMarket: 1, MaxOpenTotal: 1},
	})
	requireRefused(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
	w.clock.Advance(16 * time.Minute)
}

func TestDATA_004_OwnHistoryInPages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	for range 5 {
		w.ask(seller, 100_00)
		w.bid(buyer, 100_00)
	}
	var bids, asks, mine, sales []int64
	collect := func(into *[]int64, next func(token string) ([]int64, string)) {
		for token := ""; ; {
			ids, more := next(token)
			require.LessOrEqual(t, len(ids), 2)
			*into = append(*into, ids...)
			if token = more; token == "" {
				return
			}
		}
	}
	collect(&bids, func(token string) (ids []int64, _ string) {
		r, err := w.ListMyBids(buyer, &biddingv1.ListMyBidsRequest{PageSize: 2, PageToken: token})
		require.NoError(t, err)
		for _, b := range r.Bids {
			ids = append(ids, b.Id)
		}
		w.bid(buyer, 50_00) // an insert between pages neither repeats nor drops
		return ids, r.NextPageToken
	})
	collect(&asks, func(token string) (ids []int64, _ string) {
		r, err := w.ListMyAsks(seller, &biddingv1.ListMyAsksRequest{PageSize: 2, PageToken: token})
		require.NoError(t, err)
		for _, a := range r.Asks {
			ids = append(ids, a.Id)
		}
		return ids, r.NextPageToken
	})
	collect(&mine, func(token string) (ids []int64, _ string) {
		r, err := w.ListMyMatches(seller, &biddingv1.ListMyMatchesRequest{PageSize: 2, PageToken: token, Side: biddingv1.Side_ASK})
		require.NoError(t, err)
		for _, m := range r.Matches {
			ids = append(ids, m.Id)
		}
		return ids, r.NextPageToken
	})
	collect(&sales, func(token string) (ids []int64, _ string) {
		r, err := w.ListSales(w.anyone, &biddingv1.ListSalesRequest{MarketId: w.market, PageSize: 2, PageToken: token})
		require.NoError(t, err)
		for _, s := range r.Sales {
			ids = append(ids, s.MatchId)
		}
		return ids, r.NextPageToken
	})
	for _, ids := range [][]int64{bids, asks, mine, sales} {
		require.Len(t, ids, 5)
		require.IsDecreasing(t, ids)
	}
	none, err := w.ListMyMatches(seller, &biddingv1.ListMyMatchesRequest{Side: biddingv1.Side_BID})
	require.NoError(t, err)
	require.Empty(t, none.Matches)
	_, err = w.GetMatch(w.signIn(), &biddingv1.GetMatchRequest{MatchId: mine[0]})
	requireRefused(t, err, codes.NotFound, "MATCH_NOT_FOUND")
	_, err = w.GetMatch(seller, &biddingv1.GetMatchRequest{MatchId: 1})
	requireRefused(t, err, codes.NotFound, "MATCH_NOT_FOUND")
	for _, bad := range []string{"!", "bm90IGpzb24"} {
		_, err = w.ListMyBids(buyer, &biddingv1.ListMyBidsRequest{PageToken: bad})
		requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "page_token")
		_, err = w.ListMyMatches(buyer, &biddingv1.ListMyMatchesRequest{PageToken: bad})
		requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "page_token")
		_, err = w.ListSales(buyer, &biddingv1.ListSalesRequest{MarketId: w.market, PageToken: bad})
		requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "page_token")
	}
}

func TestDATA_001_MarketPriceIsAllReal(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	two := int32(2)
	w.ask(seller, 100_00, func(r *biddingv1.PlaceAskRequest) { r.Quantity = &two })
	w.bid(buyer, 100_00, func(r *biddingv1.PlaceBidRequest) { r.Quantity = &two })
	w.clock.Advance(30 * time.Hour)
	buyer, seller = w.signIn(), w.signIn(auth.RoleSeller) // the old tokens have expired
	w.ask(seller, 120_00)
	w.bid(buyer, 120_00)
	w.bid(buyer, 90_00)
	w.bid(buyer, 80_00)
	w.ask(seller, 130_00)
	r, err := w.GetMarketPrice(w.anyone, &biddingv1.GetMarketPriceRequest{MarketId: w.market})
	require.NoError(t, err)
	p := r.MarketPrice
	require.EqualValues(t, 120_00, p.Volume_24H)
	require.EqualValues(t, 320_00, p.Volume_72H)
	require.EqualValues(t, 1, p.Sales_24H)
	require.EqualValues(t, 2, p.Sales_72H)
	require.EqualValues(t, 120_00, p.LastSale.Price)
	require.EqualValues(t, 2, p.OpenBids)
	require.EqualValues(t, 1, p.OpenAsks)
	require.EqualValues(t, 40_00, p.GetSpread())
	high, err := w.GetHighestBid(w.anyone, &biddingv1.GetHighestBidRequest{MarketId: w.market})
	require.NoError(t, err)
	require.True(t, proto.Equal(p.BestBid, high.BestBid))
	low, err := w.GetLowestAsk(w.anyone, &biddingv1.GetLowestAskRequest{MarketId: w.market})
	require.NoError(t, err)
	require.True(t, proto.Equal(p.BestAsk, low.BestAsk))
}

func TestDATA_002_DepthIsAggregatedAndCarriesItsChecksum(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	two, three := int32(2), int32(3)
	w.ask(seller, 220_00, func(r *biddingv1.PlaceAskRequest) { r.Quantity = &two })
	w.ask(seller, 225_00)
	w.bid(buyer, 215_00)
	w.bid(w.signIn(), 215_00, func(r *biddingv1.PlaceBidRequest) { r.Quantity = &two })
	d, err := w.GetDepth(w.anyone, &biddingv1.GetDepthRequest{MarketId: w.market})
	require.NoError(t, err)
	require.EqualValues(t, 3727711028, d.Checksum)
	require.EqualValues(t, three, d.Bids[0].Quantity)
	require.EqualValues(t, 5, d.Seq)
	one, err := w.GetDepth(w.anyone, &biddingv1.GetDepthRequest{MarketId: w.market, Levels: 1})
	require.NoError(t, err)
	require.Len(t, one.Asks, 1)
	_, err = w.GetDepth(w.anyone, &biddingv1.GetDepthRequest{MarketId: w.market, Levels: 101})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "levels")
}
