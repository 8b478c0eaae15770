package service

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
)

// exportBatch is how many products are read at a time.
const exportBatch = 250

// ExportProducts hands the catalogue to send, a few hundred products at a time, in the
// order of SKUs, without images and sizes. What changes meanwhile is in it as it was
// before or as it is after.
// Errors: InvalidArgument naming the filter, those of send. Rule: PROD-007.
func (s *Service) ExportProducts(ctx context.Context, f model.Filters, send func([]model.Product) error) error {
	if err := f.Normalize(); err != nil {
		return err
	}
	for after := ""; ; {
		products, err := s.store.Catalogue(ctx, f, after, exportBatch)
		if err != nil || len(products) == 0 {
			return err
		}
		if err := send(products); err != nil {
			return err
		}
		if len(products) < exportBatch {
			return nil
		}
		after = products[len(products)-1].SKU
	}
}
