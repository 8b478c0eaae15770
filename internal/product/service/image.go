package service

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// AddImage puts an image behind the others of its product; the first, or one asked to be, is the primary one.
// Errors: model.ErrProductNotFound, model.ErrImageLimit, InvalidArgument naming url or alt. Rule: PROD-002.
func (s *Service) AddImage(ctx context.Context, img model.Image) (model.Image, error) {
	if err := img.Normalize(); err != nil {
		return model.Image{}, err
	}
	img.ID, img.CreatedAt = id.New(), s.clk.Now()
	err := s.store.UpdateGallery(ctx, img.ProductID, func(g *model.Gallery) error {
		added, err := g.Add(img)
		img = added
		return err
	})
	return img, err
}

// DeleteImage removes an image; when it was the primary one the next takes over.
// Errors: model.ErrImageNotFound. Rule: PROD-002.
func (s *Service) DeleteImage(ctx context.Context, image id.UUID) error {
	return s.withImage(ctx, image, func(g *model.Gallery) error { return g.Remove(image) })
}

// SetPrimaryImage makes an image the primary one of its product.
// Errors: model.ErrImageNotFound. Rule: PROD-002.
func (s *Service) SetPrimaryImage(ctx context.Context, image id.UUID) (img model.Image, err error) {
	err = s.withImage(ctx, image, func(g *model.Gallery) error {
		img, err = g.MakePrimary(image)
		return err
	})
	return img, err
}

// ReorderImages puts a product's images in the order of images, which names each once; the primary one stays so.
// Errors: model.ErrProductNotFound, InvalidArgument naming image_ids. Rule: PROD-002.
func (s *Service) ReorderImages(ctx context.Context, product id.UUID, images []id.UUID) ([]model.Image, error) {
	var sorted []model.Image
	err := s.store.UpdateGallery(ctx, product, func(g *model.Gallery) error {
		err := g.Reorder(images)
		sorted = *g
		return err
	})
	return sorted, err
}

func (s *Service) withImage(ctx context.Context, image id.UUID, change func(*model.Gallery) error) error {
	product, err := s.store.ImageProduct(ctx, image)
	if err != nil {
		return err
	}
	return s.store.UpdateGallery(ctx, product, change)
}
