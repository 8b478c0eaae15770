package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// slugTries bounds how many slugs are tried for products whose name and SKU read alike.
const slugTries = 3

// CreateProduct adds a product; its id, slug and times are given here. A SKU that only
// deleted products have can be used again.
// Errors: InvalidArgument naming the field, model.ErrSKUTaken. Rule: PROD-001.
func (s *Service) CreateProduct(ctx context.Context, p model.Product) (model.Product, error) {
	if err := p.Normalize(); err != nil {
		return model.Product{}, err
	}
	p.ID, p.CreatedAt, p.Version = id.New(), s.clk.Now(), 1
	p.UpdatedAt = p.CreatedAt
	for try := range slugTries {
		p.Slug = Slug(p.Name, p.SKU, p.ID, try)
		err := s.store.InsertProduct(ctx, p)
		if err == nil {
			return p, nil
		}
		if !errors.Is(err, model.ErrSlugTaken) {
			return model.Product{}, err
		}
	}
	return model.Product{}, fmt.Errorf("create product %q: %w", p.SKU, model.ErrSlugTaken)
}

// Product reads a product with its images and sizes by id, SKU or slug.
// Errors: model.ErrProductNotFound, also when the caller may not see it. Rule: PROD-001.
func (s *Service) Product(ctx context.Context, c Caller, by Key) (model.Product, error) {
	for name, text := range map[string]*string{"sku": &by.SKU, "slug": &by.Slug} {
		if err := model.Line(name, text, 320); err != nil {
			return model.Product{}, err
		}
	}
	if by == (Key{}) {
		return model.Product{}, errs.Invalid("key", "must be an id, a SKU or a slug")
	}
	p, err := s.store.Product(ctx, by)
	if err != nil {
		return model.Product{}, err
	}
	if !c.sees(p) {
		return model.Product{}, model.ErrProductNotFound
	}
	return p, nil
}

// UpdateProduct changes a product by change. With a version other than 0 it is refused
// unless the product is at that version. The slug stays, so that links keep working.
// Errors: model.ErrProductNotFound, model.ErrVersion, model.ErrSKUTaken, InvalidArgument. Rule: PROD-001.
func (s *Service) UpdateProduct(
	ctx context.Context, product id.UUID, version int64, change func(*model.Product) error,
) (model.Product, error) {
	return s.store.UpdateProduct(ctx, product, func(p *model.Product) error {
		if version != 0 && version != p.Version {
			return model.ErrVersion.Msgf("the product is at version %d, not %d", p.Version, version)
		}
		if err := change(p); err != nil {
			return err
		}
		p.Version, p.UpdatedAt = p.Version+1, s.clk.Now()
		return p.Normalize()
	})
}

// DeleteProduct takes a product out of the catalogue. Its sizes, reservations and audit
// trail stay, and what is reserved can still be released or sold.
// Errors: model.ErrProductNotFound. Rule: PROD-001.
func (s *Service) DeleteProduct(ctx context.Context, product id.UUID) error {
	return s.store.DeleteProduct(ctx, product, s.clk.Now())
}
