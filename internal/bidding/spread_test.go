package bidding

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/repository"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// spread starts the service anew with its second shard in a database of its own.
func (w *world) spread() *pgxpool.Pool {
	w.t.Helper()
	second := testkit.Database(w.t)
	w.env.Source = w.env.Source.With(config.Source{"BIDDING_SHARD_DATABASES": "1=" + second.Config().ConnString()})
	w.restart()
	return second
}

// spreadOver is the repository of an exchange whose second shard is in a second database.
func spreadOver(first, second *pgxpool.Pool) *repository.Spread {
	return repository.NewSpread(repository.New(first, first), map[uint8]*repository.Repository{1: repository.New(second, second)})
}

// count asks a database for a number.
func (w *world) count(db *pgxpool.Pool, sql string) (n int) {
	w.t.Helper()
	require.NoError(w.t, db.QueryRow(context.Background(), sql).Scan(&n))
	return n
}

func TestMATCH_001_ShardsInTwoDatabasesAreOneExchange(t *testing.T) {
	t.Parallel()
	w := setup(t)
	second := w.spread()
	buyer, seller := w.signIn(), w.signIn(auth.RoleSeller)
	o := w.mine(buyer, nil)
	o.next()
	markets := w.sizes(12)
	sold := make([]*biddingv1.Match, len(markets))
	for i, m := range markets {
		w.ask(seller, 100_00, func(r *biddingv1.PlaceAskRequest) { r.MarketId = m })
		sold[i] = w.bid(buyer, 100_00, func(r *biddingv1.PlaceBidRequest) { r.MarketId = m }).GetMatches()[0]
		w.bid(buyer, 90_00, func(r *biddingv1.PlaceBidRequest) { r.MarketId = m })
	}
	check := func() {
		t.Helper()
		list, err := w.ListMyBids(buyer, &biddingv1.ListMyBidsRequest{PageSize: 5})
		require.NoError(t, err)
		var seen []int64
		for {
			for _, b := range list.GetBids() {
				seen = append(seen, b.GetId())
			}
			if list.GetNextPageToken() == "" {
				break
			}
			list, err = w.ListMyBids(buyer, &biddingv1.ListMyBidsRequest{PageSize: 5, PageToken: list.GetNextPageToken()})
			require.NoError(t, err)
		}
		require.Len(t, seen, 2*len(markets), "pages go through both")
		require.IsDecreasing(t, seen)
		matches, err := w.ListMyMatches(seller, &biddingv1.ListMyMatchesRequest{PageSize: 100})
		require.NoError(t, err)
		require.Len(t, matches.GetMatches(), len(markets))
		of, err := w.ListProductMarkets(w.anyone, &biddingv1.ListProductMarketsRequest{ProductId: w.product.String()})
		require.NoError(t, err)
		require.Len(t, of.GetMarkets(), len(markets))
		for i, m := range markets {
			sales, err := w.ListSales(w.anyone, &biddingv1.ListSalesRequest{MarketId: m})
			require.NoError(t, err)
			require.Equal(t, sold[i].GetId(), sales.GetSales()[0].GetMatchId())
			stats, err := w.GetMarketStats(w.anyone, &biddingv1.GetMarketStatsRequest{MarketId: m})
			require.NoError(t, err)
			require.EqualValues(t, 1, stats.GetSales())
			got, err := w.GetMatch(buyer, &biddingv1.GetMatchRequest{MatchId: sold[i].GetId()})
			require.NoError(t, err)
			require.Equal(t, m, got.GetMatch().GetMarketId())
		}
	}
	check()
	for _, db := range []*pgxpool.Pool{w.db, second} {
		require.Positive(t, w.count(db, `SELECT count(*) FROM matches`), "both have some")
	}
	require.Zero(t, w.count(w.db, `SELECT count(*) FROM bids WHERE id % 256 = 1`))
	require.Zero(t, w.count(second, `SELECT count(*) FROM bids WHERE id % 256 = 0`))
	require.Equal(t, len(markets), w.count(w.db, `SELECT count(*) FROM matches`)+w.count(second, `SELECT count(*) FROM matches`))
	o.kinds(4 * len(markets)) // accepted, filled, closed, and accepted once more, in every market
	w.restart()
	check()
	told := 0
	for shard := range int32(2) {
		batches, err := spreadOver(w.db, second).After(t.Context(), shard, 0, 1000)
		require.NoError(t, err)
		for _, b := range batches {
			told += len(b.Events)
		}
	}
	require.Equal(t, len(markets), told, "other services hear of the sales in both")

	all, err := w.CancelAll(buyer, &biddingv1.CancelAllRequest{})
	require.NoError(t, err)
	require.Len(t, all.GetBidIds(), len(markets))
}

