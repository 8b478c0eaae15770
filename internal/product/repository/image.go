package repository

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/repository/dbgen"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// ImageProduct implements service.Images.
func (s *Store) ImageProduct(ctx context.Context, image id.UUID) (id.UUID, error) {
	product, err := s.q.ImageProduct(ctx, image)
	return product, orMissing(err, model.ErrImageNotFound, "image "+image.String())
}

// UpdateGallery implements service.Images. The product's row is locked, so the images of
// one product change one after the other and never have two primaries.
func (s *Store) UpdateGallery(ctx context.Context, product id.UUID, change func(*model.Gallery) error) error {
	return s.tx(ctx, "images of product "+product.String(), func(_ pgx.Tx, q *dbgen.Queries) error {
		if _, err := q.LockImages(ctx, product); err != nil {
			return orMissing(err, model.ErrProductNotFound, "lock")
		}
		rows, err := q.ProductImages(ctx, product)
		if err != nil {
			return err
		}
		before := model.Gallery(each(rows, image))
		after := slices.Clone(before)
		if err := change(&after); err != nil {
			return err
		}
		return writeGallery(ctx, q, product, before, after)
	})
}

// writeGallery brings the table from before to after. The old primary image steps back
// before the new one is named, since no two may be primary at any moment.
func writeGallery(ctx context.Context, q *dbgen.Queries, product id.UUID, before, after model.Gallery) error {
	keep := make([]id.UUID, 0, len(after))
	var primary id.UUID
	for _, img := range after {
		keep = append(keep, img.ID)
		if img.Primary {
			primary = img.ID
		}
	}
	if err := q.DeleteImagesBut(ctx, dbgen.DeleteImagesButParams{ProductID: product, Keep: keep}); err != nil {
		return err
	}
	if err := q.ClearPrimary(ctx, dbgen.ClearPrimaryParams{ProductID: product, Keep: primary}); err != nil {
		return err
	}
	for _, img := range after {
		if slices.Contains(before, img) {
			continue
		}
		if err := q.PutImage(ctx, dbgen.PutImageParams{
			ID: img.ID, ProductID: product, Url: img.URL, Alt: img.Alt,
			IsPrimary: img.Primary, Position: img.Position, CreatedAt: img.CreatedAt,
		}); err != nil {
			return err
		}
	}
	return nil
}

func image(r dbgen.ProductImage) model.Image {
	return model.Image{
		ID: r.ID, ProductID: r.ProductID, URL: r.Url, Alt: r.Alt,
		Primary: r.IsPrimary, Position: r.Position, CreatedAt: r.CreatedAt.UTC(),
	}
}
