package repository

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/repository/dbgen"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// InsertSize implements service.Sizes.
func (s *Store) InsertSize(ctx context.Context, size model.Size, opening *model.Transaction) error {
	op := fmt.Sprintf("add size %s %s to product %s", size.System, size.Label, size.ProductID)
	return s.tx(ctx, op, func(tx pgx.Tx, q *dbgen.Queries) error {
		n, err := q.InsertSize(ctx, dbgen.InsertSizeParams{
			ID: size.ID, ProductID: size.ProductID, System: string(size.System), Label: size.Label,
			SortKey: size.SortKey, Quantity: size.Stock.Quantity, Reserved: size.Stock.Reserved,
			CreatedAt: size.CreatedAt, UpdatedAt: size.UpdatedAt, Version: size.Version,
		})
		switch {
		case database.Violates(err, "sizes_label_key"):
			return model.ErrSizeTaken
		case err != nil:
			return err
		case n == 0:
			return model.ErrProductNotFound
		}
		if opening != nil {
			if err := q.InsertTransaction(ctx, line(*opening)); err != nil {
				return err
			}
		}
		return announceSize(ctx, tx, size)
	})
}

// Offer implements service.Sizes.
func (s *Store) Offer(ctx context.Context, key id.UUID) (model.Offer, error) {
	r, err := s.q.Offer(ctx, key)
	if err != nil {
		return model.Offer{}, orMissing(err, model.ErrSizeNotFound, "size "+key.String())
	}
	return model.Offer{Size: size(r.Size), Product: model.Product{
		ID: r.Size.ProductID, Name: r.Name, SKU: r.Sku,
		Currency: money.Currency(r.Currency), Status: model.Status(r.Status), Version: r.Version,
	}}, nil
}

func size(r dbgen.Size) model.Size {
	return model.Size{
		ID: r.ID, ProductID: r.ProductID, Label: r.Label, System: model.System(r.System), SortKey: r.SortKey,
		Stock:     model.Stock{Quantity: r.Quantity, Reserved: r.Reserved},
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), Version: r.Version,
	}
}
