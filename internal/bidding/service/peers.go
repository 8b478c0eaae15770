package service

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// Catalogue is the product service.
type Catalogue interface {
	// Listing reads what a market needs to know of its size's product (MKT-002).
	// Errors: model.ErrMarketNotFound when there is no such size on sale.
	Listing(ctx context.Context, size model.MarketID) (model.Listing, error)
}
