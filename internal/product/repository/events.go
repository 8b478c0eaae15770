package repository

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/event"
	"github.com/sneakers-marketplace/marketplace/pkg/outbox"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// events is the log that other services follow (EVENT-001). A transaction appends to it
// last: others wait for it from there on.
var events = outbox.New("product_outbox")

var _ event.Log = (*Store)(nil)

// Partitions implements event.Log: the catalogue changes seldom enough for one.
func (s *Store) Partitions(context.Context) ([]int32, error) { return []int32{0}, nil }

// After implements event.Log.
func (s *Store) After(ctx context.Context, _ int32, seq int64, limit int) ([]event.Batch, error) {
	return events.After(ctx, s.pool, seq, limit)
}

// announceChanged tells other services what products are like now.
func announceChanged(ctx context.Context, tx outbox.DB, at time.Time, products ...model.Product) error {
	changes := make([]proto.Message, len(products))
	for i, p := range products {
		changes[i] = &productv1.ProductChanged{
			ProductId: p.ID.String(), Version: p.Version, Name: p.Name, Sku: p.SKU, Status: statuses[p.Status],
		}
	}
	return events.Append(ctx, tx, at, changes...)
}

// announceDeleted tells other services that a product has left the catalogue.
func announceDeleted(ctx context.Context, tx outbox.DB, at time.Time, p model.Product) error {
	return events.Append(ctx, tx, at, &productv1.ProductChanged{
		ProductId: p.ID.String(), Version: p.Version, Name: p.Name, Sku: p.SKU, Status: statuses[p.Status], Deleted: true,
	})
}

// announceSize tells other services of a size (MKT-002).
func announceSize(ctx context.Context, tx outbox.DB, s model.Size) error {
	return events.Append(ctx, tx, s.CreatedAt, &productv1.SizeAdded{
		SizeId: s.ID.String(), ProductId: s.ProductID.String(), Label: s.Label, System: string(s.System),
	})
}

var statuses = map[model.Status]productv1.ProductStatus{
	model.Draft: productv1.ProductStatus_DRAFT, model.Active: productv1.ProductStatus_ACTIVE, model.Hidden: productv1.ProductStatus_HIDDEN,
}
