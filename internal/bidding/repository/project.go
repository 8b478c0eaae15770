package repository

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// tables are the two halves of the book, which have the same columns.
var tables = [3]string{model.Bid: "bids", model.Ask: "asks"}

// newRows returns what comes new into the tables that grow with every order: orders
// first, then the matches that refer to them.
func newRows(f *fold) []*copied {
	var out []*copied
	for _, side := range []model.Side{model.Bid, model.Ask} {
		if orders := f.entered[side]; len(orders) > 0 {
			out = append(out, copyOrders(side, orders))
		}
	}
	if len(f.matches) > 0 {
		out = append(out, copyMatches(f.matches))
	}
	return out
}

// write queues what a fold does to all else.
func (f *fold) write(b *pgx.Batch, shard int16) {
	openMarkets(b, f)
	moveMarkets(b, f)
	banAccounts(b, shard, f)
	setDeadMen(b, shard, f)
	for _, side := range []model.Side{model.Bid, model.Ask} {
		updateOrders(b, tables[side], f.changed[side])
	}
	undoMatches(b, f)
	limitAccounts(b, f)
}

// undoMatches marks matches that count no longer.
func undoMatches(b *pgx.Batch, f *fold) {
	for _, u := range f.undone {
		b.Queue(`UPDATE matches SET reversed_at = $2, reversal_reason = $3, reinstated_ask = $4 WHERE id = $1`,
			int64(u.match), u.at.Time(), string(u.why), int64(u.ask))
	}
}

