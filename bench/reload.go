package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/repository"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// A marketplace that comes back to a million open orders.
const (
	reloadOrders  = 1_000_000
	reloadMarkets = 1000
	reloadUsers   = 20_000
)

// reload measures how many open orders a second an engine takes into memory, from its
// first claim until it serves.
func reload(ctx context.Context, server string, rounds int, out io.Writer) (figures, error) {
	address, err := newDatabase(ctx, server, "bench_reload")
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.New(ctx, address)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	if err := fill(ctx, pool); err != nil {
		return nil, fmt.Errorf("make a million orders: %w", err)
	}
	f := figures{}
	for range rounds {
		took, err := comeBack(ctx, pool)
		if err != nil {
			return nil, err
		}
		f["E8_a"] = append(f["E8_a"], reloadOrders/took.Seconds())
	}
	_, _ = fmt.Fprintf(out, "%-18s %10.0f open orders/s\n", "E8_a", f.median("E8_a"))
	pool.Close()
	return f, forget(ctx, server, "bench_reload")
}

// fill makes the markets and their orders, each open, as the tables keep them.
func fill(ctx context.Context, pool *pgxpool.Pool) error {
	ids, slots := make([][16]byte, reloadMarkets), make([]int16, reloadMarkets)
	for i := range ids {
		m := id.New()
		ids[i], slots[i] = m, int16(engine.SlotOf(m)) //nolint:gosec // 0 to 255
	}
	_, err := pool.Exec(ctx, `INSERT INTO bidding_markets (id, slot, product_id, product_name, sku, size_label, listing_version, listed, currency,
		tick, max_price, price_rule, state, version, feed_seq, created_at, updated_at)
		SELECT m, s, m, 'Bench', 'BENCH', '10', 1, true, 'USD', 100, 100000000, 'seller_ask', 'open', 1, 1, now(), now()
		FROM unnest($1::uuid[], $2::smallint[]) AS x (m, s)`, ids, slots)
	if err != nil {
		return err
	}
	for _, half := range []struct {
		table, first, price string
	}{{"bids", "1", "10000 + 100 * (n / 1000 % 50)"}, {"asks", "500001", "20000 + 100 * (n / 1000 % 50)"}} {
		_, err := pool.Exec(ctx, `INSERT INTO `+half.table+` (id, market_id, user_id, price, quantity, open_quantity, status, order_type, self_trade,
			priority, created_at, expires_at, version)
			SELECT n * 256 + s.shard, m.id, md5((n % $1)::text)::uuid, `+half.price+`, 1, 1, 'active', 'limit', 'cancel_newest',
				n * 256 + s.shard, now(), now() + interval '1 year', 1
			FROM (SELECT id, slot, row_number() OVER (ORDER BY id) - 1 AS place FROM bidding_markets) m
			JOIN bidding_slots s USING (slot), generate_series(m.place + `+half.first+`, m.place + `+half.first+` + 499999, 1000) AS n`, reloadUsers)
		if err != nil {
			return err
		}
	}
	_, err = pool.Exec(ctx, `UPDATE bidding_shards SET n = 1000001`)
	if err == nil {
		_, err = pool.Exec(ctx, `ANALYZE`)
	}
	return err
}

// comeBack starts an engine and returns how long it took until it served.
func comeBack(ctx context.Context, pool *pgxpool.Pool) (time.Duration, error) {
	began := clock.Monotonic()
	e, stop, err := start(ctx, engine.Options{
		Store: repository.New(pool, pool), Clock: clock.System{}, Log: zerolog.Nop(), Node: engine.Node{Name: "bench", Addr: "memory"},
	})
	if err != nil {
		return 0, err
	}
	defer stop()
	took := clock.Since(began)
	var open int64
	rows, err := pool.Query(ctx, `SELECT id FROM bidding_markets`)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var m [16]byte
		if err := rows.Scan(&m); err != nil {
			return 0, err
		}
		v, err := e.View(model.MarketID(m))
		if err != nil {
			return 0, err
		}
		open += v.OpenBids + v.OpenAsks
	}
	if open != reloadOrders {
		return 0, fmt.Errorf("reload: %d orders are open, not %d", open, reloadOrders)
	}
	return took, rows.Err()
}
