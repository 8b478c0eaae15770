package handler

import (
	"context"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// UpdateInventory implements productv1.ProductServiceServer (PROD-005).
func (h *Handler) UpdateInventory(
	ctx context.Context, r *productv1.UpdateInventoryRequest,
) (*productv1.UpdateInventoryResponse, error) {
	key, err := id.Parse("size_id", r.GetSizeId())
	if err != nil {
		return nil, err
	}
	size, err := h.svc.UpdateInventory(ctx, caller(ctx), model.Adjustment{
		SizeID: key, Delta: r.GetDelta(), Reason: r.GetReason(), Reference: r.GetReference(),
	})
	if err != nil {
		return nil, err
	}
	return &productv1.UpdateInventoryResponse{Size: sizeOut(size)}, nil
}

// ReserveInventory implements productv1.ProductServiceServer (PROD-005).
func (h *Handler) ReserveInventory(
	ctx context.Context, r *productv1.ReserveInventoryRequest,
) (*productv1.ReserveInventoryResponse, error) {
	key, err := id.Parse("size_id", r.GetSizeId())
	if err != nil {
		return nil, err
	}
	ttl := r.GetTtl().AsDuration()
	if r.GetTtl() != nil && ttl < time.Second {
		return nil, errs.Invalid("ttl", "must be 1 second to 400 days")
	}
	out, err := h.svc.Reserve(ctx, caller(ctx), model.Hold{
		SizeID: key, Quantity: r.GetQuantity(), Reference: r.GetReference(), TTL: ttl,
	})
	if err != nil {
		return nil, err
	}
	return &productv1.ReserveInventoryResponse{
		Reservation: reservationOut(out.Reservation), Size: sizeOut(out.Size),
	}, nil
}

// ReleaseInventory implements productv1.ProductServiceServer (PROD-005).
func (h *Handler) ReleaseInventory(
	ctx context.Context, r *productv1.ReleaseInventoryRequest,
) (*productv1.ReleaseInventoryResponse, error) {
	out, err := h.svc.Release(ctx, caller(ctx), r.GetReference())
	if err != nil {
		return nil, err
	}
	return &productv1.ReleaseInventoryResponse{
		Reservation: reservationOut(out.Reservation), Size: sizeOut(out.Size),
	}, nil
}

// SellInventory implements productv1.ProductServiceServer (PROD-005).
func (h *Handler) SellInventory(
	ctx context.Context, r *productv1.SellInventoryRequest,
) (*productv1.SellInventoryResponse, error) {
	out, err := h.svc.Sell(ctx, caller(ctx), r.GetReference())
	if err != nil {
		return nil, err
	}
	return &productv1.SellInventoryResponse{
		Reservation: reservationOut(out.Reservation), Size: sizeOut(out.Size),
	}, nil
}

// ListInventoryTransactions implements productv1.ProductServiceServer (PROD-006).
func (h *Handler) ListInventoryTransactions(
	ctx context.Context, r *productv1.ListInventoryTransactionsRequest,
) (*productv1.ListInventoryTransactionsResponse, error) {
	key, err := id.Parse("size_id", r.GetSizeId())
	if err != nil {
		return nil, err
	}
	lines, next, err := h.svc.Trail(ctx, key, r.GetPageSize(), r.GetPageToken())
	if err != nil {
		return nil, err
	}
	return &productv1.ListInventoryTransactionsResponse{
		Transactions: each(lines, transactionOut), NextPageToken: next,
	}, nil
}
