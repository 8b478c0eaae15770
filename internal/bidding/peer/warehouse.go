package peer

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// Warehouse sets items of the product service aside; it implements service.Warehouse.
type Warehouse struct {
	client productv1.ProductServiceClient
}

// NewWarehouse returns a warehouse behind a connection that has this service's credential.
func NewWarehouse(conn grpc.ClientConnInterface) *Warehouse {
	return &Warehouse{client: productv1.NewProductServiceClient(conn)}
}

// Reserve implements service.Warehouse.
func (w *Warehouse) Reserve(ctx context.Context, size model.MarketID, reference string, ttl time.Duration) error {
	_, err := w.client.ReserveInventory(ctx, &productv1.ReserveInventoryRequest{
		SizeId: size.String(), Quantity: 1, Reference: reference, Ttl: durationpb.New(ttl),
	})
	switch status.Code(err) {
	case codes.OK:
		return nil
	case codes.FailedPrecondition, codes.AlreadyExists:
		return model.ErrNoStock
	case codes.NotFound:
		return model.ErrMarketNotFound
	case codes.Unavailable, codes.DeadlineExceeded:
		return errCatalogueDown.Because(err)
	default:
		return fmt.Errorf("set %s aside: %w", reference, err)
	}
}

// Release implements service.Warehouse.
func (w *Warehouse) Release(ctx context.Context, reference string) error {
	_, err := w.client.ReleaseInventory(ctx, &productv1.ReleaseInventoryRequest{Reference: reference})
	switch status.Code(err) {
	case codes.OK, codes.NotFound, codes.FailedPrecondition:
		return nil
	case codes.Unavailable, codes.DeadlineExceeded:
		return errCatalogueDown.Because(err)
	default:
		return fmt.Errorf("give %s back: %w", reference, err)
	}
}
