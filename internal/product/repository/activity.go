package repository

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/repository/dbgen"
)

// Position implements service.Activity.
func (s *Store) Position(ctx context.Context, source string, partition int32) (int64, error) {
	seq, err := s.q.Position(ctx, dbgen.PositionParams{Source: source, Partition: int16(partition)})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("position in the events of %s: %w", source, err)
	}
	return seq, nil
}

// lazily lets a transaction commit without waiting for the disk. What a crash takes it
// takes whole, position and effect, and the events come again (EVENT-001).
const lazily = "SET LOCAL synchronous_commit = off"

// CountSales implements service.Activity.
func (s *Store) CountSales(ctx context.Context, source string, partition int32, seq int64, sales []model.Sale) error {
	return s.tx(ctx, "count sales", func(tx pgx.Tx, q *dbgen.Queries) error {
		if _, err := tx.Exec(ctx, lazily); err != nil {
			return err
		}
		moved, err := q.Advance(ctx, dbgen.AdvanceParams{Source: source, Partition: int16(partition), Seq: seq})
		if err != nil || moved == 0 || len(sales) == 0 {
			return err
		}
		sold := soldParams(sales)
		if err := q.LockSold(ctx, sold.Sizes); err != nil {
			return err
		}
		return q.CountSales(ctx, sold)
	})
}

func soldParams(sales []model.Sale) (sold dbgen.CountSalesParams) {
	for _, one := range sales {
		sold.Sizes = append(sold.Sizes, one.Size)
		sold.Days = append(sold.Days, date(one.At))
		sold.Items = append(sold.Items, int64(one.Items))
	}
	return sold
}

// ForgetSales implements service.Activity. Whoever comes second waits for the lock and
// then finds nothing left.
func (s *Store) ForgetSales(ctx context.Context, first time.Time, limit int) (products int, err error) {
	err = s.tx(ctx, "forget old sales", func(_ pgx.Tx, q *dbgen.Queries) error {
		old, err := q.ProductsWithOldDays(ctx, dbgen.ProductsWithOldDaysParams{FirstDay: date(first), Most: int32(limit)})
		if products = len(old); err != nil || products == 0 {
			return err
		}
		if err := q.LockActivity(ctx, old); err != nil {
			return err
		}
		return q.DropOldDays(ctx, dbgen.DropOldDaysParams{Products: old, FirstDay: date(first)})
	})
	return products, err
}

func date(t time.Time) pgtype.Date { return pgtype.Date{Time: model.Day(t), Valid: true} }
