package bidding

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

const (
	soon = 10 * time.Second
	tick = 5 * time.Millisecond
)

// statusOf reads what became of a bid.
func (w *world) bidNow(p person, bid int64) *biddingv1.Bid {
	w.t.Helper()
	got, err := w.GetBid(p, &biddingv1.GetBidRequest{BidId: bid})
	require.NoError(w.t, err)
	return got.GetBid()
}

func (w *world) price() *biddingv1.MarketPrice {
	w.t.Helper()
	got, err := w.GetMarketPrice(w.anyone, &biddingv1.GetMarketPriceRequest{MarketId: w.market})
	require.NoError(w.t, err)
	return got.GetMarketPrice()
}

func TestUSER_006_ABanCancelsWhatIsOpenAndNothingMoreIsPlaced(t *testing.T) {
	t.Parallel()
	w := setup(t)
	banned, other := w.signIn(auth.RoleSeller), w.signIn()
	first := w.bid(banned, 100_00).GetBid().GetId()
	elsewhere := w.shop.add(w.product, "11", productv1.ProductStatus_ACTIVE)
	ask := w.ask(banned, 300_00, func(r *biddingv1.PlaceAskRequest) { r.MarketId = elsewhere }).GetAsk().GetId()
	kept := w.bid(other, 90_00).GetBid().GetId()

	w.users.Events.Happen(&userv1.AccountBanned{UserId: banned.id.String(), Version: 2})
	require.Eventually(t, func() bool { return w.bidNow(banned, first).GetStatus() == biddingv1.Status_CANCELLED }, soon, tick)
	require.Equal(t, "ACCOUNT_BANNED", w.bidNow(banned, first).GetReason())
	require.Eventually(t, func() bool {
		got, err := w.GetAsk(banned, &biddingv1.GetAskRequest{AskId: ask})
		return err == nil && got.GetAsk().GetReason() == "ACCOUNT_BANNED"
	}, soon, tick, "in every market")
	require.Equal(t, biddingv1.Status_ACTIVE, w.bidNow(other, kept).GetStatus())

	_, err := w.PlaceBid(banned, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 95_00})
	requireRefused(t, err, codes.PermissionDenied, "ACCOUNT_BANNED")
	w.bid(other, 91_00)

	// What is older than what is known changes nothing, whenever it comes.
	w.users.Events.Happen(&userv1.AccountUnbanned{UserId: banned.id.String(), Version: 1})
	w.users.Events.Happen(&userv1.AccountUnbanned{UserId: banned.id.String(), Version: 3})
	require.Eventually(t, func() bool {
		_, err := w.PlaceBid(banned, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 95_00, ClientOrderId: "back"})
		return err == nil
	}, soon, tick)
	last := w.users.Events.Happen(&userv1.AccountBanned{UserId: banned.id.String(), Version: 2})
	w.handled("user", last)
	require.EqualValues(t, 3, w.price().GetOpenBids())
}

func TestUSER_006_ABanOutlivesARestart(t *testing.T) {
	t.Parallel()
	w := setup(t)
	banned := w.signIn()
	w.bid(banned, 100_00)
	w.handled("user", w.users.Events.Happen(&userv1.AccountBanned{UserId: banned.id.String(), Version: 5}))
	w.restart()
	_, err := w.PlaceBid(banned, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 95_00})
	requireRefused(t, err, codes.PermissionDenied, "ACCOUNT_BANNED")
	require.Zero(t, w.price().GetOpenBids())
}

func TestMKT_002_AHiddenProductStopsItsMarketsUntilItIsBack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	bid := w.bid(buyer, 100_00).GetBid().GetId()
	w.ask(seller, 120_00)
	change := func(version int64, status productv1.ProductStatus, deleted bool) {
		w.handled("product", w.shop.events.Happen(&productv1.ProductChanged{
			ProductId: w.product.String(), Version: version, Name: "Dunk Low Retro", Sku: "DD1391-100", Status: status, Deleted: deleted,
		}))
	}
	change(2, productv1.ProductStatus_HIDDEN, false)
	require.Equal(t, biddingv1.Status_CANCELLED, w.bidNow(buyer, bid).GetStatus())
	require.Equal(t, "PRODUCT_DELISTED", w.bidNow(buyer, bid).GetReason())
	p := w.price()
	require.Equal(t, biddingv1.MarketState_MARKET_HALTED, p.GetState())
	require.Zero(t, p.GetOpenBids()+p.GetOpenAsks())
	require.Nil(t, p.GetBestBid())
	require.Equal(t, "Dunk Low Retro", p.GetProductName(), "the market follows the product's name")
	_, err := w.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 100_00})
	requireRefused(t, err, codes.FailedPrecondition, "MARKET_HALTED")

	change(3, productv1.ProductStatus_ACTIVE, false)
	require.Equal(t, biddingv1.MarketState_MARKET_OPEN, w.price().GetState())
	w.bid(buyer, 100_00)
	change(2, productv1.ProductStatus_HIDDEN, false) // told again
	require.EqualValues(t, 1, w.price().GetOpenBids())
	change(4, productv1.ProductStatus_ACTIVE, true)
	require.Zero(t, w.price().GetOpenBids())
	w.restart()
	_, err = w.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 100_00})
	requireRefused(t, err, codes.FailedPrecondition, "MARKET_HALTED")
}

