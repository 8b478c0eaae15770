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

func TestMATCH_002_TheFoundingStory(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	resting := w.bid(buyer, 200_00)
	require.Equal(t, biddingv1.Status_ACTIVE, resting.Bid.Status)
	require.Empty(t, resting.Matches)
	ask := w.ask(seller, 220_00)
	require.Equal(t, biddingv1.Status_ACTIVE, ask.Ask.Status)
	require.Empty(t, ask.Matches)

	price, err := w.GetMarketPrice(w.anyone, &biddingv1.GetMarketPriceRequest{MarketId: w.market})
	require.NoError(t, err)
	require.EqualValues(t, 200_00, price.MarketPrice.BestBid.Price)
	require.EqualValues(t, 220_00, price.MarketPrice.BestAsk.Price)
	require.EqualValues(t, 20_00, price.MarketPrice.GetSpread())
	require.Nil(t, price.MarketPrice.LastSale)

	got := w.bid(buyer, 225_00)
	require.Equal(t, biddingv1.Status_MATCHED, got.Bid.Status)
	require.Len(t, got.Matches, 1)
	m := got.Matches[0]
	require.EqualValues(t, 220_00, m.Price)
	require.Equal(t, ask.Ask.Id, m.AskId)
	require.Equal(t, biddingv1.Side_BID, m.Side)
	require.Equal(t, "USD", m.Currency)

	depth, err := w.GetDepth(w.anyone, &biddingv1.GetDepthRequest{MarketId: w.market})
	require.NoError(t, err)
	require.Len(t, depth.Bids, 1)
	require.Empty(t, depth.Asks)
	for _, p := range []person{buyer, seller} {
		list, err := w.ListMyMatches(p, &biddingv1.ListMyMatchesRequest{})
		require.NoError(t, err)
		require.Len(t, list.Matches, 1)
		require.Equal(t, m.Id, list.Matches[0].Id)
		one, err := w.GetMatch(p, &biddingv1.GetMatchRequest{MatchId: m.Id})
		require.NoError(t, err)
		require.True(t, proto.Equal(list.Matches[0], one.Match))
	}
	sales, err := w.ListSales(w.anyone, &biddingv1.ListSalesRequest{MarketId: w.market})
	require.NoError(t, err)
	require.Len(t, sales.Sales, 1)
}

func TestMATCH_003_SellersPriceBothWays(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	w.bid(buyer, 225_00)
	cheap := w.ask(seller, 220_00)
	require.EqualValues(t, 220_00, cheap.Matches[0].Price)
	require.EqualValues(t, 225_00, cheap.BestBidGivenUp, "it says what it gave up")
	w.bid(buyer, 225_00)
	exact := w.ask(seller, 225_00)
	require.EqualValues(t, 225_00, exact.Matches[0].Price)
	require.Zero(t, exact.BestBidGivenUp, "sell now loses nothing")

	owner := w.signIn(auth.RoleOwner)
	_, err := w.UpdateMarketSettings(owner, &biddingv1.UpdateMarketSettingsRequest{
		Settings:   &biddingv1.MarketSettings{MarketId: w.market, PriceRule: biddingv1.PriceRule_RESTING},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"price_rule"}},
	})
	require.NoError(t, err)
	w.bid(buyer, 225_00)
	require.EqualValues(t, 225_00, w.ask(seller, 220_00).Matches[0].Price)
}

