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

// Consign implements service.Stock.
func (r *Repository) Consign(ctx context.Context, c service.Consignment, at time.Time) (bool, error) {
	tag, err := r.pool.Exec(ctx, `INSERT INTO bidding_stock (ref, market_id, held, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (ref) DO NOTHING`,
		c.Ref, c.Market, c.Held, at)
	if err != nil {
		return false, fmt.Errorf("note stock %s down: %w", c.Ref, err)
	}
	return tag.RowsAffected() == 1, nil
}

// Consigned implements service.Stock.
func (r *Repository) Consigned(ctx context.Context, market model.MarketID, ref id.UUID) (model.LimitOrder, bool, error) {
	rows, err := r.pool.Query(ctx, `SELECT `+orderColumnsOf(model.Ask)+` FROM asks o JOIN bidding_markets m ON m.id = o.market_id
		WHERE o.stock_ref = $1 AND o.market_id = $2 ORDER BY o.id LIMIT 1`, ref, market)
	if err != nil {
		return model.LimitOrder{}, false, fmt.Errorf("ask of stock %s: %w", ref, err)
	}
	o, err := pgx.CollectExactlyOneRow(rows, scanOrder(model.Ask))
	if errors.Is(err, pgx.ErrNoRows) {
		return o, false, nil
	}
	if err != nil {
		return o, false, fmt.Errorf("ask of stock %s: %w", ref, err)
	}
	return o, true, nil
}

// ConsignmentsDue implements service.Stock.
func (r *Repository) ConsignmentsDue(ctx context.Context, before time.Time, limit int) ([]service.Consignment, error) {
	rows, err := r.pool.Query(ctx, `SELECT ref, market_id, held, least(held, open + sold), live > 0 FROM (
			SELECT b.ref, b.market_id, b.held, b.created_at, a.asks, a.live, a.open, coalesce((SELECT sum(m.quantity) FROM asks x JOIN matches m ON m.ask_id = x.id
				WHERE x.stock_ref = b.ref AND m.reversed_at IS NULL), 0)::int AS sold
			FROM bidding_stock b CROSS JOIN LATERAL (
				SELECT count(*) AS asks, count(*) FILTER (WHERE o.closed_at IS NULL) AS live,
					coalesce(sum(o.open_quantity) FILTER (WHERE o.closed_at IS NULL), 0)::int AS open
				FROM asks o WHERE o.stock_ref = b.ref) a
			WHERE NOT b.done) x
		WHERE (asks > 0 AND (live = 0 OR open + sold < held)) OR (asks = 0 AND created_at < $1) ORDER BY created_at LIMIT $2`, before, limit)
	if err != nil {
		return nil, fmt.Errorf("stock that is to be given back: %w", err)
	}
	due, err := pgx.CollectRows(rows, pgx.RowToStructByPos[service.Consignment])
	if err != nil {
		return nil, fmt.Errorf("stock that is to be given back: %w", err)
	}
	return due, nil
}

// SettleConsignment implements service.Stock.
func (r *Repository) SettleConsignment(ctx context.Context, c service.Consignment) error {
	_, err := r.pool.Exec(ctx, `UPDATE bidding_stock SET held = least(held, $2), done = $3 WHERE ref = $1`, c.Ref, c.Keep, !c.Live)
	if err != nil {
		return fmt.Errorf("settle stock %s: %w", c.Ref, err)
	}
	return nil
}

// Reconsign implements service.Stock.
func (r *Repository) Reconsign(ctx context.Context, _ model.MarketID, ref id.UUID) error {
	if _, err := r.pool.Exec(ctx, `UPDATE bidding_stock SET done = false WHERE ref = $1`, ref); err != nil {
		return fmt.Errorf("settle stock %s: %w", ref, err)
	}
	return nil
}