// TestMATCH_005_ADatabaseThatFailsStopsItsShardsAlone ends what one of two databases does.
func TestMATCH_005_ADatabaseThatFailsStopsItsShardsAlone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	second := w.spread()
	buyer := w.signIn()
	of := map[int]string{} // a market of each shard
	for _, m := range w.sizes(16) {
		id := w.bid(buyer, 100_00, func(r *biddingv1.PlaceBidRequest) { r.MarketId = m }).GetBid().GetId()
		of[int(id%256)] = m
	}
	require.Len(t, of, 2)
	_, err := second.Exec(context.Background(), `ALTER TABLE bidding_journal RENAME TO bidding_journal_away`)
	require.NoError(t, err)
	place := func(shard int) error {
		ctx, cancel := context.WithTimeout(buyer, 5*time.Second)
		defer cancel()
		_, err := w.PlaceBid(ctx, &biddingv1.PlaceBidRequest{MarketId: of[shard], Price: 101_00, OrderType: biddingv1.OrderType_IOC})
		return err
	}
	require.Error(t, place(1))
	require.NoError(t, place(0), "the other one trades on")
	_, err = second.Exec(context.Background(), `ALTER TABLE bidding_journal_away RENAME TO bidding_journal`)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return place(1) == nil }, 20*time.Second, 50*time.Millisecond)
}

// TestMATCH_005_ADatabaseThatIsGoneStopsItsShardsAlone takes one of two databases away for
// longer than a term.
func TestMATCH_005_ADatabaseThatIsGoneStopsItsShardsAlone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	second := w.spread()
	buyer := w.signIn()
	of := map[int]string{}
	for _, m := range w.sizes(16) {
		id := w.bid(buyer, 100_00, func(r *biddingv1.PlaceBidRequest) { r.MarketId = m }).GetBid().GetId()
		of[int(id%256)] = m
	}
	place := func(shard int) error {
		ctx, cancel := context.WithTimeout(buyer, 5*time.Second)
		defer cancel()
		_, err := w.PlaceBid(ctx, &biddingv1.PlaceBidRequest{MarketId: of[shard], Price: 101_00, OrderType: biddingv1.OrderType_IOC})
		return err
	}
	name := pgx.Identifier{second.Config().ConnConfig.Database}.Sanitize()
	allow := func(yes bool) {
		_, err := w.db.Exec(context.Background(), fmt.Sprintf(`ALTER DATABASE %s ALLOW_CONNECTIONS %t`, name, yes))
		require.NoError(t, err)
	}
	allow(false)
	t.Cleanup(func() { allow(true) })
	_, err := w.db.Exec(context.Background(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, second.Config().ConnConfig.Database)
	require.NoError(t, err)
	for began := clock.Monotonic(); clock.Since(began) < engine.Term+time.Second; {
		require.NoError(t, place(0), "the other one trades on")
	}
	require.Error(t, place(1))
	kept := w.bid(buyer, 99_00, func(r *biddingv1.PlaceBidRequest) { r.MarketId = of[0] }).GetBid().GetId()
	require.Equal(t, biddingv1.Status_ACTIVE, w.bidNow(buyer, kept).GetStatus(), "and is read")
	_, err = w.CancelBid(buyer, &biddingv1.CancelBidRequest{BidId: kept})
	require.NoError(t, err)
	_, err = w.ListSales(w.anyone, &biddingv1.ListSalesRequest{MarketId: of[0]})
	require.NoError(t, err)
	_, err = w.ListMyBids(buyer, &biddingv1.ListMyBidsRequest{})
	require.Equal(t, codes.Unavailable, status.Code(err), "a list of everything is not half told")
	allow(true)
	require.Eventually(t, func() bool { return place(1) == nil }, 20*time.Second, 50*time.Millisecond)
}

func TestShardDatabasesAreReadStrictly(t *testing.T) {
	t.Parallel()
	got, err := shardDatabases("1=postgres://a/b?x=y, 3=postgres://c/d")
	require.NoError(t, err)
	require.Equal(t, map[uint8]string{1: "postgres://a/b?x=y", 3: "postgres://c/d"}, got)
	none, err := shardDatabases("")
	require.NoError(t, err)
	require.Empty(t, none)
	for _, bad := range []string{"postgres://a/b", "1=", "256=a", "-1=a", "1=a,1=b", "1=a,", "x=a"} {
		_, err := shardDatabases(bad)
		require.ErrorContains(t, err, "BIDDING_SHARD_DATABASES", bad)
		require.NotContains(t, err.Error(), "postgres://a", "it may hold a password")
	}
}

// TestMATCH_005_AShardIsNotLookedForWhereItIsNot moves a shard on paper alone.
func TestMATCH_005_AShardIsNotLookedForWhereItIsNot(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, m := range w.sizes(8) { // both shards have written
		w.bid(w.signIn(), 100_00, func(r *biddingv1.PlaceBidRequest) { r.MarketId = m })
	}
	second := testkit.Database(t)
	_, err := spreadOver(w.db, second).Topology(t.Context())
	require.ErrorContains(t, err, "shard 1 has")
	_, err = second.Exec(t.Context(), `DELETE FROM bidding_projection WHERE shard = 1; DELETE FROM bidding_slots WHERE shard = 1; DELETE FROM bidding_shards WHERE shard = 1`)
	require.NoError(t, err)
	_, err = spreadOver(testkit.Database(t), second).Topology(t.Context())
	require.ErrorContains(t, err, "shard 1 is not in the database")
}
