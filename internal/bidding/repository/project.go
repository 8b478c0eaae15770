package repository

import (
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// tables are the two halves of the book, which have the same columns.
var tables = [3]string{model.Bid: "bids", model.Ask: "asks"}

// write queues what a fold writes into the tables: markets first, then orders, then
// the matches that refer to them.
func write(b *pgx.Batch, shard int16, f *fold) {
	openMarkets(b, f)
	moveMarkets(b, f)
	banAccounts(b, shard, f)
	for _, side := range []model.Side{model.Bid, model.Ask} {
		insertOrders(b, tables[side], f.entered[side])
		updateOrders(b, tables[side], f.changed[side])
	}
	insertMatches(b, f.matches)
	for account, c := range f.limits {
		b.Queue(`INSERT INTO bidding_account_limits (account_id, max_open_per_market, max_open_total, actor, updated_at)
			VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id) DO UPDATE SET max_open_per_market = excluded.max_open_per_market,
			max_open_total = excluded.max_open_total, actor = excluded.actor, updated_at = excluded.updated_at`,
			[16]byte(account), c.Limits.PerMarket, c.Limits.Total, [16]byte(c.Actor), c.at.Time())
	}
}

func banAccounts(b *pgx.Batch, shard int16, f *fold) {
	for account, ban := range f.bans {
		b.Queue(`INSERT INTO bidding_bans (shard, account_id, version, lifted, updated_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (shard, account_id) DO UPDATE SET version = excluded.version, lifted = excluded.lifted,
			updated_at = excluded.updated_at`, shard, [16]byte(account), ban.Version, ban.Lifted, ban.at.Time())
	}
}

func openMarkets(b *pgx.Batch, f *fold) {
	for _, m := range f.opened {
		b.Queue(`INSERT INTO bidding_markets (id, slot, product_id, product_name, sku, size_label, currency, tick, max_price,
			price_rule, state, version, feed_seq, created_at, updated_at, listing_version, listed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15, $16)`,
			[16]byte(m.ID), int16(engine.SlotOf(m.ID)), [16]byte(m.Listing.Product), m.Listing.ProductName, m.Listing.SKU,
			m.Listing.SizeLabel, string(m.Listing.Currency), int64(m.Settings.Tick), int64(m.Settings.MaxPrice),
			m.Settings.PriceRule.String(), m.Settings.State.String(), m.Settings.Version, m.FeedSeq, m.at.Time(),
			m.Listing.Version, !m.Listing.Delisted)
	}
}

func moveMarkets(b *pgx.Batch, f *fold) {
	if len(f.moved) == 0 {
		return
	}
	n := len(f.moved)
	ids, seqs := make([][16]byte, 0, n), make([]int64, 0, n)
	matches, prices := make([]pgtype.Int8, 0, n), make([]pgtype.Int8, 0, n)
	qtys, ats := make([]pgtype.Int4, 0, n), make([]pgtype.Timestamptz, 0, n)
	updated := make([]time.Time, 0, n)
	for id, m := range f.moved {
		sold := m.lastSale.Match != 0
		ids, seqs, updated = append(ids, id), append(seqs, m.feedSeq), append(updated, m.at.Time())
		matches = append(matches, pgtype.Int8{Int64: int64(m.lastSale.Match), Valid: sold})
		prices = append(prices, pgtype.Int8{Int64: int64(m.lastSale.Price), Valid: sold})
		qtys = append(qtys, pgtype.Int4{Int32: int32(m.lastSale.Qty), Valid: sold})
		ats = append(ats, pgtype.Timestamptz{Time: m.lastSale.At.Time(), Valid: sold})
		if s := m.settings; s != nil {
			b.Queue(`UPDATE bidding_markets SET tick = $2, max_price = $3, price_rule = $4, state = $5, version = $6 WHERE id = $1`,
				[16]byte(id), int64(s.Tick), int64(s.MaxPrice), s.PriceRule.String(), s.State.String(), s.Version)
		}
		if l := m.listing; l != nil {
			b.Queue(`UPDATE bidding_markets SET product_name = $2, sku = $3, listing_version = $4, listed = $5 WHERE id = $1`,
				[16]byte(id), l.ProductName, l.SKU, l.Version, !l.Delisted)
		}
	}
	b.Queue(`UPDATE bidding_markets m SET feed_seq = u.feed_seq, updated_at = u.updated,
		last_sale_match = coalesce(u.match, m.last_sale_match), last_sale_price = coalesce(u.price, m.last_sale_price),
		last_sale_quantity = coalesce(u.quantity, m.last_sale_quantity), last_sale_at = coalesce(u.at, m.last_sale_at)
		FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::timestamptz[], $7::timestamptz[])
			AS u (id, feed_seq, match, price, quantity, at, updated)
		WHERE m.id = u.id`, ids, seqs, matches, prices, qtys, ats, updated)
}

// orderColumns are the arrays that insertOrders unnests, one value an order.
type orderColumns struct {
	ids, prices, priorities, replaces, versions []int64
	markets, users                              [][16]byte
	qtys, opens                                 []int32
	statuses, reasons, types, selfs, clients    []string
	created, expires                            []time.Time
	closedAt                                    []pgtype.Timestamptz
	closedN                                     []pgtype.Int8
}

func insertOrders(b *pgx.Batch, table string, orders []*entered) {
	if len(orders) == 0 {
		return
	}
	var c orderColumns
	for _, o := range orders {
		c.add(o)
	}
	b.Queue(`INSERT INTO `+table+` (id, market_id, user_id, price, quantity, open_quantity, status, reason, order_type, self_trade,
		priority, client_order_id, replaces, created_at, expires_at, closed_at, closed_n, version)
		SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::bigint[], $5::int[], $6::int[], $7::text[], $8::text[],
		$9::text[], $10::text[], $11::bigint[], $12::text[], $13::bigint[], $14::timestamptz[], $15::timestamptz[],
		$16::timestamptz[], $17::bigint[], $18::bigint[])`,
		c.ids, c.markets, c.users, c.prices, c.qtys, c.opens, c.statuses, c.reasons, c.types, c.selfs,
		c.priorities, c.clients, c.replaces, c.created, c.expires, c.closedAt, c.closedN, c.versions)
}

func (c *orderColumns) add(o *entered) {
	c.ids, c.prices = append(c.ids, int64(o.ID)), append(c.prices, int64(o.Price))
	c.markets, c.users = append(c.markets, o.Market), append(c.users, o.Account)
	c.qtys, c.opens = append(c.qtys, int32(o.Qty)), append(c.opens, int32(o.Open))
	c.statuses, c.reasons = append(c.statuses, o.Status.String()), append(c.reasons, string(o.Reason))
	c.types, c.selfs = append(c.types, o.Type.String()), append(c.selfs, o.SelfTrade.String())
	c.priorities, c.clients = append(c.priorities, o.Priority), append(c.clients, o.ClientOrderID)
	c.replaces, c.versions = append(c.replaces, int64(o.Replaces)), append(c.versions, o.Version)
	c.created, c.expires = append(c.created, o.CreatedAt.Time()), append(c.expires, o.ExpiresAt.Time())
	closed := o.closedN != 0
	c.closedAt = append(c.closedAt, pgtype.Timestamptz{Time: o.ClosedAt.Time(), Valid: closed})
	c.closedN = append(c.closedN, pgtype.Int8{Int64: o.closedN, Valid: closed})
}

func updateOrders(b *pgx.Batch, table string, changes []*change) {
	if len(changes) == 0 {
		return
	}
	n := len(changes)
	ids, opens, versions := make([]int64, n), make([]int32, n), make([]int64, n)
	qtys, closed, ats := make([]pgtype.Int4, n), make([]pgtype.Int8, n), make([]pgtype.Timestamptz, n)
	statuses, reasons := make([]string, n), make([]string, n)
	for i, ch := range changes {
		ids[i], opens[i], versions[i] = int64(ch.id), int32(ch.open), ch.changes
		qtys[i] = pgtype.Int4{Int32: int32(ch.qty), Valid: ch.qty != 0}
		closed[i] = pgtype.Int8{Int64: ch.closedN, Valid: ch.closedN != 0}
		ats[i] = pgtype.Timestamptz{Time: ch.closedAt.Time(), Valid: ch.closedN != 0}
		statuses[i], reasons[i] = ch.status.String(), string(ch.reason)
	}
	b.Queue(`UPDATE `+table+` o SET quantity = coalesce(u.quantity, o.quantity), open_quantity = u.open, status = u.status,
		reason = u.reason, closed_n = u.closed_n, closed_at = u.closed_at,
		version = o.version + u.changes
		FROM unnest($1::bigint[], $2::int[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[], $8::bigint[])
			AS u (id, quantity, open, status, reason, closed_n, closed_at, changes)
		WHERE o.id = u.id`, ids, qtys, opens, statuses, reasons, closed, ats, versions)
}

func insertMatches(b *pgx.Batch, matches []model.Match) {
	if len(matches) == 0 {
		return
	}
	n := len(matches)
	ids, bids, asks := make([]int64, n), make([]int64, n), make([]int64, n)
	markets, buyers, sellers := make([][16]byte, n), make([][16]byte, n), make([][16]byte, n)
	prices, bidPrices, qtys := make([]int64, n), make([]int64, n), make([]int32, n)
	takers, rules, ats := make([]string, n), make([]string, n), make([]time.Time, n)
	for i := range matches {
		m := &matches[i]
		ids[i], bids[i], asks[i] = int64(m.ID), int64(m.Bid), int64(m.Ask)
		markets[i], buyers[i], sellers[i] = m.Market, m.Buyer, m.Seller
		prices[i], bidPrices[i], qtys[i] = int64(m.Price), int64(m.BidPrice), int32(m.Qty)
		takers[i], rules[i], ats[i] = m.Taker.String(), m.PriceRule.String(), m.CreatedAt.Time()
	}
	b.Queue(`INSERT INTO matches (id, market_id, bid_id, ask_id, buyer_id, seller_id, price, bid_price, quantity, taker,
		price_rule, created_at)
		SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::uuid[], $6::uuid[],
		$7::bigint[], $8::bigint[], $9::int[], $10::text[], $11::text[], $12::timestamptz[])`,
		ids, markets, bids, asks, buyers, sellers, prices, bidPrices, qtys, takers, rules, ats)
}
