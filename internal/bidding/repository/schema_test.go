package repository_test

import (
	"context"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/repository"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestMATCH_008_TheDatabaseKnowsTheSameStatuses(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t)
	quoted := regexp.MustCompile(`'([a-z_]+)'`)
	for _, table := range []string{"bids", "asks"} {
		var check string
		require.NoError(t, pool.QueryRow(context.Background(), `SELECT pg_get_constraintdef(oid) FROM pg_constraint
			WHERE conrelid = $1::regclass AND conname = $2`, table, table+"_status_check").Scan(&check))
		var got []string
		for _, m := range quoted.FindAllStringSubmatch(check, -1) {
			got = append(got, m[1])
		}
		require.Equal(t, model.Statuses(), got, check)
	}
}

// seedOrders fills a book's tables through the commit path, n orders a side in each of several markets.
func seedOrders(t *testing.T, pool *pgxpool.Pool, markets, n int) []model.MarketID {
	t.Helper()
	repo := repository.New(pool, pool)
	lease, ok, err := repo.Claim(context.Background(), engine.Node{Name: "n", Addr: "a"}, 0, time.Minute)
	require.NoError(t, err)
	require.True(t, ok)
	r := &engine.Record{Row: journal.Row{Shard: 0, Seq: 1, Epoch: lease.Epoch, At: 1, Body: []byte{}}}
	number := int64(0)
	ids := make([]model.MarketID, markets)
	for m := range ids {
		ids[m] = id.New()
		r.Entries = append(r.Entries, model.Entry{Command: model.Command{
			Kind: model.OpenMarket, Market: ids[m], Settings: new(model.DefaultSettings()), Listing: &model.Listing{Product: id.New(), Currency: "USD"},
		}})
		for i := range n {
			for _, side := range []model.Side{model.Bid, model.Ask} {
				number++
				price := 100 * model.DefaultTick
				if side == model.Ask {
					price += 1000_00
				}
				c := model.Command{Kind: model.Place, Market: ids[m], Account: id.New(), Side: side}
				r.Entries = append(r.Entries, model.Entry{Command: c, Events: []model.Event{{
					Kind: model.OrderAccepted, N: number, Order: model.OrderID(number << 8), Priority: number << 8, Account: c.Account,
					Side: side, Type: model.Limit, Self: model.CancelNewest, Price: price + model.DefaultTick*money.Minor(i%50), Qty: 1, Open: 1, Expires: 1 << 50,
				}}})
			}
		}
	}
	r.Row.N = number
	r.Row.Seal()
	require.NoError(t, repo.Commit(context.Background(), &r.Row))
	require.NoError(t, repo.Project(context.Background(), 0, 0, []*engine.Record{r}))
	_, err = pool.Exec(context.Background(), `ANALYZE`)
	require.NoError(t, err)
	return ids
}

func explain(t *testing.T, pool *pgxpool.Pool, query string, args ...any) string {
	t.Helper()
	rows, err := pool.Query(context.Background(), "EXPLAIN "+query, args...)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return fmt.Sprint(lines)
}

func TestBookOrderAndOwnHistoryUseTheirIndexes(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t)
	ids := seedOrders(t, pool, 20, 200)
	open := ` WHERE market_id = $1 AND status IN ('active', 'partially_matched') ORDER BY `
	require.Contains(t, explain(t, pool, `SELECT id FROM bids`+open+`price DESC, priority LIMIT 1`, ids[0]), "bids_book_idx")
	require.Contains(t, explain(t, pool, `SELECT id FROM asks`+open+`price, priority LIMIT 1`, ids[0]), "asks_book_idx")
	require.Contains(t, explain(t, pool, `SELECT id FROM bids WHERE user_id = $1 ORDER BY id DESC LIMIT 20`, id.New()), "bids_user_idx")
}

