package product

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/internal/testkit/peers"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

const (
	soon   = 20 * time.Second
	tick   = 5 * time.Millisecond
	oneDay = 24 * time.Hour
)

// match is what the exchange tells of items of a size that changed hands.
func match(size string, items int32) *biddingv1.MatchMade {
	return &biddingv1.MatchMade{
		MatchId: 1, MarketId: size, BidId: 1, AskId: 2, BuyerId: id.New().String(), SellerId: id.New().String(),
		Price: 100_00, Quantity: items,
	}
}

// number asks the service's database for one.
func (w *world) number(sql string, args ...any) (n int64) {
	w.t.Helper()
	require.NoError(w.t, w.db.QueryRow(w.t.Context(), sql, args...).Scan(&n))
	return n
}

// handled waits until the exchange's batch has had its effect.
func (w *world) handled(seq int64) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		return w.number("SELECT coalesce(max(seq), 0) FROM product_positions WHERE source = 'bidding'") >= seq
	}, soon, tick)
}

func (w *world) sold(product string) int64 {
	w.t.Helper()
	return w.number("SELECT sold_30d FROM product_activity WHERE product_id = $1", product)
}

// byActivity lists the SKUs of the products, the most active first.
func (w *world) byActivity() (skus []string) {
	w.t.Helper()
	r, err := w.ListProducts(w.public, &productv1.ListProductsRequest{Sort: productv1.ProductSort_MOST_ACTIVE})
	require.NoError(w.t, err)
	for _, p := range r.GetProducts() {
		skus = append(skus, p.GetSku())
	}
	return skus
}

func TestPROD_004_MatchesOfTheExchangePutAProductFirst(t *testing.T) {
	t.Parallel()
	w := setup(t)
	a, b := w.product("A"), w.product("B")
	w.product("C")
	ten, eleven := w.size(a.GetId(), "10", 0).GetId(), w.size(a.GetId(), "11", 0).GetId()
	other := w.size(b.GetId(), "10", 0).GetId()
	w.market.Events.HappenAt(noon, match(other, 3))
	w.handled(w.market.Events.HappenAt(noon, match(ten, 1), match(eleven, 1), match(id.New().String(), 50)))
	require.Equal(t, []string{"B", "A", "C"}, w.byActivity())
	w.market.Events.HappenAt(noon)                                    // a batch without matches
	w.market.Events.HappenAt(noon, &productv1.SizeAdded{SizeId: ten}) // and one of something else
	w.handled(w.market.Events.HappenAt(noon, match(ten, 2)))
	require.Equal(t, []string{"A", "B", "C"}, w.byActivity())
	found, err := w.SearchProducts(w.public, &productv1.SearchProductsRequest{Query: "dunk", Sort: productv1.ProductSort_MOST_ACTIVE})
	require.NoError(t, err)
	require.Equal(t, "A", found.GetProducts()[0].GetSku())
	require.EqualValues(t, 4, w.sold(a.GetId()))
}

func TestEVENT_001_AfterARestartNoMatchCountsTwiceAndNoneIsMissed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.product("A").GetId()
	size := w.size(p, "10", 0).GetId()
	w.handled(w.market.Events.HappenAt(noon, match(size, 2)))
	w.stop()
	last := w.market.Events.HappenAt(noon, match(size, 3))
	w.restart()
	w.handled(last)
	require.EqualValues(t, 5, w.sold(p))
}

func TestEVENT_001_TwoInstancesCountEachMatchOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.product("A").GetId()
	size := w.size(p, "10", 0).GetId()
	second := environment(w.env.Source["DATABASE_URL"], w.clk)
	serve(t, second, w.users.Build, w.market.Build)
	var last int64
	for range 300 {
		last = w.market.Events.HappenAt(noon, match(size, 1))
	}
	w.handled(last)
	require.EqualValues(t, 300, w.sold(p))
}

func TestEVENT_001_AMatchIsCountedWithItsPositionOrNotAtAll(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.product("A").GetId()
	size := w.size(p, "10", 0).GetId()
	_, err := w.db.Exec(t.Context(), `CREATE SEQUENCE deaths;
		CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF nextval('deaths') <= 2 THEN RAISE EXCEPTION 'killed'; END IF; RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER die AFTER UPDATE ON product_activity DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()`)
	require.NoError(t, err)
	w.handled(w.market.Events.HappenAt(noon, match(size, 2)))
	require.EqualValues(t, 2, w.sold(p), "the third try counted, those before left nothing")
	require.EqualValues(t, 3, w.number("SELECT last_value FROM deaths"))
}

func TestPROD_004_OldSalesAreSweptAwayWhateverDowntimeThereWas(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.product("A").GetId()
	size := w.size(p, "10", 0).GetId()
	w.market.Events.HappenAt(noon, match(size, 2))
	w.market.Events.HappenAt(noon.Add(oneDay), match(size, 3))
	w.handled(w.market.Events.HappenAt(noon.Add(5*oneDay), match(size, 4)))
	w.clk.Set(noon.Add(30 * oneDay))
	require.Eventually(t, func() bool {
		w.clk.Advance(time.Minute)
		return w.sold(p) == 7
	}, soon, tick)
	w.stop()
	w.clk.Advance(4 * oneDay)
	w.restart()
	require.Eventually(t, func() bool { return w.sold(p) == 4 }, soon, tick)
	w.clk.Advance(oneDay)
	require.Eventually(t, func() bool { return w.sold(p) == 0 }, soon, tick)
}

func TestEVENT_001_TheCatalogueServesWhileTheExchangeIsAway(t *testing.T) {
	t.Parallel()
	env := environment(testkit.DatabaseURL(t), clock.NewFake(noon))
	users := peers.NewUsers()
	serve(t, env, users.Build)
	conn, err := env.Network.Dial("product", "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	_, err = productv1.NewProductServiceClient(conn).ListProducts(t.Context(), &productv1.ListProductsRequest{Sort: productv1.ProductSort_MOST_ACTIVE})
	require.NoError(t, err)
}

func TestEVENT_001_AServiceOfItsOwnFollowsNobody(t *testing.T) {
	t.Parallel()
	env := environment(testkit.DatabaseURL(t), clock.NewFake(noon))
	tasks, err := NewAlone(t.Context(), env)
	require.NoError(t, err)
	var names []string
	for _, task := range slices.Backward(tasks) {
		names = append(names, fmt.Sprint(task))
		require.NoError(t, task.Close(t.Context()))
	}
	require.NotContains(t, names, "events of bidding")
	require.Contains(t, names, "product activity sweeper")
}

func TestPROD_004_AReversedSaleIsTakenBackFromItsDay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.product("A").GetId()
	size := w.size(p, "10", 0).GetId()
	back := func(items int32, at time.Time) *biddingv1.MatchReversed {
		return &biddingv1.MatchReversed{MatchId: 1, MarketId: size, Quantity: items, SoldAt: timestamppb.New(at)}
	}
	w.market.Events.HappenAt(noon, match(size, 2), match(size, 1))
	w.handled(w.market.Events.HappenAt(noon.Add(oneDay), match(size, 4), back(2, noon)))
	require.EqualValues(t, 5, w.sold(p))
	require.EqualValues(t, 1, w.number("SELECT sold FROM product_activity_days ORDER BY day LIMIT 1"))
	w.handled(w.market.Events.HappenAt(noon.Add(oneDay), back(1, noon), back(7, noon.Add(-40*oneDay))))
	require.EqualValues(t, 4, w.sold(p), "a day that no longer counts has nothing to give back")
}
