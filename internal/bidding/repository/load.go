package repository

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// recentNumbers is how far back journal rows are read to remember the last
// answers: an order takes a handful of numbers.
const recentNumbers = 8 * engine.RememberOrders

// loader reads one shard in one snapshot.
type loader struct {
	tx    pgx.Tx
	shard int16
	head  engine.Head
	into  engine.Restorer
}

// Load implements engine.Log.
func (r *Repository) Load(ctx context.Context, shard uint8, into engine.Restorer) (engine.Head, error) {
	l := &loader{shard: int16(shard), into: into}
	opts := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, r.pool, opts, func(tx pgx.Tx) error {
		l.tx = tx
		for _, step := range []func(context.Context) error{l.readHead, l.markets, l.bids, l.asks, l.limits, l.bans, l.deadMen, l.reversed, l.volumes, l.recent} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return engine.Head{}, fmt.Errorf("load shard %d: %w", shard, err)
	}
	return l.head, nil
}

func (l *loader) readHead(ctx context.Context) error {
	var hash []byte
	var at time.Time
	err := l.tx.QueryRow(ctx, `SELECT seq, n, hash, at FROM bidding_shards WHERE shard = $1`, l.shard).
		Scan(&l.head.Seq, &l.head.N, &hash, &at)
	if err != nil {
		return fmt.Errorf("head: %w", err)
	}
	l.head.Hash, l.head.At = journal.Hash(hash), model.At(at)
	return nil
}

const marketColumns = `m.id, m.product_id, m.product_name, m.sku, m.size_label, m.currency, m.tick, m.max_price, m.price_rule,
	m.state, m.version, m.feed_seq, coalesce(m.last_sale_match, 0), coalesce(m.last_sale_price, 0),
	coalesce(m.last_sale_quantity, 0), coalesce(m.last_sale_at, 'epoch'), m.listing_version, NOT m.listed`

func scanMarket(row pgx.CollectableRow) (m model.Market, err error) {
	var rule, state string
	var sold time.Time
	err = row.Scan(&m.ID, &m.Listing.Product, &m.Listing.ProductName, &m.Listing.SKU, &m.Listing.SizeLabel, &m.Listing.Currency,
		&m.Settings.Tick, &m.Settings.MaxPrice, &rule, &state, &m.Settings.Version, &m.FeedSeq,
		&m.LastSale.Match, &m.LastSale.Price, &m.LastSale.Qty, &sold, &m.Listing.Version, &m.Listing.Delisted)
	if err != nil {
		return m, err
	}
	var okRule, okState bool
	m.Settings.PriceRule, okRule = model.ParsePriceRule(rule)
	m.Settings.State, okState = model.ParseMarketState(state)
	if !okRule || !okState {
		return m, fmt.Errorf("market %s: unknown price rule %q or state %q", m.ID, rule, state)
	}
	m.LastSale.At = model.At(sold)
	return m, nil
}

func (l *loader) markets(ctx context.Context) error {
	rows, err := l.tx.Query(ctx, `SELECT `+marketColumns+`
		FROM bidding_markets m JOIN bidding_slots s USING (slot) WHERE s.shard = $1 ORDER BY m.id`, l.shard)
	if err != nil {
		return fmt.Errorf("markets: %w", err)
	}
	return each(rows, scanMarket, func(m model.Market) error {
		l.into.Market(m)
		return nil
	})
}

func (l *loader) bids(ctx context.Context) error { return l.orders(ctx, model.Bid) }
func (l *loader) asks(ctx context.Context) error { return l.orders(ctx, model.Ask) }

// orders reads open orders with the best last, the order in which a book takes them fastest.
func (l *loader) orders(ctx context.Context, side model.Side) error {
	direction := "ASC"
	if side == model.Ask {
		direction = "DESC"
	}
	rows, err := l.tx.Query(ctx, `SELECT o.id, o.market_id, o.user_id, o.price, o.quantity, o.open_quantity, o.priority, o.expires_at, o.warned
		FROM `+tables[side]+` o JOIN bidding_markets m ON m.id = o.market_id JOIN bidding_slots s USING (slot)
		WHERE s.shard = $1 AND o.status IN ('active', 'partially_matched')
		ORDER BY o.market_id, o.price `+direction+`, o.priority, o.id`, l.shard)
	if err != nil {
		return fmt.Errorf("open %s: %w", tables[side], err)
	}
	o := model.LimitOrder{Side: side}
	var expires time.Time
	_, err = pgx.ForEachRow(rows, []any{&o.ID, &o.Market, &o.Account, &o.Price, &o.Qty, &o.Open, &o.Priority, &expires, &o.Warned}, func() error {
		o.ExpiresAt = model.At(expires)
		l.into.Order(&o)
		return nil
	})
	if err != nil {
		return fmt.Errorf("open %s: %w", tables[side], err)
	}
	return nil
}

