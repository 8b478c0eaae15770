package handler

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// AddProductImage implements productv1.ProductServiceServer (PROD-002).
func (h *Handler) AddProductImage(
	ctx context.Context, r *productv1.AddProductImageRequest,
) (*productv1.AddProductImageResponse, error) {
	product, err := id.Parse("product_id", r.GetProductId())
	if err != nil {
		return nil, err
	}
	img, err := h.svc.AddImage(ctx, model.Image{
		ProductID: product, URL: r.GetUrl(), Alt: r.GetAlt(), Primary: r.GetPrimary(),
	})
	if err != nil {
		return nil, err
	}
	return &productv1.AddProductImageResponse{Image: imageOut(img)}, nil
}

// DeleteProductImage implements productv1.ProductServiceServer (PROD-002).
func (h *Handler) DeleteProductImage(
	ctx context.Context, r *productv1.DeleteProductImageRequest,
) (*productv1.DeleteProductImageResponse, error) {
	image, err := id.Parse("image_id", r.GetImageId())
	if err != nil {
		return nil, err
	}
	if err := h.svc.DeleteImage(ctx, image); err != nil {
		return nil, err
	}
	return &productv1.DeleteProductImageResponse{}, nil
}

// SetPrimaryImage implements productv1.ProductServiceServer (PROD-002).
func (h *Handler) SetPrimaryImage(
	ctx context.Context, r *productv1.SetPrimaryImageRequest,
) (*productv1.SetPrimaryImageResponse, error) {
	image, err := id.Parse("image_id", r.GetImageId())
	if err != nil {
		return nil, err
	}
	img, err := h.svc.SetPrimaryImage(ctx, image)
	if err != nil {
		return nil, err
	}
	return &productv1.SetPrimaryImageResponse{Image: imageOut(img)}, nil
}

// ReorderImages implements productv1.ProductServiceServer (PROD-002).
func (h *Handler) ReorderImages(
	ctx context.Context, r *productv1.ReorderImagesRequest,
) (*productv1.ReorderImagesResponse, error) {
	product, err := id.Parse("product_id", r.GetProductId())
	if err != nil {
		return nil, err
	}
	images := make([]id.UUID, 0, len(r.GetImageIds()))
	for _, text := range r.GetImageIds() {
		image, err := id.Parse("image_ids", text)
		if err != nil {
			return nil, err
		}
		images = append(images, image)
	}
	sorted, err := h.svc.ReorderImages(ctx, product, images)
	if err != nil {
		return nil, err
	}
	return &productv1.ReorderImagesResponse{Images: each(sorted, imageOut)}, nil
}
