package service

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// Catalogue is the product service.
type Catalogue interface {
	// Listing reads what a market needs to know of its size's product (MKT-002).
	// Errors: model.ErrMarketNotFound when there is no such size on sale.
	Listing(ctx context.Context, size model.MarketID) (model.Listing, error)
	// Retail reads what a size costs in the shops; 0 when nobody knows. Errors: as Listing.
	Retail(ctx context.Context, size model.MarketID) (money.Minor, error)
}
