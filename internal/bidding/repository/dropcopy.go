package repository

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/dropcopy"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

var _ dropcopy.Store = (*Repository)(nil)

// Heads implements dropcopy.Store.
func (r *Repository) Heads(ctx context.Context) (map[uint8]int64, error) {
	return positions(ctx, r.pool, `SELECT shard, seq FROM bidding_shards`)
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// positions reads a batch of each shard.
func positions(ctx context.Context, q querier, sql string) (map[uint8]int64, error) {
	rows, err := q.Query(ctx, sql)
	if err != nil {
		return nil, fmt.Errorf("read the shards' positions: %w", err)
	}
	out := make(map[uint8]int64)
	var shard uint8
	var seq int64
	_, err = pgx.ForEachRow(rows, []any{&shard, &seq}, func() error {
		out[shard] = seq
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the shards' positions: %w", err)
	}
	return out, nil
}

// Rows implements dropcopy.Store.
func (r *Repository) Rows(ctx context.Context, shard uint8, after int64, limit int) ([]journal.Row, error) {
	rows, err := r.pool.Query(ctx, `SELECT `+rowColumns+` FROM bidding_journal WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
		int16(shard), after, limit)
	if err != nil {
		return nil, fmt.Errorf("read the journal of shard %d after batch %d: %w", shard, after, err)
	}
	out, err := pgx.CollectRows(rows, scanRow)
	if err != nil {
		return nil, fmt.Errorf("read the journal of shard %d after batch %d: %w", shard, after, err)
	}
	return out, nil
}

// OpenOrders implements dropcopy.Store.
func (r *Repository) OpenOrders(ctx context.Context, account model.AccountID) (open []model.LimitOrder, at map[uint8]int64, err error) {
	opts := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, r.pool, opts, func(tx pgx.Tx) error {
		if at, err = positions(ctx, tx, `SELECT shard, seq FROM bidding_projection`); err != nil {
			return err
		}
		for _, side := range []model.Side{model.Bid, model.Ask} {
			rows, err := tx.Query(ctx, `SELECT `+orderColumnsOf(side)+` FROM `+tables[side]+` o JOIN bidding_markets m ON m.id = o.market_id
				WHERE o.user_id = $1 AND o.status IN ('active', 'partially_matched') ORDER BY o.id`, account)
			if err != nil {
				return fmt.Errorf("open %s: %w", tables[side], err)
			}
			list, err := pgx.CollectRows(rows, scanOrder(side))
			if err != nil {
				return fmt.Errorf("open %s: %w", tables[side], err)
			}
			open = append(open, list...)
		}
		return nil
	})
	return open, at, err
}
