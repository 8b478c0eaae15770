package repository

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/service"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Bids and asks have the same columns, so one query text serves both tables; the
// table's name comes from the list above, never from a caller.
const orderColumnList = `o.id, o.market_id, o.user_id, o.price, o.quantity, o.open_quantity, o.status, o.reason, o.order_type,
	o.self_trade, o.priority, o.client_order_id, o.replaces, o.created_at, o.expires_at, coalesce(o.closed_at, 'epoch'),
	o.version, m.currency`

// orderColumnsOf are a side's: only an ask can come back.
func orderColumnsOf(side model.Side) string {
	if side == model.Ask {
		return orderColumnList + `, o.reinstates, o.stock_ref`
	}
	return orderColumnList + `, 0::bigint, NULL::uuid`
}

func scanOrder(side model.Side) pgx.RowToFunc[model.LimitOrder] {
	return func(row pgx.CollectableRow) (model.LimitOrder, error) {
		o := model.LimitOrder{Side: side}
		var status, kind, self string
		var created, expires, closed time.Time
		var stock *id.UUID
		if err := row.Scan(&o.ID, &o.Market, &o.Account, &o.Price, &o.Qty, &o.Open, &status, &o.Reason, &kind, &self,
			&o.Priority, &o.ClientOrderID, &o.Replaces, &created, &expires, &closed, &o.Version, &o.Currency, &o.Reinstates, &stock); err != nil {
			return o, err
		}
		var ok [3]bool
		o.Status, ok[0] = model.ParseStatus(status)
		o.Type, ok[1] = model.ParseOrderType(kind)
		o.SelfTrade, ok[2] = model.ParseSelfTrade(self)
		if ok != [3]bool{true, true, true} {
			return o, fmt.Errorf("%s %d: unknown status %q, type %q or self-trade mode %q", side, o.ID, status, kind, self)
		}
		if stock != nil {
			o.Stock = *stock
		}
		o.CreatedAt, o.ExpiresAt, o.ClosedAt = model.At(created), model.At(expires), model.At(closed)
		return o, nil
	}
}

// Order implements service.Orders.
func (r *Repository) Order(ctx context.Context, side model.Side, order model.OrderID) (model.LimitOrder, error) {
	rows, err := r.pool.Query(ctx, `SELECT `+orderColumnsOf(side)+` FROM `+tables[side]+` o
		JOIN bidding_markets m ON m.id = o.market_id WHERE o.id = $1`, int64(order))
	if err != nil {
		return model.LimitOrder{}, fmt.Errorf("read %s %d: %w", side, order, err)
	}
	o, err := pgx.CollectExactlyOneRow(rows, scanOrder(side))
	if errors.Is(err, pgx.ErrNoRows) {
		return o, model.NotFound(side)
	}
	if err != nil {
		return o, fmt.Errorf("read %s %d: %w", side, order, err)
	}
	return o, nil
}

// Orders implements service.Orders.
func (r *Repository) Orders(ctx context.Context, q service.OrderQuery) ([]model.LimitOrder, error) {
	statuses := make([]string, len(q.Statuses))
	for i, s := range q.Statuses {
		statuses[i] = s.String()
	}
	rows, err := r.pool.Query(ctx, `SELECT `+orderColumnsOf(q.Side)+` FROM `+tables[q.Side]+` o
		JOIN bidding_markets m ON m.id = o.market_id
		WHERE o.user_id = $1 AND ($2::bigint = 0 OR o.id < $2) AND ($3::uuid IS NULL OR o.market_id = $3)
		  AND (cardinality($4::text[]) = 0 OR o.status = ANY ($4))
		ORDER BY o.id DESC LIMIT $5`,
		q.Account, int64(q.Before), optional(q.Market), statuses, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", tables[q.Side], err)
	}
	orders, err := pgx.CollectRows(rows, scanOrder(q.Side))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", tables[q.Side], err)
	}
	return orders, nil
}

// OpenMarkets implements service.Orders.
func (r *Repository) OpenMarkets(ctx context.Context, account model.AccountID) ([]model.MarketID, error) {
	rows, err := r.pool.Query(ctx, `SELECT market_id FROM bids WHERE user_id = $1 AND status IN ('active', 'partially_matched')
		UNION SELECT market_id FROM asks WHERE user_id = $1 AND status IN ('active', 'partially_matched') ORDER BY 1`, account)
	if err != nil {
		return nil, fmt.Errorf("list open markets: %w", err)
	}
	markets, err := pgx.CollectRows(rows, pgx.RowTo[model.MarketID])
	if err != nil {
		return nil, fmt.Errorf("list open markets: %w", err)
	}
	return markets, nil
}

const matchColumnList = `t.id, t.market_id, t.bid_id, t.ask_id, t.buyer_id, t.seller_id, t.price, t.bid_price, t.quantity, t.taker,
	t.price_rule, t.created_at, m.currency, coalesce(t.reversed_at, 'epoch'), t.reversal_reason, t.reinstated_ask`

