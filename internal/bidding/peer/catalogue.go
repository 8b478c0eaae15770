// Package peer calls other services and shapes their answers to what bidding needs.
package peer

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

var errCatalogueDown = errs.New(errs.Unavailable, "CATALOGUE_UNAVAILABLE", "the catalogue cannot be reached; try again")

// Catalogue reads sizes from the product service; it implements service.Catalogue.
type Catalogue struct {
	client productv1.ProductServiceClient
}

// NewCatalogue returns a catalogue behind a connection.
func NewCatalogue(conn grpc.ClientConnInterface) *Catalogue {
	return &Catalogue{client: productv1.NewProductServiceClient(conn)}
}

// Listing implements service.Catalogue. A size of a product that is hidden, a draft or
// deleted is no market.
func (c *Catalogue) Listing(ctx context.Context, size model.MarketID) (model.Listing, error) {
	r, err := c.size(ctx, size)
	if err != nil {
		return model.Listing{}, err
	}
	if r.ProductStatus != productv1.ProductStatus_ACTIVE {
		return model.Listing{}, model.ErrMarketNotFound
	}
	product, err := id.Parse("product_id", r.ProductId)
	if err != nil {
		return model.Listing{}, fmt.Errorf("size %s: %w", size, err)
	}
	return model.Listing{
		Product: product, ProductName: r.ProductName, SKU: r.Sku,
		SizeLabel: r.Size.GetLabel(), Currency: money.Currency(r.Currency), Version: r.ProductVersion,
	}, nil
}

// Retail implements service.Catalogue.
func (c *Catalogue) Retail(ctx context.Context, size model.MarketID) (money.Minor, error) {
	r, err := c.size(ctx, size)
	return money.Minor(r.GetRetailPrice()), err
}

func (c *Catalogue) size(ctx context.Context, size model.MarketID) (*productv1.GetSizeResponse, error) {
	r, err := c.client.GetSize(ctx, &productv1.GetSizeRequest{Id: size.String()})
	switch status.Code(err) {
	case codes.OK:
		return r, nil
	case codes.NotFound:
		return nil, model.ErrMarketNotFound
	case codes.Unavailable, codes.DeadlineExceeded:
		return nil, errCatalogueDown.Because(err)
	default:
		return nil, fmt.Errorf("read size %s: %w", size, err)
	}
}
