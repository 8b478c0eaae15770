package repository

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/repository/dbgen"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// productRow is a product without images and sizes; every query of products reads the same columns.
type productRow = dbgen.ProductByIDRow

// InsertProduct implements service.Products.
func (s *Store) InsertProduct(ctx context.Context, p model.Product) error {
	return taken(s.q.InsertProduct(ctx, dbgen.InsertProductParams(row(p))), "insert product "+p.SKU)
}

// Product implements service.Products.
func (s *Store) Product(ctx context.Context, by service.Key) (model.Product, error) {
	found, err := s.find(ctx, by)
	if err != nil {
		return model.Product{}, orMissing(err, model.ErrProductNotFound, fmt.Sprintf("product %+v", by))
	}
	p := product(found)
	images, err := s.q.ProductImages(ctx, p.ID)
	if err != nil {
		return model.Product{}, fmt.Errorf("images of product %s: %w", p.ID, err)
	}
	sizes, err := s.q.ProductSizes(ctx, p.ID)
	if err != nil {
		return model.Product{}, fmt.Errorf("sizes of product %s: %w", p.ID, err)
	}
	p.Images, p.Sizes = each(images, image), each(sizes, size)
	return p, nil
}

func (s *Store) find(ctx context.Context, by service.Key) (productRow, error) {
	switch {
	case by.SKU != "":
		r, err := s.q.ProductBySKU(ctx, by.SKU)
		return productRow(r), err
	case by.Slug != "":
		r, err := s.q.ProductBySlug(ctx, by.Slug)
		return productRow(r), err
	}
	return s.q.ProductByID(ctx, by.ID)
}

// UpdateProduct implements service.Products.
func (s *Store) UpdateProduct(
	ctx context.Context, product id.UUID, change func(*model.Product) error,
) (p model.Product, err error) {
	err = s.tx(ctx, "update product "+product.String(), func(tx pgx.Tx, q *dbgen.Queries) error {
		if p, err = update(ctx, q, product, change); err != nil {
			return err
		}
		return announceChanged(ctx, tx, p.UpdatedAt, p)
	})
	return p, err
}

func update(
	ctx context.Context, q *dbgen.Queries, key id.UUID, change func(*model.Product) error,
) (model.Product, error) {
	locked, err := q.LockProduct(ctx, key)
	if err != nil {
		return model.Product{}, orMissing(err, model.ErrProductNotFound, "lock")
	}
	p := product(productRow(locked))
	if err := change(&p); err != nil {
		return model.Product{}, err
	}
	r := row(p)
	if err := taken(q.UpdateProduct(ctx, dbgen.UpdateProductParams{
		ID: r.ID, Name: r.Name, Sku: r.Sku, Brand: r.Brand, Model: r.Model, Category: r.Category,
		Colorway: r.Colorway, Description: r.Description, Gender: r.Gender, RetailPrice: r.RetailPrice,
		ReleaseDate: r.ReleaseDate, Status: r.Status, UpdatedAt: r.UpdatedAt, Version: r.Version,
	}), "write"); err != nil {
		return model.Product{}, err
	}
	images, err := q.ProductImages(ctx, key)
	if err != nil {
		return model.Product{}, err
	}
	sizes, err := q.ProductSizes(ctx, key)
	p.Images, p.Sizes = each(images, image), each(sizes, size)
	return p, err
}

// DeleteProduct implements service.Products.
func (s *Store) DeleteProduct(ctx context.Context, product id.UUID, at time.Time) error {
	return s.tx(ctx, "delete product "+product.String(), func(tx pgx.Tx, q *dbgen.Queries) error {
		r, err := q.DeleteProduct(ctx, dbgen.DeleteProductParams{ID: product, At: &at})
		if err != nil {
			return orMissing(err, model.ErrProductNotFound, "mark")
		}
		return announceDeleted(ctx, tx, at, model.Product{
			ID: product, Name: r.Name, SKU: r.Sku, Status: model.Status(r.Status), Version: r.Version,
		})
	})
}

// taken turns a violated unique index into the "no" it stands for.
func taken(err error, op string) error {
	switch {
	case err == nil:
		return nil
	case database.Violates(err, "products_sku_key"):
		return fmt.Errorf("%s: %w", op, model.ErrSKUTaken)
	case database.Violates(err, "products_slug_key"):
		return fmt.Errorf("%s: %w", op, model.ErrSlugTaken)
	}
	return fmt.Errorf("%s: %w", op, err)
}

func row(p model.Product) productRow {
	return productRow{
		ID: p.ID, Name: p.Name, Sku: p.SKU, Slug: p.Slug, Brand: p.Brand, Model: p.Model,
		Category: p.Category, Colorway: p.Colorway, Description: p.Description, Gender: p.Gender,
		RetailPrice: int64(p.RetailPrice), Currency: string(p.Currency),
		ReleaseDate: pgtype.Date{Time: p.ReleaseDate, Valid: !p.ReleaseDate.IsZero()},
		Status:      string(p.Status), CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt, Version: p.Version,
	}
}

func product(r productRow) model.Product {
	return model.Product{
		ID: r.ID, Name: r.Name, SKU: r.Sku, Slug: r.Slug, Brand: r.Brand, Model: r.Model,
		Category: r.Category, Colorway: r.Colorway, Description: r.Description, Gender: r.Gender,
		RetailPrice: money.Minor(r.RetailPrice), Currency: money.Currency(r.Currency),
		ReleaseDate: r.ReleaseDate.Time, Status: model.Status(r.Status),
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), Version: r.Version,
	}
}

// each maps rows to what they stand for.
func each[R, M any](rows []R, one func(R) M) []M {
	out := make([]M, 0, len(rows))
	for _, r := range rows {
		out = append(out, one(r))
	}
	return out
}