func TestMATCH_006_TheDatabaseRefusesWhatTheEngineNeverDoes(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t)
	ids := seedOrders(t, pool, 1, 2)
	exec := func(sql string, args ...any) error {
		_, err := pool.Exec(context.Background(), sql, args...)
		return err
	}
	match := `INSERT INTO matches (id, market_id, bid_id, ask_id, buyer_id, seller_id, price, bid_price, quantity, taker, price_rule, created_at)
		VALUES ($1, $2, 256, 512, $3, $4, 100, 100, 1, 'bid', 'resting', now())`
	var buyer, seller id.UUID
	require.NoError(t, pool.QueryRow(context.Background(), `SELECT b.user_id, a.user_id FROM bids b, asks a WHERE b.id = 256 AND a.id = 512`).
		Scan((*[16]byte)(&buyer), (*[16]byte)(&seller)))
	for name, err := range map[string]error{
		"a bid of somebody else":  exec(match, 1, ids[0], id.New(), seller),
		"an ask of somebody else": exec(match, 1, ids[0], buyer, id.New()),
		"of another market":       exec(match, 1, id.New(), buyer, seller),
	} {
		require.ErrorContains(t, err, "match 1 is not of a bid and an ask of its people", name)
	}
	require.NoError(t, exec(match, 1, ids[0], buyer, seller))
	require.ErrorContains(t, exec(`DELETE FROM bids`), "a match refers to what would leave bids")
	require.ErrorContains(t, exec(`DELETE FROM asks WHERE id = 512`), "a match refers to what would leave asks")
	require.NoError(t, exec(`DELETE FROM asks WHERE id > 512`))
	require.ErrorContains(t, exec(match, 2, ids[0], buyer, seller), "matches_bid_ask_key")
	require.ErrorContains(t, exec(match, 3, ids[0], buyer, buyer), "matches_two_people_check")
	require.ErrorContains(t, exec(`UPDATE bids SET open_quantity = 2`), "bids_open_check")
	require.ErrorContains(t, exec(`UPDATE bids SET open_quantity = -1`), "bids_open_check")
	require.ErrorContains(t, exec(`UPDATE bids SET open_quantity = 0`), "bids_matched_check")
	require.ErrorContains(t, exec(`UPDATE asks SET status = 'cancelled'`), "asks_closed_check")
	require.ErrorContains(t, exec(`UPDATE asks SET status = 'canceled', closed_at = now(), closed_n = 1`), "asks_status_check")
	require.ErrorContains(t, exec(`UPDATE asks SET price = 0`), "price")
}

func TestFenceRefusesStaleWriters(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t)
	repo := repository.New(pool, pool)
	ctx := context.Background()
	claim := func(node string) (engine.Lease, bool) {
		l, ok, err := repo.Claim(ctx, engine.Node{Name: node, Addr: "a"}, 1, 100*time.Millisecond)
		require.NoError(t, err)
		return l, ok
	}
	first, ok := claim("first")
	require.True(t, ok)
	_, ok = claim("second")
	require.False(t, ok, "the term has not ended")
	again, ok := claim("first")
	require.True(t, ok, "its own shard it may claim again")
	require.Greater(t, again.Epoch, first.Epoch)
	commit := func(epoch, seq int64) error {
		r := &journal.Row{Shard: 1, Seq: seq, Epoch: epoch, At: 1, Body: []byte{}}
		r.Seal()
		return repo.Commit(ctx, r)
	}
	require.ErrorIs(t, commit(first.Epoch, 1), engine.ErrFenced, "an older epoch")
	require.ErrorIs(t, commit(again.Epoch, 2), engine.ErrFenced, "a gap")
	require.NoError(t, commit(again.Epoch, 1))
	require.ErrorIs(t, commit(again.Epoch, 1), engine.ErrFenced, "twice")
	require.Eventually(t, func() bool { _, ok := claim("second"); return ok }, 5*time.Second, 20*time.Millisecond)
	held, err := repo.Renew(ctx, engine.Node{Name: "first"}, []engine.Lease{again}, time.Second)
	require.NoError(t, err)
	require.Empty(t, held)
}

func TestClaimEndsAWriterThatHangsInTheMiddle(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t)
	repo := repository.New(pool, pool)
	ctx := context.Background()
	for _, table := range []string{"bidding_shards", "bidding_projection"} {
		hanging, err := pool.Begin(ctx)
		require.NoError(t, err)
		_, err = hanging.Exec(ctx, `UPDATE `+table+` SET seq = seq WHERE shard = 0`)
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			_, ok, err := repo.Claim(ctx, engine.Node{Name: "n", Addr: "a"}, 0, time.Minute)
			return ok && err == nil
		}, 10*time.Second, 10*time.Millisecond)
		require.Error(t, hanging.Commit(ctx), table)
	}
}

func TestCommitsPlannedOnEmptyTablesStillUseIndexes(t *testing.T) {
	t.Parallel()
	pool, err := database.Open(context.Background(), database.Config{
		URL: testkit.DatabaseURL(t), MaxConns: 1, Parameters: repository.CommitParameters(),
	}, zerolog.Nop())
	require.NoError(t, err)
	defer pool.Close()
	plan := explain(t, pool, `UPDATE bids o SET version = o.version + 1 FROM unnest(ARRAY[1, 2]::bigint[]) AS u (id) WHERE o.id = u.id`)
	require.Contains(t, plan, "bids_pkey", "no statistics yet")
	require.NotContains(t, plan, "Seq Scan on bids")
}
