package repository

import (
	"context"
	"fmt"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/repository/dbgen"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Transactions implements service.Stock.
func (s *Store) Transactions(ctx context.Context, key id.UUID, seq int64, limit int) ([]model.Transaction, error) {
	rows, err := s.q.Transactions(ctx, dbgen.TransactionsParams{
		SizeID: key, BeforeSeq: seq, Most: int32(min(limit, 1<<20)), //nolint:gosec // bounded
	})
	if err != nil {
		return nil, fmt.Errorf("trail of size %s: %w", key, err)
	}
	if len(rows) > 0 {
		return each(rows, transaction), nil
	}
	known, err := s.q.SizeExists(ctx, key)
	if err == nil && !known {
		err = model.ErrSizeNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("trail of size %s: %w", key, err)
	}
	return nil, nil
}

func line(t model.Transaction) dbgen.InsertTransactionParams {
	d := t.Delta()
	return dbgen.InsertTransactionParams{
		ID: t.ID, SizeID: t.SizeID, Seq: t.Seq, Kind: string(t.Kind),
		QuantityDelta: d.Quantity, QuantityBefore: t.Before.Quantity, QuantityAfter: t.After.Quantity,
		ReservedDelta: d.Reserved, ReservedBefore: t.Before.Reserved, ReservedAfter: t.After.Reserved,
		Reference: t.Reference, Reason: t.Reason, Actor: t.Actor, CreatedAt: t.At,
	}
}

func transaction(r dbgen.InventoryTransaction) model.Transaction {
	return model.Transaction{
		ID: r.ID, SizeID: r.SizeID, Seq: r.Seq, Kind: model.Kind(r.Kind),
		Before:    model.Stock{Quantity: r.QuantityBefore, Reserved: r.ReservedBefore},
		After:     model.Stock{Quantity: r.QuantityAfter, Reserved: r.ReservedAfter},
		Reference: r.Reference, Reason: r.Reason, Actor: r.Actor, At: r.CreatedAt.UTC(),
	}
}

func reservation(r dbgen.InventoryReservation) model.Reservation {
	return model.Reservation{
		Reference: r.Reference, SizeID: r.SizeID, Quantity: r.Quantity, State: model.State(r.State),
		CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), Version: r.Version,
	}
}
