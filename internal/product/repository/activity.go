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
		before, err := advance(ctx, q, source, int16(partition), seq)
		sold := soldSince(before, sales)
		if err != nil || len(sold.Sizes) == 0 {
			return err
		}
		if err := q.LockSold(ctx, sold.Sizes); err != nil {
			return err
		}
		return q.CountSales(ctx, sold)
	})
}

// advance moves a position to seq, unless it is there already, and returns where it was.
// Whoever gives the same events their effect waits for it until the transaction ends.
func advance(ctx context.Context, q *dbgen.Queries, source string, partition int16, seq int64) (before int64, err error) {
	begun, err := q.BeginPosition(ctx, dbgen.BeginPositionParams{Source: source, Partition: partition, Seq: seq})
	if err != nil || begun == 1 {
		return 0, err
	}
	before, err = q.LockPosition(ctx, dbgen.LockPositionParams{Source: source, Partition: partition})
	if err != nil || before >= seq {
		return before, err
	}
	return before, q.MovePosition(ctx, dbgen.MovePositionParams{Source: source, Partition: partition, Seq: seq})
}

// soldSince leaves out what was told up to a position.
func soldSince(before int64, sales []model.Sale) (sold dbgen.CountSalesParams) {
	for _, one := range sales {
		if one.Seq <= before {
			continue
		}
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
