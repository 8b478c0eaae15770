package service

import (
	"context"
	"slices"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// openingReason is the reason in the trail of the stock a size begins with.
const openingReason = "opening stock"

// AddSize adds a size to a product, with consigned stock to begin with.
// Errors: model.ErrProductNotFound, model.ErrSizeTaken, InvalidArgument naming the field. Rule: PROD-003.
func (s *Service) AddSize(ctx context.Context, c Caller, size model.Size) (model.Size, error) {
	if err := size.Normalize(); err != nil {
		return model.Size{}, err
	}
	quantity := size.Stock.Quantity
	if quantity < 0 {
		return model.Size{}, errs.Invalid("quantity", "must be 0 or more")
	}
	size.ID, size.CreatedAt, size.Version, size.Stock = id.New(), s.clk.Now(), 1, model.Stock{}
	size.UpdatedAt = size.CreatedAt
	if quantity == 0 {
		return size, s.store.InsertSize(ctx, size, nil)
	}
	opening, err := size.Adjust(quantity, model.Cause{Reason: openingReason, Actor: c.Actor, At: size.CreatedAt})
	if err != nil {
		return model.Size{}, err
	}
	return size, s.store.InsertSize(ctx, size, &opening)
}

// Size reads a size with what its market needs to know of the product. Services hear of
// it whatever the product's status, so that a market learns that it is to stop.
// Errors: model.ErrSizeNotFound, also when the caller may not see the product.
// Rules: PROD-001, PROD-003, MKT-002.
func (s *Service) Size(ctx context.Context, c Caller, size id.UUID) (model.Offer, error) {
	offer, err := s.store.Offer(ctx, size)
	if err != nil {
		return model.Offer{}, err
	}
	if !c.Service && !c.sees(offer.Product) {
		return model.Offer{}, model.ErrSizeNotFound
	}
	return offer, nil
}

// Sizes lists a product's sizes in order, or only those with unreserved stock.
// Errors: model.ErrProductNotFound, also when the caller may not see the product. Rule: PROD-003.
func (s *Service) Sizes(ctx context.Context, c Caller, product id.UUID, availableOnly bool) ([]model.Size, error) {
	p, err := s.Product(ctx, c, Key{ID: product})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(p.Sizes, func(size model.Size) bool {
		return availableOnly && size.Stock.Available() == 0
	}), nil
}
