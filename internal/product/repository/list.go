package repository

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// listRow is a product and the sort key it has in the list.
type listRow struct {
	productRow
	Key int64
}

// Page implements service.Catalogue.
func (s *Store) Page(ctx context.Context, l model.List) ([]model.Product, []model.Cursor, error) {
	sql, args := pageSQL(l)
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, nil, fmt.Errorf("list products: %w", err)
	}
	products, cursors, err := listed(rows)
	if err != nil {
		return nil, nil, fmt.Errorf("list products: %w", err)
	}
	return products, cursors, s.addPrimaryImages(ctx, products)
}

func listed(rows pgx.Rows) ([]model.Product, []model.Cursor, error) {
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[listRow])
	products, cursors := make([]model.Product, 0, len(found)), make([]model.Cursor, 0, len(found))
	for _, r := range found {
		products = append(products, product(r.productRow))
		cursors = append(cursors, model.Cursor{Key: r.Key, ID: r.ID})
	}
	return products, cursors, err
}

// addPrimaryImages puts its primary image into each product that has one.
func (s *Store) addPrimaryImages(ctx context.Context, products []model.Product) error {
	at := make(map[id.UUID]int, len(products))
	ids := make([]id.UUID, 0, len(products))
	for i, p := range products {
		at[p.ID], ids = i, append(ids, p.ID)
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := s.q.PrimaryImages(ctx, ids)
	if err != nil {
		return fmt.Errorf("primary images: %w", err)
	}
	for _, r := range rows {
		products[at[r.ProductID]].Images = []model.Image{image(r)}
	}
	return nil
}
