package repository

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// Candles implements service.Markets. Of a market's sales the one with the higher id is the later one.
func (r *Repository) Candles(
	ctx context.Context, market model.MarketID, every time.Duration, from, to model.Instant,
) ([]model.Candle, error) {
	rows, err := r.pool.Query(ctx, `SELECT date_bin($2, created_at, $3),
			(array_agg(price ORDER BY id))[1], max(price), min(price), (array_agg(price ORDER BY id DESC))[1],
			sum(quantity)::bigint, sum(price * quantity)::bigint, count(*), max(id)
		FROM matches WHERE market_id = $1 AND created_at >= $3 AND created_at < $4 AND reversed_at IS NULL GROUP BY 1 ORDER BY 1`,
		market, every, from.Time(), to.Time())
	if err != nil {
		return nil, fmt.Errorf("read candles: %w", err)
	}
	candles, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c model.Candle, err error) {
		var start time.Time
		err = row.Scan(&start, &c.Open, &c.High, &c.Low, &c.Close, &c.Items, &c.Sold.Value, &c.Sold.Sales, &c.Last)
		c.Start = model.At(start)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("read candles: %w", err)
	}
	return candles, nil
}

// Stats implements service.Markets.
func (r *Repository) Stats(ctx context.Context, market model.MarketID, since model.Instant) (model.Stats, error) {
	var s model.Stats
	err := r.pool.QueryRow(ctx, `SELECT count(*), coalesce(min(price), 0), coalesce(max(price), 0), coalesce(round(avg(price)), 0)::bigint,
			coalesce(round(10000 * stddev_pop(price) / avg(price)), 0)::bigint
		FROM matches WHERE market_id = $1 AND created_at >= $2 AND reversed_at IS NULL`, market, since.Time()).
		Scan(&s.Sales, &s.Lowest, &s.Highest, &s.Average, &s.VolatilityBP)
	if err != nil {
		return s, fmt.Errorf("read a market's statistics: %w", err)
	}
	return s, nil
}
