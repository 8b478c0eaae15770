package main

import (
	"context"
	"fmt"

	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

const products = "product.v1.ProductService/"

var drafts = &productv1.ProductFilters{Status: productv1.ProductStatus_DRAFT}

// productCalls are about the catalogue.
func productCalls() map[string]ask {
	return map[string]ask{
		products + "CreateProduct": func(ctx context.Context, a *asking) error {
			return only(a.product.CreateProduct(a.me(ctx), &productv1.CreateProductRequest{Name: "New", Sku: fmt.Sprint("NEW-", a.count.Add(1))}))
		},
		products + "GetProduct":           given(newProduct(productv1.ProductStatus_ACTIVE), getProduct),
		products + "GetProduct (a draft)": given(newProduct(productv1.ProductStatus_DRAFT), getProduct),
		products + "ListProducts": func(ctx context.Context, a *asking) error {
			r, err := a.product.ListProducts(a.me(ctx), &productv1.ListProductsRequest{PageSize: 100})
			return noDrafts(a, r.GetProducts(), err)
		},
		products + "ListProducts (drafts)": func(ctx context.Context, a *asking) error {
			return only(a.product.ListProducts(a.me(ctx), &productv1.ListProductsRequest{Filters: drafts}))
		},
		products + "SearchProducts": func(ctx context.Context, a *asking) error {
			r, err := a.product.SearchProducts(a.me(ctx), &productv1.SearchProductsRequest{Query: "proof", PageSize: 100})
			return noDrafts(a, r.GetProducts(), err)
		},
		products + "SearchProducts (drafts)": func(ctx context.Context, a *asking) error {
			return only(a.product.SearchProducts(a.me(ctx), &productv1.SearchProductsRequest{Query: "proof", Filters: drafts}))
		},
		products + "SuggestProducts": suggestProducts,
		products + "UpdateProduct": given(newProduct(productv1.ProductStatus_ACTIVE), func(ctx context.Context, a *asking, id string) error {
			return only(a.product.UpdateProduct(a.me(ctx), &productv1.UpdateProductRequest{ProductId: id, Name: "Changed", UpdateMask: mask("name")}))
		}),
		products + "DeleteProduct": given(newProduct(productv1.ProductStatus_ACTIVE), func(ctx context.Context, a *asking, id string) error {
			return only(a.product.DeleteProduct(a.me(ctx), &productv1.DeleteProductRequest{ProductId: id}))
		}),
		products + "AddProductImage": given(newProduct(productv1.ProductStatus_ACTIVE), func(ctx context.Context, a *asking, id string) error {
			return only(a.product.AddProductImage(a.me(ctx), &productv1.AddProductImageRequest{ProductId: id, Url: "https://example.com/new.jpg"}))
		}),
		products + "DeleteProductImage": given(newGallery, func(ctx context.Context, a *asking, g gallery) error {
			return only(a.product.DeleteProductImage(a.me(ctx), &productv1.DeleteProductImageRequest{ImageId: g.images[0]}))
		}),
		products + "SetPrimaryImage": given(newGallery, func(ctx context.Context, a *asking, g gallery) error {
			return only(a.product.SetPrimaryImage(a.me(ctx), &productv1.SetPrimaryImageRequest{ImageId: g.images[1]}))
		}),
		products + "ReorderImages": given(newGallery, func(ctx context.Context, a *asking, g gallery) error {
			return only(a.product.ReorderImages(a.me(ctx), &productv1.ReorderImagesRequest{ProductId: g.product, ImageIds: []string{g.images[1], g.images[0]}}))
		}),
		products + "ImportProducts": importProducts,
		products + "ExportProducts": func(ctx context.Context, a *asking) error {
			return rest(a.product.ExportProducts(a.me(ctx), &productv1.ExportProductsRequest{}))
		},
	}
}

func newProduct(status productv1.ProductStatus) func(context.Context, *asking) (string, error) {
	return func(ctx context.Context, a *asking) (string, error) { return a.newProduct(ctx, status) }
}

type gallery struct {
	product string
	images  []string
}

func newGallery(ctx context.Context, a *asking) (gallery, error) {
	product, images, err := a.newImages(ctx, 2)
	return gallery{product, images}, err
}

func getProduct(ctx context.Context, a *asking, id string) error {
	return only(a.product.GetProduct(a.me(ctx), &productv1.GetProductRequest{Key: &productv1.GetProductRequest_Id{Id: id}}))
}

// editor reports whether the caller may see what is not active.
func (c *caller) editor() bool { return c.kind == "catalog" || c.kind == "admin" || c.kind == "owner" }

// noDrafts refuses a list that shows a draft to who may not see one.
func noDrafts(a *asking, list []*productv1.Product, err error) error {
	for _, p := range list {
		if p.GetStatus() != productv1.ProductStatus_ACTIVE && !a.caller.editor() {
			return fmt.Errorf("product %s is not active: %w", p.GetSku(), errLeak)
		}
	}
	return err
}

// suggestProducts types the name of a draft.
func suggestProducts(ctx context.Context, a *asking) error {
	draft, err := a.newProduct(ctx, productv1.ProductStatus_DRAFT)
	if err != nil {
		return errUnprepared{err}
	}
	r, err := a.product.SuggestProducts(a.me(ctx), &productv1.SuggestProductsRequest{Prefix: "proof", Limit: 20})
	for _, s := range r.GetSuggestions() {
		if s.GetProductId() == draft {
			return errLeak
		}
	}
	return err
}

func importProducts(ctx context.Context, a *asking) error {
	stream, err := a.product.ImportProducts(a.me(ctx))
	if err != nil {
		return err
	}
	_ = stream.Send(importRow(fmt.Sprint("IMPORT-", a.count.Add(1)))) // CloseAndRecv says why when it fails
	r, err := stream.CloseAndRecv()
	if err == nil && r.GetCreated() != 1 {
		return fmt.Errorf("imported %v instead of one product", r)
	}
	return err
}

func importRow(sku string) *productv1.ImportProductsRequest {
	name := "Imported"
	return &productv1.ImportProductsRequest{Rows: []*productv1.ProductRow{{Row: 1, Sku: sku, Name: &name}}}
}
