package repository

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/repository/dbgen"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// errMoved is a bug: a locked size or reservation was not as it was read.
var errMoved = errors.New("row changed although it was locked")

// LockSize implements service.Stock. A transaction locks one size and nothing else, so
// stock operations wait for each other and never deadlock.
func (s *Store) LockSize(
	ctx context.Context, key id.UUID, change func(context.Context, service.Locked) error,
) error {
	return s.tx(ctx, "stock of size "+key.String(), func(_ pgx.Tx, q *dbgen.Queries) error {
		r, err := q.LockSize(ctx, key)
		if err != nil {
			return orMissing(err, model.ErrSizeNotFound, "lock")
		}
		return change(ctx, &locked{q, size(r.Size), r.ProductDeleted})
	})
}

// locked implements service.Locked.
type locked struct {
	q       *dbgen.Queries
	size    model.Size
	deleted bool
}

// Size implements service.Locked.
func (l *locked) Size() (model.Size, bool) { return l.size, l.deleted }

// Reservation implements service.Locked.
func (l *locked) Reservation(ctx context.Context, reference string) (model.Reservation, error) {
	return findReservation(ctx, l.q, reference)
}

// Reservation implements service.Stock.
func (s *Store) Reservation(ctx context.Context, reference string) (model.Reservation, error) {
	return findReservation(ctx, s.q, reference)
}

func findReservation(ctx context.Context, q *dbgen.Queries, reference string) (model.Reservation, error) {
	r, err := q.Reservation(ctx, reference)
	return reservation(r), orMissing(err, model.ErrReservationNotFound, fmt.Sprintf("reservation %q", reference))
}

// Overdue implements service.Locked.
func (l *locked) Overdue(ctx context.Context, now time.Time) ([]model.Reservation, error) {
	rows, err := l.q.OverdueReservations(ctx, dbgen.OverdueReservationsParams{SizeID: l.size.ID, Now: now})
	return each(rows, reservation), err
}

// OverdueSizes implements service.Stock.
func (s *Store) OverdueSizes(ctx context.Context, now time.Time, limit int) ([]id.UUID, error) {
	sizes, err := s.q.OverdueSizes(ctx, dbgen.OverdueSizesParams{Now: now, Most: int32(min(limit, 1<<20))}) //nolint:gosec // bounded
	if err != nil {
		return nil, fmt.Errorf("overdue reservations: %w", err)
	}
	return sizes, nil
}

// Past implements service.Locked.
func (l *locked) Past(ctx context.Context, reference string, kind model.Kind) (model.Transaction, bool, error) {
	read := l.q.EndOf
	switch kind {
	case model.Add, model.Adjust:
		read = l.q.AdjustmentOf
	case model.Reserve:
		read = l.q.ReserveOf
	case model.Release, model.Sell, model.Expire:
	}
	r, err := read(ctx, reference)
	if errors.Is(err, pgx.ErrNoRows) {
		return model.Transaction{}, false, nil
	}
	return transaction(r), err == nil, err
}

// Write implements service.Locked.
func (l *locked) Write(ctx context.Context, e model.Entry) error {
	n, err := l.q.UpdateStock(ctx, dbgen.UpdateStockParams{
		ID: e.Size.ID, Quantity: e.Size.Stock.Quantity, Reserved: e.Size.Stock.Reserved,
		UpdatedAt: e.Size.UpdatedAt, Version: e.Size.Version,
	})
	if err != nil {
		return err
	}
	if n != 1 {
		return errMoved
	}
	if e.Reservation != nil {
		if err := l.writeReservation(ctx, *e.Reservation); err != nil {
			return err
		}
	}
	err = l.q.InsertTransaction(ctx, line(e.Transaction))
	if database.Violates(err, "inventory_transactions_adjustment_key") {
		return model.ErrReferenceTaken // by an adjustment of another size, at the same moment
	}
	return err
}

func (l *locked) writeReservation(ctx context.Context, r model.Reservation) error {
	if r.State == model.Held {
		err := l.q.InsertReservation(ctx, dbgen.InsertReservationParams{
			Reference: r.Reference, SizeID: r.SizeID, Quantity: r.Quantity, State: string(r.State),
			CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt, UpdatedAt: r.UpdatedAt, Version: r.Version,
		})
		if database.Violates(err, "inventory_reservations_pkey") {
			return model.ErrReferenceTaken // by a reservation of another size, at the same moment
		}
		return err
	}
	n, err := l.q.EndReservation(ctx, dbgen.EndReservationParams{
		Reference: r.Reference, State: string(r.State), UpdatedAt: r.UpdatedAt, Version: r.Version,
	})
	if err == nil && n != 1 {
		return errMoved
	}
	return err
}
