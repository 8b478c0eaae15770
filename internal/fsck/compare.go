package fsck

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// parcel is how many rows are compared with a table at a time.
const parcel = 5000

// compare compares what is left with the tables, then looks for rows of theirs
// that no journal knows.
func (x *exchange) compare(ctx context.Context) error {
	for _, step := range []func(context.Context) error{x.compareParcels, x.compareReversals, x.unknownRows, x.compareMarkets, x.compareLimits, x.compareBans, x.compareDeadMen} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (x *exchange) compareParcels(ctx context.Context) error {
	for _, side := range []int32{bid, ask} {
		if err := x.compareOrders(ctx, side); err != nil {
			return err
		}
	}
	return x.compareMatches(ctx)
}

func (x *exchange) compareOrders(ctx context.Context, side int32) error {
	table, asks := sides[side]+"s", "0::bigint, '00000000-0000-0000-0000-000000000000'::uuid"
	if side == ask {
		asks = "reinstates, coalesce(stock_ref, '00000000-0000-0000-0000-000000000000')"
	}
	rows, err := x.tx.Query(ctx, `SELECT id, market_id, user_id, price, quantity, open_quantity, status, reason, order_type, self_trade,
		priority, client_order_id, replaces, created_at, expires_at, closed_at, coalesce(closed_n, 0), version, warned, `+asks+`
		FROM `+table+` WHERE id = ANY($1)`, keys(x.settled[side], func(o *orderRow) int64 { return o.ID }))
	if err != nil {
		return err
	}
	err = compareRows(x, "J11", sides[side], x.settled[side], func(o *orderRow) int64 { return o.ID }, rows, func() (orderRow, error) {
		var o orderRow
		var created, expires time.Time
		var closed *time.Time
		err := rows.Scan(&o.ID, &o.Market, &o.User, &o.Price, &o.Quantity, &o.OpenQuantity, &o.Status, &o.Reason, &o.Type, &o.SelfTrade,
			&o.Priority, &o.ClientOrderID, &o.Replaces, &created, &expires, &closed, &o.ClosedN, &o.Version, &o.Warned, &o.Reinstates, &o.Stock)
		o.CreatedAt, o.ExpiresAt = instantOf(created), instantOf(expires)
		if closed != nil {
			o.ClosedAt = instantOf(*closed)
		}
		return o, err
	})
	x.settled[side] = x.settled[side][:0]
	return err
}

func (x *exchange) compareMatches(ctx context.Context) error {
	rows, err := x.tx.Query(ctx, `SELECT id, market_id, bid_id, ask_id, buyer_id, seller_id, price, bid_price, quantity, taker, price_rule, created_at
		FROM matches WHERE id = ANY($1)`, keys(x.sold, func(m *matchRow) int64 { return m.ID }))
	if err != nil {
		return err
	}
	err = compareRows(x, "J12", "match", x.sold, func(m *matchRow) int64 { return m.ID }, rows, func() (matchRow, error) {
		var m matchRow
		var at time.Time
		err := rows.Scan(&m.ID, &m.Market, &m.Bid, &m.Ask, &m.Buyer, &m.Seller, &m.Price, &m.BidPrice, &m.Quantity, &m.Taker, &m.PriceRule, &at)
		m.CreatedAt = instantOf(at)
		return m, err
	})
	x.sold = x.sold[:0]
	return err
}

// compareReversals compares what the journal says of matches that were reversed, which may
// come long after they were made.
func (x *exchange) compareReversals(ctx context.Context) error {
	rows, err := x.tx.Query(ctx, `SELECT id, reversed_at, reversal_reason, reinstated_ask FROM matches WHERE reversed_at IS NOT NULL`)
	if err != nil {
		return err
	}
	var number int64
	var at time.Time
	var r reversalRow
	left := maps.Clone(x.undone)
	_, err = pgx.ForEachRow(rows, []any{&number, &at, &r.Why, &r.Stand}, func() error {
		r.At = instantOf(at)
		if want, ok := left[number]; !ok || want != r {
			x.found("J12", "match %d: reversed %v, journal %v (known=%t)", number, r, want, ok)
		}
		delete(left, number)
		return nil
	})
	for number := range left {
		x.found("J12", "match %d is reversed in the journal only", number)
	}
	return err
}

func keys[T any](list []T, key func(*T) int64) []int64 {
	out := make([]int64, len(list))
	for n := range list {
		out[n] = key(&list[n])
	}
	return out
}

// compareRows compares what the journal says with the rows a table has of it.
func compareRows[T comparable](x *exchange, check, what string, want []T, key func(*T) int64, rows pgx.Rows, scan func() (T, error)) error {
	defer rows.Close()
	have := make(map[int64]T, len(want))
	for rows.Next() {
		t, err := scan()
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		have[key(&t)] = t
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for n := range want {
		number := key(&want[n])
		switch t, ok := have[number]; {
		case !ok:
			x.found(check, "%s %d of the journal is missing", what, number)
		case t != want[n]:
			x.found(check, "%s %d: %s", what, number, differences(t, want[n]))
		}
	}
	return nil
}

// unknownRows looks for rows that the journal does not know.
func (x *exchange) unknownRows(ctx context.Context) error {
	for _, t := range []struct {
		check, what, query string
		seen               *numbers
	}{
		{"J11", "bid", `SELECT id FROM bids`, &x.seen.orders[bid]},
		{"J11", "ask", `SELECT id FROM asks`, &x.seen.orders[ask]},
		{"J12", "match", `SELECT id FROM matches`, &x.seen.matches},
	} {
		rows, err := x.tx.Query(ctx, t.query)
		if err != nil {
			return err
		}
		var number int64
		if _, err := pgx.ForEachRow(rows, []any{&number}, func() error {
			if !t.seen.has(number) {
				x.found(t.check, "%s %d is not in the journal", t.what, number)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

func (x *exchange) compareMarkets(ctx context.Context) error {
	rows, err := x.tx.Query(ctx, `SELECT id, product_id, slot, product_name, sku, size_label, currency, tick, max_price, price_rule, state,
		version, feed_seq, coalesce(last_sale_match, 0), coalesce(last_sale_price, 0), coalesce(last_sale_quantity, 0),
		coalesce(last_sale_at, 'epoch'), created_at, updated_at, listing_version, listed FROM bidding_markets`)
	if err != nil {
		return err
	}
	var m market
	var sold, created, updated time.Time
	have := make(map[id.UUID]bool, len(x.markets))
	_, err = pgx.ForEachRow(rows, []any{
		&m.ID, &m.Product, &m.Slot, &m.ProductName, &m.SKU, &m.SizeLabel, &m.Currency, &m.Tick, &m.MaxPrice, &m.PriceRule, &m.State,
		&m.Version, &m.FeedSeq, &m.LastSaleMatch, &m.LastSalePrice, &m.LastSaleQuantity, &sold, &created, &updated,
		&m.ListingVersion, &m.Listed,
	}, func() error {
		m.LastSaleAt, m.CreatedAt, m.UpdatedAt = instantOf(sold), instantOf(created), instantOf(updated)
		have[m.ID] = true
		switch want := x.markets[m.ID]; {
		case want == nil:
			x.found("J13", "market %s is not in the journal", m.ID)
		case *want != m:
			x.found("J13", "market %s: %s", m.ID, differences(m, *want))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for key := range x.markets {
		if !have[key] {
			x.found("J13", "market %s of the journal is missing", key)
		}
	}
	return nil
}

// compareLimits: each shard journals a change of limits on its own, so the row is
// what one of them said last.
func (x *exchange) compareLimits(ctx context.Context) error {
	rows, err := x.tx.Query(ctx, `SELECT account_id, max_open_per_market, max_open_total, actor, updated_at FROM bidding_account_limits`)
	if err != nil {
		return err
	}
	var account id.UUID
	var l limitRow
	var at time.Time
	have := make(map[id.UUID]bool, len(x.limited))
	_, err = pgx.ForEachRow(rows, []any{&account, &l.PerMarket, &l.Total, &l.Actor, &at}, func() error {
		l.UpdatedAt = instantOf(at)
		have[account] = true
		said := false
		for _, want := range x.limited[account] {
			said = said || want == l
		}
		if !said {
			x.found("J14", "account %s: max_open_per_market=%d max_open_total=%d is not in the journal", account, l.PerMarket, l.Total)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for key := range x.limited {
		if !have[key] {
			x.found("J14", "account %s: its limits of the journal are missing", key)
		}
	}
	return nil
}