// limitAccounts writes limits in the order of the accounts: every shard writes them, and
// two of them in different orders would wait for each other. The latest holds, whichever
// shard comes first.
func limitAccounts(b *pgx.Batch, f *fold) {
	accounts := slices.SortedFunc(maps.Keys(f.limits), func(a, b model.AccountID) int { return bytes.Compare(a[:], b[:]) })
	for _, account := range accounts {
		c := f.limits[account]
		b.Queue(`INSERT INTO bidding_account_limits (account_id, max_open_per_market, max_open_total, actor, updated_at)
			VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id) DO UPDATE SET max_open_per_market = excluded.max_open_per_market,
			max_open_total = excluded.max_open_total, actor = excluded.actor, updated_at = excluded.updated_at
			WHERE excluded.updated_at >= bidding_account_limits.updated_at`,
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

func setDeadMen(b *pgx.Batch, shard int16, f *fold) {
	for account, ends := range f.deadMen {
		if ends == 0 {
			b.Queue(`DELETE FROM bidding_dead_men WHERE shard = $1 AND account_id = $2`, shard, [16]byte(account))
			continue
		}
		b.Queue(`INSERT INTO bidding_dead_men (shard, account_id, ends_at) VALUES ($1, $2, $3)
			ON CONFLICT (shard, account_id) DO UPDATE SET ends_at = excluded.ends_at`, shard, [16]byte(account), ends.Time())
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
	updated, changed := make([]time.Time, 0, n), make([]bool, 0, n)
	for id, m := range f.moved {
		last := model.Sale{}
		if m.lastSale != nil {
			last = *m.lastSale
		}
		sold := last.Match != 0
		changed = append(changed, m.lastSale != nil)
		ids, seqs, updated = append(ids, id), append(seqs, m.feedSeq), append(updated, m.at.Time())
		matches = append(matches, pgtype.Int8{Int64: int64(last.Match), Valid: sold})
		prices = append(prices, pgtype.Int8{Int64: int64(last.Price), Valid: sold})
		qtys = append(qtys, pgtype.Int4{Int32: int32(last.Qty), Valid: sold})
		ats = append(ats, pgtype.Timestamptz{Time: last.At.Time(), Valid: sold})
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
		last_sale_match = CASE WHEN u.changed THEN u.match ELSE m.last_sale_match END,
		last_sale_price = CASE WHEN u.changed THEN u.price ELSE m.last_sale_price END,
		last_sale_quantity = CASE WHEN u.changed THEN u.quantity ELSE m.last_sale_quantity END,
		last_sale_at = CASE WHEN u.changed THEN u.at ELSE m.last_sale_at END
		FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::timestamptz[], $7::timestamptz[], $8::bool[])
			AS u (id, feed_seq, match, price, quantity, at, updated, changed)
		WHERE m.id = u.id`, ids, seqs, matches, prices, qtys, ats, updated, changed)
}

// orderBytes is about what one order takes when it is copied.
const orderBytes = 260

func copyOrders(side model.Side, orders []*entered) *copied {
	columns := []string{
		"id", "market_id", "user_id", "price", "quantity", "open_quantity", "status", "reason", "order_type", "self_trade", "priority",
		"client_order_id", "replaces", "created_at", "expires_at", "closed_at", "closed_n", "version", "warned",
	}
	if side == model.Ask {
		columns = append(columns, "reinstates", "stock_ref")
	}
	c := newCopied(tables[side], len(orders)*orderBytes, columns...)
	for _, o := range orders {
		c.row()
		c.bigint(int64(o.ID))
		c.uuid(o.Market)
		c.uuid(o.Account)
		c.bigint(int64(o.Price))
		c.integer(int32(o.Qty))
		c.integer(int32(o.Open))
		c.text(o.Status.String())
		c.text(string(o.Reason))
		c.text(o.Type.String())
		c.text(o.SelfTrade.String())
		c.bigint(o.Priority)
		c.text(o.ClientOrderID)
		c.bigint(int64(o.Replaces))
		c.instant(o.CreatedAt)
		c.instant(o.ExpiresAt)
		if o.closedN == 0 {
			c.null()
			c.null()
		} else {
			c.instant(o.ClosedAt)
			c.bigint(o.closedN)
		}
		c.bigint(o.Version)
		c.boolean(o.Warned)
		if side == model.Ask {
			c.bigint(int64(o.Reinstates))
			if o.Stock == id.None {
				c.null()
			} else {
				c.uuid(o.Stock)
			}
		}
	}
	return c
}

func updateOrders(b *pgx.Batch, table string, changes []*change) {
	if len(changes) == 0 {
		return
	}
	n := len(changes)
	ids, opens, versions := make([]int64, n), make([]int32, n), make([]int64, n)
	qtys, closed, ats := make([]pgtype.Int4, n), make([]pgtype.Int8, n), make([]pgtype.Timestamptz, n)
	statuses, reasons, warned := make([]string, n), make([]string, n), make([]bool, n)
	for i, ch := range changes {
		ids[i], opens[i], versions[i] = int64(ch.id), int32(ch.open), ch.changes
		qtys[i] = pgtype.Int4{Int32: int32(ch.qty), Valid: ch.qty != 0}
		closed[i] = pgtype.Int8{Int64: ch.closedN, Valid: ch.closedN != 0}
		ats[i] = pgtype.Timestamptz{Time: ch.closedAt.Time(), Valid: ch.closedN != 0}
		statuses[i], reasons[i], warned[i] = ch.status.String(), string(ch.reason), ch.warned
	}
	b.Queue(`UPDATE `+table+` o SET quantity = coalesce(u.quantity, o.quantity), open_quantity = u.open, status = u.status,
		reason = u.reason, closed_n = u.closed_n, closed_at = u.closed_at,
		version = o.version + u.changes, warned = o.warned OR u.warned
		FROM unnest($1::bigint[], $2::int[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[], $8::bigint[], $9::bool[])
			AS u (id, quantity, open, status, reason, closed_n, closed_at, changes, warned)
		WHERE o.id = u.id`, ids, qtys, opens, statuses, reasons, closed, ats, versions, warned)
}

// matchBytes is about what one match takes when it is copied.
const matchBytes = 230

func copyMatches(matches []model.Match) *copied {
	c := newCopied("matches", len(matches)*matchBytes, "id", "market_id", "bid_id", "ask_id", "buyer_id", "seller_id", "price", "bid_price",
		"quantity", "taker", "price_rule", "created_at", "reversed_at", "reversal_reason", "reinstated_ask")
	for i := range matches {
		m := &matches[i]
		c.row()
		c.bigint(int64(m.ID))
		c.uuid(m.Market)
		c.bigint(int64(m.Bid))
		c.bigint(int64(m.Ask))
		c.uuid(m.Buyer)
		c.uuid(m.Seller)
		c.bigint(int64(m.Price))
		c.bigint(int64(m.BidPrice))
		c.integer(int32(m.Qty))
		c.text(m.Taker.String())
		c.text(m.PriceRule.String())
		c.instant(m.CreatedAt)
		if m.ReversedAt == 0 {
			c.null()
		} else {
			c.instant(m.ReversedAt)
		}
		c.text(string(m.Reversal))
		c.bigint(int64(m.Reinstated))
	}
	return c
}