func scanMatch(row pgx.CollectableRow) (model.Match, error) {
	var m model.Match
	var taker, rule string
	var created, reversed time.Time
	if err := row.Scan(&m.ID, &m.Market, &m.Bid, &m.Ask, &m.Buyer, &m.Seller, &m.Price, &m.BidPrice, &m.Qty, &taker, &rule,
		&created, &m.Currency, &reversed, &m.Reversal, &m.Reinstated); err != nil {
		return m, err
	}
	m.Taker = model.Bid
	if taker == model.Ask.String() {
		m.Taker = model.Ask
	}
	m.PriceRule, _ = model.ParsePriceRule(rule)
	m.CreatedAt, m.ReversedAt = model.At(created), model.At(reversed)
	return m, nil
}

// Match implements service.Matches.
func (r *Repository) Match(ctx context.Context, match model.MatchID) (model.Match, error) {
	rows, err := r.pool.Query(ctx, `SELECT `+matchColumnList+` FROM matches t JOIN bidding_markets m ON m.id = t.market_id
		WHERE t.id = $1`, int64(match))
	if err != nil {
		return model.Match{}, fmt.Errorf("read match %d: %w", match, err)
	}
	m, err := pgx.CollectExactlyOneRow(rows, scanMatch)
	if errors.Is(err, pgx.ErrNoRows) {
		return m, model.ErrMatchNotFound
	}
	if err != nil {
		return m, fmt.Errorf("read match %d: %w", match, err)
	}
	return m, nil
}

// Matches implements service.Matches. The two halves each walk their own index.
func (r *Repository) Matches(ctx context.Context, q service.MatchQuery) ([]model.Match, error) {
	const half = `(SELECT ` + matchColumnList + ` FROM matches t JOIN bidding_markets m ON m.id = t.market_id
		WHERE t.%s = $1 AND $%d AND ($2::bigint = 0 OR t.id < $2) AND ($3::uuid IS NULL OR t.market_id = $3)
		ORDER BY t.id DESC LIMIT $4)`
	rows, err := r.pool.Query(ctx, `SELECT * FROM (`+fmt.Sprintf(half, "buyer_id", 5)+` UNION ALL `+
		fmt.Sprintf(half, "seller_id", 6)+`) x ORDER BY 1 DESC LIMIT $4`,
		q.Account, int64(q.Before), optional(q.Market), q.Limit, q.Side != model.Ask, q.Side != model.Bid)
	if err != nil {
		return nil, fmt.Errorf("list matches: %w", err)
	}
	matches, err := pgx.CollectRows(rows, scanMatch)
	if err != nil {
		return nil, fmt.Errorf("list matches: %w", err)
	}
	return matches, nil
}

// Taken implements service.Matches.
func (r *Repository) Taken(ctx context.Context, side model.Side, order model.OrderID) ([]model.Match, error) {
	rows, err := r.pool.Query(ctx, `SELECT `+matchColumnList+` FROM matches t JOIN bidding_markets m ON m.id = t.market_id
		WHERE t.`+side.String()+`_id = $1 AND t.taker = $2 ORDER BY t.id`, int64(order), side.String())
	if err != nil {
		return nil, fmt.Errorf("matches of %s %d: %w", side, order, err)
	}
	matches, err := pgx.CollectRows(rows, scanMatch)
	if err != nil {
		return nil, fmt.Errorf("matches of %s %d: %w", side, order, err)
	}
	return matches, nil
}

// Sales implements service.Markets.
func (r *Repository) Sales(ctx context.Context, market model.MarketID, before model.MatchID, limit int) ([]model.Sale, error) {
	rows, err := r.pool.Query(ctx, `SELECT id, price, quantity, created_at FROM matches
		WHERE market_id = $1 AND reversed_at IS NULL AND ($2::bigint = 0 OR (created_at, id) < (SELECT created_at, id FROM matches WHERE id = $2))
		ORDER BY created_at DESC, id DESC LIMIT $3`, market, int64(before), limit)
	if err != nil {
		return nil, fmt.Errorf("list sales: %w", err)
	}
	sales, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s model.Sale, err error) {
		var at time.Time
		err = row.Scan(&s.Match, &s.Price, &s.Qty, &at)
		s.At = model.At(at)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("list sales: %w", err)
	}
	return sales, nil
}

// MarketsOf implements service.Markets.
func (r *Repository) MarketsOf(ctx context.Context, products ...id.UUID) (map[id.UUID][]model.MarketID, error) {
	rows, err := r.pool.Query(ctx, `SELECT product_id, id FROM bidding_markets WHERE product_id = ANY($1) ORDER BY id`, products)
	if err != nil {
		return nil, fmt.Errorf("list markets of %d products: %w", len(products), err)
	}
	markets := make(map[id.UUID][]model.MarketID)
	var product, market id.UUID
	_, err = pgx.ForEachRow(rows, []any{&product, &market}, func() error {
		markets[product] = append(markets[product], market)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list markets of %d products: %w", len(products), err)
	}
	return markets, nil
}

// Limits implements service.Markets.
func (r *Repository) Limits(ctx context.Context, account model.AccountID) (model.AccountLimits, error) {
	l := model.DefaultLimits
	err := r.pool.QueryRow(ctx, `SELECT max_open_per_market, max_open_total FROM bidding_account_limits WHERE account_id = $1`, account).
		Scan(&l.PerMarket, &l.Total)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return l, fmt.Errorf("read limits of %s: %w", account, err)
	}
	return l, nil
}

// optional turns a zero id into NULL.
func optional(u id.UUID) *id.UUID {
	if u == id.None {
		return nil
	}
	return &u
}
