package handler

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// ListProducts implements productv1.ProductServiceServer (PROD-001, PROD-004).
func (h *Handler) ListProducts(
	ctx context.Context, r *productv1.ListProductsRequest,
) (*productv1.ListProductsResponse, error) {
	filters, err := filtersIn(r.GetFilters())
	if err != nil {
		return nil, err
	}
	page, err := h.svc.ListProducts(ctx, caller(ctx), service.Request{
		Filters: filters, Sort: sortIn[r.GetSort()], Size: r.GetPageSize(), Token: r.GetPageToken(),
	})
	if err != nil {
		return nil, err
	}
	return &productv1.ListProductsResponse{Products: each(page.Products, productOut), NextPageToken: page.Next}, nil
}

// SearchProducts implements productv1.ProductServiceServer (PROD-004).
func (h *Handler) SearchProducts(
	ctx context.Context, r *productv1.SearchProductsRequest,
) (*productv1.SearchProductsResponse, error) {
	filters, err := filtersIn(r.GetFilters())
	if err != nil {
		return nil, err
	}
	page, err := h.svc.SearchProducts(ctx, caller(ctx), service.Request{
		Query: r.GetQuery(), Filters: filters, Sort: sortIn[r.GetSort()],
		Size: r.GetPageSize(), Token: r.GetPageToken(),
	})
	if err != nil {
		return nil, err
	}
	return &productv1.SearchProductsResponse{
		Products: each(page.Products, productOut), NextPageToken: page.Next, Total: page.Total,
		Facets: facetsOut(page.Facets), CorrectedQuery: page.Corrected,
	}, nil
}

// SuggestProducts implements productv1.ProductServiceServer (PROD-004).
func (h *Handler) SuggestProducts(
	ctx context.Context, r *productv1.SuggestProductsRequest,
) (*productv1.SuggestProductsResponse, error) {
	products, err := h.svc.SuggestProducts(ctx, r.GetPrefix(), r.GetLimit())
	if err != nil {
		return nil, err
	}
	return &productv1.SuggestProductsResponse{Suggestions: each(products, suggestionOut)}, nil
}

func suggestionOut(p model.Product) *productv1.ProductSuggestion {
	s := &productv1.ProductSuggestion{
		ProductId: p.ID.String(), Name: p.Name, Sku: p.SKU, Slug: p.Slug, Brand: p.Brand, Colorway: p.Colorway,
	}
	if len(p.Images) > 0 {
		s.ImageUrl = p.Images[0].URL
	}
	return s
}

func facetsOut(f model.Facets) *productv1.SearchFacets {
	return &productv1.SearchFacets{
		Brands: each(f.Brands, valueOut), Categories: each(f.Categories, valueOut), Genders: each(f.Genders, valueOut),
		Sizes: each(f.Sizes, valueOut), Prices: each(f.Prices, bandOut),
	}
}

func valueOut(v model.FacetValue) *productv1.FacetValue {
	return &productv1.FacetValue{Value: v.Value, Count: v.Count}
}

func bandOut(b model.PriceBand) *productv1.PriceBand {
	return &productv1.PriceBand{MinPrice: int64(b.Min), MaxPrice: int64(b.Max), Count: b.Count}
}

func filtersIn(f *productv1.ProductFilters) (model.Filters, error) {
	from, err := model.ParseDate("filters.released_from", f.GetReleasedFrom())
	if err != nil {
		return model.Filters{}, err
	}
	to, err := model.ParseDate("filters.released_to", f.GetReleasedTo())
	if err != nil {
		return model.Filters{}, err
	}
	return model.Filters{
		Brand: f.GetBrand(), Category: f.GetCategory(), Gender: f.GetGender(), Size: f.GetSize(),
		MinPrice: money.Minor(f.GetMinPrice()), MaxPrice: money.Minor(f.GetMaxPrice()),
		ReleasedFrom: from, ReleasedTo: to, Status: statusIn[f.GetStatus()],
	}, nil
}