func TestMKT_002_AMarketThatAnOperatorHaltedStaysHaltedWhenItsProductIsBack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	owner, buyer := w.signIn(auth.RoleOwner), w.signIn()
	w.bid(buyer, 100_00)
	halted, err := w.HaltMarket(owner, &biddingv1.HaltMarketRequest{MarketId: w.market})
	require.NoError(t, err)
	require.Equal(t, biddingv1.MarketState_MARKET_HALTED, halted.GetSettings().GetState())
	for version, status := range []productv1.ProductStatus{2: productv1.ProductStatus_HIDDEN, 3: productv1.ProductStatus_ACTIVE} {
		if version > 1 {
			w.handled("product", w.shop.events.Happen(&productv1.ProductChanged{
				ProductId: w.product.String(), Version: int64(version), Name: "Dunk Low", Sku: "DD1391-100", Status: status,
			}))
		}
	}
	require.Equal(t, biddingv1.MarketState_MARKET_HALTED, w.price().GetState())
	resumed, err := w.ResumeMarket(owner, &biddingv1.ResumeMarketRequest{MarketId: w.market})
	require.NoError(t, err)
	require.Equal(t, biddingv1.MarketState_MARKET_OPEN, resumed.GetSettings().GetState())
	w.bid(buyer, 101_00)
	_, err = w.HaltMarket(owner, &biddingv1.HaltMarketRequest{MarketId: id.New().String()})
	requireRefused(t, err, codes.NotFound, "MARKET_NOT_FOUND")
	_, err = w.HaltMarket(buyer, &biddingv1.HaltMarketRequest{MarketId: w.market})
	requireRefused(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
}

func TestMKT_002_AChangeBeforeTheMarketWasThereIsNotMissed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	size := w.shop.add(w.product, "12", productv1.ProductStatus_ACTIVE)
	// The catalogue hides the product between the two looks at it; its event has passed.
	w.shop.hideAfter(size, 1)
	buyer := w.signIn()
	place := func() error {
		_, err := w.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: size, Price: 100_00})
		return err
	}
	requireRefused(t, place(), codes.NotFound, "MARKET_NOT_FOUND")
	got, err := w.GetMarketPrice(w.anyone, &biddingv1.GetMarketPriceRequest{MarketId: size})
	require.NoError(t, err)
	require.Equal(t, biddingv1.MarketState_MARKET_HALTED, got.GetMarketPrice().GetState())
	requireRefused(t, place(), codes.NotFound, "MARKET_NOT_FOUND")
	w.shop.showAgain()
	require.NoError(t, place())
}

func TestMKT_002_AnOpeningThatWasCutOffIsCompletedByTheNext(t *testing.T) {
	t.Parallel()
	w := setup(t)
	sizes := []string{
		w.shop.add(w.product, "12", productv1.ProductStatus_ACTIVE), w.shop.add(w.product, "13", productv1.ProductStatus_ACTIVE),
	}
	buyer := w.signIn()
	for _, size := range sizes {
		w.shop.fallAfter(1)
		_, err := w.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: size, Price: 100_00})
		requireRefused(t, err, codes.Unavailable, "CATALOGUE_UNAVAILABLE")
	}
	w.shop.fallAfter(-1)
	w.restart()
	_, err := w.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: sizes[0], Price: 100_00})
	require.NoError(t, err)
	batch, err := w.PlaceBatch(buyer, &biddingv1.PlaceBatchRequest{Orders: []*biddingv1.NewOrder{
		{Side: biddingv1.Side_BID, MarketId: sizes[1], Price: 100_00},
	}})
	require.NoError(t, err)
	require.Nil(t, batch.GetResults()[0].GetRefusal(), "nor does a batch find it closed")
}

func TestMKT_002_WhoeverMeetsAMarketWhileItOpensIsNotRefused(t *testing.T) {
	t.Parallel()
	const markets, callers = 150, 32
	w := setup(t)
	buyers := make([]person, callers)
	for i := range buyers {
		buyers[i] = w.signIn()
	}
	for i := range markets {
		size := w.shop.add(w.product, strconv.Itoa(20+i), productv1.ProductStatus_ACTIVE)
		errs := make([]error, callers)
		var all sync.WaitGroup
		for n, buyer := range buyers {
			all.Go(func() {
				_, errs[n] = w.PlaceBid(buyer, &biddingv1.PlaceBidRequest{MarketId: size, Price: 100_00})
			})
		}
		all.Wait()
		require.NoError(t, errors.Join(errs...))
	}
}

func TestUSER_006_WithoutNewsOfRevocationsNobodyTradesAndEverybodyReads(t *testing.T) {
	t.Parallel()
	w := setup(t)
	buyer := w.signIn()
	bid := w.bid(buyer, 100_00).GetBid().GetId()
	w.users.Silence()
	require.Eventually(t, func() bool {
		_, err := w.CancelBid(buyer, &biddingv1.CancelBidRequest{BidId: 1})
		return reason(err) == "REVOCATIONS_UNKNOWN"
	}, soon, 50*time.Millisecond)
	require.Equal(t, biddingv1.Status_ACTIVE, w.bidNow(buyer, bid).GetStatus())
	require.EqualValues(t, 1, w.price().GetOpenBids())
}

func TestUSER_006_AnEndedSessionNoLongerTrades(t *testing.T) {
	t.Parallel()
	w := setup(t)
	session, account := id.New(), id.New()
	token, _, err := w.issuer.Access(account, session, []auth.Role{auth.RoleUser})
	require.NoError(t, err)
	w.users.End(session)
	require.Eventually(t, func() bool {
		_, err := w.PlaceBid(bearer(token), &biddingv1.PlaceBidRequest{MarketId: w.market, Price: 100_00})
		return reason(err) == "SESSION_REVOKED"
	}, soon, tick)
	seller := w.signIn(auth.RoleSeller)
	w.ask(seller, 150_00)
	w.users.Grant(seller.id, "user")
	require.Eventually(t, func() bool {
		_, err := w.PlaceAsk(seller, &biddingv1.PlaceAskRequest{MarketId: w.market, Price: 150_00})
		return reason(err) == "ROLE_REQUIRED"
	}, soon, tick)
}
