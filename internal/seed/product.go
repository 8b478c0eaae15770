package seed

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

const (
	description = "Demo product: its bids, asks and sales are made up."
	// finished is the description of the last product once everything is there.
	finished = "Demo product: its bids, asks and sales are made up. The demo is complete."
)

// product returns the shoe with all its sizes, making what is missing.
func product(ctx context.Context, c Client, s shoe) (*productv1.Product, error) {
	_, err := c.Products.CreateProduct(ctx, &productv1.CreateProductRequest{
		Name: s.name, Sku: s.sku, Brand: s.brand, Model: s.model, Colorway: s.colorway, Gender: s.gender,
		RetailPrice: s.retail, ReleaseDate: s.released, Category: "sneakers", Description: description,
	})
	if err != nil && status.Code(err) != codes.AlreadyExists {
		return nil, err
	}
	bySKU := &productv1.GetProductRequest{Key: &productv1.GetProductRequest_Sku{Sku: s.sku}}
	got, err := c.Products.GetProduct(ctx, bySKU)
	if err != nil {
		return nil, err
	}
	for _, label := range sizes {
		if slices.ContainsFunc(got.GetProduct().GetSizes(), func(z *productv1.Size) bool { return z.GetLabel() == label }) {
			continue
		}
		added, err := c.Products.AddSize(ctx, &productv1.AddSizeRequest{ProductId: got.GetProduct().GetId(), Label: label, Quantity: 2})
		if err != nil {
			return nil, fmt.Errorf("size %s: %w", label, err)
		}
		got.Product.Sizes = append(got.Product.Sizes, added.GetSize())
	}
	return got.GetProduct(), nil
}

// finish writes down that the demo is complete.
func finish(ctx context.Context, c Client, p *productv1.Product) error {
	_, err := c.Products.UpdateProduct(ctx, &productv1.UpdateProductRequest{
		ProductId: p.GetId(), Description: finished,
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"description"}},
	})
	if err != nil {
		return fmt.Errorf("finish the demo: %w", err)
	}
	return nil
}