func TestMATCH_007_OwnOrdersNeverMatch(t *testing.T) {
	t.Parallel()
	w := setup(t)
	trader := w.signIn(auth.RoleSeller)
	ask := w.ask(trader, 100_00)
	_, err := w.PlaceBid(trader, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 100_00})
	requireRefused(t, err, codes.FailedPrecondition, "SELF_TRADE")
	bid := w.bid(trader, 100_00, func(r *biddingv1.PlaceBidRequest) { r.SelfTrade = biddingv1.SelfTrade_CANCEL_OLDEST })
	require.Equal(t, biddingv1.Status_ACTIVE, bid.Bid.Status)
	old, err := w.GetAsk(trader, &biddingv1.GetAskRequest{AskId: ask.Ask.Id})
	require.NoError(t, err)
	require.Equal(t, biddingv1.Status_CANCELLED, old.Ask.Status)
	require.Equal(t, "SELF_TRADE", old.Ask.Reason)
	both := w.ask(trader, 100_00, func(r *biddingv1.PlaceAskRequest) { r.SelfTrade = biddingv1.SelfTrade_CANCEL_BOTH })
	require.Equal(t, biddingv1.Status_CANCELLED, both.Ask.Status)
}

func TestMATCH_008_EveryStatusIsReached(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	two, life := int32(2), int64(60)
	w.ask(seller, 100_00, func(r *biddingv1.PlaceAskRequest) { r.ExpiresIn = life }) // will expire
	w.ask(seller, 300_00)                                                            // active
	w.ask(seller, 200_00, func(r *biddingv1.PlaceAskRequest) { r.Quantity = &two })  // partially matched
	w.clock.Advance(time.Minute)
	w.bid(buyer, 200_00)          // matched
	gone := w.ask(seller, 250_00) // cancelled
	_, err := w.CancelAsk(seller, &biddingv1.CancelAskRequest{AskId: gone.Ask.Id})
	require.NoError(t, err)
	_, err = w.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 200_00, OrderType: biddingv1.OrderType_POST_ONLY})
	requireRefused(t, err, codes.FailedPrecondition, "POST_ONLY_WOULD_CROSS") // rejected

	count := func(s biddingv1.Status) int {
		asks, err := w.ListMyAsks(seller, &biddingv1.ListMyAsksRequest{Statuses: []biddingv1.Status{s}})
		require.NoError(t, err)
		bids, err := w.ListMyBids(buyer, &biddingv1.ListMyBidsRequest{Statuses: []biddingv1.Status{s}, MarketId: w.market})
		require.NoError(t, err)
		return len(asks.Asks) + len(bids.Bids)
	}
	for s := range biddingv1.Status_name {
		if s != 0 {
			require.Equal(t, 1, count(biddingv1.Status(s)), biddingv1.Status(s).String())
		}
	}
}

func TestMATCH_010_IOCAndFOK(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	three := int32(3)
	w.ask(seller, 100_00)
	_, err := w.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 100_00, Quantity: &three, OrderType: biddingv1.OrderType_FOK})
	requireRefused(t, err, codes.FailedPrecondition, "FOK_NOT_FILLABLE")
	got := w.bid(buyer, 100_00, func(r *biddingv1.PlaceBidRequest) { r.Quantity, r.OrderType = &three, biddingv1.OrderType_IOC })
	require.Equal(t, biddingv1.Status_CANCELLED, got.Bid.Status)
	require.Equal(t, "IOC_REMAINDER", got.Bid.Reason)
	require.EqualValues(t, 2, got.Bid.OpenQuantity)
	require.Len(t, got.Matches, 1)
}

func TestMATCH_011_RepeatAnswersTheSameOverGRPC(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	w.ask(seller, 100_00)
	keyed := func(r *biddingv1.PlaceBidRequest) { r.ClientOrderId = "a-1" }
	first := w.bid(buyer, 100_00, keyed)
	again := w.bid(buyer, 100_00, keyed)
	require.True(t, proto.Equal(first, again), "%v\n%v", first, again)
	_, err := w.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 101_00, ClientOrderId: "a-1"})
	requireRefused(t, err, codes.AlreadyExists, "CLIENT_ORDER_ID_TAKEN", "client_order_id")
	w.bid(w.signIn(), 90_00, keyed) // somebody else's key is another key
}

