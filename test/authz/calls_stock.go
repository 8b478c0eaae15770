package main

import (
	"context"
	"fmt"

	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// stockCalls are about sizes and their stock.
func stockCalls() map[string]ask {
	return map[string]ask{
		products + "AddSize": given(newProduct(productv1.ProductStatus_ACTIVE), func(ctx context.Context, a *asking, id string) error {
			return only(a.product.AddSize(a.me(ctx), &productv1.AddSizeRequest{ProductId: id, Label: "11"}))
		}),
		products + "GetSize":                given(newSize(productv1.ProductStatus_ACTIVE), getSize),
		products + "GetSize (of a draft)":   given(newSize(productv1.ProductStatus_DRAFT), getSize),
		products + "ListSizes":              given(newProduct(productv1.ProductStatus_ACTIVE), listSizes),
		products + "ListSizes (of a draft)": given(newProduct(productv1.ProductStatus_DRAFT), listSizes),
		products + "UpdateInventory": given(newSize(productv1.ProductStatus_ACTIVE), func(ctx context.Context, a *asking, id string) error {
			return only(a.product.UpdateInventory(a.me(ctx), &productv1.UpdateInventoryRequest{SizeId: id, Delta: 1, Reason: reason}))
		}),
		products + "ReserveInventory": given(newSize(productv1.ProductStatus_ACTIVE), func(ctx context.Context, a *asking, id string) error {
			return only(a.product.ReserveInventory(a.me(ctx), &productv1.ReserveInventoryRequest{
				SizeId: id, Quantity: 1, Reference: fmt.Sprint("mine-", a.count.Add(1)),
			}))
		}),
		products + "ReleaseInventory": given(newReservation, func(ctx context.Context, a *asking, reference string) error {
			return only(a.product.ReleaseInventory(a.me(ctx), &productv1.ReleaseInventoryRequest{Reference: reference}))
		}),
		products + "SellInventory": given(newReservation, func(ctx context.Context, a *asking, reference string) error {
			return only(a.product.SellInventory(a.me(ctx), &productv1.SellInventoryRequest{Reference: reference}))
		}),
		products + "ListInventoryTransactions": given(newSize(productv1.ProductStatus_ACTIVE), func(ctx context.Context, a *asking, id string) error {
			return only(a.product.ListInventoryTransactions(a.me(ctx), &productv1.ListInventoryTransactionsRequest{SizeId: id}))
		}),
	}
}

func newSize(status productv1.ProductStatus) func(context.Context, *asking) (string, error) {
	return func(ctx context.Context, a *asking) (string, error) {
		product, err := a.newProduct(ctx, status)
		if err != nil {
			return "", err
		}
		return a.newSize(ctx, product)
	}
}

func newReservation(ctx context.Context, a *asking) (string, error) { return a.newReservation(ctx) }

func getSize(ctx context.Context, a *asking, id string) error {
	return only(a.product.GetSize(a.me(ctx), &productv1.GetSizeRequest{Id: id}))
}

func listSizes(ctx context.Context, a *asking, product string) error {
	return only(a.product.ListSizes(a.me(ctx), &productv1.ListSizesRequest{ProductId: product}))
}