func (l *loader) limits(ctx context.Context) error {
	rows, err := l.tx.Query(ctx, `SELECT account_id, max_open_per_market, max_open_total FROM bidding_account_limits`)
	if err != nil {
		return fmt.Errorf("limits: %w", err)
	}
	var account model.AccountID
	var limits model.AccountLimits
	_, err = pgx.ForEachRow(rows, []any{&account, &limits.PerMarket, &limits.Total}, func() error {
		l.into.Limits(account, limits)
		return nil
	})
	if err != nil {
		return fmt.Errorf("limits: %w", err)
	}
	return nil
}

func (l *loader) bans(ctx context.Context) error {
	rows, err := l.tx.Query(ctx, `SELECT account_id, version, lifted FROM bidding_bans WHERE shard = $1`, l.shard)
	if err != nil {
		return fmt.Errorf("bans: %w", err)
	}
	var account model.AccountID
	var ban model.Ban
	_, err = pgx.ForEachRow(rows, []any{&account, &ban.Version, &ban.Lifted}, func() error {
		l.into.Ban(account, ban)
		return nil
	})
	if err != nil {
		return fmt.Errorf("bans: %w", err)
	}
	return nil
}

func (l *loader) deadMen(ctx context.Context) error {
	rows, err := l.tx.Query(ctx, `SELECT account_id, ends_at FROM bidding_dead_men WHERE shard = $1`, l.shard)
	if err != nil {
		return fmt.Errorf("dead men's switches: %w", err)
	}
	var account model.AccountID
	var ends time.Time
	_, err = pgx.ForEachRow(rows, []any{&account, &ends}, func() error {
		l.into.DeadMan(account, model.At(ends))
		return nil
	})
	if err != nil {
		return fmt.Errorf("dead men's switches: %w", err)
	}
	return nil
}

func (l *loader) reversed(ctx context.Context) error {
	rows, err := l.tx.Query(ctx, `SELECT id FROM matches WHERE reversed_at IS NOT NULL AND id % 256 = $1`, l.shard)
	if err != nil {
		return fmt.Errorf("reversed matches: %w", err)
	}
	var match model.MatchID
	_, err = pgx.ForEachRow(rows, []any{&match}, func() error {
		l.into.Reversed(match)
		return nil
	})
	if err != nil {
		return fmt.Errorf("reversed matches: %w", err)
	}
	return nil
}

// volumes sums the sales of the last 72 hours by market and minute.
func (l *loader) volumes(ctx context.Context) error {
	since := l.head.At - model.Instant(72*time.Hour/time.Microsecond)
	_, before, err := l.numberAt(ctx, since)
	if err != nil {
		return fmt.Errorf("volumes: %w", err)
	}
	rows, err := l.tx.Query(ctx, `SELECT t.market_id, date_trunc('minute', t.created_at), sum(t.price * t.quantity)::bigint, count(*)
		FROM matches t WHERE t.id > $1 AND t.id % 256 = $2 AND t.reversed_at IS NULL GROUP BY 1, 2 ORDER BY 2`, before<<8|0xff, l.shard)
	if err != nil {
		return fmt.Errorf("volumes: %w", err)
	}
	var market model.MarketID
	var at time.Time
	var value money.Minor
	var sales int64
	_, err = pgx.ForEachRow(rows, []any{&market, &at, &value, &sales}, func() error {
		l.into.Sold(market, model.At(at), model.Volume{Value: value, Sales: sales})
		return nil
	})
	if err != nil {
		return fmt.Errorf("volumes: %w", err)
	}
	return nil
}

// numberAt finds the last batch at or before an instant, by halving: time never
// falls along the journal. It returns the batch's seq and n, zeros when there is none.
func (l *loader) numberAt(ctx context.Context, at model.Instant) (seq, n int64, err error) {
	lo, hi := int64(0), l.head.Seq
	for lo < hi {
		mid := (lo + hi + 1) / 2
		var when time.Time
		var number int64
		err := l.tx.QueryRow(ctx, `SELECT at, n FROM bidding_journal WHERE shard = $1 AND seq = $2`, l.shard, mid).Scan(&when, &number)
		if errors.Is(err, pgx.ErrNoRows) { // archived, so older
			lo = mid
			continue
		}
		if err != nil {
			return 0, 0, err
		}
		if model.At(when) <= at {
			lo, n = mid, number
		} else {
			hi = mid - 1
		}
	}
	return lo, n, nil
}

// recent reads the journal rows whose answers may be asked for again.
func (l *loader) recent(ctx context.Context) error {
	after, _, err := l.numberAt(ctx, l.head.At-model.Instant(engine.RememberFor/time.Microsecond))
	if err != nil {
		return fmt.Errorf("recent rows: %w", err)
	}
	rows, err := l.tx.Query(ctx, `SELECT `+rowColumns+` FROM bidding_journal
		WHERE shard = $1 AND seq > $2 AND n > $3 ORDER BY seq`, l.shard, after, l.head.N-recentNumbers)
	if err != nil {
		return fmt.Errorf("recent rows: %w", err)
	}
	return each(rows, scanRow, func(r journal.Row) error { return l.into.Recent(&r) })
}

// each scans row by row without keeping them.
func each[T any](rows pgx.Rows, scan pgx.RowToFunc[T], f func(T) error) error {
	defer rows.Close()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return err
		}
		if err := f(v); err != nil {
			return err
		}
	}
	return rows.Err()
}