func TestMATCH_012_CancelAndReplaceOverGRPC(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	three := int32(3)
	bid := w.bid(buyer, 100_00, func(r *biddingv1.PlaceBidRequest) { r.Quantity = &three }).Bid
	kept, err := w.ReplaceBid(buyer, &biddingv1.ReplaceBidRequest{BidId: bid.Id, Price: 100_00, Quantity: 2})
	require.NoError(t, err)
	require.True(t, kept.Kept)
	require.Equal(t, bid.Id, kept.Bid.Id)
	require.EqualValues(t, 2, kept.Bid.Quantity)
	moved, err := w.ReplaceBid(buyer, &biddingv1.ReplaceBidRequest{BidId: bid.Id, Price: 110_00, Quantity: 2, ClientOrderId: "r-1"})
	require.NoError(t, err)
	require.False(t, moved.Kept)
	require.NotEqual(t, bid.Id, moved.Bid.Id)
	require.Equal(t, bid.ExpiresAt.AsTime(), moved.Bid.ExpiresAt.AsTime(), "the remaining life")
	_, err = w.ReplaceBid(buyer, &biddingv1.ReplaceBidRequest{BidId: bid.Id, Price: 120_00, Quantity: 1})
	requireRefused(t, err, codes.FailedPrecondition, "NOT_OPEN")

	for _, stranger := range []person{seller, w.signIn()} {
		_, err = w.CancelBid(stranger, &biddingv1.CancelBidRequest{BidId: moved.Bid.Id})
		requireRefused(t, err, codes.NotFound, "BID_NOT_FOUND")
		_, err = w.GetBid(stranger, &biddingv1.GetBidRequest{BidId: moved.Bid.Id})
		requireRefused(t, err, codes.NotFound, "BID_NOT_FOUND")
		_, err = w.ReplaceBid(stranger, &biddingv1.ReplaceBidRequest{BidId: moved.Bid.Id, Price: 1_00, Quantity: 1})
		requireRefused(t, err, codes.NotFound, "BID_NOT_FOUND")
	}
	cancelled, err := w.CancelBid(buyer, &biddingv1.CancelBidRequest{BidId: moved.Bid.Id})
	require.NoError(t, err)
	require.Equal(t, biddingv1.Status_CANCELLED, cancelled.Bid.Status)
	require.Equal(t, "REQUESTED", cancelled.Bid.Reason)
	require.NotNil(t, cancelled.Bid.ClosedAt)
	_, err = w.CancelBid(buyer, &biddingv1.CancelBidRequest{BidId: moved.Bid.Id})
	requireRefused(t, err, codes.FailedPrecondition, "NOT_OPEN")

	ask := w.ask(seller, 150_00).Ask
	shrunk, err := w.ReplaceAsk(seller, &biddingv1.ReplaceAskRequest{AskId: ask.Id, Price: 140_00, Quantity: 1})
	require.NoError(t, err)
	w.bid(buyer, 140_00)
	_, err = w.CancelAsk(seller, &biddingv1.CancelAskRequest{AskId: shrunk.Ask.Id})
	requireRefused(t, err, codes.FailedPrecondition, "ALREADY_MATCHED")

	w.bid(buyer, 50_00)
	w.bid(buyer, 51_00)
	all, err := w.CancelAll(buyer, &biddingv1.CancelAllRequest{})
	require.NoError(t, err)
	require.Len(t, all.BidIds, 2)
	w.ask(seller, 500_00)
	all, err = w.CancelAll(seller, &biddingv1.CancelAllRequest{MarketId: w.market, Side: biddingv1.Side_ASK})
	require.NoError(t, err)
	require.Len(t, all.AskIds, 1)
}

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
	require.EqualValues(t, 4, d.Seq)
	one, err := w.GetDepth(w.anyone, &biddingv1.GetDepthRequest{MarketId: w.market, Levels: 1})
	require.NoError(t, err)
	require.Len(t, one.Asks, 1)
	_, err = w.GetDepth(w.anyone, &biddingv1.GetDepthRequest{MarketId: w.market, Levels: 101})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "levels")
}
