package handler

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// AddSize implements productv1.ProductServiceServer (PROD-003).
func (h *Handler) AddSize(ctx context.Context, r *productv1.AddSizeRequest) (*productv1.AddSizeResponse, error) {
	product, err := id.Parse("product_id", r.GetProductId())
	if err != nil {
		return nil, err
	}
	size, err := h.svc.AddSize(ctx, caller(ctx), model.Size{
		ProductID: product, Label: r.GetLabel(), System: model.System(r.GetSystem()),
		Stock: model.Stock{Quantity: r.GetQuantity()},
	})
	if err != nil {
		return nil, err
	}
	return &productv1.AddSizeResponse{Size: sizeOut(size)}, nil
}

// GetSize implements productv1.ProductServiceServer (PROD-003, MKT-002).
func (h *Handler) GetSize(ctx context.Context, r *productv1.GetSizeRequest) (*productv1.GetSizeResponse, error) {
	key, err := id.Parse("id", r.GetId())
	if err != nil {
		return nil, err
	}
	offer, err := h.svc.Size(ctx, caller(ctx), key)
	if err != nil {
		return nil, err
	}
	p := offer.Product
	return &productv1.GetSizeResponse{
		Size: sizeOut(offer.Size), ProductId: p.ID.String(), ProductName: p.Name, Sku: p.SKU,
		Currency: string(p.Currency), ProductStatus: statusOut[p.Status], ProductVersion: p.Version,
		RetailPrice: int64(p.RetailPrice),
	}, nil
}

// ListSizes implements productv1.ProductServiceServer (PROD-003).
func (h *Handler) ListSizes(
	ctx context.Context, r *productv1.ListSizesRequest,
) (*productv1.ListSizesResponse, error) {
	product, err := id.Parse("product_id", r.GetProductId())
	if err != nil {
		return nil, err
	}
	sizes, err := h.svc.Sizes(ctx, caller(ctx), product, r.GetAvailableOnly())
	if err != nil {
		return nil, err
	}
	return &productv1.ListSizesResponse{Sizes: each(sizes, sizeOut)}, nil
}
