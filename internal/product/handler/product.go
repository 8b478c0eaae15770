package handler

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// CreateProduct implements productv1.ProductServiceServer (PROD-001).
func (h *Handler) CreateProduct(
	ctx context.Context, r *productv1.CreateProductRequest,
) (*productv1.CreateProductResponse, error) {
	released, err := model.ParseDate("release_date", r.GetReleaseDate())
	if err != nil {
		return nil, err
	}
	p, err := h.svc.CreateProduct(ctx, model.Product{
		Name: r.GetName(), SKU: r.GetSku(), Brand: r.GetBrand(), Model: r.GetModel(), Category: r.GetCategory(),
		Colorway: r.GetColorway(), Description: r.GetDescription(), Gender: r.GetGender(),
		RetailPrice: money.Minor(r.GetRetailPrice()), Currency: money.Currency(r.GetCurrency()),
		ReleaseDate: released, Status: statusIn[r.GetStatus()],
	})
	if err != nil {
		return nil, err
	}
	return &productv1.CreateProductResponse{Product: productOut(p)}, nil
}

// GetProduct implements productv1.ProductServiceServer (PROD-001).
func (h *Handler) GetProduct(
	ctx context.Context, r *productv1.GetProductRequest,
) (*productv1.GetProductResponse, error) {
	by := service.Key{SKU: r.GetSku(), Slug: r.GetSlug()}
	if _, ok := r.GetKey().(*productv1.GetProductRequest_Id); ok {
		product, err := id.Parse("id", r.GetId())
		if err != nil {
			return nil, err
		}
		by.ID = product
	}
	p, err := h.svc.Product(ctx, caller(ctx), by)
	if err != nil {
		return nil, err
	}
	return &productv1.GetProductResponse{Product: productOut(p)}, nil
}

// UpdateProduct implements productv1.ProductServiceServer (PROD-001).
func (h *Handler) UpdateProduct(
	ctx context.Context, r *productv1.UpdateProductRequest,
) (*productv1.UpdateProductResponse, error) {
	product, err := id.Parse("product_id", r.GetProductId())
	if err != nil {
		return nil, err
	}
	change, err := patch(r)
	if err != nil {
		return nil, err
	}
	p, err := h.svc.UpdateProduct(ctx, product, r.GetVersion(), change)
	if err != nil {
		return nil, err
	}
	return &productv1.UpdateProductResponse{Product: productOut(p)}, nil
}

// patch is what the fields in the request's update_mask make of a product.
func patch(r *productv1.UpdateProductRequest) (func(*model.Product) error, error) {
	released, err := model.ParseDate("release_date", r.GetReleaseDate())
	if err != nil {
		return nil, err
	}
	setters := map[string]func(*model.Product){
		"name":         func(p *model.Product) { p.Name = r.GetName() },
		"sku":          func(p *model.Product) { p.SKU = r.GetSku() },
		"brand":        func(p *model.Product) { p.Brand = r.GetBrand() },
		"model":        func(p *model.Product) { p.Model = r.GetModel() },
		"category":     func(p *model.Product) { p.Category = r.GetCategory() },
		"colorway":     func(p *model.Product) { p.Colorway = r.GetColorway() },
		"description":  func(p *model.Product) { p.Description = r.GetDescription() },
		"gender":       func(p *model.Product) { p.Gender = r.GetGender() },
		"retail_price": func(p *model.Product) { p.RetailPrice = money.Minor(r.GetRetailPrice()) },
		"release_date": func(p *model.Product) { p.ReleaseDate = released },
		"status":       func(p *model.Product) { p.Status = statusIn[r.GetStatus()] },
	}
	named, err := rpc.Mask(r.GetUpdateMask(), "name", "sku", "brand", "model", "category", "colorway",
		"description", "gender", "retail_price", "release_date", "status")
	if err != nil {
		return nil, err
	}
	if named["status"] && statusIn[r.GetStatus()] == "" {
		return nil, errNoStatus
	}
	return func(p *model.Product) error {
		for field := range named {
			setters[field](p)
		}
		return nil
	}, nil
}

// DeleteProduct implements productv1.ProductServiceServer (PROD-001).
func (h *Handler) DeleteProduct(
	ctx context.Context, r *productv1.DeleteProductRequest,
) (*productv1.DeleteProductResponse, error) {
	product, err := id.Parse("product_id", r.GetProductId())
	if err != nil {
		return nil, err
	}
	if err := h.svc.DeleteProduct(ctx, product); err != nil {
		return nil, err
	}
	return &productv1.DeleteProductResponse{}, nil
}
